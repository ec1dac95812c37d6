//! A record file (`patients/*.toml`, `records/*.toml`, or `.json`) to values, with file and line of everything that is wrong in it.
//!
//! What may stand where is the table of [`super::kinds`]; nothing here knows a kind by its name but the contact.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::json;
use super::kinds::{Field, FieldRule, Fields, kinds};
use super::value::Value;
use crate::config::nearest::nearest;
use crate::domain::problem::{Problem, line_at};

/// Largest record file, in bytes.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a file says, references not yet followed.
#[derive(Debug, Default)]
pub struct Written {
    /// The person, where the file is about one; with the line.
    pub patient: Option<(Value, usize)>,
    /// Care givers, units, staff and systems.
    pub givers: Vec<(Value, usize)>,
    /// See there.
    pub units: Vec<(Value, usize)>,
    /// See there.
    pub staff: Vec<(Value, usize)>,
    /// See there.
    pub systems: Vec<(Value, usize)>,
    /// Entries of all kinds, contacts included; `kind` is one of their values.
    pub entries: Vec<(Value, usize)>,
    /// What must exist somewhere: a table of the file, its HSA-id, and the line that says so.
    pub references: Vec<(Reference, String, usize)>,
}

/// What a reference is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A person of the staff.
    Staff,
    /// A unit.
    Unit,
    /// A care giver.
    Giver,
    /// A source system.
    System,
}

type Spot<'a> = Spanned<DeValue<'a>>;

/// Reads a file. An entry with something wrong in it is left out; the rest of the file is used.
pub fn read(file: &Path, contents: &[u8], problems: &mut Vec<Problem>) -> Written {
    let mut written = Written::default();
    if contents.len() > FILE_BYTES_MAX {
        let message = format!("{} bytes, a record file has at most {FILE_BYTES_MAX}", contents.len());
        problems.push(Problem::error(file, 0, message));
        return written;
    }
    let text = match std::str::from_utf8(contents) {
        Ok(text) => text,
        Err(error) => {
            problems.push(Problem::error(file, line_at(contents, error.valid_up_to()), "not UTF-8"));
            return written;
        }
    };
    let is_json = file.extension().is_some_and(|extension| extension == "json");
    let toml = match is_json.then(|| json::as_toml(text)).transpose() {
        Ok(toml) => toml.map_or(Cow::Borrowed(text), Cow::Owned),
        Err((line, why)) => {
            problems.push(Problem::error(file, line, why));
            return written;
        }
    };
    let table = match DeTable::parse(&toml) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let line = error.span().map_or(0, |span| line_at(toml.as_bytes(), span.start));
            problems.push(Problem::error(file, line, format!("not TOML: {}", error.message())));
            return written;
        }
    };
    let mut reading = Reading { file, contents: toml.as_bytes(), problems, written: &mut written };
    match table.get(json::ROOT).filter(|_| is_json) {
        Some(root) => match root.get_ref().as_table() {
            Some(table) => reading.tables(table),
            None => reading.error(root, format!("expected an object, found {}", root.get_ref().type_str())),
        },
        None => reading.tables(&table),
    }
    written
}

struct Reading<'r> {
    file: &'r Path,
    contents: &'r [u8],
    problems: &'r mut Vec<Problem>,
    written: &'r mut Written,
}

/// Kinds that are nothing without a unit.
const NEED_UNIT: [&str; 3] = ["contact", "booking", "request"];

const TABLES: [&str; 7] = ["patient", "giver", "unit", "staff", "system", "contact", "entry"];

