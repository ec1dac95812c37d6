//! What is made of runs, and what they leave on standard output.

use anslut::qa::native::export::{data, data_xml};
use anslut::qa::report::{declaration, junit};
use anslut::qa::result::{RunDocument, Totals};
use anslut::qa::suite::data::DataFile;
use anslut::qa::suite::folder::Published;
use serde_json::{Value, json};

use super::native::write;
use super::suite::{Ran, Stub, Suite, assertion, script};

fn cases(document: &RunDocument) -> Vec<(String, &'static str)> {
    document.cases.iter().map(|case| (case.name.clone(), case.verdict.word())).collect()
}

/// A run with one case of each verdict.
fn mixed() -> RunDocument {
    let of = |assertions: String, answer: &str, stub: Stub| Suite::of(assertions).run(answer, stub).document;
    let no_fault = || assertion("SOAP Fault Assertion", "");
    let mut whole = of(no_fault(), "ok1", Stub::default());
    for other in [
        of(no_fault(), "fault", Stub::default()),
        of(no_fault(), "ok1", Stub { refuses: true, ..Stub::default() }),
        of(script("new URL('http://x').text"), "ok1", Stub::default()),
        of(String::new(), "ok1", Stub::default()),
    ] {
        whole.cases.extend(other.cases);
    }
    whole.totals = Totals::of(&whole.cases);
    whole
}

#[test]
pub fn statement_69_junit_counts_each_verdict() {
    let run = mixed();
    let verdicts: Vec<_> = cases(&run).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(verdicts, ["pass", "fail", "error", "not-run", "skip"]);
    let xml = junit::write(&run, false);
    let document = roxmltree::Document::parse(&xml).unwrap();
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    let count = |name: &str| suite.attribute(name).unwrap().to_owned();
    assert_eq!([count("tests"), count("failures"), count("errors"), count("skipped")], ["5", "1", "2", "1"]);
    let below = |name: &str| suite.descendants().filter(|node| node.has_tag_name(name)).count();
    assert_eq!([below("testcase"), below("failure"), below("error"), below("skipped")], [5, 1, 2, 1]);
}

/// The document without what differs between any two runs.
fn timeless(ran: &Ran) -> Value {
    fn clean(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.retain(|name, _| !["ms", "started", "finished", "id"].contains(&name.as_str()));
                object.values_mut().for_each(clean);
            }
            Value::Array(list) => list.iter_mut().for_each(clean),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(&ran.document).unwrap();
    clean(&mut value);
    value
}

#[test]
pub fn statement_70_totals_are_a_recount_and_runs_repeat() {
    let run = mixed();
    let count = |wanted: &str| cases(&run).iter().filter(|(_, verdict)| *verdict == wanted).count();
    let totals = &run.totals;
    let counted = [totals.pass, totals.fail, totals.error, totals.not_run, totals.skip];
    assert_eq!(counted, ["pass", "fail", "error", "not-run", "skip"].map(count));
    assert!((totals.score - 0.25).abs() < 1e-9, "{}", totals.score);
    let suite = Suite::of(assertion("Schema Compliance", ""));
    assert_eq!(timeless(&suite.run("bad", Stub::default())), timeless(&suite.run("bad", Stub::default())));
}

#[test]
pub fn statement_74_a_declaration_tells_what_runs_show_and_nothing_else() {
    let mut run = mixed();
    run.cases[0].themes = vec!["TF 1.2".to_owned()];
    let field = |run: &RunDocument, key: &str| {
        let made = serde_json::to_value(declaration::of(&[run])).unwrap();
        made["fields"].as_array().unwrap().iter().find(|field| field["key"] == key).unwrap().clone()
    };
    let theme = field(&run, "TF 1.2");
    assert_eq!((&theme["value"], &theme["source"]), (&json!("pass"), &json!({"run": "run-1", "cases": ["C1"]})));
    let other = field(&run, "TF 1.3");
    assert_eq!(
        (&other["value"], &other["source"]),
        (&Value::Null, &json!("no evidence: to be filled by the customer"))
    );
    assert_eq!(field(&run, "organisation")["source"], "to be filled by the customer");
    run.preparatory = true;
    let made = serde_json::to_value(declaration::of(&[&run])).unwrap();
    assert!(made["fields"].as_array().unwrap().iter().all(|field| field["value"].is_null()), "{made}");
}

#[test]
pub fn statement_79_data_that_is_exported_is_imported_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "{ no_fault = true }");
    let suite = folder.path().join("suite.toml");
    let text = std::fs::read_to_string(&suite).unwrap();
    let more = "data = { zeta = \"1 < 2 & 3\", webServiceUrl = \"http://stub/\", alpha = \"åäö\" }";
    std::fs::write(&suite, text.replace("data = { webServiceUrl = \"http://stub/\" }", more)).unwrap();
    let case = folder.path().join("cases/c1.toml");
    let text = std::fs::read_to_string(&case).unwrap();
    std::fs::write(&case, text.replace("needs =", "data = { b = \"2\", a = \"1,3\" }\nneeds =")).unwrap();
    let published = Published::read(folder.path()).unwrap();
    let exported = data(&published.projects[0]);
    let names: Vec<_> = exported.global.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["zeta", "webServiceUrl", "alpha"]);
    let xml = data_xml(&exported).unwrap();
    let (imported, warnings) = DataFile::read(std::path::Path::new("data.xml"), &xml).unwrap();
    assert_eq!((imported, warnings), (exported.clone(), Vec::new()), "{xml}");
    assert_eq!(exported.cases[0].data.as_deref().unwrap()[0], ("b".to_owned(), "2".to_owned()));
}

