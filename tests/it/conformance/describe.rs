//! `vp.md` §11.9: `?wsdl` and `?xsd`.

use super::c0::C0;
use crate::support::client::{Answer, Ask};
use crate::support::world::{Plan, World};

crate::support::rows::rows! {
    u16;
    108 "a description with the listener's own addresses" => description;
    109 "the same as a load balancer is seen" => forwarded;
    110 "a schema, also one that only a schema imports" => schemas;
    111 "a description with a byte-order mark" => byte_order_mark;
    111 "a path of the settings' own" => odd_path;
    111 "a folder of the settings' own" => folder;
    112 "a description of an unknown path" => unknown;
}

const PATH: &str = "/vp/clinicalprocess/healthcond/certificate/GetCertificate/2/rivtabp21";
const WSDL: &str = "schemas/interactions/GetCertificateInteraction/GetCertificateInteraction_2.0_RIVTABP21.wsdl";

/// A release of one contract, below `root`.
fn release(plan: Plan, root: &str, before: &str) -> Plan {
    let domain = "urn:riv:clinicalprocess:healthcond:certificate";
    let wsdl = format!(
        "{before}<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:itr=\"urn:riv:itintegration:registry:1\" xmlns:tns=\"{domain}:GetCertificate:2:rivtabp21\" xmlns:gcr=\"{domain}:GetCertificateResponder:2\" targetNamespace=\"{domain}:GetCertificate:2:rivtabp21\" name=\"GetCertificateInteraction\">
  <wsdl:types><xs:schema targetNamespace=\"{domain}:GetCertificate:2:rivtabp21\">
    <xs:import namespace=\"{domain}:GetCertificateResponder:2\" schemaLocation=\"GetCertificateResponder_2.0.xsd\"/>
    <xs:import schemaLocation=\"../../core_components/itintegration_registry_1.0.xsd\" namespace=\"urn:riv:itintegration:registry:1\"/>
  </xs:schema></wsdl:types>
  <wsdl:message name=\"GetCertificateRequest\"><wsdl:part name=\"LogicalAddress\" element=\"itr:LogicalAddress\"/><wsdl:part name=\"parameters\" element=\"gcr:GetCertificate\"/></wsdl:message>
  <wsdl:message name=\"GetCertificateResponse\"><wsdl:part name=\"parameters\" element=\"gcr:GetCertificateResponse\"/></wsdl:message>
  <wsdl:portType name=\"GetCertificateResponderInterface\"><wsdl:operation name=\"GetCertificate\"><wsdl:input message=\"tns:GetCertificateRequest\"/><wsdl:output message=\"tns:GetCertificateResponse\"/></wsdl:operation></wsdl:portType>
  <wsdl:binding name=\"GetCertificateResponderBinding\" type=\"tns:GetCertificateResponderInterface\"><soap:binding style=\"document\" transport=\"http://schemas.xmlsoap.org/soap/http\"/><wsdl:operation name=\"GetCertificate\"><soap:operation soapAction=\"{domain}:GetCertificateResponder:2:GetCertificate\" style=\"document\"/><wsdl:input><soap:header use=\"literal\" message=\"tns:GetCertificateRequest\" part=\"LogicalAddress\"/><soap:body use=\"literal\" parts=\"parameters\"/></wsdl:input><wsdl:output><soap:body use=\"literal\"/></wsdl:output></wsdl:operation></wsdl:binding>
  <wsdl:service name=\"GetCertificateResponderService\"><wsdl:port name=\"GetCertificateResponderPort\" binding=\"tns:GetCertificateResponderBinding\"><soap:address location=\"http://tempuri.org\"/></wsdl:port></wsdl:service>
</wsdl:definitions>"
    );
    let schema = |namespace: &str, body: &str| {
        format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"{namespace}\" elementFormDefault=\"qualified\">{body}</xs:schema>"
        )
    };
    let responder = format!(
        "<xs:import namespace=\"{domain}:2\" schemaLocation=\"../../core_components/clinicalprocess_healthcond_certificate_2.0.xsd\"/><xs:element name=\"GetCertificate\"/><xs:element name=\"GetCertificateResponse\"/>"
    );
    let enumerations = format!("<xs:import namespace=\"{domain}:enums:2\" schemaLocation=\"enums 2.xsd\"/>");
    plan.file(&format!("{root}/{WSDL}"), wsdl)
        .file(
            &format!("{root}/schemas/interactions/GetCertificateInteraction/GetCertificateResponder_2.0.xsd"),
            schema(&format!("{domain}:GetCertificateResponder:2"), &responder),
        )
        .file(
            &format!("{root}/schemas/core_components/clinicalprocess_healthcond_certificate_2.0.xsd"),
            schema(&format!("{domain}:2"), &enumerations),
        )
        .file(&format!("{root}/schemas/core_components/enums 2.xsd"), schema(&format!("{domain}:enums:2"), ""))
        .file(
            &format!("{root}/schemas/core_components/itintegration_registry_1.0.xsd"),
            schema("urn:riv:itintegration:registry:1", "<xs:element name=\"LogicalAddress\"/>"),
        )
}

