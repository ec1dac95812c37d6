//! What was written where: `anslut.toml`, the process environment and `--set`, gathered under the keys of the table.
//!
//! Later places win over earlier ones. Nothing is judged here but the keys; values are read in [`super::raw`].

use std::collections::BTreeMap;
use std::path::Path;
use std::str;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::domain::problem::{Problem, line_at};

use super::checked::PlatformEntry;
use super::environment::{Environment, EnvironmentFile};
use super::nearest::nearest;
use super::platforms;
use super::table::{self, PROPERTIES, Setting};
use super::value::{Origin, Written};

/// The settings file of an environment.
pub const FILE: &str = "anslut.toml";
/// Largest settings file, in bytes.
pub const FILE_BYTES_MAX: usize = 256 * 1024;
/// Begins the name of every variable that is ours.
pub const VARIABLE_PREFIX: &str = "ANSLUT_";
/// Variables of that beginning which are not settings.
const OTHER_VARIABLES: [&str; 2] = ["ANSLUT_DATA", "ANSLUT_CORPUS"];

/// Everything that was written, by full key (`listen.hub_http`, `properties.vp.instance.id`).
#[derive(Debug, Default)]
pub struct Gathered {
    /// The value that wins, and where it stands.
    pub values: BTreeMap<String, (Written, Origin)>,
    /// `[[platform]]`, with the line each begins on.
    pub platforms: Vec<(PlatformEntry, usize)>,
    /// Keys and files that cannot be used.
    pub problems: Vec<Problem>,
}

/// Gathers from all three places.
pub fn gather(environment: &Environment, sets: &[String], process_environment: &[(String, String)]) -> Gathered {
    let mut gathered = Gathered::default();
    match environment.file(FILE) {
        Ok(Some(file)) => gathered.read_file(&file),
        Ok(None) => {}
        Err(error) => {
            let source = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
            gathered.problems.push(Problem::error(&environment.path(FILE), 0, format!("{error}{source}")));
        }
    }
    gathered.read_variables(process_environment);
    for set in sets {
        gathered.read_flag(set);
    }
    gathered
}

impl Gathered {
    fn read_file(&mut self, file: &EnvironmentFile) {
        if file.contents.len() > FILE_BYTES_MAX {
            let message = format!("{} bytes long; expected at most {FILE_BYTES_MAX}", file.contents.len());
            self.problems.push(Problem::error(&file.path, 0, message));
            return;
        }
        let text = match str::from_utf8(&file.contents) {
            Ok(text) => text.trim_start_matches('\u{feff}'),
            Err(error) => {
                let line = line_at(&file.contents, error.valid_up_to());
                self.problems.push(Problem::error(&file.path, line, "not UTF-8 from here on; expected UTF-8 text"));
                return;
            }
        };
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(0, |span| line_at(text.as_bytes(), span.start));
            // The parser's message may have several lines; a problem has one.
            let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            self.problems.push(Problem::error(&file.path, line, message));
        }
        // What recovery made of a broken file would only give problems that nobody wrote.
        if errors.is_empty() {
            let breaks = text.match_indices('\n').map(|(offset, _)| offset).collect();
            let mut walk = Walk { gathered: self, path: &file.path, text, breaks };
            walk.table("", document.get_ref());
        }
    }

    fn read_variables(&mut self, process_environment: &[(String, String)]) {
        for (name, value) in process_environment {
            if !name.starts_with(VARIABLE_PREFIX) || OTHER_VARIABLES.contains(&name.as_str()) {
                continue;
            }
            let Some(setting) = table::all().find(|setting| !setting.is_family() && setting.variable() == *name) else {
                let names: Vec<String> = table::all().map(Setting::variable).collect();
                let hint = suggestion(name, names.iter().map(String::as_str));
                let message = format!("no setting has this variable{hint}; it is ignored");
                self.problems.push(Problem::warning(Path::new(name), 0, message));
                continue;
            };
            self.put(setting.full_key(), Written::Plain(value.clone()), Origin::Variable(name.clone()));
        }
    }

    fn read_flag(&mut self, set: &str) {
        let Some((key, value)) = set.split_once('=') else {
            let message = format!("{set:?} has no \"=\"; expected KEY=VALUE, such as listen.hub_http=127.0.0.1:18080");
            self.problems.push(Problem::error(Path::new("--set"), 0, message));
            return;
        };
        let key = key.trim();
        let property = format!("{PROPERTIES}.{key}");
        let full_key =
            if table::find(key).is_none() && table::find(&property).is_some() { property } else { key.to_owned() };
        self.put_checked(full_key, Written::Plain(value.to_owned()), Origin::Flag);
    }

    /// Keeps a value, if its key is known or may be unknown.
    fn put_checked(&mut self, full_key: String, written: Written, origin: Origin) {
        if table::find(&full_key).is_none() {
            let (place, line) = origin.place();
            let (place, line) = (place.to_owned(), line);
            if let Some(property) = full_key.strip_prefix("properties.") {
                let hint = suggestion(property, table::properties::SETTINGS.iter().map(|setting| setting.key));
                let message = format!("unknown property {property:?}{hint}; it is kept, but nothing reads it");
                self.problems.push(Problem::warning(&place, line, message));
            } else {
                let hint = if table::find(&format!("{PROPERTIES}.{full_key}")).is_some() {
                    "; expected it in the table [properties]".to_owned()
                } else {
                    suggestion(&full_key, table::all().map(|setting| setting.key))
                };
                self.problems.push(Problem::error(&place, line, format!("unknown key {full_key:?}{hint}")));
                return;
            }
        }
        self.put(full_key, written, origin);
    }

    fn put(&mut self, full_key: String, written: Written, origin: Origin) {
        self.values.insert(full_key, (written, origin));
    }
}

