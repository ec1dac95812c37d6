//! The catalogue and tree of `vp.md` §11.0, as files.

use super::Loaded;
use crate::config::checked::{ClimbSwitch, LookupSettings};

pub(crate) const GC: &str = "urn:riv:insuranceprocess:healthreporting:GetCertificateResponder:1";
pub(crate) const GA: &str = "urn:riv:clinicalprocess:activity:actions:GetActivitiesResponder:1";
const CB: &str = "urn:riv:ehr:blocking:accesscontrol:CheckBlocksResponder:3";
/// A contract whose namespace begins as one of the exceptions to HSA lookup.
pub(crate) const EXCEPTED: &str = "namnrymd-2:GetXResponder:1";

const ROUTES: &[(&str, &str, &str, &str)] = &[
    (GC, "HttpProducer", "RIVTABP20", "http://p1/vardgivare"),
    (GC, "HttpsProducer", "RIVTABP20", "https://p2/vardgivare"),
    (GC, "HttpsProducerWsdl", "RIVTABP20", "https://p2/tjanst2/?wsdl"),
    (GC, "NotAuthorizedReceiver", "RIVTABP20", "http://p1/x"),
    (GC, "ReceiverUnknownRivVersion", "RIVTABP22", "http://p1/x"),
    (GC, "ReceiverMultipleVagval", "RIVTABP20", "http://p1/20"),
    (GC, "ReceiverMultipleVagval", "RIVTABP21", "http://p1/21"),
    (GC, "ReceiverNoPhysicalAddress", "RIVTABP21", ""),
    (GA, "HttpProducer", "RIVTABP21", "http://explicit"),
    (GA, "SE0000000003-1234", "RIVTABP21", "http://tree"),
    (GA, "ReceiverRiv20", "RIVTABP20", "http://p5"),
    (GA, "ReceiverRiv21", "RIVTABP21", "http://p5"),
    (GA, "FirstReceiverRiv21", "RIVTABP21", "http://default"),
    (GA, "SecondReceiverRiv21", "RIVTABP21", "http://default"),
    (GA, "*", "RIVTABP21", "http://default"),
    (CB, "HttpProducer", "RIVTABP21", "http://p1/cb"),
    (EXCEPTED, "SE0000000003-1234", "RIVTABP21", "http://excepted"),
    (EXCEPTED, "SE0000000001-1234", "RIVTABP21", "http://excepted/exact"),
];

const PERMISSIONS: &[(&str, &str, &[&str])] = &[
    ("tp", GC, &["HttpProducer", "HttpsProducer", "HttpsProducerWsdl", "ReceiverUnknownRivVersion"]),
    ("SenderWithDefaultBehorighet", GC, &["*"]),
    ("tp", GA, &["GetActivitiesReceiverWithNoExplicitVagval", "ReceiverRiv20", "ReceiverRiv21"]),
    ("SenderWithDefaultBehorighet", GA, &["*", "SE0000000003-1234", "FirstReceiverRiv21", "SecondReceiverRiv21"]),
    ("treeSender", GA, &["SE0000000003-1234"]),
    ("tp", CB, &["HttpProducer"]),
    ("tp", EXCEPTED, &["SE0000000003-1234"]),
];

const FROM_TO: &str = "<v:fromTidpunkt>2009-03-10T00:00:00.000</v:fromTidpunkt>\
                       <v:tomTidpunkt>2109-03-10T00:00:00.000</v:tomTidpunkt>";

pub(crate) fn route_xml(contract: &str, address: &str, profile: &str, url: &str, times: &str) -> String {
    format!(
        "<virtualiseringsInfo xmlns:v='urn:skl:tp:vagvalsinfo:v2'><v:virtualiseringsInfoId>1</v:virtualiseringsInfoId>\
         <v:receiverId>{address}</v:receiverId><v:rivProfil>{profile}</v:rivProfil>\
         <v:tjansteKontrakt>{contract}</v:tjansteKontrakt>{times}<v:adress>{url}</v:adress></virtualiseringsInfo>\n"
    )
}

pub(crate) fn permission_xml(consumer: &str, contract: &str, address: &str, times: &str) -> String {
    format!(
        "<anropsBehorighetsInfo xmlns:v='urn:skl:tp:vagvalsinfo:v2'>\
         <v:anropsBehorighetsInfoId>1</v:anropsBehorighetsInfoId><v:receiverId>{address}</v:receiverId>\
         <v:senderId>{consumer}</v:senderId><v:tjansteKontrakt>{contract}</v:tjansteKontrakt>{times}\
         </anropsBehorighetsInfo>\n"
    )
}

pub(crate) fn cache_xml(rows: impl IntoIterator<Item = String>) -> String {
    format!("<persistentCache>\n{}</persistentCache>", rows.into_iter().collect::<String>())
}

/// The local TAK copy of T0.
pub(crate) fn tak_xml() -> String {
    let routes =
        ROUTES.iter().map(|(contract, address, profile, url)| route_xml(contract, address, profile, url, FROM_TO));
    let permissions = PERMISSIONS.iter().flat_map(|(consumer, contract, addresses)| {
        addresses.iter().map(|address| permission_xml(consumer, contract, address, FROM_TO))
    });
    cache_xml(routes.chain(permissions))
}

/// A tree in which each id of `ids` is above the one before it.
pub(crate) fn hsa_xml(ids: &[&str]) -> String {
    let units = ids.iter().enumerate().map(|(place, id)| {
        let dn: Vec<String> = (place..ids.len()).map(|level| format!("ou=level {level}")).collect();
        format!("<hsaUnit><hsaIdentity>{id}</hsaIdentity><DN>{}</DN><name>{id}</name></hsaUnit>\n", dn.join(", "))
    });
    format!("<hsaUnits xmlns='urn:riv:hsa:HsaWsResponder:3'>\n{}</hsaUnits>", units.collect::<String>())
}

pub(crate) const TREE: &[&str] =
    &["SE0000000001-1234", "SE0000000002-1234", "SE0000000003-1234", "SE0000000004-1234", "SE"];

pub(crate) fn loaded() -> Loaded {
    super::loaded(&[("tak/copy.xml", &tak_xml()), ("hsa/tree.xml", &hsa_xml(TREE))])
}

/// The settings of C0 that concern lookups.
pub(crate) fn rules() -> LookupSettings {
    let except = |prefixes: &[&str]| ClimbSwitch {
        enabled: true,
        excepted: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
    };
    LookupSettings {
        delimiter: "#".to_owned(),
        allowed_contracts: Vec::new(),
        allowed_senders: Vec::new(),
        route_climb: except(&["namnrymd-2"]),
        permission_climb: except(&["namnrymd-x", "namnrymd-2"]),
    }
}
