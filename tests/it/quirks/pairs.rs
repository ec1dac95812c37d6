//! Two things wrong: which of them the consumer is told (`vp.md` §0). Every pair of faults that can come together is made,
//! and the one that comes first on the road must win.

use crate::support::certificate::Certificate;
use crate::support::client::{Answer, Ask};
use crate::support::envelope::{Envelope, GC};
use crate::support::socket::Nobody;
use crate::support::tak::Tak;
use crate::support::world::Plan;

/// What the consumer is told: a VP code, or a raw fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Vp(u8),
    Raw,
}

/// A call, and the platform it is made to; right in every way to begin with, but for nobody being there to answer it.
struct Call {
    whitelist: &'static str,
    certificate: bool,
    sender: &'static str,
    history: &'static str,
    readable: bool,
    original_consumer: bool,
    contact: bool,
    receiver: &'static str,
    profile: &'static str,
    broken_body: bool,
}

/// Something to do wrong. Two of one subject cannot be done at once.
struct Wrong {
    subject: &'static str,
    name: &'static str,
    told: Told,
    does: fn(&mut Call),
}

const fn wrong(subject: &'static str, name: &'static str, told: Told, does: fn(&mut Call)) -> Wrong {
    Wrong { subject, name, told, does }
}

/// In the order of the road. That nobody is at the producer's address goes without saying: it comes last in every call.
const WRONGS: &[Wrong] = &[
    wrong("address", "not whitelisted", Told::Vp(11), |call| call.whitelist = "1.2.3.4"),
    wrong("certificate", "no certificate", Told::Vp(2), |call| call.certificate = false),
    wrong("history", "a loop", Told::Vp(14), |call| call.history = "a#dev_env"),
    wrong("message", "not readable", Told::Vp(15), |call| call.readable = false),
    wrong("original", "original consumer not allowed", Told::Vp(13), |call| call.original_consumer = true),
    wrong("catalogue", "no catalogue", Told::Vp(8), |call| call.contact = false),
    wrong("receiver", "no receiver", Told::Vp(3), |call| call.receiver = ""),
    wrong("receiver", "no route", Told::Vp(4), |call| call.receiver = "Nowhere"),
    wrong("receiver", "several routes", Told::Vp(6), |call| call.receiver = "Several"),
    wrong("receiver", "a route without an address", Told::Vp(10), |call| call.receiver = "NoUrl"),
    wrong("receiver", "an address that is no URI", Told::Raw, |call| call.receiver = "BadUrl"),
    wrong("sender", "not permitted", Told::Vp(7), |call| call.sender = "stranger"),
    wrong("profile", "an unknown profile", Told::Vp(5), |call| call.profile = "RIVTABP22"),
    wrong("profile", "a body that cannot be converted", Told::Vp(12), |call| {
        call.profile = "RIVTABP21";
        call.broken_body = true;
    }),
];

impl Call {
    fn right() -> Self {
        Self {
            whitelist: "127.0.0.1",
            certificate: true,
            sender: "tp",
            history: "a",
            readable: true,
            original_consumer: false,
            contact: true,
            receiver: "Receiver",
            profile: "RIVTABP20",
            broken_body: false,
        }
    }

    fn plan(&self, url: &str) -> Plan {
        let plan = Plan::c0()
            .property("ip.whitelist", self.whitelist)
            .property("sender.id.allowed.list", "nobody")
            .property("vp.producer.retry.attempts", "0");
        if !self.contact {
            return plan;
        }
        let mut tak = Tak::default();
        for (receiver, url) in
            [("Receiver", url), ("Several", url), ("Several", url), ("NoUrl", " "), ("BadUrl", "http://a b/")]
        {
            tak = tak.route(GC, receiver, self.profile, url).permission(GC, receiver, "tp");
        }
        plan.tak(tak)
    }

    fn ask(&self) -> Ask {
        let mut message = Envelope::bp20(GC, self.receiver).text();
        if self.broken_body {
            message = message.replace("</q:personId>", "</q:broken>");
        }
        let mut ask = Ask::post(if self.readable { message } else { "<Soap".to_owned() });
        if self.certificate {
            ask = ask.header("X-Forwarded-Tls-Client-Cert-Info", Certificate::of_unit(self.sender).on_one_line(" "));
        }
        if self.original_consumer {
            ask = ask.header("x-rivta-original-serviceconsumer-hsaid", "SE-FIRST");
        }
        ask.header("x-rivta-routing-history", self.history)
    }

    /// Makes the call before a producer that is not there.
    async fn made(&self) -> Told {
        let nobody = Nobody::there();
        let world = self.plan(&format!("http://{}/", nobody.address)).start().await;
        let answer = world.call(self.ask()).await;
        assert_eq!(world.records().len(), 1, "one call, one record");
        told(&answer)
    }
}

fn told(answer: &Answer) -> Told {
    let text = answer.text();
    let text = text.split_once("<faultstring>").unwrap_or_else(|| panic!("no fault in {text:?}")).1;
    match text.strip_prefix("VP").and_then(|rest| rest.get(..3)).and_then(|digits| digits.parse().ok()) {
        Some(code) => Told::Vp(code),
        None => Told::Raw,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_alone_is_told() {
    assert_eq!(Call::right().made().await, Told::Vp(9), "nothing but the producer is wrong");
    for wrong in WRONGS {
        let mut call = Call::right();
        (wrong.does)(&mut call);
        assert_eq!(call.made().await, wrong.told, "{}", wrong.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_faults_the_first_on_the_road_is_told() {
    let mut complaints = Vec::new();
    for (place, first) in WRONGS.iter().enumerate() {
        for second in WRONGS[place + 1..].iter().filter(|second| second.subject != first.subject) {
            let mut call = Call::right();
            (first.does)(&mut call);
            (second.does)(&mut call);
            let told = call.made().await;
            if told != first.told {
                complaints.push(format!("{} and {}: {told:?}, expected {:?}", first.name, second.name, first.told));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
