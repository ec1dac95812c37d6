//! The stored snapshot of the catalogue (`tak.md` §4.1), and the nightly dump, which differs in one name (§4.3).
//!
//! It was validated when it was published, so its rows are taken as they stand; but a relationship that leads nowhere
//! makes it unusable.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Import, Source};
use crate::catalogue::entry::{Filter, Permission, Route, Text};
use crate::catalogue::period::{Validity, swedish_day};
use crate::config::environment::EnvironmentFile;
use crate::domain::problem::Problem;

/// Adds a file's rows to the import.
pub(super) fn read(file: &EnvironmentFile, import: &mut Import) {
    let Some(source) = Source::open(file, import) else { return };
    let document: Document<'_> = match serde_json::from_str(source.text) {
        Ok(document) => document,
        Err(error) => {
            import.fail(Problem::error(&file.path, error.line(), without_position(&error)));
            return;
        }
    };
    if document.data.is_none() && document.plattform.is_some() {
        let complaint =
            "passed over: this is an order (it names a plattform); only stored snapshots are loaded from tak/";
        import.problems.push(Problem::error(&file.path, 0, complaint));
        return;
    }
    let Some(data) = document.data else {
        import.fail(Problem::error(&file.path, 0, "\"data\" is missing, expected a stored snapshot (formatVersion 1)"));
        return;
    };
    let version = document.version.map_or_else(String::new, |version| version.get().trim_matches('"').to_owned());
    Rows { source: &source, import, version }.read(&data);
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    version: Option<&'a RawValue>,
    #[serde(borrow)]
    plattform: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

/// The sections we use; each row is read on its own, so that one that is wrong does not hide the next.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Data<'a> {
    #[serde(borrow)]
    rivtaprofil: Vec<&'a RawValue>,
    #[serde(borrow)]
    tjanstekontrakt: Vec<&'a RawValue>,
    #[serde(borrow)]
    logiskadress: Vec<&'a RawValue>,
    #[serde(borrow)]
    tjanstekomponent: Vec<&'a RawValue>,
    #[serde(borrow)]
    anropsadress: Vec<&'a RawValue>,
    #[serde(borrow)]
    anropsbehorighet: Vec<&'a RawValue>,
    #[serde(borrow)]
    vagval: Vec<&'a RawValue>,
    #[serde(borrow)]
    filter: Vec<&'a RawValue>,
    #[serde(borrow)]
    filtercategorization: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Profile {
    id: i64,
    namn: String,
}

#[derive(Deserialize)]
struct Contract {
    id: i64,
    namnrymd: String,
}

/// A logical address or a component.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    id: i64,
    hsa_id: String,
}

#[derive(Deserialize)]
struct Endpoint {
    id: i64,
    adress: Option<String>,
    relationships: EndpointOf,
}

