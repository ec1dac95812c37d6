//! `anslut explain`: where a call would go, candidate by candidate, or why it would be refused.

use crate::config::checked::Settings;
use crate::config::environment::Environment;
use crate::domain::clock::{Clock, stockholm};
use crate::hub::explain::{Candidate, Explanation, Question, explain};

use super::arguments::ExplainArguments;
use super::check::catalogue_of;
use super::failure::{Exit, Failure};
use super::opening;
use super::terminal::{Palette, Terminal, Tone, columns, printable};

/// Runs the command. A refusal is an answer like any other: the command has done its work.
pub fn run(
    arguments: &ExplainArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let (environment, loaded) = opening::open(&arguments.environment, &arguments.settings.sets, variables)?;
    let settings = opening::usable(loaded, terminal)?;
    let clock = Clock::System;
    let question = Question {
        contract: arguments.contract.clone(),
        address: arguments.address.clone(),
        sender: arguments.sender.clone(),
        at: arguments.at.unwrap_or_else(|| clock.now()),
        profile: arguments.profile,
    };
    let settings = opening::platform(&settings, arguments.platform.as_deref())?;
    let explanation = answer(&environment, &settings, &question, terminal);
    if terminal.json {
        terminal.print_json(&explanation)?;
    } else {
        let text = text(&explanation, terminal.palette());
        terminal.print(&text)?;
    }
    Ok(Exit::Done)
}

/// Loads the catalogue and asks it. What is wrong with its files is told, since it may be why the answer surprises.
fn answer(
    environment: &Environment,
    settings: &Settings,
    question: &Question,
    terminal: &mut Terminal<'_>,
) -> Explanation {
    let catalogue = catalogue_of(environment, settings);
    let (tak, hsa) = (catalogue.reset_tak(), catalogue.reset_hsa());
    for problem in tak.problems.iter().chain(&hsa.problems) {
        terminal.complain(&problem.to_string());
    }
    explain(&catalogue.snapshot(), &settings.lookup, &settings.hub.instance_name, question)
}

/// The decision for people: the outcome first, then how it came about, then what to do.
pub fn text(explanation: &Explanation, palette: Palette) -> String {
    let mut page = Page { palette, text: String::new() };
    page.outcome(explanation);
    page.question(explanation);
    page.candidates("Routes", &explanation.route_trace, &explanation.routes);
    page.candidates("Permissions", &explanation.permission_trace, &explanation.permissions);
    page.producer(explanation);
    page.fault(explanation);
    page.hints(&explanation.hints);
    page.text
}

struct Page {
    palette: Palette,
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        let heading = self.palette.paint(Tone::Heading, text);
        self.line("");
        self.line(&heading);
    }

    /// Names and values below each other; what has no value is left out.
    fn pairs(&mut self, pairs: &[(&str, Option<String>)]) {
        let rows: Vec<[String; 2]> =
            pairs.iter().filter_map(|(name, value)| Some([(*name).to_owned(), printable(value.as_deref()?)])).collect();
        for line in columns(&rows) {
            self.line(&format!("  {line}"));
        }
    }

    fn outcome(&mut self, explanation: &Explanation) {
        let outcome = match explanation.code {
            None if explanation.outcome == "ok" => {
                self.palette.paint(Tone::Good, "✓ ok: the call reaches the producer")
            }
            None => self.palette.paint(Tone::Bad, &format!("✗ {}", printable(&explanation.outcome))),
            Some(code) => self.palette.paint(Tone::Bad, &format!("✗ {code}: the call is refused")),
        };
        self.line(&outcome);
    }

    fn question(&mut self, explanation: &Explanation) {
        let local = explanation.at.to_zoned(stockholm());
        self.line("");
        self.pairs(&[
            ("contract", Some(explanation.contract.clone())),
            // Quoted, because a blank at either end decides (`vp.md` §2.1).
            ("address", Some(format!("{:?}", explanation.address))),
            ("sender", Some(explanation.sender.clone())),
            ("at", Some(local.strftime("%Y-%m-%d %H:%M:%S %:z").to_string())),
        ]);
    }

    fn candidates(&mut self, heading: &str, trace: &str, candidates: &[Candidate]) {
        self.heading(heading);
        if trace.is_empty() && candidates.is_empty() {
            self.line("  not looked for");
            return;
        }
        self.pairs(&[("looked for", Some(trace.to_owned()))]);
        if candidates.is_empty() {
            self.line("  none in the catalogue");
        }
        let rows: Vec<[String; 7]> = candidates.iter().map(cells).collect();
        for (line, candidate) in columns(&rows).iter().zip(candidates) {
            let (mark, tone) = if candidate.taken { ("✓", Tone::Good) } else { ("✗", Tone::Bad) };
            let mark = self.palette.paint(tone, mark);
            self.line(&format!("  {mark} {line}"));
            let why = self.palette.paint(Tone::Quiet, &printable(&candidate.why));
            self.line(&format!("      {why}"));
        }
    }

    fn producer(&mut self, explanation: &Explanation) {
        if explanation.producer_address.is_none() && explanation.producer_profile.is_none() {
            return;
        }
        let conversion = explanation.converts.map(|converts| {
            if converts { "the message is converted to it" } else { "the message is sent as it is" }.to_owned()
        });
        self.heading("Producer");
        self.pairs(&[
            ("address", explanation.producer_address.clone()),
            ("profile", explanation.producer_profile.clone()),
            ("conversion", conversion),
        ]);
    }

    fn fault(&mut self, explanation: &Explanation) {
        if explanation.fault_string.is_none() && explanation.detail.is_none() {
            return;
        }
        self.heading("The consumer gets");
        self.pairs(&[("fault", explanation.fault_string.clone()), ("detail", explanation.detail.clone())]);
    }

    fn hints(&mut self, hints: &[String]) {
        if hints.is_empty() {
            return;
        }
        self.heading("Hints");
        for hint in hints {
            self.line(&format!("  → {}", printable(hint)));
        }
    }
}

/// What a candidate is: how the search came to it, what it says, when it holds, and where it is written.
fn cells(candidate: &Candidate) -> [String; 7] {
    let optional = |text: &Option<String>| text.as_deref().map(printable).unwrap_or_default();
    let validity = match (candidate.from.as_str(), candidate.to.as_str()) {
        ("", "") => String::new(),
        (from, to) => printable(&format!("{from}–{to}")),
    };
    [
        printable(&candidate.step),
        printable(&candidate.address),
        optional(&candidate.consumer),
        optional(&candidate.profile),
        optional(&candidate.url),
        validity,
        printable(&candidate.origin),
    ]
}
