//! The families of cases, by the themes of the published declaration. A case is made where the contract has what it asks for.

use std::collections::BTreeMap;

use super::request::Asking;
use super::shape::{Shape, message};
use super::{Building, Made, ORIGINAL, negative};
use crate::contracts::contract::Direction;
use crate::contracts::sample::{Envelope, Variant, Wanted, sample};
use crate::qa::native::written::LoadFile;
use crate::qa::native::written::expectation::{Expectation, RecordsWanted, WhereIds};
use crate::qa::rules::SLA_MS;

/// Care units and contacts that nobody has.
const NOBODY: &str = "SE2321000016-FINNSINTE";
/// Records that a large answer has at least.
const LARGE: usize = 1_000;
/// Parameters of a case that asks for a period.
const PERIOD: [&str; 2] = ["timePeriodStart", "timePeriodEnd"];
/// Parameters of a case that asks for a care contact.
const CONTACT: [&str; 2] = ["careContactId", "sourceSystemHSAId"];

/// Every case of a contract; `rules` are the suite's rule files.
pub fn all(shape: &Shape, rules: &[String]) -> Vec<Made> {
    let mut cases = Vec::new();
    patients(shape, &mut cases);
    periods(shape, &mut cases);
    units(shape, &mut cases);
    sources_and_contacts(shape, &mut cases);
    empty(shape, &mut cases);
    negative::refusals(shape, &mut cases);
    combination(shape, &mut cases);
    encodings(shape, &mut cases);
    contents(shape, &mut cases);
    consumers(shape, &mut cases);
    by_rule_files(shape, rules, &mut cases);
    negative::broken(shape, &mut cases);
    schema_walk(shape, &mut cases);
    repeats(shape, &mut cases);
    load(shape, &mut cases);
    cases
}

/// An expectation about records.
pub(super) fn records(wanted: RecordsWanted) -> Expectation {
    Expectation { records: Some(wanted), ..Expectation::default() }
}

/// The same, asked for by a rule.
pub(super) fn by_rule(rule: &str, expectation: Expectation) -> Expectation {
    Expectation { rule: Some(rule.to_owned()), ..expectation }
}

/// No fewer records than these.
fn at_least(count: usize) -> RecordsWanted {
    RecordsWanted { at_least: Some(count), ..RecordsWanted::default() }
}

/// None at all; a refusal will do as well where `or_fault`.
pub(super) fn none(or_fault: bool) -> RecordsWanted {
    RecordsWanted { exactly: Some(0), or_fault, ..RecordsWanted::default() }
}

fn list(name: &str) -> Option<String> {
    Some(format!("${{{name}}}"))
}

fn equals(field: &str, value: &str) -> BTreeMap<String, String> {
    [(field.to_owned(), value.to_owned())].into()
}

/// The request for the patient alone.
pub(super) fn basic(shape: &Shape) -> Option<String> {
    shape.request(&Asking::default())
}

fn patients(shape: &Shape, cases: &mut Vec<Made>) {
    let Some(request) = basic(shape) else { return };
    let first = Building::new("TF-1.1.1", "TF 1.1.1", "Patient med personnummer", "Patient by personnummer");
    let ids = RecordsWanted { ids_include: list("expectedDocumentIds"), ..at_least(1) };
    cases.push(first.needing(&["patientId"]).step(request.clone(), vec![records(ids)]).done());
    if shape.patient.is_none() {
        return;
    }
    for (number, kind, sv, en) in [
        ("1.1.2", "samordningsnummer", "Patient med samordningsnummer", "Patient by samordningsnummer"),
        ("1.1.3", "reservnummer", "Patient med reservnummer", "Patient by reserve number"),
    ] {
        let case = Building::new(&format!("TF-{number}"), &format!("TF {number}"), sv, en).of_patient(kind);
        cases.push(case.step(request.clone(), vec![records(at_least(1))]).done());
    }
}