async fn c0() -> C0 {
    C0::with(|plan| release(plan, "contracts/certificate", "")).await
}

#[track_caller]
fn document(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/xml;UTF-8")), "{}", answer.text());
    answer.text()
}

fn own(world: &World) -> String {
    format!("http://{}{PATH}", world.hub)
}

async fn description() {
    let c0 = c0().await;
    let own = own(&c0.world);
    for ask in [
        Ask::get(&format!("{PATH}?wsdl")),
        Ask::get(&format!("{PATH}?WSDL=")).method("POST"),
        Ask::get(PATH).header("wsdl", ""),
        Ask::get(&format!("{}?wsdl", PATH.to_lowercase())),
    ] {
        let text = document(&c0.call(ask).await);
        let own = if text.contains(&own) { own.clone() } else { own.to_lowercase() };
        for expected in [
            format!("schemaLocation=\"{own}?xsd=../../core_components/itintegration_registry_1.0.xsd\""),
            format!("schemaLocation=\"{own}?xsd=GetCertificateResponder_2.0.xsd\""),
            format!("<soap:address location=\"{own}\"/>"),
        ] {
            assert!(text.contains(&expected), "{expected} is not in {text}");
        }
        assert!(!text.contains("tempuri.org"));
        // The order of attributes is the published one.
        assert!(text.contains("<xs:import namespace=\"urn:riv:clinicalprocess"));
        assert!(text.contains(".0.xsd\" namespace=\"urn:riv:itintegration:registry:1\"/>"));
    }
}

async fn forwarded() {
    let c0 = c0().await;
    let ask = Ask::get(&format!("{PATH}?wsdl"))
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "vp-proxy-dns-name")
        .header("X-Forwarded-Port", "443");
    let text = document(&c0.call(ask).await);
    assert!(text.contains(&format!("schemaLocation=\"https://vp-proxy-dns-name:443{PATH}?xsd=GetCert")), "{text}");
    assert!(text.contains(&format!("<soap:address location=\"https://vp-proxy-dns-name:443{PATH}\"/>")), "{text}");
    // Each of the three by itself.
    let text = document(&c0.call(Ask::get(&format!("{PATH}?wsdl")).header("X-Forwarded-Host", "else")).await);
    let port = c0.world.hub.port();
    assert!(text.contains(&format!("location=\"http://else:{port}{PATH}\"")), "{text}");
    // The Host header means nothing.
    let text = document(&c0.call(Ask::get(&format!("{PATH}?wsdl")).header("Host", "host.example.org")).await);
    assert!(!text.contains("host.example.org"), "{text}");
}

