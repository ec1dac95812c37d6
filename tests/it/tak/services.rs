//! Statements 29 to 45: what others read, over SOAP and REST.

use std::io::Read;

use serde_json::{Value, json};

use super::world::{
    ACTIVITIES, CONTRACTS_2, INFO_2, NOTIFICATION, SNAPSHOT, api, ask, contracts, get, info, json_of, plan, publish,
    save, soap, texts, with, world,
};
use crate::support::client::Ask;
use crate::support::rows::rows;
use crate::support::world::World;

rows! { u16;
    29 "?wsdl on each SOAP path" => wsdl;
    30 "expired and future routes are told" => all_rows;
    31 "element order and namespace" => shape;
    32 "midnight without offset" => midnight;
    33 "ids are the snapshot's" => ids;
    34 "where filters are" => filters;
    35 "no consumer means any" => any_consumer;
    36 "letter case does not matter" => letter_case;
    37 "expired permissions are left out" => expired;
    38 "an empty logical address" => empty_address;
    39 "logical addressees with their filter" => addressees;
    40 "an unknown contract" => unknown_contract;
    41 "a version is pinned until the next reset" => pinned;
    42 "an unknown version changes nothing" => unknown_reset;
    43 "the export of an unknown version" => unknown_export;
    44 "the stored snapshot loads back" => loads_back;
    45 "PingForConfiguration" => ping;
}

const ADDRESSEES_2: &str =
    "urn:riv:infrastructure:itintegration:registry:GetLogicalAddresseesByServiceContractResponder:2";
const ADDRESSEES_PATH: &str = "GetLogicalAddresseesByServiceContract/v2";
const PING: &str = "urn:riv:itintegration:monitoring:PingForConfigurationResponder:1";

async fn wsdl() {
    let world = world().await;
    let registry = "urn:riv:itintegration:registry:";
    let registry_2 = "urn:riv:infrastructure:itintegration:registry:";
    for (path, namespace) in [
        ("SokVagvalsInfo/v2", INFO_2.to_owned()),
        ("SokVagvalsInfo", "urn:skl:tp:vagvalsinfo:v1".to_owned()),
        ("GetSupportedServiceContracts", format!("{registry}GetSupportedServiceContracts:1:rivtabp21")),
        ("GetSupportedServiceContracts/v2", format!("{registry_2}GetSupportedServiceContracts:2:rivtabp21")),
        (ADDRESSEES_PATH, format!("{registry_2}GetLogicalAddresseesByServiceContract:2:rivtabp21")),
        (
            "itintegration/monitoring/pingForConfiguration/1/rivtabp21",
            "urn:riv:itintegration:monitoring:PingForConfiguration:1:rivtabp21".to_owned(),
        ),
    ] {
        let answer = get(&world, &format!("/tak-services/{path}?wsdl")).await;
        assert_eq!(answer.status, 200, "{path}");
        let text = answer.text();
        assert!(text.contains(&format!("targetNamespace=\"{namespace}\"")), "{path}: {text}");
        assert!(text.contains(&format!("location=\"http://hub.example/tak-services/{path}\"")), "{path}: {text}");
    }
}

async fn all_rows() {
    let world = world().await;
    let told = info(&world, "hamtaAllaVirtualiseringar").await;
    assert_eq!(texts(&told, "virtualiseringsInfoId"), ["11", "12", "13"]);
    let told = info(&world, "hamtaAllaAnropsBehorigheter").await;
    assert_eq!(texts(&told, "anropsBehorighetsInfoId").len(), 8);
}

/// The children of every record, by name, in their order.
fn children(xml: &str, record: &str) -> Vec<Vec<String>> {
    let (start, end) = (format!("<{record}>"), format!("</{record}>"));
    xml.split(&start)
        .skip(1)
        .map(|rest| {
            let inside = rest.split(&end).next().unwrap();
            let mut names = Vec::new();
            let mut depth = 0;
            for piece in inside.split('<').skip(1) {
                match piece.strip_prefix('/') {
                    Some(_) => depth -= 1,
                    None => {
                        if depth == 0 {
                            names.push(piece.split('>').next().unwrap().to_owned());
                        }
                        depth += 1;
                    }
                }
            }
            names
        })
        .collect()
}

