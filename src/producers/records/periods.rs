//! The table of `producers.md` §6.2, row by row: which entries are within a period, and what the index has of each kind.

use std::fs;

use bytes::Bytes;
use http::Request;
use tempfile::TempDir;

use super::source::RecordSource;
use crate::config::environment::Environment;
use crate::domain::problem::Problem;
use crate::producers::asked::Asked;
use crate::producers::schema::Contracts;
use crate::producers::schema::element::Element;
use crate::producers::schema::tests::registry;
use crate::producers::source::{Question, Wanted};
use crate::producers::spec::producer::Producer;

const PATIENT: &str = "191212121212";
const SYSTEM: &str = "SE-S";

const ORGANISATION: &str = r#"
[[giver]]
hsa_id = "SE-G"
name = "Giver"
org_no = "5560000000"
[[unit]]
hsa_id = "SE-U"
name = "Unit"
giver = "SE-G"
[[staff]]
hsa_id = "SE-P"
name = "Staff"
unit = "SE-U"
[[system]]
hsa_id = "SE-S"
name = "System"
giver = "SE-G"
"#;

/// One entry of each kind, written on the 20th and signed on the 24th of February, with the times of its own.
const ENTRIES: &[(&str, &str)] = &[
    ("note", "text = \"x\"\ncode = \"auf\""),
    (
        "diagnosis",
        "type = \"Huvuddiagnos\"\ncode = { code = \"I10.9\", system = \"icd10\" }\ntime = 2026-02-10T12:00:00",
    ),
    (
        "alert",
        "type = { code = \"1\", system = \"alert\" }\nstart = 2026-02-10T12:00:00\nend = 2026-03-10T12:00:00\n\
         obsolete = 2026-02-15T12:00:00\nobsolete_comment = \"x\"\nunstructured = { heading = \"x\", content = \"x\" }",
    ),
    ("function", "category = \"fun-fun\"\ndisability = { assessment = { code = \"b1\", system = \"icf\" } }"),
    (
        "contact",
        "code = { code = \"1\", system = \"contact\" }\nstatus = { code = \"3\", system = \"contact-status\" }\n\
         start = 2026-02-10T12:00:00\nend = 2026-02-12T12:00:00",
    ),
    ("plan", "type = \"VP\"\ncontent = \"x\""),
    (
        "lab",
        "result = \"DEF\"\nregistered = 2026-02-20T12:00:00\ndiscipline = \"x\"\norder = \"x\"\nanalyses = [\
         { id = \"1\", time = 2026-02-10T12:00:00, code = { code = \"NPU01568\", system = \"npu\" }, value = \"1\", pathological = false },\
         { id = \"2\", time = 2026-02-14T12:00:00, code = { code = \"NPU01568\", system = \"npu\" }, value = \"1\", pathological = false }]",
    ),
    (
        "imaging",
        "result = \"DEF\"\nresult_time = 2026-02-22T12:00:00\nreport = \"x\"\n\
         recordings = [{ id = \"1\", activity = { code = \"1\", system = \"kva\" }, start = 2026-02-01T12:00:00 }]\n\
         referral = { id = \"1\", reason = \"x\", author = \"SE-P\", time = 2026-02-10T12:00:00 }",
    ),
    (
        "ecg",
        "result = \"DEF\"\nresult_time = 2026-02-22T12:00:00\nreport = \"x\"\n\
         recordings = [{ id = \"1\", activity = { code = \"1\", system = \"kva\" }, start = 2026-02-01T12:00:00 }]\n\
         referral = { id = \"1\", reason = \"x\", author = \"SE-P\", time = 2026-02-10T12:00:00 }",
    ),
    (
        "referral",
        "type = \"SS\"\ntext = \"x\"\nacts = [{ id = \"1\", text = \"x\", time = 2026-02-01T12:00:00 }]\n\
         referral = { id = \"1\", reason = \"x\", author = \"SE-P\", time = 2026-02-01T12:00:00 }",
    ),
    ("maternity", "checkup = { weeks = 20 }"),
    (
        "medication",
        "type = \"I\"\nstatus = \"Active\"\nstart = 2026-02-01T12:00:00\nend = 2026-02-26T12:00:00\ndosage = \"x\"\n\
         substance = { code = \"C07AB02\", system = \"atc\" }",
    ),
    ("vaccination", "date = 2026-02-10\nvaccine = { code = \"1\", system = \"npl\" }"),
    (
        "request",
        "request = \"SE-S#1\"\nversion = 1\nstatus = { code = \"1\", system = \"request-status\" }\n\
         type = { code = \"4\", system = \"request-type\" }\nmedium = { code = \"1\", system = \"request-medium\" }\n\
         requester = \"SE-P\"\nrecipient = \"SE-U\"",
    ),
    ("booking", "start = 2026-04-01T12:00:00\nend = 2026-04-01T12:30:00"),
];

