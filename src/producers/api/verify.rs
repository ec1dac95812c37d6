//! What is ours: `POST /api/v1/producers/verify`, plans, workspaces and systems made by API.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::requests::{distance, fits, pattern};
use super::{Told, records, told};
use crate::domain::clock::Clock;
use crate::producers::asked::pairs;
use crate::producers::chaos::{self, Plan};
use crate::producers::journal::Row;
use crate::producers::matcher::Condition;
use crate::producers::mounted::{Producers, RunningPlans};
use crate::producers::own::{Shown, State};
use crate::producers::space::WORKSPACE;

/// Longest wait of a verification.
const WITHIN_MAX: Duration = Duration::from_secs(60);

/// One expectation.
struct Expected {
    conditions: Vec<Condition>,
    least: u64,
    most: u64,
    source: Value,
}

/// Answers `/api/v1/producers/…`, `/api/v1/chaos` and `/api/v1/workspaces/…`; `path` stands behind `/api/v1/`.
pub async fn handle(producers: &Producers, path: &str, request: Request<Bytes>) -> Response<Bytes> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let answer = match (request.method(), parts.as_slice()) {
        (&Method::POST, ["producers", "verify"]) => verify(producers, &request).await,
        (&Method::GET, ["producers"]) => Told::Json(systems(producers)),
        (&Method::GET, ["producers", "problems"]) => {
            Told::Json(serde_json::to_value(&*producers.problems()).unwrap_or_default())
        }
        (&Method::GET, ["producers", "audit"]) => records::audit(producers).await,
        (_, ["patients", "entries"]) => records::answer(producers, &request).await,
        (&Method::PUT, ["producers", name]) => match producers.make(name) {
            Ok(system) => Told::Json(json!({"name": system.name()})),
            Err(why) => Told::unusable("", why),
        },
        (&Method::POST, ["producers", name, "reset"]) => match producers.system(name) {
            Some(system) => {
                match producers.shared().spaces.load().open(&workspace(&request)) {
                    Ok(space) => system.reset(&space),
                    Err(error) => return told(Told::unusable("", error.to_string())),
                }
                Told::Json(json!({}))
            }
            None => Told::not_found(format!("there is no system {name:?}")),
        },
        (&Method::GET, ["chaos"]) => Told::Json(plan(producers)),
        (&Method::PUT, ["chaos"]) => start(producers, request.body()),
        (&Method::DELETE, ["chaos"]) => stop(producers),
        (&Method::GET, ["workspaces"]) => Told::Json(json!({"workspaces": producers.shared().spaces.load().keys()})),
        (&Method::DELETE, ["workspaces", key]) => match producers.shared().spaces.load().drop_space(key) {
            true => Told::Json(json!({})),
            false => Told::not_found(format!("there is no workspace {key:?}")),
        },
        (method, _) => Told::not_found(format!("there is nothing at /api/v1/{path} for {method}")),
    };
    told(answer)
}

fn workspace(request: &Request<Bytes>) -> String {
    if let Some(value) = request.headers().get(WORKSPACE) {
        return String::from_utf8_lossy(value.as_bytes()).into_owned();
    }
    let query = pairs(request.uri().query().unwrap_or_default());
    query.into_iter().find(|(name, _)| name == "workspace").map(|(_, value)| value).unwrap_or_default()
}

fn systems(producers: &Producers) -> Value {
    let systems: Vec<Value> = producers
        .systems()
        .iter()
        .map(|system| {
            let files = system.files();
            let (calls, parsed) = producers.shared().spaces.load().shared().system(system.name()).effort();
            json!({
                "name": system.name(),
                "title": files.producer.name,
                "hsaId": files.producer.hsa_id,
                "logicalAddresses": files.producer.logical_addresses,
                "listeners": system.own().iter().map(listener).collect::<Vec<_>>(),
                "mappings": system.stubs().len(),
                "inactive": system.inactive().len(),
                "calls": calls,
                "bodiesParsed": parsed,
            })
        })
        .collect();
    json!({"systems": systems})
}

/// `trouble` says why nobody listens although somebody should; it is not there where all is as it should be.
fn listener(own: &Shown) -> Value {
    let mut told = json!({
        "url": format!("{}://{}", own.speaks, own.address),
        "isOpen": own.state == State::Open,
    });
    if let State::Unheard(why) = &own.state {
        told["trouble"] = json!(format!("cannot listen: {why}"));
    }
    told
}

fn plan(producers: &Producers) -> Value {
    match producers.shared().chaos.load_full() {
        None => json!({"plan": null}),
        Some(running) => {
            let mut told = running.plans.first().map_or_else(|| json!({}), shown);
            told["elapsedMs"] = json!(running.since.elapsed().as_millis() as u64);
            told["plans"] = running.plans.iter().map(shown).collect();
            told
        }
    }
}

fn shown(plan: &Plan) -> Value {
    json!({
        "name": plan.name,
        "seed": plan.seed,
        "digest": plan.digest,
        "rows": plan.rows.len(),
        "repeat": plan.repeat(),
    })
}

fn stop(producers: &Producers) -> Told {
    let ran = producers.shared().chaos.swap(None);
    let repeat = ran.map(|running| running.repeats()).unwrap_or_default();
    Told::Json(json!({"repeat": repeat}))
}

