//! QA sessions (`qa.md` §7): the moves of one item, and what guards its decisions. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::deviation::{Class, Deviation};

/// How far an item has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are those of the process")]
pub enum State {
    #[default]
    Planned,
    EnvReady,
    Testing,
    Declared,
    UnderReview,
    Godkand,
    GodkandAvvikelser,
    GodkandForbehall,
    Underkand,
    Overdue,
}

impl State {
    /// As written in documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::EnvReady => "ENV_READY",
            Self::Testing => "TESTING",
            Self::Declared => "DECLARED",
            Self::UnderReview => "UNDER_REVIEW",
            Self::Godkand => "GODKAND",
            Self::GodkandAvvikelser => "GODKAND_AVVIKELSER",
            Self::GodkandForbehall => "GODKAND_FORBEHALL",
            Self::Underkand => "UNDERKAND",
            Self::Overdue => "OVERDUE",
        }
    }

    /// Where it can go from here.
    pub fn allowed(self) -> &'static [Self] {
        const DECISIONS: &[State] =
            &[State::Godkand, State::GodkandAvvikelser, State::GodkandForbehall, State::Underkand];
        match self {
            Self::Planned => &[Self::EnvReady],
            Self::EnvReady => &[Self::Testing],
            Self::Testing => &[Self::Declared],
            Self::Declared => &[Self::UnderReview, Self::Testing],
            Self::UnderReview => DECISIONS,
            Self::GodkandForbehall | Self::Overdue => &[Self::Godkand],
            Self::Underkand => &[Self::Planned],
            Self::Godkand | Self::GodkandAvvikelser => &[],
        }
    }

    fn of(word: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(word.to_uppercase())).ok()
    }
}

/// A case as it is planned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Planned {
    /// Its name.
    pub case: String,
    /// Themes of the declaration.
    #[serde(default)]
    pub themes: Vec<String>,
    /// Why it is in the plan.
    pub reason: String,
    /// `planned`, `not-applicable` or `removed`.
    pub status: String,
    /// What was said when it was taken out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// What somebody said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comment {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
    /// `party` or `inera`: who may see it.
    pub visibility: String,
}

/// A step that was taken or refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// From 1.
    pub n: usize,
    /// What was asked.
    pub event: String,
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
    /// When.
    pub at: Timestamp,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// One QA session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Whose system it is.
    pub party: String,
    /// The system's HSA-id.
    #[serde(default)]
    pub system: Option<String>,
    /// Full namespace of the contract.
    pub contract: String,
    /// `producer`, `consumer` or `index`.
    pub role: String,
    /// The service it is for.
    #[serde(default)]
    pub service: Option<String>,
    /// The platform it is tested in.
    #[serde(default)]
    pub environment: Option<String>,
    /// The suite whose cases are planned.
    #[serde(default)]
    pub suite: Option<String>,
    /// How far it has come.
    #[serde(default)]
    pub state: State,
    /// Until when a reservation is to be met.
    #[serde(default)]
    pub due: Option<Date>,
    /// What was said at the decision.
    #[serde(default)]
    pub decision: Option<String>,
    /// Whether what was reserved has been put right, and somebody has looked.
    #[serde(default)]
    pub fix_verified: bool,
    /// The cases.
    #[serde(default)]
    pub plan: Vec<Planned>,
    /// Runs in the order they were made.
    #[serde(default)]
    pub runs: Vec<String>,
    /// What people said.
    #[serde(default)]
    pub comments: Vec<Comment>,
    /// What was done.
    #[serde(default)]
    pub history: Vec<Step>,
}

/// A move.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// `assign_test_env`, `start_tests`, `declare`, `review`, `decide`, `replan`, `fix_verified`; or the state itself.
    pub event: String,
    /// With `decide` and `review`.
    #[serde(default)]
    pub decision: Option<String>,
    /// With a reservation.
    #[serde(default)]
    pub due: Option<Date>,
    /// Where it is to be tested.
    #[serde(default)]
    pub environment: Option<String>,
    /// Who.
    #[serde(default)]
    pub by: Option<String>,
    /// Why.
    #[serde(default)]
    pub comment: Option<String>,
}

/// Why a move is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody knows this event.
    Unknown(String),
    /// The state does not allow it.
    Illegal(State),
    /// What is open does not allow the decision; these would be.
    Guarded(String, Vec<State>),
    /// Something is missing in the request.
    Missing(&'static str),
}

impl Session {
    /// The state on a day: a reservation that was not met in time is overdue.
    pub fn state_on(&self, today: Date) -> State {
        let is_late = self.due.is_some_and(|due| today > due);
        if self.state == State::GodkandForbehall && is_late { State::Overdue } else { self.state }
    }

    /// Days until which somebody should be warned of a reservation: 14, 7 and 1 before it.
    pub fn warning_on(&self, today: Date) -> Option<i32> {
        let due = self.due.filter(|_| self.state == State::GodkandForbehall)?;
        let left = today.until(due).ok()?.get_days();
        (0..=14).contains(&left).then_some(match left {
            0..=1 => 1,
            2..=7 => 7,
            _ => 14,
        })
    }

