//! `[[platform]]`: several platforms in one process (`connection-api.md` §1).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::domain::problem::{Problem, line_at};

use super::checked::{PlatformEntry, PlatformRole, PlatformSettings, Settings};
use super::raw::ShownValue;
use super::value::{Origin, Written, address};
use super::written::{Gathered, suggestion, written};

const KEYS: [&str; 5] = ["name", "role", "instance_id", "tak", "listen"];
/// The property that, where it is set, names every hub in its faults.
const INSTANCE_NAME: &str = "vp.instance.name";
const LISTENERS: [&str; 3] = ["hub_http", "hub_https", "catalogue"];

/// Settings of every platform of the process, the one for production first; those that are given where it is the only one.
///
/// `[properties]` holds for all of them, except who they are (`vp.instance.id`); the catalogue's local copy is saved under
/// a name of its own for each, since two cannot be kept in one file.
pub fn apart(settings: &Settings) -> Vec<Settings> {
    if settings.platforms.is_empty() {
        return vec![settings.clone()];
    }
    let of_role = |role| settings.platforms.iter().filter(move |platform| platform.role == role);
    let in_order = of_role(PlatformRole::Production).chain(of_role(PlatformRole::Qa));
    in_order.map(|platform| own(settings, platform)).collect()
}

/// The values that are in use where there are several platforms: the top level's listeners are off, and each platform has
/// its own keys behind them.
pub fn shown(mut values: Vec<ShownValue>, platforms: &[(PlatformEntry, usize)], path: &Path) -> Vec<ShownValue> {
    if platforms.is_empty() {
        return values;
    }
    let of_each = LISTENERS.map(|name| format!("listen.{name}"));
    for value in values.iter_mut().filter(|value| of_each.contains(&value.key)) {
        value.value = Some("off".to_owned());
        value.note = Some("each [[platform]] has its own".to_owned());
    }
    for (platform, line) in platforms {
        let PlatformEntry { name, role, instance_id, tak, hub_http, hub_https, catalogue } = platform;
        let address = |address: &Option<SocketAddr>| address.map_or_else(|| "off".to_owned(), |it| it.to_string());
        let rows = [
            ("role", role.as_str().to_owned(), "what it is for"),
            ("instance_id", instance_id.clone(), "its hub's vp.instance.id"),
            ("tak", tak.clone(), "its catalogue's folder"),
            ("listen.hub_http", address(hub_http), "its hub"),
            ("listen.hub_https", address(hub_https), "its hub, with mutual TLS"),
            ("listen.catalogue", address(catalogue), "its catalogue's services"),
        ];
        values.extend(rows.map(|(key, value, doc)| ShownValue {
            key: format!("platform.{name}.{key}"),
            value: Some(value),
            origin: Origin::File { path: path.to_owned(), line: *line },
            doc,
            note: None,
        }));
    }
    values
}

fn own(settings: &Settings, platform: &PlatformEntry) -> Settings {
    let mut own = settings.clone();
    own.listen.hub_http = platform.hub_http;
    own.listen.hub_https = platform.hub_https;
    own.listen.catalogue = platform.catalogue;
    own.hub.instance_id.clone_from(&platform.instance_id);
    if !settings.properties.contains_key(INSTANCE_NAME) {
        own.hub.instance_name.clone_from(&platform.name);
    }
    // Its calls go through the platform's own hub, which believes its own instance only.
    own.aggregation.instance_id.clone_from(&platform.instance_id);
    own.platform = PlatformSettings {
        name: Some(platform.name.clone()),
        tak_platform: Some(platform.name.clone()),
        role: Some(platform.role),
        tak: platform.tak.trim_end_matches('/').to_owned(),
    };
    own.tak_copy = settings.tak_copy.as_deref().map(|copy| beside(copy, platform.role.as_str()));
    own
}

/// `copy.xml` as `copy-qa.xml`.
fn beside(file: &Path, addition: &str) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let ending = file.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    file.with_file_name(format!("{stem}-{addition}{ending}"))
}

