//! What is sent, and what a good answer is.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use crate::cli::failure::Failure;
use crate::index::bulk::generate::{Mix, identity, resident_lines};
use crate::index::bulk::{line, send};
use crate::index::request::{FIND_CONTENT, REGISTRY};
use crate::index::service::CORRELATION_ID;
use crate::index::timestamp::LocalTime;
use crate::soap::fault::SOAP_11;
use crate::soap::responder::TransportFault;
use crate::soap::xml::text::escape_into;

const FIRST_CALL: &str = include_str!("../../../fixtures/demo/requests/first-call.xml");
const SOAP: HeaderValue = HeaderValue::from_static("text/xml; charset=UTF-8");
/// Longest fault text that tells one refusal from another.
const WHY_CHARS_MAX: usize = 100;

/// The calls of a run; the same number always gives the same call.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) url: String,
    pub(super) part: &'static str,
    headers: HeaderMap,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// Always the same.
    Same(Bytes),
    /// FindContent, one resident after the other.
    Find { own_id: String, mix: Mix, domain: String },
    /// Update, so many rows each.
    Update { own_id: String, mix: Mix, rows: usize },
}

impl Requests {
    /// A message through the hub.
    pub(super) fn hub(
        url: &str,
        file: Option<&Path>,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<Arc<Self>, Failure> {
        let body = match file {
            None => Bytes::from_static(FIRST_CALL.as_bytes()),
            Some(file) => {
                fs::read(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?.into()
            }
        };
        let mut all = HeaderMap::from_iter([(CONTENT_TYPE, SOAP)]);
        all.extend(headers.iter().cloned());
        Ok(Arc::new(Self { url: url.to_owned(), part: "hub", headers: all, body: Body::Same(body) }))
    }

    /// FindContent about residents in turn.
    pub(super) fn find(url: &str, own_id: &str, mix: Mix, domain: &str) -> Arc<Self> {
        Self::index(url, "find", Body::Find { own_id: own_id.to_owned(), mix, domain: domain.to_owned() })
    }

    /// Updates about residents in turn.
    pub(super) fn update(url: &str, own_id: &str, mix: Mix, rows: usize) -> Arc<Self> {
        Self::index(url, "update", Body::Update { own_id: own_id.to_owned(), mix, rows })
    }

    fn index(url: &str, part: &'static str, body: Body) -> Arc<Self> {
        Arc::new(Self { url: url.to_owned(), part, headers: HeaderMap::from_iter([(CONTENT_TYPE, SOAP)]), body })
    }

    /// One call.
    pub(super) fn request(&self, number: u64) -> Request<Bytes> {
        let body = match &self.body {
            Body::Same(body) => body.clone(),
            Body::Find { own_id, mix, domain } => find(own_id, *mix, domain, number).into(),
            Body::Update { own_id, mix, rows } => update(own_id, *mix, number, *rows).into(),
        };
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        // A URL that is none is refused where the run begins.
        *request.uri_mut() = self.url.parse().unwrap_or_default();
        *request.headers_mut() = self.headers.clone();
        if !matches!(self.body, Body::Same(_)) {
            let id = HeaderValue::try_from(format!("bench-{number}")).expect("letters and digits");
            request.headers_mut().insert(CORRELATION_ID, id);
        }
        request
    }

    /// How long a good answer is, or what was said instead.
    pub(super) fn judge(&self, answer: Result<Response<Bytes>, TransportFault>) -> Result<usize, String> {
        let answer = answer.map_err(|fault| format!("no answer: {fault}"))?;
        let body = answer.body();
        let is_done = match self.body {
            // The result code, whatever its element's prefix.
            Body::Update { .. } => memchr::memmem::find(body, b">OK<").is_some(),
            _ => true,
        };
        if answer.status() == StatusCode::OK && is_done {
            return Ok(body.len());
        }
        let text = String::from_utf8_lossy(body);
        let fault = text.split_once("<faultstring>").and_then(|(_, rest)| rest.split_once("</faultstring>"));
        let said = fault.map_or(&*text, |(fault, _)| fault);
        let short: String = said.chars().take(WHY_CHARS_MAX).filter(|letter| !letter.is_control()).collect();
        Err(format!("{}: {short}", answer.status().as_u16()))
    }
}

fn find(own_id: &str, mix: Mix, domain: &str, number: u64) -> String {
    let resident = identity(mix.seed, number % mix.residents);
    let escaped = |text| {
        let mut escaped = String::new();
        escape_into(&mut escaped, text);
        escaped
    };
    let (address, domain) = (escaped(own_id), escaped(domain));
    format!(
        "<soap:Envelope xmlns:soap=\"{SOAP_11}\"><soap:Header><r:LogicalAddress xmlns:r=\"{REGISTRY}\">{address}\
         </r:LogicalAddress></soap:Header><soap:Body><f:FindContent xmlns:f=\"{FIND_CONTENT}\">\
         <f:registeredResidentIdentification>{resident}</f:registeredResidentIdentification><f:serviceDomain>{domain}\
         </f:serviceDomain></f:FindContent></soap:Body></soap:Envelope>"
    )
}

/// The rows of as many residents as it takes. Each Update is about others, until all have had their turn.
fn update(own_id: &str, mix: Mix, number: u64, rows: usize) -> String {
    let (mut transactions, mut lines) = (String::new(), String::new());
    let each = (rows as u64).div_ceil(mix.engagements_per_resident).max(1);
    let mut written = 0;
    for step in 0_u64.. {
        if written == rows {
            break;
        }
        lines.clear();
        resident_lines(mix, (number * each + step) % mix.residents, &mut lines);
        for text in lines.lines().take(rows - written) {
            let row = line::read(text, own_id, LocalTime::from_seconds(0)).expect("made up to be good");
            send::transaction(&row, &mut transactions);
            written += 1;
        }
    }
    send::envelope(own_id, &transactions)
}
