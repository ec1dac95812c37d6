//! Booking, moving and cancelling a time. Two calls for one time are decided one after the other: one of them gets it.

use super::slots::{Clinic, Slot};
use super::{Call, digits, table};
use crate::producers::records::book::Entry;
use crate::producers::records::books::Books;
use crate::producers::records::value::Value;
use crate::producers::schema::element::Element;
use crate::producers::schema::period::first_moment;

const TAKEN: &str = "Tiden är redan bokad";
const CLOSED: &str = "Tiden ligger utanför mottagningens tider";
const NO_SLOT: &str = "Tiden finns inte";
const UNKNOWN: &str = "Bokningen finns inte";
const NO_CANCEL: &str = "Bokningen får inte avbokas";
const NO_REBOOK: &str = "Bokningen får inte ombokas";
const NO_PATIENT: &str = "Bokningen saknar person";

/// MakeBooking.
pub(super) fn make(call: &Call<'_, '_, '_>) -> Element {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let id = format!("BK-{}", &id[..12]);
    answer(call.records.change(call.asked.own, |books| match made(call, books, &id) {
        Ok(patient) => (Ok(Some(id)), vec![patient]),
        Err(why) => (Err(why), Vec::new()),
    }))
}

fn made(call: &Call<'_, '_, '_>, books: &mut Books, id: &str) -> Result<String, &'static str> {
    let asked = |name: &str| call.text(&format!("requestedTimeslot/{name}"));
    let patient = asked("subject_of_care").or_else(|| call.asked.asked.patient()).ok_or(NO_PATIENT)?.to_owned();
    let facility = asked("healthcare_facility").or_else(|| call.text("healthcare_facility_med")).ok_or(NO_SLOT)?;
    let slot = slot(call, books, facility, asked("performer"), None)?;
    let about = call.about(books, &patient);
    let entry = entry(call, books, &slot, id, &about);
    books.put(call.asked.system, &patient, &about, entry);
    Ok(patient)
}

/// UpdateBooking: the booking gets another time, or another person of the staff.
pub(super) fn update(call: &Call<'_, '_, '_>) -> Element {
    answer(call.records.change(call.asked.own, |books| match moved(call, books) {
        Ok(patient) => (Ok(None), vec![patient]),
        Err(why) => (Err(why), Vec::new()),
    }))
}

fn moved(call: &Call<'_, '_, '_>, books: &mut Books) -> Result<String, &'static str> {
    let asked = |name: &str| call.text(&format!("requestedTimeslot/{name}"));
    let id = asked("bookingId").ok_or(UNKNOWN)?;
    let (patient, mut booking) = found(call, books, id, asked("healthcare_facility"))?;
    if asked("subject_of_care").is_some_and(|asked| asked != patient) {
        return Err(UNKNOWN);
    }
    if booking.values.text_at("rebook") == Some("false") {
        return Err(NO_REBOOK);
    }
    let facility = booking.values.text_at("unit.hsa_id").unwrap_or_default().to_owned();
    let before = booking.values.text_at("performer.hsa_id").map(str::to_owned);
    let slot = slot(call, books, &facility, asked("performer").or(before.as_deref()), Some(id))?;
    let about = call.about(books, &patient);
    place(call, books, &slot, &mut booking.values);
    booking.values.set("authored", Value::of(digits(call.asked.asked.now())));
    books.put(call.asked.system, &patient, &about, booking);
    Ok(patient)
}

/// CancelBooking: the time is free again.
pub(super) fn cancel(call: &Call<'_, '_, '_>) -> Element {
    answer(call.records.change(call.asked.own, |books| match cancelled(call, books) {
        Ok(patient) => (Ok(None), vec![patient]),
        Err(why) => (Err(why), Vec::new()),
    }))
}

fn cancelled(call: &Call<'_, '_, '_>, books: &mut Books) -> Result<String, &'static str> {
    let id = call.text("bookingId").ok_or(UNKNOWN)?;
    let (patient, booking) = found(call, books, id, call.text("healthcare_facility"))?;
    if booking.values.text_at("cancel") == Some("false") {
        return Err(NO_CANCEL);
    }
    books.take(|of, entry| of == patient && entry.key() == booking.key());
    Ok(patient)
}

/// A booking of the system, and whose it is.
fn found(
    call: &Call<'_, '_, '_>,
    books: &Books,
    id: &str,
    facility: Option<&str>,
) -> Result<(String, Entry), &'static str> {
    let is_meant = |(_, entry): &(&str, &Entry)| {
        let text = |path: &str| entry.values.text_at(path);
        entry.kind == "booking"
            && text("id") == Some(id)
            && facility.is_none_or(|asked| text("unit.hsa_id").is_some_and(|unit| unit.eq_ignore_ascii_case(asked)))
    };
    let mut entries = books.entries_of(call.asked.system, call.hsa_id);
    entries.find(is_meant).map(|(patient, entry)| (patient.to_owned(), entry.clone())).ok_or(UNKNOWN)
}

/// The free time that is asked for; where no person is named, with the first who is free.
fn slot(
    call: &Call<'_, '_, '_>,
    books: &Books,
    facility: &str,
    performer: Option<&str>,
    but: Option<&str>,
) -> Result<Slot, &'static str> {
    let start = call.text("requestedTimeslot/startTimeInclusive").and_then(first_moment).ok_or(NO_SLOT)?;
    let clinic = Clinic::of(books, call, facility);
    let known: Vec<Option<String>> = match performer {
        Some(asked) => {
            let known = clinic.performers.iter().find(|(hsa_id, _)| hsa_id.eq_ignore_ascii_case(asked));
            if known.is_none() && !clinic.performers.is_empty() {
                return Err(NO_SLOT);
            }
            vec![Some(known.map_or_else(|| asked.to_owned(), |(hsa_id, _)| hsa_id.clone()))]
        }
        None if clinic.performers.is_empty() => vec![None],
        None => clinic.performers.iter().map(|(hsa_id, _)| Some(hsa_id.clone())).collect(),
    };
    let mut slots =
        known.into_iter().map(|performer| Slot { facility: facility.to_owned(), performer, start }).peekable();
    if !slots.peek().is_some_and(Slot::is_on_the_grid) {
        return Err(CLOSED);
    }
    let ends = call.text("requestedTimeslot/endTimeExclusive").and_then(first_moment);
    if ends.is_some_and(|ends| slots.peek().is_some_and(|slot| slot.end() != ends)) {
        return Err(NO_SLOT);
    }
    let others = |entry: &&Entry| but.is_none_or(|id| entry.values.text_at("id") != Some(id));
    let bookings: Vec<&Entry> =
        books.entries_of(call.asked.system, call.hsa_id).map(|(_, entry)| entry).filter(others).collect();
    slots.find(|slot| !bookings.iter().any(|booking| slot.is_taken_by(booking))).ok_or(TAKEN)
}

fn entry(call: &Call<'_, '_, '_>, books: &Books, slot: &Slot, id: &str, about: &Value) -> Entry {
    let asked = |name: &str| call.text(&format!("requestedTimeslot/{name}")).map(str::to_owned);
    let mut values = table([
        ("id", Some(id.to_owned())),
        ("kind", Some("booking".to_owned())),
        ("system", Some(call.hsa_id.to_owned())),
        ("authored", Some(digits(call.asked.asked.now()))),
        ("approved", Some("true".to_owned())),
        ("purpose", asked("purpose")),
        ("why", asked("reason")),
        ("cancel", Some("true".to_owned())),
        ("rebook", Some("true".to_owned())),
        ("message", Some("false".to_owned())),
    ]);
    for (name, of) in [("type", "timeType"), ("care", "careType")] {
        if let (Some(id), Some(words)) = (asked(&format!("{of}ID")), asked(&format!("{of}Name"))) {
            values.set(name, table([("id", Some(id)), ("name", Some(words))]));
        }
    }
    values.set("patient", about.clone());
    place(call, books, slot, &mut values);
    Entry { kind: "booking", system: call.hsa_id.to_owned(), values }
}

/// Writes time, unit and person into a booking.
fn place(call: &Call<'_, '_, '_>, books: &Books, slot: &Slot, values: &mut Value) {
    let organisation = books.organisation(call.asked.system);
    let unit = organisation.unit(&slot.facility).unwrap_or_else(|| {
        // Nobody described the unit: its care giver is the system's.
        let giver = organisation.system(call.hsa_id).and_then(|system| system.text_at("giver"));
        let giver = table([("hsa_id", Some(giver.unwrap_or(&slot.facility).to_owned()))]);
        let mut unit = table([("hsa_id", Some(slot.facility.clone()))]);
        unit.set("giver", giver);
        unit
    });
    let text = |at: jiff::civil::DateTime| Value::of(at.strftime("%Y%m%d%H%M%S").to_string());
    values.set("start", text(slot.start));
    values.set("end", text(slot.end()));
    if let Some(performer) = &slot.performer {
        let person = organisation.member(performer);
        values.set("performer", person.unwrap_or_else(|| table([("hsa_id", Some(performer.clone()))])));
    }
    values.set("unit", unit);
}

fn answer(outcome: Result<Option<String>, &'static str>) -> Element {
    let tree = Element::new("response");
    match outcome {
        Ok(None) => tree.with_text("resultCode", "OK"),
        Ok(Some(id)) => tree.with_text("bookingId", id).with_text("resultCode", "OK"),
        Err(why) => tree.with_text("resultCode", "ERROR").with_text("resultText", why),
    }
}
