//! `response` of a stub: what it does (`producers.md` §2.3).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::json::{Notes, Value};
use crate::domain::problem::line_at;
use crate::producers::behaviour::act::Act;
use crate::producers::behaviour::delay::Delay;
use crate::producers::behaviour::fault::WireFault;
use crate::producers::behaviour::template::Template;
use crate::producers::behaviour::{Behaviour, Body, Forwarding, HeaderText, Outcome};
use crate::producers::file::FileBody;
use crate::producers::settings::{CHUNKS_MAX, DELAY_MAX};

/// Content type of an answer in XML that names none.
pub(crate) const XML_TYPE: HeaderValue = HeaderValue::from_static("text/xml; charset=UTF-8");

/// The files of `__files`, by their path below it.
pub(crate) type Bodies = Arc<BTreeMap<String, FileBody>>;

#[derive(Default)]
struct Parts {
    status: Option<StatusCode>,
    reason: Option<String>,
    headers: Vec<(HeaderName, String)>,
    body: Option<Bytes>,
    /// A file that is not in memory.
    file: Option<FileBody>,
    /// A file name to be filled in.
    file_template: Option<String>,
    delay: Delay,
    dribble: Option<(usize, Duration)>,
    fault: Option<WireFault>,
    templated: bool,
    parameters: serde_json::Value,
    forward: Forwarding,
    source: Option<String>,
    act: Option<Act>,
    envelope: bool,
}

const BODIES: [&str; 4] = ["body", "base64Body", "jsonBody", "bodyFileName"];

/// Reads a response; `None`, with notes, where it cannot be given as meant. `templating` fills in every body.
pub(crate) fn behaviour(
    response: Value<'_>,
    bodies: &Bodies,
    templating: bool,
    notes: &mut Notes<'_>,
) -> Option<Behaviour> {
    let members = notes.read(response, "response", "an object", Value::object)?;
    let given: Vec<_> = BODIES.into_iter().filter(|name| members.contains_key(*name)).collect();
    if given.len() > 1 {
        notes.wrong(response, &format!("only one of {} may be given", given.join(" and ")));
    }
    let mut parts = Parts { templated: templating, ..Parts::default() };
    // Whether there is a template decides what a file name is.
    if let Some(member) = members.get("transformers") {
        transformers(*member, notes, &mut parts);
    }
    for (field, member) in &members {
        part(field, *member, bodies, notes, &mut parts);
    }
    let outcome = outcome(response, &members, &mut parts, bodies, notes)?;
    let parameters = Arc::new(std::mem::take(&mut parts.parameters));
    Some(Behaviour { delay: parts.delay, outcome, dribble: parts.dribble, act: parts.act, parameters })
}

fn outcome(
    response: Value<'_>,
    members: &BTreeMap<String, Value<'_>>,
    parts: &mut Parts,
    bodies: &Bodies,
    notes: &mut Notes<'_>,
) -> Option<Outcome> {
    if let Some(fault) = parts.fault {
        return Some(Outcome::Fault(fault));
    }
    if !parts.forward.base.is_empty() {
        return Some(Outcome::Forward(std::mem::take(&mut parts.forward)));
    }
    if let Some(source) = parts.source.take() {
        return Some(Outcome::Source(source));
    }
    let file = parts.file.take();
    let bytes = match (&file, parts.templated) {
        (None, _) => parts.body.clone().unwrap_or_default(),
        (Some(file), false) => Bytes::copy_from_slice(file.head()),
        // Its places are looked for in all of it.
        (Some(file), true) => file.whole().map_err(|why| notes.wrong(response, &why)).ok()?,
    };
    let looks_like_xml = bytes.trim_ascii_start().starts_with(b"<")
        || bytes.starts_with(b"\xef\xbb\xbf<")
        || parts.file_template.as_ref().is_some_and(|name| name.ends_with(".xml"));
    if looks_like_xml && !parts.headers.iter().any(|(name, _)| name == header::CONTENT_TYPE) {
        let text = XML_TYPE.to_str().expect("it is ASCII").to_owned();
        parts.headers.push((header::CONTENT_TYPE, text));
    }
    if members.contains_key("jsonBody") && !parts.headers.iter().any(|(name, _)| name == header::CONTENT_TYPE) {
        parts.headers.push((header::CONTENT_TYPE, "application/json".to_owned()));
    }
    let body = match (&parts.file_template, parts.templated) {
        (Some(name), _) => Body::Named(template(response, members, name.as_bytes(), false, notes)?, Arc::clone(bodies)),
        (None, false) => file.map_or(Body::Fixed(bytes), Body::File),
        (None, true) => match template(response, members, &bytes, looks_like_xml, notes)? {
            plain if plain.is_plain() => file.map_or(Body::Fixed(bytes), Body::File),
            filled => Body::Template(filled),
        },
    };
    let mut headers = Vec::with_capacity(parts.headers.len());
    for (name, text) in std::mem::take(&mut parts.headers) {
        let value = match HeaderValue::from_str(&text) {
            Ok(value) if !(parts.templated && text.contains("{{")) => HeaderText::Fixed(value),
            Ok(_) => HeaderText::Template(template(response, members, text.as_bytes(), false, notes)?),
            Err(_) => {
                notes.wrong(response, &format!("header {name} is {text:?}, which no header can be"));
                continue;
            }
        };
        headers.push((name, value));
    }
    let status = parts.status.unwrap_or(StatusCode::OK);
    Some(Outcome::Answer { status, reason: parts.reason.take(), headers, body, envelope: parts.envelope })
}

