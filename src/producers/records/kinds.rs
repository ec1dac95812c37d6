//! What a record may say, from the table `kinds.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Any text.
    Text,
    /// A moment, in Swedish local time.
    Time,
    /// A day.
    Date,
    /// `true` or `false`.
    Flag,
    /// A number.
    Number,
    /// A code with its system, or words alone.
    Code,
    /// A number with its unit.
    Quantity,
    /// The HSA-id of a person of the staff.
    Staff,
    /// The HSA-id of a unit.
    Unit,
    /// One of these words.
    Words(Vec<String>),
    /// Named fields.
    Table(Fields),
    /// Any number of tables.
    Tables(Fields),
}

/// A field, and whether it must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRule {
    /// What it holds.
    pub field: Field,
    /// Whether it must be there.
    pub required: bool,
}

/// The fields of a table, by name.
pub type Fields = BTreeMap<String, FieldRule>;

/// The whole table.
#[derive(Debug)]
pub struct Kinds {
    /// The tables of a file: `patient`, `giver`, `unit`, `staff`, `system`, and what every `entry` has.
    pub file: BTreeMap<String, Fields>,
    /// What an entry of each kind has, common fields included.
    pub kind: BTreeMap<String, Fields>,
    /// The fields of a contact, which says neither that it is one nor, as a rule, when it was written.
    pub contact: Fields,
    /// Code systems by their short names.
    pub systems: BTreeMap<String, String>,
}

/// The table that is compiled in.
pub fn kinds() -> &'static Kinds {
    static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
        let table: toml::Table = include_str!("kinds.toml").parse().expect("kinds.toml is part of the program");
        let tables = |name: &str| -> BTreeMap<String, Fields> {
            let group = table[name].as_table().expect("a table");
            group.iter().map(|(name, value)| (name.clone(), fields(value))).collect()
        };
        let systems = table["systems"].as_table().expect("a table").iter();
        let systems = systems.map(|(name, oid)| (name.clone(), oid.as_str().expect("an oid").to_owned())).collect();
        let file = tables("file");
        let mut kind = tables("kind");
        for fields in kind.values_mut() {
            fields.extend(file["entry"].clone());
        }
        let mut contact = kind["contact"].clone();
        for implied in ["kind", "authored"] {
            contact.get_mut(implied).expect("a field of every entry").required = false;
        }
        Kinds { file, kind, contact, systems }
    });
    &KINDS
}

fn fields(value: &toml::Value) -> Fields {
    let table = value.as_table().expect("fields are a table");
    table.iter().map(|(name, value)| (name.clone(), rule(value))).collect()
}

fn rule(value: &toml::Value) -> FieldRule {
    match value {
        toml::Value::String(name) => {
            let field = match name.trim_end_matches('!') {
                "text" => Field::Text,
                "time" => Field::Time,
                "date" => Field::Date,
                "flag" => Field::Flag,
                "number" => Field::Number,
                "code" => Field::Code,
                "quantity" => Field::Quantity,
                "staff" => Field::Staff,
                "unit" => Field::Unit,
                other => unreachable!("kinds.toml names no such thing as {other}"),
            };
            FieldRule { field, required: name.ends_with('!') }
        }
        toml::Value::Array(items) => match items.first() {
            Some(table @ toml::Value::Table(_)) => FieldRule { field: Field::Tables(fields(table)), required: false },
            first => {
                let required = first.and_then(toml::Value::as_str) == Some("!");
                let words =
                    items.iter().skip(usize::from(required)).map(|word| word.as_str().expect("a word").to_owned());
                FieldRule { field: Field::Words(words.collect()), required }
            }
        },
        table => FieldRule { field: Field::Table(fields(table)), required: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_kind_of_the_specification() {
        let kinds = kinds();
        let names: Vec<_> = kinds.kind.keys().map(String::as_str).collect();
        let expected = [
            "alert",
            "booking",
            "certificate",
            "contact",
            "diagnosis",
            "ecg",
            "function",
            "imaging",
            "lab",
            "maternity",
            "medication",
            "message",
            "note",
            "plan",
            "referral",
            "request",
            "vaccination",
        ];
        assert_eq!(names, expected);
        assert!(kinds.kind["lab"]["authored"].required && !kinds.kind["lab"]["signed"].required);
        assert_eq!(
            kinds.kind["diagnosis"]["type"].field,
            Field::Words(vec!["Huvuddiagnos".into(), "Bidiagnos".into()])
        );
    }
}