fn periods(shape: &Shape, cases: &mut Vec<Made>) {
    let Some(period) = &shape.period else { return };
    let (start, end) = ("${timePeriodStart}", "${timePeriodEnd}");
    let within = |from: &str, to: &str| Some([from.to_owned(), to.to_owned()]);
    let known = |wanted: RecordsWanted| RecordsWanted {
        ids_include: list("expectedDocumentIds"),
        ids_exclude: list("unexpectedDocumentIds"),
        ..wanted
    };
    let mut add = |id: &str, sv: &str, en: &str, ends: (Option<&str>, Option<&str>), wanted: RecordsWanted| {
        let Some(request) = shape.request(&Asking { start: ends.0, end: ends.1, ..Asking::default() }) else { return };
        let case = Building::new(&format!("TF-1.2-{id}"), "TF 1.2", sv, en).needing(&["patientId"]).needing(&PERIOD);
        cases.push(case.step(request, vec![records(wanted)]).done());
    };
    let around = known(RecordsWanted { each_time_within: within(start, end), ..at_least(1) });
    add("around", "Tidsintervall", "Period", (Some(start), Some(end)), around);
    let first = RecordsWanted { each_time_within: within(start, start), ..at_least(1) };
    add("start-day", "Exakt första dagen", "Exactly on the first day", (Some(start), Some(start)), first);
    let last = RecordsWanted { each_time_within: within(end, end), ..at_least(1) };
    add("end-day", "Exakt sista dagen", "Exactly on the last day", (Some(end), Some(end)), last);
    if period.may_open {
        let to = RecordsWanted {
            each_time_within: within("", end),
            ids_include: list("expectedDocumentIds"),
            ..at_least(1)
        };
        add("open-start", "Öppet startdatum", "Open start", (None, Some(end)), to);
        let from = RecordsWanted {
            each_time_within: within(start, ""),
            ids_include: list("expectedDocumentIds"),
            ..at_least(1)
        };
        add("open-end", "Öppet slutdatum", "Open end", (Some(start), None), from);
    }
    add("reversed", "Omvänt intervall", "Reversed period", (Some(end), Some(start)), none(true));
}

fn units(shape: &Shape, cases: &mut Vec<Made>) {
    let Some((_, twice)) = shape.unit else { return };
    let mut add = |id: &str, sv: &str, en: &str, units: &[&str], needs: &[&str], wanted: RecordsWanted| {
        let Some(request) = shape.request(&Asking { units, ..Asking::default() }) else { return };
        let case = Building::new(&format!("TF-1.3-{id}"), "TF 1.3", sv, en).needing(&["patientId"]).needing(needs);
        cases.push(case.step(request, vec![records(wanted)]).done());
    };
    let (one, two) = ("${careUnitHSAId}", "${careUnitHSAId2}");
    let own = RecordsWanted { each_equals: equals("care_unit", one), ..at_least(1) };
    add("one", "En vårdenhet", "One care unit", &[one], &["careUnitHSAId"], own);
    if twice {
        let both: BTreeMap<_, _> = [("care_unit".to_owned(), vec![one.to_owned(), two.to_owned()])].into();
        let wanted = RecordsWanted { each_one_of: both.clone(), values_include: both, ..at_least(2) };
        add("two", "Två vårdenheter", "Two care units", &[one, two], &["careUnitHSAId", "careUnitHSAId2"], wanted);
    }
    add("unknown", "Okänd vårdenhet", "Unknown care unit", &[NOBODY], &[], none(true));
    // Built from the customer's own, in other letters: an HSA-id is compared as it is written.
    let other = Building::new("TF-1.3-case", "TF 1.3", "Vårdenhet med andra bokstäver", "Care unit in other letters");
    if let Some(request) = shape.request(&Asking { units: &["${careUnitHSAId.lower}"], ..Asking::default() }) {
        let case = other.needing(&["patientId", "careUnitHSAId.lower"]);
        cases.push(case.step(request, vec![records(none(true))]).done());
    }
}

