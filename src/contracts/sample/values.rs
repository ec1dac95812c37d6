//! Values: by the element's name, else by what its type asks for (`contracts.md` §5).

use jiff::civil::{DateTime, date};
use jiff::{Span, ToSpan, Unit};

use super::content::{Item, Making};
use super::pattern::shortest;
use super::tables::{self, PEOPLE, SENTENCES, TITLES, UNITS};
use super::{SampleError, Variant, hashed};
use crate::contracts::schema::simple::{self, NoPrefixes, SimpleType, Variety};
use crate::contracts::schema::{ComplexType, Content, ContentModel, Term, TypeId, TypeKind};
use crate::contracts::value::Builtin;

/// What is consistent within one record of a message.
pub(super) struct Record {
    seed: u64,
    /// When the record was made.
    at: DateTime,
    /// Nothing of it happened later.
    last: Option<DateTime>,
}

/// The day on which all samples are made.
fn now() -> DateTime {
    date(2026, 1, 15).at(8, 0, 0, 0)
}

impl Record {
    pub(super) fn new(seed: u64, path: &[String], period: Option<(DateTime, DateTime)>) -> Self {
        let record = path.iter().take(2).cloned().collect::<Vec<_>>().join("/");
        let seed = hashed(seed, &record);
        let back = Span::new()
            .days(40 + i64::try_from(seed % 620).unwrap_or(0))
            .hours(i64::try_from(seed >> 32 & 7).unwrap_or(0));
        let Some((first, last)) = period else {
            return Self { seed, at: now().checked_sub(back).unwrap_or(now()), last: None };
        };
        // In the first half of the period, on a whole minute: most of what follows from it is then in the period too.
        let minutes = first.until((Unit::Minute, last)).map_or(0, |span| span.get_minutes()).max(0);
        let into = i64::try_from(seed % (minutes as u64 / 2 + 1)).unwrap_or(0);
        Self { seed, at: first.checked_add(into.minutes()).unwrap_or(first), last: Some(last) }
    }

    /// The time an element of that name tells: starts before ends, written before signed before documented.
    fn time(&self, local: &str) -> DateTime {
        let name = local.to_lowercase();
        let later = if name.contains("end") || name.contains("high") || name.contains("tom") || name.contains("validto")
        {
            3.days()
        } else if name.contains("sign") {
            1.hours()
        } else if name.contains("document") || name.contains("update") || name.contains("recent") {
            2.hours()
        } else {
            0.hours()
        };
        let at = self.at.checked_add(later).unwrap_or(self.at);
        self.last.map_or(at, |last| at.min(last))
    }
}

/// A code that the parts of a coded element share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coded {
    code: &'static str,
    system: &'static str,
    display: &'static str,
}

impl Coded {
    /// A code for an element that has both `code` and `codeSystem`.
    pub(super) fn for_element(making: &Making<'_>, type_id: TypeId) -> Option<Self> {
        let TypeKind::Complex(ComplexType { content: Content::Elements(ContentModel { particle, .. }), .. }) =
            &making.schema.type_of(type_id).kind
        else {
            return None;
        };
        let Term::Sequence(parts) = &particle.term else { return None };
        let has = |wanted: &str| {
            parts.iter().any(|part| matches!(&part.term, Term::Element(id) if making.schema.names.local(making.schema.element(*id).name) == wanted))
        };
        if !has("code") || !has("codeSystem") {
            return None;
        }
        let name = making.path.last()?.split('[').next()?;
        let codes = tables::codes_for(name);
        let (code, display) = codes.codes[making.choose("code", codes.codes.len())];
        Some(Self { code, system: codes.system, display })
    }
}

