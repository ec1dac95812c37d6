//! Which times there are, and which of them are free: on weekdays from 08 to 16, half an hour each, for every one of the
//! staff and every kind of care.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Span, ToSpan};

use super::Call;
use crate::producers::records::book::Entry;
use crate::producers::records::books::Books;
use crate::producers::schema::element::Element;
use crate::producers::schema::period::first_moment;

const OPENS: Time = Time::constant(8, 0, 0, 0);
const CLOSES: Time = Time::constant(16, 0, 0, 0);
/// Minutes of a time.
const MINUTES: i64 = 30;
/// Most days that are looked through.
const DAYS_MAX: usize = 366;
/// Most times of an answer.
const TIMES_MAX: usize = 1_000;
/// What care and times are called where no booking says.
const USUAL_CARE: [&str; 2] = ["MOTTAGNING", "Mottagning"];
const USUAL_TYPE: [&str; 2] = ["BESOK", "Besök"];

/// A time that somebody can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) facility: String,
    pub(super) performer: Option<String>,
    pub(super) start: DateTime,
}

impl Slot {
    pub(super) fn end(&self) -> DateTime {
        self.start.saturating_add(length())
    }

    /// Whether it begins where a time begins.
    pub(super) fn is_on_the_grid(&self) -> bool {
        let (day, time) = (self.start.date().weekday(), self.start.time());
        let is_weekday = !matches!(day, Weekday::Saturday | Weekday::Sunday);
        let on_the_half_hour = i64::from(time.minute()) % MINUTES == 0 && time.second() == 0;
        is_weekday && on_the_half_hour && time >= OPENS && self.end().time() <= CLOSES && time < CLOSES
    }

    /// Whether a booking takes it: at the same unit, by the same person where both name one, and at the same time.
    pub(super) fn is_taken_by(&self, booking: &Entry) -> bool {
        let text = |path: &str| booking.values.text_at(path);
        let same = |one: Option<&str>, other: Option<&str>| match (one, other) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => true,
        };
        let moment = |path: &str| text(path).and_then(first_moment);
        let Some(start) = moment("start") else { return false };
        let end = moment("end").unwrap_or_else(|| start.saturating_add(length()));
        booking.kind == "booking"
            && text("unit.hsa_id").is_some_and(|unit| unit.eq_ignore_ascii_case(&self.facility))
            && same(text("performer.hsa_id"), self.performer.as_deref())
            && start < self.end()
            && self.start < end
    }
}

/// A place where times are had: who has them, and for what.
pub(super) struct Clinic {
    pub(super) performers: Vec<(String, String)>,
    cares: Vec<[String; 2]>,
    types: Vec<[String; 2]>,
}

impl Clinic {
    /// A unit as the records describe it.
    pub(super) fn of(books: &Books, call: &Call<'_, '_, '_>, facility: &str) -> Self {
        let organisation = books.organisation(call.asked.system);
        let name =
            |person: &crate::producers::records::value::Value| person.text_at("name").unwrap_or_default().to_owned();
        let performers = organisation.staff_of(facility).map(|(hsa_id, person)| (hsa_id.to_owned(), name(person)));
        let here = |entry: &&Entry| {
            entry.kind == "booking"
                && entry.values.text_at("unit.hsa_id").is_some_and(|unit| unit.eq_ignore_ascii_case(facility))
        };
        let bookings: Vec<&Entry> =
            books.entries_of(call.asked.system, call.hsa_id).map(|(_, entry)| entry).filter(here).collect();
        let named = |path: &str, usual: [&str; 2]| {
            let pair = |entry: &&Entry| {
                let text = |part: &str| entry.values.text_at(&format!("{path}.{part}")).map(str::to_owned);
                Some([text("id")?, text("name")?])
            };
            let mut all: Vec<_> = bookings.iter().filter_map(pair).collect();
            all.sort();
            all.dedup();
            if all.is_empty() { vec![usual.map(str::to_owned)] } else { all }
        };
        Self { performers: performers.collect(), cares: named("care", USUAL_CARE), types: named("type", USUAL_TYPE) }
    }
}

/// Every free time that a request asks for.
struct Free {
    slot: Slot,
    performer_name: Option<String>,
    care: [String; 2],
    kind: [String; 2],
}