/// The environment with those entries; `more` is put to each.
fn records(more: &str) -> (RecordSource, Vec<Problem>) {
    let mut text = format!("[patient]\nid = \"{PATIENT}\"\nbirth = 1912-12-12\ngender = \"man\"\n");
    for (kind, own) in ENTRIES {
        // What is asked for is not signed.
        let signed = if *kind == "request" || *kind == "booking" { "" } else { "signed = 2026-02-24T12:00:00\n" };
        text.push_str(&format!(
            "[[entry]]\nid = \"{kind}\"\nkind = \"{kind}\"\nsystem = \"SE-S\"\nunit = \"SE-U\"\nauthor = \"SE-P\"\n\
             authored = 2026-02-20T12:00:00\n{signed}{more}{own}\n"
        ));
    }
    of_files(&[("organisation.toml", ORGANISATION), ("a.toml", &text)])
}

fn of_files(files: &[(&str, &str)]) -> (RecordSource, Vec<Problem>) {
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join("patients")).expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join("patients").join(name), text).expect("written");
    }
    RecordSource::load(&Environment::Folder(folder.path().to_owned()), Contracts::new(registry))
}

/// Records of a contract within a period given in the form of that contract.
fn count(records: &RecordSource, name: &str, fields: &str) -> usize {
    let contract = registry().select(name, None).expect(name);
    let patient = match name {
        "GetRequestStatus:1" => format!("<personId root='1.2.752.129.2.1.3.1' extension='{PATIENT}'/>"),
        _ => format!("<patientId><id>{PATIENT}</id><type>1.2.752.129.2.1.3.1</type></patientId>"),
    };
    let message = format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header>\
         <h:LogicalAddress xmlns:h='urn:riv:itintegration:registry:1'>{SYSTEM}</h:LogicalAddress></e:Header>\
         <e:Body><{0} xmlns='{1}'>{patient}{fields}</{0}></e:Body></e:Envelope>",
        contract.request.local, contract.namespace
    );
    let producer = Producer { hsa_id: Some(SYSTEM.to_owned()), ..Producer::default() };
    let request = Request::post("/").body(Bytes::from(message)).expect("a request");
    let asked = Asked::read("anywhere", &request, jiff::Timestamp::UNIX_EPOCH);
    let question =
        Question { system: "anywhere", producer: &producer, asked: &asked, own: None, wanted: &Wanted::Usual };
    let written = records.written(&question).expect("records").expect("an answer");
    let body = Element::of_body(written.envelope.as_bytes()).expect("a body");
    let list = &super::projection::projection().contract(name).expect("a row").list;
    body.all(list).count()
}