/// `; did you mean "…"?`, or nothing.
pub fn suggestion<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(word, known).map_or_else(String::new, |known| format!("; did you mean {known:?}?"))
}

/// A walk through the tables of one settings file.
struct Walk<'w> {
    gathered: &'w mut Gathered,
    path: &'w Path,
    text: &'w str,
    /// Where lines end, so that a key's line is found without reading the file again.
    breaks: Vec<usize>,
}

impl Walk<'_> {
    fn line(&self, offset: usize) -> usize {
        1 + self.breaks.partition_point(|line_end| *line_end < offset)
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let line = self.line(name.span().start);
            let key =
                if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
            match value.get_ref() {
                DeValue::Array(entries) if key == "platform" => {
                    platforms::read(entries, self.path, self.text, self.gathered);
                }
                DeValue::Table(inner) if inner.is_empty() => self.empty_table(&key, line),
                DeValue::Table(inner) => self.table(&key, inner),
                _ => self.leaf(key, value, line),
            }
        }
    }

    /// An empty table sets nothing, but its name may be misspelt.
    fn empty_table(&mut self, key: &str, line: usize) {
        let is_known =
            |setting: &Setting| setting.full_key().strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        if key != PROPERTIES && !table::all().any(is_known) {
            let tables = table::own::SETTINGS.iter().filter_map(|setting| Some(setting.key.rsplit_once('.')?.0));
            let hint = suggestion(key, tables);
            self.gathered.problems.push(Problem::error(self.path, line, format!("unknown table {key:?}{hint}")));
        }
    }

    fn leaf(&mut self, key: String, value: &Spanned<DeValue<'_>>, line: usize) {
        let is_property = key.starts_with("properties.");
        let mut written = written(value.get_ref());
        // Properties are texts; a number or a switch that somebody left unquoted is taken for its text.
        if is_property && matches!(written, Written::Text(_) | Written::Integer(_) | Written::Boolean(_)) {
            written = Written::Plain(written.text().unwrap_or_default());
        }
        let origin = Origin::File { path: self.path.to_owned(), line };
        if is_property && let Some((_, Origin::File { line: first, .. })) = self.gathered.values.get(&key) {
            // The tables are walked in the order of their names, not of their lines.
            let (first, second) = (line.min(*first), line.max(*first));
            let message = format!("{key} is written twice, the first time on line {first}");
            self.gathered.problems.push(Problem::error(self.path, second, message));
            return;
        }
        self.gathered.put_checked(key, written, origin);
    }
}

/// A TOML value without its surroundings.
pub fn written(value: &DeValue<'_>) -> Written {
    match value {
        DeValue::String(text) => Written::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Written::Other("an integer beyond 64 bits"), Written::Integer),
        DeValue::Boolean(switch) => Written::Boolean(*switch),
        DeValue::Float(_) => Written::Other("a float"),
        DeValue::Datetime(_) => Written::Other("a date or time"),
        DeValue::Table(_) => Written::Other("a table"),
        DeValue::Array(entries) => {
            let texts: Option<Vec<_>> =
                entries.iter().map(|entry| entry.get_ref().as_str().map(str::to_owned)).collect();
            texts.map_or(Written::Other("an array that holds more than strings"), Written::Texts)
        }
    }
}
