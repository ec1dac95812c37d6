//! TLS (`vp.md` §8): who is let in and who is not, in both directions, and what a reload changes.

mod bounds;
mod incoming;
mod outgoing;
mod reload;

use std::net::SocketAddr;

use crate::conformance::c0::t0;
use crate::support::client::Ask;
use crate::support::envelope::gc;
use crate::support::pki::{Ca, Held, Holder};
use crate::support::producer::Producer;
use crate::support::tls::{BOTH, Consumer};
use crate::support::world::{Plan, World};

/// C0 and T0 behind TLS.
pub struct Secured {
    pub world: World,
    pub producer: Producer,
    pub ca: Ca,
    /// Its own certificate.
    pub hub: Held,
    pub at: SocketAddr,
}

impl Secured {
    pub async fn start() -> Self {
        Self::with(|plan, _| plan).await
    }

    pub async fn with(change: impl FnOnce(Plan, &Ca) -> Plan) -> Self {
        let (producer, ca) = (Producer::start().await, Ca::new());
        let hub = ca.issue(&Holder::of_unit("hub").host("localhost").host("127.0.0.1"));
        let plan = change(Plan::c0().tak(t0(&producer.url(""))).tls(&ca, &hub), &ca);
        let world = plan.start().await;
        let at = world.platform.address("hub_https").unwrap();
        Self { world, producer, ca, hub, at }
    }

    pub fn consumer(&self, holder: Holder) -> Consumer {
        Consumer::new(&self.ca, Some(&self.ca.issue(&holder)), BOTH)
    }
}

/// A good call.
pub fn call() -> Ask {
    Ask::post(gc("HttpProducer"))
}
