//! Many callers at once.

use std::sync::Barrier;

use bytes::Bytes;
use http::Request;

use super::*;
use crate::config::environment::Environment;
use crate::producers::asked::Asked;
use crate::producers::schema::tests::registry;
use crate::producers::spec::producer::Producer;

const UNIT: &str = "SE2321000016-1004";

/// MakeBooking of the `n`th half hour on Mondays of one year and the next.
fn booking(n: usize, patient: &str) -> Request<Bytes> {
    let monday = jiff::civil::date(2028, 1, 3).saturating_add(jiff::Span::new().weeks((n / 16) as i64));
    let start = monday.at(8, 0, 0, 0).saturating_add(jiff::Span::new().minutes(30 * (n % 16) as i64));
    let contract = "urn:riv:crm:scheduling:MakeBookingResponder:1";
    Request::new(Bytes::from(format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header/><e:Body><MakeBooking xmlns='{contract}'>\
         <healthcare_facility_med>{UNIT}</healthcare_facility_med><requestedTimeslot><startTimeInclusive>{}</startTimeInclusive>\
         <healthcare_facility>{UNIT}</healthcare_facility><performer>SE2321000016-P001</performer>\
         <subject_of_care>{patient}</subject_of_care></requestedTimeslot></MakeBooking></e:Body></e:Envelope>",
        start.strftime("%Y%m%d%H%M%S")
    )))
}

#[test]
fn of_two_who_book_one_time_at_once_one_gets_it_a_thousand_times() {
    const TIMES: usize = 1_000;
    let contracts = Contracts::new(registry);
    let (records, problems) = RecordSource::load(&Environment::Demo, contracts.clone());
    assert_eq!(problems, []);
    let state = StateSource::new(Arc::new(records), contracts);
    let producer =
        Producer { hsa_id: Some("SE2321000016-S010".to_owned()), state: Some(Machine::Booking), ..Producer::default() };
    let barrier = Barrier::new(2);
    let book_all = |patient: &'static str| {
        let (state, producer, barrier) = (&state, &producer, &barrier);
        move || -> Vec<bool> {
            let book = |n| {
                let request = booking(n, patient);
                let asked = Asked::read("booking", &request, Timestamp::UNIX_EPOCH);
                let wanted = Wanted::Usual;
                let question =
                    source::Question { system: "booking", producer, asked: &asked, own: None, wanted: &wanted };
                barrier.wait();
                let answer = state.answer(&question).expect("an answer");
                let text = String::from_utf8_lossy(answer.body()).into_owned();
                assert_eq!(text.contains(">OK<"), !text.contains(">ERROR<"), "{text}");
                text.contains(">OK<")
            };
            (0..TIMES).map(book).collect()
        }
    };
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(book_all("191212121212"));
        let other = scope.spawn(book_all("198908219887"));
        (one.join().expect("no panic"), other.join().expect("no panic"))
    });
    let made = one.iter().zip(&other).filter(|(one, other)| **one != **other).count();
    assert_eq!(made, TIMES, "each time has exactly one booking");
    let books = state.records.books();
    let booked = books
        .entries_of("booking", "SE2321000016-S010")
        .filter(|(_, entry)| entry.values.text_at("start").is_some_and(|start| start >= "2028"));
    assert_eq!(booked.count(), TIMES);
}
