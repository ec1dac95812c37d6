//! One value: as somebody wrote it, where, and what it means for a setting of its kind.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use http::{HeaderName, HeaderValue, Uri};
use regex::{Regex, RegexBuilder};
use serde::{Serialize, Serializer};

use super::table::{Kind, Unit};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--set` on the command line.
    Flag,
    /// A variable of the process environment.
    Variable(String),
    /// `anslut.toml`.
    File {
        /// The file, as opened.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
    },
    /// Nowhere: the default.
    Default,
}

impl Origin {
    /// How far up it stands: flag > environment > file > default.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Flag => 3,
            Self::Variable(_) => 2,
            Self::File { .. } => 1,
            Self::Default => 0,
        }
    }

    /// The place a problem with the value is reported at.
    pub fn place(&self) -> (&Path, usize) {
        match self {
            Self::Flag => (Path::new("--set"), 0),
            Self::Variable(name) => (Path::new(name), 0),
            Self::File { path, line } => (path, *line),
            Self::Default => (Path::new("default"), 0),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place() {
            (place, 0) => write!(f, "{}", place.display()),
            (place, line) => write!(f, "{}:{line}", place.display()),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Text from a place that knows nothing but text: a flag, a variable, a property.
    Plain(String),
    /// A TOML string.
    Text(String),
    /// A TOML integer.
    Integer(i64),
    /// A TOML boolean.
    Boolean(bool),
    /// A TOML array of strings.
    Texts(Vec<String>),
    /// Anything else TOML has, with its name.
    Other(&'static str),
}

impl Written {
    /// The text form, as a property has it; `None` for what has none.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Plain(text) | Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Boolean(switch) => Some(switch.to_string()),
            Self::Texts(texts) => Some(texts.join(",")),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) | Self::Text(text) => write!(f, "{text:?}"),
            Self::Integer(number) => write!(f, "the integer {number}"),
            Self::Boolean(switch) => write!(f, "the boolean {switch}"),
            Self::Texts(texts) => write!(f, "the array {texts:?}"),
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

/// A value as it is used.
#[derive(Clone, Debug)]
pub enum Parsed {
    /// Not set, and without default.
    Unset,
    /// Of [`Kind::Text`], [`Kind::File`], [`Kind::Url`] and, in the spelling of the table, [`Kind::Choice`].
    Text(String),
    /// Of [`Kind::Switch`] and [`Kind::ExactTrue`].
    Switch(bool),
    /// Of [`Kind::Number`].
    Number(i64),
    /// Of [`Kind::Decimal`].
    Decimal(f64),
    /// Of [`Kind::Address`]; `None` is `off`.
    Address(Option<SocketAddr>),
    /// Of [`Kind::List`]: trimmed, blank entries kept.
    List(Vec<String>),
    /// Of both kinds of pattern; `None` is the empty pattern, which matches no header.
    Pattern(Option<Regex>),
    /// Of [`Kind::HeaderName`], with the spelling it was written in.
    HeaderName(String, HeaderName),
    /// Of [`Kind::HeaderValue`].
    HeaderValue(HeaderValue),
}

/// What a kind of value looks like, for a message: "expected …".
pub fn expected(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::ExactTrue | Kind::File => "a string".to_owned(),
        Kind::Switch => "true or false".to_owned(),
        Kind::Number { unit, min, max } => {
            let unit = match unit {
                Unit::Count => "a whole number",
                Unit::Bytes => "a whole number of bytes",
                Unit::Milliseconds => "a whole number of milliseconds",
                Unit::Seconds => "a whole number of seconds",
            };
            format!("{unit} from {min} to {max}")
        }
        Kind::Decimal { min, max } => format!("a number from {min} to {max}"),
        Kind::Url => "a URL such as \"http://127.0.0.1:8080/vp\"".to_owned(),
        Kind::Address => "an address such as \"127.0.0.1:8080\", \":0\" or \"off\"".to_owned(),
        Kind::List => "strings separated by commas".to_owned(),
        Kind::HeaderPattern => "a regular expression".to_owned(),
        Kind::GroupPattern => "a regular expression with a group".to_owned(),
        Kind::HeaderName => "the name of a header".to_owned(),
        Kind::HeaderValue => "a header value: printable characters".to_owned(),
        Kind::Choice(words) => format!("one of {}", words.join(", ")),
    }
}

/// Reads a value for a setting of `kind`. An error says why it cannot be, where the kind alone does not.
pub fn parse(kind: Kind, written: &Written) -> Result<Parsed, Option<String>> {
    match (kind, written) {
        (Kind::Switch, Written::Boolean(switch)) => Ok(Parsed::Switch(*switch)),
        (Kind::Number { min, max, .. }, Written::Integer(number)) => number_within(*number, min, max),
        (Kind::Decimal { min, max }, Written::Integer(number)) => decimal(&number.to_string(), min, max),
        (Kind::List, Written::Texts(texts)) => {
            Ok(Parsed::List(texts.iter().map(|text| text.trim().to_owned()).collect()))
        }
        (Kind::Switch | Kind::ExactTrue | Kind::Number { .. }, Written::Plain(text)) => parse_text(kind, text),
        (Kind::Switch | Kind::Number { .. }, Written::Text(_)) => Err(None),
        (_, Written::Plain(text) | Written::Text(text)) => parse_text(kind, text),
        _ => Err(None),
    }
}

fn parse_text(kind: Kind, text: &str) -> Result<Parsed, Option<String>> {
    match kind {
        Kind::Text | Kind::File => Ok(Parsed::Text(text.to_owned())),
        Kind::Switch => match text.trim() {
            text if text.eq_ignore_ascii_case("true") => Ok(Parsed::Switch(true)),
            text if text.eq_ignore_ascii_case("false") => Ok(Parsed::Switch(false)),
            _ => Err(None),
        },
        Kind::ExactTrue => Ok(Parsed::Switch(text == "true")),
        Kind::Number { min, max, .. } => {
            let number = text.trim().parse().map_err(|_| None)?;
            number_within(number, min, max)
        }
        Kind::Decimal { min, max } => decimal(text.trim(), min, max),
        Kind::Url if text.is_empty() || is_url(text) => Ok(Parsed::Text(text.to_owned())),
        Kind::Url => Err(None),
        Kind::Address => address(text.trim()).map(Parsed::Address).ok_or(None),
        Kind::List => Ok(Parsed::List(list(text))),
        Kind::HeaderPattern => header_pattern(text).map(Parsed::Pattern).map_err(pattern_error),
        Kind::GroupPattern => group_pattern(text).map(|pattern| Parsed::Pattern(Some(pattern))),
        Kind::HeaderName => {
            let name = HeaderName::try_from(text).map_err(|_| None)?;
            Ok(Parsed::HeaderName(text.to_owned(), name))
        }
        Kind::HeaderValue => HeaderValue::try_from(text).map(Parsed::HeaderValue).map_err(|_| None),
        Kind::Choice(words) => {
            let word = words.iter().find(|word| word.eq_ignore_ascii_case(text.trim())).ok_or(None)?;
            Ok(Parsed::Text((*word).to_owned()))
        }
    }
}

fn number_within(number: i64, min: i64, max: i64) -> Result<Parsed, Option<String>> {
    if (min..=max).contains(&number) { Ok(Parsed::Number(number)) } else { Err(None) }
}

fn decimal(text: &str, min: i64, max: i64) -> Result<Parsed, Option<String>> {
    let number: f64 = text.parse().map_err(|_| None)?;
    if (min as f64..=max as f64).contains(&number) { Ok(Parsed::Decimal(number)) } else { Err(None) }
}

/// Whether it names a scheme we speak, and a host.
fn is_url(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
}

/// An address to listen on: `Some(None)` is `off`. Without a host it is loopback, never every interface.
pub fn address(text: &str) -> Option<Option<SocketAddr>> {
    if text.eq_ignore_ascii_case("off") {
        return Some(None);
    }
    let loopback = |port: &str| Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().ok()?));
    let address = match text.rsplit_once(':') {
        Some(("" | "localhost", port)) => loopback(port)?,
        _ => text.parse().ok()?,
    };
    Some(Some(address))
}

/// Splits at commas and trims. Commas at the very end add nothing, so that the empty text is the empty list; a blank entry
/// before another one stays, because `ip.whitelist` gives it a meaning (`vp.md` §3.2).
pub fn list(text: &str) -> Vec<String> {
    let text = text.trim().trim_end_matches(',');
    if text.trim().is_empty() {
        return Vec::new();
    }
    text.split(',').map(|entry| entry.trim().to_owned()).collect()
}

fn header_pattern(text: &str) -> Result<Option<Regex>, regex::Error> {
    if text.is_empty() {
        return Ok(None);
    }
    // Alone first: `a)|(b` would become valid between the anchors.
    Regex::new(text)?;
    RegexBuilder::new(&format!("^(?:{text})$")).case_insensitive(true).build().map(Some)
}

fn group_pattern(text: &str) -> Result<Regex, Option<String>> {
    let pattern = Regex::new(text).map_err(pattern_error)?;
    // Group 0 is the whole match.
    if pattern.captures_len() < 2 { Err(None) } else { Ok(pattern) }
}

fn pattern_error(error: regex::Error) -> Option<String> {
    // The library draws the pattern with a caret below; its last line says what is wrong.
    let text = error.to_string();
    text.lines().last().map(|line| line.trim_start_matches("error:").trim().to_owned())
}