impl Making<'_> {
    /// A value of a type for an element or attribute of that name.
    pub(super) fn value(&mut self, type_id: TypeId, local: &str) -> Result<String, SampleError> {
        let admits = |text: &str| simple::check(self.schema, type_id, text, &NoPrefixes).is_ok();
        let Some(simple) = self.simple(type_id) else { return Ok(String::new()) };
        let parent = self.path.iter().rev().nth(1).map_or("", String::as_str);
        if let Some(given) = self.given(parent, local).filter(|text| admits(text)) {
            return Ok(given.to_owned());
        }
        if let Some(enumeration) = &simple.facets.enumeration {
            let texts = &enumeration.texts;
            if local == "resultCode" && texts.iter().any(|text| &**text == "OK") && self.variant() != Variant::Cover {
                return Ok("OK".to_owned());
            }
            let usable: Vec<usize> = (0..texts.len()).filter(|at| admits(&texts[*at])).collect();
            let fresh = (self.variant() == Variant::Cover)
                .then(|| usable.iter().copied().find(|at| self.cover.used.insert(Item::Value(type_id, *at))))
                .flatten();
            let chosen = fresh.or_else(|| usable.get(self.choose("enumeration", usable.len())).copied());
            if let Some(at) = chosen {
                return Ok(texts[at].to_string());
            }
        }
        let by_name = self.by_name(local, simple);
        if let Some(found) = by_name.into_iter().find(|text| admits(text)) {
            return Ok(found);
        }
        if let Some(found) = self.by_type(simple, local).into_iter().find(|text| admits(text)) {
            return Ok(found);
        }
        let why = format!("type {}", self.schema.type_name(type_id));
        Err(SampleError::NoValue { path: self.shown_path(), why })
    }

    fn by_name(&self, local: &str, simple: &SimpleType) -> Vec<String> {
        let lower = local.to_lowercase();
        let parent =
            self.path.iter().rev().nth(1).map_or("", |name| name.split('[').next().unwrap_or(name)).to_lowercase();
        let is_person = parent.contains("patientid") || parent.contains("personid");
        let is_text = matches!(&simple.variety, Variety::Atomic(builtin) if builtin.primitive() == Builtin::String);
        let record = self.record();
        let pick = |list: &[&str]| list[self.choose("list", list.len())].to_owned();
        if let Some(coded) = self.coded.last().copied().flatten() {
            match local {
                "code" => return vec![coded.code.to_owned()],
                "codeSystem" => return vec![coded.system.to_owned()],
                "displayName" | "originalText" => return vec![coded.display.to_owned()],
                "codeSystemName" => return vec!["exempel".to_owned()],
                "codeSystemVersion" => return vec!["1.0".to_owned()],
                _ => {}
            }
        }
        match local {
            "id" | "extension" | "@extension" if is_person => return vec![self.identity()],
            "type" | "root" if is_person => return vec!["1.2.752.129.2.1.3.1".to_owned()],
            "registeredResidentIdentification" | "nationalIdentityNumber" | "subject_of_care" => {
                return vec![self.identity()];
            }
            "root" if parent.contains("hsa") => return vec!["1.2.752.129.2.1.4.1".to_owned()],
            "root" => return vec!["1.2.752.129.2.1.2.1".to_owned(), self.uuid()],
            "approvedForPatient" => return vec!["true".to_owned()],
            "nullified" | "hasMore" | "deleteFlag" => return vec!["false".to_owned()],
            "mediaType" => return vec!["text/plain".to_owned()],
            "serviceDomain" => return vec!["riv:clinicalprocess:healthcond:description".to_owned()],
            "categorization" => return vec!["voo".to_owned()],
            "clinicalProcessInterestId" => return vec![self.uuid()],
            "serviceContractNamespace" | "serviceContractNameSpace" | "ServiceContractNamespace" => {
                return vec!["urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2".to_owned()];
            }
            "logicalAddress" | "logicalAdress" => return vec!["SE2321000016-1A01".to_owned()],
            "dataController" => return vec!["SE2321000016".to_owned()],
            _ => {}
        }
        if lower.starts_with("subjectofcare") {
            return vec![self.identity()];
        }
        let is_hsa = lower.contains("hsaid")
            || lower == "healthcare_facility"
            || lower == "healthcare_facility_med"
            || lower.contains("careunitid")
            || matches!(local, "performer" | "owner" | "sourceSystem");
        if is_hsa {
            return vec![self.hsa_id(&lower)];
        }
        if !is_text {
            return Vec::new();
        }
        if lower.ends_with("email") || lower == "epost" {
            return vec!["mottagningen@example.org".to_owned()];
        }
        if lower.contains("telecom") || lower.contains("telephone") || lower.contains("phone") {
            return vec!["070-1740605".to_owned(), "0701740605".to_owned()];
        }
        if lower.contains("unitname")
            || lower.contains("facility_name")
            || lower.contains("orgname")
            || lower == "enhetsnamn"
        {
            return vec![pick(UNITS)];
        }
        let (given, family) = PEOPLE[(record.seed % PEOPLE.len() as u64) as usize];
        match &*lower {
            "firstname" | "given" => return vec![given.to_owned()],
            "lastname" | "family" => return vec![family.to_owned()],
            _ if lower.ends_with("name") || lower.ends_with("namn") => return vec![format!("{given} {family}")],
            _ => {}
        }
        if lower.contains("title") {
            return vec![pick(TITLES)];
        }
        if lower.contains("text")
            || lower.contains("comment")
            || lower.contains("reason")
            || lower.contains("note")
            || lower.contains("message")
            || lower.contains("description")
            || lower == "opinion"
        {
            return vec![pick(SENTENCES)];
        }
        if lower.ends_with("id")
            || lower == "businessobjectinstanceidentifier"
            || lower == "logid"
            || lower == "extension"
        {
            return vec![self.uuid()];
        }
        Vec::new()
    }

    fn by_type(&self, simple: &SimpleType, local: &str) -> Vec<String> {
        let mut found = Vec::new();
        let time = self.record().time(local);
        match &simple.variety {
            Variety::List(item) => {
                let mut inner = Making::new(self.schema, self.wanted, self.seed, Default::default());
                inner.path.clone_from(&self.path);
                let least = simple.facets.length.or(simple.facets.min_length).unwrap_or(1).clamp(1, 50);
                if let Ok(item) = inner.value(*item, local) {
                    found.push(vec![item; least as usize].join(" "));
                }
            }
            Variety::Union(members) => {
                for member in members {
                    let mut inner = Making::new(self.schema, self.wanted, self.seed, Default::default());
                    inner.path.clone_from(&self.path);
                    found.extend(inner.value(*member, local).ok());
                }
            }
            Variety::Atomic(builtin) => {
                // Patterns of dates, times, identities and identifiers are met by one of these.
                if !simple.facets.patterns.is_empty() {
                    for format in [
                        "%Y%m%d%H%M%S",
                        "%Y%m%d",
                        "%Y-%m-%d",
                        "%Y-%m-%dT%H:%M:%S",
                        "%Y-%m-%dT%H:%M:%S.000",
                        "%Y%m%d%H%M",
                        "%Y-%m",
                        "%Y",
                        "%H:%M:%S",
                    ] {
                        found.push(time.strftime(format).to_string());
                    }
                    let identity = self.identity();
                    found.push(format!("{}-{}", &identity[..8], &identity[8..]));
                    found.extend([
                        identity,
                        self.uuid(),
                        "1.2.752.129.2.1.2.1".to_owned(),
                        "SE2321000016-1A01".to_owned(),
                    ]);
                    found.extend(["Exempel".to_owned(), "exempel-1".to_owned(), "1".to_owned(), "P1D".to_owned()]);
                    for step in &simple.facets.patterns {
                        found.extend(step.iter().filter_map(|pattern| shortest(pattern)));
                    }
                }
                found.extend(self.by_builtin(*builtin, simple, time));
            }
        }
        found
    }

    fn by_builtin(&self, builtin: Builtin, simple: &SimpleType, time: DateTime) -> Vec<String> {
        let mut found = Vec::new();
        match builtin {
            Builtin::DateTime => found.push(time.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
            Builtin::Date => found.push(time.strftime("%Y-%m-%d").to_string()),
            Builtin::Boolean => found.push("false".to_owned()),
            Builtin::Base64Binary => found.push("RXR0IGV4ZW1wZWwgcMOlIGV0dCBkb2t1bWVudA==".to_owned()),
            Builtin::Id => found.push(format!("id-{}", &self.uuid()[..8])),
            _ => {}
        }
        for bound in simple.facets.lower.iter().chain(&simple.facets.upper) {
            found.push(bound.text.to_string());
            if let Ok(number) = bound.text.parse::<i64>() {
                found.extend([number + 1, number - 1].map(|number| number.to_string()));
            }
        }
        found.push(builtin.example().to_owned());
        found.extend(["1", "0", "-1"].map(str::to_owned));
        let least = simple.facets.length.or(simple.facets.min_length).or(simple.facets.max_length).unwrap_or(1);
        const LENGTH_MAX: u64 = 100_000;
        if least <= LENGTH_MAX {
            let length = least as usize;
            match builtin.primitive() {
                Builtin::HexBinary => found.push("0f".repeat(length)),
                Builtin::Base64Binary => {
                    let whole = "QUJD".repeat(length / 3);
                    found.push(whole + ["", "QQ==", "QUI="][length % 3]);
                }
                _ => found.extend(
                    ["exempel ", "1"]
                        .map(|text| text.repeat(length).chars().take(length).collect::<String>().replace(' ', "-")),
                ),
            }
        }
        found
    }

    /// The patient of the message: one identity, from the test series.
    fn identity(&self) -> String {
        match &self.wanted.patient {
            Some(patient) => patient.clone(),
            None => test_identity(hashed(self.seed, "patient")),
        }
    }

    fn uuid(&self) -> String {
        let (high, low) = (
            hashed(self.seed, &format!("{}#high", self.shown_path())),
            hashed(self.seed, &format!("{}#low", self.shown_path())),
        );
        let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xfff);
        format!("{a:08x}-{b:04x}-4{c:03x}-{:04x}-{:012x}", 0x8000 | (low >> 48 & 0x3fff), low & 0xffff_ffff_ffff)
    }

    fn hsa_id(&self, lower: &str) -> String {
        let number = self.record().seed % 9 + 1;
        let role = if lower.contains("sourcesystem") {
            format!("S00{number}")
        } else if lower.contains("giver") {
            "1000".to_owned()
        } else if lower.contains("professional") || lower.contains("authenticator") || lower == "performer" {
            format!("P0{:02}", number + 10)
        } else {
            format!("1A0{number}")
        };
        // The unit of a professional is a unit.
        let role = if lower.contains("unit") { format!("1A0{number}") } else { role };
        format!("SE2321000016-{role}")
    }
}

/// An identity of the tax agency's test series: birth number 980 to 999 and a right check digit.
pub(super) fn test_identity(seed: u64) -> String {
    let (year, month, day) = (1940 + seed % 70, 1 + (seed >> 8) % 12, 1 + (seed >> 16) % 28);
    let birth_number = 980 + (seed >> 24) % 20;
    let nine = format!("{:02}{month:02}{day:02}{birth_number:03}", year % 100);
    let sum: u32 = nine
        .bytes()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            let doubled = digit * 2;
            if place % 2 == 0 { doubled / 10 + doubled % 10 } else { digit }
        })
        .sum();
    format!("{}{nine}{}", year / 100, (10 - sum % 10) % 10)
}
