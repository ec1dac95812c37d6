//! Personal data out of what was recorded (`producers.md` §9): identities become identities of the test series, the same
//! for the same within a recording; names, addresses and free texts become invented ones of the same length; what is
//! binary becomes a placeholder. Then everything is looked through again.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use regex::Regex;
use sha2::{Digest, Sha256};

use crate::domain::identity_number::in_test_series;
use crate::producers::identity::{check_digit, identity_of};
use crate::producers::xml::edit::{Branch, Leaf};

/// Ends of the names of elements that hold somebody's own data.
const PRIVATE_ENDS: [&str; 8] = ["name", "address", "telecom", "telephone", "email", "postalcode", "city", "phone"];
/// Free texts above this length are invented, in characters.
const FREE_TEXT_MIN: usize = 20;
/// Longest base64 text that is looked into, in bytes.
const BASE64_BYTES_MAX: usize = 1024 * 1024;
/// How many times over a text may be encoded and still be looked into before it is saved.
const BASE64_DEPTH_MAX: usize = 3;

/// A scrubber with the key of one recording. The key is never written anywhere.
#[derive(Debug)]
pub struct Scrubber {
    key: [u8; 32],
    /// Whether HSA-ids of units and systems are invented as well.
    scrubs_hsa: bool,
}

/// An identity that is left after scrubbing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identity outside the test series is left at {path}")]
pub struct Leftover {
    /// Where.
    pub path: String,
}

impl Scrubber {
    /// A scrubber with a key of its own, which invents the HSA-ids of units and systems too where it is asked to.
    pub fn new(scrubs_hsa: bool) -> Self {
        let mut key = [0; 32];
        key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        Self { key, scrubs_hsa }
    }

    fn keyed(&self, what: &str) -> u64 {
        let mut hasher = Sha256::new();
        hasher.update(self.key);
        hasher.update(what.as_bytes());
        hasher.finalize()[..8].iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }

    /// A message without anybody's data: element by element where it is XML, as text elsewhere.
    pub fn message(&self, body: &str) -> String {
        match Branch::parse(body.as_bytes()) {
            Ok(mut root) => {
                root.walk(&mut |branch| self.branch(branch));
                root.document()
            }
            Err(_) => self.text(body),
        }
    }

    fn branch(&self, branch: &mut Branch) {
        let local = branch.local.to_lowercase();
        let is_leaf = branch.branches().next().is_none();
        for (key, value) in &mut branch.attributes {
            let name = key.to_lowercase();
            *value = if !name.starts_with("xmlns") && is_private(&name) { invented(value) } else { self.text(value) };
        }
        if !is_leaf {
            for leaf in &mut branch.content {
                if let Leaf::Text(text) = leaf {
                    *text = self.text(text);
                }
            }
            return;
        }
        let text = branch.text();
        if text.is_empty() {
            return;
        }
        let is_free =
            local == "originaltext" || local.ends_with("text") || local.contains("comment") || local.contains("note");
        let is_person = local.contains("professionalhsaid") || local.contains("personhsaid") || local == "actorhsaid";
        let is_unit = local.ends_with("hsaid") || local.contains("logicaladdress");
        let changed = if is_private(&local) || (is_free && text.chars().count() > FREE_TEXT_MIN) {
            invented(&text)
        } else if is_person {
            self.hsa_id(&text)
        } else if is_unit {
            self.unit(&text)
        } else if is_multimedia(&local, &text) {
            placeholder()
        } else {
            self.text(&text)
        };
        branch.set_text(changed);
    }

    fn hsa_id(&self, text: &str) -> String {
        format!("SE2321000016-{:08X}", self.keyed(text) as u32)
    }

    /// The HSA-id of a unit or a system, or a logical address.
    pub fn unit(&self, text: &str) -> String {
        if self.scrubs_hsa { self.hsa_id(text) } else { self.text(text) }
    }

