use std::collections::HashMap;

use super::*;
use crate::config::contracts::ImportLimits;
use crate::contracts::builtin;
use crate::contracts::import::Importer;
use crate::contracts::sample::{SampleError, Variant, Wanted, sample};

fn shipped() -> Arc<Registry> {
    let limits = ImportLimits::default();
    Arc::new(Registry::new(builtin::contracts(&mut Importer::default()).0, &HashMap::new(), &limits).0)
}

/// What the samples of a variant use of a contract.
fn used_by(contract: &Arc<Contract>, variant: Variant) -> Coverage {
    let mut observed = Observed::only(Arc::clone(contract));
    for direction in [Direction::Request, Direction::Response] {
        match sample(contract, &Wanted { direction, variant, ..Wanted::default() }) {
            Ok(messages) => messages.iter().for_each(|message| observed.see(message.as_bytes())),
            Err(SampleError::NoMessage(_)) => {}
            Err(error) => panic!("{}: {error}", contract.namespace),
        }
    }
    assert_eq!(observed.passed_over, 0);
    observed.of(contract).unwrap()
}

#[test]
fn a_cover_uses_everything_and_the_smallest_message_does_not() {
    let registry = shipped();
    let mut left = Vec::new();
    for contract in registry.active() {
        let covered = used_by(contract, Variant::Cover);
        for (direction, side) in
            std::iter::once(("request", Some(&covered.request))).chain([("response", covered.response.as_ref())])
        {
            let Some(side) = side else { continue };
            assert!(side.items > 0 && side.messages > 0, "{} {direction}", contract.namespace);
            let missing = side.list.iter().filter(|item| item.messages == 0);
            left.extend(missing.map(|item| {
                format!(
                    "{} {direction}: {} {} {}",
                    contract.short_name(),
                    item.kind.as_str(),
                    item.path,
                    item.what.as_deref().unwrap_or("")
                )
            }));
        }
        let smallest = used_by(contract, Variant::Min);
        assert!(smallest.request.used <= covered.request.used, "{}", contract.namespace);
    }
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn what_a_message_uses_is_counted_once_a_message() {
    let registry = shipped();
    let mut observed = Observed::all(Arc::clone(&registry));
    let request = |unit: &str| {
        format!(
            "<r:GetCareContacts xmlns:r='urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:2' \
             xmlns:c='urn:riv:clinicalprocess:logistics:logistics:2'>{unit}<r:patientId><c:id>191212121212</c:id>\
             <c:type>1.2.752.129.2.1.3.1</c:type></r:patientId></r:GetCareContacts>"
        )
    };
    let unit = "<r:careUnitHSAId>SE2321000016-1A01</r:careUnitHSAId>";
    for message in [request(""), request(unit), request(&format!("{unit}{unit}")), "<a/>".to_owned(), "<".to_owned()] {
        observed.see(message.as_bytes());
    }
    assert_eq!(observed.passed_over, 2, "what is no message of a contract");
    let summary = observed.summary();
    assert_eq!((summary.len(), summary[0].request.messages, summary[0].request.list.len()), (1, 3, 0));
    let details = observed.details().remove(0).request;
    let uses = |path: &str| {
        let found = details.list.iter().find(|item| item.kind == Kind::Element && item.path == path);
        found.unwrap_or_else(|| panic!("{path} in {:?}", details.list)).messages
    };
    assert_eq!(uses("/GetCareContacts/patientId/type"), 3);
    assert_eq!(uses("/GetCareContacts/careUnitHSAId"), 2, "twice in one message is one message");
    assert_eq!(uses("/GetCareContacts/timePeriod"), 0);
    assert!(details.share > 0.0 && details.share < 1.0);
    let contract = registry.select("GetDiagnosis:2", None).unwrap();
    assert_eq!(observed.of(&contract).unwrap().request.used, 0, "a contract of which nothing came");
}

/// Everything that an item can be, in one contract.
#[test]
fn branches_values_types_and_nil_are_items() {
    let schema = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='urn:riv:a:b:GetXResponder:1' \
        targetNamespace='urn:riv:a:b:GetXResponder:1' elementFormDefault='qualified'>\
        <xs:element name='GetX' type='GetXType'/><xs:element name='GetXResponse' type='GetXType'/>\
        <xs:complexType name='GetXType'><xs:sequence>\
        <xs:choice><xs:element name='one' type='xs:int' nillable='true'/><xs:sequence><xs:element name='two' type='Color'/>\
        <xs:element name='three' type='Base' minOccurs='0'/></xs:sequence></xs:choice>\
        <xs:element name='again' type='Colors' minOccurs='0'/></xs:sequence><xs:attribute name='kind' type='Color'/></xs:complexType>\
        <xs:complexType name='Base'><xs:sequence><xs:element name='x' type='xs:string'/></xs:sequence></xs:complexType>\
        <xs:complexType name='More'><xs:complexContent><xs:extension base='Base'><xs:sequence>\
        <xs:element name='in' type='GetXType' minOccurs='0'/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>\
        <xs:simpleType name='Color'><xs:restriction base='xs:token'><xs:enumeration value='red'/><xs:enumeration value='blue'/>\
        </xs:restriction></xs:simpleType><xs:simpleType name='Colors'><xs:list itemType='Color'/></xs:simpleType></xs:schema>";
    let contract = super::super::lint::tests::contract_of(schema);
    let mut observed = Observed::only(Arc::clone(&contract));
    let used = |observed: &Observed| {
        let list = observed.of(&contract).unwrap().request.list;
        let used = list.into_iter().filter(|item| item.messages > 0);
        used.map(|item| {
            format!("{} {} {}", item.kind.as_str(), item.path, item.what.unwrap_or_default()).trim().to_owned()
        })
        .collect::<Vec<_>>()
    };
    let message = |inside: &str| {
        format!(
            "<GetX xmlns='urn:riv:a:b:GetXResponder:1' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{inside}</GetX>"
        )
    };
    observed.see(message("<one xsi:nil='true'/>").as_bytes());
    assert_eq!(used(&observed), ["element /GetX", "branch /GetX one", "element /GetX/one", "nil /GetX/one"]);
    observed.see(message("<two> blue </two><three xsi:type='More'><x>1</x><in kind='red'><one>1</one></in></three><again>red blue</again>").as_bytes());
    assert_eq!(
        used(&observed),
        [
            "element /GetX",
            "attribute /GetX @kind",
            "value /GetX/@kind red",
            "value /GetX/@kind blue",
            "branch /GetX one",
            "element /GetX/one",
            "nil /GetX/one",
            "branch /GetX two",
            "element /GetX/two",
            "element /GetX/three",
            "type /GetX/three More",
            "element /GetX/again",
            "element /GetX/three/x",
            "element /GetX/three/in",
        ]
    );
    let all = observed.of(&contract).unwrap().request;
    assert_eq!((all.used, all.items, all.messages), (14, 14, 2), "{:?}", all.list);
}