fn sources_and_contacts(shape: &Shape, cases: &mut Vec<Made>) {
    let own = "${sourceSystemHSAId}";
    if let Some(request) = shape.request(&Asking { source: Some(own), ..Asking::default() }) {
        let each_equals =
            if shape.answers("sourcesystemhsaid") { equals("source_system", own) } else { BTreeMap::new() };
        let case = Building::new("TF-1.4-own", "TF 1.4", "Eget källsystem", "Own source system");
        let case = case.needing(&["patientId", "sourceSystemHSAId"]);
        cases.push(case.step(request, vec![records(RecordsWanted { each_equals, ..at_least(1) })]).done());
    }
    if let Some(request) = shape.request(&Asking { source: Some(NOBODY), ..Asking::default() }) {
        let case = Building::new("TF-1.4-foreign", "TF 1.4", "Annat källsystem", "Another source system");
        cases.push(case.needing(&["patientId"]).step(request, vec![records(none(true))]).done());
    }
    let source = shape.source.as_ref().map(|_| own);
    let contact = "${careContactId}";
    if let Some(request) = shape.request(&Asking { source, contact: Some(contact), ..Asking::default() }) {
        let each_equals =
            if shape.answers("carecontactid") { equals("care_contact", contact) } else { BTreeMap::new() };
        let case = Building::new("TF-1.5-one", "TF 1.5", "En vårdkontakt", "One care contact");
        let wanted = RecordsWanted { each_equals, ..at_least(1) };
        cases.push(case.needing(&["patientId"]).needing(&CONTACT).step(request, vec![records(wanted)]).done());
    }
    if let Some(request) = shape.request(&Asking { source, contact: Some("finns-inte-1"), ..Asking::default() }) {
        let case = Building::new("TF-1.5-unknown", "TF 1.5", "Okänd vårdkontakt", "Unknown care contact");
        let case = case.needing(&["patientId", "sourceSystemHSAId"]);
        cases.push(case.step(request, vec![records(none(false))]).done());
    }
}

fn empty(shape: &Shape, cases: &mut Vec<Made>) {
    let Some(request) = basic(shape).filter(|_| shape.patient.is_some()) else { return };
    for (id, kind, sv, en) in [
        ("unknown", "unknown", "Okänd patient", "Unknown patient"),
        ("empty", "empty", "Patient utan uppgifter", "Patient without records"),
    ] {
        let case = Building::new(&format!("TF-1.6-{id}"), "TF 1.6", sv, en).of_patient(kind);
        let nothing = by_rule("RT-08", records(none(false)));
        let status = Expectation {
            status: Some(crate::qa::native::written::expectation::Statuses::One(200)),
            ..Expectation::default()
        };
        cases.push(case.step(request.clone(), vec![nothing, status]).done());
    }
}

fn combination(shape: &Shape, cases: &mut Vec<Made>) {
    let units: &[&str] = if shape.unit.is_some() { &["${careUnitHSAId}"] } else { &[] };
    let has_period = shape.period.is_some();
    let contact = shape.contact.as_ref().map(|_| "${careContactId}");
    if usize::from(!units.is_empty()) + usize::from(has_period) + usize::from(contact.is_some()) < 2 {
        return;
    }
    let asking = |contact: Option<&'static str>| Asking {
        units,
        start: has_period.then_some("${timePeriodStart}"),
        end: has_period.then_some("${timePeriodEnd}"),
        source: contact.and(shape.source.as_ref()).map(|_| "${sourceSystemHSAId}"),
        contact,
    };
    let wanted = |contact: Option<&str>| {
        let mut each_equals = BTreeMap::new();
        if !units.is_empty() {
            each_equals.extend(equals("care_unit", "${careUnitHSAId}"));
        }
        if contact.is_some() && shape.answers("carecontactid") {
            each_equals.extend(equals("care_contact", "${careContactId}"));
        }
        let each_time_within = has_period.then(|| ["${timePeriodStart}".to_owned(), "${timePeriodEnd}".to_owned()]);
        RecordsWanted { each_equals, each_time_within, ..RecordsWanted::default() }
    };
    let mut choices = vec![("all", contact)];
    if contact.is_some() && !units.is_empty() && has_period {
        choices.push(("unit-and-period", None));
    }
    for (id, contact) in choices {
        let Some(request) = shape.request(&asking(contact)) else { continue };
        let case = Building::new(&format!("TF-1.8-{id}"), "TF 1.8", "Kombination av urval", "Selections combined");
        let mut case = case.needing(&["patientId"]);
        if !units.is_empty() {
            case = case.needing(&["careUnitHSAId"]);
        }
        if has_period {
            case = case.needing(&PERIOD);
        }
        if contact.is_some() {
            case = case.needing(&CONTACT);
        }
        cases.push(case.step(request, vec![records(wanted(contact))]).done());
    }
}

