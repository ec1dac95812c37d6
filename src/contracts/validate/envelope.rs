//! SOAP 1.1 around the message, and which contract the message belongs to (`contracts.md` §2.7, §4.1).

use std::sync::Arc;

use super::Target;
use super::content::Child;
use super::finding::{Facts, Rule};
use super::machine::{Frame, FrameKind, Machine};
use crate::contracts::contract::{Contract, Direction, domain_and_major};
use crate::contracts::schema::Schema;

/// The contract a message belongs to, and which of its messages it is.
type Identified = (Arc<Contract>, Direction);
/// Why it belongs to none.
type Wrong = Box<(Rule, Facts)>;

const SOAP: &[u8] = b"http://schemas.xmlsoap.org/soap/envelope/";

impl Machine {
    /// An element of the envelope, or the message itself.
    pub(super) fn start_soap(
        &mut self,
        schema: Option<&Schema>,
        window: &[u8],
        at: usize,
        name: (usize, usize),
        mut frame: Frame,
    ) -> Result<(), (usize, String)> {
        let parent = self.frames[self.frames.len() - 1].kind;
        let prefix = &window[name.0..(name.0 + usize::from(frame.prefix)).saturating_sub(1).max(name.0)];
        let local = &window[name.0 + usize::from(frame.prefix)..name.1];
        let is_soap = self.scope.resolve(prefix) == Some(SOAP);
        match (parent, local) {
            (FrameKind::Document, _) if self.seen_root => return Err((name.0, "a second root element".to_owned())),
            (FrameKind::Document, b"Envelope") if is_soap => {
                self.seen_root = true;
                frame.kind = FrameKind::Envelope;
            }
            (FrameKind::Envelope, b"Header") if is_soap => frame.kind = FrameKind::Header,
            (FrameKind::Envelope, b"Body") if is_soap => {
                self.bodies = 0;
                frame.kind = FrameKind::Body;
            }
            (FrameKind::Header, _) => return self.start_header(schema, window, at, name, frame),
            (FrameKind::Document | FrameKind::Body, _) => {
                return self.start_message(schema, window, at, name, frame, is_soap);
            }
            _ => {}
        }
        self.push(frame, &window[name.0..name.1]);
        Ok(())
    }

    /// A header block, judged where the contract declares it.
    fn start_header(
        &mut self,
        schema: Option<&Schema>,
        window: &[u8],
        at: usize,
        name: (usize, usize),
        frame: Frame,
    ) -> Result<(), (usize, String)> {
        let prefix = &window[name.0..(name.0 + usize::from(frame.prefix)).saturating_sub(1).max(name.0)];
        let namespace = String::from_utf8_lossy(self.scope.resolve(prefix).unwrap_or_default()).into_owned();
        let local = String::from_utf8_lossy(&window[name.0 + usize::from(frame.prefix)..name.1]).into_owned();
        const HEADERS_MAX: usize = 64;
        if self.headers.len() < HEADERS_MAX {
            self.headers.push((namespace, local));
        }
        let symbol = frame.symbol;
        self.push(frame, &window[name.0..name.1]);
        if let Some(schema) = schema {
            let declared = schema.global_elements.get(&symbol);
            let child = declared.map_or(Child::Skipped, |element| Child::Declared(*element, false));
            if declared.is_some() {
                self.open(schema, window, at, child);
            }
        }
        Ok(())
    }

    /// The element in the body, or a message without an envelope.
    fn start_message(
        &mut self,
        schema: Option<&Schema>,
        window: &[u8],
        at: usize,
        name: (usize, usize),
        mut frame: Frame,
        is_soap: bool,
    ) -> Result<(), (usize, String)> {
        let prefix = &window[name.0..(name.0 + usize::from(frame.prefix)).saturating_sub(1).max(name.0)];
        let local = &window[name.0 + usize::from(frame.prefix)..name.1];
        let is_first = self.bodies == 0;
        if is_first && self.contract.is_none() && !(is_soap && local == b"Fault") {
            let namespace = String::from_utf8_lossy(self.scope.resolve(prefix).unwrap_or_default()).into_owned();
            let local = String::from_utf8_lossy(local).into_owned();
            match self.identify_contract(&namespace, &local) {
                Ok(found) => {
                    self.contract = Some(found);
                    if schema.is_none() {
                        self.scope.close(frame.scope);
                        self.identified = true;
                        return Ok(());
                    }
                }
                Err(wrong) => {
                    let (rule, facts) = *wrong;
                    self.bodies += 1;
                    self.seen_root = true;
                    self.push(frame, &window[name.0..name.1]);
                    let place = self.cursor.place(window, at);
                    self.add(rule, place, facts);
                    return Ok(());
                }
            }
        }
        self.bodies += 1;
        self.seen_root = true;
        let element =
            self.contract.as_ref().filter(|_| is_first).and_then(|(contract, direction)| contract.element(*direction));
        let Some((schema, element)) = schema.zip(element) else {
            self.push(frame, &window[name.0..name.1]);
            return Ok(());
        };
        frame.symbol = schema.element(element).name;
        self.push(frame, &window[name.0..name.1]);
        self.check_headers(window, at);
        self.open(schema, window, at, Child::Declared(element, false));
        Ok(())
    }

