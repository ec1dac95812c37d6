//! `aggregation.md` §3.5: sources' answers are looked at beside the call, and nothing becomes of it but what the log says.

use super::contracts::of;
use super::world::{Act, Merged, hit, setup};
use crate::support::until;

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
