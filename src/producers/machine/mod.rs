//! What systems keep account of (`producers.md` §11): booked times, referrals and messages. What a call changes is in the
//! records at once, so that every contract, and the index, say the same of it.
//!
//! A machine answers the contracts that change something, and those that ask for what nobody wrote down (which times are
//! free); what is booked or sent is then a record like any other, and answered as one.

mod booking;
mod inbox;
mod referral;
mod slots;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;

use super::records::RecordSource;
use super::records::value::Value;
use super::schema::element::Element;
use super::schema::{self, Contracts, write};
use super::source::{self, Source, Wanted};
use crate::domain::clock::stockholm;

/// What a system keeps account of: `state` in its `producer.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Booked and free times (*tidbokning*).
    Booking,
    /// Referrals and what became of them (*remisser*).
    Referrals,
    /// Messages to citizens (*inkorg*).
    Inbox,
}

impl Machine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Booking, Self::Referrals, Self::Inbox];

    /// As `producer.toml` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booking => "booking",
            Self::Referrals => "referrals",
            Self::Inbox => "inbox",
        }
    }
}

/// The source `state`: it goes before the records of a system that keeps account of something.
#[derive(Debug)]
pub struct StateSource {
    records: Arc<RecordSource>,
    contracts: Contracts,
}

/// A call of a machine.
struct Call<'c, 'q, 'r> {
    records: &'c RecordSource,
    asked: &'c source::Question<'q, 'r>,
    /// HSA-id of the system.
    hsa_id: &'c str,
    /// What stands in the body.
    body: &'c Element,
}

impl StateSource {
    /// A source that changes these records.
    pub fn new(records: Arc<RecordSource>, contracts: Contracts) -> Self {
        Self { records, contracts }
    }
}

impl Source for StateSource {
    fn name(&self) -> &'static str {
        "state"
    }

    fn answer(&self, asked: &source::Question<'_, '_>) -> Option<Response<Bytes>> {
        let machine = asked.producer.state.filter(|_| *asked.wanted == Wanted::Usual)?;
        let question = schema::Question::read(&self.contracts.current(), asked.asked)?;
        let hsa_id = asked.producer.hsa_id.as_deref().unwrap_or(asked.system);
        let call = Call { records: &self.records, asked, hsa_id, body: &question.body };
        let tree = match (machine, question.contract.operation.as_str()) {
            (Machine::Booking, "MakeBooking") => booking::make(&call),
            (Machine::Booking, "UpdateBooking") => booking::update(&call),
            (Machine::Booking, "CancelBooking") => booking::cancel(&call),
            (Machine::Booking, "GetAvailableTimeslots") => slots::free_times(&call),
            (Machine::Booking, "GetAvailableDates") => slots::free_days(&call),
            (Machine::Referrals, "ProcessRequest") => referral::request(&call),
            (Machine::Referrals, "ProcessRequestConfirmation") => referral::confirmation(&call),
            (Machine::Referrals, "ProcessRequestOutcome") => referral::outcome(&call),
            (Machine::Inbox, "AddMessageToPatientPortalInbox") => inbox::add(&call),
            _ => return None,
        };
        write::response(&question.contract, &tree).map(|written| schema::answered(written.envelope))
    }
}

impl Call<'_, '_, '_> {
    fn text(&self, path: &str) -> Option<&str> {
        self.body.text_at(path)
    }

    /// What is known of somebody; the identity alone where there is no record.
    fn about(&self, books: &super::records::books::Books, id: &str) -> Value {
        let known = books.about(id).cloned();
        known.unwrap_or_else(|| table([("id", Some(id.to_owned())), ("type", Some(PERSONAL_NUMBER.to_owned()))]))
    }
}

/// Type of a personal identity number.
const PERSONAL_NUMBER: &str = "1.2.752.129.2.1.3.1";

/// A moment as the records have it: fourteen digits by a Swedish clock.
fn digits(at: Timestamp) -> String {
    at.to_zoned(stockholm()).strftime("%Y%m%d%H%M%S").to_string()
}

/// A table of the texts there are.
fn table<const N: usize>(members: [(&'static str, Option<String>); N]) -> Value {
    Value::table(members.into_iter().filter_map(|(name, text)| Some((name, Value::Text(text?)))).collect())
}
