//! Catalogue files written by hand: `[[route]]` and `[[permission]]`, and descriptions in `[[component]]`,
//! `[[contract]]` and `[[address]]`.
//!
//! `contract` and `address` of a route or a permission may each be a list: the row stands for every pair of them.
//!
//! Rows are validated as the catalogue would; one that it would refuse is reported and left out. The table is walked by
//! hand, because a deserializer stops at the first problem and we want them all.

use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Import, Source, rules};
use crate::catalogue::entry::{Filter, Permission, Route, Text};
use crate::catalogue::period::{Validity, date_of};
use crate::config::environment::EnvironmentFile;

/// Adds a file's rows to the import.
pub(super) fn read(file: &EnvironmentFile, overlaps: &mut rules::Overlaps, import: &mut Import) {
    let Some(source) = Source::open(file, import) else { return };
    let (document, errors) = DeTable::parse_recoverable(source.text);
    for error in &errors {
        let offset = error.span().map_or(0, |span| span.start);
        import.fail(source.error(offset, format!("not TOML: {}", error.message())));
    }
    let mut sheet = Sheet { source: &source, import, overlaps };
    for (name, value) in document.get_ref() {
        match name.get_ref().as_ref() {
            "route" => sheet.rows(name, value, Sheet::route),
            "permission" => sheet.rows(name, value, Sheet::permission),
            "component" => sheet.rows(name, value, |sheet, row| sheet.described(row, &["component", "hsa_id", "id"])),
            "contract" => sheet.rows(name, value, |sheet, row| sheet.described(row, &["contract", "namespace", "id"])),
            "address" => sheet.rows(name, value, |sheet, row| sheet.described(row, &["address", "hsa_id", "id"])),
            other => {
                let complaint =
                    format!("[{other}] is passed over, expected route, permission, component, contract or address");
                sheet.import.problems.push(source.error(name.span().start, complaint));
            }
        }
    }
}

/// One file while it is read.
struct Sheet<'s, 'i> {
    source: &'s Source<'s>,
    import: &'i mut Import,
    overlaps: &'i mut rules::Overlaps,
}

/// One row while it is read; it is left out as soon as something in it is refused.
struct Row<'t> {
    kind: &'t str,
    offset: usize,
    table: &'t DeTable<'t>,
    refused: bool,
}

/// What a text must be; `Err` says why it is not.
type Rule = fn(&str) -> Result<(), &'static str>;
type Found<'t> = Option<(&'t Spanned<DeValue<'t>>, usize)>;

impl<'t> Row<'t> {
    fn field(&self, name: &str) -> Found<'t> {
        let value = self.table.get(name)?;
        Some((value, value.span().start))
    }
}

impl Sheet<'_, '_> {
    fn rows<'t>(
        &mut self,
        name: &'t Spanned<toml::de::DeString<'t>>,
        value: &'t Spanned<DeValue<'t>>,
        read: impl Fn(&mut Self, &mut Row<'t>),
    ) {
        let kind = name.get_ref().as_ref();
        let Some(rows) = value.get_ref().as_array() else {
            let complaint = format!("{kind} is {}, expected [[{kind}]]", value.get_ref().type_str());
            self.refuse(name.span(), complaint);
            return;
        };
        for row in rows.iter() {
            match row.get_ref().as_table() {
                Some(table) => read(self, &mut Row { kind, offset: row.span().start, table, refused: false }),
                None => {
                    let complaint = format!("{kind} is {}, expected [[{kind}]]", row.get_ref().type_str());
                    self.refuse(row.span(), complaint);
                }
            }
        }
    }

    fn route(&mut self, row: &mut Row<'_>) {
        let known = ["contract", "address", "profile", "url", "producer", "component", "from", "to", "description"];
        self.check_keys(row, &known);
        let pairs = self.pairs(row);
        let profile = self.text(row, "profile", rules::profile);
        let url = self.endpoint(row);
        let component = row.field("component").is_some().then(|| self.text(row, "component", rules::hsa_id)).flatten();
        let days = self.days(row);
        let (false, Some(profile), Some(url)) = (row.refused, profile, url) else { return };
        let origin = self.source.origin(row.offset);
        for (contract, address) in pairs {
            if let Err(other) = self.overlaps.take(&["route", &contract, &address], days, origin.to_string()) {
                let complaint = format!("route to {address:?} ({contract}): {}: {other}", rules::ROUTE_OVERLAP);
                self.refuse_row(row, row.offset, complaint);
                continue;
            }
            let (id, validity) = (Text::default(), Validity::between_days(days.0, days.1));
            let (profile, url, origin) = (Arc::clone(&profile), Arc::clone(&url), origin.clone());
            let route = Route { id, contract, address, profile, url, validity, origin };
            self.import.builder.add_route(route, component.clone());
        }
    }

