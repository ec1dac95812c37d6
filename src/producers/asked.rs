//! What a request asks for: read once, as the hub reads it (`vp.md` §2.1), and then compared with every stub.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use jiff::Timestamp;

use super::own::standing::Held;
use super::settings::{PATIENT_TOKENS_MAX, QUOTED_CHARACTERS_MAX};
use super::xml::tree::{Document, NodeId};
use super::xml::xpath::{Selected, XPath};
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
    patient: OnceCell<Option<(String, Option<String>)>>,
    tree: OnceCell<Option<Document<'a>>>,
    /// How often the body was read as a tree.
    parsed: Cell<u64>,
    /// What expressions gave so far, since many stubs ask the same.
    selected: RefCell<HashMap<u128, Option<Rc<Selected>>>>,
    query: OnceCell<Vec<(String, String)>>,
    form: OnceCell<Vec<(String, String)>>,
    now: Timestamp,
}

/// The peer of a request, put among its extensions by the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client(pub IpAddr);

/// A request that came over TLS, put among its extensions by the listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverTls {
    /// The HSA-id in the caller's certificate, where it showed one.
    pub hsa_id: Option<Arc<str>>,
}

impl<'a> Asked<'a> {
    /// Reads the head of a request to `system` at `now`. A body that is not XML is no error: it has no contract and no
    /// address.
    pub fn read(system: &str, request: &'a Request<Bytes>, now: Timestamp) -> Self {
        let whole = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let below = whole
            .strip_prefix('/')
            .and_then(|rest| rest.strip_prefix(system))
            .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
            .map_or(whole, |rest| if rest.is_empty() { "/" } else { rest });
        let head = scan(request.body()).unwrap_or_default();
        Self {
            request,
            below,
            head,
            text: OnceCell::new(),
            patient: OnceCell::new(),
            tree: OnceCell::new(),
            parsed: Cell::new(0),
            selected: RefCell::default(),
            query: OnceCell::new(),
            form: OnceCell::new(),
            now,
        }
    }

    /// The request itself.
    pub fn request(&self) -> &'a Request<Bytes> {
        self.request
    }

    /// When it is asked.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Who asks, where the listener knows.
    pub fn client(&self) -> Option<IpAddr> {
        self.request.extensions().get::<Client>().map(|client| client.0)
    }

    /// How its connection was treated before it was read, where the listener knows.
    pub fn held(&self) -> Option<&'a Held> {
        self.request.extensions().get::<Held>()
    }

    /// How it came.
    pub fn scheme(&self) -> &'static str {
        if self.request.extensions().get::<OverTls>().is_some() { "https" } else { "http" }
    }

    /// Who the hub says is asking, else whose certificate was shown.
    pub fn sender(&self) -> Option<Cow<'_, str>> {
        let shown = || self.request.extensions().get::<OverTls>()?.hsa_id.as_deref().map(Cow::Borrowed);
        self.header(SENDER).or_else(shown)
    }

    /// Host and port that were asked for.
    pub fn host(&self) -> Option<String> {
        let given = self.request.uri().authority().map(|authority| authority.as_str().to_owned());
        given.or_else(|| self.header("host").map(Cow::into_owned))
    }

    /// The body as a tree, read when first asked for and then kept; `None` where it is not XML.
    pub fn tree(&self) -> Option<&Document<'a>> {
        let request = self.request;
        let read = || {
            self.parsed.set(self.parsed.get() + 1);
            Document::parse(request.body()).ok().filter(|document| !document.is_empty())
        };
        self.tree.get_or_init(read).as_ref()
    }

    /// How often the body was read as a tree: at most once, whatever the number of stubs.
    pub fn parsed(&self) -> u64 {
        self.parsed.get()
    }

    /// What an expression selects in the body; each expression runs at most once.
    pub fn selected(&self, path: &XPath) -> Option<Rc<Selected>> {
        if let Some(known) = self.selected.borrow().get(&path.key()) {
            return known.clone();
        }
        let found = self.tree().and_then(|document| path.select(document)).map(Rc::new);
        self.selected.borrow_mut().insert(path.key(), found.clone());
        found
    }

    /// The query's pairs, decoded.
    pub fn query(&self) -> &[(String, String)] {
        self.query.get_or_init(|| pairs(self.request.uri().query().unwrap_or_default()))
    }

    /// The pairs of a form in the body.
    pub fn form(&self) -> &[(String, String)] {
        self.form.get_or_init(|| {
            let is_form =
                self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
            if is_form { pairs(self.text()) } else { Vec::new() }
        })
    }

    /// The cookies of a name.
    pub fn cookies(&self, name: &str) -> Vec<String> {
        let lines = self.headers().get_all(http::header::COOKIE);
        let lines: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect();
        let pairs = lines.iter().flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).collect()
    }

    /// The texts at a path of local names below the request element, such as `timePeriod/start` (`riv.field`).
    pub fn fields(&self, path: &str) -> Vec<String> {
        let Some(document) = self.tree() else { return Vec::new() };
        let Some(message) = document.message() else { return Vec::new() };
        let mut nodes: Vec<NodeId> = vec![message];
        for step in path.split('/').filter(|step| !step.is_empty()) {
            if let Some(name) = step.strip_prefix('@') {
                let attributes = nodes.iter().flat_map(|node| document.attributes(*node));
                return attributes.filter(|one| one.local == name).map(|one| one.value.to_string()).collect();
            }
            let named = |id: &NodeId| document.element_at(*id).is_some_and(|element| element.local == step);
            nodes = nodes.iter().flat_map(|node| document.elements(*node).filter(named).collect::<Vec<_>>()).collect();
        }
        nodes.iter().map(|node| document.text_of(*node).trim().to_owned()).collect()
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
        self.patient_and_type().map(|(id, _)| id.as_str())
    }

    /// The type or root of the patient's id.
    pub fn patient_type(&self) -> Option<&str> {
        self.patient_and_type().and_then(|(_, kind)| kind.as_deref())
    }

    fn patient_and_type(&self) -> Option<&(String, Option<String>)> {
        let read = || {
            let (id, kind) = patient_of(self.request.body()).ok().flatten()?;
            Some((plain_identity(&id), kind))
        };
        self.patient.get_or_init(read).as_ref()
    }
}