#[derive(Deserialize)]
struct EndpointOf {
    rivtaprofil: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RouteRow {
    id: i64,
    from_tidpunkt: String,
    tom_tidpunkt: String,
    relationships: RouteOf,
}

#[derive(Deserialize)]
struct RouteOf {
    anropsadress: i64,
    #[serde(alias = "logiskAdress")]
    logiskadress: i64,
    tjanstekontrakt: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PermissionRow {
    id: i64,
    from_tidpunkt: String,
    tom_tidpunkt: String,
    relationships: PermissionOf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PermissionOf {
    #[serde(alias = "logiskadress")]
    logisk_adress: i64,
    #[serde(alias = "tjanstekonsument")]
    tjanstekomponent: i64,
    tjanstekontrakt: i64,
}

#[derive(Deserialize)]
struct FilterRow {
    id: i64,
    servicedomain: String,
    relationships: FilterOf,
}

#[derive(Deserialize)]
struct FilterOf {
    anropsbehorighet: i64,
}

#[derive(Deserialize)]
struct CategoryRow {
    id: i64,
    category: String,
    relationships: CategoryOf,
}

#[derive(Deserialize)]
struct CategoryOf {
    filter: i64,
}

struct Rows<'s, 'i> {
    source: &'s Source<'s>,
    import: &'i mut Import,
    version: String,
}

impl Rows<'_, '_> {
    fn read(&mut self, data: &Data<'_>) {
        let profiles = self.section("rivtaprofil", &data.rivtaprofil, |row: Profile| (row.id, row.namn));
        let contracts = self.section("tjanstekontrakt", &data.tjanstekontrakt, |row: Contract| (row.id, row.namnrymd));
        let addresses = self.section("logiskadress", &data.logiskadress, |row: Party| (row.id, row.hsa_id));
        let components = self.section("tjanstekomponent", &data.tjanstekomponent, |row: Party| (row.id, row.hsa_id));
        let mut endpoints = HashMap::new();
        for (offset, row) in self.rows::<Endpoint>("anropsadress", &data.anropsadress) {
            let place = ("anropsadress", row.id, offset);
            if let Some(profile) = self.related(place, "rivtaprofil", row.relationships.rivtaprofil, &profiles) {
                let url = self.import.texts.share(&row.adress.unwrap_or_default());
                endpoints.insert(row.id, (profile, url));
            }
        }
        for (offset, row) in self.rows::<RouteRow>("vagval", &data.vagval) {
            let place = ("vagval", row.id, offset);
            let of = row.relationships;
            let validity = self.validity(place, &row.from_tidpunkt, &row.tom_tidpunkt);
            let (Some(validity), Some((profile, url)), Some(address), Some(contract)) = (
                validity,
                self.related(place, "anropsadress", of.anropsadress, &endpoints),
                self.related(place, "logiskadress", of.logiskadress, &addresses),
                self.related(place, "tjanstekontrakt", of.tjanstekontrakt, &contracts),
            ) else {
                continue;
            };
            let (id, origin) = (self.import.texts.share(&row.id.to_string()), self.source.origin(offset));
            self.import.routes.push(Route { id, contract, address, profile, url, validity, origin });
        }
        let rows = self.rows::<PermissionRow>("anropsbehorighet", &data.anropsbehorighet);
        let mut filters = self.filters(data, &rows.iter().map(|(_, row)| (row.id, ())).collect());
        for (offset, row) in rows {
            let place = ("anropsbehorighet", row.id, offset);
            let of = row.relationships;
            let validity = self.validity(place, &row.from_tidpunkt, &row.tom_tidpunkt);
            let (Some(validity), Some(consumer), Some(address), Some(contract)) = (
                validity,
                self.related(place, "tjanstekomponent", of.tjanstekomponent, &components),
                self.related(place, "logiskAdress", of.logisk_adress, &addresses),
                self.related(place, "tjanstekontrakt", of.tjanstekontrakt, &contracts),
            ) else {
                continue;
            };
            let (id, origin) = (self.import.texts.share(&row.id.to_string()), self.source.origin(offset));
            let filters = filters.remove(&row.id).unwrap_or_default().into();
            self.import.permissions.push(Permission { id, consumer, contract, address, validity, filters, origin });
        }
    }

    /// The filters of each permission, by the permission's id.
    fn filters(&mut self, data: &Data<'_>, permissions: &HashMap<i64, ()>) -> HashMap<i64, Vec<Filter>> {
        let rows = self.rows::<FilterRow>("filter", &data.filter);
        let known: HashMap<i64, ()> = rows.iter().map(|(_, row)| (row.id, ())).collect();
        let mut categories: HashMap<i64, Vec<String>> = HashMap::new();
        for (offset, row) in self.rows::<CategoryRow>("filtercategorization", &data.filtercategorization) {
            let of = row.relationships.filter;
            if self.related(("filtercategorization", row.id, offset), "filter", of, &known).is_some() {
                categories.entry(of).or_default().push(row.category);
            }
        }
        let mut filters: HashMap<i64, Vec<Filter>> = HashMap::new();
        for (offset, row) in rows {
            let of = row.relationships.anropsbehorighet;
            if self.related(("filter", row.id, offset), "anropsbehorighet", of, permissions).is_some() {
                let categorizations = categories.remove(&row.id).unwrap_or_default();
                filters.entry(of).or_default().push(Filter { service_domain: row.servicedomain, categorizations });
            }
        }
        filters
    }

    /// A section of rows that are an id and a name.
    fn section<R: for<'r> Deserialize<'r>>(
        &mut self,
        section: &str,
        raw: &[&RawValue],
        pair: impl Fn(R) -> (i64, String),
    ) -> HashMap<i64, Text> {
        let rows = self.rows::<R>(section, raw);
        rows.into_iter()
            .map(|(_, row)| {
                let (id, name) = pair(row);
                (id, self.import.texts.share(&name))
            })
            .collect()
    }

    /// The rows of a section that can be read, each with its offset in the file; the others fail the import.
    fn rows<R: for<'r> Deserialize<'r>>(&mut self, section: &str, raw: &[&RawValue]) -> Vec<(usize, R)> {
        let mut rows = Vec::with_capacity(raw.len());
        for raw in raw {
            let offset = (raw.get().as_ptr() as usize).saturating_sub(self.source.text.as_ptr() as usize);
            match serde_json::from_str(raw.get()) {
                Ok(row) => rows.push((offset, row)),
                Err(error) => {
                    let line = self.source.line_at(offset) + error.line().saturating_sub(1);
                    let complaint = format!("{section}: {}", without_position(&error));
                    self.import.fail(Problem::error(&self.source.path, line, complaint));
                }
            }
        }
        rows
    }

    fn related<T: Clone>(
        &mut self,
        (section, row, offset): (&str, i64, usize),
        name: &str,
        id: i64,
        targets: &HashMap<i64, T>,
    ) -> Option<T> {
        let target = targets.get(&id).cloned();
        if target.is_none() {
            let complaint = self.missing(&format!("{section} {row}"), name, id);
            self.import.fail(self.source.error(offset, complaint));
        }
        target
    }

    fn missing(&self, from: &str, name: &str, id: i64) -> String {
        format!("Missing relationship in jsonfile in version {}: {from} refers to {name} {id}", self.version)
    }

    fn validity(&mut self, (section, row, offset): (&str, i64, usize), from: &str, to: &str) -> Option<Validity> {
        let mut day = |name: &str, text: &str| {
            let day = swedish_day(text);
            if day.is_none() {
                let complaint =
                    format!("{section} {row}: {name} {text:?} is not a time such as 2026-01-01T00:00:00+0100");
                self.import.fail(self.source.error(offset, complaint));
            }
            day
        };
        let (from, to) = (day("fromTidpunkt", from), day("tomTidpunkt", to));
        Some(Validity::between_days(Some(from?), Some(to?)))
    }
}

/// The parser's complaint; we say the line in our own way.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(complaint, _)| complaint.to_owned())
}
