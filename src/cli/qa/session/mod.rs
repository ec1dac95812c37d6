//! `anslut qa session`: what a system is to be tested for, how far it has come, what is wrong with it, and who decided.

mod arguments;
pub(super) mod place;
mod runs;
mod shown;

use http::Method;
use serde_json::{Map, Value, json};

pub use arguments::{SessionArguments, SessionCommand};

use self::arguments::{AddArguments, ChangeArguments, PlanArguments, RaiseArguments, StepArguments};
use self::place::Desk;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;

/// Runs a subcommand: exit 1 where the desk refuses.
pub fn run(
    arguments: &SessionArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let desk = Desk::open(&arguments.place, variables)?;
    let (answer, show): (Value, fn(&Value) -> String) = match &arguments.command {
        SessionCommand::List => (desk.get("/sessions")?, shown::sessions),
        SessionCommand::Add(add) => (begin(&desk, add)?, shown::session),
        SessionCommand::Show { id } => (whole(&desk, id)?, shown::session),
        SessionCommand::Plan(plan) => (planned(&desk, plan)?, shown::plan),
        SessionCommand::Step(step) => (taken(&desk, step)?, shown::session),
        SessionCommand::Run(run) => return runs::run(run, &desk, terminal),
        SessionCommand::Comment { id, text, by, visibility } => {
            let body = json!({"text": text, "by": by, "visibility": visibility});
            (desk.send(Method::POST, &at(id, "/comments")?, &body)?, shown::document)
        }
        SessionCommand::Coverage { id } => (desk.get(&at(id, "/coverage")?)?, shown::coverage),
        SessionCommand::Evidence { id } => (desk.get(&at(id, "/evidence")?)?, shown::evidence),
        SessionCommand::Declaration { id, format, lang } => {
            let path = format!("{}?format={format}&lang={lang}", at(id, "/declaration")?);
            let answer = desk.ask(Method::GET, &path, "")?;
            if answer.status == 200 && format != "json" {
                terminal.print_bytes(&answer.bytes)?;
                return Ok(Exit::Done);
            }
            (desk.told(&path, answer)?, shown::document)
        }
        SessionCommand::Deviations { id } => {
            let query = id.as_deref().map(segment).transpose()?.map(|id| format!("?session={id}"));
            (desk.get(&format!("/deviations{}", query.unwrap_or_default()))?, shown::deviations)
        }
        SessionCommand::Raise(raise) => (desk.send(Method::POST, "/deviations", &raised(raise))?, shown::deviation),
        SessionCommand::Change(change) => (changed(&desk, change)?, shown::deviation),
        SessionCommand::Override { run, case, verdict, by, reason } => {
            let path = format!("/runs/{}/cases/{case}/override", segment(run)?);
            let body = json!({"verdict": verdict, "by": by, "reason": reason});
            (desk.send(Method::POST, &path, &body)?, shown::case)
        }
        SessionCommand::Waiting => (desk.get("/waiting")?, shown::waiting),
        SessionCommand::Extend { id, seconds } => {
            let path = format!("/waiting/{}/extend", segment(id)?);
            (desk.send(Method::POST, &path, &json!({"seconds": seconds}))?, shown::document)
        }
        SessionCommand::Rearm { id } => {
            let path = format!("/waiting/{}/rearm", segment(id)?);
            (desk.send(Method::POST, &path, &json!({}))?, shown::document)
        }
        SessionCommand::Cancel { id } => {
            let path = format!("/waiting/{}/cancel", segment(id)?);
            (desk.send(Method::POST, &path, &json!({}))?, shown::document)
        }
        SessionCommand::Attest { id, verdict, by, comment } => {
            let path = format!("/waiting/{}/attest", segment(id)?);
            let body = json!({"verdict": verdict, "by": by, "comment": comment});
            (desk.send(Method::POST, &path, &body)?, shown::case)
        }
    };
    match terminal.json {
        true => terminal.print_json(&answer)?,
        false => terminal.print(&show(&answer))?,
    }
    Ok(Exit::Done)
}

/// An id as a part of a path.
fn segment(id: &str) -> Result<&str, Failure> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match !id.is_empty() && id.bytes().all(is_plain) {
        true => Ok(id),
        false => {
            Err(Failure::usage(format!("{id:?} is no id, expected letters, digits, dots, dashes and underscores")))
        }
    }
}

