//! `vp.md` §11.6, first half: routes and permissions.

use super::c0::{C0, DEFAULT_SENDER, EXCEPTED};
use crate::support::client::{Answer, Ask};
use crate::support::envelope::{CB, Envelope, GA, GC, ga, gc};
use crate::support::producer::ANSWER;
use crate::support::tak::EVER;
use crate::support::texts::{no_route, no_url, not_authorised, several_routes};
use crate::support::world::Plan;

crate::support::rows::rows! {
    u16;
    64 "no route" => no_route_at_all;
    65 "no permission" => no_permission;
    66 "several routes, whatever the profile" => several;
    67 "a route without an address" => without_address;
    68 "a profile nobody knows" => unknown_profile;
    69 "the standard route, and both traces" => standard_route;
    70 "an exact route goes before the standard route" => exact_route;
    71 "routed by the standard route and not permitted" => standard_route_not_permitted;
    72 "the standard route with an exact permission" => standard_route_exact_permission;
    73 "an ancestor goes before the standard route" => ancestor;
    74 "descendants do not serve ancestors" => not_downwards;
    75 "contracts excepted from climbing" => excepted;
    76 "an old-style address: the last token" => old_style;
    77 "an old-style address: back to the first token" => old_style_first_token;
    78 "an old-style address of three tokens" => old_style_three_tokens;
    79 "old-style addresses of one token" => old_style_one_token;
    80 "old-style addresses outside the lists" => old_style_lists;
    81 "an old-style address never uses the standard route" => old_style_no_standard_route;
    82 "no delimiter" => no_delimiter;
    83 "letter case does not matter" => letter_case;
    84 "outside from and to" => outside_validity;
}

impl C0 {
    /// A call as somebody.
    async fn call_as(&self, sender: &str, message: String) -> Answer {
        self.call(Ask::post(message).internal(sender)).await
    }

    /// The call is answered by the producer of this name.
    async fn goes_to(&self, sender: &str, message: String, producer: &str) {
        let answer = self.call_as(sender, message).await;
        answer.is_passed_on(ANSWER);
        let asked = self.producer.asked().await;
        assert_eq!(asked.last().expect("a call").url.path(), format!("/{producer}"));
    }

    /// The traces of the last call, of routing and of authorisation.
    fn traces(&self) -> (String, String) {
        let records = self.world.records();
        let last = records.last().expect("a call");
        (last.route_trace.clone().unwrap_or_default(), last.permission_trace.clone().unwrap_or_default())
    }

    fn trace_was(&self, route: &str, permission: &str) {
        let (found_route, found_permission) = self.traces();
        assert_eq!((found_route.as_str(), found_permission.as_str()), (route, permission));
    }
}

async fn no_route_at_all() {
    let c0 = C0::start().await;
    c0.call_as("tp", gc("NoVagvalReceiver")).await.is_vp(4, &no_route(GC, "NoVagvalReceiver"));
}

async fn no_permission() {
    let c0 = C0::start().await;
    let answer = c0.call_as("tp", gc("NotAuthorizedReceiver")).await;
    answer.is_vp(7, &not_authorised(GC, "NotAuthorizedReceiver", "tp"));
}

async fn several() {
    let c0 = C0::start().await;
    for message in [gc("ReceiverMultipleVagval"), Envelope::bp21(GC, "ReceiverMultipleVagval").text()] {
        c0.call_as("tp", message).await.is_vp(6, &several_routes(GC, "ReceiverMultipleVagval"));
    }
}

async fn without_address() {
    let c0 = C0::start().await;
    c0.call_as("tp", gc("ReceiverNoPhysicalAddress")).await.is_vp(10, &no_url(GC, "ReceiverNoPhysicalAddress"));
}

async fn unknown_profile() {
    let c0 = C0::start().await;
    let text = "No receiverId (logical address) with matching Riv-version found for";
    c0.call_as("tp", gc("ReceiverUnknownRivVersion")).await.is_vp(5, &format!("{text} rivtabp20"));
    let message = Envelope::bp21(GC, "ReceiverUnknownRivVersion").text();
    c0.call_as("tp", message).await.is_vp(5, &format!("{text} rivtabp21"));
    // Only who may call is told (§0).
    let answer = c0.call_as("SomebodyElse", gc("ReceiverUnknownRivVersion")).await;
    answer.is_vp(7, &not_authorised(GC, "ReceiverUnknownRivVersion", "SomebodyElse"));
}

async fn standard_route() {
    let c0 = C0::start().await;
    c0.goes_to(DEFAULT_SENDER, ga("AnyReceiver"), "default").await;
    c0.trace_was("AnyReceiver,(parent),SE,(default),*", "AnyReceiver,(default),*");
}

