//! Stubs that come from elsewhere than a system's files: through the API, or from a recording.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::space::Mounted;
use super::spec::mapping::{self, InactiveStub, Reading, Stub};
use super::system::System;
use crate::domain::problem::Problem;

/// Why a stub was not added.
#[derive(Debug)]
pub(super) enum Unmounted {
    /// It is no stub.
    Refused(Vec<Problem>),
    /// There is no room.
    TooMany(String),
}

impl System {
    /// Reads a stub, with an id of its own where it has none; the inner `Err` is one that cannot serve.
    pub(super) fn read_stub(
        &self,
        mut value: Value,
        id: Option<&str>,
    ) -> Result<Result<Stub, InactiveStub>, Vec<Problem>> {
        if let Value::Object(members) = &mut value {
            let given = id.map(str::to_owned).or_else(|| {
                ["id", "uuid"].iter().find_map(|key| members.get(*key).and_then(Value::as_str).map(str::to_owned))
            });
            let id = given.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
            members.insert("id".to_owned(), json!(id));
            members.insert("uuid".to_owned(), json!(id));
        }
        let files = self.files();
        let reading = Reading {
            system: self.name(),
            bodies: &files.bodies,
            templating: self.shared.wiring.load().settings.templating,
            is_file: false,
        };
        let mut found = mapping::read(Path::new("sent through the API"), value.to_string().as_bytes(), &reading);
        if found.problems.iter().any(Problem::is_error) {
            return Err(found.problems);
        }
        match (found.stubs.pop(), found.inactive.pop()) {
            (Some(stub), _) => Ok(Ok(stub)),
            (None, Some(stub)) => Ok(Err(stub)),
            (None, None) => Err(found.problems),
        }
    }

    /// Lets a stub serve at once, in what a workspace remembers of the system.
    pub(super) fn mount(&self, own: &Mounted, stub: &Value) -> Result<(), Unmounted> {
        match self.read_stub(stub.clone(), None).map_err(Unmounted::Refused)? {
            Ok(stub) => own.add(Arc::new(stub)).map_err(Unmounted::TooMany),
            Err(stub) => {
                own.add_inactive(stub);
                Ok(())
            }
        }
    }

    /// Where a file of the system lies; `None` where the environment is built in and has no folder.
    pub(super) fn file_of(&self, below: &str) -> Option<PathBuf> {
        self.shared.folder.as_ref().map(|folder| folder.join(self.name()).join(below))
    }
}

/// Writes a file, and the folders it stands in; the error names it.
pub(super) fn write(path: &Path, contents: &[u8]) -> Result<(), String> {
    let written = || -> io::Result<()> {
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        // Whoever reads the folder meanwhile passes over hidden files, and never finds half of one.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{name}"));
        std::fs::write(&beside, contents)?;
        std::fs::rename(&beside, path)
    };
    written().map_err(|error| format!("cannot write {}: {error}", path.display()))
}