fn start(producers: &Producers, body: &Bytes) -> Told {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return Told::unusable("", format!("not JSON: {error}")),
    };
    // A name alone means a plan of the environment, or one of those that come with the program.
    let named = value.get("plan").and_then(Value::as_str).map(str::to_owned);
    let read = match named {
        Some(name) => producers
            .plans()
            .into_iter()
            .find(|plan| plan.name == name)
            .or_else(|| chaos::by_name(&name))
            .map(|plan| match value.get("seed").and_then(Value::as_u64) {
                Some(seed) => plan.with_seed(seed),
                None => plan,
            })
            .ok_or_else(|| {
                let known: Vec<_> = chaos::named().collect();
                format!("there is no plan {name:?}; there are {}", known.join(", "))
            }),
        None => chaos::read(value.get("name").and_then(Value::as_str).unwrap_or("sent"), &value),
    };
    match read {
        Ok(plan) => {
            let told = shown(&plan);
            let running = RunningPlans { plans: vec![plan], since: Clock::instant(), are_files: false };
            producers.shared().chaos.store(Some(Arc::new(running)));
            Told::Json(told)
        }
        Err(why) => Told::unusable("", why),
    }
}

async fn verify(producers: &Producers, request: &Request<Bytes>) -> Told {
    let value: Value = match serde_json::from_slice(request.body()) {
        Ok(value) => value,
        Err(error) => return Told::unusable("", format!("not JSON: {error}")),
    };
    let expected = match expectations(&value) {
        Ok(expected) => expected,
        Err(told) => return told,
    };
    let order = value.get("order").and_then(Value::as_str).unwrap_or("any").to_owned();
    if !["any", "sequence", "strict"].contains(&order.as_str()) {
        return Told::unusable("/order", format!("order is {order:?}, expected any, sequence or strict"));
    }
    let within = Duration::from_millis(value.get("within_ms").and_then(Value::as_u64).unwrap_or(0)).min(WITHIN_MAX);
    let query = pairs(request.uri().query().unwrap_or_default());
    let system = query.into_iter().find(|(name, _)| name == "system").map(|(_, value)| value);
    let space = match producers.shared().spaces.load().open(&workspace(request)) {
        Ok(space) => space,
        Err(error) => return Told::unusable("", error.to_string()),
    };
    let deadline = Clock::instant() + within;
    loop {
        let changed = space.journal.changed();
        let mut rows = space.journal.rows();
        rows.retain(|row| system.as_ref().is_none_or(|system| **system == *row.system));
        let failure = judged(&expected, &order, &rows);
        let Some((place, why)) = failure else { return Told::Json(json!({"verified": true})) };
        let left = deadline.saturating_duration_since(Clock::instant());
        if left.is_zero() || tokio::time::timeout(left, changed).await.is_err() {
            return Told::Status(StatusCode::CONFLICT, unmet(&expected[place], place, &why, &rows));
        }
    }
}

fn expectations(value: &Value) -> Result<Vec<Expected>, Told> {
    let list = value.get("expect").and_then(Value::as_array);
    let list = list.ok_or_else(|| Told::unusable("/expect", "expected a list of expectations"))?;
    let read = |(place, item): (usize, &Value)| {
        let source = item.get("pattern").cloned().unwrap_or_else(|| json!({}));
        let at = |what: &str| format!("/expect/{place}/{what}");
        let conditions = pattern(&source).map_err(|why| Told::unusable(at("pattern"), why))?;
        let count = item.get("count").cloned().unwrap_or_else(|| json!({"min": 1}));
        let number = |key: &str| count.get(key).and_then(Value::as_u64);
        let (least, most) = match (count.as_u64(), number("exactly")) {
            (Some(exactly), _) | (None, Some(exactly)) => (exactly, exactly),
            _ => (number("min").unwrap_or(0), number("max").unwrap_or(u64::MAX)),
        };
        Ok(Expected { conditions, least, most, source })
    };
    list.iter().enumerate().map(read).collect()
}

/// The first expectation that is not met, and why.
fn judged(expected: &[Expected], order: &str, rows: &[Arc<Row>]) -> Option<(usize, String)> {
    for (place, one) in expected.iter().enumerate() {
        let count = rows.iter().filter(|row| fits(&one.conditions, row)).count() as u64;
        if count < one.least || count > one.most {
            let most = if one.most == u64::MAX { "any".to_owned() } else { one.most.to_string() };
            return Some((place, format!("{count} requests fit, expected {} to {most}", one.least)));
        }
    }
    if order == "any" {
        return None;
    }
    // In a sequence, each is met by a later row than the one before; strictly, by the very next one.
    let mut at = 0;
    for (place, one) in expected.iter().enumerate() {
        for nth in 0..one.least {
            let found = rows[at.min(rows.len())..].iter().position(|row| fits(&one.conditions, row));
            match found {
                Some(skipped) if order == "strict" && skipped > 0 => {
                    return Some((place, format!("{skipped} other requests came before match {}", nth + 1)));
                }
                Some(skipped) => at += skipped + 1,
                None => return Some((place, format!("match {} does not come behind the one before", nth + 1))),
            }
        }
    }
    if order == "strict" && at < rows.len() {
        let last = expected.len().saturating_sub(1);
        return Some((last, format!("{} more requests came behind the last", rows.len() - at)));
    }
    None
}

fn unmet(expected: &Expected, place: usize, why: &str, rows: &[Arc<Row>]) -> Value {
    let mut near: Vec<(f64, Vec<String>, &Arc<Row>)> = rows
        .iter()
        .map(|row| {
            let (distance, lines) = distance(&expected.conditions, row);
            (distance, lines, row)
        })
        .filter(|(distance, _, _)| *distance > 0.0)
        .collect();
    near.sort_by(|one, other| one.0.total_cmp(&other.0));
    let near: Vec<Value> = near
        .into_iter()
        .take(3)
        .map(|(distance, lines, row)| {
            json!({"request": row.request_view(), "matchResult": {"distance": distance, "differences": lines}})
        })
        .collect();
    json!({"verified": false, "expectation": place, "pattern": expected.source, "reason": why, "nearMisses": near})
}
