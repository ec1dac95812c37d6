//! A system as the hub sees it: no socket, the same decisions, faults of the wire as the matching transport error.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::StatusCode;
use tokio::task::JoinError;

use super::behaviour::script::Local;
use super::journal::{Entry, Outcome};
use super::record::Told;
use super::reply::{Decision, Reply, fault, plain};
use super::system::System;
use crate::soap::fault::Side;
use crate::soap::responder::{Answer, Responder, TransportFault};

impl Responder for System {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            let (mut reply, mut entry) = self.after_delay(self.decided(request).await).await;
            if reply.is_streamed() {
                // Who calls within the process takes bodies whole; the disk is waited for elsewhere.
                let whole = Box::pin(self.where_one_may_wait(|| reply.made_whole())).await;
                reply = whole.unwrap_or_else(|error| fault(Side::Server, &format!("anslut: {error}"), ""));
            }
            let result = match reply {
                Reply::Answer(response) => Ok(response),
                Reply::Dribble(response, _, total) => {
                    tokio::time::sleep(total).await;
                    Ok(response)
                }
                Reply::Fault(fault, _) => Err(fault.in_process()),
                Reply::Script(script) => match script.local {
                    Local::Answer(response) => Ok(response),
                    Local::Fault(fault) => Err(fault),
                    Local::Silence(longest) => {
                        tokio::time::sleep(longest).await;
                        Err(TransportFault::Closed)
                    }
                },
                Reply::Forward(_) => Err(TransportFault::Closed),
            };
            if let Some(entry) = &mut entry {
                match &result {
                    Ok(response) => {
                        entry.answering(response.status(), response.headers(), response.body());
                        if let Some(told) = response.extensions().get::<Told>() {
                            entry.told(&told.note, told.is_ours);
                        }
                        entry.end(Outcome::Sent);
                    }
                    Err(_) => entry.end(Outcome::Fault),
                }
            }
            result
        })
    }
}

impl System {
    /// As [`System::decide`]; where it may read a large file, on a thread that may wait for the disk.
    pub(super) async fn decided(&self, request: Request<Bytes>) -> Decision {
        match self.me.upgrade().filter(|_| self.files().has_large_bodies) {
            None => self.decide(request),
            Some(me) => Box::pin(me.decided_elsewhere(request)).await,
        }
    }

    async fn decided_elsewhere(self: Arc<Self>, request: Request<Bytes>) -> Decision {
        let me = Arc::clone(&self);
        match self.where_one_may_wait(move || me.decide(request)).await {
            Ok(decision) => decision,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The process ends.
                Err(error) => {
                    let reply = fault(Side::Server, &format!("anslut: {error}"), "");
                    Decision { delay: Duration::ZERO, reply, entry: None }
                }
            },
        }
    }

    /// Does what may wait for the disk. Whoever no longer waits for it leaves its turn to it until it is done.
    async fn where_one_may_wait<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let turns = Arc::clone(&self.shared.disk_turns);
        let turn = turns.acquire_owned().await.expect("the semaphore is never closed");
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await
    }

    /// Waits out the delay, and for another system where one is asked; a call for which there is no room to wait gets 503
    /// at once.
    pub(super) async fn after_delay(&self, decision: Decision) -> (Reply, Option<Entry>) {
        let Decision { delay, reply, entry } = decision;
        // Who has the answer finds in the index what the call changed. What few calls wait for is put aside, so that the
        // many that only wait out their delay do not carry its room along.
        if self.has_news() {
            Box::pin(self.settle()).await;
        }
        if !delay.is_zero() {
            let gates = self.gates.load_full();
            let Ok(_waiting) = gates.delayed.try_acquire() else {
                let most = self.files().producer.limits.delayed_max;
                let message =
                    format!("anslut: {} has {most} delayed calls already (limits.delayed_max)\n", self.name());
                return (plain(StatusCode::SERVICE_UNAVAILABLE, message), entry);
            };
            tokio::time::sleep(delay).await;
        }
        match reply {
            Reply::Forward(forward) => {
                let (forwarding, request) = *forward;
                (Box::pin(self.forwarded(&forwarding, request)).await, entry)
            }
            reply => (reply, entry),
        }
    }
}
