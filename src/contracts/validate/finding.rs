//! What is wrong with a message, in words: "you sent X, the contract says Y, do Z" (`contracts.md` §4.4).

use std::borrow::Cow;

use serde::Serialize;

use super::place::Place;
use crate::domain::identity_number::{Hide, masked};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident $code:literal $rule:literal $sv:literal $en:literal;)*) => {
        /// The kinds of finding, numbered as in `contracts.md` §4.4.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[$doc])* $name,)* }

        impl Rule {
            /// Every rule there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code, such as `V07`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The rule of XML Schema it stands for.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)* }
            }

            fn templates(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($sv, $en),)* }
            }
        }
    };
}

rules! {
    /// Not well-formed.
    NotXml "V01" "xml"
        "Meddelandet är inte välformad XML: {v}. Rätta taggen på rad {n}."
        "the message is not well-formed XML: {v}; correct the markup on line {n}";
    /// Not a message of the contract.
    NotAMessage "V02" "cvc-elt.1"
        "{e} är inte ett meddelande i kontraktet {x}. Skicka {x} i Body."
        "{e} is not a message of contract {x}; send {x} in Body";
    /// An element that is not expected.
    Unexpected "V03" "cvc-complex-type.2.4"
        "{e} får inte stå här i {p}. Kontraktet väntar sig {x}. Ta bort eller flytta elementet."
        "{e} is not expected here in {p}; the contract expects {x}; remove or move it";
    /// A mandatory element is missing.
    Missing "V04" "cvc-complex-type.2.4.b"
        "{p} saknar {x}, som är obligatoriskt. Lägg till det före {e}."
        "{p} lacks mandatory {x}; add it before {e}";
    /// Too many of one element.
    TooMany "V05" "cvc-complex-type.2.4"
        "{e} förekommer {n} gånger i {p}, högst {x} tillåts."
        "{e} occurs {n} times in {p}, at most {x} allowed; remove the rest";
    /// Text between elements.
    StrayText "V06" "cvc-complex-type.2.3"
        "{p} får bara innehålla element, men innehåller texten \"{v}\"."
        "{p} holds elements only but contains the text \"{v}\"; remove it";
    /// None of the values of an enumeration.
    Enumeration "V07" "cvc-enumeration-valid"
        "{e} har värdet \"{v}\". Tillåtna värden: {x}."
        "{e} is \"{v}\"; allowed: {x}";
    /// Not of the pattern.
    Pattern "V08" "cvc-pattern-valid"
        "{e} har värdet \"{v}\", som inte följer formatet {x}."
        "{e} is \"{v}\", which does not have the form {x}; e.g. {n}";
    /// Not a value of the type.
    Datatype "V09" "cvc-datatype-valid"
        "\"{v}\" är inte ett giltigt värde av typen {x} i {e}."
        "\"{v}\" is not a valid {x} in {e}; e.g. {n}";
    /// Too long.
    MaxLength "V10" "cvc-maxLength-valid"
        "{e} är {n} tecken långt, högst {x} krävs."
        "{e} has {n} characters; at most {x} required";
    /// Too short.
    MinLength "V11" "cvc-minLength-valid"
        "{e} är {n} tecken långt, minst {x} krävs."
        "{e} has {n} characters; at least {x} required";
    /// Not of the exact length.
    Length "V12" "cvc-length-valid"
        "{e} är {n} tecken långt, exakt {x} krävs."
        "{e} has {n} characters; exactly {x} required";
    /// Out of range.
    Range "V13" "cvc-min/max-valid"
        "{e} = {v} ligger utanför intervallet {x}."
        "{e} = {v} is outside {x}";
    /// Too many digits.
    Digits "V14" "cvc-digits"
        "{e} = {v} har för många siffror (högst {x})."
        "{e} = {v} has too many digits (at most {x})";
    /// An attribute that is not declared.
    Attribute "V15" "cvc-complex-type.3.2.2"
        "Attributet {v} finns inte på {e}. Ta bort det."
        "attribute {v} is not declared on {e}; remove it";
    /// A required attribute is missing.
    AttributeMissing "V16" "cvc-complex-type.4"
        "{e} saknar attributet {x}."
        "{e} lacks attribute {x}; add it";
    /// An attribute that is prohibited.
    AttributeProhibited "V17" "cvc-attribute"
        "Attributet {v} är förbjudet på {e}."
        "attribute {v} is prohibited on {e}; remove it";
    /// Not the fixed value.
    Fixed "V18" "cvc-elt.5.2"
        "{e} måste ha värdet \"{x}\" men har \"{v}\"."
        "{e} must be \"{x}\" but is \"{v}\"";
    /// `xsi:nil` where it may not be.
    NotNillable "V19" "cvc-elt.3.1"
        "{e} får inte ha xsi:nil. Utelämna elementet i stället."
        "{e} may not carry xsi:nil; leave the element out instead";
    /// Nil and not empty.
    NilNotEmpty "V20" "cvc-elt.3.2.1"
        "{e} har xsi:nil=\"true\" men är inte tomt."
        "{e} has xsi:nil=\"true\" but is not empty";
    /// `xsi:type` names no type.
    UnknownType "V21" "cvc-elt.4.2"
        "xsi:type=\"{v}\" på {e} finns inte i kontraktet."
        "xsi:type=\"{v}\" on {e} is not a type of the contract";
    /// `xsi:type` names a type that may not stand there.
    WrongType "V22" "cvc-elt.4.3"
        "Typen {v} får inte ersätta {x} i {e}."
        "type {v} may not stand for {x} in {e}";
    /// The type is abstract.
    AbstractType "V23" "cvc-type.2"
        "{e} har en abstrakt typ. Ange xsi:type, t.ex. {x}."
        "{e} has an abstract type; give xsi:type, e.g. {x}";
    /// An extension in a namespace that the wildcard does not admit.
    ExtensionNamespace "V24" "cvc-wildcard.2"
        "{e} i namnrymden {v} får inte stå som tillägg i {p}; tillägg måste ha annan namnrymd än {x}."
        "{e} in namespace {v} cannot stand as an extension in {p}; extensions need a namespace other than {x}";
    /// A strict wildcard and no declaration.
    Undeclared "V25" "cvc-assess-elt"
        "{e} har ingen deklaration och {p} kräver det."
        "{e} has no declaration and {p} demands one";
    /// The right name in the wrong namespace.
    WrongNamespace "V26" "cvc-complex-type.2.4"
        "{e} har namnrymden {v}; kontraktet väntar sig {x}."
        "{e} is in namespace {v}; the contract expects {x}; change the prefix";
    /// The right element in the wrong place.
    OutOfOrder "V27" "cvc-complex-type.2.4"
        "{e} står på fel plats i {p}. Ordningen är {x}."
        "{e} is out of order in {p}; the order is {x}";
    /// Nearly the right name.
    Misspelt "V28" "cvc-complex-type.2.4"
        "{e} finns inte i {p}. Menade du {x}?"
        "{e} does not exist in {p}; did you mean {x}?";
    /// Two elements of one ID.
    DuplicateId "V29" "cvc-id.2"
        "ID \"{v}\" förekommer två gånger."
        "ID \"{v}\" occurs twice";
    /// A reference to no ID.
    DanglingIdRef "V30" "cvc-id.1"
        "IDREF \"{v}\" saknar motsvarande ID."
        "IDREF \"{v}\" has no matching ID";
    /// A key that is not unique, or missing.
    Key "V31" "cvc-identity-constraint"
        "Nyckeln {v} i {p} är inte unik eller saknas."
        "key {v} in {p} is missing or not unique";
    /// Elements where only text may stand.
    ElementInText "V32" "cvc-type.3.1.2"
        "{e} får inte innehålla element."
        "{e} may not contain elements";
    /// Content where nothing may stand.
    NotEmpty "V33" "cvc-complex-type.2.1"
        "{e} ska vara tomt."
        "{e} must be empty";
    /// Another major version.
    OtherMajor "V34" "cvc-elt.1"
        "Meddelandet har huvudversion {v}; kontraktet har {x}."
        "the message has major version {v}, the contract {x}; they are different contracts";
    /// Bytes that are not of the encoding.
    Encoding "V35" "encoding"
        "Byteföljden på rad {n} är inte giltig {x}."
        "bytes on line {n} are not valid {x}; declare or send {v}";
    /// A limit.
    Limit "V36" "limit"
        "Gränsen {x} överskreds ({n})."
        "limit {x} exceeded ({n})";
    /// A document type.
    Doctype "V37" "limit"
        "DTD tillåts inte."
        "a DTD is not allowed";
    /// Not one element in the body.
    Body "V38" "soap"
        "Body ska ha exakt ett element, har {n}."
        "Body must hold exactly one element, has {n}";
    /// A header is missing.
    HeaderMissing "V39" "soap"
        "SOAP-huvudet {x} saknas."
        "SOAP header {x} is missing";
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `V01` to `V39`.
    pub code: &'static str,
    /// The rule of XML Schema.
    pub rule: &'static str,
    /// Line, counted from 1.
    pub line: u64,
    /// Character in the line, counted from 1.
    pub column: u64,
    /// Byte of the message as UTF-8, counted from 0.
    pub offset: u64,
    /// The elements from the root, repeating ones numbered.
    pub path: String,
    /// The same with namespaces.
    pub namespaced_path: String,
    /// Local name of the element.
    pub element: String,
    /// The attribute, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// What was sent, at most 80 characters, identity numbers outside the test series hidden.
    pub found: String,
    /// What the contract says.
    pub expected: Vec<String>,
    /// Where the contract says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_at: Option<String>,
    /// Whether it is only a warning, which does not make the message invalid.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub warning: bool,
    /// In Swedish.
    pub sv: String,
    /// In English.
    pub en: String,
    /// What to do beyond what the texts say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The English text, under the name that simple consumers look for.
    pub message: String,
}

