//! How a case waits: armed, seen so many of so many, judged, or expired. Calls before arming never count, and a call that
//! almost fits is told with what does not.

use std::time::Duration;

use super::hub::{Call, Hub};
use super::waits::{Armed, Taken};
use crate::qa::index::updates::Update;
use crate::qa::native::written::waits::AwaitFile;
use crate::qa::records::person;
use crate::qa::tree;

/// How often the record is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Calls that fit, the oldest first.
    pub calls: Vec<Call>,
    /// Calls that almost did, and why they did not.
    pub near: Vec<String>,
    /// Somebody gave it up before its time.
    pub is_given_up: bool,
}

/// Waits until enough calls that count came after the call with this number, or the window is over. A case in which the producer
/// misbehaves watches to the end, as does one about all Updates of a window: what comes next is what they are about.
pub async fn calls(
    hub: &Hub,
    mut last: u64,
    wanted: &AwaitFile,
    armed: &Armed,
    counts: &(dyn Fn(&Call) -> bool + Send + Sync),
    is_over: &(dyn Fn() -> bool + Send + Sync),
) -> Result<Seen, String> {
    let mut calls = Vec::new();
    loop {
        // What is left is asked before the record is: a call in the last moment counts.
        let left = armed.left();
        for call in hub.after(last).await? {
            // The place in the record counts, not the number: a long call comes after calls with larger ones.
            last = call.id;
            if armed.take(&call) == Taken::Own {
                calls.push(call);
            }
        }
        armed.looked();
        let counted = calls.iter().filter(|call| counts(call)).count();
        let enough = counted >= wanted.count as usize && !wanted.watches_to_the_end();
        let is_given_up = left.is_none() || is_over();
        let left = left.unwrap_or_default();
        if enough || left.is_zero() || is_given_up {
            return Ok(Seen { calls, near: armed.near(), is_given_up });
        }
        tokio::time::sleep(LOOK.min(left)).await;
    }
}

/// The first thing in which a call is not the one that is waited for.
pub(super) fn differs(call: &Call, wanted: &AwaitFile, contract: &str) -> Option<String> {
    let differs = |what: &str, found: Option<&str>, expected: &str| {
        let same = found.is_some_and(|found| found.eq_ignore_ascii_case(expected));
        (!same).then(|| format!("{what} is {}, expected {expected}", found.unwrap_or("not known")))
    };
    let element = || {
        let document = tree::parse(&call.request).ok()?;
        let body = crate::qa::assert::soap::body(&document)?;
        body.first_element_child()?.tag_name().namespace().map(str::to_owned)
    };
    let found = call.contract.clone().or_else(element);
    let address = wanted.logical_address.as_ref();
    differs("contract", found.as_deref(), contract)
        .or_else(|| differs("sender", call.sender.as_deref(), &wanted.sender))
        .or_else(|| address.and_then(|address| differs("logical address", call.address.as_deref(), address)))
        .or_else(|| {
            let wanted = wanted.patient.as_ref()?;
            let patients = patients(call);
            let found = patients.iter().find(|patient| *patient == wanted).or(patients.first());
            differs("patient", found.map(String::as_str), wanted)
        })
}

/// Whom a call is about: the patient that is asked for, or all residents of an Update. The first part of an Update that the
/// record does not hold whole tells nobody.
fn patients(call: &Call) -> Vec<String> {
    let Ok(document) = tree::parse(&call.request) else { return Vec::new() };
    match Update::read(call.started, &call.request, None) {
        Some(update) => update.transactions.into_iter().map(|one| one.key.registered_resident_identification).collect(),
        None => document.descendants().find_map(person).map(|(identity, _)| identity).into_iter().collect(),
    }
}