#[test]
fn a_period_keeps_what_the_table_says_it_keeps() {
    let (records, problems) = records("");
    assert_eq!(problems, []);
    // Contract, the name of its period, days of February 2026, and whether there is a record.
    let rows: &[(&str, &str, &[(u8, u8, usize)])] = &[
        // Any time in the record.
        ("GetCareDocumentation:2", "timePeriod", &[(20, 20, 1), (24, 24, 1), (21, 23, 0), (19, 19, 0), (25, 28, 0)]),
        // Author, signature or diagnosis time.
        ("GetDiagnosis:2", "timePeriod", &[(10, 10, 1), (20, 20, 1), (24, 24, 1), (11, 19, 0), (21, 23, 0)]),
        // From the beginning of its validity to the earlier of when it became obsolete and its end.
        ("GetAlertInformation:2", "timePeriod", &[(1, 9, 0), (1, 10, 1), (12, 12, 1), (15, 15, 1), (16, 28, 0)]),
        // The time of the document alone.
        ("GetFunctionalStatus:2", "datePeriod", &[(20, 20, 1), (24, 24, 0), (1, 19, 0)]),
        // Author, beginning and end overlap.
        ("GetCareContacts:2", "timePeriod", &[(1, 9, 0), (11, 11, 1), (15, 15, 1), (20, 20, 1), (21, 28, 0)]),
        ("GetCareContacts:3", "datePeriod", &[(1, 9, 0), (11, 11, 1), (15, 15, 1), (20, 20, 1), (21, 28, 0)]),
        ("GetCarePlans:2", "datePeriod", &[(19, 19, 0), (22, 22, 1), (25, 28, 0)]),
        // From the first analysis to the last, whenever it was told.
        ("GetLaboratoryOrderOutcome:3", "timePeriod", &[(1, 9, 0), (12, 12, 1), (14, 14, 1), (20, 24, 0)]),
        // From the referral to the result.
        ("GetImagingOutcome:1", "datePeriod", &[(1, 9, 0), (10, 10, 1), (15, 15, 1), (22, 22, 1), (23, 28, 0)]),
        ("GetECGOutcome:1", "datePeriod", &[(1, 9, 0), (10, 10, 1), (15, 15, 1), (22, 22, 1), (23, 28, 0)]),
        // From author to signature, whatever the referral and the acts say.
        ("GetReferralOutcome:3", "datePeriod", &[(1, 19, 0), (22, 22, 1), (24, 24, 1), (25, 28, 0)]),
        ("GetMaternityMedicalHistory:3", "datePeriod", &[(1, 19, 0), (22, 22, 1), (25, 28, 0)]),
        // From when it was prescribed to the end of the treatment.
        ("GetMedicationHistory:2", "datePeriod", &[(1, 19, 0), (20, 20, 1), (25, 25, 1), (26, 26, 1), (27, 28, 0)]),
        // A time of the header or the day of the registration.
        ("GetVaccinationHistory:2", "timePeriod", &[(10, 10, 1), (20, 20, 1), (24, 24, 1), (11, 19, 0), (21, 23, 0)]),
        ("GetRequestStatus:1", "timePeriod", &[(20, 20, 1), (19, 19, 0), (21, 21, 0)]),
    ];
    for (name, period, days) in rows {
        assert_eq!(count(&records, name, ""), 1, "{name} without a period");
        for (first, last, expected) in *days {
            let fields = format!("<{period}><start>202602{first:02}</start><end>202602{last:02}</end></{period}>");
            assert_eq!(count(&records, name, &fields), *expected, "{name} {first}–{last}");
        }
        let open = |end: &str, day: u8| format!("<{period}><{end}>202602{day:02}</{end}></{period}>");
        assert_eq!(count(&records, name, &open("start", 1)), 1, "{name}: open at its end");
        assert_eq!(count(&records, name, &open("end", 28)), 1, "{name}: open at its beginning");
    }
}