    fn permission(&mut self, row: &mut Row<'_>) {
        self.check_keys(row, &["consumer", "contract", "address", "agreement", "from", "to", "filters", "description"]);
        let consumer = self.text(row, "consumer", rules::hsa_id);
        let pairs = self.pairs(row);
        let agreement =
            row.field("agreement").is_some().then(|| self.text(row, "agreement", rules::agreement)).flatten();
        let days = self.days(row);
        let filters = self.filters(row);
        let (false, Some(consumer)) = (row.refused, consumer) else { return };
        let origin = self.source.origin(row.offset);
        for (contract, address) in pairs {
            let key = ["permission", &consumer, &contract, &address];
            if let Err(other) = self.overlaps.take(&key, days, origin.to_string()) {
                let complaint = format!(
                    "permission of {consumer:?} to {address:?} ({contract}): {}: {other}",
                    rules::PERMISSION_OVERLAP
                );
                self.refuse_row(row, row.offset, complaint);
                continue;
            }
            let (id, validity) = (Text::default(), Validity::between_days(days.0, days.1));
            let (consumer, filters, origin) = (Arc::clone(&consumer), filters.clone().into(), origin.clone());
            let permission = Permission { id, consumer, contract, address, validity, filters, origin };
            self.import.builder.add_permission(permission, agreement.clone());
        }
    }

    /// Every contract of a row with every address of it.
    fn pairs(&mut self, row: &mut Row<'_>) -> Vec<(Text, Text)> {
        let contracts = self.texts(row, "contract", rules::contract);
        let addresses = self.texts(row, "address", rules::logical_address);
        let mut pairs = Vec::with_capacity(contracts.len() * addresses.len());
        for contract in &contracts {
            pairs.extend(addresses.iter().map(|address| (Arc::clone(contract), Arc::clone(address))));
        }
        pairs
    }

    /// A row that describes a contract, a component or an address.
    fn described(&mut self, row: &mut Row<'_>, names: &[&str]) {
        let known: Vec<&str> = names.iter().chain(&["description", "name", "url"]).copied().collect();
        self.check_keys(row, &known);
        let rule = if row.kind == "contract" { rules::contract } else { rules::logical_address };
        let named = match names.iter().find(|name| row.field(name).is_some()) {
            Some(name) => self.text(row, name, rule),
            None => {
                self.refuse_row(row, row.offset, format!("{}: {} is missing", row.kind, names[0]));
                None
            }
        };
        let described = ["description", "name"].into_iter().find(|name| row.field(name).is_some());
        let description = described.and_then(|name| self.text(row, name, rules::description));
        let (false, Some(named)) = (row.refused, named) else { return };
        let description = self.import.texts.share(description.as_deref().unwrap_or_default().trim());
        match row.kind {
            "contract" => self.import.builder.describe_contract(&named, &description),
            "component" => self.import.builder.describe_component(&named, &description),
            _ => self.import.builder.describe_address(&named, &description),
        }
    }

    /// `url`, or `producer`, which stands for the mocked producer of that name.
    fn endpoint(&mut self, row: &mut Row<'_>) -> Option<Text> {
        match (row.field("url"), row.field("producer")) {
            (Some(_), None) => self.text(row, "url", rules::url),
            (None, Some(_)) => {
                let name = self.text(row, "producer", producer)?;
                Some(self.import.texts.share(&format!("producer:{name}")))
            }
            (Some(_), Some((_, offset))) => {
                self.refuse_row(row, offset, "route: both url and producer are given, expected one of them".to_owned());
                None
            }
            (None, None) => {
                let complaint = "route: url or producer is missing (missing.instance.anropsadress)".to_owned();
                self.refuse_row(row, row.offset, complaint);
                None
            }
        }
    }

    fn days(&mut self, row: &mut Row<'_>) -> (Option<Date>, Option<Date>) {
        let days = (self.day(row, "from"), self.day(row, "to"));
        if let (Err(text), Some((_, offset))) = (rules::days(days.0, days.1), row.field("to")) {
            let complaint = format!("{}: from {:?} to {:?}: {text}", row.kind, written(days.0), written(days.1));
            self.refuse_row(row, offset, complaint);
        }
        days
    }

