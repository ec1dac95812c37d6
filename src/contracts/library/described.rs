//! Descriptions that the reference platform's own settings name: `wsdl.json.file` by path, `wsdlfiles.directory` by what
//! each file says of itself (`vp.md` §1.3). They are served at `?wsdl` and no more: neither validated nor routed by.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::places::descriptions_below;
use crate::config::contracts::DescribedBy;
use crate::contracts::contract::{Closure, path_of_interaction};
use crate::contracts::import::Importer;
use crate::contracts::published::Published;
use crate::domain::problem::Problem;

/// Largest table of descriptions, in bytes.
const TABLE_BYTES_MAX: u64 = 16 << 20;

/// An entry of `wsdl.json.file`, with exactly the reference's keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    tjanstekontrakt: String,
    wsdlfilepath: PathBuf,
    wsdlurl: String,
}

/// Adds what the settings name; the table goes before the folder, and of a contract the first description stays.
pub(super) fn add(settings: &DescribedBy, importer: &mut Importer, published: &mut Published) -> Vec<Problem> {
    let mut adding = Adding { importer, published, contracts: HashSet::new(), problems: Vec::new() };
    if let Some(table) = &settings.table {
        adding.table(table, settings);
    }
    if let Some(folder) = &settings.folder {
        adding.folder(folder);
    }
    adding.problems
}

struct Adding<'a> {
    importer: &'a mut Importer,
    published: &'a mut Published,
    /// In lower case: the reference compares without regard to it.
    contracts: HashSet<String>,
    problems: Vec<Problem>,
}

impl Adding<'_> {
    fn table(&mut self, path: &Path, settings: &DescribedBy) {
        let text = match read(path) {
            Ok(text) => text,
            // The default name need not be there.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !settings.table_is_set => return,
            Err(error) => return self.problems.push(Problem::warning(path, 0, format!("cannot be read: {error}"))),
        };
        let entries: Vec<Entry> = match serde_json::from_str(&text) {
            Ok(entries) => entries,
            Err(error) => return self.problems.push(Problem::error(path, error.line(), error.to_string())),
        };
        for entry in entries {
            let file = settings.root.join(&entry.wsdlfilepath);
            match self.importer.files_of(&file) {
                Ok((closure, _)) => {
                    self.contracts.insert(entry.tjanstekontrakt.to_lowercase());
                    self.published.add(&entry.wsdlurl, Arc::new(closure));
                }
                Err(why) => self.problems.push(Problem::error(&file, 0, why)),
            }
        }
    }

    fn folder(&mut self, folder: &Path) {
        if !folder.is_dir() {
            return self.problems.push(Problem::warning(folder, 0, "wsdlfiles.directory is no folder"));
        }
        for file in descriptions_below(folder) {
            match self.importer.files_of(&file) {
                Ok((closure, values)) => self.scanned(closure, &values),
                Err(why) => self.problems.push(Problem::error(&file, 0, why)),
            }
        }
    }

    /// A description whose root names its interaction, and a contract that is not there yet.
    fn scanned(&mut self, closure: Closure, values: &[String]) {
        let naming = |word: &str, but: &str| {
            let mut values = values.iter().filter(|value| {
                let value = value.to_lowercase();
                value.contains(word) && (but.is_empty() || !value.contains(but))
            });
            values.next().cloned()
        };
        let (interaction, contract) = (naming("rivtabp", ""), naming("responder", "rivtabp"));
        let Some(path) = interaction.as_deref().and_then(path_of_interaction) else { return };
        let contract = contract.unwrap_or_else(|| path.clone()).to_lowercase();
        if self.contracts.insert(contract) {
            self.published.add(&path, Arc::new(closure));
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let bytes = fs::metadata(path)?.len();
    if bytes > TABLE_BYTES_MAX {
        return Err(io::Error::other(format!("{bytes} bytes, at most {TABLE_BYTES_MAX} are read")));
    }
    fs::read_to_string(path)
}
