//! Why a condition does not hold, in words, and how far from holding it is (`producers.md` §10). Names no patient.

use std::fmt::{Display, Write as _};

use super::Condition;
use super::value::{Given, ValueMatcher};
use crate::producers::asked::{Asked, CORRELATION_ID, ORIGINAL_CONSUMER, quoted};
use crate::producers::settings::{EXPLAINED_BYTES_MAX, XPATH_NODES_MAX};
use crate::producers::xml::xpath::Selected;

impl Condition {
    /// Share of the condition that does not hold: 0 where it does; a body that is nearly right is nearer than one that
    /// is nothing like it.
    pub fn distance(&self, asked: &Asked<'_>) -> f64 {
        if self.holds(asked) {
            return 0.0;
        }
        match self {
            Self::Body(ValueMatcher::Xml(expected))
                if asked.text().len().max(expected.source().len()) <= EXPLAINED_BYTES_MAX =>
            {
                let Some(document) = asked.tree() else { return 1.0 };
                let differences = expected.differences(document).len() as f64;
                (differences / (document.len() as f64 / 2.0).max(differences)).clamp(0.05, 1.0)
            }
            _ => 1.0,
        }
    }

    /// The condition with a tick or a cross, what was found and what was expected.
    pub fn ticked(&self, asked: &Asked<'_>) -> Vec<String> {
        if !self.holds(asked) {
            return self.explained(asked).iter().map(|line| format!("✗ {line}")).collect();
        }
        vec![match self {
            Self::Patient(_) => "✓ riv.patient is as expected".to_owned(),
            Self::Multipart(_) => "✓ a part of the body is as expected".to_owned(),
            Self::Body(matcher) => format!("✓ body is as expected: {matcher}"),
            _ => format!("✓ {}", self.complaint(asked)),
        }]
    }

    /// Why the condition does not hold, in one line.
    pub fn complaint(&self, asked: &Asked<'_>) -> String {
        self.explained(asked).into_iter().next().unwrap_or_default()
    }

    /// Why it does not hold, in as many lines as it takes.
    pub fn explained(&self, asked: &Asked<'_>) -> Vec<String> {
        let of = |pairs: &[(String, String)], name: &str| {
            pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let one = match self {
            Self::Method(expected) => format!("method is {}, expected {expected}", asked.method()),
            Self::Target(_) => format!("url is {}", quoted(asked.targets()[0])),
            Self::Header(name, matcher) => differs(&format!("header {name}"), asked.header(name.as_str()), matcher),
            Self::Query(name, matcher) => differs(&format!("query parameter {name}"), of(asked.query(), name), matcher),
            Self::Form(name, matcher) => differs(&format!("form parameter {name}"), of(asked.form(), name), matcher),
            Self::Cookie(name, matcher) => {
                differs(&format!("cookie {name}"), asked.cookies(name).into_iter().next(), matcher)
            }
            Self::PathParameter(_, name, matcher) => format!("path parameter {name}: expected {matcher}"),
            Self::Scheme(expected) => format!("scheme is {}, expected {expected}", asked.scheme()),
            Self::Host(matcher) => differs("host", asked.host(), matcher),
            Self::Port(expected) => format!("host is {}, expected port {expected}", asked.host().unwrap_or_default()),
            Self::ClientIp(matcher) => differs("client", asked.client().map(|ip| ip.to_string()), matcher),
            Self::Multipart(_) => "no part of the body is as expected".to_owned(),
            Self::Contract(pattern) => pattern.complaint(asked.contract()),
            Self::LogicalAddress(matcher) => differs("riv.logicalAddress", asked.logical_address(), matcher),
            Self::Sender(matcher) => differs("riv.sender", asked.sender(), matcher),
            Self::OriginalConsumer(matcher) => {
                differs("riv.originalConsumer", asked.header(ORIGINAL_CONSUMER), matcher)
            }
            Self::CorrelationId(matcher) => differs("riv.correlationId", asked.header(CORRELATION_ID), matcher),
            Self::Profile(matcher) => differs("riv.profile", asked.profile(), matcher),
            Self::Patient(_) if asked.patient().is_none() => "riv.patient: the request names no patient".to_owned(),
            Self::Patient(_) => "riv.patient is another".to_owned(),
            Self::PatientType(matcher) => differs("riv.patientType", asked.patient_type(), matcher),
            Self::Field(path, matcher) => {
                differs(&format!("riv.field {path}"), asked.fields(path).into_iter().next(), matcher)
            }
            Self::Body(matcher) => return body(matcher, asked),
        };
        vec![one]
    }
}

fn body(matcher: &ValueMatcher, asked: &Asked<'_>) -> Vec<String> {
    let plain = || vec![format!("body: expected it to be {matcher}")];
    let bytes = asked.text().len();
    if let ValueMatcher::XPath(path, _) = matcher
        && asked.tree().is_some()
        && asked.selected(path).is_none()
    {
        return vec![format!("body: {} visits more than {XPATH_NODES_MAX} nodes", path.source())];
    }
    if bytes > EXPLAINED_BYTES_MAX {
        return vec![format!(
            "body is {bytes} bytes, of which at most {EXPLAINED_BYTES_MAX} are compared: expected {matcher}"
        )];
    }
    match matcher {
        ValueMatcher::Xml(expected) if expected.source().len() > EXPLAINED_BYTES_MAX => {
            vec![format!(
                "body differs from {} bytes, of which at most {EXPLAINED_BYTES_MAX} are compared",
                expected.source().len()
            )]
        }
        ValueMatcher::Xml(expected) => match asked.tree() {
            None => vec!["body: it is not XML".to_owned()],
            Some(document) => {
                let lines: Vec<_> = expected.differences(document).iter().map(|one| format!("body {one}")).collect();
                if lines.is_empty() { plain() } else { lines }
            }
        },
        ValueMatcher::XPath(path, inner) => {
            let Some(document) = asked.tree() else { return vec!["body: it is not XML".to_owned()] };
            match asked.selected(path).as_deref() {
                None => plain(),
                Some(Selected::Nodes(nodes)) if nodes.is_empty() => {
                    let mut line = format!("body: {} selects nothing", path.source());
                    // Writing to a string cannot fail.
                    let _ = match path.longest_prefix(document) {
                        Some(prefix) => write!(line, "; {prefix} does"),
                        None => write!(line, ", and neither does any beginning of it"),
                    };
                    vec![line]
                }
                Some(selected) => {
                    let found = match selected {
                        Selected::Nodes(nodes) => nodes.first().map(|node| node.text.clone()).unwrap_or_default(),
                        Selected::Text(text) => text.clone(),
                        Selected::Truth(truth) => truth.to_string(),
                    };
                    let expected = inner.as_ref().map_or_else(|| "something".to_owned(), ToString::to_string);
                    vec![format!("body: {} is {:?}, expected {expected}", path.source(), quoted(&found))]
                }
            }
        }
        ValueMatcher::And(all) => {
            let given = Given { text: Some(asked.text()), asked, is_body: true };
            all.iter().filter(|one| !one.accepts(given)).flat_map(|one| body(one, asked)).collect()
        }
        _ => plain(),
    }
}

fn differs(what: &str, actual: Option<impl AsRef<str>>, matcher: &impl Display) -> String {
    let mut line = what.to_owned();
    // Writing to a string cannot fail.
    let _ = match actual {
        Some(actual) => write!(line, " is {:?}, expected {matcher}", quoted(actual.as_ref())),
        None => write!(line, " is missing, expected {matcher}"),
    };
    line
}
