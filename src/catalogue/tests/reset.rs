//! What a reset comes to (`vp.md` §1.4, §4.1; statements 85 to 89).

use tempfile::TempDir;

use super::t0::{cache_xml, permission_xml, route_xml};
use super::{Loaded, now, unread, write};
use crate::catalogue::status::RefreshStatus;

const OK: &str = "Succeeded to get virtualizations and/or permissions from TAK, save to local TAK copy...";
const REUSING: &str = "Failed to get virtualizations and/or permissions from TAK, see logfiles for details. Will continue to use already loaded TAK data.";
const RESTORING: &str = "Failed to get virtualizations and/or permissions from TAK, see logfiles for details. Restore from local TAK copy...";

fn both() -> String {
    cache_xml([route_xml("c", "A", "RIVTABP21", "http://a", ""), permission_xml("s", "c", "A", "")])
}

fn routes_only(address: &str) -> String {
    cache_xml([route_xml("c", address, "RIVTABP21", "http://new", "")])
}

/// The log without its first and its last three lines, and whether it says it was successful.
fn reset(loaded: &Loaded) -> (RefreshStatus, Vec<String>, (usize, usize, bool)) {
    let reset = loaded.catalogue.reset_tak();
    let status = loaded.catalogue.snapshot().tak_status();
    let last = status.last.expect("a refresh was made");
    assert_eq!(reset.status, last.status);
    assert_eq!((last.at, reset.successful), (now(), status.initialised));
    let mut log = reset.log;
    assert_eq!(log.remove(0), "Initialize TAK cache resources...");
    let end = log.split_off(log.len() - 3);
    assert_eq!(
        end,
        [
            format!("Init TAK cache loaded number of permissions: {}", last.permissions),
            format!("Init TAK cache loaded number of virtualizations: {}", last.routes),
            format!("Init done, was successful: {}", reset.successful),
        ]
    );
    (reset.status, log, (last.routes, last.permissions, reset.successful))
}

