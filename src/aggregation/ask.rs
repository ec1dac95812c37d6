//! Every source is asked at once, and waited for as long as there is time (`aggregation.md` §1.6).
//!
//! Each call is a task of its own: one that is given up goes on to its end, as it does at the reference, so that the hub's
//! log says what came of it. It keeps its place among the calls in flight until then.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, HeaderMap};
use http::{Method, Request, Response, Uri};
use tokio::sync::{Semaphore, mpsc};

use super::bounds::{Places, Taken};
use super::merge::{AnswerError, Held};
use super::service::Service;
use super::status::{Code, Failure};
use super::validation_log::Watched;
use super::walk::in_utf8;
use crate::domain::clock::Clock;
use crate::soap::responder::{Recorded, SharedResponder, TransportFault};

/// Answers from so many bytes on are read on threads beside: whatever thread waits for them carries other calls too, which
/// would stand still meanwhile. Below, handing over takes longer than reading.
pub(super) const ASIDE_BYTES_MIN: usize = 16 * 1_024;

/// What all calls of one fan-out share.
pub(super) struct Round {
    pub(super) service: Arc<Service>,
    pub(super) responder: SharedResponder,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) checker: Option<Checker>,
    /// Looks at answers beside the call.
    pub(super) watched: Option<Watched>,
    pub(super) answer_bytes_max: usize,
    pub(super) held: Places,
    /// The right to a thread beside; as many as there are processors.
    pub(super) readers: Arc<Semaphore>,
}

/// Judges a source's answer by the contract's schema; gives what is wrong with it.
pub(super) type Checker = Arc<dyn Fn(&Bytes) -> Result<(), String> + Send + Sync>;

/// What came of one call.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) answer: Result<Answer, Failure>,
    /// When it was made, and when it was answered or given up.
    pub(super) times: (Instant, Instant),
    /// Number of its record in the hub.
    pub(super) record: Option<u64>,
    pub(super) bytes: usize,
}

/// A source's answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) held: Held,
    pub(super) headers: HeaderMap,
    /// Its place among what is held back.
    pub(super) place: Taken,
}

/// A call to make: the whole message, and its place among the calls in flight.
pub(super) struct Call {
    /// Whom it goes to.
    pub(super) address: String,
    pub(super) message: Bytes,
    pub(super) place: Taken,
}

/// Asks everybody, and gives the outcomes in the order of the calls. `None` where the time for all was up first.
pub(super) async fn all(round: Round, calls: Vec<Call>) -> Vec<Option<Outcome>> {
    let (receive, total) = (round.service.receive_timeout, round.service.total_timeout);
    let begin = Clock::instant();
    let deadline = begin + receive.min(total);
    let round = Arc::new(round);
    let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(calls.len());
    let mut records = Vec::with_capacity(calls.len());
    // As many messages as calls: nobody ever waits to put one in.
    let (sender, mut receiver) = mpsc::unbounded_channel();
    for (number, call) in calls.into_iter().enumerate() {
        outcomes.push(None);
        let recorded = Recorded::default();
        records.push(recorded.clone());
        let (round, sender) = (Arc::clone(&round), sender.clone());
        tokio::spawn(async move {
            let outcome = one(&round, &call.address, call.message, recorded).await;
            // Nobody waits for it any more.
            let _ = sender.send((number, outcome));
            drop(call.place);
        });
    }
    drop(sender);
    let collecting = async {
        while let Some((number, outcome)) = receiver.recv().await {
            outcomes[number] = Some(outcome);
        }
    };
    if tokio::time::timeout_at(deadline.into(), collecting).await.is_err() {
        // What came while the timer ran out came in time.
        while let Ok((number, outcome)) = receiver.try_recv() {
            outcomes[number] = Some(outcome);
        }
        if receive <= total {
            let end = Clock::instant();
            for (outcome, recorded) in outcomes.iter_mut().zip(&records).filter(|(outcome, _)| outcome.is_none()) {
                let answer = Err(timed_out(receive, &round.uri));
                *outcome = Some(Outcome { answer, times: (begin, end), record: recorded.number(), bytes: 0 });
            }
        }
    }
    outcomes
}

/// The outcomes beside their addresses: those that came in the order of the calls, then those that did not.
pub(super) fn in_call_order(
    addresses: &[String],
    outcomes: Vec<Option<Outcome>>,
) -> impl Iterator<Item = (&str, Option<Outcome>)> {
    let mut pairs: Vec<_> = addresses.iter().map(String::as_str).zip(outcomes).collect();
    // Stable: within each part, the order stays.
    pairs.sort_by_key(|(_, outcome)| outcome.is_none());
    pairs.into_iter()
}

