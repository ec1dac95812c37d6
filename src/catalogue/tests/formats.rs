//! What each file format means, and what is said about files that are wrong.

use super::{Loaded, loaded, problems};
use crate::catalogue::period::Period;

const JSON: &str = r#"{"formatVersion":"1","version":"7","tidpunkt":"2026-01-15T10:20:30+0100","utforare":"anna","kommentar":"text",
"data":{"rivtaprofil":[{"id":1,"namn":"RIVTABP21","beskrivning":"","pubversion":"1"}],
"tjanstekontrakt":[{"id":1,"namnrymd":"urn:x:GetXResponder:1","beskrivning":"","majorVersion":1,"minorVersion":0,"pubversion":"1"}],
"logiskadress":[{"id":1,"hsaId":"5565594230","beskrivning":"","pubversion":"1"}],
"tjanstekomponent":[{"id":1,"hsaId":"SE1","beskrivning":"","pubversion":"1"}],
"anropsadress":[{"id":1,"adress":"https://p/x","pubversion":"1","relationships":{"rivtaprofil":1,"tjanstekomponent":1}}],
"anropsbehorighet":[{"id":4,"integrationsavtal":"A1","fromTidpunkt":"2026-01-01T00:00:00+0100","tomTidpunkt":"2026-06-15T00:00:00+0200",
"pubversion":"1","relationships":{"logiskAdress":1,"tjanstekomponent":1,"tjanstekontrakt":1}}],
"vagval":[{"id":9,"fromTidpunkt":"2026-01-01T00:00:00+0100","tomTidpunkt":"2126-01-01T00:00:00+0100","pubversion":"1","relationships":{"anropsadress":1,"logiskadress":1,"tjanstekontrakt":1}}],
"filter":[{"id":1,"servicedomain":"d","pubversion":"1","relationships":{"anropsbehorighet":4}}],
"filtercategorization":[{"id":1,"category":"c","pubversion":"1","relationships":{"filter":1}}]}}"#;

fn routes(loaded: &Loaded) -> Vec<(String, String, String, String)> {
    let snapshot = loaded.catalogue.snapshot();
    let texts = snapshot.routes().iter().map(|route| {
        (route.contract.to_string(), route.address.to_string(), route.profile.to_string(), route.url.to_string())
    });
    texts.collect()
}

#[test]
fn xml_is_taken_in_verbatim_and_only_names_are_collapsed() {
    let xml = "<?xml version='1.0'?><persistentCache><!-- x --><virtualiseringsInfo xmlns='urn:skl:tp:vagvalsinfo:v2'>\
        <virtualiseringsInfoId>17</virtualiseringsInfoId><receiverId> A&amp;<![CDATA[<B>]]> </receiverId>\
        <rivProfil>\n RIVTABP22 </rivProfil><tjansteKontrakt>\t urn:x:1\n</tjansteKontrakt>\
        <adress> http://x </adress><other><receiverId>no</receiverId></other></virtualiseringsInfo>\n\
        <virtualiseringsInfo/><v:anropsBehorighetsInfo xmlns:v='urn:skl:tp:vagvalsinfo:v2'><v:receiverId>A</v:receiverId>\
        <v:senderId> S</v:senderId><v:tjansteKontrakt>urn:x:1</v:tjansteKontrakt><v:fromTidpunkt>igår</v:fromTidpunkt>\
        <v:tomTidpunkt>2027-01-01T00:00:00Z</v:tomTidpunkt><v:filterInfo><v:serviceDomain>d</v:serviceDomain>\
        <v:categorization>a</v:categorization><v:categorization>b</v:categorization></v:filterInfo>\
        </v:anropsBehorighetsInfo></persistentCache>";
    let loaded = loaded(&[("tak/copy.xml", xml)]);
    let text = |s: &str| s.to_owned();
    assert_eq!(
        routes(&loaded),
        [
            (text("urn:x:1"), text(" A&<B> "), text("RIVTABP22"), text(" http://x ")),
            (text(""), text(""), text(""), text("")),
        ]
    );
    let snapshot = loaded.catalogue.snapshot();
    assert_eq!(&*snapshot.routes()[0].id, "17");
    assert_eq!(snapshot.routes()[0].validity.period, Period::ALWAYS);
    let permission = &snapshot.permissions()[0];
    assert_eq!((&*permission.consumer, permission.validity.period), (" S", Period::NEVER));
    assert_eq!(permission.filters[0].categorizations, ["a", "b"]);
    let problems = problems(&loaded);
    for expected in [
        "tak/copy.xml:1: warning: profile \"RIVTABP22\" is neither RIVTABP20 nor RIVTABP21: calls get VP005",
        "tak/copy.xml:1: warning: adress \" http://x \" begins or ends with white space, which is never trimmed",
        "tak/copy.xml:1: warning: fromTidpunkt is missing, and taken as open",
        "tak/copy.xml:4: warning: receiverId is missing, and taken as empty",
        "tak/copy.xml:4: warning: route to \"\" () has no address: calls get VP010",
        "tak/copy.xml:4: warning: fromTidpunkt \"igår\" is not an xs:dateTime such as 2026-01-01T00:00:00: never valid",
    ] {
        assert!(problems.contains(&expected.to_owned()), "{expected} in {problems:#?}");
    }
}

