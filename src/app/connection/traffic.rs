//! What the hubs recorded of a system's calls.

use crate::connection::traffic::{Tally, Traffic, TrafficOf};
use crate::contracts::contract::Direction;
use crate::domain::vp_code::VpCode;
use crate::hub::exchange::CallRecord;
use crate::hub::records::Records;

/// Refusals of a message that is not as RIV-TA wants it: no version, no logical address, another profile than the
/// producer's, not to be converted, a header that may not be there, not to be read.
const RULES: [VpCode; 6] = [VpCode::Vp001, VpCode::Vp003, VpCode::Vp005, VpCode::Vp012, VpCode::Vp013, VpCode::Vp015];
/// The rule that a message follows its contract's schema.
const SCHEMA: &str = "schema";

/// Adds up the records of a system. The ring is let go at once, and read record by record.
pub(super) fn of(records: &Records, asked: &TrafficOf) -> Traffic {
    let mut tally = Tally::default();
    records.each(&mut |call| {
        let is_meant = (call.platform.is_empty() || *call.platform == *asked.env)
            && (asked.from..=asked.to).contains(&call.started);
        if is_meant {
            add(&mut tally, call, asked);
        }
    });
    tally.traffic()
}

fn add(tally: &mut Tally, call: &CallRecord, asked: &TrafficOf) {
    let (sender, contract, address) =
        (call.sender.as_deref().unwrap_or_default(), call.contract.as_deref(), call.receiver.as_deref());
    let is_by = sender.eq_ignore_ascii_case(&asked.component);
    let is_to = contract.zip(address).is_some_and(|(contract, address)| asked.is_at(contract, address));
    // Nobody is called before the catalogue has let the call through.
    let is_let_through = call.attempts > 0;
    if let (true, Some(contract), Some(address)) = (is_let_through && (is_by || is_to), contract, address) {
        tally.let_through(sender, contract, address);
    }
    let breaks_schema = |direction: Direction| {
        let mut own = call.judged.iter().filter(|report| report.direction == Some(direction));
        own.any(|report| !report.valid && report.unusable.is_none())
    };
    if is_by {
        tally.asked(call.started);
        let code = call.refusal.as_ref().and_then(|refusal| refusal.code);
        if let Some(rule) = code.filter(|code| RULES.contains(code)) {
            tally.broke(rule.as_str());
        }
        if breaks_schema(Direction::Request) {
            tally.broke(SCHEMA);
        }
    }
    if is_to && is_let_through {
        tally.answered(call.producer_time, call.refusal.is_some());
        if breaks_schema(Direction::Response) {
            tally.broke(SCHEMA);
        }
    }
}