async fn shape() {
    let world = world().await;
    let cases: [(&str, &str, &[&str]); 4] = [
        (
            "hamtaAllaVirtualiseringar",
            "virtualiseringsInfo",
            &[
                "virtualiseringsInfoId",
                "receiverId",
                "rivProfil",
                "tjansteKontrakt",
                "fromTidpunkt",
                "tomTidpunkt",
                "adress",
            ],
        ),
        (
            "hamtaAllaAnropsBehorigheter",
            "anropsBehorighetsInfo",
            &["anropsBehorighetsInfoId", "receiverId", "senderId", "tjansteKontrakt", "fromTidpunkt", "tomTidpunkt"],
        ),
        (
            "hamtaAllaTjanstekontrakt",
            "tjanstekontraktInfo",
            &["namnrymd", "majorVersion", "minorVersion", "beskrivning"],
        ),
        ("hamtaAllaTjanstekomponenter", "tjanstekomponentInfo", &["hsaId", "beskrivning"]),
    ];
    for (operation, record, expected) in cases {
        let told = info(&world, operation).await;
        assert!(told.contains(&format!("<{operation}Response xmlns=\"{INFO_2}\">")), "{told}");
        let found = children(&told, record);
        assert!(found.len() > 2, "{told}");
        for names in found {
            assert!(names.starts_with(&expected.map_to()), "{record}: {names:?}");
            let rest = &names[expected.len()..];
            let optional = ["filterInfo", "anropsAdressInfo", "anropsbehorighetInfo"];
            assert!(rest.iter().all(|name| optional.contains(&name.as_str())), "{record}: {names:?}");
        }
    }
    // The historic version has two operations, under its own namespace.
    let first = "urn:skl:tp:vagvalsinfo:v1";
    let told = soap(&world, "SokVagvalsInfo", first, "hamtaAllaVirtualiseringar", "").await.text();
    assert!(told.contains(&format!("<hamtaAllaVirtualiseringarResponse xmlns=\"{first}\">")), "{told}");
    assert_eq!(soap(&world, "SokVagvalsInfo", first, "hamtaAllaTjanstekontrakt", "").await.status, 500);
}

trait MapTo {
    fn map_to(&self) -> Vec<String>;
}

impl MapTo for &[&str] {
    fn map_to(&self) -> Vec<String> {
        self.iter().map(|name| (*name).to_owned()).collect()
    }
}

async fn midnight() {
    let world = world().await;
    let told = info(&world, "hamtaAllaVirtualiseringar").await;
    assert_eq!(
        texts(&told, "fromTidpunkt"),
        ["2026-01-01T00:00:00.000", "2020-01-01T00:00:00.000", "2030-01-01T00:00:00.000"]
    );
    assert_eq!(texts(&told, "tomTidpunkt")[1], "2021-06-30T00:00:00.000", "summer time has another offset");
}

async fn ids() {
    let world = world().await;
    let told = info(&world, "hamtaAllaVirtualiseringar").await;
    let snapshot: Value = serde_json::from_str(SNAPSHOT).unwrap();
    let ids: Vec<_> = snapshot["data"]["vagval"].as_array().unwrap().iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(texts(&told, "virtualiseringsInfoId"), ids);
}

async fn filters() {
    let world = world().await;
    for operation in ["hamtaAllaVirtualiseringar", "hamtaAllaTjanstekomponenter", "hamtaAllaTjanstekontrakt"] {
        assert!(!info(&world, operation).await.contains("riv:clinicalprocess:logistics:logistics"), "{operation}");
    }
    let told = info(&world, "hamtaAllaAnropsBehorigheter").await;
    let filter = "<filterInfo><serviceDomain>riv:clinicalprocess:logistics:logistics</serviceDomain>\
                  <categorization>vko</categorization></filterInfo></anropsBehorighetsInfo>";
    assert_eq!((told.matches("filterInfo>").count(), told.matches(filter).count()), (2, 1), "{told}");
    let first = "urn:skl:tp:vagvalsinfo:v1";
    let told = soap(&world, "SokVagvalsInfo", first, "hamtaAllaAnropsBehorigheter", "").await.text();
    assert!(!told.contains("filterInfo"), "{told}");
}

