//! A library's folder: what is a release in it, what is told of it, and when it is read again.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::contracts::builtin;

/// The files of one release that ships, below `folder`.
fn write_release(release: &str, folder: &Path) {
    let package = builtin::package();
    for name in package.names().filter(|name| name.starts_with(release)) {
        let path = folder.join(name.strip_prefix(release).unwrap().trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, package.bytes(name).unwrap()).unwrap();
    }
}

const RELEASE: &str = "itintegration_engagementindex";
const UPDATE: &str = "urn:riv:itintegration:engagementindex:UpdateResponder:1";

fn library(folder: &TempDir) -> Library {
    Library::loaded(Environment::Folder(folder.path().to_owned()), ContractSettings::default())
}

fn source_of_update(library: &Library) -> String {
    let contract = library.registry().select(UPDATE, None).unwrap();
    assert_ne!(contract.state, State::Broken, "{:?}", contract.diagnostics);
    contract.sources[0].path.clone()
}

#[test]
fn an_environment_without_contracts_has_those_that_ship() {
    let library = library(&TempDir::new().unwrap());
    assert!(library.known().is_loaded && library.known().problems.is_empty() && library.known().broken == 0);
    assert!(source_of_update(&library).starts_with("built-in"));
    assert!(!Library::new(Environment::Demo, ContractSettings::default()).known().is_loaded);
}

#[test]
fn a_release_is_found_wherever_somebody_put_it() {
    for place in ["contracts/a release", "contracts/some/deeper/folder", "contracts", "contracts/schemas/.."] {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("contracts/schemas")).unwrap();
        if !place.ends_with("..") {
            fs::remove_dir(folder.path().join("contracts/schemas")).unwrap();
        }
        write_release(RELEASE, &folder.path().join(place));
        let library = library(&folder);
        let found = source_of_update(&library);
        assert!(found.starts_with(&folder.path().display().to_string()), "{place}: {found}");
        // That it replaces a contract that ships is the one thing to tell.
        let told: Vec<_> = library.known().problems.iter().map(ToString::to_string).collect();
        assert!(told.iter().all(|line| line.contains("IW13")) && told.len() == 3, "{place}: {told:?}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_file_and_line_and_breaks_nothing_else() {
    let folder = TempDir::new().unwrap();
    let contracts = folder.path().join(FOLDER);
    write_release(RELEASE, &contracts.join("good"));
    write_release(RELEASE, &contracts.join("bad"));
    let schemas = contracts.join("bad/schemas/interactions/UpdateInteraction/UpdateResponder_1.0.xsd");
    let text = fs::read_to_string(&schemas).unwrap();
    fs::write(&schemas, text.replacen("UpdateType\"", "NoSuchType\"", 1)).unwrap();
    fs::write(contracts.join("broken.zip"), "no zip").unwrap();
    fs::write(contracts.join("release.7z"), "7z").unwrap();
    let library = library(&folder);
    let known = library.known();
    let told = |word: &str| known.problems.iter().filter(|problem| problem.to_string().contains(word)).count();
    assert_eq!(told("broken.zip"), 1, "{:?}", known.problems);
    assert_eq!(told("release.7z: warning: passed over"), 1);
    let named = known.problems.iter().find(|problem| problem.is_error() && problem.file == schemas);
    assert!(named.is_some_and(|problem| problem.line > 1), "{:?}", known.problems);
    assert!(library.registry().select("FindContent:1", None).unwrap().state != State::Broken);
}

#[test]
fn files_are_read_again_when_they_have_changed() {
    let folder = TempDir::new().unwrap();
    let library = library(&folder);
    let before = library.registry();
    library.refresh();
    assert!(Arc::ptr_eq(&before, &library.registry()), "nothing changed, and everything was compiled again");
    write_release(RELEASE, &folder.path().join("contracts/release"));
    library.refresh();
    assert!(!source_of_update(&library).starts_with("built-in"));
    fs::remove_dir_all(folder.path().join(FOLDER)).unwrap();
    library.refresh();
    assert!(source_of_update(&library).starts_with("built-in"));
}