#[test]
pub fn statement_81_json_is_one_document() {
    let folder = tempfile::tempdir().unwrap();
    Suite::of(assertion("Not SOAP Fault Assertion", "")).write(folder.path());
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_anslut"))
        .args(["--json", "qa", "run", folder.path().to_str().unwrap(), "--target", "http://127.0.0.1:1/"])
        .env("ANSLUT_DATA", folder.path())
        .output()
        .unwrap();
    let mut documents = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    assert!(documents.next().unwrap().unwrap()["cases"].is_array());
    assert!(documents.next().is_none());
    assert_ne!(output.status.code(), Some(0));
}

/// A record with sub-parts that each have a period (`qa.md` §3.5).
fn nested(script_text: &str, parts: &str) -> Ran {
    let body = format!(
        "<t:record><t:documentId>d</t:documentId><t:patientId>191212121212</t:patientId><t:careUnitHSAId>U</t:careUnitHSAId>\
         <t:time>20240101000000</t:time>{parts}</t:record>"
    );
    Suite::of(script(script_text))
        .data(&[], &[("timePeriodStart", "20240110"), ("timePeriodEnd", "20240120")])
        .run("own", Stub::with("own", 200, super::suite::answer(&body)))
}

#[test]
pub fn statement_45_nested_periods_are_accepted_without_times_and_where_they_overlap() {
    let text = "def contextHelper = new ContextHelper(context)\ndef holder = new XmlHolder(messageExchange.responseContentAsXml)\nholder.namespaces['t'] = 'urn:riv:test:qa:GetThingResponder:1'\n\
        def records = holder.getDomNodes('//t:record')\nfor (r in records) {\n  def recordHolder = new XmlHolder(r)\n  recordHolder.namespaces['t'] = holder.namespaces['t']\n\
        def parts = recordHolder.getDomNodes('/t:record/t:part')\n  def correct = false\n  for (a in parts) {\n    def partHolder = new XmlHolder(a)\n\
        partHolder.namespaces['t'] = holder.namespaces['t']\n    def start = partHolder.getNodeValue('/t:part/t:start')\n    def end = partHolder.getNodeValue('/t:part/t:end')\n\
        if (start == null && end == null) {\n      correct = true\n    } else {\n      start = start == null ? null : start.substring(0, 8)\n      end = end == null ? null : end.substring(0, 8)\n\
        if (start <= context.timePeriodEnd && end >= context.timePeriodStart) { correct = true }\n    }\n  }\n  if (!correct) { contextHelper.fail('outside') }\n}";
    let part = |start: &str, end: &str| format!("<t:part><t:start>{start}</t:start><t:end>{end}</t:end></t:part>");
    for (parts, verdict) in [
        ("<t:part/>".to_owned(), "pass"),
        (part("20240101000000", "20240112000000"), "pass"),
        (part("20240201000000", "20240301000000"), "fail"),
    ] {
        let ran = nested(text, &parts);
        assert_eq!(ran.verdict(), verdict, "{parts}: {}", ran.said());
    }
}

/// What of a value the schema requires and it has not, or names in the schema's enumerations it does not know.
fn lacks(schema: &Value, whole: &Value, value: &Value, path: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/$defs/");
        return lacks(&whole["$defs"][name], whole, value, path);
    }
    let mut found = Vec::new();
    let required = schema["required"].as_array().into_iter().flatten().filter(|_| value.is_object());
    found.extend(
        required.filter(|name| value.get(name.as_str().unwrap()).is_none()).map(|name| format!("{path}/{name}")),
    );
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        found.push(format!("{path} is {value}, expected one of {allowed:?}"));
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let known = &schema["properties"][name];
        if schema["properties"].is_object() && known.is_null() {
            found.push(format!("{path}/{name} is not in the schema"));
        }
        found.extend(lacks(known, whole, inner, &format!("{path}/{name}")));
    }
    for inner in value.as_array().into_iter().flatten() {
        found.extend(lacks(&schema["items"], whole, inner, path));
    }
    found
}

#[test]
fn the_schema_of_a_run_is_that_of_its_document() {
    let schema: Value = serde_json::from_str(anslut::qa::report::RUN_SCHEMA).unwrap();
    let run = serde_json::to_value(mixed()).unwrap();
    assert_eq!(lacks(&schema, &schema, &run, ""), [""; 0]);
    let mut broken = run;
    broken["cases"][0]["verdict"] = json!("perhaps");
    broken["cases"][0].as_object_mut().unwrap().remove("themes");
    assert_eq!(lacks(&schema, &schema, &broken, "").len(), 2);
}
