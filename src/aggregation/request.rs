//! A consumer's request, read in one pass: what it asks for, and the parts of it that go on to sources.

use bytes::Bytes;

use super::fault::Fault;
use super::names::{ElementPath, Finder};
use super::service::Service;
use super::splice::{Context, Cut, Scope};
use super::walk::{EnvelopeError, Part, qualified, skip, walk};
use crate::soap::fault::SOAP_11;
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Name, Reader, Token};
use crate::soap::xml::text::escape_into;

/// A request that may be carried out.
#[derive(Debug)]
pub(super) struct Asked {
    message: Bytes,
    body: (Scope, Cut),
    headers: Vec<(Scope, Cut)>,
    /// The patient, as found.
    pub(super) patient: Option<String>,
    /// The source system that the consumer limits its question to.
    pub(super) source: Option<String>,
    /// The categorizations it limits it to.
    pub(super) categorizations: Vec<String>,
    /// Why it is not carried out, though it could be read.
    pub(super) refused: Option<Fault>,
}

/// What is found while the body is read.
struct Finders<'s> {
    patient: Finder<'s>,
    source: Option<Finder<'s>>,
    categorizations: Option<Finder<'s>>,
    rejected: Option<Finder<'s>>,
}

impl<'s> Finders<'s> {
    fn new(service: &'s Service) -> Self {
        let optional = |path: &'s Option<ElementPath>| path.as_ref().map(Finder::new);
        Self {
            patient: Finder::new(&service.patient),
            source: optional(&service.source_filter),
            categorizations: optional(&service.categorization_filter),
            rejected: service.rejects.as_ref().map(|(path, _)| Finder::new(path)),
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Finder<'s>> {
        let Self { patient, source, categorizations, rejected } = self;
        std::iter::once(patient).chain([source, categorizations, rejected].into_iter().flatten())
    }
}

/// Of whom a request is, before anything else of it is looked at: the name of the body's first element.
pub(super) fn operation(message: &Bytes) -> Option<(String, String)> {
    let mut found = None;
    // What is wrong with it is told when it is read for its service.
    let _ = walk(message, |part, reader, name| {
        if part == Part::Body {
            let namespace = reader.namespaces().resolve(name.prefix()).unwrap_or_default();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found = Some((text(namespace), text(name.local())));
        }
        skip(reader, message, name).map_err(EnvelopeError::from)
    });
    found
}

impl Asked {
    /// Reads a request in UTF-8 for a service.
    pub(super) fn read(service: &Service, message: Bytes) -> Result<Self, Fault> {
        let mut finders = Finders::new(service);
        let (mut headers, mut body) = (Vec::new(), None);
        walk(&message, |part, reader, name| match part {
            Part::Header => {
                let namespace = reader.namespaces().resolve(name.prefix()).unwrap_or_default();
                let is_forwarded = service.forwarded_headers.iter().any(|wanted| wanted.is(namespace, name.local()));
                match is_forwarded {
                    true => headers.push(cut(reader, &message, name, |_, _| Ok(()))?),
                    false => skip(reader, &message, name)?,
                }
                Ok(())
            }
            Part::Body => {
                let namespace = reader.namespaces().resolve(name.prefix()).unwrap_or_default();
                if !service.request.is(namespace, name.local()) {
                    return Err(Fault::unknown_part(&qualified(namespace, name.local())));
                }
                body = Some(cut(reader, &message, name, |reader, token| {
                    finders.all().try_for_each(|finder| finder.see(reader, token))
                })?);
                Ok::<_, Fault>(())
            }
        })?;
        let body = body.ok_or_else(Fault::no_body)?;
        let is_rejected = finders.rejected.is_some_and(|finder| !finder.found.is_empty());
        let patient = finders.patient.found.into_iter().next();
        let refused = match &service.rejects {
            Some((_, text)) if is_rejected => Some(Fault::server(text.clone())),
            _ if patient.is_none() && service.patient_required => {
                Some(Fault::server(format!("{} has no patient", service.request.local)))
            }
            _ => None,
        };
        Ok(Self {
            message,
            body,
            headers,
            patient,
            // Only nothing is no filter: a blank one fits no source.
            source: finders.source.and_then(|finder| finder.found.into_iter().next()).filter(|text| !text.is_empty()),
            categorizations: finders.categorizations.map(|finder| finder.found).unwrap_or_default(),
            refused,
        })
    }

    /// The message to one source, without its address: what stands before, and what behind it.
    pub(super) fn envelope(&self) -> Forwarded {
        let context = Context::new("", &[("soap", SOAP_11)]);
        let mut before = format!("<soap:Envelope xmlns:soap=\"{SOAP_11}\"><soap:Header>").into_bytes();
        for (scope, header) in &self.headers {
            header.write(&self.message, scope, &context, &mut before);
        }
        before.extend_from_slice(b"<LogicalAddress xmlns=\"urn:riv:itintegration:registry:1\">");
        let mut body = Vec::with_capacity(self.body.1.range().len() + 512);
        self.body.1.write(&self.message, &self.body.0, &context, &mut body);
        Forwarded { before, body }
    }
}

/// A message to sources, its address still open.
#[derive(Debug)]
pub(super) struct Forwarded {
    before: Vec<u8>,
    body: Vec<u8>,
}

impl Forwarded {
    /// The message to one address, with a body of its own where there is one.
    pub(super) fn to(&self, address: &str, body: Option<&str>) -> Bytes {
        let body = body.map_or(self.body.as_slice(), str::as_bytes);
        let mut text = String::with_capacity(address.len() + 16);
        escape_into(&mut text, address);
        let parts: [&[u8]; 5] = [
            &self.before,
            text.as_bytes(),
            b"</LogicalAddress></soap:Header><soap:Body>",
            body,
            b"</soap:Body></soap:Envelope>",
        ];
        Bytes::from(parts.concat())
    }
}

/// Cuts out an element together with what its prefixes stand for.
fn cut<'a>(
    reader: &mut Reader<'a>,
    message: &Bytes,
    name: Name<'a>,
    see: impl FnMut(&Reader<'a>, Token<'a>) -> Result<(), XmlError>,
) -> Result<(Scope, Cut), XmlError> {
    // Its own declarations are among these as well, and stay its own.
    let mut scope = Scope::of(reader);
    let cut = Cut::take(reader, message, name, see)?;
    scope.look_through(&message[cut.range()]);
    Ok((scope, cut))
}
