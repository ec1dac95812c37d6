//! The stored snapshot (`tak.md` §4.1), the export with business keys (§4.2) and the nightly dump (§4.3): one document
//! in three dialects.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::json::Json;
use crate::catalogue::book::rows::{Id, Row};
use crate::catalogue::book::state::State;
use crate::catalogue::entry::Text;
use crate::catalogue::period::Validity;
use crate::domain::clock::stockholm;

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// What a published version is kept as: relationships are numbers.
    Stored,
    /// What `/export/pv` answers with: relationships are business keys.
    Export,
    /// What the cooperation API is fed with: `Stored`, but for the consumer's name and a missing `pubversion`.
    Dump,
}

/// The frame around the tables.
#[derive(Clone, Debug)]
pub struct Frame {
    /// `version`.
    pub version: u32,
    /// `tidpunkt`: of the publication, or in a dump of the dump itself.
    pub time: Timestamp,
    /// `tidpunkt_version` of a dump: of the publication.
    pub published: Timestamp,
    /// `utforare`.
    pub user: String,
    /// `kommentar`.
    pub comment: String,
}

/// A time as `yyyy-MM-dd'T'HH:mm:ssZ` in Sweden.
pub fn moment(at: Timestamp) -> String {
    at.to_zoned(stockholm()).strftime("%Y-%m-%dT%H:%M:%S%z").to_string()
}

/// Writes a document.
pub fn write(state: &State, frame: &Frame, dialect: Dialect, pretty: bool) -> String {
    let mut document = Document { json: Json::new(pretty), state, dialect, midnights: HashMap::new() };
    document.frame(frame);
    document.json.done()
}

struct Document<'s> {
    json: Json,
    state: &'s State,
    dialect: Dialect,
    /// There are few days among many rows.
    midnights: HashMap<Date, String>,
}

