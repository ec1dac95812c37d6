//! What the contract says of request and answer.

use std::sync::Arc;

use http::{StatusCode, header};

use super::Deciding;
use crate::contracts::contract::Direction;
use crate::contracts::validate::{Options, Target, validate};
use crate::domain::identifiers::operation_of;
use crate::producers::file::Streamed;
use crate::producers::reply::{Reply, fault};
use crate::producers::spec::producer::Validation;
use crate::soap::fault::Side;

/// Most errors of a validation that a fault or a row lists.
const ERRORS_MAX: usize = 5;

impl Deciding<'_, '_> {
    /// What the contract says of a message; `None` where nobody knows the contract.
    pub(in crate::producers) fn validated(&self, message: &[u8], direction: Direction) -> Option<Vec<String>> {
        let registry = self.wiring.contracts.as_ref()?.registry();
        let contract = self.asked.contract()?;
        let (known, _) = registry.by_element(contract, operation_of(contract))?;
        let target = Target::Contract(Arc::clone(known), Some(direction));
        let report = validate(target, Options::default(), message);
        if report.unusable.is_some() {
            return None;
        }
        Some(
            report
                .errors
                .iter()
                .take(ERRORS_MAX)
                .map(|error| format!("{} {}: {}", error.code, error.path, error.en))
                .collect(),
        )
    }

    fn is_known(&self, contract: &str) -> bool {
        let registry = self.wiring.contracts.as_ref().map(|contracts| contracts.registry());
        registry.is_some_and(|registry| registry.by_element(contract, operation_of(contract)).is_some())
    }

    /// Checks the request as `validate.request` says; a fault where it asks for one.
    pub(super) fn check_request(&mut self) -> Option<Reply> {
        let how = self.files.producer.validate_request;
        if how == Validation::Off {
            return None;
        }
        self.request_errors = self.validated(self.asked.body(), Direction::Request);
        let errors = self.request_errors.as_ref().filter(|errors| !errors.is_empty())?;
        if how != Validation::Fault {
            return None;
        }
        self.answered.source = Some("validation".to_owned());
        Some(fault(
            Side::Client,
            &format!("anslut: the request does not follow its contract: {}", errors.join("; ")),
            "",
        ))
    }

    /// Checks the answer as `validate.response` says, unless something was to be wrong with it.
    pub(super) fn check_response(&mut self, reply: Reply) -> Reply {
        let how = self.files.producer.validate_response;
        let Reply::Answer(answer) = &reply else { return reply };
        let file = answer.extensions().get::<Streamed>();
        if how == Validation::Off || self.answered.behaviour.is_some() || answer.status() != StatusCode::OK {
            return reply;
        }
        let is_xml =
            answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/xml"));
        if !is_xml || (answer.body().is_empty() && file.is_none()) {
            return reply;
        }
        let by_contract = |body: &[u8]| self.validated(body, Direction::Response);
        self.response_errors = match (file, self.asked.contract()) {
            (None, _) => by_contract(answer.body()),
            (Some(Streamed(file)), Some(contract)) if self.is_known(contract) => file.verdict(contract, by_contract),
            (Some(_), _) => None,
        };
        let errors = self.response_errors.iter().flatten().cloned().collect::<Vec<_>>();
        if how != Validation::Fault || errors.is_empty() {
            return reply;
        }
        let which = match &self.answered.stub {
            Some(stub) => format!("{} ({}:{})", stub.name, stub.file.display(), stub.line),
            None => self.answered.source.clone().unwrap_or_default(),
        };
        let text = format!("anslut: the answer of {which} does not follow its contract: {}", errors.join("; "));
        fault(Side::Server, &text, "")
    }
}