    fn identify_contract(&self, namespace: &str, local: &str) -> Result<Identified, Wrong> {
        let is = |contract: &Contract, direction: Direction| {
            let name = match direction {
                Direction::Request => Some(&contract.request),
                Direction::Response => contract.response.as_ref(),
            };
            name.is_some_and(|name| name.namespace == namespace && name.local == local)
        };
        match &self.target {
            Target::Contract(contract, wanted) => {
                let directions = [Direction::Request, Direction::Response].into_iter();
                let found = directions
                    .filter(|direction| wanted.is_none_or(|wanted| wanted == *direction))
                    .find(|direction| is(contract, *direction));
                found
                    .map(|direction| (contract.clone(), direction))
                    .ok_or_else(|| Box::new(self.not_a_message(contract, *wanted, namespace, local)))
            }
            Target::Registry(registry) => match registry.by_element(namespace, local) {
                Some((contract, direction)) => Ok((contract.clone(), direction)),
                None => {
                    let expected = if registry.knows_namespace(namespace) {
                        namespace.to_owned()
                    } else if let Some(other) = registry.other_major(namespace) {
                        let (_, major) = domain_and_major(namespace);
                        let facts =
                            Facts { found: major.to_string(), expected: vec![other.to_string()], ..Facts::default() };
                        return Err(Box::new((Rule::OtherMajor, facts)));
                    } else {
                        "one of the known contracts".to_owned()
                    };
                    Err(Box::new((
                        Rule::NotAMessage,
                        Facts { element: local.to_owned(), expected: vec![expected], ..Facts::default() },
                    )))
                }
            },
        }
    }

    fn not_a_message(
        &self,
        contract: &Contract,
        wanted: Option<Direction>,
        namespace: &str,
        local: &str,
    ) -> (Rule, Facts) {
        let (domain, major) = domain_and_major(namespace);
        let is_other_major = domain == contract.domain
            && major != contract.version.major
            && contract.namespace.rsplit_once(':').map(|(head, _)| head)
                == namespace.rsplit_once(':').map(|(head, _)| head);
        if is_other_major {
            let expected = vec![contract.version.major.to_string()];
            return (Rule::OtherMajor, Facts { found: major.to_string(), expected, ..Facts::default() });
        }
        let names = match wanted {
            Some(Direction::Response) => contract.response.iter().map(|name| name.local.clone()).collect(),
            Some(Direction::Request) => vec![contract.request.local.clone()],
            None => {
                std::iter::once(&contract.request).chain(&contract.response).map(|name| name.local.clone()).collect()
            }
        };
        (Rule::NotAMessage, Facts { element: local.to_owned(), expected: names, ..Facts::default() })
    }

    /// A request without the header its contract binds: only a warning, since routing has its own fault for it.
    fn check_headers(&mut self, window: &[u8], at: usize) {
        let Some((contract, Direction::Request)) = self.contract.clone() else { return };
        let has_envelope = self.frames.get(1).is_some_and(|frame| frame.kind == FrameKind::Envelope);
        if !has_envelope {
            return;
        }
        for (_, element) in &contract.headers {
            let is_there = self
                .headers
                .iter()
                .any(|(namespace, local)| *namespace == element.namespace && *local == element.local);
            if !is_there {
                let facts = Facts { expected: vec![element.clark()], warning: true, ..Facts::default() };
                let place = self.cursor.place(window, at);
                self.add(Rule::HeaderMissing, place, facts);
            }
        }
    }

    /// The end of the envelope or body.
    pub(super) fn end_soap(&mut self, window: &[u8], at: usize, kind: FrameKind) {
        let is_wrong = match kind {
            FrameKind::Body => self.bodies != 1,
            // Without a body there was never anything to count.
            _ => self.bodies == 0 && self.count == 0,
        };
        if is_wrong {
            let facts = Facts { number: self.bodies.to_string(), ..Facts::default() };
            let place = self.cursor.place(window, at);
            self.add(Rule::Body, place, facts);
        }
    }
}