async fn any_consumer() {
    let world = world().await;
    let all = contracts(&world, "5565594230", None).await;
    let of_tp = contracts(&world, "5565594230", Some("tp")).await;
    assert_eq!((all.len(), of_tp.len()), (5, 4));
    assert!(of_tp.iter().all(|contract| all.contains(contract)));
    assert_eq!(contracts(&world, "5565594230", Some("")).await, Vec::<String>::new(), "nobody has no name");
    // The first version demands a consumer.
    let first = "urn:riv:itintegration:registry:GetSupportedServiceContractsResponder:1";
    let answer = soap(
        &world,
        "GetSupportedServiceContracts",
        first,
        "GetSupportedServiceContracts",
        "<logicalAdress>5565594230</logicalAdress>",
    );
    let answer = answer.await;
    assert_eq!(answer.status, 500);
    assert_eq!(texts(&answer.text(), "faultstring"), ["ServiceConsumerHsaId must not be empty or null"]);
}

async fn letter_case() {
    let world = world().await;
    let expected = contracts(&world, "HSA-A", Some("KONS-001")).await;
    assert_eq!(expected, [ACTIVITIES]);
    assert_eq!(contracts(&world, "hsa-a", Some("kons-001")).await, expected);
}

async fn expired() {
    let world = world().await;
    let found = contracts(&world, "5565594230", Some("tp")).await;
    assert!(!found.iter().any(|contract| contract.contains("MakeBooking")), "{found:?}");
    world.clock.set("2025-12-31T22:59:59Z".parse().unwrap());
    let found = contracts(&world, "5565594230", Some("tp")).await;
    assert_eq!(found.len(), 1, "the last day is part of it: {found:?}");
    world.clock.set("2025-12-31T23:00:00Z".parse().unwrap());
    assert_eq!(contracts(&world, "5565594230", Some("tp")).await.len(), 4);
}

async fn empty_address() {
    let world = world().await;
    for fields in
        ["<logicalAdress/>", "", "<serviceConsumerHsaId>tp</serviceConsumerHsaId><logicalAdress> </logicalAdress>"]
    {
        let path = "GetSupportedServiceContracts/v2";
        let answer = soap(&world, path, CONTRACTS_2, "GetSupportedServiceContracts", fields).await;
        assert_eq!(answer.status, 500);
        assert_eq!(texts(&answer.text(), "faultstring"), ["LogicalAddress must not be empty or null"]);
    }
}

async fn found_addressees(world: &World, consumer: &str, contract: &str) -> String {
    let fields = format!(
        "<serviceConsumerHsaId>{consumer}</serviceConsumerHsaId><serviceContractNameSpace>\
         <c:ServiceContractNamespace xmlns:c='urn:riv:infrastructure:itintegration:registry:2'>{contract}\
         </c:ServiceContractNamespace></serviceContractNameSpace>"
    );
    soap(world, ADDRESSEES_PATH, ADDRESSEES_2, "GetLogicalAddresseesByServiceContract", &fields).await.text()
}

async fn addressees() {
    let world = world().await;
    let told = found_addressees(&world, "5565594230", NOTIFICATION).await;
    let record = "<logicalAddressRecord><logicalAddress>SKLTP-MOCK-EI</logicalAddress><filter>\
                  <serviceDomain>riv:clinicalprocess:logistics:logistics</serviceDomain>\
                  <categorization>vko</categorization></filter></logicalAddressRecord>";
    assert!(told.contains(record), "{told}");
    for (consumer, contract, text) in [
        ("", NOTIFICATION, "ServiceConsumerHsaId must not be empty or null"),
        ("x", "", "ServiceContractNamespece must not be empty or null"),
    ] {
        let told = found_addressees(&world, consumer, contract).await;
        assert_eq!(texts(&told, "faultstring"), [text]);
    }
    // Rule R1 demands permissions that hold; the reference does not look.
    world.clock.set("2031-06-01T00:00:00Z".parse().unwrap());
    assert_eq!(texts(&found_addressees(&world, "kons-001", ACTIVITIES).await, "logicalAddress"), Vec::<String>::new());
    let lax = with(plan().set("catalogue.addressees_by_date", "false")).await;
    lax.clock.set("2031-06-01T00:00:00Z".parse().unwrap());
    assert_eq!(texts(&found_addressees(&lax, "kons-001", ACTIVITIES).await, "logicalAddress"), ["HSA-A"]);
}

async fn unknown_contract() {
    let world = world().await;
    let told = found_addressees(&world, "5565594230", "urn:nobody:1").await;
    assert!(!told.contains("Fault"), "{told}");
    let empty = format!("<GetLogicalAddresseesByServiceContractResponse xmlns=\"{ADDRESSEES_2}\"></GetLogical");
    assert!(told.contains(&empty), "{told}");
}