/// Reads every entry; an entry with a problem is left out.
pub fn read(entries: &DeArray<'_>, path: &Path, text: &str, gathered: &mut Gathered) {
    for entry in entries.iter() {
        let line = line_at(text.as_bytes(), entry.span().start);
        let mut reader = Reader { path, text, line, problems: Vec::new() };
        let platform = match entry.get_ref() {
            DeValue::Table(table) => reader.entry(table),
            other => {
                reader.problem(line, format!("platform holds {}; expected tables [[platform]]", written(other)));
                None
            }
        };
        let failed = !reader.problems.is_empty();
        gathered.problems.append(&mut reader.problems);
        if let (Some(platform), false) = (platform, failed) {
            let message = gathered.platforms.iter().find_map(|(other, first)| clash(&platform, other, *first));
            gathered.problems.extend(message.map(|message| Problem::error(path, line, message)));
            gathered.platforms.push((platform, line));
        }
    }
}

/// What two platforms must not share: each of it tells them apart somewhere.
fn clash(one: &PlatformEntry, other: &PlatformEntry, first: usize) -> Option<String> {
    let PlatformEntry { name, instance_id, .. } = one;
    if one.role == other.role {
        let of_other = format!("platform {:?} on line {first}", other.name);
        return Some(format!("platform {name:?} has the role of {of_other}; expected at most one of each role"));
    }
    if *name == other.name {
        return Some(format!("platform.name is {name:?}, as on line {first}; expected another name"));
    }
    let same = *instance_id == other.instance_id;
    same.then(|| format!("platform.instance_id is {instance_id:?}, as on line {first}; expected another instance"))
}

struct Reader<'r> {
    path: &'r Path,
    text: &'r str,
    /// Where the entry begins.
    line: usize,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, line: usize, message: String) {
        self.problems.push(Problem::error(self.path, line, message));
    }

    fn line_of(&self, offset: usize) -> usize {
        line_at(self.text.as_bytes(), offset)
    }

    fn entry(&mut self, table: &DeTable<'_>) -> Option<PlatformEntry> {
        self.unknown_keys(table, &KEYS, "platform");
        let role = self.text(table, "role").and_then(|(text, line)| match text.as_str() {
            "qa" => Some(PlatformRole::Qa),
            "production" => Some(PlatformRole::Production),
            _ => {
                self.problem(line, format!("platform.role is {text:?}; expected \"qa\" or \"production\""));
                None
            }
        });
        let name = self.text(table, "name");
        let instance_id = self.text(table, "instance_id");
        let tak = self.text(table, "tak");
        let [hub_http, hub_https, catalogue] = self.listeners(table);
        Some(PlatformEntry {
            name: name?.0,
            role: role?,
            instance_id: instance_id?.0,
            tak: tak?.0,
            hub_http,
            hub_https,
            catalogue,
        })
    }

    fn unknown_keys(&mut self, table: &DeTable<'_>, known: &[&'static str], prefix: &str) {
        for name in table.keys().filter(|name| !known.contains(&&**name.get_ref())) {
            let hint = suggestion(name.get_ref(), known.iter().copied());
            let message = format!("unknown key {:?}{hint}", format!("{prefix}.{}", name.get_ref()));
            let line = self.line_of(name.span().start);
            self.problem(line, message);
        }
    }

    /// A text that must be there, and its line.
    fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, usize)> {
        let Some(value) = table.get(key) else {
            self.problem(self.line, format!("this [[platform]] has no {key}; expected a string"));
            return None;
        };
        let line = self.line_of(value.span().start);
        match written(value.get_ref()) {
            Written::Text(text) if !text.trim().is_empty() => Some((text, line)),
            other => {
                self.problem(line, format!("platform.{key} is {other}; expected a string that is not blank"));
                None
            }
        }
    }

    fn listeners(&mut self, table: &DeTable<'_>) -> [Option<SocketAddr>; 3] {
        let Some(value) = table.get("listen") else { return [None; 3] };
        let DeValue::Table(listen) = value.get_ref() else {
            let line = self.line_of(value.span().start);
            self.problem(line, format!("platform.listen is {}; expected a table", written(value.get_ref())));
            return [None; 3];
        };
        self.unknown_keys(listen, &LISTENERS, "platform.listen");
        LISTENERS.map(|name| listen.get(name).and_then(|value| self.listener(name, value)))
    }

    fn listener(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<SocketAddr> {
        let written = written(value.get_ref());
        let parsed = match &written {
            Written::Text(text) => address(text),
            _ => None,
        };
        if parsed.is_none() {
            let line = self.line_of(value.span().start);
            self.problem(line, format!("platform.listen.{name} is {written}; expected an address, \":0\" or \"off\""));
        }
        parsed.flatten()
    }
}
