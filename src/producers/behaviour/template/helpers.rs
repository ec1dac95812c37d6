//! The helpers of templates.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Zoned;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Filling, Scope};
use crate::domain::clock::stockholm;
use crate::producers::asked::decoded;
use crate::producers::identity::test_identity;
use crate::producers::json::path::{JsonPath, text_of};
use crate::producers::matcher::moment::{offset, read, strftime_of};
use crate::producers::xml::tree::{Document, Kind, NodeId};
use crate::producers::xml::xpath::{Names, Selected, XPath};

/// Every helper there is.
pub(super) const NAMES: [&str; 25] = [
    "xPath",
    "soapXPath",
    "jsonPath",
    "now",
    "parseDate",
    "date",
    "randomValue",
    "pickRandom",
    "randomInt",
    "upper",
    "lower",
    "trim",
    "base64",
    "urlEncode",
    "formatXml",
    "math",
    "size",
    "lookup",
    "assign",
    "riv-time",
    "riv-date",
    "test-identity",
    "hsa-id",
    "sample",
    "echo-patient",
];

/// Longest random text a template may ask for.
const RANDOM_LENGTH_MAX: usize = 10_000;

pub(super) fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
}

/// A value as it stands in the text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        other => text_of(other),
    }
}

/// Whether `if` takes a value as true.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(_) => true,
    }
}

pub(super) fn call(
    name: &str,
    arguments: &[Value],
    options: &[(String, Value)],
    filling: &Filling<'_, '_>,
    scope: &mut Scope,
) -> Result<Value, String> {
    let argument = |place: usize| arguments.get(place).unwrap_or(&Value::Null);
    let option = |key: &str| options.iter().find(|(known, _)| known == key).map(|(_, value)| text(value));
    let first = || text(argument(0));
    Ok(match name {
        "xPath" => xpath(&first(), &text(argument(1)), options)?,
        "soapXPath" => {
            let path = text(argument(1));
            let whole = format!("/*[local-name()='Envelope']/*[local-name()='Body']{path}");
            xpath(&first(), &whole, options)?
        }
        "jsonPath" => {
            let document = match argument(0) {
                Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
                other => other.clone(),
            };
            let mut found = JsonPath::new(&text(argument(1)))?.select(&document);
            if found.len() == 1 { found.swap_remove(0) } else { Value::Array(found) }
        }
        "now" => json!(shown(filling, None, option("offset"), option("format"), option("timezone"))?),
        "date" => {
            let at = read(&first()).ok_or_else(|| format!("date: {:?} is no moment", first()))?;
            json!(shown(filling, Some(at), option("offset"), option("format"), option("timezone"))?)
        }
        "parseDate" => match option("format") {
            None => argument(0).clone(),
            Some(format) => {
                let parsed = jiff::fmt::strtime::parse(strftime_of(&format), first());
                let at = parsed.and_then(|parsed| parsed.to_datetime());
                json!(at.map_err(|_| format!("parseDate: {:?} is not {format:?}", first()))?.to_string())
            }
        },
        "riv-time" => {
            json!(shown(filling, None, offset_of(arguments, options), Some("yyyyMMddHHmmss".to_owned()), None)?)
        }
        "riv-date" => json!(shown(filling, None, offset_of(arguments, options), Some("yyyyMMdd".to_owned()), None)?),
        "randomValue" => json!(random(option("type").as_deref(), option("length"), filling)?),
        "pickRandom" => {
            let choices = match argument(0) {
                Value::Array(list) if arguments.len() == 1 => list.clone(),
                _ => arguments.to_vec(),
            };
            let place = (filling.numbers.borrow_mut().draw() % choices.len().max(1) as u64) as usize;
            choices.get(place).cloned().unwrap_or(Value::Null)
        }
        "randomInt" => {
            let bound = |key: &str, usual: i64| option(key).map_or(Ok(usual), |text| text.parse::<i64>());
            let (Ok(lower), Ok(upper)) = (bound("lower", 0), bound("upper", i64::from(i32::MAX))) else {
                return Err("randomInt: lower and upper are whole numbers".to_owned());
            };
            let width = upper.saturating_sub(lower).max(1) as u64;
            json!(lower + (filling.numbers.borrow_mut().draw() % width) as i64)
        }
        "upper" => json!(first().to_uppercase()),
        "lower" => json!(first().to_lowercase()),
        "trim" => json!(first().trim()),
        "base64" if option("decode").as_deref() == Some("true") => {
            let bytes = STANDARD.decode(first()).map_err(|_| "base64: it cannot be decoded".to_owned())?;
            json!(String::from_utf8_lossy(&bytes))
        }
        "base64" => json!(STANDARD.encode(first())),
        "urlEncode" if option("decode").as_deref() == Some("true") => json!(decoded(&first())),
        "urlEncode" => json!(url_encoded(&first())),
        "formatXml" => json!(formatted(&first())),
        "math" => math(argument(0), &text(argument(1)), argument(2))?,
        "size" => match argument(0) {
            Value::Array(list) => json!(list.len()),
            Value::Object(members) => json!(members.len()),
            other => json!(text(other).chars().count()),
        },
        "lookup" => super::model::below(argument(0), &[text(argument(1))]),
        "assign" => {
            scope.assigned.push((first(), argument(1).clone()));
            Value::Null
        }
        "test-identity" => json!(test_identity(argument(0).as_u64().unwrap_or_default())),
        "hsa-id" => json!(format!(
            "SE2321000016-{}{:03}",
            first().chars().next().unwrap_or('E').to_ascii_uppercase(),
            argument(1).as_u64().unwrap_or_default()
        )),
        "sample" => {
            let wanted = first();
            json!((filling.source)(&wanted).ok_or_else(|| format!("no source gives {wanted:?} for this request"))?)
        }
        "echo-patient" => json!(filling.asked.patient().unwrap_or_default()),
        _ => return Err(format!("there is no helper {name:?}")),
    })
}