    /// Makes a move, or says why not; nothing is changed then.
    pub fn step(
        &mut self,
        wanted: &Move,
        deviations: &[&Deviation],
        now: Timestamp,
        today: Date,
    ) -> Result<(), Refused> {
        let from = self.state_on(today);
        let to = match wanted.event.to_lowercase().as_str() {
            "assign_test_env" | "assign_env" => State::EnvReady,
            "start_tests" | "start" => State::Testing,
            "declare" => State::Declared,
            "review" if wanted.decision.is_none() => State::UnderReview,
            "review" | "decide" => {
                let decision = wanted.decision.as_deref().ok_or(Refused::Missing("decision"))?;
                State::of(decision).ok_or_else(|| Refused::Unknown(decision.to_owned()))?
            }
            "replan" => State::Planned,
            "fix_verified" | "remedy" => State::Godkand,
            other => State::of(other).ok_or_else(|| Refused::Unknown(wanted.event.clone()))?,
        };
        // A review that comes with its decision is both steps in one.
        let through_review = from == State::Declared && wanted.decision.is_some();
        let allowed = if through_review { State::UnderReview.allowed() } else { from.allowed() };
        if !allowed.contains(&to) {
            return Err(Refused::Illegal(from));
        }
        if from == State::UnderReview || through_review {
            let possible = decisions(deviations);
            if !possible.contains(&to) {
                let why = format!("{} is not possible with the deviations that are open", to.word());
                return Err(Refused::Guarded(why, possible));
            }
            if to == State::GodkandForbehall && wanted.due.is_none() {
                return Err(Refused::Missing("due"));
            }
            self.decision = Some(to.word().to_owned());
            self.due = wanted.due.filter(|_| to == State::GodkandForbehall);
        }
        if wanted.environment.is_some() {
            self.environment.clone_from(&wanted.environment);
        }
        if matches!(from, State::GodkandForbehall | State::Overdue) {
            (self.fix_verified, self.due) = (true, None);
        }
        self.state = to;
        let n = self.history.len() + 1;
        self.history.push(Step { n, event: wanted.event.clone(), from, to, at: now, by: wanted.by.clone() });
        Ok(())
    }
}

/// The decisions that open deviations leave.
pub fn decisions(deviations: &[&Deviation]) -> Vec<State> {
    let open = |class: Class| deviations.iter().any(|one| one.is_open() && one.class == Some(class));
    if open(Class::Stoppande) {
        return vec![State::Underkand];
    }
    if open(Class::KraverAtgard) {
        return vec![State::GodkandForbehall, State::Underkand];
    }
    if deviations.iter().any(|one| one.class == Some(Class::Godkand)) {
        return vec![State::GodkandAvvikelser, State::GodkandForbehall, State::Underkand];
    }
    vec![State::Godkand, State::GodkandForbehall, State::Underkand]
}

/// The counting result of each case: that of the newest run that may count, by its name.
pub fn counting<'r>(
    runs: impl IntoIterator<Item = &'r crate::qa::result::RunDocument>,
    environment: Option<&str>,
) -> BTreeMap<String, (&'static str, String)> {
    let mut results = BTreeMap::new();
    for run in runs {
        let counts = !run.preparatory && (environment.is_none() || run.target.environment.as_deref() == environment);
        for case in run.cases.iter().filter(|_| counts) {
            let verdict = case.overridden.as_ref().map_or(case.verdict, |decided| decided.verdict);
            results.insert(case.name.clone(), (verdict.word(), run.id.clone()));
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(
        session: &mut Session,
        event: &str,
        decision: Option<&str>,
        due: Option<&str>,
        deviations: &[&Deviation],
    ) -> Result<(), Refused> {
        let wanted = Move {
            event: event.to_owned(),
            decision: decision.map(str::to_owned),
            due: due.map(|day| day.parse().unwrap()),
            ..Move::default()
        };
        session.step(&wanted, deviations, Timestamp::UNIX_EPOCH, jiff::civil::date(2026, 3, 1))
    }

    fn declared() -> Session {
        let mut session = Session::default();
        for event in ["assign_test_env", "start_tests", "declare"] {
            go(&mut session, event, None, None, &[]).unwrap();
        }
        session
    }

    #[test]
    fn statement_75_moves_and_decisions_are_guarded() {
        let mut session = declared();
        let stopping = Deviation { class: Some(Class::Stoppande), ..Deviation::default() };
        let refused = go(&mut session, "decide", Some("GODKAND"), None, &[&stopping]);
        assert!(matches!(refused, Err(Refused::Guarded(_, possible)) if possible == [State::Underkand]));
        go(&mut session, "decide", Some("UNDERKAND"), None, &[&stopping]).unwrap();
        assert_eq!(go(&mut session, "GODKAND", None, None, &[]), Err(Refused::Illegal(State::Underkand)));
        go(&mut session, "replan", None, None, &[]).unwrap();
        assert_eq!(session.state, State::Planned);

        let mut session = declared();
        let action = Deviation { class: Some(Class::KraverAtgard), ..Deviation::default() };
        assert_eq!(
            go(&mut session, "decide", Some("GODKAND_FORBEHALL"), None, &[&action]),
            Err(Refused::Missing("due"))
        );
        go(&mut session, "decide", Some("GODKAND_FORBEHALL"), Some("2026-03-10"), &[&action]).unwrap();
        let on = |day| session.state_on(jiff::civil::date(2026, 3, day));
        assert_eq!((on(10), on(11)), (State::GodkandForbehall, State::Overdue));
        let warned = |day| session.warning_on(jiff::civil::date(2026, 3, day));
        assert_eq!((warned(1), warned(4), warned(9)), (Some(14), Some(7), Some(1)));
        go(&mut session, "fix_verified", None, None, &[]).unwrap();
        assert_eq!(session.state, State::Godkand);
    }
}