#[test]
fn a_good_load_is_saved_to_the_local_copy() {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy.xml");
    let loaded = unread(&[("tak/a.xml", &both())], Some(&copy));
    assert!(!loaded.catalogue.snapshot().is_initialised());
    assert_eq!(loaded.catalogue.snapshot().tak_status().last, None);
    let saved = format!("Succesfully saved virtualizations and permissions to local TAK copy: {}", copy.display());
    assert_eq!(reset(&loaded), (RefreshStatus::RefreshOk, vec![OK.to_owned(), saved], (1, 1, true)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the copy");
}

#[test]
fn without_a_place_for_the_copy_the_log_says_so() {
    let loaded = unread(&[("tak/a.xml", &both())], None);
    let (status, log, _) = reset(&loaded);
    assert_eq!(status, RefreshStatus::RefreshOk);
    assert_eq!(
        log[1..],
        [
            "Failed to save virtualizations and permissions to local TAK copy: ".to_owned(),
            "Reason for failure: No filename defined for local cache".to_owned(),
        ]
    );
}

#[test]
fn the_copy_is_never_written_among_the_files_it_is_made_of() {
    let loaded = unread(&[("tak/a.xml", &both())], None);
    let copy = loaded.folder.path().join("tak/copy.xml");
    let again = unread(&[], Some(&copy));
    write(again.folder.path(), &[("tak/a.xml", &both())]);
    let environment = crate::config::environment::Environment::Folder(loaded.folder.path().to_owned());
    let catalogue = crate::catalogue::Catalogue::new(
        environment,
        None,
        Some(copy.clone()),
        crate::domain::clock::Clock::fixed(now()),
    );
    let log = catalogue.reset_tak().log;
    assert_eq!(log[3], "Reason for failure: the file is in the folder the catalogue is read from");
    assert!(!copy.exists());
}

#[test]
fn statement_86_a_load_that_fails_keeps_the_old_data() {
    let loaded = unread(&[("tak/a.xml", &both())], None);
    reset(&loaded);
    let old = loaded.catalogue.snapshot().routes().to_vec();
    for (name, contents) in [
        ("tak/broken.xml", "<persistentCache><virtualiseringsInfo>"),
        ("tak/broken.json", "{\"data\":"),
        ("tak/broken.toml", "[[route]\n"),
        ("tak/bytes.toml", "a = \"\u{0}\""),
        ("tak/other.xml", "<other/>"),
    ] {
        write(loaded.folder.path(), &[(name, contents)]);
        let (status, log, counts) = reset(&loaded);
        assert_eq!((status, log), (RefreshStatus::ReusingExistingCache, vec![REUSING.to_owned()]), "{name}");
        assert_eq!(counts, (1, 1, true), "{name}");
        assert_eq!(loaded.catalogue.snapshot().routes(), old, "{name}");
        let problems = loaded.catalogue.reset_tak().problems;
        assert!(
            problems.iter().any(|problem| problem.is_error() && problem.file.ends_with(name)),
            "{name}: {problems:?}"
        );
        std::fs::remove_file(loaded.folder.path().join(name)).unwrap();
    }
    assert_eq!(reset(&loaded).0, RefreshStatus::RefreshOk);
}

#[test]
fn statement_87_the_local_copy_serves_when_nothing_else_does() {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy.xml");
    let toml = "[[route]]\ncontract = \"c:R:1\"\naddress = \"A\"\nprofile = \"RIVTABP21\"\nurl = \"http://a/b&c\"\n\
                from = \"2026-01-01\"\nto = \"2026-06-15\"\n\
                [[permission]]\nconsumer = \"s\"\ncontract = \"c:R:1\"\naddress = \"A\"\nto = 2026-06-15\n\
                filters = [{ service_domain = \"riv:x\", categorizations = [\"vko\"] }]\n";
    let first = unread(&[("tak/a.toml", toml), ("tak/b.xml", &routes_only(" &lt;B "))], Some(&copy));
    assert_eq!(reset(&first).2, (2, 1, true));
    let second = unread(&[], Some(&copy));
    let restored =
        format!("Succesfully restored virtualizations and permissions from local TAK copy: {}", copy.display());
    assert_eq!(
        reset(&second),
        (RefreshStatus::RestoredFromLocalCache, vec![RESTORING.to_owned(), restored], (2, 1, true))
    );
    let (one, other) = (first.catalogue.snapshot(), second.catalogue.snapshot());
    for (saved, restored) in one.routes().iter().zip(other.routes()) {
        assert_eq!(restored.validity.shown(), saved.validity.shown());
        let key = |route: &crate::catalogue::entry::Route| {
            (route.contract.clone(), route.address.clone(), route.profile.clone(), route.url.clone())
        };
        assert_eq!(key(restored), key(saved));
    }
    let (saved, restored) = (&one.permissions()[0], &other.permissions()[0]);
    assert_eq!(restored.validity.shown(), saved.validity.shown());
    assert_eq!((&restored.consumer, &restored.filters), (&saved.consumer, &saved.filters));
}

#[test]
fn statement_85_with_nothing_at_all_the_refresh_has_failed() {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy.xml");
    let loaded = unread(&[], Some(&copy));
    let (status, log, counts) = reset(&loaded);
    assert_eq!((status, counts), (RefreshStatus::RefreshFailed, (0, 0, false)));
    assert_eq!(log[0], RESTORING);
    assert_eq!(
        log[1],
        format!("Failed to restore virtualizations and permissions from local TAK copy: {}", copy.display())
    );
    assert!(log[2].starts_with("Reason for failure: No such file"), "{}", log[2]);
    std::fs::write(&copy, "<persistentCache/>").unwrap();
    assert_eq!(reset(&loaded).1[2], "Reason for failure: the copy has no virtualiseringsInfo");
}

#[test]
fn statement_88_an_empty_list_counts_as_failure() {
    let loaded = unread(&[("tak/a.xml", "<persistentCache/>")], None);
    assert_eq!(reset(&loaded).0, RefreshStatus::RefreshFailed);
    write(loaded.folder.path(), &[("tak/a.xml", &cache_xml([permission_xml("s", "c", "A", "")]))]);
    assert_eq!(reset(&loaded).2, (0, 0, false), "permissions are not asked for without routes");
    write(loaded.folder.path(), &[("tak/a.xml", &both())]);
    assert_eq!(reset(&loaded).2, (1, 1, true));
    write(loaded.folder.path(), &[("tak/a.xml", &cache_xml([permission_xml("s", "c", "B", "")]))]);
    assert_eq!(reset(&loaded).0, RefreshStatus::ReusingExistingCache);
    assert_eq!(&*loaded.catalogue.snapshot().permissions()[0].address, "A");
}

#[test]
fn routes_without_permissions_are_a_success_the_first_time_and_are_activated_later() {
    let loaded = unread(&[("tak/a.xml", &routes_only("A"))], None);
    let (status, log, counts) = reset(&loaded);
    assert_eq!((status, counts), (RefreshStatus::RefreshOk, (1, 0, true)));
    assert_eq!(log[0], RESTORING);
    write(loaded.folder.path(), &[("tak/a.xml", &both())]);
    reset(&loaded);
    write(loaded.folder.path(), &[("tak/a.xml", &routes_only("B"))]);
    let (status, _, counts) = reset(&loaded);
    assert_eq!((status, counts), (RefreshStatus::ReusingExistingCache, (1, 1, true)));
    assert_eq!(&*loaded.catalogue.snapshot().routes()[0].address, "B", "the new routes");
    assert_eq!(&*loaded.catalogue.snapshot().permissions()[0].address, "A", "the old permissions");
}

#[test]
fn statement_89_a_reset_takes_in_what_has_changed_and_a_held_snapshot_does_not_change() {
    let loaded = unread(&[("tak/a.xml", &both())], None);
    reset(&loaded);
    let held = loaded.catalogue.snapshot();
    write(loaded.folder.path(), &[("tak/b.xml", &routes_only("B"))]);
    assert_eq!(reset(&loaded).2, (2, 1, true));
    assert_eq!(held.routes().len(), 1);
    assert_eq!(loaded.catalogue.snapshot().routes().len(), 2);
}
