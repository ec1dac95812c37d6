//! Calls as they finish, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use http::{HeaderMap, StatusCode};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::exchanges::newest;
use super::filter::{Filter, FilterQuery};
use super::problem::Problem;
use super::summary::Summary;
use crate::admin::Admin;
use crate::hub::exchange::CallRecord;

/// A sign of life at least this often, so that proxies and browsers keep the stream open.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Calls sent again to a watcher that comes back with `Last-Event-ID` or names a `since_id`; of older ones, it is told
/// how many.
const REPLAY_MAX: usize = 100;

/// Streams calls as they finish
///
/// Each event `call` carries one call, its id as the event's id; a watcher that was too slow gets an event `missed` with
/// the number of calls it missed. With `Last-Event-ID`, what was recorded since that call comes first.
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/exchanges/stream", tag = "exchanges",
    params(FilterQuery, ("Last-Event-ID" = Option<u64>, Header, description = "Id of the last call seen")),
    responses(
        (status = 200, description = "The calls, one an event", body = Summary, content_type = "text/event-stream"),
        (status = 400, description = "A parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many watchers", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn watch(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<FilterQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let mut filter = query?.understood()?;
    let last_seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    filter.since_id = last_seen.or(filter.since_id);
    let permit = Arc::clone(&admin.watchers).try_acquire_owned().map_err(|_| {
        let text = format!("{} streams of calls are open already", crate::admin::WATCHERS_MAX);
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, text).expected("fewer streams, or a later try")
    })?;
    // Subscribed before the ring is read, so that no call falls between.
    let receiver = admin.parts.records.watch();
    let mut again = VecDeque::new();
    if filter.since_id.is_some() {
        filter.limit = usize::MAX;
        again = newest(&admin.parts.records, &filter).into_iter().rev().collect();
    }
    let missed = again.len().saturating_sub(REPLAY_MAX);
    again.drain(..missed);
    let replayed = again.iter().map(|call| call.id).collect();
    let closing = admin.closing.clone();
    let watcher = Watcher { receiver, missed: missed as u64, again, replayed, filter, closing, _permit: permit };
    let events = unfold(watcher, |mut watcher| async move { Some((Ok(watcher.next().await?), watcher)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)))
}

struct Watcher {
    receiver: Receiver<Arc<CallRecord>>,
    /// Calls recorded in its absence beyond those that come again; told first.
    missed: u64,
    /// Calls from the ring that come first, oldest first.
    again: VecDeque<Arc<CallRecord>>,
    /// Their numbers: one may also wait in the receiver.
    replayed: Vec<u64>,
    filter: Filter,
    closing: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

impl Watcher {
    /// The next event; `None` when the listener closes.
    async fn next(&mut self) -> Option<Event> {
        if self.missed > 0 {
            return Some(missed(std::mem::take(&mut self.missed)));
        }
        if let Some(call) = self.again.pop_front() {
            return Some(event(&call));
        }
        loop {
            let received = tokio::select! {
                () = self.closing.cancelled() => return None,
                received = self.receiver.recv() => received,
            };
            match received {
                Ok(call) if self.filter.wants(&call) && !self.replayed.contains(&call.id) => return Some(event(&call)),
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => return Some(missed(count)),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

fn missed(count: u64) -> Event {
    Event::default().event("missed").data(count.to_string())
}

fn event(call: &CallRecord) -> Event {
    let data = serde_json::to_string(&Summary::of(call)).expect("texts and numbers always serialise");
    Event::default().event("call").id(call.id.to_string()).data(data)
}