async fn pinned() {
    let world = world().await;
    let before = info(&world, "hamtaAllaTjanstekontrakt").await;
    save(&world, "anna", "tjanstekontrakt", json!({"namnrymd": "urn:ny:1", "majorVersion": 1})).await.unwrap();
    publish(&world, "anna").await;
    let after = info(&world, "hamtaAllaTjanstekontrakt").await;
    assert_ne!(before, after);
    let reset = json_of(&get(&world, "/tak-services/reset/pv?version=7").await);
    assert_eq!((reset["status"].as_str(), reset["currentVersion"].as_i64()), (Some("OK"), Some(7)));
    assert_eq!(
        reset["servicesList"],
        json!({"VIRTUALISERING": 3, "ANROPSBEHORIGHT": 8, "TJANSTEKOMPONENT": 4, "TJANSTEKONTRAKT": 6})
    );
    assert_eq!(info(&world, "hamtaAllaTjanstekontrakt").await, before);
    assert_eq!(json_of(&get(&world, "/tak-services/export/pv").await)["version"], 7);
    assert_eq!(json_of(&get(&world, "/tak-services/reset/pv").await)["currentVersion"], 8);
    assert_eq!(info(&world, "hamtaAllaTjanstekontrakt").await, after);
}

async fn unknown_reset() {
    let world = world().await;
    let before = info(&world, "hamtaAllaTjanstekontrakt").await;
    for version in ["99", "x", "-1"] {
        let reset = json_of(&get(&world, &format!("/tak-services/reset/pv?version={version}")).await);
        let expected = json!({"status": "ERROR", "message": "An error occured. The cache has not been updated."});
        assert_eq!(reset, expected);
    }
    assert_eq!(info(&world, "hamtaAllaTjanstekontrakt").await, before);
}

async fn unknown_export() {
    let world = world().await;
    let answer = get(&world, "/tak-services/export/pv?version=999999").await;
    let message = "No published version with id: 999999 found in database. Publish a core version first";
    assert_eq!((answer.status, json_of(&answer)), (200, json!({"Status": "ERROR", "message": message})));
}

async fn loads_back() {
    let world = world().await;
    save(&world, "anna", "filter", json!({"anropsbehorighet": 8, "servicedomain": "riv:x"})).await.unwrap();
    publish(&world, "anna").await;
    let exported = json_of(&get(&world, "/tak-services/export/pv?pretty=true").await);
    assert_eq!(exported["data"]["tjanstekontrakt"][1]["beskrivning"], "", "no description is an empty one");
    assert_eq!(
        exported["data"]["vagval"][0]["relationships"]["anropsadress"],
        "https://long.host.unet.org:443/path/v1"
    );
    let download = get(&world, "/tak-web/pubversion/download/8").await;
    assert_eq!((download.status, download.header("content-type")), (200, Some("application/x-gzip")));
    assert_eq!(download.header("content-disposition"), Some("attachment; filename=\"PubVersion-8.json.gzip\""));
    let mut stored = String::new();
    flate2::read::GzDecoder::new(download.body.as_slice()).read_to_string(&mut stored).unwrap();
    let frame: Value = serde_json::from_str(&stored).unwrap();
    assert_eq!((frame["formatVersion"].as_str(), frame["version"].as_str()), (Some("1"), Some("8")));
    let again = with(plan().file("tak/snapshot.json", stored)).await;
    let exported_again = json_of(&get(&again, "/tak-services/export/pv").await);
    assert_eq!(exported_again["version"], 8);
    assert_eq!(exported_again["data"].to_string(), exported["data"].to_string());
    let versions = api(&again, "GET", "versions", &json!({})).await.1;
    assert_eq!(versions[0]["version"], 8);
}

async fn ping() {
    let world = world().await;
    let fields = "<serviceContractNamespace>urn:x</serviceContractNamespace><logicalAddress>y</logicalAddress>";
    let path = "itintegration/monitoring/pingForConfiguration/1/rivtabp21";
    let told = soap(&world, path, PING, "PingForConfiguration", fields).await.text();
    assert!(told.contains("<name>Applikation</name><value>tk-admin-services</value>"), "{told}");
    assert_eq!(texts(&told, "pingDateTime"), ["20260302130000"]);
    let wrong = soap(&world, path, CONTRACTS_2, "GetSupportedServiceContracts", "").await;
    assert_eq!(wrong.status, 500, "another service's operation");
    assert_eq!(ask(&world, Ask::get(&format!("/tak-services/{path}"))).await.status, 405);
}