async fn exact_route() {
    let c0 = C0::start().await;
    c0.goes_to(DEFAULT_SENDER, ga("HttpProducer"), "explicit").await;
    c0.trace_was("HttpProducer", "HttpProducer,(default),*");
}

async fn standard_route_not_permitted() {
    let c0 = C0::start().await;
    c0.call_as("AnySender", ga("AnyReceiver")).await.is_vp(7, &not_authorised(GA, "AnyReceiver", "AnySender"));
    c0.trace_was("AnyReceiver,(parent),SE,(default),*", "AnyReceiver,(default),*,(parent),SE");
}

async fn standard_route_exact_permission() {
    let c0 = C0::start().await;
    c0.goes_to("tp", ga("GetActivitiesReceiverWithNoExplicitVagval"), "default").await;
}

async fn ancestor() {
    let c0 = C0::start().await;
    c0.goes_to(DEFAULT_SENDER, ga("SE0000000001-1234"), "tree").await;
    c0.trace_was("SE0000000001-1234,(parent),SE0000000002-1234,SE0000000003-1234", "SE0000000001-1234,(default),*");
}

async fn not_downwards() {
    let c0 = C0::with(|plan| {
        plan.change(|tak| {
            tak.add_route(CB, "SE0000000003-1234", "RIVTABP21", "http://nobody.invalid/", EVER);
            tak.add_permission(GA, "SE0000000003-1234", "TreeSender", EVER);
        })
    })
    .await;
    c0.goes_to("TreeSender", ga("SE0000000001-1234"), "tree").await;
    let above = "SE0000000004-1234";
    c0.goes_to(DEFAULT_SENDER, ga(above), "default").await;
    c0.call_as("TreeSender", ga(above)).await.is_vp(7, &not_authorised(GA, above, "TreeSender"));
    c0.call_as("tp", Envelope::bp21(CB, above).text()).await.is_vp(4, &no_route(CB, above));
}

async fn excepted() {
    let half = "namnrymd-x:GetThingResponder:1";
    let producer = crate::support::producer::Producer::start().await;
    let url = producer.url("/tree");
    let c0 = C0::before(producer, |plan| {
        plan.change(|tak| {
            for contract in [EXCEPTED, half] {
                tak.add_route(contract, "SE0000000003-1234", "RIVTABP21", &url, EVER);
                tak.add_permission(contract, "SE0000000003-1234", "tp", EVER);
            }
            tak.add_route(EXCEPTED, "SE0000000002-1234", "RIVTABP21", &url, EVER);
        })
    })
    .await;
    let message = |contract: &str, receiver: &str| Envelope::bp21(contract, receiver).text();
    c0.goes_to("tp", message(EXCEPTED, "SE0000000003-1234"), "tree").await;
    let (low, middle) = ("SE0000000001-1234", "SE0000000002-1234");
    c0.call_as("tp", message(EXCEPTED, low)).await.is_vp(4, &no_route(EXCEPTED, low));
    c0.trace_was("SE0000000001-1234,(default),*", "");
    c0.call_as("tp", message(EXCEPTED, middle)).await.is_vp(7, &not_authorised(EXCEPTED, middle, "tp"));
    c0.trace_was("SE0000000002-1234", "SE0000000002-1234,(default),*");
    // Excepted for permissions alone.
    c0.call_as("tp", message(half, low)).await.is_vp(7, &not_authorised(half, low, "tp"));
}

async fn old_style() {
    let c0 = C0::start().await;
    c0.goes_to(DEFAULT_SENDER, ga("FirstReceiverRiv21#SecondReceiverRiv21"), "default").await;
    c0.trace_was("(leaf),SecondReceiverRiv21", "(leaf),SecondReceiverRiv21");
}

async fn old_style_first_token() {
    let c0 = C0::start().await;
    c0.goes_to(DEFAULT_SENDER, ga("SecondReceiverRiv21#NotValidReceiver"), "default").await;
    let trace = "(leaf),NotValidReceiver,SecondReceiverRiv21";
    c0.trace_was(trace, trace);
}

async fn old_style_three_tokens() {
    let c0 = C0::start().await;
    let receiver = "TooManyReceivers#SecondReceiverRiv21#NotValidReceiver";
    let answer = c0.call_as(DEFAULT_SENDER, ga(receiver)).await;
    answer.is_vp(7, &not_authorised(GA, receiver, DEFAULT_SENDER));
    c0.trace_was("(leaf),NotValidReceiver,SecondReceiverRiv21", "(leaf),Invalid parameters");
    // Tokens are counted once each.
    c0.goes_to(DEFAULT_SENDER, ga("SecondReceiverRiv21#NotValid#SecondReceiverRiv21"), "default").await;
}

