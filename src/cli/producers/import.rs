//! `anslut producers import`: the mock services of a SoapUI project become mappings, and a folder of WireMock's a system.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, Tone, printable};
use crate::config::environment;
use crate::producers::project::{self, Remark};

/// `anslut producers import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// SoapUI projects, such as GetDiagnosis-soapui-project.xml, or folders with mappings/ and __files/ of WireMock
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The folder of the environment; without one, the mappings are printed
    #[arg(long = "env", value_name = "DIR")]
    pub environment: Option<PathBuf>,
    /// The system whose mappings they become
    #[arg(long, value_name = "NAME", default_value = "imported")]
    pub system: String,
}

#[derive(Debug, Serialize)]
struct Done {
    file: String,
    mappings: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<Remark>,
}

/// Runs the command: exit 1 where a file is no project with a mock service.
pub(super) fn run(arguments: &ImportArguments, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let mut done = Vec::new();
    let mut failed = false;
    for path in &arguments.files {
        if path.is_dir() {
            match folder(path, arguments)? {
                Some(one) => done.push(one),
                None => {
                    failed = true;
                    terminal.complain(&printable(&format!("{}: there is no mappings/ in it", path.display())));
                }
            }
            continue;
        }
        let file = environment::read(path.clone())?
            .ok_or_else(|| Failure::environment(format!("there is no file {}", path.display())))?;
        let project = match project::read(&file.contents) {
            Ok(project) => project,
            Err(why) => {
                failed = true;
                terminal.complain(&printable(&format!("{}: {why}", path.display())));
                continue;
            }
        };
        let text = format!("{:#}\n", json!({"mappings": project.mappings}));
        let written = match &arguments.environment {
            None => {
                if !terminal.json {
                    terminal.print(&text)?;
                }
                None
            }
            Some(folder) => {
                let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                let folder = folder.join("producers").join(&arguments.system).join("mappings");
                fs::create_dir_all(&folder)?;
                let into = folder.join(format!("{stem}.json"));
                fs::write(&into, text)?;
                Some(into.display().to_string())
            }
        };
        done.push(Done {
            file: path.display().to_string(),
            mappings: project.mappings.len(),
            written,
            remarks: project.remarks,
        });
    }
    if terminal.json {
        terminal.print_json(&done)?;
    } else {
        for one in &done {
            let palette = terminal.palette();
            for remark in &one.remarks {
                terminal.complain(&palette.paint(Tone::Warning, &printable(&remark.to_string())));
            }
            if let Some(written) = &one.written {
                terminal.print(&printable(&format!("{}: {} mappings in {written}", one.file, one.mappings)))?;
                terminal.print("\n")?;
            } else if Path::new(&one.file).is_dir() {
                terminal.print(&printable(&format!("{}: {} mappings would serve", one.file, one.mappings)))?;
                terminal.print("\n")?;
            }
        }
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Takes a folder of WireMock's in as it is; `None` where it holds no mappings.
fn folder(path: &Path, arguments: &ImportArguments) -> Result<Option<Done>, Failure> {
    let Some(found) = project::folder::read(path)? else { return Ok(None) };
    let mut written = None;
    if let Some(environment) = &arguments.environment {
        let system = environment.join("producers").join(&arguments.system);
        for (name, contents) in &found.files {
            let into = system.join(name);
            if let Some(parent) = into.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&into, contents)?;
        }
        written = Some(system.display().to_string());
    }
    Ok(Some(Done { file: path.display().to_string(), mappings: found.serving, written, remarks: found.remarks }))
}
