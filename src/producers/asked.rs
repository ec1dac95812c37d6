//! What a request asks for: read once, as the hub reads it (`vp.md` §2.1), and then compared with every stub.

use std::borrow::Cow;
use std::cell::OnceCell;

use bytes::Bytes;
use http::{HeaderMap, Request};

use super::settings::{PATIENT_TOKENS_MAX, QUOTED_CHARACTERS_MAX};
use crate::domain::identifiers::operation_of;
use crate::domain::identity_number::{Hide, masked};
use crate::soap::envelope::{Head, scan};
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Reader, Token};

/// HTTP header with the sender's HSA-id, as the hub sends it.
pub const SENDER: &str = "x-vp-sender-id";
/// HTTP header with the original consumer's HSA-id.
pub const ORIGINAL_CONSUMER: &str = "x-rivta-original-serviceconsumer-hsaid";
/// HTTP header with the correlation id.
pub const CORRELATION_ID: &str = "x-skltp-correlation-id";

/// One request, as stubs see it. What costs more than the envelope's head is read when first asked for, and once.
#[derive(Debug)]
pub struct Asked<'a> {
    request: &'a Request<Bytes>,
    /// Path and query below `/<system>`.
    below: &'a str,
    /// The envelope's head; empty where the body is no envelope.
    head: Head<'a>,
    text: OnceCell<Cow<'a, str>>,
    patient: OnceCell<Option<String>>,
}

impl<'a> Asked<'a> {
    /// Reads the head of a request to `system`. A body that is not XML is no error: it has no contract and no address.
    pub fn read(system: &str, request: &'a Request<Bytes>) -> Self {
        let whole = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let below = whole
            .strip_prefix('/')
            .and_then(|rest| rest.strip_prefix(system))
            .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
            .map_or(whole, |rest| if rest.is_empty() { "/" } else { rest });
        let head = scan(request.body()).unwrap_or_default();
        Self { request, below, head, text: OnceCell::new(), patient: OnceCell::new() }
    }

    /// The method, as sent.
    pub fn method(&self) -> &str {
        self.request.method().as_str()
    }

    /// Path and query below `/<system>`, then from the listener's root, so that files written for another server load.
    pub fn targets(&self) -> [&str; 2] {
        [self.below, self.request.uri().path_and_query().map_or("/", |target| target.as_str())]
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// A header's first value; bytes that are not UTF-8 are replaced.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    /// The body as sent.
    pub fn body(&self) -> &Bytes {
        self.request.body()
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| String::from_utf8_lossy(self.request.body()))
    }

    /// Service contract namespace.
    pub fn contract(&self) -> Option<&str> {
        self.head.contract.as_deref()
    }

    /// Logical address from the envelope's header.
    pub fn logical_address(&self) -> Option<&str> {
        self.head.receiver.as_deref()
    }

    /// Name of the header's address form, such as `rivtabp21`.
    pub fn profile(&self) -> Option<&'static str> {
        self.head.profile.map(|profile| profile.as_str())
    }

    /// `GetDiagnosis 2`: operation and major version as people say them, fit to be shown; `None` where the body names no contract.
    pub fn operation(&self) -> Option<String> {
        let namespace = self.contract()?;
        Some(match major_of(namespace) {
            Some(major) => format!("{} {}", quoted(operation_of(namespace)), quoted(major)),
            None => quoted(operation_of(namespace)),
        })
    }

    /// The patient's id without hyphens and spaces, if the body names one within the first [`PATIENT_TOKENS_MAX`] tokens.
    pub fn patient(&self) -> Option<&str> {
        self.patient
            .get_or_init(|| patient_of(self.request.body()).ok().flatten().map(|id| plain_identity(&id)))
            .as_deref()
    }
}

/// The major version at the end of a contract namespace.
pub fn major_of(namespace: &str) -> Option<&str> {
    let (_, major) = namespace.rsplit_once(':')?;
    (!major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit())).then_some(major)
}

/// An identity number without the hyphens and spaces people write into it (`producers.md` §3).
pub fn plain_identity(text: &str) -> String {
    text.chars().filter(|c| *c != '-' && !c.is_whitespace()).collect()
}

/// A text of the request as it may be shown: identity numbers hidden, and cut to [`QUOTED_CHARACTERS_MAX`].
pub(super) fn quoted(text: &str) -> String {
    // Twice the length is looked at, so that no number is cut in two before it is hidden.
    let beginning: String = text.chars().take(2 * QUOTED_CHARACTERS_MAX).collect();
    let shown = masked(&beginning, Hide::Every);
    match shown.char_indices().nth(QUOTED_CHARACTERS_MAX) {
        None => shown.into_owned(),
        Some((end, _)) => format!("{}…", &shown[..end]),
    }
}

/// Whether an element of this name holds the patient (`producers.md` §3).
fn names_patient(local: &[u8]) -> bool {
    const NAMES: [&[u8]; 3] = [b"patientId", b"registeredResidentIdentification", b"personId"];
    NAMES.contains(&local) || local.starts_with(b"subjectOfCare") || local.starts_with(b"subject_of_care")
}

/// The id of the first patient element that has one: its attribute `extension`, the text of its child `id` or
/// `extension`, or its own text.
fn patient_of(body: &[u8]) -> Result<Option<String>, XmlError> {
    let mut reader = Reader::new(body);
    let mut in_body = false;
    for _ in 0..PATIENT_TOKENS_MAX {
        let Some(token) = reader.next()? else { break };
        let Token::Start(name) = token else { continue };
        if !in_body {
            in_body = name.local() == b"Body";
        } else if names_patient(name.local())
            && let Some(id) = identity_in(&mut reader)?
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn identity_in(reader: &mut Reader<'_>) -> Result<Option<String>, XmlError> {
    let extension = reader.attributes().iter().find(|attribute| attribute.name.qualified() == b"extension").copied();
    if let Some(extension) = extension {
        return Ok(Some(reader.text_of(extension.value)?.into_owned()));
    }
    let (mut text, mut level, mut in_id, mut has_children) = (String::new(), 1, false, false);
    for _ in 0..PATIENT_TOKENS_MAX {
        match reader.next()? {
            Some(Token::Start(name)) => {
                level += 1;
                has_children = true;
                in_id = level == 2 && matches!(name.local(), b"id" | b"extension");
                text.clear();
            }
            Some(Token::Text(raw)) if in_id || !has_children => text.push_str(&reader.text_of(raw)?),
            Some(Token::Cdata(raw)) if in_id || !has_children => text.push_str(&String::from_utf8_lossy(raw)),
            Some(Token::End(_)) if in_id || level == 1 => break,
            Some(Token::End(_)) => level -= 1,
            None => break,
            Some(_) => {}
        }
    }
    let found = (in_id || !has_children) && !text.trim().is_empty();
    Ok(found.then(|| text.trim().to_owned()))
}
