//! The validation log (`aggregation.md` §3.5): what in sources' answers does not follow their contract, told at intervals in the
//! operational log and to no consumer. Off, unless services are named in `vp.validationLog.services`.
//!
//! Answers are looked at beside the call, which never waits for it; each finding is told once in an interval.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::bounds::Places;
use super::service::Service;
use crate::config::aggregation::ValidationLogSettings;
use crate::config::contracts::MessageLimits;
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::validate::finding::Finding;
use crate::contracts::validate::{Options, Report, Target, validate};
use crate::domain::clock::Clock;
use crate::domain::identity_number::{Hide, masked};

/// Most findings that are kept for one report; it says how many there were beyond.
const FINDINGS_MAX: usize = 10_000;
/// Most bytes of answers that wait to be looked at; those beyond are not, and the report says how many.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// What makes a message unreadable: not XML, in no character set, beyond a limit, with a document type.
const FATAL: [&str; 4] = ["V01", "V35", "V36", "V37"];

/// What is wrong with answers, between one report and the next.
#[derive(Debug)]
pub struct ValidationLog {
    settings: ValidationLogSettings,
    waiting: Places,
    seen: Mutex<Seen>,
    is_announced: AtomicBool,
    /// Findings since the start, each once in its interval.
    count: AtomicU64,
}

#[derive(Debug, Default)]
struct Seen {
    known: HashSet<(String, String, String)>,
    entries: Vec<Entry>,
    beyond: u64,
    unread: u64,
}

/// One finding as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    service: String,
    receiver: String,
    message: String,
    /// Of the call in which it was first seen.
    correlation_id: String,
    line: u64,
    column: u64,
}

/// The answers of one aggregated call that are looked at.
pub(super) struct Watched {
    pub(super) log: Arc<ValidationLog>,
    pub(super) contract: Arc<Contract>,
    pub(super) limits: MessageLimits,
    pub(super) service: String,
    pub(super) correlation_id: String,
}

impl Watched {
    /// Looks at an answer, while whoever waits for it goes on.
    pub(super) fn look(&self, receiver: &str, answer: Bytes) -> Option<JoinHandle<()>> {
        let Some(place) = self.log.waiting.take(answer.len()) else {
            self.log.lock().unread += 1;
            return None;
        };
        let target = Target::Contract(Arc::clone(&self.contract), Some(Direction::Response));
        let options = Options { limits: self.limits.clone(), ..Options::default() };
        let log = Arc::clone(&self.log);
        let (service, receiver) = (self.service.clone(), receiver.to_owned());
        let correlation_id = masked(&self.correlation_id, Hide::Every).into_owned();
        Some(tokio::task::spawn_blocking(move || {
            let report = validate(target, options, &answer);
            log.note(&report, &service, &receiver, &correlation_id);
            drop(place);
        }))
    }
}

impl ValidationLog {
    /// The log, if any service is named.
    pub(super) fn new(settings: &ValidationLogSettings) -> Option<Arc<Self>> {
        (!settings.services.is_empty()).then(|| {
            Arc::new(Self {
                settings: settings.clone(),
                waiting: Places::new(WAITING_BYTES_MAX),
                seen: Mutex::default(),
                is_announced: AtomicBool::new(false),
                count: AtomicU64::new(0),
            })
        })
    }

    /// Whether the answers of a service's sources are looked at.
    pub(super) fn covers(&self, service: &Service) -> bool {
        self.settings.services.iter().any(|name| service.is_named(name))
    }

    /// Findings since the start.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Reports at every interval, and once more at the end.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let interval = self.settings.interval;
        let mut ticks = interval_at((Clock::instant() + interval).into(), interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return self.flush(),
                _ = ticks.tick() => self.flush(),
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, report: &Report, service: &str, receiver: &str, correlation_id: &str) {
        let mut seen = self.lock();
        for finding in report.errors.iter().chain(&report.warnings) {
            let message = self.message(finding);
            let key = (service.to_owned(), receiver.to_owned(), message);
            if seen.known.contains(&key) {
                continue;
            }
            if seen.known.len() == FINDINGS_MAX {
                seen.beyond += 1;
                continue;
            }
            self.count.fetch_add(1, Ordering::Relaxed);
            seen.entries.push(Entry {
                service: key.0.clone(),
                receiver: key.1.clone(),
                message: key.2.clone(),
                correlation_id: correlation_id.to_owned(),
                line: finding.line,
                column: finding.column,
            });
            seen.known.insert(key);
        }
    }

    /// How bad it is, and the validator's text: as it is, or what stands for it, since it may quote the answer.
    fn message(&self, finding: &Finding) -> String {
        let kind = match finding {
            finding if finding.warning => "Validation warning",
            finding if FATAL.contains(&finding.code) => "Fatal validation error",
            _ => "Validation error",
        };
        if self.settings.is_plain {
            return format!("{kind}: {}", masked(&finding.en, Hide::Every));
        }
        let mut message = format!("{kind}: ");
        for byte in Sha256::digest(finding.en.as_bytes()) {
            // Writing to a string cannot fail.
            let _ = write!(message, "{byte:02x}");
        }
        message
    }