/// Makes one call and reads its answer.
async fn one(round: &Arc<Round>, address: &str, message: Bytes, recorded: Recorded) -> Outcome {
    let begin = Clock::instant();
    let mut request = Request::new(message);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = round.uri.clone();
    *request.headers_mut() = round.headers.clone();
    request.extensions_mut().insert(recorded.clone());
    let answered = round.responder.answer(request).await;
    let bytes = answered.as_ref().map_or(0, |response| response.body().len());
    let patience = round.service.receive_timeout;
    let answer = answered.map_err(|error| match Clock::instant().saturating_duration_since(begin) {
        // Whoever carries the call has a patience of its own; on a machine that stood still, both may be over at once.
        passed if passed >= patience => timed_out(patience, &round.uri),
        _ => transport(error, &round.uri),
    });
    let answer = match answer.and_then(|response| Ok((hold(round, bytes)?, response))) {
        Ok((place, response)) if bytes >= ASIDE_BYTES_MIN => {
            let (round, address) = (Arc::clone(round), address.to_owned());
            let readers = Arc::clone(&round.readers);
            aside(&readers, move || read(&round, &address, (place, response))).await.unwrap_or_else(Err)
        }
        answer => answer.and_then(|answer| read(round, address, answer)),
    };
    Outcome { answer, times: (begin, Clock::instant()), record: recorded.number(), bytes }
}

/// Does something on a thread beside, once one of so many is free.
pub(super) async fn aside<T: Send + 'static>(
    readers: &Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    // Nobody closes it.
    let _right = readers.acquire().await;
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Failure::other("the platform is shutting down".to_owned())),
    }
}

/// A place for an answer of so many bytes among those that wait to be merged.
fn hold(round: &Round, bytes: usize) -> Result<Taken, Failure> {
    round.held.take(bytes).ok_or_else(|| {
        Failure::other(format!("the answers that wait to be merged are more than {} bytes", round.held.most()))
    })
}

fn read(round: &Round, address: &str, (mut place, response): (Taken, Response<Bytes>)) -> Result<Answer, Failure> {
    let (head, body) = response.into_parts();
    let received = body.len();
    let body = unpacked(&head.headers, body, round.answer_bytes_max)?;
    if body.len() != received {
        drop(place);
        place = hold(round, body.len())?;
    }
    let body = in_utf8(&head.headers, body);
    if let Some(watched) = &round.watched {
        watched.look(address, body.clone());
    }
    let status = head.status;
    let read = Held::read(&round.service, body.clone());
    // A fault may come with any status, an answer with those the reference's library reads on at.
    if !status.is_success()
        && status != http::StatusCode::INTERNAL_SERVER_ERROR
        && !matches!(read, Err(AnswerError::Fault(_)))
    {
        let reason = status.canonical_reason().unwrap_or_default();
        let text = format!("HTTP response '{}: {reason}' when communicating with {}", status.as_u16(), round.uri);
        return Err(Failure::other(text));
    }
    let held = read.map_err(|error| match error {
        AnswerError::Fault(text) => Failure::fault(&text),
        error => Failure::other(error.to_string()),
    })?;
    if let Some(check) = &round.checker {
        check(&body).map_err(Failure::other)?;
    }
    Ok(Answer { held, headers: head.headers, place })
}

/// The body as it was before it was compressed, within bounds.
pub(super) fn unpacked(headers: &HeaderMap, body: Bytes, bytes_max: usize) -> Result<Bytes, Failure> {
    let too_large = || Failure::other(format!("the answer has more than {bytes_max} bytes"));
    if !headers.get(CONTENT_ENCODING).is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip")) {
        return if body.len() > bytes_max { Err(too_large()) } else { Ok(body) };
    }
    let mut plain = Vec::with_capacity(body.len().saturating_mul(4).min(bytes_max));
    let mut reader = MultiGzDecoder::new(&*body).take(bytes_max as u64 + 1);
    reader.read_to_end(&mut plain).map_err(|error| Failure::other(format!("the answer is not gzip: {error}")))?;
    if plain.len() > bytes_max { Err(too_large()) } else { Ok(plain.into()) }
}

/// What a failing connection is to the consumer.
pub(super) fn transport(error: TransportFault, uri: &Uri) -> Failure {
    let text = match error {
        TransportFault::Refused => "Connection refused",
        TransportFault::Reset => "Connection reset",
        TransportFault::Closed => "Unexpected end of file from server",
        TransportFault::Handshake(why) => why,
    };
    Failure::other(format!("{text}, ConnectException invoking {uri}: {text}"))
}

/// No answer within the time for one.
pub(super) fn timed_out(patience: Duration, uri: &Uri) -> Failure {
    let text = format!("{} milliseconds timeout on connection {uri}", grouped(patience.as_millis()));
    Failure { code: Code::ReadTimeout, text }
}

/// A number as an English locale writes it.
fn grouped(number: u128) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;
    use http::HeaderValue;

    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([7, 999, 27_000, 1_000_001].map(grouped), ["7", "999", "27,000", "1,000,001"]);
    }

    #[test]
    fn a_compressed_answer_is_unpacked_within_bounds() {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&[b'x'; 10_000]).expect("memory");
        let packed = Bytes::from(encoder.finish().expect("memory"));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(unpacked(&headers, packed.clone(), 10_000).expect("fits"), [b'x'; 10_000].as_slice());
        assert!(unpacked(&headers, packed, 9_999).is_err());
        assert!(unpacked(&headers, Bytes::from_static(b"plain"), 9_999).is_err());
        assert!(unpacked(&HeaderMap::new(), Bytes::from_static(b"plain"), 4).is_err());
    }
}
