//! The open loop: a call is due whether or not those before it have been answered.
//!
//! A call's time runs from the moment it is due where every connection is busy then, so that a platform that stands still
//! for a second is seen to have kept all callers of that second waiting; and from the moment it is sent where a connection
//! is free, so that the machine's slowness in waking this process is not the platform's. That slowness is told beside it.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::Semaphore;

use super::requests::Requests;
use crate::domain::clock::Clock;
use crate::soap::responder::Responder;

/// How long after the last call is due one may still be sent. What has not been by then never is.
const LATE_MAX: Duration = Duration::from_secs(5);
/// Longest time that is told apart, in microseconds: an hour.
const MICROSECONDS_MAX: u64 = 3_600_000_000;
/// Kinds of refusals that are told apart.
const KINDS_MAX: usize = 16;
/// What further kinds are counted as.
const OTHER: &str = "other refusals";

/// What to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Calls a second.
    pub(super) rate: u32,
    /// Before calls count: connections are opened, and what is made once is made.
    pub(super) warm_up: Duration,
    pub(super) seconds: u32,
    pub(super) connections: u32,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Calls answered as they should be.
    pub(super) answered: u64,
    /// The others, by what was said.
    pub(super) refused: BTreeMap<String, u64>,
    /// Calls whose turn never came.
    pub(super) never_sent: u64,
    /// Bytes of answers' bodies.
    pub(super) bytes: u64,
    /// From the first call that was due to the last answer.
    pub(super) took: Duration,
    /// Microseconds of calls answered as they should be.
    pub(super) times: Histogram<u64>,
    /// Microseconds by which this process was late in sending where a connection was free.
    pub(super) late: Histogram<u64>,
}

impl Outcome {
    fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1, MICROSECONDS_MAX, 3).expect("bounds that are bounds");
        Self {
            answered: 0,
            refused: BTreeMap::new(),
            never_sent: 0,
            bytes: 0,
            took: Duration::ZERO,
            times: histogram(),
            late: histogram(),
        }
    }

    /// Whether every call was answered as it should be.
    pub(super) fn is_good(&self) -> bool {
        self.answered > 0 && self.never_sent == 0 && self.refused.is_empty()
    }

    fn refuse(&mut self, why: String) {
        let known = self.refused.contains_key(&why) || self.refused.len() < KINDS_MAX;
        *self.refused.entry(if known { why } else { OTHER.to_owned() }).or_default() += 1;
    }
}

/// When calls are due.
#[derive(Clone, Copy, Debug)]
struct Timetable {
    begins: Instant,
    period: f64,
    /// Calls that do not count.
    warming: u64,
    /// All calls.
    calls: u64,
}

impl Timetable {
    fn new(plan: Plan) -> Self {
        let rate = u64::from(plan.rate);
        let warming = (plan.warm_up.as_secs_f64() * rate as f64) as u64;
        let calls = warming + rate * u64::from(plan.seconds);
        Self { begins: Clock::instant(), period: 1.0 / f64::from(plan.rate), warming, calls }
    }

    fn due(&self, number: u64) -> Instant {
        self.begins + Duration::from_secs_f64(self.period * number as f64)
    }
}

/// Carries out a plan.
pub(super) async fn run(plan: Plan, carrier: &Arc<dyn Responder>, requests: &Arc<Requests>) -> io::Result<Outcome> {
    let timetable = Timetable::new(plan);
    // As many as are due and not sent; the calls themselves are made when they are sent.
    let due = Arc::new(Semaphore::new(0));
    let next = Arc::new(AtomicU64::new(0));
    // One for all connections: its histograms are hundreds of kilobytes, and there may be thousands of connections.
    let outcome = Arc::new(Mutex::new(Outcome::new()));
    let connections: Vec<_> = (0..plan.connections)
        .map(|_| {
            let caller = Caller {
                timetable,
                due: Arc::clone(&due),
                next: Arc::clone(&next),
                carrier: Arc::clone(carrier),
                requests: Arc::clone(requests),
                outcome: Arc::clone(&outcome),
            };
            tokio::spawn(caller.call())
        })
        .collect();
    thread::Builder::new().name("timetable".into()).spawn(move || keep_time(timetable, &due, plan.connections))?;
    for connection in connections {
        connection.await.map_err(io::Error::other)?;
    }
    Ok(std::mem::replace(&mut outcome.lock().unwrap_or_else(PoisonError::into_inner), Outcome::new()))
}

