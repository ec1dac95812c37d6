//! One exchange with another system made into a mapping, without anybody's data.

use http::{HeaderMap, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::plain::{Plain, plain};
use super::recording::{BodyPattern, Spec};
use super::scrub::{Leftover, Scrubber, leftover};
use crate::producers::asked::Asked;
use crate::producers::matcher::moment;
use crate::producers::xml::edit::Branch;

/// A request, and what the other system answered.
pub(super) struct Exchange<'e, 'a> {
    /// The request.
    pub asked: &'e Asked<'a>,
    /// Status of the answer.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'e HeaderMap,
    /// Its whole body.
    pub body: &'e [u8],
}

impl<'e, 'a> Exchange<'e, 'a> {
    /// The exchange that an answer ends.
    pub(super) fn of(asked: &'e Asked<'a>, answer: &'e Response<bytes::Bytes>) -> Self {
        Self { asked, status: answer.status(), headers: answer.headers(), body: answer.body() }
    }

    /// `response` of the mapping.
    pub(super) fn response(&self, scrubber: &Scrubber, spec: &Spec) -> Value {
        let mut headers = Map::new();
        for name in self.headers.keys().filter(|name| !is_dropped(name.as_str())) {
            let values = self.headers.get_all(name).iter();
            let mut values: Vec<Value> =
                values.map(|value| json!(scrubber.text(&String::from_utf8_lossy(value.as_bytes())))).collect();
            let value = if values.len() == 1 { values.swap_remove(0) } else { Value::Array(values) };
            headers.insert(name.to_string(), value);
        }
        let mut response = json!({"status": self.status.as_u16()});
        match plain(self.headers, self.body) {
            Plain::Text { text, is_recoded } => {
                if is_recoded && headers.contains_key(header::CONTENT_TYPE.as_str()) {
                    headers.insert(header::CONTENT_TYPE.to_string(), json!("text/xml; charset=UTF-8"));
                }
                response["body"] = json!(scrubber.message(&text));
            }
            // Nobody can tell what stands in it.
            Plain::Binary => response["base64Body"] = json!(super::scrub::placeholder()),
        }
        response["headers"] = Value::Object(headers);
        if !spec.transformers.is_empty() {
            response["transformers"] = json!(spec.transformers);
        }
        if let Some(parameters) = &spec.transformer_parameters {
            response["transformerParameters"] = parameters.clone();
        }
        response
    }

    /// `request` of the mapping: contract, address and patient, and the body with its times as placeholders.
    pub(super) fn request(&self, scrubber: &Scrubber, spec: &Spec) -> Value {
        let asked = self.asked;
        let mut request = json!({"method": asked.method()});
        let mut riv = Map::new();
        if let Some(contract) = asked.contract() {
            riv.insert("contract".to_owned(), json!(contract));
        }
        if let Some(address) = asked.logical_address() {
            riv.insert("logicalAddress".to_owned(), json!(scrubber.unit(address)));
        }
        if let Some(patient) = asked.patient() {
            riv.insert("patient".to_owned(), json!(scrubber.text(patient)));
        }
        if riv.is_empty() {
            request["url"] = json!(scrubber.text(asked.targets()[0]));
        } else {
            request["riv"] = Value::Object(riv);
        }
        if let Some(pattern) = body_pattern(asked.text(), scrubber, &spec.body_pattern) {
            request["bodyPatterns"] = json!([pattern]);
        }
        for (name, ignores_case) in &spec.capture_headers {
            if let Some(value) = asked.header(name) {
                let mut condition = json!({"equalTo": scrubber.text(&value)});
                if *ignores_case {
                    condition["caseInsensitive"] = json!(true);
                }
                request["headers"][name.as_str()] = condition;
            }
        }
        request
    }
}

/// Whether a header is somebody's own, or says how the body came and no longer does.
fn is_dropped(name: &str) -> bool {
    ["authorization", "cookie", "set-cookie", "content-length", "content-encoding"].contains(&name)
        || name.starts_with("x-vp-auth")
}

fn body_pattern(body: &str, scrubber: &Scrubber, pattern: &BodyPattern) -> Option<Value> {
    if body.is_empty() {
        return None;
    }
    let as_text = || {
        let ignores_case = matches!(pattern, BodyPattern::Text { ignores_case: true });
        let mut condition = json!({"equalTo": scrubber.message(body)});
        if ignores_case {
            condition["caseInsensitive"] = json!(true);
        }
        condition
    };
    let as_xml = || {
        let mut root = Branch::parse(scrubber.message(body).as_bytes()).ok()?;
        root.walk(&mut |branch| {
            if branch.branches().next().is_none() && is_moment(branch.text().trim()) {
                branch.set_text("${xmlunit.ignore}");
            }
        });
        Some(json!({"equalToXml": root.document(), "enablePlaceholders": true}))
    };
    let as_json = |ignores_order: bool, ignores_extra: bool| {
        serde_json::from_str::<Value>(body).ok()?;
        Some(json!({
            "equalToJson": scrubber.text(body), "ignoreArrayOrder": ignores_order, "ignoreExtraElements": ignores_extra,
        }))
    };
    Some(match pattern {
        BodyPattern::Xml => as_xml().unwrap_or_else(as_text),
        BodyPattern::Auto { ignores_order, ignores_extra } => {
            as_xml().or_else(|| as_json(*ignores_order, *ignores_extra)).unwrap_or_else(as_text)
        }
        BodyPattern::Json { ignores_order, ignores_extra } => {
            as_json(*ignores_order, *ignores_extra).unwrap_or_else(as_text)
        }
        BodyPattern::Text { .. } => as_text(),
    })
}

fn is_moment(text: &str) -> bool {
    text.len() >= 8 && moment::read(text).is_some()
}

/// Looks through every text of what is about to be kept, names included.
pub(super) fn check(path: &str, value: &Value) -> Result<(), Leftover> {
    match value {
        Value::String(text) => leftover(path, text),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(place, item)| check(&format!("{path}/{place}"), item))
        }
        Value::Object(members) => members.iter().try_for_each(|(key, value)| {
            leftover(path, key)?;
            check(&format!("{path}/{key}"), value)
        }),
        _ => Ok(()),
    }
}
