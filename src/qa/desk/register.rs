//! Sessions and deviations on disk: one file, written beside and renamed with every change, so that it is whole or not there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::deviation::Deviation;
use super::session::Session;
use crate::qa::result::RunDocument;

/// Sessions and deviations that are kept; a register of more is not one people read.
pub const ENTRIES_MAX: usize = 10_000;

/// What is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Register {
    /// By id.
    pub sessions: BTreeMap<String, Session>,
    /// In the order they were raised.
    pub deviations: Vec<Deviation>,
    /// Verdicts that people gave on cases they were asked about, by run and case.
    pub attested: BTreeMap<String, Attested>,
}

/// What somebody said of a case that only a person can judge.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attested {
    /// The verdict.
    pub verdict: crate::qa::verdict::Verdict,
    /// Who.
    pub by: String,
    /// What was seen.
    pub comment: String,
}

impl Register {
    /// Reads it; one that is not there is empty, one that is broken is an error.
    pub fn read(folder: &Path) -> io::Result<Self> {
        match fs::read(path(folder)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// The deviations of a run's session, else those that were first seen in it.
    pub fn deviations_of(&self, run: &RunDocument) -> Vec<Deviation> {
        let is_own = |one: &&Deviation| match &run.session {
            Some(session) => one.session.as_ref() == Some(session),
            None => one.first_run.as_ref() == Some(&run.id),
        };
        self.deviations.iter().filter(is_own).cloned().collect()
    }

    /// Writes it; what was before is there until what is new is whole.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let beside = folder.join("register.json.part");
        let bytes = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        let mut file = File::create(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path(folder))?;
        File::open(folder)?.sync_all()
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("register.json")
}
