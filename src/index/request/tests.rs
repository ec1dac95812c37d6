//! What is read of a call, and what of it is handed on.

use super::*;
use crate::index::engagement::Field;
use crate::index::fault::FaultCode;

fn envelope(header: &str, payload: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='{SOAP_11}' xmlns:c='{CORE}' xmlns:u='{UPDATE}' xmlns:f='{FIND_CONTENT}' xmlns:x='urn:x' \
         xmlns:r='{REGISTRY}'><s:Header>{header}</s:Header><s:Body>{payload}</s:Body></s:Envelope>"
    )
}

fn refused(xml: &str) -> (FaultCode, String) {
    let fault = read(xml.as_bytes()).expect_err("not a call");
    (fault.code, fault.text)
}

#[test]
fn elements_count_by_namespace_in_any_order() {
    let engagement = "<c:sourceSystem>S &amp; <![CDATA[T]]></c:sourceSystem><c:categorization> C </c:categorization>\
                      <c:nonsense>n</c:nonsense><u:owner>not core</u:owner><c:owner>O</c:owner>\
                      <c:mostRecentContent/><c:registeredResidentIdentification>1<!-- 2 -->3</c:registeredResidentIdentification>";
    let payload = format!(
        "<u:Update><u:engagementTransaction><c:engagement>{engagement}</c:engagement></u:engagementTransaction>\
         <c:engagementTransaction/><u:engagementTransaction><c:deleteFlag> 1 </c:deleteFlag></u:engagementTransaction></u:Update>"
    );
    let xml = envelope("<LogicalAddress>no</LogicalAddress><r:LogicalAddress> A </r:LogicalAddress>", &payload);
    let read = read(xml.as_bytes()).unwrap();
    assert_eq!(read.logical_address.as_deref(), Some(" A "));
    let Call::Update(Transactions { transactions, count }) = read.call else { panic!() };
    assert_eq!(count, 2);
    let first = &transactions[0];
    assert_eq!(first.key.text(Field::SourceSystem), "S & T");
    assert_eq!(first.key.text(Field::Categorization), " C ");
    assert_eq!(first.key.text(Field::Owner), "O");
    assert_eq!(first.key.resident(), "13");
    assert_eq!(first.most_recent_content.as_deref(), Some(""));
    assert!(!first.delete && first.has_engagement && first.engagement_extension.starts_with("<u:owner"));
    assert!(transactions[1].delete && !transactions[1].has_engagement);
}

#[test]
fn extensions_stand_on_their_own() {
    let payload = "<u:Update><u:engagementTransaction><c:engagement><x:a b='1' x:c='2'><x:d/><e xmlns='urn:e'/></x:a>\
                   </c:engagement><g xmlns='urn:g' c:h='i'>&lt;</g></u:engagementTransaction></u:Update>";
    let xml = envelope("", payload);
    let Call::Update(read) = read(xml.as_bytes()).unwrap().call else { panic!() };
    let [transaction] = &read.transactions[..] else { panic!() };
    assert_eq!(transaction.engagement_extension, "<x:a xmlns:x=\"urn:x\" b='1' x:c='2'><x:d/><e xmlns='urn:e'/></x:a>");
    assert_eq!(transaction.transaction_extension, format!("<g xmlns:c=\"{CORE}\" xmlns='urn:g' c:h='i'>&lt;</g>"));
}

#[test]
fn absent_and_empty_are_two_things_for_a_query() {
    let payload = "<f:FindContent><f:categorization/><f:registeredResidentIdentification>1</f:registeredResidentIdentification>\
                   <c:owner>other namespace</c:owner><f:serviceDomian>misspelt</f:serviceDomian></f:FindContent>";
    let xml = envelope("", payload);
    let read = read(xml.as_bytes()).map(|read| read.call);
    let Ok(Call::FindContent(query)) = read else { panic!("{read:?}") };
    assert_eq!(query.field(Field::Categorization), Some(""));
    assert_eq!(query.field(Field::RegisteredResidentIdentification), Some("1"));
    assert_eq!((query.field(Field::Owner), query.field(Field::ServiceDomain)), (None, None));
}

#[test]
fn what_is_no_call_is_told_in_the_frameworks_words() {
    use FaultCode::{Client, VersionMismatch};
    let cases = [
        ("hej", Client, "Error reading XMLStreamReader: Unexpected character 'h' (code 104) in prolog; expected '<'"),
        ("", Client, "Error reading XMLStreamReader: Unexpected EOF in prolog"),
        ("<!DOCTYPE a><a/>", Client, "Error reading XMLStreamReader: Document types are not accepted"),
        (
            "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'/>",
            VersionMismatch,
            "A SOAP 1.2 message is not valid when sent to a SOAP 1.1 only endpoint.",
        ),
        (
            "<Envelope/>",
            VersionMismatch,
            "\"\", the namespace on the \"Envelope\" element, is not a valid SOAP version.",
        ),
    ];
    for (xml, code, text) in cases {
        let refused = refused(xml);
        assert_eq!(refused.0, code, "{xml}");
        assert!(refused.1.starts_with(text), "{xml}: {}", refused.1);
    }
    let (code, text) = refused(&envelope("", "<x:Foo/>"));
    assert_eq!(
        (code, &*text),
        (Client, "Message part {urn:x}Foo was not recognized.  (Does it exist in service WSDL?)")
    );
    assert_eq!(refused(&envelope("", "")).1, "The SOAP Body is empty or missing");
    let behind = envelope("", "<f:FindContent/>") + "<";
    assert!(refused(&behind).1.starts_with("Error reading XMLStreamReader: "));
}

#[test]
fn a_call_cut_at_any_byte_is_refused() {
    let payload = "<u:Update><u:engagementTransaction><c:engagement><x:a>å</x:a></c:engagement></u:engagementTransaction></u:Update>";
    let xml = envelope("<r:LogicalAddress>A</r:LogicalAddress>", payload);
    for cut in 0..xml.len() {
        assert!(read(&xml.as_bytes()[..cut]).is_err(), "cut to {cut}");
    }
}
