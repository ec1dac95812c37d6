//! How a case waits: armed, seen so many of so many, judged, or expired. Calls before arming never count, and a call that
//! almost fits is told with what does not.

use std::time::Duration;

use super::hub::{Call, Hub};
use crate::domain::clock::Clock;
use crate::qa::native::written::AwaitFile;
use crate::qa::records::person;
use crate::qa::tree;

/// How often the record is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Near misses that are told.
const NEAR_MAX: usize = 20;

/// What came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Calls that fit, the oldest first.
    pub calls: Vec<Call>,
    /// Calls that almost did, and why they did not.
    pub near: Vec<String>,
}

/// Waits until enough calls came, or the window is over. A case in which the producer misbehaves watches to the end: what
/// the consumer does next is what it is about.
pub async fn calls(
    hub: &Hub,
    wanted: &AwaitFile,
    contract: &str,
    is_over: &(dyn Fn() -> bool + Send + Sync),
) -> Result<Seen, String> {
    let mut last = hub.newest().await?;
    let began = Clock::instant();
    let window = Duration::from_secs(wanted.seconds);
    let mut seen = Seen::default();
    loop {
        for call in hub.after(last).await? {
            last = last.max(call.id);
            match differs(&call, wanted, contract) {
                None => seen.calls.push(call),
                Some(why) if seen.near.len() < NEAR_MAX => seen.near.push(format!("call {}: {why}", call.id)),
                Some(_) => {}
            }
        }
        let enough = seen.calls.len() >= wanted.count as usize && wanted.fault.is_none();
        if enough || began.elapsed() >= window || is_over() {
            return Ok(seen);
        }
        tokio::time::sleep(LOOK.min(window.saturating_sub(began.elapsed()))).await;
    }
}

/// The first thing in which a call is not the one that is waited for.
fn differs(call: &Call, wanted: &AwaitFile, contract: &str) -> Option<String> {
    let differs = |what: &str, found: Option<&str>, expected: &str| {
        let same = found.is_some_and(|found| found.eq_ignore_ascii_case(expected));
        (!same).then(|| format!("{what} is {}, expected {expected}", found.unwrap_or("not known")))
    };
    let element = tree::parse(&call.request).ok().and_then(|document| {
        let body = crate::qa::assert::soap::body(&document)?;
        body.first_element_child()?.tag_name().namespace().map(str::to_owned)
    });
    let found = call.contract.clone().or(element);
    let patient = || {
        let document = tree::parse(&call.request).ok()?;
        document.descendants().find_map(person).map(|(identity, _)| identity)
    };
    differs("contract", found.as_deref(), contract)
        .or_else(|| differs("sender", call.sender.as_deref(), &wanted.sender))
        .or_else(|| {
            wanted
                .logical_address
                .as_ref()
                .and_then(|address| differs("logical address", call.address.as_deref(), address))
        })
        .or_else(|| wanted.patient.as_ref().and_then(|wanted| differs("patient", patient().as_deref(), wanted)))
}
