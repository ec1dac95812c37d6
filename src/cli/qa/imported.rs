//! `anslut qa suites import`, and the list of what was imported.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::suites::{Listing, Suite, print, suite};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::qa::shelf::{Kept, Shelf, Taken};
use crate::qa::suite::folder::{Published, Skipped};
use crate::store::zip;

#[derive(Serialize)]
struct Imported {
    imported: Vec<One>,
}

#[derive(Serialize)]
struct One {
    path: String,
    id: String,
    name: Option<String>,
    is_new: bool,
    suites: Vec<Suite>,
    skipped: Vec<Skipped>,
}

/// Takes suites into the data directory. What cannot be read is a wrong command line, and nothing is written then.
pub(super) fn import(
    shelf: &Shelf,
    paths: &[String],
    name: Option<&str>,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    if name.is_some() && paths.len() > 1 {
        return Err(Failure::usage(format!("--name names one suite, found {} paths", paths.len())));
    }
    let packed = paths.iter().map(|path| Ok((path, packed(Path::new(path))?))).collect::<Result<Vec<_>, Failure>>()?;
    let mut imported = Vec::new();
    for (path, bytes) in packed {
        let Taken { id, published, is_new } =
            shelf.take(&bytes, name).map_err(|why| Failure::usage(format!("{path}: {why}")))?;
        for warning in &published.warnings {
            terminal.complain(&printable(&warning.to_string()));
        }
        let suites = published.projects.iter().map(|project| suite(project)).collect();
        let (name, skipped) = (shelf.name(&id), published.skipped);
        imported.push(One { path: path.clone(), id, name, is_new, suites, skipped });
    }
    if terminal.json {
        terminal.print_json(&Imported { imported })?;
        return Ok(Exit::Done);
    }
    for one in &imported {
        let how = if one.is_new { "imported" } else { "was there already" };
        let name = one.name.as_ref().map_or_else(String::new, |name| format!(", {}", printable(name)));
        terminal.print(&format!("{} {how} as {}{name}\n", printable(&one.path), one.id))?;
        for suite in &one.suites {
            let cases = suite.cases.len();
            terminal.print(&format!("  {}  {}: {cases} cases\n", printable(&suite.file), printable(&suite.name)))?;
        }
        for skipped in &one.skipped {
            terminal.print(&format!("  {}: skipped, {}\n", printable(&skipped.file), skipped.reason))?;
        }
    }
    Ok(Exit::Done)
}

/// A zip as it is, anything else as a zip whose bytes depend on its files alone.
fn packed(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let published = Published::read(path).map_err(wrong)?;
    let is_zip = path.is_file() && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    if is_zip {
        return fs::read(path).map_err(|error| wrong(error.to_string()));
    }
    zip::write(&published.contents()).map_err(wrong)
}

/// What was imported.
pub(super) fn list(shelf: &Shelf, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let mut listing = Listing { suites: Vec::new(), skipped: Vec::new() };
    for Kept { id, name, published } in shelf.ids().iter().filter_map(|id| shelf.read(id)) {
        let own = published.projects.iter().map(|project| {
            let mut suite = suite(project);
            (suite.id, suite.imported_as) = (Some(id.clone()), name.clone());
            suite
        });
        listing.suites.extend(own);
        listing.skipped.extend(published.skipped);
    }
    if listing.suites.is_empty() && !terminal.json {
        terminal.print(
            "nothing is imported; anslut qa suites import PATH takes a suite in, qa suites PATH looks at one\n",
        )?;
        return Ok(Exit::Done);
    }
    print(&listing, terminal)
}
