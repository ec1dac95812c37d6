//! The stored snapshot of the catalogue (`tak.md` §4.1), and the nightly dump, which differs in one name (§4.3).
//!
//! It was validated when it was published, so its rows are taken as they stand; but a relationship that leads nowhere
//! makes it unusable.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Import, Publication, Source};
use crate::catalogue::book::rows::{
    AddressRow, CategoryRow, ComponentRow, ContractRow, EndpointRow, FilterRow, Id, Kind, PermissionRow, ProfileRow,
    RouteRow, Row,
};
use crate::catalogue::book::state::State;
use crate::catalogue::entry::{Origin, Text};
use crate::catalogue::period::{self, Validity, swedish_day};
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
        // An order: it is carried out once everything else is there.
        import.orders.push(file.clone());
        return;
    }
    let Some(data) = document.data else {
        import.fail(Problem::error(&file.path, 0, "\"data\" is missing, expected a stored snapshot (formatVersion 1)"));
        return;
    };
    let version = document.version.map_or_else(String::new, |version| version.get().trim_matches('"').to_owned());
    if let Ok(number) = version.parse::<u32>()
        && import.publication.as_ref().is_none_or(|known| known.version < number)
    {
        import.publication = Some(Publication {
            version: number,
            time: document.tidpunkt.as_deref().and_then(period::moment),
            user: document.utforare.unwrap_or_default(),
            comment: document.kommentar.unwrap_or_default(),
        });
    }
    let state = State::default();
    let (origins, validities, permission_ids) = Default::default();
    let mut rows = Rows { source: &source, import, version, state, origins, validities, permission_ids };
    rows.read(&data);
    let Rows { state, origins, .. } = rows;
    if import.unusable {
        return;
    }
    match import.builder.is_empty() {
        true => import.builder.adopt(state, &origins),
        false => import.builder.add_all(&state, &origins),
    }
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    version: Option<&'a RawValue>,
    #[serde(borrow)]
    plattform: Option<&'a RawValue>,
    tidpunkt: Option<String>,
    utforare: Option<String>,
    kommentar: Option<String>,
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
    id: Id,
    namn: String,
    beskrivning: Option<String>,
    pubversion: Option<Number>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    id: Id,
    namnrymd: String,
    beskrivning: Option<String>,
    #[serde(default)]
    major_version: i64,
    #[serde(default)]
    minor_version: i64,
    pubversion: Option<Number>,
}

/// A logical address or a component.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    id: Id,
    hsa_id: String,
    beskrivning: Option<String>,
    pubversion: Option<Number>,
}

#[derive(Deserialize)]
struct Endpoint {
    id: Id,
    adress: Option<String>,
    pubversion: Option<Number>,
    relationships: EndpointOf,
}

#[derive(Deserialize)]
struct EndpointOf {
    rivtaprofil: Id,
    tjanstekomponent: Option<Id>,
}

/// A number that some exports write as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u32),
    Text(String),
}

