//! `anslut tak import`: orders and catalogue files, one after the other; the first that is refused ends it.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::place::{Opened, PlaceArguments};
use crate::catalogue::order::OrderError;
use crate::catalogue::order::read::{ReadError, read};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, Tone, printable};
use crate::config::environment::{self, EnvironmentFile};

/// `anslut tak import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// Orders (JSON with a plattform), stored snapshots (JSON), hand-written files (TOML) or local TAK copies (XML)
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Whose rows they become; default: who the order says carries it out
    #[arg(long)]
    pub user: Option<String>,
    /// Report what would be done, and do nothing
    #[arg(long, conflicts_with = "publish")]
    pub dry_run: bool,
    /// Publish the rows at once
    #[arg(long)]
    pub publish: bool,
    /// Comment of the published version
    #[arg(long, default_value = "")]
    pub comment: String,
    #[command(flatten)]
    pub place: PlaceArguments,
}

/// The user where nobody is named.
const NOBODY: &str = "anslut";

/// What became of one file.
#[derive(Debug, Serialize)]
struct Done {
    file: String,
    user: String,
    /// Rows that are pending now, or would be.
    changes: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    report: String,
}

/// What became of all of them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    files: Vec<Done>,
    dry_run: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    published: Vec<u32>,
}

/// Runs the command: exit 1 where a file is refused.
pub fn run(
    arguments: &ImportArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let opened = arguments.place.open(variables, terminal)?;
    let mut result = Taken { files: Vec::new(), dry_run: arguments.dry_run, published: Vec::new() };
    for path in &arguments.files {
        let file = environment::read(path.clone())?
            .ok_or_else(|| Failure::environment(format!("there is no file {}", path.display())))?;
        result.files.push(take(&opened, file, arguments)?);
        if result.files.last().is_some_and(|done| !done.errors.is_empty()) {
            break;
        }
    }
    let refused = result.files.iter().any(|done| !done.errors.is_empty());
    if arguments.publish && !refused {
        let mut users: Vec<&str> =
            result.files.iter().filter(|done| done.changes > 0).map(|done| done.user.as_str()).collect();
        users.dedup();
        for user in users {
            let publication = opened.catalogue.publish(user, &arguments.comment).map_err(Failure::environment)?;
            result.published.push(publication.version);
        }
    }
    match terminal.json {
        true => terminal.print_json(&result)?,
        false => {
            let text = text(&result, terminal);
            terminal.print(&text)?;
        }
    }
    Ok(if refused { Exit::Failed } else { Exit::Done })
}

fn take(opened: &Opened, file: EnvironmentFile, arguments: &ImportArguments) -> Result<Done, Failure> {
    let shown = file.path.display().to_string();
    let extension = file.path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let named = |user: &str| {
        let named = arguments.user.clone().unwrap_or_else(|| user.trim().to_owned());
        if named.is_empty() { NOBODY.to_owned() } else { named }
    };
    let done = |user: String, changes: usize, report: String| Done {
        file: shown.clone(),
        user,
        changes,
        errors: Vec::new(),
        report,
    };
    let refused = |user: String, errors: Vec<String>| Done { errors, ..done(user, 0, String::new()) };
    if !matches!(extension, "toml" | "xml") && !is_snapshot(&file) {
        let text = String::from_utf8_lossy(&file.contents);
        let order = match read(&text) {
            Ok(order) => order,
            Err(ReadError::Parse(error)) => {
                return Ok(refused(named(""), vec![format!("the order cannot be read: {error}")]));
            }
            Err(error) => return Ok(refused(named(""), vec![error.to_string()])),
        };
        let user = named(&order.user);
        return match opened.catalogue.order(opened.catalogue.platform(), &user, &order, arguments.dry_run) {
            Ok(outcome) => Ok(done(user, outcome.changes, outcome.report)),
            Err(OrderError::Refused(errors)) => Ok(refused(user, errors)),
            Err(error) => Err(Failure::environment(error)),
        };
    }
    let user = named("");
    match opened.catalogue.take_rows(&user, file, arguments.dry_run).map_err(Failure::environment)? {
        Ok(changes) => Ok(done(user, changes, String::new())),
        Err(problems) => Ok(refused(user, problems.iter().map(ToString::to_string).collect())),
    }
}

/// Whether a JSON file is a snapshot and not an order: its object has the tables.
fn is_snapshot(file: &EnvironmentFile) -> bool {
    #[derive(serde::Deserialize)]
    struct Outline {
        data: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Outline>(&file.contents).is_ok_and(|outline| outline.data.is_some())
}

fn text(result: &Taken, terminal: &Terminal<'_>) -> String {
    let palette = terminal.palette();
    let mut text = String::new();
    for done in &result.files {
        let outcome = match (done.errors.is_empty(), result.dry_run) {
            (false, _) => palette.paint(Tone::Bad, "✗ refused"),
            (true, true) => {
                palette.paint(Tone::Warning, &format!("{} rows would be pending for {}", done.changes, done.user))
            }
            (true, false) => palette.paint(Tone::Good, &format!("✓ {} rows pending for {}", done.changes, done.user)),
        };
        text.push_str(&format!("{}: {outcome}\n", printable(&done.file)));
        done.errors.iter().for_each(|error| text.push_str(&format!("  {}\n", printable(error))));
        if !done.report.is_empty() {
            text.push_str(&format!("\n{}\n", done.report.lines().map(printable).collect::<Vec<_>>().join("\n")));
        }
    }
    for version in &result.published {
        text.push_str(&palette.paint(Tone::Good, &format!("✓ Publicerad version {version} skapad.")));
        text.push('\n');
    }
    text
}
