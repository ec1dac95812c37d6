//! `aggregation.md` §3.4 and §3.5: what the services log of their messages, and of sources' answers that are looked at beside
//! the call.

use serde_json::{Value, json};

use super::contracts::of;
use super::world::{Act, Around, Merged, SENDER, hit, setup};
use crate::support::log::Logged;
use crate::support::tak::Tak;
use crate::support::until;

/// One call: A answers, B faults, C is not permitted.
async fn logged(style: &str, is_on: bool) -> Logged {
    let contract = of("GD").responder();
    let tak = Tak::default().route(&contract, "*", "RIVTABP21", "http://nowhere.example/");
    let tak = ["A", "B"].iter().fold(tak, |tak, address| tak.permission(&contract, address, SENDER));
    let around = setup("GD", vec![hit("A"), hit("B"), hit("C")])
        .source(&[("A", Act::ok(of("GD").answer("A", 1))), ("B", Act::fault("nothing today"))])
        .tak(tak)
        .property("vp.logging.style", style)
        .plan(|plan| plan.set("aggregation.message_log", &is_on.to_string()))
        .start()
        .await;
    assert_eq!(around.call().await.records(), ["A"]);
    let Around { world, .. } = around;
    world.drain().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_logged_with_what_became_of_every_engagement() {
    let log = logged("ECS", true).await;
    let legs = ["req-out", "resp-in", "req-out", "resp-in", "req-out", "error-in"];
    assert_eq!(log.actions(), [&["req-in"], &legs[..], &["resp-out"]].concat());
    let out = log.event("resp-out");
    assert_eq!(out.get("log.logger"), "se.skltp.aggregatingservices.logging.GetDiagnosisResponderInterface.RESP_OUT");
    assert_eq!(out.get("labels.engagementProcessingStatus"), "{A=OK, B=ERR, C=FT}");
    assert_eq!((out.get("labels.processingStatusCountTot"), out.get("labels.processingStatusCountFail")), ("2", "1"));
    let status: Value = serde_json::from_str(out.get("labels.processingStatus")).unwrap();
    assert_eq!(status[0], json!({ "logicalAddress": "A", "statusCode": "DataFromSource" }));
    let text = status[1]["errorText"].as_str().unwrap_or_default();
    assert_eq!((status[1]["errorCode"].as_str(), text.contains("nothing today")), (Some("500"), true), "{status}");
    let came = log.event("req-in");
    assert_eq!((came.get("labels.senderid"), came.get("labels.ServiceImpl")), (SENDER, "GetAggregatedDiagnosis-v2"));
    assert_eq!(came.get("labels.MessageId"), out.get("labels.MessageId"), "one exchange");
    let failed = log.event("error-in");
    assert_eq!((failed.get("labels.receiverid"), failed.get("labels.responseCode")), ("B", "500"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_blocks_in_the_older_layout_and_off_unless_asked_for() {
    let text = logged("LEGACY", true).await.text;
    assert_eq!(
        (
            text.matches("skltp-messages\n** logEvent-info.start ***").count(),
            text.matches("** logEvent-info.end ***").count()
        ),
        (8, 8),
        "{text}"
    );
    for line in
        ["LogMessage=resp-out", "ComponentId=aggregating-services", "-engagementProcessingStatus={A=OK, B=ERR, C=FT}"]
    {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    assert_eq!(logged("ECS", false).await.text, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_answers_are_noted_and_merged_all_the_same() {
    let bad = of("GD").answer_with("<r:diagnosis><c:system>bad</c:system></r:diagnosis>");
    let world = || setup("GD", vec![hit("A")]).source(&[("A", Act::ok(bad.clone()))]);
    let services = "GetAggregatedCareContacts-v3, GetAggregatedDiagnosis-v2";
    let around = world().property("vp.validationLog.services", services).start().await;
    assert_eq!(around.call().await.records(), ["bad"]);
    let aggregation = around.world.platform.aggregation().expect("it serves");
    let log = aggregation.validation_log().expect("services are named");
    until("the answer has been looked at", || log.count() > 0).await;

    let around = world().property("vp.validationLog.services", "GetAggregatedCareContacts-v3").start().await;
    let answer = around.call().await;
    assert_eq!(answer.statuses(), [("A".to_owned(), "DataFromSource".to_owned())]);
    let aggregation = around.world.platform.aggregation().expect("it serves");
    // Whether an answer is looked at is decided before the consumer has its own.
    assert_eq!(aggregation.validation_log().map(|log| log.count()), Some(0), "of another service");

    let around = world().start().await;
    assert!(around.world.platform.aggregation().expect("it serves").validation_log().is_none(), "off unless asked for");
}
