//! The SOAP services of the index: Update, ProcessNotification, FindContent (`ei.md` §1–§4).

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::answer;
use super::fault::{self, IndexFault};
use super::find;
use super::notify::Notifier;
use super::open::Index;
use super::record::{Accepted, Clears, Record, Source};
use super::request::transactions::Transactions;
use super::request::{self, Addressed, Call};
use super::validate;
use crate::soap::responder::{Answer, Responder};

/// The header that every call must carry; the reference takes any value, an empty one too.
pub const CORRELATION_ID: &str = "x-skltp-correlation-id";

/// Which calls a service takes. The body's first element says which one it is; path and `SOAPAction` do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Update.
    Update,
    /// ProcessNotification.
    ProcessNotification,
    /// FindContent.
    FindContent,
    /// All three: for the hub, which calls one producer by several contracts.
    All,
}

/// One endpoint of the index.
#[derive(Clone, Debug)]
pub struct Service {
    index: Arc<Index>,
    notifier: Option<Arc<Notifier>>,
    takes: Takes,
}

impl Service {
    /// An endpoint. Without a notifier, nobody looks for subscribers when a message comes in.
    pub fn new(index: Arc<Index>, notifier: Option<Arc<Notifier>>, takes: Takes) -> Self {
        Self { index, notifier, takes }
    }

    async fn document(&self, headers: &HeaderMap, body: &[u8]) -> Result<Bytes, IndexFault> {
        let settings = self.index.settings();
        let bytes_max = settings.limits.body_bytes_max;
        if body.len() > bytes_max {
            return Err(fault::request_too_large(bytes_max));
        }
        let Addressed { logical_address, call } = request::read(body)?;
        self.check_taken(&call)?;
        let correlation_id = headers.get(CORRELATION_ID);
        if correlation_id.is_none() && settings.correlation_id_required {
            return Err(fault::no_correlation_id());
        }
        let (source, read) = match call {
            Call::FindContent(query) => return find::find(self.index.memory(), &query, settings).map(Bytes::from),
            Call::Update(read) => {
                validate::address(logical_address.as_deref(), settings)?;
                (Source::Update, read)
            }
            Call::ProcessNotification(read) => (Source::Notification, read),
        };
        validate::transactions(source, &read, settings)?;
        let correlation_id = correlation_id.map_or("", |value| value.to_str().unwrap_or_default());
        if let Some(record) = self.record(source, read, correlation_id) {
            if let Some(notifier) = &self.notifier {
                notifier.refresh_if_due().await;
            }
            self.index.write(&record).await.map_err(|error| fault::not_written(&error))?;
        }
        Ok(answer::accepted(source).into())
    }

    fn check_taken(&self, call: &Call<'_>) -> Result<(), IndexFault> {
        let (takes, namespace, name) = match call {
            Call::Update(_) => (Takes::Update, request::UPDATE, "Update"),
            Call::ProcessNotification(_) => {
                (Takes::ProcessNotification, request::PROCESS_NOTIFICATION, "ProcessNotification")
            }
            Call::FindContent(_) => (Takes::FindContent, request::FIND_CONTENT, "FindContent"),
        };
        if self.takes == Takes::All || self.takes == takes {
            return Ok(());
        }
        Err(fault::unknown_operation(namespace, name))
    }

    /// What is written down of a valid message; `None` where nothing of it concerns us (`ProcessNotification-R4`).
    fn record<'a>(&'a self, source: Source, read: Transactions<'a>, correlation_id: &'a str) -> Option<Record<'a>> {
        let settings = self.index.settings();
        let transactions = match source {
            Source::Update => read.without_owners(),
            Source::Notification => read.without_owner(&settings.own_id),
        };
        if transactions.is_empty() {
            return None;
        }
        let collects = source == Source::Update && transactions.len() <= settings.collect.threshold;
        let accepted = Accepted {
            at: self.index.now(),
            clears: Clears::Nothing,
            source,
            ignore_older: settings.ignore_older && source == Source::Update,
            own_id: settings.own_id.as_str().into(),
            correlation_id: correlation_id.into(),
            transactions,
        };
        Some(if collects { Record::Collect(accepted) } else { Record::Apply(accepted) })
    }
}

impl Responder for Service {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            if request.method() != Method::POST {
                return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "SOAP calls are sent with POST\n"));
            }
            let (head, body) = request.into_parts();
            let (status, document) = match self.document(&head.headers, &body).await {
                Ok(document) => (StatusCode::OK, document),
                Err(refused) => (StatusCode::INTERNAL_SERVER_ERROR, answer::fault(&refused).into()),
            };
            Ok(plain(status, "text/xml;charset=UTF-8", document))
        })
    }
}

/// The answer to a request that was not read to its end, because it is larger than it may be.
pub fn too_large(bytes_max: usize) -> Response<Bytes> {
    let document = answer::fault(&fault::request_too_large(bytes_max));
    plain(StatusCode::INTERNAL_SERVER_ERROR, "text/xml;charset=UTF-8", document)
}

/// An answer with a body of a type.
pub(super) fn plain(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