#[test]
fn json_days_are_whole_swedish_days() {
    let loaded = loaded(&[("tak/snapshot.json", JSON)]);
    assert_eq!(problems(&loaded), Vec::<String>::new());
    let snapshot = loaded.catalogue.snapshot();
    assert_eq!(routes(&loaded)[0].3, "https://p/x");
    let permission = &snapshot.permissions()[0];
    assert_eq!((&*permission.id, &*permission.consumer, &*permission.address), ("4", "SE1", "5565594230"));
    assert_eq!(permission.filters[0].service_domain, "d");
    assert_eq!(permission.filters[0].categorizations, ["c"]);
    assert_eq!(permission.origin.line, 7);
    let valid = |at: &str| permission.validity.period.contains(at.parse().unwrap());
    assert!(valid("2026-06-15T21:59:59Z"), "the last day is part of the period (TAK-V1)");
    assert!(!valid("2026-06-15T22:00:00Z"));
    let dump = JSON.replace("\"logiskAdress\":1,\"tjanstekomponent\"", "\"logiskAdress\":1,\"tjanstekonsument\"");
    assert_eq!(self::loaded(&[("tak/dump.json", &dump)]).catalogue.snapshot().permissions().len(), 1);
}

#[test]
fn every_problem_in_a_json_file_is_reported_at_its_line() {
    let broken = JSON
        .replace("\"anropsadress\":1,\"logiskadress\":1", "\"anropsadress\":8,\"logiskadress\":9")
        .replace(
            "\"fromTidpunkt\":\"2026-01-01T00:00:00+0100\",\"tomTidpunkt\":\"2026-06-15",
            "\"fromTidpunkt\":\"x\",\"tomTidpunkt\":\"2026-06-15",
        )
        .replace("\"hsaId\":\"SE1\"", "\"hsaid\":\"SE1\"")
        .replace("\"relationships\":{\"filter\":1}", "\"relationships\":{\"filter\":2}");
    let loaded = loaded(&[("tak/snapshot.json", &broken)]);
    assert_eq!(
        problems(&loaded),
        [
            "tak/snapshot.json:5: error: tjanstekomponent: missing field `hsaId`",
            "tak/snapshot.json:6: error: Missing relationship in jsonfile in version 7: anropsadress 1 refers to tjanstekomponent 1",
            "tak/snapshot.json:7: error: anropsbehorighet 4: fromTidpunkt \"x\" is not a time such as 2026-01-01T00:00:00+0100",
            "tak/snapshot.json:7: error: Missing relationship in jsonfile in version 7: anropsbehorighet 4 refers to tjanstekomponent 1",
            "tak/snapshot.json:9: error: Missing relationship in jsonfile in version 7: vagval 9 refers to anropsadress 8",
            "tak/snapshot.json:9: error: Missing relationship in jsonfile in version 7: vagval 9 refers to logiskadress 9",
            "tak/snapshot.json:11: error: Missing relationship in jsonfile in version 7: filtercategorization 1 refers to filter 2",
        ]
    );
    let syntax = self::loaded(&[
        ("tak/a.json", "{\n \"data\": [\n"),
        ("tak/b.json", "{\"plattform\":\"X\"}"),
        ("tak/c.json", "{}"),
    ]);
    let problems = problems(&syntax);
    assert!(problems[0].starts_with("tak/a.json:"), "{problems:?}");
    assert!(problems[1].starts_with("tak/c.json: error: \"data\" is missing"), "{problems:?}");
}