fn encodings(shape: &Shape, cases: &mut Vec<Made>) {
    let Some(request) = basic(shape) else { return };
    let case = Building::new("TF-1.9", "TF 1.9", "Stort svar", "Large answer").of_patient("large");
    cases.push(case.step(request.clone(), vec![records(at_least(LARGE))]).done());
    // A comment is where any request may say something in Swedish.
    let swedish = request.replacen("<soapenv:Body>", "<soapenv:Body><!-- å ä ö Å Ä Ö é – ” -->", 1);
    let case = Building::new("TF-2.1", "TF 2.1", "Teckenkodning UTF-8", "Character set UTF-8");
    let mut expect =
        vec![records(at_least(1)), Expectation { charset: Some("UTF-8|UTF-16".to_owned()), ..Expectation::default() }];
    expect
        .push(by_rule("RT-16", Expectation { contains: Some("${expectedText}".to_owned()), ..Expectation::default() }));
    cases.push(case.needing(&["patientId", "expectedText"]).step(swedish, expect).done());
    let case =
        Building::new("TF-2.2", "TF 2.2", "Teckenkodning UTF-16", "Character set UTF-16").needing(&["patientId"]);
    let expect = || {
        vec![records(at_least(1)), Expectation { charset: Some("UTF-8|UTF-16".to_owned()), ..Expectation::default() }]
    };
    let case = case.step_with(request.clone(), expect(), |step| step.encoding = Some("UTF-16".to_owned()));
    cases.push(case.step_with(request, expect(), |step| step.encoding = Some("UTF-16LE".to_owned())).done());
}

fn contents(shape: &Shape, cases: &mut Vec<Made>) {
    let Some(request) = basic(shape) else { return };
    let mut has = |id: &str, ending: &str, field: &str, sv: &str, en: &str| {
        if shape.answers(ending) {
            let each_has = vec![field.to_owned()];
            let case = Building::new(&format!("TF-{id}"), &format!("TF {id}"), sv, en).needing(&["patientId"]);
            cases.push(case.step(request.clone(), vec![records(RecordsWanted { each_has, ..at_least(1) })]).done());
        }
    };
    has("3.1", "careunithsaid", "care_unit", "Vårdenhet i varje post", "Care unit in every record");
    has("3.2", "caregiverhsaid", "care_giver", "Vårdgivare i varje post", "Care giver in every record");
    has("4.1", "approvedforpatient", "approved", "Menprövning anges", "Approval is stated");
    let mut of_ids = |id: &str,
                      theme: &str,
                      list: &str,
                      sv: &str,
                      en: &str,
                      field: &str,
                      equals: Option<&str>,
                      present: Option<bool>| {
        let where_ids = WhereIds {
            ids: format!("${{{list}}}"),
            field: field.to_owned(),
            equals: equals.map(str::to_owned),
            present,
        };
        let wanted =
            RecordsWanted { ids_include: Some(format!("${{{list}}}")), where_ids: Some(where_ids), ..at_least(1) };
        let case = Building::new(id, theme, sv, en).needing(&["patientId", list]);
        cases.push(case.step(request.clone(), vec![records(wanted)]).done());
    };
    if shape.answers("approvedforpatient") {
        of_ids(
            "TF-4.1-true",
            "TF 4.1",
            "approvedTrueIds",
            "Godkända för patienten",
            "Approved for the patient",
            "approved",
            Some("true"),
            None,
        );
        of_ids(
            "TF-4.2-false",
            "TF 4.2",
            "approvedFalseIds",
            "Ej godkända för patienten",
            "Not approved for the patient",
            "approved",
            Some("false"),
            None,
        );
    }
    if shape.answers("signaturetime") {
        of_ids(
            "TF-5.1-signed",
            "TF 5.1",
            "signedIds",
            "Signerade poster",
            "Signed records",
            "signature",
            None,
            Some(true),
        );
        of_ids(
            "TF-5.1-unsigned",
            "TF 5.1",
            "unsignedIds",
            "Osignerade poster",
            "Unsigned records",
            "signature",
            None,
            Some(false),
        );
    }
}

