//! What a step publishes or takes away, as an order to a catalogue.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::catalogue::Catalogue;
use crate::catalogue::book::core::Refusal;
use crate::catalogue::book::rows::{AnyRow, ProfileRow, Row as CatalogueRow};
use crate::catalogue::order::{OrderError, read};
use crate::connection::platforms::{OrderedPermission, OrderedRoute, PlatformError, Rows};
use crate::domain::profile::Profile;

/// Whose the orders are. Nobody else's pending rows are published along with them.
const USER: &str = "anslutning";

/// Carries out an order of today, to hold from a day, and publishes it. With `dry` nothing is done but judged.
pub(super) fn carry_out(
    catalogue: &Catalogue,
    (include, exclude): (&Rows, &Rows),
    (today, day): (Date, Date),
    dry: bool,
) -> Result<(), PlatformError> {
    let order = json!({
        "plattform": catalogue.platform(), "formatVersion": 1, "version": 1,
        "bestallningsTidpunkt": moment(today), "genomforandeTidpunkt": moment(day), "utforare": USER,
        "kommentar": "anslutning", "inkludera": part(include, true), "exkludera": part(exclude, false),
    });
    let failed = |error: &dyn std::error::Error| PlatformError::Failed(error.to_string());
    let ordered = read::read(&order.to_string()).map_err(|error| failed(&error))?;
    if !dry {
        // What an earlier order left behind when it was broken off is not to be published with this one.
        catalogue.discard(USER).map_err(|error| failed(&error))?;
        add_profiles(catalogue, include).map_err(|error| failed(&error))?;
    }
    let outcome = match catalogue.order(catalogue.platform(), USER, &ordered, dry) {
        Ok(outcome) => outcome,
        Err(OrderError::Refused(mut texts)) => {
            if dry {
                // What is added before the order is carried out is not there yet.
                let added = new_profiles(catalogue, include);
                let of_added = |text: &String| added.iter().any(|name| text.contains(&format!("= {name} finns inte")));
                texts.retain(|text| !of_added(text));
            }
            if !dry {
                catalogue.discard(USER).map_err(|error| failed(&error))?;
            }
            return if texts.is_empty() { Ok(()) } else { Err(PlatformError::Refused(texts)) };
        }
        Err(other) => return Err(failed(&other)),
    };
    if dry || outcome.changes == 0 {
        return Ok(());
    }
    match catalogue.publish(USER, "anslutning") {
        Ok(_) => Ok(()),
        Err(error @ (Refusal::Log(_) | Refusal::Locked)) => Err(failed(&error)),
        Err(error) => Err(PlatformError::Refused(vec![error.to_string()])),
    }
}

/// Profiles that are ordered, exist, and that the catalogue has no row of yet: those of a platform without any route.
fn new_profiles<'r>(catalogue: &Catalogue, rows: &'r Rows) -> BTreeSet<&'r str> {
    let live = catalogue.live();
    let known = |name: &str| live.profiles.rows().iter().any(|row| *row.value.name == *name);
    let named = rows.routes.iter().map(|route| route.profile.as_str());
    named.filter(|name| Profile::parse(name).is_some() && !known(name)).collect()
}

/// Adds them: an order may name a profile and cannot make one.
fn add_profiles(catalogue: &Catalogue, rows: &Rows) -> Result<(), Refusal> {
    for name in new_profiles(catalogue, rows) {
        let value = ProfileRow { name: Arc::from(name), description: Arc::from(name) };
        catalogue.save(USER, AnyRow::Profile(CatalogueRow { id: 0, published: 0, value }))?;
    }
    Ok(())
}

/// The beginning of a day, as orders write it.
fn moment(day: Date) -> String {
    format!("{day}T00:00:00+0100")
}

/// What is to be there, with everything it refers to, or to be there no more.
fn part(rows: &Rows, with_objects: bool) -> Value {
    let routes = rows.routes.iter().map(|route| {
        let OrderedRoute { component, contract, address, profile, url } = route;
        json!({"adress": url, "logiskAdress": address, "tjanstekontrakt": contract, "rivtaprofil": profile, "tjanstekomponent": component})
    });
    let permissions = rows.permissions.iter().map(|permission| {
        let OrderedPermission { consumer, contract, address } = permission;
        json!({"logiskAdress": address, "tjanstekontrakt": contract, "tjanstekonsument": consumer})
    });
    let mut part = json!({"vagval": routes.collect::<Vec<_>>(), "anropsbehorigheter": permissions.collect::<Vec<_>>()});
    if with_objects {
        let contracts =
            distinct(rows.routes.iter().map(|row| &row.contract), rows.permissions.iter().map(|row| &row.contract));
        let addresses =
            distinct(rows.routes.iter().map(|row| &row.address), rows.permissions.iter().map(|row| &row.address));
        let components =
            distinct(rows.routes.iter().map(|row| &row.component), rows.permissions.iter().map(|row| &row.consumer));
        let party = |id: &&String| json!({"hsaId": id, "beskrivning": id});
        let contract = |namespace: &&String| {
            let major = namespace.rsplit(':').next().and_then(|major| major.parse::<i64>().ok()).unwrap_or_default();
            json!({"namnrymd": namespace, "beskrivning": namespace, "majorVersion": major})
        };
        part["tjanstekontrakt"] = contracts.iter().map(contract).collect();
        part["logiskadresser"] = addresses.iter().map(party).collect();
        part["tjanstekomponenter"] = components.iter().map(party).collect();
    }
    part
}

/// Names, each once whatever its case.
fn distinct<'r>(one: impl Iterator<Item = &'r String>, other: impl Iterator<Item = &'r String>) -> Vec<&'r String> {
    let mut seen = BTreeSet::new();
    one.chain(other).filter(|name| seen.insert(name.to_lowercase())).collect()
}
