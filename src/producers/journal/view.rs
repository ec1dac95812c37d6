//! A row as the API shows it. Identity numbers outside the test series are masked, always.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::{Kept, Row};
use crate::domain::identity_number::{Hide, masked};

fn hidden(text: &str) -> String {
    masked(text, Hide::OutsideTestSeries).into_owned()
}

impl Row {
    /// The row in the journal's own shape (`producers.md` §10).
    pub fn view(&self) -> Value {
        let riv = &self.riv;
        let shown = |text: &Option<String>| text.as_deref().map(hidden);
        json!({
            "id": self.id,
            "loggedDate": self.at.as_millisecond(),
            "loggedDateString": self.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "system": &*self.system,
            "workspace": &*self.workspace,
            "request": self.request_view(),
            "riv": {
                "contract": shown(&riv.contract),
                "logicalAddress": shown(&riv.logical_address),
                "profile": riv.profile,
                "sender": shown(&riv.sender),
                "originalConsumer": shown(&riv.original_consumer),
                "correlationId": shown(&riv.correlation_id),
                "patient": shown(&riv.patient),
            },
            "validation": {
                "request": self.request_validation.as_ref().map(|lines| lines.iter().map(|line| hidden(line)).collect::<Vec<_>>()),
                "response": self.response_validation.as_ref().map(|lines| lines.iter().map(|line| hidden(line)).collect::<Vec<_>>()),
            },
            "answer": {
                "source": self.answered.source,
                "mappingId": self.answered.stub_id(),
                "rule": self.answered.rule,
                "behaviour": self.answered.behaviour,
                "chaos": self.answered.chaos,
                "note": self.answered.note.as_deref().map(hidden),
            },
            "stubMapping": self.answered.named_stub().map(|stub| json!({"id": stub.id, "name": hidden(&stub.name)})),
            "response": self.response_view(),
            "timing": {
                "addedDelay": self.added_delay.as_millis() as u64,
                "processTime": self.process_time.as_millis() as u64,
                "responseSendTime": self.send_time.as_millis() as u64,
                "serveTime": (self.process_time + self.send_time).as_millis() as u64,
                "totalTime": (self.process_time + self.added_delay + self.send_time).as_millis() as u64,
            },
            "wasMatched": self.was_matched,
            "outcome": self.outcome.as_str(),
            "explanation": self.explanation.as_deref().map(hidden),
        })
    }

    /// The request alone, as WireMock lists found requests.
    pub fn request_view(&self) -> Value {
        let uri = self.request.uri();
        let url = hidden(uri.path_and_query().map_or("/", |target| target.as_str()));
        let host = self.request.headers().get(http::header::HOST);
        let host = host.map_or("localhost".to_owned(), |host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        let mut members = Map::new();
        members.insert("method".to_owned(), json!(self.request.method().as_str()));
        members.insert("absoluteUrl".to_owned(), json!(format!("http://{host}{url}")));
        members.insert("url".to_owned(), json!(url));
        members.insert("clientIp".to_owned(), json!(self.client.map(|ip| ip.to_string())));
        members.insert("headers".to_owned(), headers(self.request.headers()));
        members.insert("loggedDate".to_owned(), json!(self.at.as_millisecond()));
        body(&mut members, self.request.body(), &self.request_body);
        Value::Object(members)
    }

    fn response_view(&self) -> Value {
        let Some(sent) = &self.sent else { return Value::Null };
        let mut members = Map::new();
        members.insert("status".to_owned(), json!(sent.status.as_u16()));
        members.insert("headers".to_owned(), headers(&sent.headers));
        body(&mut members, &sent.body, &sent.kept);
        Value::Object(members)
    }
}

/// One text for a header with one value, a list for more.
fn headers(headers: &HeaderMap) -> Value {
    let mut members = Map::new();
    for name in headers.keys() {
        let values: Vec<String> =
            headers.get_all(name).iter().map(|value| hidden(&String::from_utf8_lossy(value.as_bytes()))).collect();
        let value = if values.len() == 1 { json!(values[0]) } else { json!(values) };
        members.insert(name.as_str().to_owned(), value);
    }
    Value::Object(members)
}

fn body(members: &mut Map<String, Value>, body: &Bytes, kept: &Kept) {
    let text = hidden(&String::from_utf8_lossy(body));
    // What is text is encoded as it is shown, so that nothing masked stands in the other form.
    members.insert("bodyAsBase64".to_owned(), json!(STANDARD.encode(&text)));
    members.insert("body".to_owned(), json!(text));
    if let Some((size, digest)) = &kept.whole {
        members.insert("bodySize".to_owned(), json!(size));
        members.insert("bodySha256".to_owned(), json!(digest));
    }
}