    fn take(&self) -> Seen {
        std::mem::take(&mut *self.lock())
    }

    /// Tells what there is, as maps of the reference's fields.
    fn flush(&self) {
        if !self.is_announced.swap(true, Ordering::Relaxed) {
            tracing::info!("Logging validation errors for services [{}]", self.settings.services.join(", "));
        }
        let Seen { entries, beyond, unread, .. } = self.take();
        for Entry { service, receiver, message, correlation_id, line, column } in entries {
            tracing::warn!(
                LogMessage = "validation-err",
                service,
                receiverid = receiver,
                BusinessCorrelationId = correlation_id,
                location.lineNumber = line,
                location.columnNumber = column,
                "{message}"
            );
        }
        if beyond + unread > 0 {
            tracing::warn!(
                beyond,
                unread,
                "the validation log has left out findings, or answers that nobody looked at"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use super::*;
    use crate::config::contracts::ImportLimits;
    use crate::contracts::builtin;
    use crate::contracts::import::Importer;
    use crate::contracts::registry::Registry;

    fn watched(is_plain: bool) -> Watched {
        let services = vec!["GetAggregatedDiagnosis-v2".to_owned()];
        let settings = ValidationLogSettings { services, interval: Duration::from_secs(60), is_plain };
        let (registry, _) =
            Registry::new(builtin::contracts(&mut Importer::default()).0, &HashMap::new(), &ImportLimits::default());
        Watched {
            log: ValidationLog::new(&settings).expect("a service is named"),
            contract: registry.select("GetDiagnosis:2", None).expect("it ships"),
            limits: MessageLimits::default(),
            service: "GetAggregatedDiagnosis-v2".to_owned(),
            correlation_id: "c-1".to_owned(),
        }
    }

    fn answer(inside: &str) -> Bytes {
        let namespace = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";
        format!(
            "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
             <GetDiagnosisResponse xmlns='{namespace}'>\n{inside}</GetDiagnosisResponse></e:Body></e:Envelope>"
        )
        .into()
    }

    async fn looked_at(watched: &Watched, answers: &[(&str, Bytes)]) -> Vec<Entry> {
        for (receiver, answer) in answers {
            watched.look(receiver, answer.clone()).expect("there is room").await.expect("it was looked at");
        }
        watched.log.take().entries
    }

    #[tokio::test]
    async fn a_finding_is_told_once_for_each_source_and_interval() {
        let watched = watched(true);
        let (right, wrong) = (answer(""), answer("<strange/>"));
        let answers = [("A", right.clone()), ("A", wrong.clone()), ("A", wrong.clone()), ("B", wrong.clone())];
        let found = looked_at(&watched, &answers).await;
        let receivers: Vec<_> = found.iter().map(|entry| entry.receiver.as_str()).collect();
        assert_eq!(receivers, ["A", "B"], "{found:?}");
        assert!(found[0].message.starts_with("Validation error: strange"), "{found:?}");
        assert_eq!((found[0].line, found[0].column, found[0].correlation_id.as_str()), (2, 1, "c-1"));
        assert_eq!(looked_at(&watched, &[("A", wrong)]).await.len(), 1, "again in the next interval");
        assert_eq!((looked_at(&watched, &[("A", right)]).await.len(), watched.log.count()), (0, 3));
    }

    #[tokio::test]
    async fn texts_are_hidden_by_their_hash_and_what_cannot_be_read_is_fatal() {
        let (plain, hidden) = (watched(true), watched(false));
        let wrong = [("A", answer("<strange/>"))];
        let (plain_found, hidden_found) = (looked_at(&plain, &wrong).await, looked_at(&hidden, &wrong).await);
        let text = plain_found[0].message.strip_prefix("Validation error: ").expect("an error");
        let hash: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hidden_found[0].message, format!("Validation error: {hash}"));
        let broken = looked_at(&plain, &[("A", Bytes::from_static(b"<a"))]).await;
        assert!(broken.iter().any(|entry| entry.message.starts_with("Fatal validation error: ")), "{broken:?}");
    }

    #[tokio::test]
    async fn more_than_it_can_hold_is_counted() {
        let watched = watched(true);
        let all = watched.log.waiting.take(WAITING_BYTES_MAX).expect("free");
        assert!(watched.look("A", answer("")).is_none());
        drop(all);
        assert_eq!(watched.log.take().unread, 1);
        {
            let mut seen = watched.log.lock();
            seen.known = (0..FINDINGS_MAX).map(|n| (n.to_string(), String::new(), String::new())).collect();
        }
        watched.look("A", answer("<strange/>")).expect("there is room").await.expect("it was looked at");
        let seen = watched.log.take();
        assert_eq!((seen.beyond, seen.entries.len()), (1, 0));
    }

    #[test]
    fn no_services_no_log() {
        let settings =
            ValidationLogSettings { services: Vec::new(), interval: Duration::from_secs(60), is_plain: false };
        assert!(ValidationLog::new(&settings).is_none());
    }
}
