//! A folder of WireMock's, `mappings/` and `__files/`, as it lies there: it loads unchanged, and what of it does nothing is
//! said before anybody relies on it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Remark;
use crate::config::environment::{Environment, EnvironmentError};
use crate::producers::file::FileBody;
use crate::producers::spec::mapping::{self, Reading};

/// What a folder holds.
#[derive(Debug)]
pub struct Folder {
    /// Its files, by their path below it.
    pub files: Vec<(String, Vec<u8>)>,
    /// How many stubs would serve.
    pub serving: usize,
    /// Files that cannot be read, stubs that would not serve, and fields that do nothing.
    pub remarks: Vec<Remark>,
}

/// Reads a folder; `None` where it holds no `mappings/`.
pub fn read(root: &Path) -> Result<Option<Folder>, EnvironmentError> {
    let environment = Environment::Folder(root.to_owned());
    let mappings = environment.files_below("mappings")?;
    if mappings.is_empty() {
        return Ok(None);
    }
    let below = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let bodies = environment.files_below("__files")?;
    let by_name: BTreeMap<String, FileBody> = bodies
        .iter()
        .map(|file| (below(&file.path), FileBody::Held(file.contents.clone().into())))
        .filter_map(|(path, contents)| Some((path.strip_prefix("__files/")?.to_owned(), contents)))
        .collect();
    let by_name = Arc::new(by_name);
    let reading = Reading { system: "imported", bodies: &by_name, templating: false, is_file: true };
    let mut folder = Folder { files: Vec::new(), serving: 0, remarks: Vec::new() };
    for file in mappings.iter().filter(|file| file.path.extension().is_some_and(|extension| extension == "json")) {
        let found = mapping::read(&file.path, &file.contents, &reading);
        folder.serving += found.stubs.len();
        folder.remarks.extend(found.problems.into_iter().map(|problem| Remark {
            operation: format!("{}:{}", problem.file.display(), problem.line),
            response: None,
            what: problem.message,
        }));
    }
    folder.files = mappings.into_iter().chain(bodies).map(|file| (below(&file.path), file.contents)).collect();
    Ok(Some(folder))
}