async fn old_style_one_token() {
    let c0 = C0::start().await;
    for receiver in ["SecondReceiverRiv21#SecondReceiverRiv21", "SecondReceiverRiv21#", "#SecondReceiverRiv21"] {
        c0.goes_to(DEFAULT_SENDER, ga(receiver), "default").await;
        c0.trace_was("(leaf),SecondReceiverRiv21", "(leaf),SecondReceiverRiv21");
    }
}

async fn old_style_lists() {
    let receiver = "FirstReceiverRiv21#SecondReceiverRiv21";
    let cases = [
        ("defaultrouting.allowedContracts", CB, false),
        ("defaultrouting.allowedContracts", &GA.to_uppercase(), false),
        ("defaultrouting.allowedContracts", &format!("{CB}, {GA}"), true),
        ("defaultrouting.allowedSenderIds", "SomebodyElse", false),
        ("defaultrouting.allowedSenderIds", &DEFAULT_SENDER.to_lowercase(), false),
        ("defaultrouting.allowedSenderIds", DEFAULT_SENDER, true),
    ];
    for (property, value, allowed) in cases {
        let c0 = C0::with(|plan: Plan| plan.property(property, value)).await;
        if allowed {
            c0.goes_to(DEFAULT_SENDER, ga(receiver), "default").await;
        } else {
            let answer = c0.call_as(DEFAULT_SENDER, ga(receiver)).await;
            answer.is_vp(7, &not_authorised(GA, receiver, DEFAULT_SENDER));
        }
    }
}

async fn old_style_no_standard_route() {
    let c0 = C0::start().await;
    let receiver = "SE0000000001-1234#AnyReceiver";
    c0.call_as(DEFAULT_SENDER, ga(receiver)).await.is_vp(4, &no_route(GA, receiver));
    c0.trace_was("(leaf),AnyReceiver,SE0000000001-1234", "");
}

async fn no_delimiter() {
    let producer = crate::support::producer::Producer::start().await;
    let url = producer.url("/literal");
    let c0 = C0::before(producer, |plan| {
        plan.property("defaultrouting.delimiter", "").change(|tak| tak.add_route(GA, "A#B", "RIVTABP21", &url, EVER))
    })
    .await;
    c0.goes_to(DEFAULT_SENDER, ga("A#B"), "literal").await;
    c0.trace_was("A#B", "A#B,(default),*");
    c0.goes_to(DEFAULT_SENDER, ga("FirstReceiverRiv21#X"), "default").await;
    c0.trace_was("FirstReceiverRiv21#X,(parent),SE,(default),*", "FirstReceiverRiv21#X,(default),*");
}

async fn letter_case() {
    let c0 = C0::start().await;
    c0.goes_to("TP", gc("HTTPPRODUCER"), "p1").await;
    c0.goes_to("Tp", Envelope::bp20(&GC.to_uppercase(), "httpproducer").text(), "p1").await;
    // The tree is another matter (§12.6).
    c0.goes_to(DEFAULT_SENDER, ga("se0000000001-1234"), "default").await;
}

async fn outside_validity() {
    let producer = crate::support::producer::Producer::start().await;
    let url = producer.url("/p1");
    let validity = ("2026-03-02T10:00:00Z", "2026-03-02T14:00:00Z");
    let c0 = C0::before(producer, |plan| {
        plan.change(|tak| {
            tak.add_route(GC, "RouteOfToday", "RIVTABP20", &url, validity);
            tak.add_permission(GC, "RouteOfToday", "tp", EVER);
            tak.add_route(GC, "PermittedToday", "RIVTABP20", &url, EVER);
            tak.add_permission(GC, "PermittedToday", "tp", validity);
        })
    })
    .await;
    for (now, valid) in [
        ("2026-03-02T09:59:59.999Z", false),
        ("2026-03-02T10:00:00Z", true),
        ("2026-03-02T12:00:00Z", true),
        ("2026-03-02T14:00:00Z", true),
        ("2026-03-02T14:00:00.001Z", false),
    ] {
        c0.world.clock.set(now.parse().expect("a time"));
        let route = c0.call_as("tp", gc("RouteOfToday")).await;
        let permission = c0.call_as("tp", gc("PermittedToday")).await;
        if valid {
            route.is_passed_on(ANSWER);
            permission.is_passed_on(ANSWER);
        } else {
            route.is_vp(4, &no_route(GC, "RouteOfToday"));
            permission.is_vp(7, &not_authorised(GC, "PermittedToday", "tp"));
        }
    }
}