async fn schemas() {
    let c0 = c0().await;
    let own = own(&c0.world);
    let xsd = |location: &str| Ask::get(&format!("{PATH}?xsd={location}"));
    let text = document(&c0.call(xsd("../../core_components/itintegration_registry_1.0.xsd")).await);
    assert!(text.contains("targetNamespace=\"urn:riv:itintegration:registry:1\""), "{text}");
    // Two steps away from the description, with its own imports leading back here.
    let core = "../../core_components/clinicalprocess_healthcond_certificate_2.0.xsd";
    for asked in [core.to_owned(), core.replace('/', "%2F")] {
        let text = document(&c0.call(xsd(&asked)).await);
        assert!(text.contains(&format!("schemaLocation=\"{own}?xsd=enums 2.xsd\"")), "{text}");
    }
    for asked in ["enums%202.xsd", "enums+2.xsd"] {
        let text = document(&c0.call(xsd(asked)).await);
        assert!(text.contains("certificate:enums:2"), "{asked}: {text}");
    }
    // Both words: the schema.
    let ask = Ask::get(&format!("{PATH}?wsdl&xsd=GetCertificateResponder_2.0.xsd"));
    assert!(document(&c0.call(ask).await).contains("name=\"GetCertificateResponse\""));
    let gone = c0.call(xsd("gone.xsd")).await;
    gone.is_raw_fault("WSDLException: faultCode=OTHER_ERROR: Couldn't find xsd named gone.xsd");
}

async fn byte_order_mark() {
    let c0 = C0::with(|plan| release(plan, "contracts", "\u{feff}")).await;
    let text = document(&c0.call(Ask::get(&format!("{PATH}?wsdl"))).await);
    assert!(text.starts_with("<?xml"), "{:?}", &text[..20]);
}

async fn odd_path() {
    let entry = format!(
        "[{{\"tjanstekontrakt\":\"urn:riv:clinicalprocess:healthcond:certificate:GetCertificateResponder:2\",\"wsdlfilepath\":\"wsdl/{WSDL}\",\"wsdlurl\":\"vp/Odd/certificate\"}}]"
    );
    let plan =
        |plan: Plan| release(plan, "wsdl", "").file("odd.json", entry.clone()).property("wsdl.json.file", "odd.json");
    let c0 = C0::with(plan).await;
    let text = document(&c0.call(Ask::get("/vp/odd/certificate?wsdl")).await);
    assert!(text.contains(&format!("location=\"http://{}/vp/odd/certificate\"", c0.world.hub)), "{text}");
    document(&c0.call(Ask::get("/vp/odd/certificate?xsd=GetCertificateResponder_2.0.xsd")).await);
    assert_eq!(c0.call(Ask::get(&format!("{PATH}?wsdl"))).await.status, 500, "only the path of the settings");
}

async fn folder() {
    let c0 = C0::with(|plan| release(plan, "wsdl", "").property("wsdlfiles.directory", "wsdl")).await;
    let text = document(&c0.call(Ask::get(&format!("{PATH}?wsdl"))).await);
    assert!(text.contains(&own(&c0.world)), "{text}");
}

async fn unknown() {
    let c0 = c0().await;
    for ask in [
        Ask::get("/vp/unknown/path?wsdl"),
        Ask::get("/vp?WSDL=x").method("POST"),
        Ask::get(&format!("{PATH}/?wsdl")),
        Ask::get("/vp/unknown/path?xsd=a.xsd"),
    ] {
        let answer = c0.call(ask).await;
        assert_eq!((answer.status, answer.header("content-type")), (500, Some("text/plain;UTF-8")));
        let text = answer.text();
        let (first, known) = text.split_once('\n').expect("lines");
        assert_eq!(first, "No wsdl found on this path, following wsdl paths is available:");
        let shipped = format!("http://{}/vp/itintegration/engagementindex/Update/1/rivtabp21?wsdl", c0.world.hub);
        for expected in [format!("{}?wsdl", own(&c0.world)), shipped] {
            assert!(known.lines().any(|line| line == expected), "{expected} is not in {text}");
        }
    }
}