fn published(number: Option<&Number>) -> u32 {
    match number {
        Some(Number::Number(number)) => *number,
        Some(Number::Text(text)) => text.parse().unwrap_or(0),
        None => 0,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RouteLine<'a> {
    id: Id,
    #[serde(borrow)]
    from_tidpunkt: Cow<'a, str>,
    #[serde(borrow)]
    tom_tidpunkt: Cow<'a, str>,
    pubversion: Option<Number>,
    relationships: RouteOf,
}

#[derive(Deserialize)]
struct RouteOf {
    anropsadress: Id,
    #[serde(alias = "logiskAdress")]
    logiskadress: Id,
    tjanstekontrakt: Id,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PermissionLine<'a> {
    id: Id,
    integrationsavtal: Option<String>,
    #[serde(borrow)]
    from_tidpunkt: Cow<'a, str>,
    #[serde(borrow)]
    tom_tidpunkt: Cow<'a, str>,
    pubversion: Option<Number>,
    relationships: PermissionOf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PermissionOf {
    #[serde(alias = "logiskadress")]
    logisk_adress: Id,
    #[serde(alias = "tjanstekonsument")]
    tjanstekomponent: Id,
    tjanstekontrakt: Id,
}

#[derive(Deserialize)]
struct FilterLine {
    id: Id,
    servicedomain: String,
    pubversion: Option<Number>,
    relationships: FilterOf,
}

#[derive(Deserialize)]
struct FilterOf {
    anropsbehorighet: Id,
}

#[derive(Deserialize)]
struct CategoryLine {
    id: Id,
    category: String,
    pubversion: Option<Number>,
    relationships: CategoryOf,
}

#[derive(Deserialize)]
struct CategoryOf {
    filter: Id,
}

struct Rows<'s, 'i> {
    source: &'s Source<'s>,
    import: &'i mut Import,
    version: String,
    state: State,
    origins: HashMap<(Kind, Id), Origin>,
    validities: HashMap<(String, String), Validity>,
    /// Every permission of the file, those that cannot be used included.
    permission_ids: HashSet<Id>,
}

/// A row while it is read: its section, its number, and where it is written.
type Place = (&'static str, Id, usize);

impl Rows<'_, '_> {
    fn read(&mut self, data: &Data<'_>) {
        self.named(data);
        self.endpoints(data);
        self.routes(data);
        self.permissions(data);
        self.filters(data);
    }

    /// The tables whose rows refer to none.
    fn named(&mut self, data: &Data<'_>) {
        let (mut profiles, mut contracts) = (Vec::new(), Vec::new());
        for (_, row) in self.rows::<Profile>("rivtaprofil", &data.rivtaprofil) {
            let (name, description) = (self.text(&row.namn), self.text(row.beskrivning.as_deref().unwrap_or("")));
            let published = published(row.pubversion.as_ref());
            profiles.push(Row { id: row.id, published, value: ProfileRow { name, description } });
        }
        for (_, row) in self.rows::<Contract>("tjanstekontrakt", &data.tjanstekontrakt) {
            let (namespace, description) =
                (self.text(&row.namnrymd), self.text(row.beskrivning.as_deref().unwrap_or("")));
            let (major, minor) = (row.major_version, row.minor_version);
            let value = ContractRow { namespace, description, major, minor };
            contracts.push(Row { id: row.id, published: published(row.pubversion.as_ref()), value });
        }
        let addresses =
            self.parties("logiskadress", &data.logiskadress, |hsa_id, description| AddressRow { hsa_id, description });
        let components = self.parties("tjanstekomponent", &data.tjanstekomponent, |hsa_id, description| ComponentRow {
            hsa_id,
            description,
        });
        self.state.profiles.extend(profiles);
        self.state.contracts.extend(contracts);
        self.state.addresses.extend(addresses);
        self.state.components.extend(components);
    }

    fn parties<T>(&mut self, section: &'static str, raw: &[&RawValue], make: fn(Text, Text) -> T) -> Vec<Row<T>> {
        let rows = self.rows::<Party>(section, raw).into_iter();
        rows.map(|(_, row)| {
            let (hsa_id, description) = (self.text(&row.hsa_id), self.text(row.beskrivning.as_deref().unwrap_or("")));
            Row { id: row.id, published: published(row.pubversion.as_ref()), value: make(hsa_id, description) }
        })
        .collect()
    }

    fn endpoints(&mut self, data: &Data<'_>) {
        let mut endpoints = Vec::new();
        for (offset, row) in self.rows::<Endpoint>("anropsadress", &data.anropsadress) {
            let place = ("anropsadress", row.id, offset);
            let profile = row.relationships.rivtaprofil;
            let mut known = self.related(place, "rivtaprofil", profile, |state, id| state.profiles.get(id).is_some());
            let component = row.relationships.tjanstekomponent.unwrap_or_default();
            if row.relationships.tjanstekomponent.is_some() {
                let is_known = |state: &State, id| state.components.get(id).is_some();
                known &= self.related(place, "tjanstekomponent", component, is_known);
            }
            if known {
                let url = self.text(row.adress.as_deref().unwrap_or_default());
                let value = EndpointRow { url, profile, component };
                endpoints.push(Row { id: row.id, published: published(row.pubversion.as_ref()), value });
            }
        }
        self.state.endpoints.extend(endpoints);
    }

    fn routes(&mut self, data: &Data<'_>) {
        let mut routes = Vec::with_capacity(data.vagval.len());
        for (offset, row) in self.rows::<RouteLine<'_>>("vagval", &data.vagval) {
            let place = ("vagval", row.id, offset);
            let RouteOf { anropsadress, logiskadress, tjanstekontrakt } = row.relationships;
            let validity = self.validity(place, &row.from_tidpunkt, &row.tom_tidpunkt);
            let known = [
                self.related(place, "anropsadress", anropsadress, |state, id| state.endpoints.get(id).is_some()),
                self.related(place, "logiskadress", logiskadress, |state, id| state.addresses.get(id).is_some()),
                self.related(place, "tjanstekontrakt", tjanstekontrakt, |state, id| state.contracts.get(id).is_some()),
            ];
            let (Some(validity), true) = (validity, known == [true; 3]) else { continue };
            self.origins.insert((Kind::Route, row.id), self.source.origin(offset));
            let (address, contract, endpoint) = (logiskadress, tjanstekontrakt, anropsadress);
            let value = RouteRow { address, contract, endpoint, validity, source: 0 };
            routes.push(Row { id: row.id, published: published(row.pubversion.as_ref()), value });
        }
        self.state.routes.extend(routes);
    }

    fn permissions(&mut self, data: &Data<'_>) {
        let mut permissions = Vec::with_capacity(data.anropsbehorighet.len());
        for (offset, row) in self.rows::<PermissionLine<'_>>("anropsbehorighet", &data.anropsbehorighet) {
            self.permission_ids.insert(row.id);
            let place = ("anropsbehorighet", row.id, offset);
            let PermissionOf { logisk_adress: address, tjanstekomponent: consumer, tjanstekontrakt: contract } =
                row.relationships;
            let validity = self.validity(place, &row.from_tidpunkt, &row.tom_tidpunkt);
            let known = [
                self.related(place, "tjanstekomponent", consumer, |state, id| state.components.get(id).is_some()),
                self.related(place, "logiskAdress", address, |state, id| state.addresses.get(id).is_some()),
                self.related(place, "tjanstekontrakt", contract, |state, id| state.contracts.get(id).is_some()),
            ];
            let (Some(validity), true) = (validity, known == [true; 3]) else { continue };
            self.origins.insert((Kind::Permission, row.id), self.source.origin(offset));
            let agreement = self.text(row.integrationsavtal.as_deref().unwrap_or_default());
            let value = PermissionRow { consumer, contract, address, agreement, validity, source: 0 };
            permissions.push(Row { id: row.id, published: published(row.pubversion.as_ref()), value });
        }
        self.state.permissions.extend(permissions);
    }

    fn filters(&mut self, data: &Data<'_>) {
        let mut filters = Vec::new();
        let filter_lines = self.rows::<FilterLine>("filter", &data.filter);
        let known: HashSet<Id> = filter_lines.iter().map(|(_, row)| row.id).collect();
        let mut categories = Vec::new();
        for (offset, row) in self.rows::<CategoryLine>("filtercategorization", &data.filtercategorization) {
            let filter = row.relationships.filter;
            let place = ("filtercategorization", row.id, offset);
            if self.related(place, "filter", filter, |_, id| known.contains(&id)) {
                let value = CategoryRow { filter, category: self.text(&row.category) };
                categories.push(Row { id: row.id, published: published(row.pubversion.as_ref()), value });
            }
        }
        for (offset, row) in filter_lines {
            let permission = row.relationships.anropsbehorighet;
            let place = ("filter", row.id, offset);
            let is_known = self.permission_ids.contains(&permission);
            if self.related(place, "anropsbehorighet", permission, |_, _| is_known) {
                let value = FilterRow { permission, service_domain: self.text(&row.servicedomain) };
                filters.push(Row { id: row.id, published: published(row.pubversion.as_ref()), value });
            }
        }
        self.state.filters.extend(filters);
        self.state.categories.extend(categories);
    }

    fn text(&mut self, text: &str) -> Text {
        self.import.texts.share(text)
    }

    /// The rows of a section that can be read, each with its offset in the file; the others fail the import.
    fn rows<'r, R: Deserialize<'r>>(&mut self, section: &str, raw: &[&'r RawValue]) -> Vec<(usize, R)> {
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

    /// Whether a relationship leads somewhere.
    fn related(
        &mut self,
        (section, row, offset): Place,
        name: &str,
        id: Id,
        is_known: impl Fn(&State, Id) -> bool,
    ) -> bool {
        let known = is_known(&self.state, id);
        if !known {
            let complaint = self.missing(&format!("{section} {row}"), name, id);
            self.import.fail(self.source.error(offset, complaint));
        }
        known
    }

    fn missing(&self, from: &str, name: &str, id: i64) -> String {
        format!("Missing relationship in jsonfile in version {}: {from} refers to {name} {id}", self.version)
    }

    fn validity(&mut self, place: Place, from: &str, to: &str) -> Option<Validity> {
        let key = (from.to_owned(), to.to_owned());
        if let Some(known) = self.validities.get(&key) {
            return Some(known.clone());
        }
        let (section, row, offset) = place;
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
        let validity = Validity::between_days(Some(from?), Some(to?));
        self.validities.insert(key, validity.clone());
        Some(validity)
    }
}

/// The parser's complaint; we say the line in our own way.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(complaint, _)| complaint.to_owned())
}
