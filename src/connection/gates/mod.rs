//! The 72 gates (`connection.md` §4) as tables: what each demands, how it is judged, and what to do about it.
//!
//! A gate is a pure function of a [`Dossier`]. Which gates guard which step stands in `state.rs`, not here.

mod agreements;
mod caregivers;
mod contacts;
mod incidents;
mod leaving;
mod operation;
mod production;
mod quality;
mod services;
mod technical;
#[cfg(test)]
pub(crate) mod tests;

use serde::{Deserialize, Serialize};

use super::dossier::Dossier;

pub use agreements::operator as judge_operator;
pub use incidents::recipient as judge_recipient;
pub use services::changes_scope;

/// Names of the contract texts.
const ANSLUTNING: &str = "003_9e5e34bfe011a958.txt";
const PUB: &str = "002_f362cffffc730c4d.txt";
const INKORG: &str = "004_d146e3846ea47f7f.txt";
const CHANGES_2020: &str = "000_4abea53254e750ce.txt";
/// Where a requirement comes from a public description alone.
const PUBLIC: &str = "";

/// One gate.
pub struct Gate {
    /// `7` of `CONN-07`.
    pub number: u8,
    /// What is said when it fails; what stands in `<…>` is filled in.
    pub text: &'static str,
    /// Whether it is for Inera to see to: it never refuses a customer's step.
    pub inera: bool,
    /// How it is judged.
    judge: fn(&Dossier<'_>) -> Verdict,
    /// What to do about it, in Swedish.
    pub sv: &'static str,
    /// What to do about it, in English.
    pub en: &'static str,
    /// The contract text, empty where a public description demands it.
    file: &'static str,
    /// The place in it, or which description.
    place: &'static str,
}

impl Gate {
    /// `CONN-07`.
    pub fn id(&self) -> String {
        format!("CONN-{:02}", self.number)
    }

    /// Which term asks for it.
    pub fn source(&self) -> String {
        match self.file {
            PUBLIC => self.place.to_owned(),
            file => format!("{file} {}", self.place),
        }
    }

    /// What it says of a dossier.
    pub fn judge(&self, dossier: &Dossier<'_>) -> Verdict {
        (self.judge)(dossier)
    }

    /// Its complaint, `<…>` filled in.
    pub fn complaint(&self, fault: &Fault, blocking: bool) -> Failed {
        let message = match (self.text.find('<'), self.text.rfind('>')) {
            (Some(start), Some(end)) => format!("{}{}{}", &self.text[..start], fault.fill, &self.text[end + 1..]),
            _ => self.text.to_owned(),
        };
        Failed { gate: self.id(), blocking, message, missing: fault.missing.clone() }
    }
}

/// A gate that failed, as the API tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Failed {
    /// `CONN-07`.
    pub gate: String,
    /// Whether it refuses the step.
    pub blocking: bool,
    /// What is wrong.
    pub message: String,
    /// Keys of the evidence that is missing, or ids.
    pub missing: Vec<String>,
}

/// What a gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, or concerns something else.
    Holds,
    /// Too little is known of contract or service: it is left out.
    Open,
    /// It fails.
    Fails(Fault),
}

/// Why a gate fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// What stands for `<…>`.
    pub fill: String,
    /// Keys of the evidence that is missing, or ids.
    pub missing: Vec<String>,
}

/// Holds where nothing is missing.
pub(super) fn complete(missing: Vec<String>) -> Verdict {
    filled(String::new(), missing)
}

/// Holds where nothing is missing; else `fill` stands in the text.
fn filled(fill: String, missing: Vec<String>) -> Verdict {
    if missing.is_empty() { Verdict::Holds } else { Verdict::Fails(Fault { fill, missing }) }
}

/// Fails for one reason, unless something holds.
fn holds_if(holds: bool, missing: impl Into<String>) -> Verdict {
    if holds { Verdict::Holds } else { complete(vec![missing.into()]) }
}

/// Whether a text says nothing.
fn is_empty(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

/// Whether a text has the form of an e-mail address.
fn is_email(text: Option<&str>) -> bool {
    let Some((name, domain)) = text.and_then(|text| text.trim().split_once('@')) else { return false };
    let plain = |part: &str| !part.is_empty() && !part.contains(|sign: char| sign.is_whitespace() || sign == '@');
    plain(name) && plain(domain) && domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty())
}

/// Whether a text has the form of a telephone number.
fn is_phone(text: Option<&str>) -> bool {
    let Some(text) = text.map(str::trim) else { return false };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let written = text.strip_prefix('+').unwrap_or(text);
    (5..=15).contains(&digits) && written.bytes().all(|byte| byte.is_ascii_digit() || b" -()/".contains(&byte))
}

/// All gates, by number.
pub fn all() -> impl Iterator<Item = &'static Gate> {
    [
        agreements::GATES,
        contacts::GATES,
        caregivers::GATES,
        services::GATES,
        technical::GATES,
        quality::GATES,
        production::GATES,
        operation::GATES,
        incidents::GATES,
        leaving::GATES,
    ]
    .into_iter()
    .flatten()
}

/// The gate with a number.
pub fn gate(number: u8) -> Option<&'static Gate> {
    all().find(|gate| gate.number == number)
}

/// What gates say: those that refuse, and those that fail without refusing. `by_inera` says whose step it is.
pub fn judge(dossier: &Dossier<'_>, numbers: &[u8], by_inera: bool) -> (Vec<Failed>, Vec<Failed>) {
    let (mut failed, mut warnings) = (Vec::new(), Vec::new());
    for gate in all().filter(|gate| numbers.contains(&gate.number)) {
        let Verdict::Fails(fault) = gate.judge(dossier) else { continue };
        let blocking = by_inera || !gate.inera;
        let into = if blocking { &mut failed } else { &mut warnings };
        into.push(gate.complaint(&fault, blocking));
    }
    (failed, warnings)
}

/// What gates say where they refuse nothing.
pub fn watch(dossier: &Dossier<'_>, numbers: &[u8]) -> Vec<Failed> {
    let failing = all().filter(|gate| numbers.contains(&gate.number)).filter_map(|gate| match gate.judge(dossier) {
        Verdict::Fails(fault) => Some(gate.complaint(&fault, false)),
        Verdict::Holds | Verdict::Open => None,
    });
    failing.collect()
}