/// `a=1&b=2` as pairs, decoded.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// A part of a URL, with `%xx` and `+` resolved; what is no escape stays as it is.
pub fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
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
fn patient_of(body: &[u8]) -> Result<Option<(String, Option<String>)>, XmlError> {
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

/// An id, and its type or root where the element names one.
fn identity_in(reader: &mut Reader<'_>) -> Result<Option<(String, Option<String>)>, XmlError> {
    let named = |reader: &Reader<'_>, name: &[u8]| -> Result<Option<String>, XmlError> {
        let found = reader.attributes().iter().find(|attribute| attribute.name.qualified() == name).copied();
        found.map(|one| reader.text_of(one.value).map(Cow::into_owned)).transpose()
    };
    if let Some(extension) = named(reader, b"extension")? {
        return Ok(Some((extension, named(reader, b"root")?)));
    }
    // The element's own text, and the text of its children by name.
    let (mut own, mut id, mut kind): (String, Option<String>, Option<String>) = (String::new(), None, None);
    let mut open: Vec<&[u8]> = Vec::new();
    for _ in 0..PATIENT_TOKENS_MAX {
        let into = |open: &[&[u8]]| match open {
            [] => 0,
            [b"id" | b"extension"] => 1,
            [b"type" | b"root"] => 2,
            _ => 3,
        };
        match reader.next()? {
            Some(Token::Start(name)) => open.push(name.local()),
            Some(Token::End(_)) => {
                if open.pop().is_none() {
                    break;
                }
            }
            Some(Token::Text(raw)) => {
                let text = reader.text_of(raw)?;
                match into(&open) {
                    0 => own.push_str(&text),
                    1 => id.get_or_insert_default().push_str(&text),
                    2 => kind.get_or_insert_default().push_str(&text),
                    _ => {}
                }
            }
            Some(Token::Cdata(raw)) => {
                let text = String::from_utf8_lossy(raw);
                match into(&open) {
                    0 => own.push_str(&text),
                    1 => id.get_or_insert_default().push_str(&text),
                    _ => {}
                }
            }
            None => break,
            Some(_) => {}
        }
    }
    let found = id.unwrap_or(own).trim().to_owned();
    let kind = kind.map(|kind| kind.trim().to_owned()).filter(|kind| !kind.is_empty());
    Ok((!found.is_empty()).then_some((found, kind)))
}
