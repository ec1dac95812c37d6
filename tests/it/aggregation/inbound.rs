//! `aggregation.md` §6, 1–11: what comes in.

use super::world::{Merged, ask, hit, setup};
use crate::support::client::Ask;

crate::support::rows::rows! {
    u16;
    1 "without a sender: a fault, and the index is not asked" => sender;
    2 "without an original consumer" => original_consumer;
    3 "without a correlation id: none is made" => correlation_id;
    4 "without any of them: three lines" => all_three;
    5 "an empty mandatory header will do" => empty;
    7 "another SOAPAction, or none" => any_action;
    8 "another SOAPAction, where it is checked" => checked_action;
    9 "an element of another contract" => other_element;
    9 "what is no envelope at all" => no_envelope;
    10 "an invalid request goes on as it is" => invalid;
    11 "the address of the request does not count" => any_address;
}

/// What the consumer is told of a call that lacks these headers.
async fn without(names: &[&str]) -> String {
    let around = setup("GD", vec![hit("A")]).start().await;
    let whole = ask(around.contract, around.contract.request("191212121212"));
    let answer = around.send(names.iter().fold(whole, |ask, name| ask.without(name))).await;
    assert!(answer.text().contains("<faultcode>soap:Server</faultcode>"), "{}", answer.text());
    assert!(answer.header("content-type").is_some_and(|value| value.starts_with("text/xml")));
    assert!(around.index.seen().is_empty() && around.sources.seen().is_empty());
    answer.fault_string()
}

async fn sender() {
    assert_eq!(without(&["x-vp-sender-id"]).await, "Mandatory HTTP header x-vp-sender-id is missing\n");
}

async fn original_consumer() {
    let text = "Mandatory HTTP header x-rivta-original-serviceconsumer-hsaid is missing\n";
    assert_eq!(without(&["x-rivta-original-serviceconsumer-hsaid"]).await, text);
}

async fn correlation_id() {
    assert_eq!(without(&["x-skltp-correlation-id"]).await, "Mandatory HTTP header x-skltp-correlation-id is missing\n");
}

async fn all_three() {
    let names = ["x-skltp-correlation-id", "x-vp-sender-id", "x-rivta-original-serviceconsumer-hsaid"];
    assert_eq!(
        without(&names).await,
        "Mandatory HTTP header x-vp-sender-id is missing\n\
         Mandatory HTTP header x-rivta-original-serviceconsumer-hsaid is missing\n\
         Mandatory HTTP header x-skltp-correlation-id is missing\n"
    );
}

async fn empty() {
    let around = setup("GD", vec![hit("A")]).start().await;
    for name in ["x-vp-sender-id", "x-rivta-original-serviceconsumer-hsaid", "x-skltp-correlation-id"] {
        let ask = ask(around.contract, around.contract.request("191212121212"));
        let answer = around.send(ask.without(name).header(name, "")).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
}

async fn any_action() {
    let around = setup("GD", vec![hit("A")]).start().await;
    for action in [None, Some(""), Some("\"\""), Some("\"urn:of:somebody:else\"")] {
        let ask = ask(around.contract, around.contract.request("191212121212"));
        let ask = action.into_iter().fold(ask, |ask, action| ask.header("SOAPAction", action));
        assert_eq!(around.send(ask).await.records(), ["A"], "{action:?}");
    }
}

async fn checked_action() {
    let around = setup("GD", vec![hit("A")]).property("validate.soapAction", "true").start().await;
    let send = async |action: &str| {
        let ask = ask(around.contract, around.contract.request("191212121212"));
        around.send(ask.header("SOAPAction", action)).await
    };
    let wrong = send("\"urn:wrong\"").await;
    assert_eq!(wrong.fault_string(), "The given SOAPAction urn:wrong does not match an operation.");
    assert!(around.index.seen().is_empty());
    let right = format!("\"{}\"", around.contract.soap_action());
    assert_eq!(send(&right).await.records(), ["A"]);
}

async fn other_element() {
    let around = setup("GD", vec![hit("A")]).start().await;
    let namespace = "urn:riv:itintegration:engagementindex:FindContentResponder:1";
    let message = format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><f:FindContent xmlns:f='{namespace}'/>\
         </e:Body></e:Envelope>"
    );
    let answer = around.send(ask(around.contract, message)).await;
    assert!(answer.text().contains("<faultcode>soap:Client</faultcode>"), "{}", answer.text());
    let text = format!("Message part {{{namespace}}}FindContent was not recognized.  (Does it exist in service WSDL?)");
    assert_eq!(answer.fault_string(), text);
    assert!(around.index.seen().is_empty());
}

async fn no_envelope() {
    let around = setup("GD", vec![hit("A")]).start().await;
    for message in
        ["", "hej", "<a/>", "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body/></e:Envelope>"]
    {
        let answer = around.send(ask(around.contract, message)).await;
        assert!(answer.text().contains("<faultcode>soap:Client</faultcode>"), "{message}: {}", answer.text());
        assert!(!answer.fault_string().is_empty());
    }
    assert!(around.index.seen().is_empty());
    let unknown = around.send(ask(around.contract, "").at("/GetAggregatedNothing/service/v1")).await;
    assert_eq!(unknown.status, 404);
    let get = around.send(Ask::get(&around.contract.path())).await;
    assert_eq!(get.status, 405);
}

async fn invalid() {
    let around = setup("GD", vec![hit("A")]).start().await;
    let inside = "<r:timePeriod><c:start>yesterday</c:start></r:timePeriod><r:what/>";
    assert_eq!(around.call_with(inside).await.records(), ["A"]);
    assert!(around.sources.only().body.contains(inside), "{:?}", around.sources.only());
}

async fn any_address() {
    let around = setup("GD", vec![hit("A")]).start().await;
    let message = around.contract.request("191212121212");
    for address in ["", "<h:LogicalAddress>SOMEBODY</h:LogicalAddress>", "<h:LogicalAddress/>"] {
        let message = message.replace("<h:LogicalAddress>5565594230</h:LogicalAddress>", address);
        assert_eq!(around.send(ask(around.contract, message)).await.records(), ["A"], "{address}");
    }
    assert!(around.sources.seen().iter().all(|seen| seen.text("LogicalAddress").as_deref() == Some("A")));
}
