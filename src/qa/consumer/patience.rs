//! CR-08: a consumer waits at least half a minute before it gives up, as the hub does for its producer. Pure.

use super::hub::{Call, Departed};
use crate::qa::result::Observation;

/// How long a consumer waits at least before it gives up: as long as the hub.
pub const PATIENCE_MS: u64 = 30_000;
/// How long a call takes at least that shows such patience (FT-03).
const PATIENT_MS: u64 = 25_000;

/// Calls that the consumer gave up too soon: it closed the connection, and nobody took the answer.
pub fn given_up(calls: &[Call]) -> Vec<Observation> {
    let soon = calls.iter().filter_map(|call| Some((call, gone(call)?)));
    soon.filter(|(_, after)| *after < PATIENCE_MS)
        .map(|(call, after)| Observation {
            rule: "CR-08".to_owned(),
            text: format!(
                "call {} was given up after {after} ms: the consumer closed the connection before it was answered, \
                 expected at least {PATIENCE_MS} ms",
                call.id
            ),
        })
        .collect()
}

/// Calls whose consumer closed its writing side while it waited, and still read: allowed, and worth knowing.
pub fn half_closed(calls: &[Call]) -> Vec<String> {
    let half = calls.iter().filter_map(|call| match &call.departed {
        Some(Departed { after_ms, is_gone: false }) => Some(format!(
            "call {}: the consumer closed its writing side after {after_ms} ms, and still took the answer",
            call.id
        )),
        _ => None,
    });
    half.collect()
}

/// When the consumer of a call was gone, in milliseconds; nothing where it stayed.
pub fn gone(call: &Call) -> Option<u64> {
    call.departed.as_ref().filter(|departed| departed.is_gone).map(|departed| departed.after_ms)
}

/// CR-08 as far as it was tried: calls that were waited for nearly as long as the hub waits, or longer.
pub fn waited_long(calls: &[Call]) -> Option<String> {
    let waited = |call: &Call| gone(call).unwrap_or(call.total_ms);
    let longest = calls.iter().filter(|call| waited(call) >= PATIENT_MS).max_by_key(|call| waited(call))?;
    Some(format!("call {} was waited for {} ms", longest.id, waited(longest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(total_ms: u64, departed: Option<(u64, bool)>) -> Call {
        let departed = departed.map(|(after_ms, is_gone)| Departed { after_ms, is_gone });
        Call { id: 1, total_ms, departed, ..Call::default() }
    }

    #[test]
    fn who_is_gone_before_its_time_has_given_up_and_who_closes_half_has_not() {
        let judged = |call: Call| {
            let calls = [call];
            (given_up(&calls).len(), half_closed(&calls).len(), waited_long(&calls).is_some())
        };
        for (total, departed, expected) in [
            (10, None, (0, 0, false)),
            (24_999, None, (0, 0, false)),
            (25_010, None, (0, 0, true)),
            (30_500, Some((1_200, true)), (1, 0, false)),
            (30_500, Some((29_999, true)), (1, 0, true)),
            (31_000, Some((30_000, true)), (0, 0, true)),
            (30_500, Some((1_200, false)), (0, 1, true)),
            (10, Some((0, false)), (0, 1, false)),
        ] {
            assert_eq!(judged(call(total, departed)), expected, "{total} {departed:?}");
        }
        let text = "call 1 was given up after 1200 ms: the consumer closed the connection before it was answered, \
                    expected at least 30000 ms";
        assert_eq!(given_up(&[call(30_500, Some((1_200, true)))])[0].text, text);
        let text = "call 1: the consumer closed its writing side after 5 ms, and still took the answer";
        assert_eq!(half_closed(&[call(10, Some((5, false)))]), [text]);
    }
}