#[test]
fn the_index_has_a_row_for_each_kind_as_the_table_says() {
    let rows: &[(&str, &str, &str, &str)] = &[
        ("note", "clinicalprocess:healthcond:description", "voo", "20260224120000"),
        ("diagnosis", "clinicalprocess:healthcond:description", "dia", "20260224120000"),
        ("alert", "clinicalprocess:healthcond:description", "upp", "20260224120000"),
        ("function", "clinicalprocess:healthcond:description", "fun-fun", "20260224120000"),
        ("contact", "clinicalprocess:logistics:logistics", "vko", "20260224120000"),
        ("plan", "clinicalprocess:logistics:logistics", "cll-cp", "20260224120000"),
        ("lab", "clinicalprocess:healthcond:actoutcome", "und-kkm-ure", "20260224120000"),
        ("imaging", "clinicalprocess:healthcond:actoutcome", "und-bdi-ure", "20260224120000"),
        ("ecg", "clinicalprocess:healthcond:actoutcome", "und-ekg-ure", "20260224120000"),
        ("referral", "clinicalprocess:healthcond:actoutcome", "und-kon-ure", "20260224120000"),
        ("maternity", "clinicalprocess:healthcond:actoutcome", "utr-mtr", "20260224120000"),
        ("medication", "clinicalprocess:activityprescription:actoutcome", "caa-gmh", "20260224120000"),
        ("vaccination", "clinicalprocess:activityprescription:actoutcome", "caa-gvh", "20260224120000"),
        ("booking", "crm:scheduling", "NA", "20260401120000"),
    ];
    let (source, problems) = records("");
    assert_eq!(problems, []);
    let found = source.books().rows();
    assert_eq!(found.len(), rows.len(), "requests are in no domain of the index: {found:?}");
    for (kind, domain, category, latest) in rows {
        let row =
            found.iter().find(|row| row.service_domain == format!("riv:{domain}") && row.categorization == *category);
        let row = row.unwrap_or_else(|| panic!("{kind}: {found:?}"));
        let is_booking = *kind == "booking";
        assert_eq!(row.logical_address, if is_booking { "SE-U" } else { SYSTEM }, "{kind}");
        assert_eq!(row.business_object_instance_identifier, if is_booking { "booking" } else { "NA" }, "{kind}");
        assert_eq!(row.clinical_process_interest_id, "NA", "{kind}");
        assert_eq!((row.source_system.as_str(), row.data_controller.as_str()), (SYSTEM, "5560000000"), "{kind}");
        assert_eq!(row.most_recent_content, *latest, "{kind}");
    }
    let (nullified, problems) = records("nullified = 2026-05-01T08:00:00\nnullified_reason = \"x\"\n");
    assert_eq!(problems, []);
    let latest = |row: &super::rows::Row| row.most_recent_content.clone();
    assert!(
        nullified.books().rows().iter().all(|row| latest(row) == "20260501080000"),
        "that it was nullified is an event"
    );
}

#[test]
fn a_record_in_json_is_the_same_record_and_its_faults_have_lines() {
    let entry = |more: &str| {
        format!(
            "{{\"patient\": {{\"id\": \"{PATIENT}\"}},\n \"entry\": [\n  {{\"id\": \"1\", \"kind\": \"diagnosis\", \"system\": \"SE-S\",\n   \
             \"unit\": \"SE-U\", \"author\": \"SE-P\", \"authored\": \"2026-02-20T12:00:00\",\n   \"type\": \"Huvuddiagnos\", \
             \"code\": {{\"code\": \"I10.9\", \"system\": \"icd10\"}}{more}}}]}}\n"
        )
    };
    let files = |text: &str| of_files(&[("organisation.toml", ORGANISATION), ("a.json", text)]);
    let (source, problems) = files(&entry(", \"nullified\": \"2026-02-21T12:00:00\", \"reason\": \"Fel\\/person\""));
    assert_eq!(problems, []);
    assert_eq!(
        count(&source, "GetDiagnosis:2", "<timePeriod><start>20260220</start><end>20260220</end></timePeriod>"),
        1
    );
    let books = source.books();
    let known = books.all().find_map(|book| book.patient(PATIENT)).expect("known");
    assert_eq!(known.entries[0].values.text_at("nullified_reason"), Some("Fel/person"));
    for (more, expected) in [
        (",\n   \"time\": \"soon\"", "a.json:6: error: diagnosis.time is \"soon\", expected a moment"),
        (",\n   \"tiem\": 1", "a.json:6: error: diagnosis: unknown name \"tiem\", did you mean \"time\"?"),
        (",\n   ,", "a.json:6: error: not JSON: "),
    ] {
        let (_, problems) = files(&entry(more));
        let found: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|one| one.contains(expected)), "{expected}: {found:?}");
    }
}
