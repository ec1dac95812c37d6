//! Messages held against their service contract on their way through, where `contracts.validate` says so
//! (`contracts.md` §4.5).
//!
//! The reference platform never does this, so it is off unless switched on, and off costs nothing: no body is looked into.
//! A message whose contract is not known, or cannot be used, is never refused. What a validation holds does not grow with
//! the message, and a large one lets other calls go on in between.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::Hub;
use super::exchange::CallRecord;
use super::read::{Read, mtom};
use crate::config::contracts::Validate;
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::validate::finding::Finding;
use crate::contracts::validate::{Options, Report, Target, Validation};
use crate::soap::charset;

/// What is fed before other calls get their turn.
const PIECE_BYTES: usize = 64 << 10;
/// Most findings that stand in a fault; the record has more.
const TOLD_MAX: usize = 5;

/// A message that does not follow its contract, in `fault` mode.
#[derive(Debug, thiserror::Error)]
#[error("the message does not follow the service contract {contract}")]
pub struct NotValid {
    /// Which of the two messages.
    pub direction: Direction,
    /// The contract's name: `GetDiagnosis:2`.
    pub contract: String,
    /// What was found.
    pub report: Arc<Report>,
}

impl NotValid {
    /// What the consumer is told, in Swedish as every fault of the platform.
    pub fn text(&self) -> String {
        let (message, sender) = match self.direction {
            Direction::Request => ("Begäran", "i anropet"),
            Direction::Response => ("Tjänsteproducentens svar", "i svaret"),
        };
        let first = self.report.errors.first().map_or_else(String::new, |finding| {
            format!(" Första felet {sender}, rad {}, kolumn {}: {}", finding.line, finding.column, finding.sv)
        });
        format!("{message} följer inte tjänstekontraktet {}. Antal fel: {}.{first}", self.contract, self.count())
    }

    /// The first findings, a line each.
    pub fn detail(&self) -> String {
        let line = |finding: &Finding| {
            let Finding { line, column, code, path, en, .. } = finding;
            format!("{line}:{column} {code} {path}: {en}")
        };
        let mut lines: Vec<String> = self.report.errors.iter().take(TOLD_MAX).map(line).collect();
        let left = self.report.error_count.saturating_sub(lines.len());
        if left > 0 {
            lines.push(format!("and {left} more"));
        }
        lines.join("\n")
    }

    fn count(&self) -> String {
        let more = if self.report.truncated && self.report.error_count > self.report.errors.len() {
            " eller fler"
        } else {
            ""
        };
        format!("{}{more}", self.report.error_count)
    }
}

/// What is to happen to a call's messages.
pub(super) struct Judging {
    /// Whether an invalid message ends the call.
    pub(super) is_strict: bool,
    contract: Arc<Contract>,
    /// The request as it came, or its SOAP part, and how it is to be read.
    request: Bytes,
    options: Options,
}

impl Hub {
    /// What is to be judged of a call whose route is known; `None` where validation is off or the contract is unknown.
    pub(super) fn judging(&self, record: &CallRecord, read: &Read, headers: &HeaderMap) -> Option<Judging> {
        let settings = self.contracts.settings();
        if settings.validate.is_off() {
            return None;
        }
        let namespace = record.contract.as_deref()?;
        let mode = settings.validate.of(namespace, record.producer_address.as_deref().unwrap_or_default());
        if mode == Validate::Off {
            return None;
        }
        let registry = self.contracts.registry();
        let contract = match registry.by_element(namespace, record.operation.as_deref().unwrap_or_default()) {
            Some((contract, Direction::Request)) => Arc::clone(contract),
            // An element the contract does not have is judged by any of its operations: it is not a message of it.
            _ => Arc::clone(registry.active().into_iter().find(|contract| contract.namespace == namespace)?),
        };
        let mut options = self.options(headers);
        let request = match &read.foreign {
            // The hub has turned it into UTF-8 already, declaration and all.
            Some(foreign) => {
                options.charset = None;
                foreign.in_utf8.clone()
            }
            None => read.body.clone(),
        };
        Some(Judging { is_strict: mode == Validate::Fault, contract, request, options })
    }

    /// How a message with these headers is read.
    fn options(&self, headers: &HeaderMap) -> Options {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let has_attachments = mtom::is_mtom(content_type);
        // With attachments, the type is that of the whole, not of the envelope.
        let charset = charset::in_content_type(content_type).filter(|_| !has_attachments).map(str::to_owned);
        Options { limits: self.contracts.settings().message.clone(), charset, has_attachments }
    }

    /// Judges the request.
    pub(super) async fn judge_request(&self, judging: &Judging) -> Arc<Report> {
        judge(&judging.contract, Direction::Request, judging.options.clone(), &judging.request).await
    }

    /// Judges a producer's answer that is not a fault.
    pub(super) async fn judge_answer(&self, judging: &Judging, headers: &HeaderMap, body: &Bytes) -> Arc<Report> {
        let options = self.options(headers);
        let envelope = if options.has_attachments { mtom::envelope(body) } else { None };
        let body = envelope.as_ref().unwrap_or(body);
        judge(&judging.contract, Direction::Response, options, body).await
    }
}

impl Judging {
    /// An invalid message, where it is to end the call. A contract that cannot be used refuses nothing.
    pub(super) fn refused(&self, direction: Direction, report: &Arc<Report>) -> Result<(), NotValid> {
        if !self.is_strict || report.error_count == 0 || report.unusable.is_some() {
            return Ok(());
        }
        Err(NotValid { direction, contract: self.contract.short_name(), report: Arc::clone(report) })
    }
}

/// One pass over a message, in pieces.
async fn judge(contract: &Arc<Contract>, direction: Direction, options: Options, message: &[u8]) -> Arc<Report> {
    let mut validation = Validation::new(Target::Contract(Arc::clone(contract), Some(direction)), options);
    for (number, piece) in message.chunks(PIECE_BYTES).enumerate() {
        if number > 0 {
            tokio::task::yield_now().await;
        }
        validation.feed(piece);
        if validation.is_stopped() {
            break;
        }
    }
    let mut report = validation.finish();
    // Kept with the call even where the body's element belongs to no contract.
    report.direction = Some(direction);
    report.contract = Some(contract.namespace.clone());
    report.version = Some(contract.version.to_string());
    // A missing routing header is routing's business, and has its own code there.
    report.warnings.clear();
    Arc::new(report)
}
