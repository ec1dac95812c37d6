//! No real person leaves with a report: identities that are not known test identities stop the export (`qa.md` §8.5).

use std::fs;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::identity_number::{check_digit_is_right, in_test_series};

/// Twelve digits, or ten with or without their sign.
static SHAPED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:\d{8}[-+]?\d{4}|\d{6}[-+]?\d{4})").expect("the pattern is well-formed"));

/// Where a folder of runs names test identities beside the shipped list.
const KNOWN_FILE: &str = "test-identities.txt";

/// A place where an identity stands that is not known to be a test identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The identity with its last four digits hidden.
    pub masked: String,
}

/// Identities that are known to be nobody's.
#[derive(Clone, Debug, Default)]
pub struct Known {
    declared: Vec<String>,
}

impl Known {
    /// Beside the shipped list, these.
    pub fn with(declared: impl IntoIterator<Item = String>) -> Self {
        Self { declared: declared.into_iter().map(|one| digits(&one)).filter(|one| !one.is_empty()).collect() }
    }

    /// The same, and those that a run's parameters declare.
    #[must_use]
    pub fn and(mut self, declared: &[String]) -> Self {
        self.declared.extend(Self::with(declared.iter().cloned()).declared);
        self
    }

    /// Those that a folder's `test-identities.txt` adds, one a line; `#` begins a remark. No such file adds none.
    pub fn of_folder(folder: &Path) -> io::Result<Self> {
        match fs::read_to_string(folder.join(KNOWN_FILE)) {
            Ok(text) => Ok(Self::with(text.lines().filter_map(|line| line.split('#').next()).map(str::to_owned))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Whether the identity, as digits, is one.
    fn has(&self, digits: &str) -> bool {
        in_test_series(digits.as_bytes())
            || self.declared.iter().any(|known| known == digits || known.ends_with(digits))
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Identity-shaped digits, by their place in the text: a valid day, and a valid check digit.
fn shaped<'t>(text: &'t str) -> impl Iterator<Item = (usize, &'t str)> + 't {
    SHAPED.find_iter(text).filter_map(move |found| {
        let alone = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_digit());
        let before = text[..found.start()].chars().next_back();
        let after = text[found.end()..].chars().next();
        (alone(before) && alone(after) && is_identity(&digits(found.as_str())))
            .then_some((found.start(), found.as_str()))
    })
}

fn is_identity(digits: &str) -> bool {
    let short = if digits.len() == 12 { &digits[2..] } else { digits };
    if digits.len() == 12 && !matches!(&digits[..2], "18" | "19" | "20") {
        return false;
    }
    let (Ok(month), Ok(day)) = (short[2..4].parse::<u32>(), short[4..6].parse::<u32>()) else {
        return false;
    };
    let day = if day > 60 { day - 60 } else { day };
    let ten: Vec<u8> = short.bytes().map(|byte| byte - b'0').collect();
    (1..=12).contains(&month) && (1..=31).contains(&day) && check_digit_is_right(&ten)
}

/// Whether a text holds an identity at all, of a test person or not.
pub fn any(text: &str) -> bool {
    shaped(text).next().is_some()
}

/// Identities in a message that stand by themselves: not those that the digits of another identifier happen to look like.
pub fn alone(text: &str) -> impl Iterator<Item = &str> {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-');
    let stands = move |(at, identity): &(usize, &str)| {
        !joins(text[..*at].chars().next_back()) && !joins(text[at + identity.len()..].chars().next())
    };
    shaped(text).filter(stands).map(|(_, identity)| identity)
}

/// Where unknown identities stand in a file.
pub fn find(file: &str, bytes: &[u8], known: &Known) -> Vec<Finding> {
    let text = String::from_utf8_lossy(bytes);
    let unknown = shaped(&text).filter(|(_, identity)| !known.has(&digits(identity)));
    unknown
        .map(|(at, identity)| Finding {
            file: file.to_owned(),
            line: 1 + text[..at].matches('\n').count(),
            masked: masked(identity),
        })
        .collect()
}

/// The file with unknown identities replaced, each always by the same pseudonym.
pub fn redact(bytes: &[u8], known: &Known) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, identity) in shaped(&text).filter(|(_, identity)| !known.has(&digits(identity))) {
        out.push_str(&text[from..at]);
        let hash = Sha256::digest(digits(identity).as_bytes());
        out.push_str(&format!("person-{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3]));
        from = at + identity.len();
    }
    if from == 0 {
        return bytes.to_vec();
    }
    out.push_str(&text[from..]);
    out.into_bytes()
}

fn masked(identity: &str) -> String {
    let digits = digits(identity);
    format!("{}-****", &digits[..digits.len() - 4])
}
