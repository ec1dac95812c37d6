//! `ei.md` §8.4: FindContent.

use super::engagement::{DOMAIN, RESIDENT, e};
use super::world::{World, envelope, request};
use super::{Statement, world};

const T1: &str = "20200101120000";

pub(crate) const TABLE: &[Statement] = &[
    Statement { number: 71, tag: 'T', what: "no match is an empty answer", check: no_match },
    Statement { number: 72, tag: 'T', what: "no resident", check: no_resident },
    Statement { number: 73, tag: 'T', what: "no domain", check: no_domain },
    Statement { number: 74, tag: 'S', what: "a blank resident", check: blank_resident },
    Statement { number: 75, tag: 'T', what: "only the domain asked for", check: only_domain },
    Statement { number: 76, tag: 'T', what: "only the resident asked for", check: only_resident },
    Statement { number: 77, tag: 'T', what: "seven filters", check: filters },
    Statement { number: 78, tag: 'T', what: "content at least as new", check: content },
    Statement { number: 79, tag: 'S', what: "no content is never new enough", check: no_content },
    Statement { number: 80, tag: 'S', what: "an empty filter finds nothing", check: empty_filter },
    Statement { number: 81, tag: 'S', what: "a bad time", check: bad_time },
    Statement { number: 82, tag: 'S', what: "any logical address", check: any_address },
    Statement { number: 83, tag: 'T', what: "a misspelt element is ignored", check: misspelt },
    Statement { number: 84, tag: 'S', what: "the owner filter", check: owner },
    Statement { number: 85, tag: 'T', what: "children in order, none empty", check: order },
    Statement { number: 86, tag: 'S', what: "more than a thousand rows", check: many },
];

const NO_RESIDENT: &str =
    "EI000: A technical error has occurred, error message: registeredResidentIdentification is mandatory but missing";
const NO_DOMAIN: &str = "EI000: A technical error has occurred, error message: serviceDomain is mandatory but missing";

fn no_match() {
    let answer = world().query(&[("registeredResidentIdentification", RESIDENT), ("serviceDomain", DOMAIN)]);
    assert_eq!(answer.rows(), vec![]);
    assert_eq!(answer.body.matches("<FindContentResponse ").count(), 1);
    assert_eq!(answer.content_type, "text/xml;charset=UTF-8");
}

fn no_resident() {
    world().query(&[]).refused(NO_RESIDENT);
}

fn no_domain() {
    world().query(&[("registeredResidentIdentification", RESIDENT)]).refused(NO_DOMAIN);
    world().query(&[("registeredResidentIdentification", RESIDENT), ("serviceDomain", " ")]).refused(NO_DOMAIN);
}

fn blank_resident() {
    world().query(&[("registeredResidentIdentification", " \t"), ("serviceDomain", DOMAIN)]).refused(NO_RESIDENT);
}

fn only_domain() {
    let world = world();
    world.updated(&[e("a"), e("b").with("serviceDomain", "other"), e("c")]);
    assert_eq!(world.rows().len(), 2);
}

fn only_resident() {
    let world = world();
    world.updated(&[e("a"), e("b").with("registeredResidentIdentification", "191212121213")]);
    assert_eq!(world.row()["logicalAddress"], "LA-a");
}

fn filters() {
    let world = world();
    world.updated(&[e("a"), e("b"), e("c")]);
    let filters = |changed: &str| {
        [
            "categorization",
            "logicalAddress",
            "businessObjectInstanceIdentifier",
            "clinicalProcessInterestId",
            "sourceSystem",
            "dataController",
            "owner",
        ]
        .map(|name| {
            let stored = if name == "owner" { "ei-hsa-id".to_owned() } else { e("b").get(name).to_owned() };
            (name, if name == changed { format!("{stored}x") } else { stored })
        })
    };
    let find = |changed: &str| {
        let filters = filters(changed);
        world.find(&filters.each_ref().map(|(name, value)| (*name, value.as_str()))).len()
    };
    assert_eq!(find(""), 1);
    for (name, _) in filters("") {
        assert_eq!(find(name), 0, "{name}");
    }
    let lower = [("sourceSystem", "system"), ("logicalAddress", "la-b")];
    assert_eq!(world.find(&lower), vec![]);
    let careless = World::new(|settings| settings.find_ignores_case = true);
    careless.updated(&[e("a"), e("b")]);
    assert_eq!(careless.find(&lower).len(), 1, "the switch of ei.md §4");
}