fn at(id: &str, rest: &str) -> Result<String, Failure> {
    Ok(format!("/sessions/{}{rest}", segment(id)?))
}

/// Members that are given.
fn given<'v>(members: impl IntoIterator<Item = (&'static str, &'v Option<String>)>) -> Map<String, Value> {
    let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
    given.collect()
}

fn begin(desk: &Desk, add: &AddArguments) -> Result<Value, Failure> {
    let AddArguments { id, party, contract, role, system, service, environment, suite } = add;
    let suite = suite.as_deref().map(|suite| runs::handed_in(desk, suite)).transpose()?;
    let mut body =
        given([("id", id), ("system", system), ("service", service), ("environment", environment), ("suite", &suite)]);
    body.extend(
        [("party", party), ("contract", contract), ("role", role)].map(|(name, text)| (name.to_owned(), json!(text))),
    );
    desk.send(Method::POST, "/sessions", &Value::Object(body))
}

/// A session with what is planned and what is wrong.
fn whole(desk: &Desk, id: &str) -> Result<Value, Failure> {
    let mut session = desk.get(&at(id, "")?)?;
    session["cases"] = desk.get(&at(id, "/plan")?)?["cases"].take();
    session["deviations"] = desk.get(&format!("/deviations?session={id}"))?;
    Ok(session)
}

/// The plan, after a case of it was changed where one is named.
fn planned(desk: &Desk, plan: &PlanArguments) -> Result<Value, Failure> {
    if let (Some(case), Some(status)) = (&plan.case, &plan.status) {
        let mut cases = desk.get(&at(&plan.id, "")?)?["plan"].take();
        let known = cases.as_array_mut().into_iter().flatten().find(|one| one["case"] == case.as_str());
        let known =
            known.ok_or_else(|| Failure::usage(format!("there is no case {case:?} in the plan of {}", plan.id)))?;
        (known["status"], known["comment"]) = (json!(status), json!(plan.comment.clone().unwrap_or_default()));
        desk.send(Method::PATCH, &at(&plan.id, "")?, &json!({"plan": cases}))?;
    }
    desk.get(&at(&plan.id, "/plan")?)
}

fn taken(desk: &Desk, step: &StepArguments) -> Result<Value, Failure> {
    let StepArguments { id, event, decision, due, environment, by, comment } = step;
    let mut body =
        given([("decision", decision), ("due", due), ("environment", environment), ("by", by), ("comment", comment)]);
    body.insert("event".to_owned(), json!(event));
    desk.send(Method::POST, &at(id, "/events")?, &Value::Object(body))
}

/// The class as the register writes it.
fn class(word: &Option<String>) -> Option<String> {
    let word = word.as_deref()?;
    Some(match word {
        "åtgärd" => "ej stoppande, kräver åtgärd".to_owned(),
        "godkänd" => "godkänd avvikelse".to_owned(),
        other => other.to_owned(),
    })
}

fn raised(raise: &RaiseArguments) -> Value {
    let RaiseArguments { session, title, description, rule, element, run, case, class: word, due, owner } = raise;
    let class = class(word);
    let mut body = given([
        ("session", session),
        ("title", title),
        ("description", description),
        ("rule", rule),
        ("element", element),
        ("firstRun", run),
        ("class", &class),
        ("due", due),
        ("owner", owner),
    ]);
    if let Some(case) = case {
        body.insert("case".to_owned(), case.parse::<u64>().map_or_else(|_| json!(case), |number| json!(number)));
    }
    Value::Object(body)
}

fn changed(desk: &Desk, change: &ChangeArguments) -> Result<Value, Failure> {
    let ChangeArguments { id, class: word, status, due, owner, decision, by, comment } = change;
    let (path, class) = (format!("/deviations/{}", segment(id)?), class(word));
    let mut body = given([
        ("class", &class),
        ("status", status),
        ("due", due),
        ("owner", owner),
        ("decision", decision),
        ("decidedBy", by),
    ]);
    if let Some(comment) = comment {
        let mut comments = desk.get(&path)?["comments"].take();
        if let Some(comments) = comments.as_array_mut() {
            comments.push(json!(comment));
        }
        body.insert("comments".to_owned(), comments);
    }
    if body.is_empty() {
        return desk.get(&path);
    }
    desk.send(Method::PATCH, &path, &Value::Object(body))
}