impl Reading<'_> {
    fn tables(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match name {
                "patient" => {
                    let line = self.line(value.span().start);
                    if let Some(patient) = self.table(value, &kinds().file["patient"], "patient") {
                        self.written.patient = Some((patient, line));
                    }
                }
                "giver" | "unit" | "staff" | "system" | "contact" | "entry" => self.list(name, value),
                unknown => self.unknown(unknown, key.span().start, TABLES, "table"),
            }
        }
    }

    /// `[[giver]]` and its kin: each a list of tables.
    fn list(&mut self, name: &str, value: &Spot<'_>) {
        let Some(items) = value.get_ref().as_array() else {
            self.error(value, format!("{name}: expected a list of tables, [[{name}]]"));
            return;
        };
        for item in items {
            let line = self.line(item.span().start);
            let read = match name {
                "contact" => self.contact(item),
                "entry" => self.entry(item),
                _ => self.table(item, &kinds().file[name], name),
            };
            let Some(read) = read else { continue };
            match name {
                "giver" => self.written.givers.push((read, line)),
                "unit" => {
                    self.refer(Reference::Giver, read.text_at("giver"), line);
                    self.written.units.push((read, line));
                }
                "staff" => {
                    self.refer(Reference::Unit, read.text_at("unit"), line);
                    self.written.staff.push((read, line));
                }
                "system" => {
                    self.refer(Reference::Giver, read.text_at("giver"), line);
                    self.written.systems.push((read, line));
                }
                _ => {
                    self.refer(Reference::System, read.text_at("system"), line);
                    self.written.entries.push((read, line));
                }
            }
        }
    }

    fn refer(&mut self, reference: Reference, hsa_id: Option<&str>, line: usize) {
        let hsa_id = hsa_id.map(str::to_owned);
        self.written.references.extend(hsa_id.map(|hsa_id| (reference, hsa_id, line)));
    }

    fn entry(&mut self, item: &Spot<'_>) -> Option<Value> {
        let kind = item.get_ref().as_table().and_then(|table| table.get("kind"));
        let Some(kind) = kind.and_then(|kind| kind.get_ref().as_str()) else {
            let expected = known_kinds();
            self.error(item, format!("entry: kind is missing, expected one of {expected}"));
            return None;
        };
        let Some(fields) = kinds().kind.get(kind) else {
            let hint = nearest(kind, kinds().kind.keys().map(String::as_str));
            let hint = hint.map_or_else(known_kinds, |kind| format!("{kind:?}"));
            self.error(item, format!("entry: unknown kind {kind:?}, expected {hint}"));
            return None;
        };
        let mut read = self.table(item, fields, kind)?;
        // Why an entry was nullified; a contact's reason is why there was one.
        if read.get("nullified").is_some() && read.get("nullified_reason").is_none() && kind != "contact" {
            let reason = read.text_at("reason").map(str::to_owned);
            reason.into_iter().for_each(|reason| read.set("nullified_reason", Value::Text(reason)));
        }
        if NEED_UNIT.contains(&kind) && read.get("unit").is_none() {
            self.error(item, format!("{kind}: unit is missing"));
            return None;
        }
        Some(read)
    }

    /// A contact says neither that it is one nor, as a rule, when it was written: when it began.
    fn contact(&mut self, item: &Spot<'_>) -> Option<Value> {
        let mut contact = self.table(item, &kinds().contact, "contact")?;
        contact.set("kind", Value::of("contact"));
        if contact.get("unit").is_none() {
            self.error(item, "contact: unit is missing".to_owned());
            return None;
        }
        if contact.get("authored").is_none() {
            let start = contact.get("start")?.clone();
            contact.set("authored", start);
        }
        Some(contact)
    }

    /// A table by its rules; `None` where something in it is wrong.
    fn table(&mut self, item: &Spot<'_>, fields: &'static Fields, what: &str) -> Option<Value> {
        let Some(table) = item.get_ref().as_table() else {
            self.error(item, format!("{what}: expected a table, found {}", item.get_ref().type_str()));
            return None;
        };
        let mut members = Vec::with_capacity(table.len());
        let mut is_good = true;
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let Some((known, rule)) = fields.get_key_value(name) else {
                self.unknown(name, key.span().start, fields.keys().map(String::as_str), what);
                is_good = false;
                continue;
            };
            match self.field(value, rule, &format!("{what}.{name}")) {
                Some(read) => members.push((known.as_str(), read)),
                None => is_good = false,
            }
        }
        for (name, _) in fields.iter().filter(|(_, rule)| rule.required) {
            if !table.contains_key(name.as_str()) {
                self.error(item, format!("{what}: {name} is missing"));
                is_good = false;
            }
        }
        is_good.then(|| Value::table(members))
    }

    fn field(&mut self, value: &Spot<'_>, rule: &'static FieldRule, what: &str) -> Option<Value> {
        let (read, expected) = match &rule.field {
            Field::Table(fields) => return self.table(value, fields, what),
            Field::Tables(fields) => {
                let Some(items) = value.get_ref().as_array() else {
                    self.error(value, format!("{what}: expected a list of tables"));
                    return None;
                };
                let members: Option<Vec<_>> = items.iter().map(|item| self.table(item, fields, what)).collect();
                return members.map(Value::List);
            }
            Field::Code => return self.code(value, what),
            Field::Quantity => return self.quantity(value, what),
            Field::Words(words) => {
                (text(value).filter(|text| words.contains(text)), format!("one of {}", words.join(", ")))
            }
            Field::Text => (text(value).filter(|text| !text.trim().is_empty()), "a text".to_owned()),
            Field::Staff | Field::Unit => {
                let hsa_id = text(value);
                let kind = if rule.field == Field::Unit { Reference::Unit } else { Reference::Staff };
                let line = self.line(value.span().start);
                self.refer(kind, hsa_id.as_deref(), line);
                (hsa_id, "the HSA-id of one".to_owned())
            }
            Field::Time => (time(value.get_ref()), "a moment such as 2026-03-12T14:15:00".to_owned()),
            Field::Date => (date(value.get_ref()), "a day such as 2026-03-12".to_owned()),
            Field::Flag => (value.get_ref().as_bool().map(|flag| flag.to_string()), "true or false".to_owned()),
            Field::Number => (number(value.get_ref()), "a number".to_owned()),
        };
        if read.is_none() {
            self.error(value, format!("{what} is {}, expected {expected}", shown(value.get_ref())));
        }
        read.map(Value::Text)
    }

    /// `{ code = "I10", system = "icd10", text = "Essentiell hypertoni" }`, or the words alone.
    fn code(&mut self, value: &Spot<'_>, what: &str) -> Option<Value> {
        if let Some(words) = value.get_ref().as_str() {
            return Some(Value::table(vec![("originalText", Value::of(words))]));
        }
        let part = |name: &str| value.get_ref().as_table()?.get(name)?.get_ref().as_str();
        let known: Vec<&str> = kinds().systems.keys().map(String::as_str).collect();
        if let Some(table) = value.get_ref().as_table() {
            let unknown = |key: &str| !["code", "system", "text"].contains(&key);
            if let Some((key, _)) = table.iter().find(|(key, _)| unknown(key.get_ref().as_ref())) {
                self.unknown(key.get_ref(), key.span().start, ["code", "system", "text"], what);
                return None;
            }
        }
        let (Some(code), Some(system)) = (part("code"), part("system")) else {
            self.error(value, format!("{what}: expected words, or a table with code, system and text"));
            return None;
        };
        let is_oid = system.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && system.contains('.');
        let oid = kinds().systems.get(system).map(String::as_str).or_else(|| is_oid.then_some(system));
        let Some(oid) = oid else {
            self.error(
                value,
                format!("{what}: no code system {system:?}, expected an OID or one of {}", known.join(", ")),
            );
            return None;
        };
        let mut members = vec![("code", Value::of(code)), ("codeSystem", Value::of(oid))];
        members.extend(part("text").map(|text| ("displayName", Value::of(text))));
        Some(Value::table(members))
    }

    /// `{ value = 5.2, unit = "mmol/L" }`.
    fn quantity(&mut self, value: &Spot<'_>, what: &str) -> Option<Value> {
        let table = value.get_ref().as_table();
        let amount = table.and_then(|table| number(table.get("value")?.get_ref()));
        let unit = table.and_then(|table| table.get("unit")?.get_ref().as_str().map(str::to_owned));
        let (Some(amount), Some(unit)) = (amount, unit) else {
            self.error(value, format!("{what}: expected a table with value and unit"));
            return None;
        };
        Some(Value::table(vec![("value", Value::Text(amount)), ("unit", Value::Text(unit))]))
    }

    fn unknown<'k>(&mut self, name: &str, offset: usize, known: impl IntoIterator<Item = &'k str>, what: &str) {
        let known: Vec<&str> = known.into_iter().collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("expected one of {}", known.join(", ")),
        };
        let line = self.line(offset);
        self.problems.push(Problem::error(self.file, line, format!("{what}: unknown name {name:?}, {hint}")));
    }

    fn error(&mut self, at: &Spot<'_>, message: String) {
        let line = self.line(at.span().start);
        self.problems.push(Problem::error(self.file, line, message));
    }

    fn line(&self, offset: usize) -> usize {
        line_at(self.contents, offset)
    }
}