fn content() {
    let world = world();
    world.updated(&[e("a").content(T1)]);
    for (time, expected) in [(T1, 1), ("20200101120001", 0), ("20200101115959", 1), ("20200101120000x", 1)] {
        assert_eq!(world.find(&[("mostRecentContent", time)]).len(), expected, "{time}");
    }
}

fn no_content() {
    assert_eq!(world().updated(&[e("a")]).find(&[("mostRecentContent", "19000101000000")]), vec![]);
}

fn empty_filter() {
    assert_eq!(world().updated(&[e("a")]).find(&[("categorization", "")]), vec![]);
}

fn bad_time() {
    let fields =
        |time| [("registeredResidentIdentification", RESIDENT), ("serviceDomain", DOMAIN), ("mostRecentContent", time)];
    let text = "Input date is not according to expected format \"YYYYMMDDhhmmss\": ";
    world().query(&fields("x")).refused(&format!("{text}x"));
    world().query(&fields("")).refused(text);
}

fn any_address() {
    let world = world();
    world.updated(&[e("a")]);
    let payload = format!(
        "<p:registeredResidentIdentification>{RESIDENT}</p:registeredResidentIdentification>\
         <p:serviceDomain>{DOMAIN}</p:serviceDomain>"
    );
    for address in [None, Some("foreign")] {
        let answer = world.send(request("FindContent", &envelope("FindContent", address, &payload)));
        assert_eq!(answer.rows().len(), 1);
    }
}

fn misspelt() {
    assert_eq!(world().updated(&[e("a")]).find(&[("categorisation", "x")]).len(), 1);
}

fn owner() {
    let world = world();
    world.updated(&[e("a")]).notified(&[e("b").owner("remote-owner")]);
    assert_eq!(world.find(&[("owner", "remote-owner")]).len(), 1);
    assert_eq!(world.rows().len(), 2);
}

fn order() {
    let world = world();
    world.updated(&[e("a"), e("b").content(T1)]).later(1);
    world.updated(&[e("b").content("20210101120000"), e("c").with("sourceSystem", "a &amp;&lt; b")]);
    let answer = world.query(&[("registeredResidentIdentification", RESIDENT), ("serviceDomain", DOMAIN)]);
    let expected = format!(
        "<engagement><ns2:registeredResidentIdentification>{RESIDENT}</ns2:registeredResidentIdentification>\
         <ns2:serviceDomain>{DOMAIN}</ns2:serviceDomain><ns2:categorization>CAT</ns2:categorization>\
         <ns2:logicalAddress>LA-b</ns2:logicalAddress>\
         <ns2:businessObjectInstanceIdentifier>NA</ns2:businessObjectInstanceIdentifier>\
         <ns2:clinicalProcessInterestId>NA</ns2:clinicalProcessInterestId>\
         <ns2:mostRecentContent>20210101120000</ns2:mostRecentContent><ns2:sourceSystem>SYSTEM</ns2:sourceSystem>\
         <ns2:creationTime>20261122120000</ns2:creationTime><ns2:updateTime>20261122120001</ns2:updateTime>\
         <ns2:dataController>CONTROLLER</ns2:dataController><ns2:owner>ei-hsa-id</ns2:owner></engagement>"
    );
    assert!(answer.body.contains(&expected), "{}", answer.body);
    assert!(answer.body.contains("<ns2:sourceSystem>a &amp;&lt; b</ns2:sourceSystem>"));
    assert!(!answer.body.contains("/>") && !answer.body.contains("<ns2:updateTime></"));
    assert!(answer.body.starts_with('<') && answer.body.ends_with('>'));
}

fn many() {
    let world = world();
    for hundred in 0..12 {
        let rows: Vec<_> = (0..100).map(|number| e(&format!("{hundred}-{number}"))).collect();
        world.updated(&rows);
    }
    assert_eq!(world.rows().len(), 1_200);
}

#[test]
fn an_answer_larger_than_any_is_refused() {
    let world = World::new(|settings| settings.limits.response_bytes_max = 2_000);
    world.updated(&[e("a"), e("b"), e("c"), e("d")]);
    world
        .query(&[("registeredResidentIdentification", RESIDENT), ("serviceDomain", DOMAIN)])
        .refused("EI000: A technical error has occurred, error message: The answer is larger than 2000 bytes.");
}
