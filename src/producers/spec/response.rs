//! `response` of a stub: what it does (`producers.md` §2.3).

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::json::{Notes, Value};
use crate::domain::problem::line_at;
use crate::producers::behaviour::delay::Delay;
use crate::producers::behaviour::fault::WireFault;
use crate::producers::behaviour::template::Template;
use crate::producers::behaviour::{Behaviour, Body, Outcome};
use crate::producers::settings::DELAY_MAX;

/// Content type of an answer in XML that names none.
pub(crate) const XML_TYPE: HeaderValue = HeaderValue::from_static("text/xml; charset=UTF-8");

/// Answers we do not give yet.
const NOT_YET: [&str; 9] = [
    "base64Body",
    "jsonBody",
    "chunkedDribbleDelay",
    "proxyBaseUrl",
    "proxyUrlPrefixToRemove",
    "additionalProxyRequestHeaders",
    "removeProxyRequestHeaders",
    "transformerParameters",
    "riv",
];

#[derive(Default)]
struct Parts {
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Option<Bytes>,
    delay: Delay,
    fault: Option<WireFault>,
    templated: bool,
}

/// Reads a response; `None`, with notes, where it cannot be given as meant.
pub(crate) fn behaviour(
    response: Value<'_>,
    bodies: &BTreeMap<String, Bytes>,
    notes: &mut Notes<'_>,
) -> Option<Behaviour> {
    let members = notes.read(response, "response", "an object", Value::object)?;
    if members.contains_key("body") && members.contains_key("bodyFileName") {
        notes.wrong(response, "only one of body and bodyFileName may be given");
    }
    let mut parts = Parts::default();
    for (field, member) in &members {
        part(field, *member, bodies, notes, &mut parts);
    }
    let delay = parts.delay;
    if let Some(fault) = parts.fault {
        return Some(Behaviour { delay, outcome: Outcome::Fault(fault) });
    }
    let bytes = parts.body.unwrap_or_default();
    let mut headers = parts.headers;
    let looks_like_xml = bytes.trim_ascii_start().starts_with(b"<") || bytes.starts_with(b"\xef\xbb\xbf<");
    if looks_like_xml {
        headers.entry(header::CONTENT_TYPE).or_insert(XML_TYPE);
    }
    let body = match parts.templated {
        false => Body::Fixed(bytes),
        true => Body::Template(template(response, &members, &bytes, looks_like_xml, notes)?),
    };
    let status = parts.status.unwrap_or(StatusCode::OK);
    Some(Behaviour { delay, outcome: Outcome::Answer { status, headers, body } })
}

fn part(field: &str, member: Value<'_>, bodies: &BTreeMap<String, Bytes>, notes: &mut Notes<'_>, parts: &mut Parts) {
    match field {
        "status" => {
            parts.status = notes.read(member, field, "a status from 200 to 599", |value| {
                let number = u16::try_from(value.whole_number()?).ok()?;
                StatusCode::from_u16(number).ok().filter(|_| (200..600).contains(&number))
            });
        }
        "headers" => headers(member, notes, &mut parts.headers),
        "body" => parts.body = notes.read(member, field, "a string", Value::string).map(Bytes::from),
        "bodyFileName" => parts.body = body_file(member, bodies, notes),
        "fixedDelayMilliseconds" => {
            let fixed = notes.read(member, field, "a number of milliseconds", |value| value.whole_number());
            parts.delay = Delay::Fixed(bounded(fixed.unwrap_or_default(), member, notes));
        }
        "delayDistribution" => parts.delay = distribution(member, notes).unwrap_or_default(),
        "fault" => {
            let expected =
                "EMPTY_RESPONSE, MALFORMED_RESPONSE_CHUNK, RANDOM_DATA_THEN_CLOSE or CONNECTION_RESET_BY_PEER";
            parts.fault = notes.read(member, field, expected, |value| WireFault::parse(&value.string()?));
        }
        "transformers" => match notes.read(member, field, "a list", Value::list) {
            Some(names) => {
                for name in names {
                    match name.string().as_deref() {
                        Some("response-template") => parts.templated = true,
                        _ => notes.unsupported(name, &format!("transformer {}", name.written())),
                    }
                }
            }
            None => parts.templated = false,
        },
        "fromConfiguredStub" => {}
        "statusMessage" => notes.no_effect(member, "statusMessage"),
        known if NOT_YET.contains(&known) => notes.unsupported(member, &format!("response field {known:?}")),
        _ => notes.no_effect(member, &format!("unknown field {field:?} of response")),
    }
}

fn headers(member: Value<'_>, notes: &mut Notes<'_>, headers: &mut HeaderMap) {
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
                HeaderValue::from_str(&value.string()?).ok()
            });
            if let Some(text) = read {
                headers.append(&header, text);
            }
        }
    }
}

fn body_file(member: Value<'_>, bodies: &BTreeMap<String, Bytes>, notes: &mut Notes<'_>) -> Option<Bytes> {
    let name = notes.read(member, "bodyFileName", "a string", Value::string)?;
    let parts: Vec<_> = name.split(['/', '\\']).collect();
    if name.starts_with('/') || parts.contains(&"..") {
        notes.wrong(member, &format!("bodyFileName {name:?} leads out of __files"));
        return None;
    }
    if name.contains("{{") {
        notes.unsupported(member, "a bodyFileName with a template in it");
        return None;
    }
    let plain: Vec<_> = parts.into_iter().filter(|part| !part.is_empty() && *part != ".").collect();
    let found = bodies.get(&plain.join("/")).cloned();
    if found.is_none() {
        notes.wrong(member, &format!("bodyFileName {name:?} is not among the files of __files"));
    }
    found
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
    bytes: &Bytes,
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
