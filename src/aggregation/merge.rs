//! Sources' answers, read in one pass and held back until they are set side by side (`aggregation.md` §1.7).
//!
//! No tree is made: an answer is kept as the bytes it came in, beside the place of each record in them, and let go of when its
//! last record has been written. What the merge costs in memory is the answers themselves.

use std::ops::Range;

use bytes::Bytes;

use super::row::ResultMode;
use super::service::Service;
use super::splice::{Context, Cut, Scope};
use super::walk::{EnvelopeError, Part, qualified, skip, walk};
use crate::soap::fault::{self, SOAP_11};
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Reader, Token};
use crate::soap::xml::text::escape_attribute_into;

/// A source's answer, held back.
#[derive(Debug)]
pub(super) struct Held {
    message: Bytes,
    scope: Scope,
    /// The records of each of the service's lists.
    lists: Vec<Vec<Cut>>,
}

/// Why an answer is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AnswerError {
    /// It is a SOAP fault, with this text.
    #[error("{0}")]
    Fault(String),
    /// It is no message that could be read.
    #[error(transparent)]
    Unreadable(#[from] EnvelopeError),
    /// It answers something else.
    #[error("Message part {0} was not recognized.  (Does it exist in service WSDL?)")]
    Unexpected(String),
}

impl From<XmlError> for AnswerError {
    fn from(error: XmlError) -> Self {
        Self::Unreadable(error.into())
    }
}

impl Held {
    /// Reads an answer in UTF-8, to its end. A body without a child is an answer without records.
    pub(super) fn read(service: &Service, message: Bytes) -> Result<Self, AnswerError> {
        let mut lists = vec![Vec::new(); service.lists.len()];
        let mut scope = Scope::default();
        walk(&message, |part, reader, name| {
            if part == Part::Header {
                return Ok(skip(reader, &message, name)?);
            }
            let namespace = reader.namespaces().resolve(name.prefix()).unwrap_or_default();
            if namespace == SOAP_11.as_bytes() && name.local() == b"Fault" {
                return Err(AnswerError::Fault(fault::read(&message).text));
            }
            if !service.response.is(namespace, name.local()) {
                return Err(AnswerError::Unexpected(qualified(namespace, name.local())));
            }
            scope = Scope::of(reader);
            let span = records(reader, &message, service, &mut lists)?;
            scope.look_through(&message[span]);
            Ok(())
        })?;
        Ok(Self { message, scope, lists })
    }

    /// How many records it has.
    pub(super) fn records(&self) -> usize {
        self.lists.iter().map(Vec::len).sum()
    }

    /// What it holds in memory.
    pub(super) fn bytes(&self) -> usize {
        self.message.len()
    }

    fn length_max(&self) -> usize {
        self.lists.iter().flatten().map(|cut| cut.length_max(&self.scope)).sum()
    }
}

/// Reads the children of the response element, whose start the reader has just given, to its end. Gives the part of the
/// message in which the records stand.
fn records(
    reader: &mut Reader<'_>,
    message: &Bytes,
    service: &Service,
    lists: &mut [Vec<Cut>],
) -> Result<Range<usize>, XmlError> {
    let mut span: Option<Range<usize>> = None;
    loop {
        match reader.next()?.ok_or_else(|| reader.error_here("Unexpected EOF"))? {
            Token::Start(name) => {
                let namespace = reader.namespaces().resolve(name.prefix()).unwrap_or_default();
                let list = service.lists.iter().position(|list| list.is(namespace, name.local()));
                let cut = Cut::take(reader, message, name, |_, _| Ok(()))?;
                let Some(list) = list else { continue };
                let range = cut.range();
                span = Some(span.map_or(range.start, |before| before.start)..range.end);
                lists[list].push(cut);
            }
            Token::End(_) => return Ok(span.unwrap_or(0..0)),
            _ => {}
        }
    }
}

/// Prefixes of the response element that are not a source's.
const CORE: &str = "c";