#[test]
fn toml_is_validated_as_the_catalogue_does_and_bad_rows_are_left_out() {
    let toml = r#"[[route]]
contract = "urn:x:GetXResponder:1"
address = "*"
profile = "RIVTABP21"
producer = "vendor-a"
to = 2026-12-31

[[route]]
contract = "urn:x:GetXResponder:1"
address = "A B"
profile = " RIVTABP21"
url = ""

[[route]]
contract = "URN:x:getxresponder:1"
address = "*"
profile = "RIVTABP20"
url = "http"
from = "2026-12-31"

[[route]]
contract = "URN:x:getxresponder:1"
address = "*"
profile = "RIVTABP20"
url = "http://x"
from = "2026-12-31"

[[route]]
contract = 7
address = "B"
profile = "RIVTABP20"
adress = "http://x"
from = "2026-02-30"

[[permission]]
consumer = "*"
contract = "urn:x:GetXResponder:1"
address = "A"
from = "2026-02-01"
to = "2026-01-01"

[[permission]]
consumer = "SE-1"
contract = "urn:x:GetXResponder:1"
address = "A"
filters = [{ service_domain = "a b" }]

[[component]]
hsa_id = "SE-1"
description = "a system"

[[rout]]
x = 1
"#;
    let loaded = loaded(&[("tak/a.toml", toml)]);
    assert_eq!(
        problems(&loaded),
        [
            "tak/a.toml:10: error: route: address \"A B\": HSA-ID har ogiltigt innehåll",
            "tak/a.toml:11: error: route: profile \" RIVTABP21\": whitespace.instance.namn",
            "tak/a.toml:12: error: route: url \"\": Adress får inte vara tom",
            "tak/a.toml:18: error: route: url \"http\": Adress har felaktig längd",
            "tak/a.toml:21: error: route to \"*\" (URN:x:getxresponder:1): En vägval med samma tjänstekontrakt och \
             logisk adress finns med överlappande datum: tak/a.toml:1",
            "tak/a.toml:28: error: route: url or producer is missing (missing.instance.anropsadress)",
            "tak/a.toml:29: error: route: contract is integer, expected a string",
            "tak/a.toml:32: warning: route: adress is passed over, expected one of contract, address, profile, url, producer, component, from, to, description",
            "tak/a.toml:33: error: route: from \"2026-02-30\" is not a day such as 2026-01-31",
            "tak/a.toml:36: error: permission: consumer \"*\": HSA-ID har ogiltigt innehåll",
            "tak/a.toml:40: error: permission: from \"2026-02-01\" to \"2026-01-01\": Tidpunkter i fel ordning",
            "tak/a.toml:46: error: permission: filter \"a b\": Tjänstedomän får inte innehålla blanktecken",
            "tak/a.toml:52: error: [rout] is passed over, expected route, permission, component, contract or address",
        ]
    );
    let routes = routes(&loaded);
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0].3, "producer:vendor-a");
}

