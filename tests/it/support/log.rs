//! The message log of a platform, read back.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// What a platform wrote to its message log.
#[derive(Clone, Debug)]
pub struct Logged {
    pub text: String,
}

impl Logged {
    pub fn read(path: &Path) -> Self {
        Self { text: fs::read_to_string(path).unwrap() }
    }

    /// The events in the layout of the Elastic Common Schema.
    pub fn events(&self) -> Vec<Logline> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.text.lines().map(parse).map(Logline).collect()
    }

    /// What each event is, in order.
    pub fn actions(&self) -> Vec<String> {
        self.events().iter().map(|event| event.get("event.action").to_owned()).collect()
    }

    /// The only event of a kind.
    pub fn event(&self, action: &str) -> Logline {
        let mut events: Vec<_> =
            self.events().into_iter().filter(|event| event.get("event.action") == action).collect();
        assert_eq!(events.len(), 1, "{action} in {:?}", self.actions());
        events.remove(0)
    }
}

/// One event.
#[derive(Clone, Debug)]
pub struct Logline(Map<String, Value>);

impl Logline {
    /// The value of a field that must be there.
    pub fn get(&self, field: &str) -> &str {
        self.find(field).unwrap_or_else(|| panic!("no {field} in {:?}", self.0))
    }

    /// The value of a field; every value must be a text (`vp.md` §9).
    pub fn find(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(|value| value.as_str().unwrap_or_else(|| panic!("{field} is {value}, not a text")))
    }

    pub fn fields(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }
}
