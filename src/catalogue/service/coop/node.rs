//! An answer before it is JSON or XML.

use crate::soap::xml::text::escape_into;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    Number(i64),
    /// Empty texts among the members are left out.
    Object(Vec<(&'static str, Self)>),
    /// Items, and the element each is in XML.
    List(&'static str, Vec<Self>),
}

impl Node {
    pub(super) fn json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(&serde_json::Value::String(text.clone()).to_string()),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Object(members) => {
                out.push('{');
                for (place, (name, value)) in members.iter().filter(|(_, value)| !value.is_empty()).enumerate() {
                    out.push_str(if place == 0 { "\"" } else { ",\"" });
                    out.push_str(name);
                    out.push_str("\":");
                    value.write_json(out);
                }
                out.push('}');
            }
            Self::List(_, items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
        }
    }

    pub(super) fn xml(&self, root: &str) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned();
        self.write_xml(root, &mut out);
        out
    }

    fn write_xml(&self, name: &str, out: &mut String) {
        out.push_str(&format!("<{name}>"));
        match self {
            Self::Text(text) => escape_into(out, text),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Object(members) => {
                members
                    .iter()
                    .filter(|(_, value)| !value.is_empty())
                    .for_each(|(name, value)| value.write_xml(name, out));
            }
            Self::List(item_name, items) => items.iter().for_each(|item| item.write_xml(item_name, out)),
        }
        out.push_str(&format!("</{name}>"));
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}
