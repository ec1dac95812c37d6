//! The local TAK copy (`vp.md` §4.1): saved after each good load, restored from when nothing else can be had.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::book::state::State;
use super::entry::{Origin, Permission, Route};
use super::import::{Import, read_xml};
use crate::config::environment::EnvironmentFile;
use crate::soap::xml::text::escape_into;

const NAMESPACE: &str = "urn:skl:tp:vagvalsinfo:v2";

/// Saves the copy. It is written beside its place, synced and renamed, so that a crash leaves the old or the new one.
pub(super) fn save(path: &Path, routes: &[Route], permissions: &[Permission]) -> io::Result<()> {
    let beside = beside(path);
    let written = write(&beside, &as_xml(routes, permissions)).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The half-written file is of no use; that it cannot be removed adds nothing to the error we report.
        drop(fs::remove_file(&beside));
        return written;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Reads the copy; `Err` says why it is of no use.
pub(super) fn restore(path: &Path) -> Result<Import, String> {
    let contents = fs::read(path).map_err(|error| error.to_string())?;
    let mut import = Import::default();
    read_xml(&EnvironmentFile { path: path.to_owned(), contents }, &mut import);
    match import.problems.iter().find(|problem| problem.is_error()) {
        Some(problem) if import.unusable => Err(problem.to_string()),
        _ if import.builder.state().routes.is_empty() => Err("the copy has no virtualiseringsInfo".to_owned()),
        _ => Ok(import),
    }
}

/// The copy of a state of the administrators' catalogue.
pub fn of_state(state: &State) -> String {
    let (routes, permissions) = state.entries(&|_, _| Origin::nowhere());
    as_xml(&routes, &permissions)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn write(path: &Path, xml: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(xml.as_bytes())?;
    file.sync_all()
}

fn as_xml(routes: &[Route], permissions: &[Permission]) -> String {
    let mut xml = String::with_capacity(512 * (routes.len() + permissions.len()));
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<persistentCache>\n");
    for route in routes {
        let (from, to) = route.validity.as_moments();
        record(
            &mut xml,
            "virtualiseringsInfo",
            &[
                ("virtualiseringsInfoId", &route.id),
                ("receiverId", &route.address),
                ("rivProfil", &route.profile),
                ("tjansteKontrakt", &route.contract),
                ("fromTidpunkt", &from),
                ("tomTidpunkt", &to),
                ("adress", &route.url),
            ],
        );
        xml.push_str("</virtualiseringsInfo>\n");
    }
    for permission in permissions {
        let (from, to) = permission.validity.as_moments();
        record(
            &mut xml,
            "anropsBehorighetsInfo",
            &[
                ("anropsBehorighetsInfoId", &permission.id),
                ("receiverId", &permission.address),
                ("senderId", &permission.consumer),
                ("tjansteKontrakt", &permission.contract),
                ("fromTidpunkt", &from),
                ("tomTidpunkt", &to),
            ],
        );
        for filter in &permission.filters {
            xml.push_str("<v:filterInfo>");
            element(&mut xml, "serviceDomain", &filter.service_domain);
            filter.categorizations.iter().for_each(|category| element(&mut xml, "categorization", category));
            xml.push_str("</v:filterInfo>");
        }
        xml.push_str("</anropsBehorighetsInfo>\n");
    }
    xml.push_str("</persistentCache>\n");
    xml
}

/// The start of a record and its plain fields.
fn record(xml: &mut String, name: &str, fields: &[(&str, &str)]) {
    for part in ["<", name, " xmlns:v=\"", NAMESPACE, "\">"] {
        xml.push_str(part);
    }
    for (name, value) in fields {
        element(xml, name, value);
    }
}

fn element(xml: &mut String, name: &str, value: &str) {
    for part in ["<v:", name, ">"] {
        xml.push_str(part);
    }
    escape_into(xml, value);
    for part in ["</v:", name, ">"] {
        xml.push_str(part);
    }
}