fn consumers(shape: &Shape, cases: &mut Vec<Made>) {
    let Some(request) = basic(shape) else { return };
    let mut add = |id: &str, sv: &str, en: &str, needs: &[&str], header: Option<&str>, wanted: Expectation| {
        let case =
            Building::new(&format!("TF-{id}"), &format!("TF {id}"), sv, en).needing(&["patientId"]).needing(needs);
        cases.push(
            case.step_with(request.clone(), vec![wanted], |step| match header {
                Some(header) => {
                    step.headers.insert(ORIGINAL.to_owned(), header.to_owned());
                }
                None => {
                    step.headers.remove(ORIGINAL);
                }
            })
            .done(),
        );
    };
    let all = RecordsWanted { ids_include: list("expectedDocumentIds"), ..at_least(1) };
    add(
        "7.1",
        "Konsument som får se allt",
        "Consumer that may see all",
        &["consumer.full"],
        Some("${consumer.full}"),
        records(all),
    );
    let values_exclude = [("care_unit".to_owned(), vec!["${consumer.forbiddenUnits}".to_owned()])].into();
    let limited = RecordsWanted { values_exclude, ..at_least(1) };
    add(
        "7.2",
        "Konsument med begränsad åtkomst",
        "Consumer that may see less",
        &["consumer.limited", "consumer.forbiddenUnits"],
        Some("${consumer.limited}"),
        records(limited),
    );
    let when = |equals: &str| {
        Some(crate::qa::native::written::expectation::When {
            flag: "consumer.absent".to_owned(),
            equals: equals.to_owned(),
        })
    };
    let case = Building::new("TF-7.3", "TF 7.3", "Utan ursprunglig konsument", "Without original consumer");
    let expect = vec![
        Expectation { when: when("refused"), refused: Some(true), ..Expectation::default() },
        Expectation { when: when("none"), ..records(none(false)) },
        Expectation { when: when("all"), ..records(at_least(1)) },
    ];
    let case = case.needing(&["patientId", "consumer.absent"]);
    cases.push(
        case.step_with(request.clone(), expect, |step| {
            step.headers.remove(ORIGINAL);
        })
        .done(),
    );
}

fn by_rule_files(shape: &Shape, rules: &[String], cases: &mut Vec<Made>) {
    let Some(request) = basic(shape) else { return };
    for (number, file) in rules.iter().enumerate() {
        let case =
            Building::new(&format!("TF-5.{}", number + 2), &format!("TF 5.{}", number + 2), "Regelfil", "Rule file");
        let expect =
            vec![records(at_least(1)), Expectation { schematron: Some(file.clone()), ..Expectation::default() }];
        cases.push(case.needing(&["patientId"]).step(request.clone(), expect).done());
    }
}

