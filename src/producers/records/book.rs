//! All records of an environment: people, their entries, and the care givers, units, staff and systems they refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::file::{self, Reference, Written};
use super::kinds::{Field, FieldRule, kinds};
use super::value::Value;
use crate::config::environment::EnvironmentFile;
use crate::domain::identity_number::{Hide, masked};
use crate::domain::problem::Problem;

/// Most entries of one environment.
pub const ENTRIES_MAX: usize = 1_000_000;
/// Type of a personal identity number, where a record names none.
const PERSONAL_NUMBER: &str = "1.2.752.129.2.1.3.1";
/// Code system of sexes.
const GENDER: &str = "1.2.752.129.2.2.1.1";

/// Tables by their HSA-id.
type ById = BTreeMap<String, Value>;

/// Who gives the care: shared by all records of a file, and by all files where a file is about nobody.
#[derive(Clone, Debug, Default)]
pub struct Organisation {
    givers: ById,
    units: ById,
    staff: ById,
    systems: ById,
}

/// One person.
#[derive(Clone, Debug)]
pub struct Patient {
    /// What is known of the person.
    pub about: Value,
    /// The entries, newest first.
    pub entries: Vec<Entry>,
}

/// One entry, references followed: what templates look at.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its kind.
    pub kind: &'static str,
    /// HSA-id of the system that has it.
    pub system: String,
    /// Its values; staff and units stand in it whole.
    pub values: Value,
}

/// All records.
#[derive(Clone, Debug, Default)]
pub struct Book {
    patients: BTreeMap<String, Patient>,
    systems: BTreeSet<String>,
}

impl Book {
    /// Reads files, in their order. What is wrong is left out and named.
    pub fn read<'f>(files: impl IntoIterator<Item = &'f EnvironmentFile>) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut written = Vec::new();
        for file in files {
            let is_record = file.path.extension().is_some_and(|extension| extension == "toml");
            if is_record {
                written.push((file.path.as_path(), file::read(&file.path, &file.contents, &mut problems)));
            } else {
                problems.push(Problem::warning(&file.path, 0, "not a .toml file, so it is passed over"));
            }
        }
        let mut shared = Organisation::default();
        for (file, written) in written.iter().filter(|(_, written)| written.patient.is_none()) {
            shared.take_in(file, written, &mut problems);
        }
        let mut book = Self::default();
        for (file, written) in &written {
            book.take_in(file, written, &shared, &mut problems);
        }
        for patient in book.patients.values_mut() {
            // Newest first by the time of writing, then by id.
            patient.entries.sort_by(|one, other| {
                let key = |entry: &Entry| {
                    let text = |name: &str| entry.values.text_at(name).unwrap_or_default().to_owned();
                    (std::cmp::Reverse(text("authored")), text("id"))
                };
                key(one).cmp(&key(other))
            });
        }
        (book, problems)
    }

    /// A person by identity number.
    pub fn patient(&self, id: &str) -> Option<&Patient> {
        self.patients.get(id)
    }

    /// Everybody, by identity number.
    pub fn patients(&self) -> impl Iterator<Item = (&str, &Patient)> {
        self.patients.iter().map(|(id, patient)| (id.as_str(), patient))
    }

    /// Whether some entry is in that system.
    pub fn has_system(&self, hsa_id: &str) -> bool {
        self.systems.contains(hsa_id)
    }

    fn take_in(&mut self, file: &Path, written: &Written, shared: &Organisation, problems: &mut Vec<Problem>) {
        let mut organisation = shared.clone();
        if written.patient.is_some() {
            organisation.take_in(file, written, problems);
        }
        for (reference, hsa_id, line) in &written.references {
            if organisation.table(*reference).get(hsa_id).is_none() {
                let what = match reference {
                    Reference::Staff => "nobody of the staff has the HSA-id",
                    Reference::Unit => "no unit has the HSA-id",
                    Reference::Giver => "no care giver has the HSA-id",
                    Reference::System => "no system has the HSA-id",
                };
                problems.push(Problem::error(file, *line, format!("{what} {hsa_id:?}")));
            }
        }
        let Some((patient, line)) = &written.patient else {
            if let Some((_, line)) = written.entries.first() {
                let message = "an entry, but the file is about nobody: [patient] is missing";
                problems.push(Problem::error(file, *line, message));
            }
            return;
        };
        let id = patient.text_at("id").unwrap_or_default().to_owned();
        let is_number = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || masked(&id, Hide::Every) == id || masked(&id, Hide::OutsideTestSeries) != id {
            // The number itself may be somebody's: it is not repeated.
            let message =
                "patient.id is no identity number of the official test series, expected one such as 191212121212";
            problems.push(Problem::error(file, *line, message));
            return;
        }
        let about = about(patient);
        let patient = self.patients.entry(id).or_insert_with(|| Patient { about, entries: Vec::new() });
        let mut known: BTreeSet<(String, String, String)> = BTreeSet::new();
        let mut contacts: BTreeSet<(String, String)> = BTreeSet::new();
        let key =
            |values: &Value, names: [&str; 3]| names.map(|name| values.text_at(name).unwrap_or_default().to_owned());
        for entry in
            patient.entries.iter().map(|entry| &entry.values).chain(written.entries.iter().map(|(entry, _)| entry))
        {
            let [kind, id, system] = key(entry, ["kind", "id", "system"]);
            if kind == "contact" {
                contacts.insert((id, system));
            }
        }
        for (entry, line) in &written.entries {
            let [kind, id, system] = key(entry, ["kind", "id", "system"]);
            if !known.insert((kind.clone(), id.clone(), system.clone())) {
                let message = format!("{kind}: the id {id:?} is used twice in system {system}");
                problems.push(Problem::error(file, *line, message));
                continue;
            }
            if let Some(contact) = entry.text_at("contact")
                && !contacts.contains(&(contact.to_owned(), system.clone()))
            {
                let message = format!("{kind} {id:?}: no contact {contact:?} in system {system}");
                problems.push(Problem::error(file, *line, message));
                continue;
            }
            let Some(entry) = organisation.entry(entry, &patient.about) else { continue };
            self.systems.insert(entry.system.clone());
            patient.entries.push(entry);
        }
    }
}

