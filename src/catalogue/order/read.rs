//! An order as it is written (`tak.md` §5.1): JSON, with whatever text around it.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use crate::catalogue::period;

/// Longest text after cleaning; a longer one is cut to one less.
const LENGTH_MAX: usize = 255;

/// An order that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no object in the text.
    #[error("Beställning does not contain JSON object")]
    NoObject,
    /// The one field that is looked for first.
    #[error("Bestallning is missing mandatory field: plattform")]
    NoPlatform,
    /// Another field that cannot be done without.
    #[error("Bestallning is missing mandatory field: {0}")]
    Missing(&'static str),
    /// Not JSON, or not of this shape: unknown properties are refused.
    #[error("{0}")]
    Parse(#[source] serde_json::Error),
}

/// An order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    plattform: Option<String>,
    format_version: Option<f64>,
    version: Option<i64>,
    #[serde(default, deserialize_with = "moment")]
    bestallnings_tidpunkt: Option<Date>,
    #[serde(default, deserialize_with = "moment")]
    genomforande_tidpunkt: Option<Date>,
    utforare: Option<String>,
    kommentar: Option<String>,
    inkludera: Option<Part>,
    exkludera: Option<Part>,
}

/// What is to be there, or to be there no more.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    tjanstekontrakt: Option<Vec<Contract>>,
    logiskadresser: Option<Vec<Party>>,
    tjanstekomponenter: Option<Vec<Party>>,
    anropsbehorigheter: Option<Vec<Permission>>,
    vagval: Option<Vec<Route>>,
}

/// A contract of an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Contract {
    #[serde(default, deserialize_with = "cleaned")]
    pub(super) namnrymd: String,
    #[serde(default, deserialize_with = "cleaned")]
    pub(super) beskrivning: String,
    pub(super) major_version: Option<i64>,
}

/// A logical address or a component of an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Party {
    #[serde(default, deserialize_with = "cleaned")]
    pub(super) hsa_id: String,
    #[serde(default, deserialize_with = "cleaned")]
    pub(super) beskrivning: String,
}

/// A permission of an order. What is absent is not the same as what is empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Permission {
    #[serde(rename = "logiskAdress", alias = "logiskadress")]
    pub(super) address: Option<String>,
    #[serde(rename = "tjanstekontrakt")]
    pub(super) contract: Option<String>,
    #[serde(rename = "tjanstekonsument")]
    pub(super) consumer: Option<String>,
}

/// A route of an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    #[serde(rename = "adress")]
    pub(super) url: Option<String>,
    #[serde(rename = "logiskAdress", alias = "logiskadress")]
    pub(super) address: Option<String>,
    #[serde(rename = "tjanstekontrakt")]
    pub(super) contract: Option<String>,
    #[serde(rename = "rivtaprofil")]
    pub(super) profile: Option<String>,
    #[serde(rename = "tjanstekomponent")]
    pub(super) component: Option<String>,
}

/// An order with everything that has a default filled in.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// `plattform`.
    pub platform: String,
    /// `formatVersion`, as the report writes it.
    pub(super) format_version: String,
    pub(super) version: i64,
    pub(super) ordered: Date,
    /// The day from which on it holds.
    pub(super) start: Date,
    /// `utforare`.
    pub user: String,
    pub(super) comment: String,
    pub(super) include: Lists,
    pub(super) exclude: Lists,
}

/// The five lists of a part.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    pub(super) contracts: Vec<Contract>,
    pub(super) addresses: Vec<Party>,
    pub(super) components: Vec<Party>,
    pub(super) permissions: Vec<Permission>,
    pub(super) routes: Vec<Route>,
}