/// Writes the response element with the records of all answers, in their order, list by list, and the result that the
/// schema demands.
pub(super) fn write(service: &Service, mut answers: Vec<Held>, out: &mut Vec<u8>) {
    let own = [("soap", SOAP_11), (CORE, service.core_namespace.as_str())];
    let own = if service.result == ResultMode::None { &own[..1] } else { &own[..] };
    let mut context = Context::new(&service.response.namespace, own);
    answers.iter().for_each(|answer| context.take_in(&answer.scope));
    out.reserve(answers.iter().map(|answer| answer.length_max()).sum::<usize>() + 1_024);
    let name = service.response.local.as_bytes();
    out.push(b'<');
    out.extend_from_slice(name);
    let mut namespace = String::new();
    escape_attribute_into(&mut namespace, &service.response.namespace);
    out.extend_from_slice(format!(" xmlns=\"{namespace}\"").as_bytes());
    // The envelope has declared the first.
    context.declare(1, out);
    out.push(b'>');
    for list in 0..service.lists.len() {
        for answer in &mut answers {
            for cut in &answer.lists[list] {
                cut.write(&answer.message, &answer.scope, &context, out);
            }
            if list + 1 == service.lists.len() {
                answer.message = Bytes::new();
            }
        }
    }
    out.extend_from_slice(match service.result {
        ResultMode::None => b"".as_slice(),
        ResultMode::Info => b"<result><c:resultCode>INFO</c:resultCode></result>",
        ResultMode::InfoNa => b"<result><c:resultCode>INFO</c:resultCode><c:logId>NA</c:logId></result>",
    });
    out.extend_from_slice(b"</");
    out.extend_from_slice(name);
    out.push(b'>');
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::aggregation::service;
    use crate::config::aggregation::SourceCalls;
    use crate::config::environment::Environment;
    use crate::soap::xml::reader;

    /// The service with this tag, as it ships.
    fn shipped(tag: &str) -> Service {
        let second = Duration::from_secs(1);
        let sources =
            SourceCalls { url: None, connect_timeout: second, receive_timeout: second, total_timeout: second };
        let (services, problems) = service::load(&Environment::Demo, &BTreeMap::new(), &sources);
        assert_eq!(problems, []);
        services.into_iter().find(|service| service.tag == tag).expect("it ships")
    }

    /// Two answers set side by side, in an envelope.
    fn merged(service: &Service, answers: Vec<Held>) -> String {
        let mut out = format!("<soap:Envelope xmlns:soap=\"{SOAP_11}\"><soap:Body>").into_bytes();
        write(service, answers, &mut out);
        out.extend_from_slice(b"</soap:Body></soap:Envelope>");
        String::from_utf8(out).expect("UTF-8")
    }

    const ANSWER: &str = "<?xml version='1.0'?><e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' \
        xmlns:c='urn:riv:clinicalprocess:healthcond:description:3' xmlns='urn:d'><e:Header><a/></e:Header><e:Body>\
        <r:GetCareDocumentationResponse xmlns:r='urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:3'>\
        <r:careDocumentation c:x='c:y'><c:header xmlns:soap='s'>\u{e5}&amp;<![CDATA[<x>]]></c:header><soap:y xmlns:soap='t'/>\
        <plain type='q'/></r:careDocumentation><r:hasMore><c:z/></r:hasMore><c:result>x</c:result>\
        </r:GetCareDocumentationResponse></e:Body></e:Envelope>";

    #[test]
    fn lists_stand_behind_each_other_and_what_is_no_record_goes() {
        let service = shipped("GCD3");
        let held = || Held::read(&service, Bytes::from_static(ANSWER.as_bytes())).expect("an answer");
        assert_eq!(held().records(), 2);
        let text = merged(&service, vec![held(), held()]);
        reader::check(text.as_bytes()).expect("well-formed");
        let order: Vec<_> = ["careDocumentation ", "hasMore", "INFO"].iter().map(|part| text.rfind(part)).collect();
        assert!(order.is_sorted() && order[0].is_some(), "{text}");
        assert_eq!(
            (text.matches("<r:careDocumentation ").count(), text.matches("result>x<").count()),
            (2, 0),
            "{text}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whatever an answer is, it is refused or what is made of it is well-formed.
        #[test]
        fn a_merged_answer_is_well_formed_whatever_came(
            changes in prop::collection::vec((0..ANSWER.len(), any::<prop::sample::Index>(), 0..3_u8), 0..4),
        ) {
            const PARTS: [&[u8]; 12] = [
                b"<", b">", b"/", b" xmlns='x'", b" xmlns:c='q'", b"xmlns:r=''", b"\"", b"'", b"c:", b"&#1;", b"\xff", b"<!--",
            ];
            let mut bytes = ANSWER.as_bytes().to_vec();
            for (at, part, kind) in changes {
                let at = at.min(bytes.len() - 1);
                let part = PARTS[part.index(PARTS.len())];
                match kind {
                    0 => drop(bytes.splice(at..at, part.iter().copied())),
                    1 => drop(bytes.splice(at..at + 1, part.iter().copied())),
                    _ => drop(bytes.drain(at..(at + 7).min(bytes.len()))),
                }
            }
            let service = shipped("GCD3");
            let good = Held::read(&service, Bytes::from_static(ANSWER.as_bytes())).expect("an answer");
            if let Ok(held) = Held::read(&service, Bytes::from(bytes)) {
                let text = merged(&service, vec![good, held]);
                prop_assert!(reader::check(text.as_bytes()).is_ok(), "{}", text);
            }
        }
    }
}