fn offset_of(arguments: &[Value], options: &[(String, Value)]) -> Option<String> {
    let named = options.iter().find(|(key, _)| key == "offset").map(|(_, value)| text(value));
    named.or_else(|| arguments.first().map(text))
}

fn xpath(document: &str, path: &str, options: &[(String, Value)]) -> Result<Value, String> {
    let bindings = match options.iter().find(|(key, _)| key == "namespaces") {
        None => None,
        Some((_, Value::Object(members))) => {
            Some(members.iter().map(|(prefix, uri)| (prefix.clone(), text(uri))).collect::<BTreeMap<_, _>>())
        }
        // `a=urn:1 b=urn:2`
        Some((_, value)) => {
            let listed = text(value);
            let pairs = listed.split_whitespace().filter_map(|pair| pair.split_once('='));
            Some(pairs.map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned())).collect())
        }
    };
    let path = XPath::new(path, Names { bindings, local_only: false })?;
    let Ok(document) = Document::parse(document.as_bytes()) else { return Ok(Value::Null) };
    Ok(match path.select(&document) {
        None => Value::Null,
        Some(Selected::Text(text)) => json!(text),
        Some(Selected::Truth(truth)) => json!(truth),
        Some(Selected::Nodes(nodes)) => match nodes.as_slice() {
            [] => Value::Null,
            [one] => json!(leaf(one)),
            many => many.iter().map(leaf).collect(),
        },
    })
}

/// An element without elements in it is its text; any other is its XML.
fn leaf(node: &crate::producers::xml::xpath::Picked) -> Value {
    match &node.xml {
        Some(xml) if xml.matches('<').count() > 2 => json!(xml),
        _ => json!(node.text),
    }
}

