//! The fixture of `vp.md` §11.0: configuration C0, catalogue T0, and the producers behind it.
//!
//! The https producers of T0 are plain ones here, unless a row is about just that.

use crate::support::client::{Answer, Ask};
use crate::support::envelope::{CB, GA, GC, GS, PN};
use crate::support::log::Logged;
use crate::support::producer::Producer;
use crate::support::socket::Socket;
use crate::support::tak::Tak;
use crate::support::world::{Plan, World};

/// The sender of `vp.md` §11.0 whose permissions are for `*`.
pub const DEFAULT_SENDER: &str = "SenderWithDefaultBehorighet";

/// A contract that is excepted from climbing (`namnrymd-2`).
pub const EXCEPTED: &str = "namnrymd-2:GetThingResponder:1";

/// The platform of C0 and T0, and the producer behind every route.
pub struct C0 {
    pub world: World,
    pub producer: Producer,
}

impl C0 {
    pub async fn start() -> Self {
        Self::with(|plan| plan).await
    }

    /// Starts after a change.
    pub async fn with(change: impl FnOnce(Plan) -> Plan) -> Self {
        Self::before(Producer::start().await, change).await
    }

    /// Starts before a producer of the row's own.
    pub async fn before(producer: Producer, change: impl FnOnce(Plan) -> Plan) -> Self {
        let plan = change(Plan::c0().tak(t0(&producer.url(""))));
        Self { world: plan.start().await, producer }
    }

    pub async fn call(&self, ask: Ask) -> Answer {
        self.world.call(ask).await
    }

    pub async fn drain(self) -> Logged {
        self.world.drain().await
    }
}

/// The platform of C0 before a producer that misbehaves: GC/HttpProducer leads there.
pub struct Faulty {
    pub world: World,
    pub socket: Socket,
}

impl Faulty {
    pub async fn start(socket: Socket) -> Self {
        Self::with(socket, |plan| plan).await
    }

    pub async fn with(socket: Socket, change: impl FnOnce(Plan) -> Plan) -> Self {
        let plan = Plan::c0().tak(t0(&socket.url("")));
        Self { world: change(plan).start().await, socket }
    }

    pub async fn call(&self, ask: Ask) -> Answer {
        self.world.call(ask).await
    }
}

/// Catalogue T0, with every producer at `base`, told apart by its path.
pub fn t0(base: &str) -> Tak {
    let routes = [
        (GC, "HttpProducer", "RIVTABP20", "/p1"),
        (GC, "HttpsProducer", "RIVTABP20", "/p2"),
        (GC, "HttpsProducerWsdl", "RIVTABP20", "/p2/?wsdl"),
        (GC, "NotAuthorizedReceiver", "RIVTABP20", "/p1"),
        (GC, "ReceiverNoProducerAvailable", "RIVTABP20", "/nobody"),
        (GC, "ReceiverUnknownRivVersion", "RIVTABP22", "/p1"),
        (GC, "ReceiverMultipleVagval", "RIVTABP20", "/p1"),
        (GC, "ReceiverMultipleVagval", "RIVTABP21", "/p1"),
        (GC, "HttpProducerResetByPeer", "RIVTABP21", "/p7"),
        (GC, "HttpsProducerStrict", "RIVTABP20", "/p3"),
        (GC, "HttpsProducerLegacy", "RIVTABP20", "/p4"),
        (GA, "HttpProducer", "RIVTABP21", "/explicit"),
        (GA, "SE0000000003-1234", "RIVTABP21", "/tree"),
        (GA, "ReceiverRiv20", "RIVTABP20", "/p5"),
        (GA, "ReceiverRiv21", "RIVTABP21", "/p5"),
        (GA, "FirstReceiverRiv21", "RIVTABP21", "/default"),
        (GA, "SecondReceiverRiv21", "RIVTABP21", "/default"),
        (GA, "*", "RIVTABP21", "/default"),
        (CB, "HttpProducer", "RIVTABP21", "/p1"),
        (GS, "HttpProducer", "RIVTABP21", "/p1"),
        (PN, "5565594230", "RIVTABP21", "/p1"),
    ];
    let tak = routes.into_iter().fold(Tak::default(), |tak, (contract, receiver, profile, path)| {
        tak.route(contract, receiver, profile, &format!("{base}{path}"))
    });
    let mut tak = tak.route(GC, "ReceiverNoPhysicalAddress", "RIVTABP21", "");
    let permissions: [(&str, &str, &[&str]); 7] = [
        (
            GC,
            "tp",
            &[
                "HttpProducer",
                "HttpsProducer",
                "HttpsProducerWsdl",
                "ReceiverNoProducerAvailable",
                "ReceiverUnknownRivVersion",
                "HttpProducerResetByPeer",
                "HttpsProducerStrict",
                "HttpsProducerLegacy",
            ],
        ),
        (GC, DEFAULT_SENDER, &["*"]),
        (GA, "tp", &["GetActivitiesReceiverWithNoExplicitVagval", "ReceiverRiv20", "ReceiverRiv21"]),
        (GA, DEFAULT_SENDER, &["*", "SE0000000003-1234", "FirstReceiverRiv21", "SecondReceiverRiv21"]),
        (CB, "tp", &["HttpProducer"]),
        (GS, "tp", &["HttpProducer"]),
        (PN, "tp", &["5565594230"]),
    ];
    for (contract, sender, receivers) in permissions {
        for receiver in receivers {
            tak = tak.permission(contract, receiver, sender);
        }
    }
    tak
}

/// Routes and permissions of T0.
pub fn t0_size() -> (usize, usize) {
    let tak = t0("");
    (tak.routes.len(), tak.permissions.len())
}