fn transformers(member: Value<'_>, notes: &mut Notes<'_>, parts: &mut Parts) {
    for name in notes.read(member, "transformers", "a list", Value::list).unwrap_or_default() {
        match name.string().as_deref() {
            Some("response-template") => parts.templated = true,
            _ => notes.unsupported(name, &format!("transformer {}", name.written())),
        }
    }
}

fn part(field: &str, member: Value<'_>, bodies: &Bodies, notes: &mut Notes<'_>, parts: &mut Parts) {
    match field {
        "status" => {
            parts.status = notes.read(member, field, "a status from 200 to 599", |value| {
                let number = u16::try_from(value.whole_number()?).ok()?;
                StatusCode::from_u16(number).ok().filter(|_| (200..600).contains(&number))
            });
        }
        "statusMessage" => parts.reason = notes.read(member, field, "a string", Value::string),
        "headers" => headers(member, notes, &mut parts.headers),
        "body" => parts.body = notes.read(member, field, "a string", Value::string).map(Bytes::from),
        "base64Body" => {
            parts.body =
                notes.read(member, field, "base64", |value| STANDARD.decode(value.string()?).ok()).map(Bytes::from);
        }
        "jsonBody" => parts.body = Some(Bytes::from(member.written().to_owned())),
        "bodyFileName" => body_file(member, bodies, notes, parts),
        "fixedDelayMilliseconds" => {
            let fixed = notes.read(member, field, "a number of milliseconds", |value| value.whole_number());
            parts.delay = Delay::Fixed(bounded(fixed.unwrap_or_default(), member, notes));
        }
        "delayDistribution" => parts.delay = distribution(member, notes).unwrap_or_default(),
        "chunkedDribbleDelay" => parts.dribble = dribble(member, notes),
        "fault" => {
            let expected =
                "EMPTY_RESPONSE, MALFORMED_RESPONSE_CHUNK, RANDOM_DATA_THEN_CLOSE or CONNECTION_RESET_BY_PEER";
            parts.fault = notes.read(member, field, expected, |value| WireFault::parse(&value.string()?));
        }
        "transformerParameters" => {
            let read = |value: Value<'_>| serde_json::from_str(value.written()).ok();
            parts.parameters = notes.read(member, field, "an object", read).unwrap_or_default();
        }
        "proxyBaseUrl" => parts.forward.base = notes.read(member, field, "a URL", Value::string).unwrap_or_default(),
        "proxyUrlPrefixToRemove" => {
            parts.forward.remove_prefix = notes.read(member, field, "a string", Value::string).unwrap_or_default();
        }
        "additionalProxyRequestHeaders" => {
            for (name, value) in notes.read(member, field, "an object", Value::object).unwrap_or_default() {
                let text = notes.read(value, field, "strings", Value::string);
                parts.forward.add_headers.extend(text.map(|text| (name, text)));
            }
        }
        "removeProxyRequestHeaders" => {
            let items = notes.read(member, field, "a list", Value::list).unwrap_or_default();
            parts.forward.remove_headers = items.into_iter().filter_map(Value::string).collect();
        }
        "riv" => riv(member, notes, parts),
        "transformers" | "fromConfiguredStub" => {}
        _ => notes.no_effect(member, &format!("unknown field {field:?} of response")),
    }
}

fn riv(member: Value<'_>, notes: &mut Notes<'_>, parts: &mut Parts) {
    for (field, value) in notes.read(member, "riv", "an object", Value::object).unwrap_or_default() {
        match field.as_str() {
            "answer" => {
                parts.source = notes.read(value, "riv.answer", "record, schema:<variant> or sample:<name>", |value| {
                    value
                        .string()
                        .filter(|text| ["record", "schema", "sample"].contains(&text.split(':').next().unwrap_or("")))
                });
            }
            "behaviour" => match serde_json::from_str(value.written()).map(|json| Act::from_json(&json)) {
                Ok(Ok(act)) => parts.act = Some(act),
                Ok(Err(why)) => notes.wrong(value, &why),
                Err(_) => notes.expected(value, "riv.behaviour", "an id or an object"),
            },
            "envelope" => {
                parts.envelope = notes.read(value, "riv.envelope", "true or false", Value::boolean).unwrap_or(false);
            }
            _ => notes
                .wrong(value, &format!("unknown \"riv.{field}\" of response, expected answer, behaviour or envelope")),
        }
    }
}