/// One request for each optional part and each choice that the schema has.
fn schema_walk(shape: &Shape, cases: &mut Vec<Made>) {
    let wanted = Wanted {
        direction: Direction::Request,
        variant: Variant::Cover,
        seed: 1,
        patient: Some("191212121212".to_owned()),
        envelope: Envelope::Own,
        ..Wanted::default()
    };
    let Ok(samples) = sample(&shape.contract, &wanted) else { return };
    let mut case = Building::new("GEN-S", "GEN-S", "Genomgång av schemat", "Schema walk").needing(&["patientId"]);
    let mut count = 0;
    for sample in samples {
        // What the customer's system may turn away for what it says is asked for elsewhere.
        let asks_contact = shape.contact.as_ref().is_some_and(|name| sample.contains(&format!(":{name}>")));
        let asks_source = shape.source.as_ref().is_some_and(|name| sample.contains(&format!(":{name}>")));
        if asks_contact && !asks_source {
            continue;
        }
        let asking = Asking {
            source: asks_source.then_some("${sourceSystemHSAId}"),
            contact: asks_contact.then_some("${careContactId}"),
            ..Asking::default()
        };
        let Some(request) = shape.filled(&sample, &asking) else { continue };
        case = case.step(request, vec![Expectation { no_fault: Some(true), ..Expectation::default() }]);
        count += 1;
    }
    if count > 0 {
        let case = if shape.source.is_some() { case.needing(&["sourceSystemHSAId"]) } else { case };
        cases.push(case.done());
    }
}

fn repeats(shape: &Shape, cases: &mut Vec<Made>) {
    let Some(request) = basic(shape) else { return };
    let same = |rule: &str| by_rule(rule, Expectation { same_as: Some("Call 1".to_owned()), ..Expectation::default() });
    let case = Building::new("GEN-R", "GEN-R", "Samma fråga tre gånger", "The same request three times")
        .needing(&["patientId"]);
    let case = case.step(request.clone(), vec![records(at_least(1))]);
    let case = case.step(request.clone(), vec![same("RT-10")]).step(request.clone(), vec![same("RT-10")]);
    cases.push(case.done());
    let case =
        Building::new("GEN-S-prefixes", "GEN-S", "Andra prefix och radbrytningar", "Other prefixes and line breaks");
    let case = case.needing(&["patientId"]).step(request.clone(), vec![records(at_least(1))]);
    let case = case.step(other_prefixes(&request), vec![same("RT-19")]).step(one_line(&request), vec![same("RT-19")]);
    cases.push(case.done());
}

/// The same request with other prefixes.
fn other_prefixes(request: &str) -> String {
    let mut other = request.replace("soapenv:", "e:").replace(":soapenv=", ":e=");
    for number in (1..=9).rev() {
        other = other
            .replace(&format!("<n{number}:"), &format!("<abc{number}:"))
            .replace(&format!("</n{number}:"), &format!("</abc{number}:"))
            .replace(&format!("xmlns:n{number}="), &format!("xmlns:abc{number}="))
            .replace(&format!("\"n{number}:"), &format!("\"abc{number}:"));
    }
    other
}

/// The same request without the white space between elements.
fn one_line(request: &str) -> String {
    request.lines().map(str::trim).collect()
}

fn load(shape: &Shape, cases: &mut Vec<Made>) {
    let Ok(Some(request)) = message(&shape.contract, Direction::Request, Variant::Min, &[]).map(|_| basic(shape))
    else {
        return;
    };
    for (number, sv, en, load) in [
        (
            "6.1.1",
            "Last",
            "Load",
            LoadFile { threads: 10, peak: 0, delay_ms: 1_000, seconds: 180, p95_ms: SLA_MS, drift: 0.0 },
        ),
        (
            "6.1.2",
            "Uthållighet",
            "Endurance",
            LoadFile { threads: 5, peak: 0, delay_ms: 1_000, seconds: 1_800, p95_ms: SLA_MS, drift: 1.5 },
        ),
        (
            "6.2.1",
            "Återhämtning",
            "Recovery",
            LoadFile { threads: 10, peak: 100, delay_ms: 1_000, seconds: 420, p95_ms: SLA_MS, drift: 0.0 },
        ),
    ] {
        let case = Building::new(&format!("TF-{number}"), &format!("TF {number}"), sv, en).needing(&["patientId"]);
        cases.push(case.load(load).step(request.clone(), Vec::new()).done());
    }
}