impl Organisation {
    fn table(&self, reference: Reference) -> &ById {
        match reference {
            Reference::Staff => &self.staff,
            Reference::Unit => &self.units,
            Reference::Giver => &self.givers,
            Reference::System => &self.systems,
        }
    }

    fn take_in(&mut self, file: &Path, written: &Written, problems: &mut Vec<Problem>) {
        for (into, from) in [
            (&mut self.givers, &written.givers),
            (&mut self.units, &written.units),
            (&mut self.staff, &written.staff),
            (&mut self.systems, &written.systems),
        ] {
            for (value, line) in from {
                let hsa_id = value.text_at("hsa_id").unwrap_or_default();
                if into.get(hsa_id).is_some_and(|known| known != value) {
                    let message = format!("{hsa_id:?} is described differently elsewhere");
                    problems.push(Problem::error(file, *line, message));
                }
                into.insert(hsa_id.to_owned(), value.clone());
            }
        }
    }

    /// An entry with everything it refers to; `None` where something it refers to does not exist, which has been said.
    fn entry(&self, written: &Value, about: &Value) -> Option<Entry> {
        let (kind, fields) = kinds().kind.get_key_value(written.text_at("kind")?)?;
        let mut values = self.followed(written, fields)?;
        let unit = values.get("unit")?.clone();
        let system = written.text_at("system")?.to_owned();
        values.set("patient", about.clone());
        values.set("system_name", self.systems.get(&system)?.get("name")?.clone());
        if values.get("approved").is_none() {
            values.set("approved", Value::of("true"));
        }
        if values.get("signed").is_some()
            && values.get("signer").is_none()
            && let Some(author) = values.get("author").cloned()
        {
            values.set("signer", author);
        }
        // Whoever wrote it did so for the entry's unit.
        let mut author = values.get("author").cloned().unwrap_or_else(|| Value::table(Vec::new()));
        author.set("unit", unit);
        values.set("author", author);
        Some(Entry { kind, system, values })
    }

    /// The value with units and staff in place of their HSA-ids.
    fn followed(&self, value: &Value, fields: &super::kinds::Fields) -> Option<Value> {
        let Value::Table(members) = value else { return Some(value.clone()) };
        let followed = |(name, value): &(&'static str, Value)| {
            let value = match (fields.get(*name).map(|FieldRule { field, .. }| field), value) {
                (Some(Field::Unit), Value::Text(hsa_id)) => self.unit(hsa_id)?,
                (Some(Field::Staff), Value::Text(hsa_id)) => self.person(hsa_id)?,
                (Some(Field::Table(inner)), value) => self.followed(value, inner)?,
                (Some(Field::Tables(inner)), Value::List(members)) => {
                    Value::List(members.iter().map(|member| self.followed(member, inner)).collect::<Option<_>>()?)
                }
                (_, value) => value.clone(),
            };
            Some((*name, value))
        };
        members.iter().map(followed).collect::<Option<_>>().map(Value::table)
    }

    fn unit(&self, hsa_id: &str) -> Option<Value> {
        let mut unit = self.units.get(hsa_id)?.clone();
        let giver = self.givers.get(unit.text_at("giver")?)?.clone();
        unit.set("giver", giver);
        Some(unit)
    }

    fn person(&self, hsa_id: &str) -> Option<Value> {
        let mut person = self.staff.get(hsa_id)?.clone();
        let unit = self.unit(person.text_at("unit")?)?;
        person.set("unit", unit);
        Some(person)
    }
}

/// What is known of a person, with what follows from it.
fn about(written: &Value) -> Value {
    let mut about = written.clone();
    if about.get("type").is_none() {
        about.set("type", Value::of(PERSONAL_NUMBER));
    }
    let (code, words) = match about.text_at("gender") {
        Some("man") => ("1", "Man"),
        Some(_) => ("2", "Kvinna"),
        None => return about,
    };
    let parts = [("code", code), ("codeSystem", GENDER), ("displayName", words)];
    about.set("gender_code", Value::table(parts.map(|(name, text)| (name, Value::of(text))).to_vec()));
    about
}
