//! Referrals: what was asked for, and what became of it. Every call appends a status, which GetRequestStatus answers.

use super::{Call, digits, table};
use crate::contracts::sample::hashed;
use crate::producers::records::book::Entry;
use crate::producers::records::books::Books;
use crate::producers::records::value::Value;
use crate::producers::schema::element::Element;

/// Code systems of a status, and of the medium.
const STATUS_SYSTEM: &str = "1.2.752.129.2.2.2.10";
const MEDIUM_SYSTEM: &str = "1.2.752.129.2.2.2.13";

const NO_REQUEST: &str = "Remissen finns inte";
const OLDER: &str = "En senare version av remissen är redan mottagen";
const OTHER: &str = "Samma version av remissen är redan mottagen med annat innehåll";
const UNREADABLE: &str = "Remissen saknar id, version eller person";

/// ProcessRequest.
pub(super) fn request(call: &Call<'_, '_, '_>) -> Element {
    answer(call.records.change(call.asked.own, |books| told(received(call, books))))
}

/// ProcessRequestConfirmation.
pub(super) fn confirmation(call: &Call<'_, '_, '_>) -> Element {
    let appended =
        |books: &mut Books| appended(call, books, "requestConfirmation", "confirmingOrganisation", ("2", "Mottagen"));
    answer(call.records.change(call.asked.own, |books| told(appended(books))))
}

/// ProcessRequestOutcome.
pub(super) fn outcome(call: &Call<'_, '_, '_>) -> Element {
    let appended =
        |books: &mut Books| appended(call, books, "requestOutcome", "respondingOrganisation", ("5", "Besvarad"));
    answer(call.records.change(call.asked.own, |books| told(appended(books))))
}

/// Whose records changed: nobody's where nothing new was said.
type Done = Result<Option<String>, &'static str>;

fn told(done: Done) -> (Result<(), &'static str>, Vec<String>) {
    match done {
        Ok(patient) => (Ok(()), patient.into_iter().collect()),
        Err(why) => (Err(why), Vec::new()),
    }
}

fn received(call: &Call<'_, '_, '_>, books: &mut Books) -> Done {
    let request = call.body.at("request").ok_or(UNREADABLE)?;
    let id = request.text_at("requestId/@extension").ok_or(UNREADABLE)?;
    let version: u64 = request.text_at("versionNumber").and_then(|text| text.parse().ok()).ok_or(UNREADABLE)?;
    let patient = request.text_at("patient/personId/@extension").ok_or(UNREADABLE)?;
    let content = format!("{:016x}", hashed(0, &format!("{request:?}")));
    if let Some((_, latest)) = latest(call, books, id) {
        let known: u64 = latest.values.text_at("version").and_then(|text| text.parse().ok()).unwrap_or(0);
        if version < known {
            return Err(OLDER);
        }
        if version == known {
            // Sent again, as whoever had no answer does.
            let is_same = latest.values.text_at("content") == Some(&content);
            return if is_same { Ok(None) } else { Err(OTHER) };
        }
    }
    let about = call.about(books, patient);
    let mut values =
        table([("request", Some(id.to_owned())), ("version", Some(version.to_string())), ("content", Some(content))]);
    let author = person(request.at("author"));
    let sender = request.at("requestOrganisation").map(unit);
    values.set("type", code(request.at("typeOfRequest")));
    values.set("medium", coded(MEDIUM_SYSTEM, "1", "Elektronisk"));
    values.set("recipient", request.at("recipient/organisation").map_or_else(|| table([]), unit));
    values.set("requester", author.clone());
    values.set("author", author);
    values.set("unit", sender.unwrap_or_else(|| table([])));
    append(call, books, patient, &about, values, ("1", "Skickad"));
    Ok(Some(patient.to_owned()))
}