/// What a finding is made from.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) element: String,
    pub(super) parent: String,
    pub(super) attribute: Option<String>,
    pub(super) found: String,
    pub(super) expected: Vec<String>,
    /// How the expected values are joined: a comma and space unless given.
    pub(super) number: String,
    pub(super) declared_at: Option<String>,
    pub(super) fix: Option<String>,
    /// Whether it is only a warning.
    pub(super) warning: bool,
}

/// Longest quotation of what was sent, in characters.
const FOUND_CHARACTERS_MAX: usize = 80;
/// Most expected values that are listed in a text.
const LISTED_MAX: usize = 12;

impl Finding {
    pub(super) fn new(rule: Rule, place: Place, path: (String, String), facts: Facts) -> Self {
        let found = quoted(&facts.found);
        let listed = listed(&facts.expected);
        let (sv, en) = rule.templates();
        let filled = |template: &str| {
            let mut text = String::with_capacity(template.len() + 40);
            let mut rest = template;
            while let Some(at) = rest.find('{') {
                text.push_str(&rest[..at]);
                let slot = rest[at..].get(..3).unwrap_or_default();
                text.push_str(match slot {
                    "{e}" => &facts.element,
                    "{p}" => &facts.parent,
                    "{v}" => &found,
                    "{x}" => &listed,
                    _ => &facts.number,
                });
                rest = &rest[at + slot.len()..];
            }
            text + rest
        };
        // Names are the sender's to choose too.
        let hidden = |text: String| match masked(&text, Hide::OutsideTestSeries) {
            Cow::Borrowed(_) => text,
            Cow::Owned(hidden) => hidden,
        };
        let (sv, en) = (hidden(filled(sv)), hidden(filled(en)));
        Self {
            code: rule.code(),
            rule: rule.rule(),
            line: place.line,
            column: place.column,
            offset: place.offset,
            path: hidden(path.0),
            namespaced_path: hidden(path.1),
            element: hidden(facts.element),
            attribute: facts.attribute.map(hidden),
            found,
            expected: facts.expected,
            declared_at: facts.declared_at,
            warning: facts.warning,
            message: en.clone(),
            sv,
            en,
            fix: facts.fix,
        }
    }
}

fn quoted(found: &str) -> String {
    // Masked before it is cut: half a number would not be recognised.
    let head: String = found.chars().take(4 * FOUND_CHARACTERS_MAX).collect();
    let hidden = masked(&head, Hide::OutsideTestSeries);
    let mut cut: String = hidden.chars().take(FOUND_CHARACTERS_MAX).collect();
    if hidden.chars().count() > FOUND_CHARACTERS_MAX {
        cut.push('…');
    }
    cut
}

fn listed(expected: &[String]) -> String {
    if expected.len() <= LISTED_MAX {
        return expected.join(", ");
    }
    format!("{} and {} more", expected[..LISTED_MAX].join(", "), expected.len() - LISTED_MAX)
}
