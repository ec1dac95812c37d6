//! A system as the hub sees it: no socket, the same decisions, faults of the wire as the matching transport error.

use bytes::Bytes;
use http::{Request, StatusCode};

use super::mounted::{Decision, Reply, System, plain};
use crate::soap::responder::{Answer, Responder};

impl Responder for System {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            let decision = self.decide(&request);
            // Not held while the call waits.
            drop(request);
            match self.after_delay(decision).await {
                Reply::Answer(response) => Ok(response),
                Reply::Fault(fault, _) => Err(fault.in_process()),
            }
        })
    }
}

impl System {
    /// Waits out the delay; a call for which there is no room to wait gets 503 at once.
    pub(super) async fn after_delay(&self, decision: Decision) -> Reply {
        if decision.delay.is_zero() {
            return decision.reply;
        }
        let Ok(_waiting) = self.delayed.try_acquire() else {
            let most = self.producer().limits.delayed_max;
            let message = format!("anslut: {} has {most} delayed calls already (limits.delayed_max)\n", self.name());
            return plain(StatusCode::SERVICE_UNAVAILABLE, message);
        };
        tokio::time::sleep(decision.delay).await;
        decision.reply
    }
}
