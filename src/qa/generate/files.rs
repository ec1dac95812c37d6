//! Generated cases as files of a native suite: cases, requests, and the parameters that somebody has to fill in.

use std::collections::{BTreeMap, BTreeSet};

use super::Made;

/// Why a parameter is asked for, in both languages.
const WHY: &[(&str, &str, &str)] = &[
    ("url", "adressen som anropas", "where calls go"),
    ("logicalAddress", "den logiska adress som systemet svarar för", "the logical address the system answers for"),
    ("sourceSystemHSAId", "källsystemets HSA-id, som posterna bär", "HSA-id of the source system, as records carry it"),
    ("httpHeaderHsaId", "ursprunglig konsument i vanliga anrop", "original consumer of ordinary calls"),
    ("patient.rich", "testpatient med poster", "test patient with records"),
    ("patient.samordningsnummer", "testpatient med samordningsnummer", "test patient with a coordination number"),
    ("patient.reservnummer", "testpatient med reservnummer", "test patient with a reserve number"),
    ("patient.empty", "känd testpatient utan poster", "known test patient without records"),
    ("patient.unknown", "testidentitet som systemet inte känner", "test identity the system does not know"),
    ("patient.large", "testpatient med minst 1 000 poster", "test patient with at least 1,000 records"),
    ("timePeriodStart", "första dagen som har en post, ÅÅÅÅMMDD", "first day that has a record, YYYYMMDD"),
    ("timePeriodEnd", "sista dagen som har en post, ÅÅÅÅMMDD", "last day that has a record, YYYYMMDD"),
    ("expectedDocumentIds", "poster i perioden, med komma emellan", "records in the period, with commas between"),
    ("unexpectedDocumentIds", "poster utanför perioden", "records outside the period"),
    ("careUnitHSAId", "vårdenhet som har poster", "care unit that has records"),
    ("careUnitHSAId2", "en annan vårdenhet som har poster", "another care unit that has records"),
    ("careContactId", "vårdkontakt som har poster", "care contact that has records"),
    ("expectedText", "text med å, ä, ö i en post", "text with å, ä, ö in a record"),
    ("consumer.full", "konsument som får se allt", "consumer that may see all"),
    ("consumer.limited", "konsument som får se mindre", "consumer that may see less"),
    ("consumer.forbiddenUnits", "enheter som den inte får se", "units it must not see"),
    (
        "consumer.absent",
        "utan ursprunglig konsument: all, none eller refused",
        "without original consumer: all, none or refused",
    ),
    ("consumer.hsaId", "konsumentens HSA-id, som certifikatet bär", "the consumer's HSA-id, as its certificate has it"),
    (
        "consumer.failingSystem",
        "den av källornas testproducenter som slutar svara",
        "the mocked producer, one of several sources, that fails",
    ),
    (
        "consumer.certificate",
        "true där konsumenten ska visa ett eget klientcertifikat",
        "true where the consumer must show a client certificate of its own",
    ),
    ("consumer.callsPerHour", "flest anrop på en timme, som deklarerat", "most calls in an hour, as declared"),
    ("consumer.callsAtOnce", "flest samtidiga anrop, som deklarerat", "most calls at the same time, as declared"),
    ("index.sender", "HSA-id för den som skickar Update", "HSA-id of whoever sends Updates"),
    ("index.url", "adressen där indexet svarar på FindContent", "where the index answers FindContent"),
    ("index.serviceDomain", "tjänstedomän som engagemangen bär, riv:…", "service domain of the engagements, riv:…"),
    ("index.categorization", "kategorisering som engagemangen bär", "categorization of the engagements"),
    ("index.removedPatientId", "testpatient vars sista uppgift tas bort", "test patient whose last record is removed"),
    ("index.movedPatientId", "testpatient vars uppgift flyttas", "test patient whose record is moved"),
    ("approvedTrueIds", "poster som patienten får se", "records the patient may see"),
    ("approvedFalseIds", "poster som patienten inte får se", "records the patient may not see"),
    ("signedIds", "signerade poster", "signed records"),
    ("unsignedIds", "osignerade poster", "unsigned records"),
];

/// The sentence why a parameter is needed.
pub fn why(name: &str) -> Option<(&'static str, &'static str)> {
    let found = WHY.iter().find(|(known, ..)| *known == name || name.strip_suffix(".id") == Some(*known));
    found.map(|(_, sv, en)| (*sv, *en))
}

/// The files, by their names in the suite's folder.
pub fn all(cases: &[Made]) -> Result<BTreeMap<String, String>, toml::ser::Error> {
    let mut files = BTreeMap::new();
    for made in cases {
        files.insert(format!("cases/{}.toml", made.case.id), toml::to_string(&made.case)?);
        for (step, request) in made.case.steps.iter().zip(&made.requests) {
            files.insert(step.get_ref().send.clone(), request.clone());
        }
    }
    files.insert("data.toml".to_owned(), form(cases));
    Ok(files)
}

/// `data.toml` with a line for everything that the cases need, each with its reason.
pub fn form(cases: &[Made]) -> String {
    let mut needed: BTreeSet<&str> = cases.iter().flat_map(|made| &made.case.needs).map(String::as_str).collect();
    // What a consumer declares of itself is asked for, and nothing waits for the answer.
    let waits = cases.iter().filter_map(|made| made.case.waits_for.as_ref());
    let declared = waits.flat_map(|wait| [&wait.certificate, &wait.calls_per_hour, &wait.calls_at_once]).flatten();
    needed.extend(declared.filter_map(|text| text.strip_prefix("${")?.strip_suffix('}')));
    let mut out = String::from(
        "# What only you know. An empty value leaves its cases not run; { not_applicable = \"why\" } skips them.\n",
    );
    for table in ["target", "patient", "selection", "consumer", "index"] {
        out.push_str(&format!("\n[{table}]\n"));
        for (name, sv, en) in WHY {
            let is_target = ["url", "logicalAddress", "sourceSystemHSAId", "httpHeaderHsaId"].contains(name);
            let own = name.split_once('.').map_or(if is_target { "target" } else { "selection" }, |(table, _)| table);
            let is_needed = is_target
                || needed.contains(name)
                || needed.contains(format!("{name}.id").as_str())
                || *name == "patient.rich"
                || name.ends_with("DocumentIds");
            if own != table || !is_needed {
                continue;
            }
            let key = name.rsplit('.').next().unwrap_or(name);
            let value = if table == "patient" { "{ id = \"\", type = \"\" }" } else { "\"\"" };
            out.push_str(&format!("{key} = {value} # {sv} / {en}\n"));
        }
    }
    out
}
