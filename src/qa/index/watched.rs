//! EI_TF 1.1 to 2.4 on the Updates of a running platform's call record (`qa.md` §6.2). Pure: calls in, findings out.

use jiff::Timestamp;

use super::updates::{Finding, Transaction, Update, judge};
use crate::qa::consumer::hub::Call;
use crate::qa::native::written::waits::{About, UpdatesFile};

/// Namespace of the contract.
pub const UPDATE: &str = "urn:riv:itintegration:engagementindex:UpdateResponder:1";

/// What Updates are held to.
#[derive(Clone, Debug)]
pub struct Wanted<'w> {
    /// As the case says.
    pub file: &'w UpdatesFile,
    /// The patient it is about.
    pub patient: Option<&'w str>,
    /// HSA-id of the source system.
    pub source_system: &'w str,
    /// When the source system did what the Updates tell.
    pub attested: Timestamp,
}

/// Updates as the hub recorded them.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Those that are whole, the oldest first.
    pub updates: Vec<Update>,
    /// Calls whose body the record does not hold whole or that are no Updates, and why.
    pub unread: Vec<String>,
}

/// Reads calls as Updates.
pub fn read(calls: &[Call]) -> Read {
    let mut read = Read::default();
    for call in calls {
        if let Some(bytes) = call.cut_from {
            read.unread.push(format!(
                "the record holds {} of the {bytes} bytes of call {}; records.body_bytes_max of the platform must be \
                 at least as large",
                call.request.len(),
                call.id
            ));
            continue;
        }
        match Update::read(call.started, &call.request, refused(call)) {
            Some(update) => read.updates.push(update),
            None => read.unread.push(format!("call {} has no engagementTransaction", call.id)),
        }
    }
    read
}

/// What an Update was refused with: `EI000` to `EI006`, else what the hub calls the outcome.
fn refused(call: &Call) -> Option<String> {
    let is_error = call.answer.contains(">ERROR<");
    if call.outcome == "ok" && !is_error {
        return None;
    }
    let code = (0..=6).map(|number| format!("EI{number:03}")).find(|code| call.answer.contains(code.as_str()));
    Some(code.unwrap_or_else(|| if is_error { "resultCode ERROR".to_owned() } else { call.outcome.clone() }))
}

/// What the Updates of a window break; `earlier` are those that were there before it.
pub fn findings(wanted: &Wanted<'_>, updates: &[Update], earlier: &[Update]) -> Vec<Finding> {
    let about = wanted.file.about;
    let attested = (!about.is_window()).then_some(wanted.attested);
    let mut found = judge(updates, attested, about == About::InitialLoad);
    if about.is_window() {
        return found;
    }
    let of_patient = |transaction: &&Transaction| {
        let resident = &transaction.key.registered_resident_identification;
        wanted.patient.is_none_or(|patient| resident == patient)
    };
    let own: Vec<&Transaction> = updates.iter().flat_map(|update| &update.transactions).filter(of_patient).collect();
    let before: Vec<&Transaction> = earlier.iter().flat_map(|update| &update.transactions).filter(of_patient).collect();
    let told = match about {
        About::Changed => changed(&own, &before),
        About::Removed => removed(&own, &before),
        About::Moved => moved(&own, &before),
        _ => added(&own),
    };
    let keys = own.iter().flat_map(|transaction| key(wanted, transaction));
    let content = own.iter().filter(|one| !one.delete && about != About::Removed).flat_map(|one| content(wanted, one));
    let all = told.into_iter().chain(keys).chain(content);
    found.extend(all.map(|text| Finding { case: about.theme().to_owned(), text }));
    found
}

fn added(own: &[&Transaction]) -> Vec<String> {
    let deleted = own.iter().any(|transaction| transaction.delete);
    if deleted { vec!["deleteFlag is true, expected false".to_owned()] } else { Vec::new() }
}

