//! Lists of subscribers, from the wire and from a file.

use super::*;
use crate::domain::subscriber::SubscriberFilter;

fn subscribers() -> Vec<Subscriber> {
    let filter = |domain: &str, categorizations: &[&str]| SubscriberFilter {
        service_domain: domain.into(),
        categorizations: categorizations.iter().map(|text| (*text).to_owned()).collect(),
    };
    vec![
        Subscriber { logical_address: "S&1".into(), filters: vec![filter("D1", &["C1", "C2"]), filter("D2", &[])] },
        Subscriber { logical_address: "S2".into(), filters: vec![] },
    ]
}

#[test]
fn a_saved_list_is_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("subscribers.xml");
    assert!(cache_file::read(&file).is_err());
    cache_file::write(&file, &[]).unwrap();
    cache_file::write(&file, &subscribers()).unwrap();
    assert_eq!(cache_file::read(&file).unwrap(), subscribers());
    std::fs::write(&file, "<other/>").unwrap();
    assert!(cache_file::read(&file).unwrap_err().to_string().ends_with("no element subscribers"));
}

#[test]
fn an_answer_of_the_catalogue_is_read() {
    let answer = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Header><a/></s:Header><s:Body>\
        <GetLogicalAddresseesByServiceContractResponse xmlns='urn:p' xmlns:c='urn:c'>\
        <logicalAddressRecord><c:logicalAddress>S&amp;1</c:logicalAddress><c:filter><c:serviceDomain>D1</c:serviceDomain>\
        <c:categorization>C1</c:categorization><c:categorization>C2</c:categorization></c:filter>\
        <c:filter><c:serviceDomain>D2</c:serviceDomain></c:filter></logicalAddressRecord>\
        <logicalAddressRecord><c:logicalAddress>S2</c:logicalAddress></logicalAddressRecord>\
        </GetLogicalAddresseesByServiceContractResponse></s:Body></s:Envelope>";
    let list = "GetLogicalAddresseesByServiceContractResponse";
    assert_eq!(discover::records(answer.as_bytes(), list).unwrap(), subscribers());
    assert!(discover::records(b"<s:Envelope xmlns:s='e'><s:Body><s:Fault/></s:Body></s:Envelope>", list).is_err());
    assert!(discover::records(&answer.as_bytes()[..answer.len() - 5], list).is_err());
}
