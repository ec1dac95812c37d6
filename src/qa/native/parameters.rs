//! `data.toml`: what only the customer knows (`qa.md` §5.3), kept apart from the cases so that suites update without it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::Value;

use crate::domain::problem::{Problem, line_at};
use crate::qa::report::identities;

/// Parameters as variables of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The names that published suites use for the same things; the lightest of all values.
    pub aliases: BTreeMap<String, String>,
    /// For every case.
    pub common: BTreeMap<String, String>,
    /// For one case, by its id.
    pub cases: BTreeMap<String, BTreeMap<String, String>>,
    /// Parameters that do not apply, and why.
    pub not_applicable: BTreeMap<String, String>,
    /// Values below a table that says `test = true`: identities of nobody, beside the shipped list.
    pub test_identities: BTreeSet<String>,
}

/// The key by which a table says that the people it names are test identities.
const TEST: &str = "test";

/// Tables whose keys stand for themselves; those of others are written after the table's name and a point.
const PLAIN: [&str; 3] = ["target", "selection", "flags"];

impl Parameters {
    /// Reads the file.
    pub fn read(file: &Path, text: &str) -> Result<Self, Problem> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(0, |span| line_at(text.as_bytes(), span.start));
            Problem::error(file, line, error.message().to_owned())
        })?;
        let mut parameters = Self::default();
        for (name, value) in &table {
            match value {
                Value::Table(cases) if name == "case" => {
                    for (id, values) in cases {
                        let mut own = Self::default();
                        own.add("", values);
                        parameters.cases.insert(id.clone(), own.common);
                        parameters.not_applicable.extend(own.not_applicable);
                        parameters.test_identities.extend(own.test_identities);
                    }
                }
                Value::Table(_) if PLAIN.contains(&name.as_str()) => parameters.add("", value),
                _ => parameters.add(name, value),
            }
        }
        parameters.conventional();
        Ok(parameters)
    }

    fn add(&mut self, name: &str, value: &Value) {
        if let Value::Table(table) = value {
            if let (Some(Value::String(comment)), 1) = (table.get("not_applicable"), table.len()) {
                self.not_applicable.insert(name.to_owned(), comment.clone());
                return;
            }
            let is_test = table.get(TEST) == Some(&Value::Boolean(true));
            if is_test {
                self.test_identities.extend(table.values().flat_map(identities_in));
            }
            for (key, value) in table.iter().filter(|(key, _)| !is_test || *key != TEST) {
                let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                self.add(&inner, value);
            }
            return;
        }
        self.common.insert(name.to_owned(), plain(value));
    }

    /// The names that published suites use for the same things.
    fn conventional(&mut self) {
        for (name, from) in [
            ("webServiceUrl", "url"),
            ("target.url", "url"),
            ("patientId", "patient.rich.id"),
            ("patientIdType", "patient.rich.type"),
        ] {
            if let Some(value) = self.common.get(from).cloned() {
                self.aliases.insert(name.to_owned(), value);
            }
        }
    }
}

/// Identities anywhere in a value.
fn identities_in(value: &Value) -> Vec<String> {
    match value {
        Value::Table(table) => table.values().flat_map(identities_in).collect(),
        Value::Array(list) => list.iter().flat_map(identities_in).collect(),
        other => identities::alone(&plain(other)).map(str::to_owned).collect(),
    }
}

/// A value as the text of a variable; lists have commas between their members.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_test_identities_where_their_table_says_so() {
        // Numbers of the official test series: what is marked is listed, whatever else knows it.
        let text = "[patient]\nrich = { id = \"191212121212\", type = \"1.2.752.129.2.1.3.1\", test = true }\n\
                    large = { id = \"192001109822\" }\n[case.C1.patient.empty]\ntest = true\nids = [\"199001019828\"]\n\
                    [flags]\ntest = \"yes\"\n";
        let parameters = Parameters::read(Path::new("data.toml"), text).unwrap();
        let listed: Vec<&str> = parameters.test_identities.iter().map(String::as_str).collect();
        assert_eq!(listed, ["191212121212", "199001019828"]);
        assert_eq!(parameters.common.get("patient.rich.test"), None);
        assert_eq!(
            parameters.common.get("test").map(String::as_str),
            Some("yes"),
            "a parameter of that name stays one"
        );
    }
}