fn free(call: &Call<'_, '_, '_>) -> Vec<Free> {
    let books = call.records.books_in(call.asked.own);
    let day = |name: &str| call.text(name).and_then(first_moment).map(|at| at.date());
    let (Some(facility), Some(first)) = (call.text("healthcare_facility"), day("startDateInclusive")) else {
        return Vec::new();
    };
    let last = day("endDateInclusive").unwrap_or(first);
    let clinic = Clinic::of(&books, call, facility);
    let wanted: Vec<&str> = call.body.all("performer").map(|one| one.text.trim()).collect();
    let is_wanted = |(hsa_id, _): &&(String, String)| {
        wanted.is_empty() || wanted.iter().any(|one| one.eq_ignore_ascii_case(hsa_id))
    };
    let mut performers: Vec<_> =
        clinic.performers.iter().filter(is_wanted).map(|(id, name)| (Some(id.clone()), Some(name.clone()))).collect();
    if clinic.performers.is_empty() {
        performers.push((wanted.first().map(|one| (*one).to_owned()), None));
    }
    let chosen = |pairs: &[[String; 2]], id: &str, name: &str| -> Vec<[String; 2]> {
        let asked = [call.text(id), call.text(name)];
        let fits = |pair: &&[String; 2]| {
            asked.iter().zip(pair.iter()).all(|(asked, has)| asked.is_none_or(|asked| asked == has))
        };
        pairs.iter().filter(fits).cloned().collect()
    };
    let cares = chosen(&clinic.cares, "careTypeID", "careTypeName");
    let types = chosen(&clinic.types, "timeTypeID", "timeTypeName");
    let bookings: Vec<&Entry> = books.entries_of(call.asked.system, call.hsa_id).map(|(_, entry)| entry).collect();
    let mut found = Vec::new();
    for start in first.series(1.day()).take(DAYS_MAX).take_while(|day| *day <= last).flat_map(times) {
        for (performer, name) in &performers {
            let slot = Slot { facility: facility.to_owned(), performer: performer.clone(), start };
            if !slot.is_on_the_grid() || bookings.iter().any(|booking| slot.is_taken_by(booking)) {
                continue;
            }
            for (care, kind) in cares.iter().zip(types.iter().cycle()) {
                let (performer_name, care, kind) = (name.clone(), care.clone(), kind.clone());
                found.push(Free { slot: slot.clone(), performer_name, care, kind });
            }
        }
        if found.len() >= TIMES_MAX {
            found.truncate(TIMES_MAX);
            break;
        }
    }
    found
}

/// The answer to GetAvailableTimeslots.
pub(super) fn free_times(call: &Call<'_, '_, '_>) -> Element {
    let mut tree = Element::new("response");
    for free in free(call) {
        let text = |at: DateTime| at.strftime("%Y%m%d%H%M%S").to_string();
        let mut time = Element::new("timeslotDetail")
            .with_text("startTimeInclusive", text(free.slot.start))
            .with_text("endTimeExclusive", text(free.slot.end()))
            .with_text("healthcare_facility", free.slot.facility.clone());
        time.children.extend(free.slot.performer.clone().map(|id| Element::text("performer", id)));
        time.children.extend(free.performer_name.clone().map(|name| Element::text("performerName", name)));
        tree.children.push(described(time, &free));
    }
    tree
}

/// The answer to GetAvailableDates.
pub(super) fn free_days(call: &Call<'_, '_, '_>) -> Element {
    let mut tree = Element::new("response");
    let mut seen: Vec<Element> = Vec::new();
    for free in free(call) {
        let date = free.slot.start.date().strftime("%Y%m%d").to_string();
        let mut day = Element::new("performerAvailabilityByDate")
            .with_text("healthcare_facility", free.slot.facility.clone())
            .with_text("date", date);
        day.children.extend(free.slot.performer.clone().map(|id| Element::text("performer", id)));
        let day = described(day, &free);
        if !seen.iter().rev().take(TIMES_MAX).any(|known| *known == day) {
            seen.push(day);
        }
    }
    tree.children = seen;
    tree
}

fn described(element: Element, free: &Free) -> Element {
    element
        .with_text("timeTypeID", free.kind[0].clone())
        .with_text("timeTypeName", free.kind[1].clone())
        .with_text("careTypeID", free.care[0].clone())
        .with_text("careTypeName", free.care[1].clone())
}

/// The times of a day, free or not.
fn times(day: Date) -> impl Iterator<Item = DateTime> {
    let first = day.to_datetime(OPENS);
    first.series(length()).take_while(move |at| at.time() < CLOSES && at.date() == day)
}

fn length() -> Span {
    MINUTES.minutes()
}