fn shown(
    filling: &Filling<'_, '_>,
    at: Option<Zoned>,
    shift: Option<String>,
    format: Option<String>,
    zone: Option<String>,
) -> Result<String, String> {
    let mut at = at.unwrap_or_else(|| filling.asked.now().to_zoned(stockholm()));
    if let Some(shift) = shift.filter(|shift| !shift.is_empty()) {
        let span = offset(&shift).ok_or_else(|| format!("{shift:?} is no offset, expected such as \"-3 days\""))?;
        at = at.checked_add(span).map_err(|_| format!("{shift:?} leads out of time"))?;
    }
    if let Some(zone) = &zone {
        let zone = TimeZone::get(zone).map_err(|_| format!("{zone:?} is no time zone"))?;
        at = at.with_time_zone(zone);
    }
    Ok(match format.as_deref() {
        None => at.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Some("epoch") => at.timestamp().as_millisecond().to_string(),
        Some("unix") => at.timestamp().as_second().to_string(),
        Some(format) => at.strftime(&strftime_of(format)).to_string(),
    })
}

fn random(kind: Option<&str>, length: Option<String>, filling: &Filling<'_, '_>) -> Result<String, String> {
    let mut numbers = filling.numbers.borrow_mut();
    let alphabet: &[u8] = match kind.unwrap_or("ALPHANUMERIC") {
        "UUID" => {
            let bytes = (u128::from(numbers.draw()) << 64 | u128::from(numbers.draw())).to_be_bytes();
            return Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string());
        }
        "ALPHANUMERIC" => b"abcdefghijklmnopqrstuvwxyz0123456789",
        "ALPHABETIC" => b"abcdefghijklmnopqrstuvwxyz",
        "NUMERIC" => b"0123456789",
        "HEXADECIMAL" => b"0123456789abcdef",
        "ALPHANUMERIC_AND_SYMBOLS" => b"abcdefghijklmnopqrstuvwxyz0123456789-_.!*()",
        other => return Err(format!("randomValue: {other:?} is no type")),
    };
    let length = length.map_or(Ok(36), |text| text.parse::<usize>());
    let length = length.ok().filter(|length| *length <= RANDOM_LENGTH_MAX);
    let length = length.ok_or_else(|| format!("randomValue: length is a number up to {RANDOM_LENGTH_MAX}"))?;
    Ok((0..length).map(|_| char::from(alphabet[(numbers.draw() % alphabet.len() as u64) as usize])).collect())
}

fn url_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The document with a line for each element; one that cannot be read stays as it is.
fn formatted(source: &str) -> String {
    let Ok(document) = Document::parse(source.as_bytes()) else { return source.to_owned() };
    if document.is_empty() {
        return source.to_owned();
    }
    let mut out = String::new();
    lines(&document, document.root(), 0, &mut out);
    out
}

fn lines(document: &Document<'_>, id: NodeId, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let has_text = document
        .children(id)
        .any(|child| matches!(document.node(child).kind, Kind::Text(_)) && !document.is_blank(child));
    let mut elements = document.elements(id).peekable();
    if has_text || elements.peek().is_none() {
        out.push_str(&format!("{indent}{}\n", document.written(id)));
        return;
    }
    let whole = document.written(id);
    let (start, name) =
        (whole.split('>').next().unwrap_or_default(), whole.split(['>', ' ']).next().unwrap_or_default());
    out.push_str(&format!("{indent}{start}>\n"));
    elements.for_each(|child| lines(document, child, depth + 1, out));
    out.push_str(&format!("{indent}</{}>\n", name.trim_start_matches('<')));
}

fn math(one: &Value, operator: &str, other: &Value) -> Result<Value, String> {
    let number = |value: &Value| text(value).trim().parse::<f64>().map_err(|_| format!("math: {value} is no number"));
    let (one, other) = (number(one)?, number(other)?);
    let result = match operator {
        "+" => one + other,
        "-" => one - other,
        "*" => one * other,
        "/" => one / other,
        "%" => one % other,
        _ => return Err(format!("math: {operator:?} is no operator")),
    };
    // A float beyond the range of i64 saturates, and is not taken as whole.
    Ok(if result.fract() == 0.0 && result.abs() < 9e15 { json!(result as i64) } else { json!(result) })
}