    /// A text with every identity outside the test series replaced, in base64 as well.
    pub fn text(&self, text: &str) -> String {
        let plain = replaced(text, |found| self.identity(found));
        let encoded = |found: &regex::Captures<'_>| {
            let found = &found[0];
            let scrubbed = decoded_text(found).map(|decoded| {
                let scrubbed = replaced(&decoded, |found| self.identity(found));
                (scrubbed != decoded).then(|| STANDARD.encode(scrubbed))
            });
            scrubbed.flatten().unwrap_or_else(|| found.to_owned())
        };
        base64_pattern().replace_all(&plain, encoded).into_owned()
    }

    /// The identity that stands for another: sex, decade and form are kept.
    fn identity(&self, found: &str) -> String {
        let digits: String = found.chars().filter(char::is_ascii_digit).collect();
        let (century, ten) = match digits.len() {
            12 => (digits[..2].to_owned(), digits[2..].to_owned()),
            _ => (if digits[..2] > *"26" { "19" } else { "20" }.to_owned(), digits.clone()),
        };
        let is_woman = (ten.as_bytes()[8] - b'0').is_multiple_of(2);
        let is_coordination = ten.as_bytes()[4] >= b'6';
        let hash = self.keyed(&ten);
        let decade: i16 = format!("{century}{}0", &ten[..1]).parse().unwrap_or(1950);
        let born = Date::new(decade + (hash % 10) as i16, 1 + (hash / 10 % 12) as i8, 1 + (hash / 120 % 28) as i8);
        let made = identity_of(born.unwrap_or(Date::constant(1950, 1, 1)), hash / 3_360, is_woman, is_coordination);
        // In the form in which it was written.
        let mut made = made[12 - digits.len()..].chars();
        found.chars().map(|c| if c.is_ascii_digit() { made.next().unwrap_or(c) } else { c }).collect()
    }
}

/// What stands for something that cannot be looked into, in base64.
pub fn placeholder() -> String {
    STANDARD.encode([0_u8; 64])
}

/// Looks for identities outside the test series in what is about to be saved: in texts, attributes and base64.
pub fn leftover(path: &str, text: &str) -> Result<(), Leftover> {
    let found = || Err(Leftover { path: path.to_owned() });
    if has_identity(text, BASE64_DEPTH_MAX) { found() } else { Ok(()) }
}

/// Whether an identity stands in a text, or in what is encoded in it, so many times over.
fn has_identity(text: &str, depth: usize) -> bool {
    if identities(text).any(|found| is_real(found.as_str())) {
        return true;
    }
    depth > 0
        && base64_pattern()
            .find_iter(text)
            .any(|found| decoded_text(found.as_str()).is_some_and(|decoded| has_identity(&decoded, depth - 1)))
}

fn is_private(name: &str) -> bool {
    let name = name.rsplit(':').next().unwrap_or(name);
    PRIVATE_ENDS.iter().any(|end| name.ends_with(end))
        // Where a call goes is nobody's home: replays would no longer match.
        && !name.ends_with("logicaladdress")
        && !name.ends_with("displayname")
        && !name.ends_with("codesystemname")
}

fn is_multimedia(local: &str, text: &str) -> bool {
    local == "value"
        && text.len() > 256
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(&byte))
}

/// An invented text of the same length, with the same signs between its words.
fn invented(text: &str) -> String {
    const LETTERS: &[u8] = b"exempeltextomingentingalls";
    text.chars()
        .enumerate()
        .map(|(at, c)| match c {
            c if c.is_ascii_digit() => '0',
            c if c.is_uppercase() => char::from(LETTERS[at % LETTERS.len()].to_ascii_uppercase()),
            c if c.is_alphabetic() => char::from(LETTERS[at % LETTERS.len()]),
            c => c,
        })
        .collect()
}

