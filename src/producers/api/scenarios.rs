//! `/__admin/scenarios`.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::{Value, json};

use super::{Asking, Told};
use crate::producers::space::STARTED;

pub(super) fn answer(asking: &Asking<'_>, rest: &[&str]) -> Told {
    match (&asking.method, rest) {
        (&Method::GET, []) => list(asking),
        (&Method::POST, ["reset"]) => {
            asking.systems().iter().for_each(|system| system.reset(&asking.space));
            Told::Json(json!({}))
        }
        (&Method::PUT, [name, "state"]) => {
            let state = match asking.json() {
                Ok(value) => value.get("state").and_then(Value::as_str).map(str::to_owned),
                Err(told) => return told,
            };
            let name = crate::producers::asked::decoded(name);
            let known = known(asking);
            let Some((_, (system, _))) = known.iter().find(|((_, known), _)| *known == name) else {
                return Told::not_found(format!("there is no scenario {name:?}"));
            };
            asking.space.system(system).set_state(&name, state.as_deref().unwrap_or(STARTED));
            Told::Json(json!({}))
        }
        _ => {
            Told::not_found(format!("there is nothing at /__admin/scenarios/{} for {}", rest.join("/"), asking.method))
        }
    }
}

/// The scenarios that stubs name, by system and name: the system, and the states they name.
type Known = BTreeMap<(String, String), (String, BTreeSet<String>)>;

fn known(asking: &Asking<'_>) -> Known {
    let mut known = Known::new();
    for system in asking.systems() {
        let mut stubs = system.stubs();
        stubs.extend(asking.space.system(system.name()).stubs().iter().cloned());
        for scenario in stubs.iter().filter_map(|stub| stub.scenario.as_ref()) {
            let key = (system.name().to_owned(), scenario.name.clone());
            let states = &mut known.entry(key).or_insert_with(|| (system.name().to_owned(), BTreeSet::new())).1;
            states.insert(STARTED.to_owned());
            states.extend(scenario.required.iter().chain(&scenario.new).cloned());
        }
    }
    known
}

fn list(asking: &Asking<'_>) -> Told {
    let scenarios: Vec<Value> = known(asking)
        .into_iter()
        .map(|((_, name), (system, states))| {
            let state = asking.space.system(&system).state(&name);
            json!({"id": name, "name": name, "state": state, "possibleStates": states, "system": system})
        })
        .collect();
    Told::Json(json!({"scenarios": scenarios}))
}
