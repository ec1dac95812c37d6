//! Cases for those who call: a consumer with producers that misbehave (FT-01 to FT-20), and a source system that tells the
//! index (EI_TF 1.1 to 2.4, and the audit). They wait for calls, and ask the customer to make them.

use super::shape::Shape;
use super::{Building, Made};
use crate::qa::consumer::faults::{FAULTS, Fault};
use crate::qa::native::written::CaseKind;
use crate::qa::native::written::waits::{About, AuditFile, AwaitFile, UpdatesFile};

/// How long an Update may take to come.
const UPDATE_SECONDS: u64 = 3_600;
/// How long all Updates are looked at.
const WINDOW_SECONDS: u64 = 1_800;
/// How long a consumer is given, and watched.
const CALL_SECONDS: u64 = 900;

/// Cases of a consumer.
pub(super) fn consumer(_shape: &Shape) -> Vec<Made> {
    let mut cases = vec![waiting(
        Building::new("CR", "CR", "Ett anrop genom plattformen", "A call through the platform"),
        &["consumer.hsaId"],
        AwaitFile {
            certificate: Some("${consumer.certificate}".to_owned()),
            calls_per_hour: Some("${consumer.callsPerHour}".to_owned()),
            calls_at_once: Some("${consumer.callsAtOnce}".to_owned()),
            ..call()
        },
    )];
    cases.extend(FAULTS.iter().map(|fault| {
        let Fault { id, title, .. } = fault;
        let wish = match *id {
            "FT-20" => "Förnya plattformens certifikat och anropa igen; se vad systemet visar",
            _ => "Producenten beter sig fel; se vad systemet visar",
        };
        // One source among several fails; any other fault is that of whoever answers.
        let system = (*id == "FT-15").then(|| "${consumer.failingSystem}".to_owned());
        let mut needs = vec!["consumer.hsaId"];
        needs.extend(system.is_some().then_some("consumer.failingSystem"));
        let wanted = AwaitFile { fault: Some((*id).to_owned()), system, ..call() };
        waiting(Building::new(id, id, wish, title), &needs, wanted)
    }));
    cases
}

fn call() -> AwaitFile {
    AwaitFile { sender: "${consumer.hsaId}".to_owned(), count: 1, seconds: CALL_SECONDS, ..AwaitFile::default() }
}

/// Cases of a source system that tells the index.
pub(super) fn index(_shape: &Shape) -> Vec<Made> {
    let removed = "${index.removedPatientId}";
    let mut cases: Vec<Made> = [
        (
            "EI-new",
            About::New,
            "${patientId}",
            "Lagra en ny uppgift för patienten",
            "Store a new record of the patient",
        ),
        ("EI-changed", About::Changed, "${patientId}", "Ändra uppgiften", "Change the record"),
        ("EI-removed", About::Removed, removed, "Ta bort patientens sista uppgift", "Remove the patient's last record"),
        (
            "EI-moved",
            About::Moved,
            "${index.movedPatientId}",
            "Flytta eller makulera uppgiften",
            "Move or nullify the record",
        ),
        ("EI-window", About::Window, "", "Alla uppdateringar under en tid", "All Updates of a time"),
        ("EI-initial-load", About::InitialLoad, "", "Den första laddningen", "The initial load"),
    ]
    .into_iter()
    .map(|(id, about, patient, sv, en)| {
        let mut needs = vec!["index.sender"];
        needs.extend(patient.strip_prefix("${").and_then(|name| name.strip_suffix('}')));
        let updates = UpdatesFile {
            about,
            source_system: Some("${sourceSystemHSAId}".to_owned()),
            service_domain: Some("${index.serviceDomain}".to_owned()),
            categorization: Some("${index.categorization}".to_owned()),
            ..UpdatesFile::default()
        };
        let wanted = AwaitFile {
            sender: "${index.sender}".to_owned(),
            patient: Some(patient.to_owned()).filter(|patient| !patient.is_empty()),
            seconds: if about.is_window() { WINDOW_SECONDS } else { UPDATE_SECONDS },
            count: 1,
            updates: Some(updates),
            ..AwaitFile::default()
        };
        let mut made = waiting(Building::new(id, about.theme(), sv, en), &needs, wanted);
        let also: &[&str] = match about {
            About::New | About::Changed | About::Removed => &["EI_TF 2.1"],
            About::Window => &["EI_TF 2.3"],
            _ => &[],
        };
        made.case.themes.extend(also.iter().map(|theme| (*theme).to_owned()));
        made
    })
    .collect();
    let audit =
        Building::new("EI-audit", "EI", "Indexet mot källsystemets svar", "The index beside what the system answers");
    let mut audit = audit
        .needing(&["patientId", "logicalAddress", "index.url", "index.serviceDomain", "index.categorization"])
        .done();
    audit.case.kind = CaseKind::Audit;
    audit.case.audit = Some(AuditFile {
        patients: vec!["${patientId}".to_owned(), removed.to_owned()],
        index: "${index.url}".to_owned(),
        service_domain: "${index.serviceDomain}".to_owned(),
        categorization: "${index.categorization}".to_owned(),
        ..AuditFile::default()
    });
    cases.push(audit);
    cases
}

/// A case that waits; nothing is sent, so that no target is needed.
fn waiting(building: Building, needs: &[&str], wanted: AwaitFile) -> Made {
    let mut made = building.done();
    made.case.needs = needs.iter().map(|name| (*name).to_owned()).collect();
    (made.case.kind, made.case.waits_for) = (CaseKind::Await, Some(wanted));
    made
}