fn dribble(member: Value<'_>, notes: &mut Notes<'_>) -> Option<(usize, Duration)> {
    let members = notes.read(member, "chunkedDribbleDelay", "an object", Value::object)?;
    let whole = |name: &str| members.get(name).and_then(|value| value.whole_number());
    match (whole("numberOfChunks"), whole("totalDuration")) {
        (Some(chunks @ 1..=CHUNKS_MAX), Some(ms)) => {
            Some((chunks as usize, Duration::from_millis(bounded(ms, member, notes))))
        }
        _ => {
            notes.expected(member, "chunkedDribbleDelay", "numberOfChunks and totalDuration in milliseconds");
            None
        }
    }
}

fn headers(member: Value<'_>, notes: &mut Notes<'_>, headers: &mut Vec<(HeaderName, String)>) {
    /// What frames a message belongs to whoever sends it.
    const FRAMING: [HeaderName; 3] = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];
    for (name, value) in notes.read(member, "headers", "an object", Value::object).unwrap_or_default() {
        let Ok(header) = HeaderName::try_from(name.as_str()) else {
            notes.wrong(value, &format!("{name:?} is not a header name"));
            continue;
        };
        if FRAMING.contains(&header) {
            notes.no_effect(value, &format!("response header {name:?}"));
            continue;
        }
        for item in value.list().unwrap_or_else(|| vec![value]) {
            let read = notes.read(item, &format!("header {name:?}"), "a header value", |value| {
                value.string().filter(|text| HeaderValue::from_str(text).is_ok())
            });
            if let Some(text) = read {
                headers.push((header.clone(), text));
            }
        }
    }
}

fn body_file(member: Value<'_>, bodies: &Bodies, notes: &mut Notes<'_>, parts: &mut Parts) {
    let Some(name) = notes.read(member, "bodyFileName", "a string", Value::string) else { return };
    if !is_inside(&name) {
        return notes.wrong(member, &format!("bodyFileName {name:?} leads out of __files"));
    }
    if name.contains("{{") {
        parts.file_template = Some(name);
        return;
    }
    match bodies.get(&plain_path(&name)) {
        Some(FileBody::Held(bytes)) => parts.body = Some(bytes.clone()),
        Some(large) => parts.file = Some(large.clone()),
        None => notes.wrong(member, &format!("bodyFileName {name:?} is not among the files of __files")),
    }
}

/// Whether a file's name stays below its folder.
pub(crate) fn is_inside(name: &str) -> bool {
    !name.starts_with(['/', '\\']) && !name.split(['/', '\\']).any(|part| part == "..")
}

/// A file's name with `/` between its parts, and nothing else.
pub(crate) fn plain_path(name: &str) -> String {
    let parts = name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join("/")
}

fn bounded(milliseconds: u64, member: Value<'_>, notes: &mut Notes<'_>) -> u64 {
    let longest = u64::try_from(DELAY_MAX.as_millis()).unwrap_or(u64::MAX);
    if milliseconds > longest {
        notes.no_effect(member, &format!("what exceeds {longest} ms of a delay of {milliseconds} ms"));
    }
    milliseconds.min(longest)
}

fn distribution(member: Value<'_>, notes: &mut Notes<'_>) -> Option<Delay> {
    let members = notes.read(member, "delayDistribution", "an object", Value::object)?;
    let kind = members.get("type").and_then(|value| value.string());
    let whole = |name: &str| members.get(name).and_then(|value| value.whole_number());
    let number = |name: &str| members.get(name).and_then(|value| value.number()).filter(|number| *number >= 0.0);
    let delay = match kind.as_deref() {
        Some("fixed") => whole("milliseconds").map(Delay::Fixed),
        Some("uniform") => match (whole("lower"), whole("upper")) {
            (Some(lower), Some(upper)) if lower <= upper => Some(Delay::Uniform { lower, upper }),
            _ => None,
        },
        Some("lognormal") => match (number("median"), number("sigma")) {
            (Some(median), Some(sigma)) => Some(Delay::Lognormal { median, sigma, longest: whole("maxValue") }),
            _ => None,
        },
        _ => None,
    };
    if delay.is_none() {
        let expected = "fixed with milliseconds, uniform with lower and upper, or lognormal with median and sigma";
        notes.expected(member, "delayDistribution", expected);
    }
    delay
}

fn template(
    response: Value<'_>,
    members: &BTreeMap<String, Value<'_>>,
    bytes: &[u8],
    escapes: bool,
    notes: &mut Notes<'_>,
) -> Option<Template> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        notes.wrong(response, "its template is not UTF-8");
        return None;
    };
    match Template::parse(text, escapes) {
        Ok(template) => Some(template),
        Err(error) => {
            let at = members.get("body").or_else(|| members.get("bodyFileName")).copied().unwrap_or(response);
            let line = line_at(bytes, error.offset);
            notes.wrong(at, &format!("line {line} of its body: {}", error.message));
            None
        }
    }
}