    fn day(&mut self, row: &mut Row<'_>, name: &str) -> Option<Date> {
        let (value, offset) = row.field(name)?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(day) => day.to_string(),
            other => format!("({})", other.type_str()),
        };
        let day = date_of(&text);
        if day.is_none() {
            let complaint = format!("{}: {name} {text:?} is not a day such as 2026-01-31", row.kind);
            self.refuse_row(row, offset, complaint);
        }
        day
    }

    fn filters(&mut self, row: &mut Row<'_>) -> Vec<Filter> {
        let Some((value, offset)) = row.field("filters") else { return Vec::new() };
        let Some(filters) = value.get_ref().as_array() else {
            let complaint = format!("{}: filters is {}, expected an array", row.kind, value.get_ref().type_str());
            self.refuse_row(row, offset, complaint);
            return Vec::new();
        };
        filters.iter().filter_map(|filter| self.filter(row, filter)).collect()
    }

    /// `{ service_domain = "…", categorizations = ["…"] }`, or a service domain alone.
    fn filter(&mut self, row: &mut Row<'_>, filter: &Spanned<DeValue<'_>>) -> Option<Filter> {
        let offset = filter.span().start;
        let (service_domain, categories) = match filter.get_ref() {
            DeValue::String(domain) => (Some(domain.to_string()), None),
            DeValue::Table(table) => {
                let one_of = |names: &[&str]| names.iter().find_map(|name| table.get(*name));
                let domain = one_of(&["service_domain", "servicedomain", "serviceDomain"]);
                let domain = domain.and_then(|value| value.get_ref().as_str()).map(str::to_owned);
                (domain, one_of(&["categorizations", "categories", "categorization"]))
            }
            _ => (None, None),
        };
        let Some(service_domain) = service_domain else {
            let complaint = "permission: a filter is { service_domain = \"…\", categorizations = [\"…\"] }";
            self.refuse_row(row, offset, complaint.to_owned());
            return None;
        };
        let mut filter = Filter { service_domain, categorizations: Vec::new() };
        if let Err(text) = rules::service_domain(&filter.service_domain) {
            self.refuse_row(row, offset, format!("permission: filter {:?}: {text}", filter.service_domain));
        }
        let Some(categories) = categories else { return Some(filter) };
        let categories = match categories.get_ref() {
            DeValue::Array(list) => list.iter().map(|item| item.get_ref().as_str()).collect(),
            one => Some(vec![one.as_str().unwrap_or_default()]),
        };
        for category in categories.unwrap_or_else(|| vec![""]) {
            match rules::category(category) {
                Ok(()) => filter.categorizations.push(category.to_owned()),
                Err(text) => self.refuse_row(row, offset, format!("permission: category {category:?}: {text}")),
            }
        }
        Some(filter)
    }

    /// A text that must be there and obey a rule.
    fn text(&mut self, row: &mut Row<'_>, name: &str, rule: Rule) -> Option<Text> {
        let (value, _) = self.present(row, name)?;
        self.ruled(row, name, value, rule)
    }

    /// The same, or a list of at least one.
    fn texts(&mut self, row: &mut Row<'_>, name: &str, rule: Rule) -> Vec<Text> {
        let Some((value, offset)) = self.present(row, name) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            return self.ruled(row, name, value, rule).into_iter().collect();
        };
        if items.is_empty() {
            self.refuse_row(row, offset, format!("{}: {name} is an empty list", row.kind));
        }
        items.iter().filter_map(|item| self.ruled(row, name, item, rule)).collect()
    }

    fn present<'t>(&mut self, row: &mut Row<'t>, name: &str) -> Found<'t> {
        let found = row.field(name);
        if found.is_none() {
            self.refuse_row(row, row.offset, format!("{}: {name} is missing", row.kind));
        }
        found
    }

    fn ruled(&mut self, row: &mut Row<'_>, name: &str, value: &Spanned<DeValue<'_>>, rule: Rule) -> Option<Text> {
        let offset = value.span().start;
        let Some(text) = value.get_ref().as_str() else {
            let complaint = format!("{}: {name} is {}, expected a string", row.kind, value.get_ref().type_str());
            self.refuse_row(row, offset, complaint);
            return None;
        };
        if let Err(refusal) = rule(text) {
            self.refuse_row(row, offset, format!("{}: {name} {text:?}: {refusal}", row.kind));
            return None;
        }
        Some(Arc::clone(&self.import.texts.share(text)))
    }

    fn check_keys(&mut self, row: &Row<'_>, known: &[&str]) {
        for (key, _) in row.table {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let complaint = format!("{}: {name} is passed over, expected one of {}", row.kind, known.join(", "));
                self.import.problems.push(self.source.warning(key.span().start, complaint));
            }
        }
    }

    fn refuse_row(&mut self, row: &mut Row<'_>, offset: usize, complaint: String) {
        row.refused = true;
        self.import.problems.push(self.source.error(offset, complaint));
    }

    fn refuse(&mut self, span: Range<usize>, complaint: String) {
        self.import.problems.push(self.source.error(span.start, complaint));
    }
}

fn written(day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

/// A producer is named by its folder.
fn producer(text: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !text.is_empty() && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err("expected the name of a folder in producers/: letters, digits, '_', '.' and '-'")
    }
}
