//! Elements verified: what a consumer was answered with while it was tried (`qa.md` §6.1). Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use roxmltree::Node;

use super::hub::Call;
use crate::contracts::contract::Contract;
use crate::contracts::coverage::{Kind, Observed};
use crate::qa::assert::soap::body;
use crate::qa::result::{Part, PartKind};
use crate::qa::tree;

/// Paths that are told of a case.
const PATHS_MAX: usize = 2_000;

/// The elements of answers that are no faults, each once, by the names on their way from the body.
pub fn elements(calls: &[Call]) -> Vec<String> {
    let mut paths = BTreeSet::new();
    for call in calls.iter().filter(|call| call.outcome == "ok") {
        let Ok(document) = tree::parse(&call.answer) else { continue };
        let Some(answer) = body(&document).and_then(|body| body.first_element_child()) else { continue };
        if answer.tag_name().name() != "Fault" {
            collect(answer, "", &mut paths);
        }
    }
    paths.into_iter().collect()
}

/// Everything that the contract's answer may hold, elements, branches of choices and enumeration values, and which of it
/// the answers held; nothing where the contract is not known.
pub fn parts(calls: &[Call], contract: Option<&Arc<Contract>>) -> Vec<Part> {
    let Some(contract) = contract else { return Vec::new() };
    let mut observed = Observed::only(Arc::clone(contract));
    for call in calls.iter().filter(|call| call.outcome == "ok") {
        // It is text by now, whatever its declaration says of the bytes that it was.
        observed.see(without_declaration(&call.answer).as_bytes());
    }
    let Some(side) = observed.of(contract).and_then(|coverage| coverage.response) else { return Vec::new() };
    let part = |item: crate::contracts::coverage::Item| {
        let kind = match item.kind {
            Kind::Element => PartKind::Element,
            Kind::Branch => PartKind::Choice,
            Kind::Value => PartKind::Value,
            Kind::Attribute | Kind::Type | Kind::Nil => return None,
        };
        Some(Part { kind, path: item.path, what: item.what, is_received: item.messages > 0 })
    };
    side.list.into_iter().filter_map(part).collect()
}

fn without_declaration(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}');
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest,
        None => text,
    }
}

fn collect(element: Node<'_, '_>, above: &str, paths: &mut BTreeSet<String>) {
    if paths.len() >= PATHS_MAX {
        return;
    }
    let name = element.tag_name().name();
    let path = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
    for child in element.children().filter(Node::is_element) {
        collect(child, &path, paths);
    }
    paths.insert(path);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::assert::schema::InterfaceSchemas;
    use crate::qa::suite::project::{CachedPart, Interface};

    #[test]
    fn elements_of_all_answers_are_told_once_and_those_of_faults_not() {
        let answered = |outcome: &str, content: &str| Call {
            outcome: outcome.to_owned(),
            answer: format!(
                "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>{content}</e:Body></e:Envelope>"
            ),
            ..Call::default()
        };
        let calls = [
            answered("ok", "<a><b/><b><c/></b></a>"),
            answered("ok", "<a><d/></a>"),
            answered("ok", "<e:Fault><faultcode/></e:Fault>"),
            answered("VP009", "<x/>"),
            Call { outcome: "ok".to_owned(), answer: "not xml".to_owned(), ..Call::default() },
        ];
        assert_eq!(elements(&calls), ["a", "a/b", "a/b/c", "a/d"]);
    }

    /// A contract whose answer has a choice of two elements and a code of three values.
    fn contract() -> Arc<Contract> {
        let wsdl = "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/'
            xmlns:x='http://www.w3.org/2001/XMLSchema' xmlns:t='urn:riv:test:qa:GetChoiceResponder:1' xmlns:w='urn:w'
            targetNamespace='urn:w' name='GetChoice'><types><x:schema targetNamespace='urn:riv:test:qa:GetChoiceResponder:1'
            elementFormDefault='qualified'><x:element name='GetChoice' type='x:string'/><x:element name='GetChoiceResponse'>
            <x:complexType><x:sequence><x:choice><x:element name='one' type='x:string'/><x:element name='two' type='x:string'/>
            </x:choice><x:element name='code'><x:simpleType><x:restriction base='x:string'><x:enumeration value='OK'/>
            <x:enumeration value='INFO'/><x:enumeration value='ERROR'/></x:restriction></x:simpleType></x:element></x:sequence>
            </x:complexType></x:element></x:schema></types><message name='q'><part name='p' element='t:GetChoice'/></message>
            <message name='a'><part name='p' element='t:GetChoiceResponse'/></message><portType name='pt'><operation
            name='GetChoice'><input message='w:q'/><output message='w:a'/></operation></portType><binding name='b' type='w:pt'>
            <s:binding style='document' transport='http://schemas.xmlsoap.org/soap/http'/><operation name='GetChoice'>
            <s:operation soapAction='urn:a'/><input><s:body use='literal'/></input><output><s:body use='literal'/></output>
            </operation></binding></definitions>";
        let part = CachedPart { url: "GetChoice.wsdl".to_owned(), content: wsdl.to_owned(), ..CachedPart::default() };
        let interface = Interface { cache: vec![part], ..Interface::default() };
        Arc::clone(InterfaceSchemas::of(&interface).contract("GetChoice").expect("it compiles"))
    }

    #[test]
    fn choices_and_values_that_were_answered_are_told_beside_those_that_were_not() {
        let call = |outcome: &str, content: &str| Call {
            outcome: outcome.to_owned(),
            answer: format!(
                "<?xml version='1.0' encoding='UTF-16'?><e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
                 <GetChoiceResponse xmlns='urn:riv:test:qa:GetChoiceResponder:1'>{content}</GetChoiceResponse></e:Body></e:Envelope>"
            ),
            ..Call::default()
        };
        let calls = [
            call("ok", "<one>a</one><code>OK</code>"),
            call("ok", "<one>b</one><code>ERROR</code>"),
            call("VP009", "<two>c</two><code>INFO</code>"),
        ];
        let contract = contract();
        let parts = parts(&calls, Some(&contract));
        let of = |kind: PartKind, is_received: bool| -> Vec<String> {
            let some = parts.iter().filter(|part| part.kind == kind && part.is_received == is_received);
            some.map(|part| part.what.clone().unwrap_or_else(|| part.path.clone())).collect()
        };
        assert_eq!(of(PartKind::Value, true), ["OK", "ERROR"]);
        assert_eq!(of(PartKind::Value, false), ["INFO"]);
        assert_eq!((of(PartKind::Choice, true).len(), of(PartKind::Choice, false).len()), (1, 1));
        assert!(of(PartKind::Element, true).iter().any(|path| path.ends_with("/one")), "{parts:?}");
        assert!(of(PartKind::Element, false).iter().any(|path| path.ends_with("/two")), "{parts:?}");
        assert_eq!(super::parts(&calls, None), []);
    }
}
