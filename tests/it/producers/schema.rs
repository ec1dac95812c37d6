//! §5: what nobody wrote an answer for is answered from the contract.

use std::sync::Arc;

use anslut::contracts::contract::Contract;
use anslut::contracts::sample::{Variant, Wanted, sample};

use super::demo::{Demo, allowed};
use crate::support::client::Ask;
use crate::support::rows::rows;

rows! {
    u16;
    21 "no mapping: a valid answer, for the asked patient, the same again, another for another patient" => from_the_schema;
    25 "answers follow their contract, whichever is asked" => every_contract;
}

fn request(contract: &Arc<Contract>, patient: &str) -> String {
    let wanted = Wanted { patient: Some(patient.to_owned()), variant: Variant::Min, ..Wanted::default() };
    sample(contract, &wanted).expect("a request").swap_remove(0)
}

/// The answer of a mocked system over its own listener.
async fn asked(demo: &Demo, system: &str, message: String) -> (u16, String) {
    let address = demo.platform.address("producers").expect("the producers");
    let answer = Ask::post(message).at(&format!("/{system}/")).send(address).await;
    (answer.status, answer.text())
}

async fn from_the_schema() {
    let demo = Demo::start().await;
    let contract = demo.contract("GetAvailableTimeslots:1");
    let (one, other) = (request(&contract, "191212121212"), request(&contract, "198908219887"));
    let (status, answer) = asked(&demo, "journal-b", one.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let body = allowed(&contract, &answer);
    assert!(body.all("timeslotDetail").count() == 3 && answer.contains("191212121212"), "{answer}");
    assert_eq!(asked(&demo, "journal-b", one).await.1, answer, "the same question");
    let (_, another) = asked(&demo, "journal-b", other).await;
    assert_ne!(another.replace("198908219887", "191212121212"), answer, "another patient");
}

async fn every_contract() {
    let demo = Demo::start().await;
    let registry = demo.platform.contracts().registry();
    let contracts = registry.active();
    assert!(contracts.len() >= 45);
    for contract in contracts {
        // A system of any contract, most of which it has no records for. Of a booking that is not there, no answer of
        // the contract can tell.
        if contract.operation == "GetBookingDetails" {
            continue;
        }
        let (status, answer) = asked(&demo, "journal-b", request(contract, "191212121212")).await;
        assert_eq!(status, 200, "{}: {answer}", contract.short_name());
        allowed(contract, &answer);
    }
}