fn changed(own: &[&Transaction], before: &[&Transaction]) -> Vec<String> {
    let mut found = added(own);
    for transaction in own.iter().filter(|transaction| !transaction.delete) {
        match before.iter().rev().find(|earlier| earlier.key == transaction.key) {
            None => found.push("the key is not that of an Update before".to_owned()),
            Some(earlier) if earlier.most_recent >= transaction.most_recent => found.push(format!(
                "mostRecentContent is {:?}, expected later than {:?}",
                transaction.most_recent, earlier.most_recent
            )),
            Some(_) => {}
        }
    }
    found
}

fn removed(own: &[&Transaction], before: &[&Transaction]) -> Vec<String> {
    let mut found = Vec::new();
    for transaction in own {
        if !transaction.delete {
            found.push("deleteFlag is false, expected true".to_owned());
        }
        if !before.iter().any(|earlier| earlier.key == transaction.key) {
            found.push("the key is not that of an Update before".to_owned());
        }
    }
    found
}

/// The old key goes and a new one comes, or the old one stays where the record is still to be seen.
fn moved(own: &[&Transaction], before: &[&Transaction]) -> Vec<String> {
    let is_known = |transaction: &Transaction| before.iter().any(|earlier| earlier.key == transaction.key);
    let comes = own.iter().any(|one| !one.delete && !is_known(one));
    let goes = own.iter().any(|one| one.delete && is_known(one));
    let mut found = Vec::new();
    if comes && !goes {
        found.push("a new key was told, and the old one was not deleted".to_owned());
    }
    if own.iter().any(|one| one.delete && !is_known(one)) {
        found.push("the key that was deleted is not that of an Update before".to_owned());
    }
    found
}

/// Fields of the key that are not as they must be.
fn key(wanted: &Wanted<'_>, transaction: &Transaction) -> Vec<String> {
    let key = &transaction.key;
    let mut found = Vec::new();
    for (name, value) in [
        ("serviceDomain", &key.service_domain),
        ("categorization", &key.categorization),
        ("logicalAddress", &key.logical_address),
        ("businessObjectInstanceIdentifier", &key.business_object_instance_identifier),
        ("dataController", &key.data_controller),
        ("clinicalProcessInterestId", &key.clinical_process_interest_id),
    ] {
        if value.is_empty() {
            found.push(format!("{name} is missing"));
        }
    }
    let expected = [
        ("sourceSystem", &key.source_system, Some(wanted.source_system)),
        ("serviceDomain", &key.service_domain, wanted.file.service_domain.as_deref()),
        ("categorization", &key.categorization, wanted.file.categorization.as_deref()),
    ];
    for (name, value, expected) in expected {
        if let Some(expected) = expected.filter(|expected| value != expected) {
            found.push(format!("{name} is {value:?}, expected {expected:?}"));
        }
    }
    found
}