impl Document<'_> {
    fn frame(&mut self, frame: &Frame) {
        self.json.open('{');
        if self.dialect == Dialect::Export {
            self.json.count("formatVersion", 1);
            self.json.count("version", i64::from(frame.version));
        } else {
            self.json.member("formatVersion", "1");
            self.json.member("version", &frame.version.to_string());
        }
        if self.dialect == Dialect::Dump {
            self.json.member("tidpunkt", &frame.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            self.json.member("tidpunkt_version", &moment(frame.published));
            self.json.member("utforare", "TakExport script");
            let comment = format!("Export using TAK version {} published {}", frame.version, moment(frame.published));
            self.json.member("kommentar", &comment);
        } else {
            self.json.member("tidpunkt", &moment(frame.time));
            self.json.member("utforare", &frame.user);
            self.json.member("kommentar", &frame.comment);
        }
        self.json.key("data");
        self.json.open('{');
        self.named();
        self.endpoints();
        self.permissions();
        self.routes();
        self.filters();
        self.json.close('}');
        self.json.close('}');
    }

    fn named(&mut self) {
        let state = self.state;
        self.section("rivtaprofil", state.profiles.rows(), |document, row| {
            document.json.member("namn", &row.name);
            document.json.member("beskrivning", &row.description);
        });
        self.section("tjanstekontrakt", state.contracts.rows(), |document, row| {
            document.json.member("namnrymd", &row.namespace);
            document.json.member("beskrivning", &row.description);
            document.json.count("majorVersion", row.major);
            document.json.count("minorVersion", row.minor);
        });
        self.section("logiskadress", state.addresses.rows(), |document, row| {
            document.json.member("hsaId", &row.hsa_id);
            document.json.member("beskrivning", &row.description);
        });
        self.section("tjanstekomponent", state.components.rows(), |document, row| {
            document.json.member("hsaId", &row.hsa_id);
            document.json.member("beskrivning", &row.description);
        });
    }

    fn endpoints(&mut self) {
        let state = self.state;
        self.section("anropsadress", state.endpoints.rows(), |document, row| {
            document.json.member("adress", &row.url);
            document.relationships(|document| {
                let profile = state.profiles.get(row.profile).map(|row| &row.value.name);
                document.relation("rivtaprofil", "rivtaprofil", row.profile, profile);
                let component = state.components.get(row.component).map(|row| &row.value.hsa_id);
                document.relation("tjanstekomponent", "tjanstekomponent", row.component, component);
            });
        });
    }

    fn permissions(&mut self) {
        let state = self.state;
        let consumer_name = if self.dialect == Dialect::Dump { "tjanstekonsument" } else { "tjanstekomponent" };
        self.section("anropsbehorighet", state.permissions.rows(), |document, row| {
            document.json.member("integrationsavtal", &row.agreement);
            document.period(&row.validity);
            document.relationships(|document| {
                let address = state.addresses.get(row.address).map(|row| &row.value.hsa_id);
                document.relation("logiskAdress", "logiskAdress", row.address, address);
                let consumer = state.components.get(row.consumer).map(|row| &row.value.hsa_id);
                document.relation(consumer_name, "tjanstekonsument", row.consumer, consumer);
                let contract = state.contracts.get(row.contract).map(|row| &row.value.namespace);
                document.relation("tjanstekontrakt", "tjanstekontrakt", row.contract, contract);
            });
        });
    }

    fn routes(&mut self) {
        let state = self.state;
        self.section("vagval", state.routes.rows(), |document, row| {
            document.period(&row.validity);
            document.relationships(|document| {
                let url = state.endpoints.get(row.endpoint).map(|row| &row.value.url);
                document.relation("anropsadress", "anropsadress", row.endpoint, url);
                let address = state.addresses.get(row.address).map(|row| &row.value.hsa_id);
                document.relation("logiskadress", "logiskAdress", row.address, address);
                let contract = state.contracts.get(row.contract).map(|row| &row.value.namespace);
                document.relation("tjanstekontrakt", "tjanstekontrakt", row.contract, contract);
            });
        });
    }

    fn filters(&mut self) {
        let state = self.state;
        self.section("filter", state.filters.rows(), |document, row| {
            document.json.member("servicedomain", &row.service_domain);
            document.relationships(|document| document.json.count("anropsbehorighet", row.permission));
        });
        self.section("filtercategorization", state.categories.rows(), |document, row| {
            document.json.member("category", &row.category);
            document.relationships(|document| document.json.count("filter", row.filter));
        });
    }

    fn section<T>(&mut self, name: &str, rows: &[Row<T>], fields: impl Fn(&mut Self, &T)) {
        self.json.key(name);
        self.json.open('[');
        for row in rows {
            self.json.item();
            self.json.open('{');
            self.json.count("id", row.id);
            fields(self, &row.value);
            self.json.key("pubversion");
            match self.dialect == Dialect::Dump && name == "anropsbehorighet" {
                true => self.json.null(),
                false => self.json.text(&row.published.to_string()),
            }
            self.json.close('}');
        }
        self.json.close(']');
    }

    fn relationships(&mut self, members: impl FnOnce(&mut Self)) {
        self.json.key("relationships");
        self.json.open('{');
        members(self);
        self.json.close('}');
    }

    /// A relationship: a number under one name, or a business key under another.
    fn relation(&mut self, stored: &str, exported: &str, id: Id, key: Option<&Text>) {
        match self.dialect {
            Dialect::Export => self.json.member(exported, key.map_or("", |key| key)),
            Dialect::Stored | Dialect::Dump => self.json.count(stored, id),
        }
    }

    fn period(&mut self, validity: &Validity) {
        let (from, to) = validity.days();
        for (name, day) in [("fromTidpunkt", from), ("tomTidpunkt", to)] {
            let midnight = self.midnights.entry(day).or_insert_with(|| midnight(day));
            self.json.key(name);
            self.json.text(&midnight.clone());
        }
    }
}

fn midnight(day: Date) -> String {
    day.to_zoned(stockholm())
        .map_or_else(|_| format!("{day}T00:00:00+0100"), |start| start.strftime("%Y-%m-%dT%H:%M:%S%z").to_string())
}