/// Reads an order.
pub fn read(text: &str) -> Result<Ordered, ReadError> {
    let inside = text.find('{').and_then(|start| text.rfind('}').and_then(|end| text.get(start..=end)));
    let inside = inside.ok_or(ReadError::NoObject)?;
    let order: Order = serde_json::from_str(inside).map_err(ReadError::Parse)?;
    Ok(Ordered {
        platform: order.plattform.ok_or(ReadError::NoPlatform)?,
        // The reference keeps it as a float.
        format_version: format!("{:?}", order.format_version.unwrap_or_default()),
        version: order.version.unwrap_or_default(),
        ordered: order.bestallnings_tidpunkt.ok_or(ReadError::Missing("bestallningsTidpunkt"))?,
        start: order.genomforande_tidpunkt.ok_or(ReadError::Missing("genomforandeTidpunkt"))?,
        user: order.utforare.unwrap_or_default(),
        comment: clean(&order.kommentar.unwrap_or_default()),
        include: lists(order.inkludera),
        exclude: lists(order.exkludera),
    })
}

fn lists(part: Option<Part>) -> Lists {
    let part = part.unwrap_or_default();
    Lists {
        contracts: part.tjanstekontrakt.unwrap_or_default(),
        addresses: part.logiskadresser.unwrap_or_default(),
        components: part.tjanstekomponenter.unwrap_or_default(),
        permissions: part.anropsbehorigheter.unwrap_or_default(),
        routes: part.vagval.unwrap_or_default(),
    }
}

/// No blanks around, one line, not too long.
fn clean(text: &str) -> String {
    let text = text.trim().replace('\r', "").replace('\n', " ");
    match text.char_indices().nth(LENGTH_MAX) {
        Some(_) => text.chars().take(LENGTH_MAX - 1).collect(),
        None => text,
    }
}

fn cleaned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(clean(&Option::<String>::deserialize(deserializer)?.unwrap_or_default()))
}

/// The Swedish day of `yyyy-MM-dd'T'HH:mm:ssZ`; a day alone is refused, as the reference's parser refuses it.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    match period::swedish_day(&text) {
        Some(day) if text.len() > 19 => Ok(Some(day)),
        _ => Err(serde::de::Error::custom(format!("{text:?} is not a time such as 2026-01-01T00:00:00+0100"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = r#"{"plattform":"P","formatVersion":1,"version":2,"bestallningsTidpunkt":"2026-01-01T00:00:00+0100",
        "genomforandeTidpunkt":"2026-01-02T00:00:00+0100","utforare":"u","kommentar":" a\nb ","inkludera":{},"exkludera":null}"#;

    #[test]
    fn text_around_the_object_is_ignored_and_no_object_refused() {
        let order = read(&format!("Hej {{\n{}", &FRAME[1..])).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            (order.platform.as_str(), order.comment.as_str(), order.format_version.as_str()),
            ("P", "a b", "1.0")
        );
        assert_eq!(order.start.to_string(), "2026-01-02");
        assert!(matches!(read("hej"), Err(ReadError::NoObject)));
        assert!(matches!(read("} {"), Err(ReadError::NoObject)));
        assert!(matches!(read("{}"), Err(ReadError::NoPlatform)));
    }

    #[test]
    fn an_unknown_property_anywhere_and_a_day_without_time_are_refused() {
        assert!(matches!(read(&FRAME.replace("\"version\"", "\"wersion\"")), Err(ReadError::Parse(_))));
        let nested = FRAME.replace("\"inkludera\":{}", r#""inkludera":{"vagval":[{"adres":"x"}]}"#);
        assert!(matches!(read(&nested), Err(ReadError::Parse(_))));
        assert!(matches!(read(&FRAME.replace("2026-01-02T00:00:00+0100", "2026-01-02")), Err(ReadError::Parse(_))));
        let without = FRAME.replace("\"bestallningsTidpunkt\":\"2026-01-01T00:00:00+0100\",", "");
        assert!(matches!(read(&without), Err(ReadError::Missing("bestallningsTidpunkt"))));
    }

    #[test]
    fn texts_are_cleaned() {
        assert_eq!(clean(" a\r\nb "), "a b");
        assert_eq!(clean(&"å".repeat(255)).chars().count(), 255);
        assert_eq!(clean(&"å".repeat(256)).chars().count(), 254);
    }
}