fn content(wanted: &Wanted<'_>, transaction: &Transaction) -> Option<String> {
    let found = &transaction.most_recent;
    match wanted.file.most_recent.as_deref() {
        Some(expected) if found != expected => {
            Some(format!("mostRecentContent is {found:?}, expected {expected:?}, the newest relevant moment"))
        }
        None if found.is_empty() => Some("mostRecentContent is missing".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &str = "191212121212";

    /// An Update of one transaction: whether it deletes, the unit, and its newest moment.
    fn update(second: i64, delete: bool, unit: &str, most_recent: &str) -> Update {
        let field = |name: &str, value: &str| format!("<u:{name}>{value}</u:{name}>");
        let key = [
            ("registeredResidentIdentification", PATIENT),
            ("serviceDomain", "riv:d"),
            ("categorization", "c"),
            ("logicalAddress", unit),
            ("businessObjectInstanceIdentifier", "NA"),
            ("sourceSystem", "SE-S"),
            ("dataController", "SE-G"),
            ("clinicalProcessInterestId", "NA"),
            ("mostRecentContent", most_recent),
        ];
        let fields: String = key.iter().map(|(name, value)| field(name, value)).collect();
        let message = format!(
            "<u:Update xmlns:u='urn:u'><u:engagementTransaction><u:deleteFlag>{delete}</u:deleteFlag><u:engagement>{fields}</u:engagement>\
             </u:engagementTransaction></u:Update>"
        );
        Update::read(Timestamp::from_second(second).unwrap(), &message, None).unwrap()
    }

    fn told(about: About, file: UpdatesFile, updates: &[Update], earlier: &[Update]) -> Vec<String> {
        let file = UpdatesFile { about, ..file };
        let wanted =
            Wanted { file: &file, patient: Some(PATIENT), source_system: "SE-S", attested: Timestamp::UNIX_EPOCH };
        findings(&wanted, updates, earlier).into_iter().map(|finding| finding.case).collect()
    }

    #[test]
    fn each_change_is_told_as_it_must_be() {
        let (old, new) = ("20240101120000", "20240102120000");
        let before = [update(0, false, "A", old)];
        let plain = UpdatesFile::default;
        let newest = || UpdatesFile { most_recent: Some(new.to_owned()), ..UpdatesFile::default() };
        let none: [&str; 0] = [];
        for (about, file, update, earlier, expected) in [
            (About::New, plain(), update(1, false, "A", old), &[][..], &none[..]),
            (About::New, newest(), update(1, false, "A", old), &[], &["EI_TF 1.1"]),
            (About::New, plain(), update(1, true, "A", old), &[], &["EI_TF 1.1"]),
            (About::New, plain(), update(1, false, "", old), &[], &["EI_TF 1.1"]),
            (About::New, plain(), update(1, false, "A", ""), &[], &["EI_TF 1.1"]),
            (About::New, plain(), update(3_601, false, "A", old), &[], &["EI_TF 2.1"]),
            (About::Changed, plain(), update(1, false, "A", new), &before, &none),
            (About::Changed, plain(), update(1, false, "A", old), &before, &["EI_TF 1.2"]),
            (About::Changed, plain(), update(1, false, "B", new), &before, &["EI_TF 1.2"]),
            (About::Removed, plain(), update(1, true, "A", ""), &before, &none),
            (About::Removed, plain(), update(1, false, "A", old), &before, &["EI_TF 1.3"]),
            (About::Removed, plain(), update(1, true, "B", ""), &before, &["EI_TF 1.3"]),
            (About::Moved, plain(), update(1, false, "A", new), &before, &none),
            (About::Moved, plain(), update(1, false, "B", new), &before, &["EI_TF 1.4"]),
        ] {
            assert_eq!(told(about, file, std::slice::from_ref(&update), earlier), expected, "{about:?} {update:?}");
        }
        let both = [update(1, true, "A", ""), update(2, false, "B", new)];
        assert_eq!(told(About::Moved, plain(), &both, &before), none);
        let foreign = UpdatesFile { categorization: Some("x".to_owned()), ..UpdatesFile::default() };
        assert_eq!(told(About::New, foreign, &[update(1, false, "A", old)], &[]), ["EI_TF 1.1"]);
    }

    #[test]
    fn what_the_record_does_not_hold_whole_is_not_judged() {
        let cut = Call { id: 7, cut_from: Some(900_000), outcome: "ok".to_owned(), ..Call::default() };
        let read = read(&[cut]);
        assert!(read.updates.is_empty() && read.unread[0].contains("900000 bytes of call 7"), "{read:?}");
        let of = |outcome: &str, answer: &str| {
            refused(&Call { outcome: outcome.to_owned(), answer: answer.to_owned(), ..Call::default() })
        };
        assert_eq!(of("ok", "<r>OK</r>"), None);
        assert_eq!(of("fault", "EI004: The payload").as_deref(), Some("EI004"));
        assert_eq!(of("ok", "<r>ERROR</r>").as_deref(), Some("resultCode ERROR"));
        assert_eq!(of("VP007", "VP007 denied").as_deref(), Some("VP007"));
    }
}