/// On a thread of its own: the runtime's timer is too coarse for thousands of calls a second.
fn keep_time(timetable: Timetable, due: &Semaphore, connections: u32) {
    for number in 0..timetable.calls {
        thread::sleep(timetable.due(number).saturating_duration_since(Clock::instant()));
        due.add_permits(1);
    }
    // Everybody hears that there is no more.
    due.add_permits(connections as usize);
}

/// One connection's worth of calls.
struct Caller {
    timetable: Timetable,
    due: Arc<Semaphore>,
    next: Arc<AtomicU64>,
    carrier: Arc<dyn Responder>,
    requests: Arc<Requests>,
    outcome: Arc<Mutex<Outcome>>,
}

impl Caller {
    async fn call(self) {
        let Self { timetable, .. } = self;
        let first = timetable.due(timetable.warming);
        let last = timetable.due(timetable.calls) + LATE_MAX;
        loop {
            let free = Clock::instant();
            self.due.acquire().await.expect("the semaphore is never closed").forget();
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= timetable.calls {
                return;
            }
            let (due, now) = (timetable.due(number), Clock::instant());
            if now > last {
                self.outcome().never_sent += 1;
                continue;
            }
            let answer = self.carrier.answer(self.requests.request(number)).await;
            let ended = Clock::instant();
            if number < timetable.warming {
                continue;
            }
            let judged = self.requests.judge(answer);
            let mut outcome = self.outcome();
            outcome.took = outcome.took.max(ended.saturating_duration_since(first));
            match judged {
                Ok(bytes) => {
                    outcome.answered += 1;
                    outcome.bytes += bytes as u64;
                    let from = if free > due { due } else { now };
                    outcome.times.saturating_record(microseconds(ended.saturating_duration_since(from)));
                    if free <= due {
                        outcome.late.saturating_record(microseconds(now.saturating_duration_since(due)));
                    }
                }
                Err(why) => outcome.refuse(why),
            }
        }
    }
}

impl Caller {
    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;
    use crate::soap::responder::Answer;

    const PLAN: Plan = Plan { rate: 400, warm_up: Duration::ZERO, seconds: 1, connections: 2 };

    /// Answers at once, but the first calls only after a while.
    struct Stalling {
        asked: AtomicU64,
        stall: Duration,
    }

    impl Responder for Stalling {
        fn answer(&self, _: http::Request<bytes::Bytes>) -> Answer<'_> {
            let stalls = (0..2).contains(&self.asked.fetch_add(1, Ordering::Relaxed));
            Box::pin(async move {
                if stalls {
                    tokio::time::sleep(self.stall).await;
                }
                Ok(Response::new(bytes::Bytes::from_static(b"<a/>")))
            })
        }
    }

    fn requests() -> Arc<Requests> {
        Requests::hub("http://127.0.0.1:1/vp", None, &[]).unwrap()
    }

    #[tokio::test]
    async fn a_stall_is_every_waiting_callers() {
        let stall = Duration::from_millis(300);
        let carrier: Arc<dyn Responder> = Arc::new(Stalling { asked: AtomicU64::new(0), stall });
        let outcome = run(PLAN, &carrier, &requests()).await.unwrap();
        assert!(outcome.is_good(), "{outcome:?}");
        assert_eq!((outcome.answered, outcome.times.len()), (400, 400));
        // All that were due in those 300 ms, 120 of 400, waited for half of them on average.
        let slow = outcome.times.iter_recorded().filter(|it| it.value_iterated_to() > 30_000);
        assert!(slow.map(|it| it.count_at_value()).sum::<u64>() >= 90, "{:?}", outcome.times);
        assert!(outcome.times.max() >= 290_000);
    }

    #[tokio::test]
    async fn refusals_are_told_apart_and_bounded() {
        let mut outcome = Outcome::new();
        for number in 0..100 {
            outcome.refuse(format!("refusal {number}"));
        }
        assert_eq!(outcome.refused.len(), KINDS_MAX + 1);
        assert_eq!(outcome.refused[OTHER], 100 - KINDS_MAX as u64);
        assert!(!outcome.is_good());
    }
}
