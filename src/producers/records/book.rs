//! All records of an environment: people, their entries, and the care givers, units, staff and systems they refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

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

impl Entry {
    /// What no two entries of a person share: kind, id and system.
    pub fn key(&self) -> (&str, &str, &str) {
        (self.kind, self.values.text_at("id").unwrap_or_default(), &self.system)
    }
}

impl Patient {
    /// Newest first by the time of writing, then by id.
    fn sort(&mut self) {
        let text = |entry: &Entry, name: &str| entry.values.text_at(name).unwrap_or_default().to_owned();
        self.entries.sort_by_cached_key(|entry| (std::cmp::Reverse(text(entry, "authored")), text(entry, "id")));
    }
}

/// All records.
#[derive(Clone, Debug, Default)]
pub struct Book {
    patients: BTreeMap<String, Arc<Patient>>,
    systems: BTreeSet<String>,
    /// Everybody who gives care in any of the files: what entries that are added later refer to.
    organisation: Arc<Organisation>,
}

impl Book {
    /// Reads files, in their order. What is wrong is left out and named.
    pub fn read<'f>(files: impl IntoIterator<Item = &'f EnvironmentFile>) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut written = Vec::new();
        for file in files {
            let is_record = file.path.extension().is_some_and(|extension| extension == "toml" || extension == "json");
            if is_record {
                written.push((file.path.as_path(), file::read(&file.path, &file.contents, &mut problems)));
            } else {
                problems.push(Problem::warning(&file.path, 0, "not a .toml or .json file, so it is passed over"));
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
            Arc::make_mut(patient).sort();
        }
        // What is wrong has been said already, file by file.
        let mut everybody = shared;
        for (file, written) in written.iter().filter(|(_, written)| written.patient.is_some()) {
            everybody.take_in(file, written, &mut Vec::new());
        }
        book.organisation = Arc::new(everybody);
        (book, problems)
    }

    /// Adds what a text says that is written as a record file is, about one person; an entry of the same kind, id and
    /// system is replaced. `organisation` is who else the entries may refer to.
    pub fn add(&mut self, file: &Path, written: &Written, organisation: &Organisation) -> Vec<Problem> {
        let mut fresh = Self::default();
        let mut problems = Vec::new();
        fresh.take_in_with(file, written, organisation, self, &mut problems);
        if problems.is_empty() {
            for (id, patient) in fresh.patients {
                for entry in &patient.entries {
                    self.put(&id, &patient.about, entry.clone());
                }
            }
        }
        problems
    }

    /// Puts an entry into somebody's record; one of the same kind, id and system is replaced. Who has none gets one.
    pub fn put(&mut self, id: &str, about: &Value, entry: Entry) {
        self.systems.insert(entry.system.clone());
        let patient = self
            .patients
            .entry(id.to_owned())
            .or_insert_with(|| Arc::new(Patient { about: about.clone(), entries: Vec::new() }));
        let patient = Arc::make_mut(patient);
        patient.entries.retain(|known| known.key() != entry.key());
        patient.entries.push(entry);
        patient.sort();
    }

    /// Takes the entries out for which `is_out` holds; the people who lost some.
    pub fn take(&mut self, is_out: impl Fn(&str, &Entry) -> bool) -> Vec<String> {
        let mut changed = Vec::new();
        for (id, patient) in &mut self.patients {
            if patient.entries.iter().any(|entry| is_out(id, entry)) {
                Arc::make_mut(patient).entries.retain(|entry| !is_out(id, entry));
                changed.push(id.clone());
            }
        }
        changed
    }

    /// A book about nobody.
    pub fn knowing(organisation: Arc<Organisation>) -> Self {
        Self { organisation, ..Self::default() }
    }

    /// Everybody who gives care.
    pub fn organisation(&self) -> &Arc<Organisation> {
        &self.organisation
    }

    /// A person by identity number.
    pub fn patient(&self, id: &str) -> Option<&Patient> {
        self.patients.get(id).map(|patient| &**patient)
    }

    /// Everybody, by identity number.
    pub fn patients(&self) -> impl Iterator<Item = (&str, &Patient)> {
        self.patients.iter().map(|(id, patient)| (id.as_str(), &**patient))
    }

    /// Whether some entry is in that system.
    pub fn has_system(&self, hsa_id: &str) -> bool {
        self.systems.contains(hsa_id)
    }

    /// The HSA-ids of the systems that have entries, or had some.
    pub fn systems(&self) -> impl Iterator<Item = &str> {
        self.systems.iter().map(String::as_str)
    }

    fn take_in(&mut self, file: &Path, written: &Written, shared: &Organisation, problems: &mut Vec<Problem>) {
        self.take_in_with(file, written, shared, &Self::default(), problems);
    }

    /// As [`Self::take_in`]; contacts may also be those that `beside` has.
    fn take_in_with(
        &mut self,
        file: &Path,
        written: &Written,
        shared: &Organisation,
        beside: &Self,
        problems: &mut Vec<Problem>,
    ) {
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
        let known_beside = beside.patients.get(&id);
        let about = known_beside.map_or(about, |known| known.about.clone());
        let known_before: Vec<Value> =
            known_beside.iter().flat_map(|known| &known.entries).map(|entry| entry.values.clone()).collect();
        let patient = self.patients.entry(id).or_insert_with(|| Arc::new(Patient { about, entries: Vec::new() }));
        let patient = Arc::make_mut(patient);
        let mut known: BTreeSet<(String, String, String)> = BTreeSet::new();
        let mut contacts: BTreeSet<(String, String)> = BTreeSet::new();
        let key =
            |values: &Value, names: [&str; 3]| names.map(|name| values.text_at(name).unwrap_or_default().to_owned());
        for entry in patient
            .entries
            .iter()
            .map(|entry| &entry.values)
            .chain(&known_before)
            .chain(written.entries.iter().map(|(entry, _)| entry))
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
        let system = written.text_at("system")?.to_owned();
        let unit = match values.get("unit") {
            Some(unit) => unit.clone(),
            None => {
                let giver = self.givers.get(self.systems.get(&system)?.text_at("giver")?)?.clone();
                let unit = Value::table(vec![("giver", giver)]);
                values.set("unit", unit.clone());
                unit
            }
        };
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

    /// The staff of a unit, by HSA-id.
    pub fn staff_of<'s>(&'s self, unit: &'s str) -> impl Iterator<Item = (&'s str, &'s Value)> {
        let works_there =
            move |person: &Value| person.text_at("unit").is_some_and(|hsa_id| hsa_id.eq_ignore_ascii_case(unit));
        self.staff
            .iter()
            .filter(move |(_, person)| works_there(person))
            .map(|(hsa_id, person)| (hsa_id.as_str(), person))
    }

    /// A person of the staff, with the unit.
    pub fn member(&self, hsa_id: &str) -> Option<Value> {
        self.person(hsa_id)
    }

    /// A source system.
    pub fn system(&self, hsa_id: &str) -> Option<&Value> {
        self.systems.get(hsa_id)
    }

    /// A unit, with its care giver.
    pub fn unit(&self, hsa_id: &str) -> Option<Value> {
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