fn decoded_text(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() < 16 || text.len() > BASE64_BYTES_MAX || !text.len().is_multiple_of(4) {
        return None;
    }
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

fn replaced(text: &str, with: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for found in identities(text).filter(|found| is_real(found.as_str())) {
        out.push_str(&text[copied..found.start()]);
        out.push_str(&with(found.as_str()));
        copied = found.end();
    }
    out.push_str(&text[copied..]);
    out
}

/// Whether a text that has the form of an identity is one: the check digit is right, and it is not of the test series.
fn is_real(found: &str) -> bool {
    let digits: Vec<u8> = found.bytes().filter(u8::is_ascii_digit).collect();
    let ten = &digits[digits.len() - 10..];
    let number = |two: &[u8]| (two[0] - b'0') * 10 + (two[1] - b'0');
    let (month, day) = (number(&ten[2..4]), number(&ten[4..6]));
    let is_date = (1..=12).contains(&month) && ((1..=31).contains(&day) || (61..=91).contains(&day));
    is_date && check_digit(&ten[..9]) == ten[9] - b'0' && !in_test_series(&digits)
}

/// Runs of 12 or 10 digits with an optional sign before the last four, not part of a longer number.
fn identities(text: &str) -> impl Iterator<Item = regex::Match<'_>> {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    let pattern = PATTERN
        .get_or_init(|| Regex::new(r"(?:18|19|20)?[0-9]{6}[-+]?[0-9]{4}").expect("the pattern is part of the program"));
    let bytes = text.as_bytes();
    pattern.find_iter(text).filter(move |found| {
        let before = found.start().checked_sub(1).map(|at| bytes[at]);
        let after = bytes.get(found.end());
        !before.is_some_and(|byte| byte.is_ascii_digit()) && !after.is_some_and(u8::is_ascii_digit)
    })
}

fn base64_pattern() -> &'static Regex {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    PATTERN.get_or_init(|| Regex::new(r"[A-Za-z0-9+/]{16,}={0,2}").expect("the pattern is part of the program"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An identity with a right check digit outside the test series: its birth number is below 980. No such person is
    /// written down anywhere: the digits are made here.
    fn made(n: u64) -> String {
        let eleven = format!("19{:02}{:02}{:02}{:03}", 30 + n % 60, 1 + n % 12, 1 + n % 28, 100 + n % 800);
        format!("{eleven}{}", check_digit(&eleven.as_bytes()[2..]))
    }

    #[test]
    fn a_thousand_planted_identities_leave_nothing_in_any_form() {
        let scrubber = Scrubber::new(false);
        for n in 0..1_000 {
            let id = made(n);
            let hyphened = format!("{}-{}", &id[..8], &id[8..]);
            let encoded = STANDARD.encode(format!("patient {id} här"));
            let body = format!(
                "<a id=\"{id}\"><b>{id}</b><c>text {hyphened} mer</c><d>{encoded}</d><e>{}</e></a>",
                &hyphened[2..]
            );
            assert!(leftover("a", &body).is_err());
            let scrubbed = scrubber.message(&body);
            assert_eq!(leftover("a", &scrubbed), Ok(()), "{n}");
            assert!(!scrubbed.contains(&id));
            assert_eq!(scrubbed, scrubber.message(&body), "the same gives the same");
        }
    }

    #[test]
    fn sex_and_decade_and_form_are_kept_and_test_identities_left_alone() {
        let scrubber = Scrubber::new(false);
        for n in 0..500 {
            let id = made(n);
            let other = scrubber.text(&id);
            assert!(in_test_series(other.as_bytes()) && other.len() == 12, "{other}");
            assert_eq!(id.as_bytes()[10] % 2, other.as_bytes()[10] % 2, "sex");
            assert_eq!(id[..3], other[..3], "decade");
        }
        assert_eq!(scrubber.text("191212121212 och 2321000016"), "191212121212 och 2321000016");
    }

    #[test]
    fn names_addresses_and_free_texts_are_invented() {
        let body = "<a><givenName>Karl Åke</givenName><postalAddress>Gatan 7</postalAddress><displayName>Diabetes</displayName>\
                    <clinicalText>Patienten mår bra och är glad</clinicalText><comment>kort</comment></a>";
        let scrubbed = Scrubber::new(false).message(body);
        assert!(!scrubbed.contains("Karl") && !scrubbed.contains("Gatan") && !scrubbed.contains("glad"), "{scrubbed}");
        assert!(scrubbed.contains("Diabetes") && scrubbed.contains("kort"), "{scrubbed}");
        let address = "<a><LogicalAddress>SE2321000016-S001</LogicalAddress></a>";
        assert!(Scrubber::new(false).message(address).contains("SE2321000016-S001"));
    }
}