fn appended(
    call: &Call<'_, '_, '_>,
    books: &mut Books,
    message: &str,
    organisation: &str,
    status: (&str, &str),
) -> Done {
    let message = call.body.at(message).ok_or(NO_REQUEST)?;
    let id = message.text_at("requestId/@extension").ok_or(NO_REQUEST)?;
    let (patient, latest) = latest(call, books, id).ok_or(NO_REQUEST)?;
    let mut values = latest.values;
    values.set("author", person(message.at("author")));
    values.set("unit", message.at(organisation).map_or_else(|| table([]), unit));
    let about = call.about(books, &patient);
    append(call, books, &patient, &about, values, status);
    Ok(Some(patient))
}

/// Appends a status, with an id and a time of its own.
fn append(
    call: &Call<'_, '_, '_>,
    books: &mut Books,
    patient: &str,
    about: &Value,
    mut values: Value,
    (status, words): (&str, &str),
) {
    let request = values.text_at("request").unwrap_or_default().to_owned();
    let count = statuses(call, books, &request).count() + 1;
    let system = call.hsa_id;
    for (name, text) in [
        ("id", format!("{system}#{}-{count}", request.rsplit('#').next().unwrap_or_default())),
        ("kind", "request".to_owned()),
        ("system", system.to_owned()),
        ("authored", digits(call.asked.asked.now())),
        ("approved", "true".to_owned()),
        ("turn", format!("{count:08}")),
    ] {
        values.set(name, Value::Text(text));
    }
    values.set("status", coded(STATUS_SYSTEM, status, words));
    values.set("patient", about.clone());
    books.put(call.asked.system, patient, about, Entry { kind: "request", system: system.to_owned(), values });
}

fn statuses<'b>(
    call: &'b Call<'_, '_, '_>,
    books: &'b Books,
    id: &'b str,
) -> impl Iterator<Item = (&'b str, &'b Entry)> {
    let entries = books.entries_of(call.asked.system, call.hsa_id);
    entries.filter(move |(_, entry)| entry.kind == "request" && entry.values.text_at("request") == Some(id))
}

/// The status that was appended last.
fn latest(call: &Call<'_, '_, '_>, books: &Books, id: &str) -> Option<(String, Entry)> {
    let turn = |entry: &Entry| {
        let text = |name: &str| entry.values.text_at(name).unwrap_or_default().to_owned();
        (text("turn"), text("authored"))
    };
    let last = statuses(call, books, id).max_by_key(|(_, entry)| turn(entry))?;
    Some((last.0.to_owned(), last.1.clone()))
}

/// A person of the staff as a message names one.
fn person(author: Option<&Element>) -> Value {
    let text = |path: &str| author.and_then(|author| author.text_at(path)).map(str::to_owned);
    let mut person = table([
        ("hsa_id", text("healthcareProfessional/id/@extension")),
        ("name", text("healthcareProfessional/name")),
    ]);
    let organisation = author.and_then(|author| author.at("healthcareProfessionalOrganisation"));
    person.set("unit", organisation.map_or_else(|| table([]), unit));
    person
}

/// A unit as a message names one.
fn unit(organisation: &Element) -> Value {
    let text = |path: &str| organisation.text_at(path).map(str::to_owned);
    table([
        ("hsa_id", text("careUnitId/@extension")),
        ("name", text("careUnitName")),
        ("telephone", text("careUnitTelephone")),
        ("address", text("careUnitAddress")),
    ])
}

fn code(element: Option<&Element>) -> Value {
    let text = |name: &str| element.and_then(|element| element.text_at(name)).map(str::to_owned);
    table([("code", text("code")), ("codeSystem", text("codeSystem")), ("displayName", text("displayName"))])
}

fn coded(system: &str, code: &str, words: &str) -> Value {
    let text = |text: &str| Some(text.to_owned());
    table([("code", text(code)), ("codeSystem", text(system)), ("displayName", text(words))])
}

fn answer(outcome: Result<(), &'static str>) -> Element {
    let result = Element::new("result");
    Element::new("response").with(match outcome {
        Ok(()) => result.with_text("resultCode", "OK").with_text("logId", uuid::Uuid::new_v4().to_string()),
        Err(why) => result
            .with_text("resultCode", "ERROR")
            .with_text("errorCode", "APPLICATION_ERROR")
            .with_text("logId", uuid::Uuid::new_v4().to_string())
            .with_text("message", why),
    })
}