#[test]
fn a_row_may_stand_for_several_contracts_and_addresses() {
    let toml = r#"[[route]]
contract = ["urn:x:GetXResponder:1", "urn:x:GetYResponder:1"]
address = ["A", "B", 7, "A B"]
profile = "RIVTABP21"
producer = "vendor-a"

[[permission]]
consumer = "SE-1"
contract = "urn:x:GetXResponder:1"
address = []

[[route]]
contract = ["urn:x:GetYResponder:1", "urn:x:GetXResponder:1"]
address = "C"
profile = "RIVTABP21"
producer = "vendor-a"

[[route]]
contract = "urn:x:GetXResponder:1"
address = ["D", "c", "E"]
profile = "RIVTABP21"
producer = "vendor-b"
"#;
    let loaded = loaded(&[("tak/a.toml", toml)]);
    assert_eq!(
        problems(&loaded),
        [
            "tak/a.toml:3: error: route: address is integer, expected a string",
            "tak/a.toml:3: error: route: address \"A B\": HSA-ID har ogiltigt innehåll",
            "tak/a.toml:10: error: permission: address is an empty list",
            "tak/a.toml:18: error: route to \"c\" (urn:x:GetXResponder:1): En vägval med samma tjänstekontrakt och \
             logisk adress finns med överlappande datum: tak/a.toml:12",
        ]
    );
    // A row in which something is wrong is left out whole; of one that meets another, what does not meet it stays.
    let mut found: Vec<_> = routes(&loaded).into_iter().map(|route| (route.0, route.1)).collect();
    found.sort();
    let (x, y) = ("urn:x:GetXResponder:1".to_owned(), "urn:x:GetYResponder:1".to_owned());
    let expected =
        [(x.clone(), "C"), (x.clone(), "D"), (x, "E"), (y, "C")].map(|(contract, at)| (contract, at.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn toml_syntax_errors_are_all_reported() {
    let loaded = loaded(&[("tak/a.toml", "[[route]]\nx = \ny = 1\n[[route]\n"), ("tak/b.toml", "\u{feff}")]);
    let problems = problems(&loaded);
    assert!(problems.iter().any(|problem| problem.starts_with("tak/a.toml:2: error: not TOML:")), "{problems:#?}");
    assert!(problems.iter().any(|problem| problem.starts_with("tak/a.toml:4: error: not TOML:")), "{problems:#?}");
}

#[test]
fn files_are_merged_and_simultaneous_routes_are_pointed_out() {
    let route = |url: &str| {
        format!("[[route]]\ncontract = \"c\"\naddress = \"A\"\nprofile = \"RIVTABP21\"\nurl = \"http://{url}\"\n")
    };
    let xml = super::t0::cache_xml([super::t0::route_xml("C", "a", "RIVTABP20", "http://x", "")]);
    let loaded = loaded(&[("tak/a.toml", &route("a")), ("tak/sub/b.xml", &xml), ("tak/readme.md", "")]);
    let problems = problems(&loaded);
    assert!(
        problems.iter().any(|problem| problem.contains("is valid at the same time as the one at")
            && problem.ends_with("calls get VP006")),
        "{problems:#?}"
    );
    assert!(problems.iter().any(|problem| problem.starts_with("tak/readme.md: warning: passed over")));
    assert_eq!(
        super::loaded(&[("hsa/x.txt", "")]).catalogue.problems(&|_| None).len(),
        2,
        "no tak/, and a file that is no tree"
    );
}

#[test]
fn orders_among_the_files_are_carried_out_after_everything_else() {
    let toml = "[[route]]\ncontract = \"urn:c:1\"\naddress = \"A\"\nprofile = \"RIVTABP21\"\nurl = \"http://old\"\ncomponent = \"K\"\n";
    let order = |platform: &str, url: &str| {
        format!(
            r#"{{"plattform":"{platform}","formatVersion":1.0,"version":1,"bestallningsTidpunkt":"2026-01-01T00:00:00+0100",
            "genomforandeTidpunkt":"2026-06-01T00:00:00+0200","utforare":"u","inkludera":{{"vagval":[{{"adress":"{url}",
            "logiskAdress":"A","tjanstekontrakt":"urn:c:1","rivtaprofil":"RIVTABP21","tjanstekomponent":"K"}}],
            "anropsbehorigheter":[{{"logiskAdress":"A","tjanstekontrakt":"urn:c:1","tjanstekonsument":"K"}}]}},"exkludera":{{}}}}"#
        )
    };
    let loaded = loaded(&[
        ("tak/1-order.json", &order("SKLTP-DEFAULT", "http://new")),
        ("tak/2-order.json", &order("OTHER", "http://never")),
        ("tak/routes.toml", toml),
    ]);
    let text = "Beställningen avser plattform OTHER, men den här instansen av tak-web hanterar SKLTP-DEFAULT.";
    assert_eq!(
        problems(&loaded).iter().filter(|problem| problem.contains("error")).collect::<Vec<_>>(),
        [&format!("tak/2-order.json: error: order: {text}")]
    );
    let snapshot = loaded.catalogue.snapshot();
    let routes: Vec<_> =
        snapshot.routes().iter().map(|route| (&*route.url, &*route.validity.from, &*route.validity.to)).collect();
    assert_eq!(routes, [("http://old", "1970-01-01", "2026-05-31"), ("http://new", "2026-06-01", "2126-06-01")]);
    assert!(snapshot.routes()[1].origin.to_string().ends_with("tak/1-order.json"));
    assert_eq!(snapshot.permissions().len(), 1);
    assert_eq!(loaded.catalogue.versions().len(), 1);
    loaded.catalogue.reset_tak();
    assert_eq!(loaded.catalogue.versions().len(), 1, "the same files are the same catalogue");
}