fn known_kinds() -> String {
    kinds().kind.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn text(value: &Spot<'_>) -> Option<String> {
    value.get_ref().as_str().map(str::to_owned)
}

fn number(value: &DeValue<'_>) -> Option<String> {
    match (value.as_integer(), value.as_float()) {
        (Some(integer), _) if integer.radix() == 10 => Some(integer.as_str().to_owned()),
        (_, Some(float)) => {
            float.as_str().parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number.to_string())
        }
        _ => None,
    }
}

/// A time as TOML has it, or as a text: JSON has no other.
fn moment(value: &DeValue<'_>) -> Option<Datetime> {
    match value {
        DeValue::Datetime(moment) => Some(*moment),
        DeValue::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A moment without a zone: the record's times are Swedish local times, as the contracts'.
fn time(value: &DeValue<'_>) -> Option<String> {
    let Datetime { date: Some(date), time: Some(time), offset: None } = moment(value)? else { return None };
    let (hour, minute, second) = (time.hour, time.minute, time.second.unwrap_or(0));
    Some(format!("{:04}{:02}{:02}{hour:02}{minute:02}{second:02}", date.year, date.month, date.day))
}

fn date(value: &DeValue<'_>) -> Option<String> {
    let Datetime { date: Some(date), time: None, offset: None } = moment(value)? else { return None };
    Some(format!("{:04}{:02}{:02}", date.year, date.month, date.day))
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{:?}", text.chars().take(60).collect::<String>()),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        other => match number(other) {
            Some(number) => number,
            None => format!("a {}", other.type_str()),
        },
    }
}
