//! What an answer comes to, held to one native expectation. Pure: everything it looks at is handed to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Zoned;
use roxmltree::Document;

use super::expected::Expected;
use super::written::expectation::{FaultLike, HeaderWanted, IndexWanted, RecordsWanted, ResultWanted};
use crate::qa::assert::{Judgement, soap};
use crate::qa::records::{Field, Layout, Record, leaf, named};
use crate::qa::report::identities;
use crate::qa::run::exchange::{Exchange, charset};
use crate::qa::tree;
use crate::qa::verdict::Verdict;
use crate::qa::xpath::{Node as Place, Prefixes, Surroundings, declared};

/// What is judged.
pub struct Seen<'s> {
    /// Request and answer.
    pub exchange: &'s Exchange,
    /// The answer as text.
    pub text: &'s str,
    /// What a record is.
    pub layout: &'s Layout,
    /// Prefixes of the suite.
    pub prefixes: &'s Prefixes,
    /// The run's clock.
    pub now: &'s Zoned,
    /// The answer to compare with, for `same_as`.
    pub other: Option<&'s Exchange>,
}

impl Expected {
    /// The same with names replaced; the error is the reason it is not judged.
    pub fn expanded(&self, expand: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<Self, String> {
        let mut expanded = self.clone();
        let texts: Vec<&mut String> = match &mut expanded {
            Self::Fault(like) => like.code.iter_mut().chain(&mut like.contains).collect(),
            Self::Schematron(file) => vec![file],
            Self::Count { path, .. } => vec![path],
            Self::Header(header) => header.equals.iter_mut().chain(&mut header.contains).collect(),
            Self::Records(records) => {
                let within = records.each_time_within.iter_mut().flatten();
                let lists = records.ids_include.iter_mut().chain(&mut records.ids_exclude);
                let equal = records.each_equals.values_mut();
                let some = records.values_include.values_mut().chain(records.values_exclude.values_mut());
                let texts = equal.chain(records.each_one_of.values_mut().flatten()).chain(within).chain(lists);
                let by_id = records.where_ids.iter_mut();
                let by_id = by_id.flat_map(|by_id| std::iter::once(&mut by_id.ids).chain(&mut by_id.equals));
                texts.chain(some.flatten()).chain(by_id).collect()
            }
            Self::Outcome(result) => std::iter::once(&mut result.code).chain(&mut result.error_code).collect(),
            Self::Charset(name) => vec![name],
            Self::Index(index) => index.source_system.iter_mut().collect(),
            Self::Refused | Self::MinMs(_) | Self::NoPersonalData | Self::SameAs(_) => Vec::new(),
        };
        for text in texts {
            *text = expand(text)?;
        }
        Ok(expanded)
    }
}

/// Judges an answer; the texts of `expected` are expanded. Rule files are not judged here: they need the suite's files.
pub fn judge(expected: &Expected, seen: &Seen<'_>) -> Judgement {
    match expected {
        Expected::MinMs(least) => {
            let took = seen.exchange.ms;
            return Judgement::when(took >= *least, || {
                format!("response took {took} ms, at least {least} ms expected")
            });
        }
        Expected::Header(wanted) => return header(wanted, seen.exchange),
        Expected::Charset(wanted) => return encoded(wanted, seen.exchange),
        Expected::NoPersonalData => {
            return Judgement::when(!identities::any(seen.text), || {
                "the response holds a personal identity".to_owned()
            });
        }
        _ => {}
    }
    let document = match tree::parse(seen.text) {
        Ok(document) => document,
        Err(_) if *expected == Expected::Refused && seen.exchange.status >= 400 => return Judgement::pass(),
        Err(why) => return Judgement::fail(format!("the response is not XML: {why}")),
    };
    match expected {
        Expected::Fault(like) => fault(like, &document),
        Expected::Refused => refused(seen, &document),
        Expected::Count { path, count, wanted } => counted(path, *count, *wanted, seen, &document),
        Expected::Records(wanted) => records(wanted, seen, &document),
        Expected::Outcome(wanted) => outcome(wanted, &document),
        Expected::SameAs(step) => same(step, seen, &document),
        Expected::Index(wanted) => index(wanted, &document),
        _ => Judgement::of(Verdict::Error, "this expectation needs the suite's files"),
    }
}

fn fault(like: &FaultLike, document: &Document<'_>) -> Judgement {
    let Some((code, reason)) = soap::fault(document) else {
        return Judgement::fail("response is not a SOAP fault");
    };
    let local = code.rsplit(':').next().unwrap_or(&code);
    if let Some(wanted) = like.code.as_ref().filter(|wanted| *wanted != local && **wanted != code) {
        return Judgement::fail(format!("the fault has the code {code}, expected {wanted}"));
    }
    let missing = like.contains.as_ref().filter(|text| !reason.contains(text.as_str()));
    Judgement::when(missing.is_none(), || {
        format!("the fault says {reason:?}, expected {:?} in it", missing.map_or("", |text| text))
    })
}

/// Turned away, in whatever way, and nothing given.
fn refused(seen: &Seen<'_>, document: &Document<'_>) -> Judgement {
    let records = seen.layout.records(document, seen.now).len();
    if records > 0 {
        return Judgement::fail(format!("answered with {records} records, expected a refusal"));
    }
    let is_error = result_code(document).is_some_and(|code| code == "ERROR");
    let refused = soap::fault(document).is_some() || seen.exchange.status >= 400 || is_error;
    Judgement::when(refused, || {
        format!("answered with status {} and no fault, expected a refusal", seen.exchange.status)
    })
}

fn counted(path: &str, count: Option<u64>, wanted: bool, seen: &Seen<'_>, document: &Document<'_>) -> Judgement {
    let expression = match declared::compile(path) {
        Ok(expression) => expression,
        Err(error) => return Judgement::of(Verdict::Error, error.to_string()),
    };
    let found = match expression.evaluate(Place::Tree(document.root()), &Surroundings::at(seen.now.clone())) {
        Ok(items) => items.len() as u64,
        Err(error) => return Judgement::of(Verdict::Error, error.to_string()),
    };
    let holds = count.map_or(found > 0, |count| found == count) == wanted;
    Judgement::when(holds, || format!("{} selects {found}", expression.text()))
}

fn header(wanted: &HeaderWanted, exchange: &Exchange) -> Judgement {
    let values: Vec<String> = exchange
        .headers
        .get_all(wanted.name.as_str())
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let present = !values.is_empty();
    if wanted.present.is_some_and(|expected| expected != present) {
        return Judgement::fail(format!("header {} is {}", wanted.name, if present { "there" } else { "missing" }));
    }
    let asks = wanted.equals.is_some() || wanted.contains.is_some();
    let equals = wanted.equals.as_ref().is_none_or(|text| values.contains(text));
    let contains = wanted.contains.as_ref().is_none_or(|text| values.iter().any(|value| value.contains(text)));
    if !present && asks {
        return Judgement::fail(format!("header {} missing", wanted.name));
    }
    Judgement::when(equals && contains, || format!("header {} is {}", wanted.name, values.join(", ")))
}

fn encoded(wanted: &str, exchange: &Exchange) -> Judgement {
    let declared = exchange.content_type().as_deref().and_then(charset).unwrap_or_default();
    let family = |name: &str| {
        let upper = name.to_ascii_uppercase();
        if upper.starts_with("UTF-16") { "UTF-16".to_owned() } else { upper }
    };
    let marked = encoding_rs::Encoding::for_bom(&exchange.body).map(|(encoding, _)| family(encoding.name()));
    let is_stated = wanted.split('|').any(|one| family(one.trim()) == family(&declared));
    let is_true = marked.is_none_or(|marked| marked == family(&declared));
    let decodes =
        encoding_rs::Encoding::for_label(declared.as_bytes()).is_some_and(|one| !one.decode(&exchange.body).2);
    Judgement::when(is_stated && is_true && decodes, || {
        format!("the response is said to be {declared:?}, expected {wanted} and bytes that are")
    })
}

/// `resultCode`, where the answer has one.
pub fn result_code(document: &Document<'_>) -> Option<String> {
    let answer = soap::body(document)?.first_element_child()?;
    answer.descendants().find(|node| named(*node, "resultCode")).and_then(leaf)
}

fn outcome(wanted: &ResultWanted, document: &Document<'_>) -> Judgement {
    let Some(code) = result_code(document) else { return Judgement::fail("the response has no resultCode") };
    if code != wanted.code {
        return Judgement::fail(format!("resultCode is {code}, expected {}", wanted.code));
    }
    let Some(error) = &wanted.error_code else { return Judgement::pass() };
    let found = document.descendants().find(|node| named(*node, "errorCode")).and_then(leaf).unwrap_or_default();
    Judgement::when(found == *error, || format!("errorCode is {found:?}, expected {error}"))
}

/// The field of that name, as `[records]` writes it.
pub fn field(name: &str) -> Option<Field> {
    Some(match name {
        "id" => Field::Id,
        "patient" => Field::Patient,
        "patient_type" => Field::PatientType,
        "care_unit" => Field::CareUnit,
        "care_giver" => Field::CareGiver,
        "source_system" => Field::SourceSystem,
        "care_contact" => Field::CareContact,
        "approved" => Field::Approved,
        "signature" => Field::Signature,
        "times" => Field::Times,
        _ => return None,
    })
}

fn records(wanted: &RecordsWanted, seen: &Seen<'_>, document: &Document<'_>) -> Judgement {
    let records = seen.layout.records(document, seen.now);
    let mut messages = Vec::new();
    let count = records.len();
    let refusal = soap::fault(document).map(|(code, reason)| format!("response is a SOAP fault: {code} {reason}"));
    let refusal = refusal.or_else(|| {
        let code = result_code(document).filter(|code| code == "ERROR")?;
        Some(format!("resultCode is {code}"))
    });
    match refusal {
        Some(_) if wanted.or_fault => return Judgement::pass(),
        Some(refusal) => messages.push(refusal),
        None => {}
    }
    for (word, bound, holds) in [
        ("exactly", wanted.exactly, wanted.exactly.is_none_or(|bound| count == bound)),
        ("at least", wanted.at_least, wanted.at_least.is_none_or(|bound| count >= bound)),
        ("at most", wanted.at_most, wanted.at_most.is_none_or(|bound| count <= bound)),
    ] {
        if let (Some(bound), false) = (bound, holds) {
            messages.push(format!("{count} records, expected {word} {bound}"));
        }
    }
    let mut xpath = None;
    for (number, record) in records.iter().enumerate() {
        let complaints = of_record(wanted, seen, record);
        if let (Some(_), None) = (complaints.first(), &xpath) {
            xpath = Some(tree::location(Place::Tree(record.node)));
        }
        messages.extend(complaints.into_iter().map(|complaint| format!("record {}: {complaint}", number + 1)));
    }
    let ids: Vec<String> = records.iter().filter_map(|record| record.text(Field::Id)).collect();
    ids_of(wanted, &ids, &mut messages);
    values_of(wanted, seen, &records, &mut messages);
    let verdict = if messages.is_empty() { Verdict::Pass } else { Verdict::Fail };
    Judgement { verdict, messages, xpath, ..Judgement::default() }
}

fn ids_of(wanted: &RecordsWanted, ids: &[String], messages: &mut Vec<String>) {
    let list = |text: &Option<String>| -> Vec<String> {
        text.iter()
            .flat_map(|text| text.split(','))
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty())
            .collect()
    };
    for missing in list(&wanted.ids_include).iter().filter(|id| !ids.contains(id)) {
        messages.push(format!("missing record {missing}"));
    }
    for unwanted in list(&wanted.ids_exclude).iter().filter(|id| ids.contains(id)) {
        messages.push(format!("unwanted record {unwanted}"));
    }
    let distinct: BTreeSet<&String> = ids.iter().collect();
    if wanted.unique_ids == Some(true) && distinct.len() != ids.len() {
        messages.push("two records have the same id".to_owned());
    }
}

/// The values of a field or at a path of a record.
fn texts_at(name: &str, seen: &Seen<'_>, record: &Record<'_, '_>) -> Result<Vec<String>, String> {
    if let Some(field) = field(name) {
        return Ok(record.texts(field));
    }
    let expression = crate::qa::xpath::Expression::compile(name, seen.prefixes).map_err(|error| error.to_string())?;
    let items = expression.evaluate(Place::Tree(record.node), &Surroundings::at(seen.now.clone()));
    Ok(items.map_err(|error| error.to_string())?.iter().map(|item| item.text().trim().to_owned()).collect())
}

/// What some record must have, no record may have, or those with certain ids must have.
fn values_of(wanted: &RecordsWanted, seen: &Seen<'_>, records: &[Record<'_, '_>], messages: &mut Vec<String>) {
    let all = |name: &str| -> Vec<String> {
        records.iter().flat_map(|record| texts_at(name, seen, record).unwrap_or_default()).collect()
    };
    for (name, values) in &wanted.values_include {
        let found = all(name);
        let missing = values.iter().filter(|value| !found.contains(value));
        messages.extend(missing.map(|value| format!("no record has {name} {value}")));
    }
    for (name, values) in &wanted.values_exclude {
        let found = all(name);
        let split = values.iter().flat_map(|value| value.split(',')).map(str::trim).filter(|value| !value.is_empty());
        let unwanted = split.filter(|value| found.iter().any(|one| one == value));
        messages.extend(unwanted.map(|value| format!("a record has {name} {value}")));
    }
    let Some(by_id) = &wanted.where_ids else { return };
    for record in records {
        let Some(id) = record.text(Field::Id).filter(|id| by_id.ids.split(',').any(|one| one.trim() == id)) else {
            continue;
        };
        let found = texts_at(&by_id.field, seen, record).unwrap_or_default();
        if let Some(value) = by_id.equals.as_ref().filter(|value| !found.contains(value)) {
            messages.push(format!("record {id}: {} is {}, expected {value}", by_id.field, found.join(", ")));
        }
        if by_id.present.is_some_and(|present| present == found.is_empty()) {
            messages.push(format!(
                "record {id}: {} is {}",
                by_id.field,
                if found.is_empty() { "missing" } else { "there" }
            ));
        }
    }
}

fn of_record(wanted: &RecordsWanted, seen: &Seen<'_>, record: &Record<'_, '_>) -> Vec<String> {
    let mut complaints = Vec::new();
    let texts = |name: &str| texts_at(name, seen, record);
    let allowed: BTreeMap<&String, Vec<&String>> = wanted
        .each_equals
        .iter()
        .map(|(name, value)| (name, vec![value]))
        .chain(wanted.each_one_of.iter().map(|(name, values)| (name, values.iter().collect())))
        .collect();
    for (name, values) in allowed {
        match texts(name) {
            Err(why) => complaints.push(why),
            Ok(found) if found.is_empty() => complaints.push(format!("{name} is missing")),
            Ok(found) => complaints.extend(found.iter().filter(|one| !values.contains(one)).map(|one| {
                let wanted = values.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(" or ");
                format!("{name} is {one}, expected {wanted}")
            })),
        }
    }
    for name in &wanted.each_has {
        match texts(name) {
            Err(why) => complaints.push(why),
            Ok(found) if found.iter().all(String::is_empty) => complaints.push(format!("{name} is missing")),
            Ok(_) => {}
        }
    }
    if let Some([from, to]) = &wanted.each_time_within {
        let days: Vec<String> = record.texts(Field::Times).iter().map(|text| text.chars().take(8).collect()).collect();
        let inside = |day: &String| (from.is_empty() || *day >= first(from)) && (to.is_empty() || *day <= first(to));
        if days.is_empty() {
            complaints.push("no moment to judge by".to_owned());
        } else if !days.iter().any(inside) {
            complaints.push(format!("{} is not within {from} to {to}", days.join(", ")));
        }
    }
    complaints
}

/// The day of a moment.
fn first(moment: &str) -> String {
    moment.chars().take(8).collect()
}

fn same(step: &str, seen: &Seen<'_>, document: &Document<'_>) -> Judgement {
    let Some(other) = seen.other else {
        return Judgement::of(Verdict::NotRun, format!("there is no answer of the step {step}"));
    };
    let text = other.text();
    let Ok(before) = tree::parse(&text) else {
        return Judgement::fail(format!("the answer of {step} is not XML"));
    };
    if soap::fault(document).is_some() != soap::fault(&before).is_some() {
        return Judgement::fail(format!("one of this answer and that of {step} is a fault"));
    }
    let ids = |document: &Document<'_>| {
        let records = seen.layout.records(document, seen.now);
        let mut ids: Vec<String> = records.iter().map(|record| record.text(Field::Id).unwrap_or_default()).collect();
        ids.sort();
        ids
    };
    let (now, then) = (ids(document), ids(&before));
    Judgement::when(now == then, || {
        let only = |some: &[String], others: &[String]| {
            some.iter().filter(|id| !others.contains(id)).take(3).cloned().collect::<Vec<_>>().join(", ")
        };
        format!(
            "{} records, {} in the answer of {step}; only here: {}; only there: {}",
            now.len(),
            then.len(),
            only(&now, &then),
            only(&then, &now)
        )
    })
}

fn index(wanted: &IndexWanted, document: &Document<'_>) -> Judgement {
    let transactions: Vec<_> = document.descendants().filter(|node| named(*node, "engagementTransaction")).collect();
    let mut messages = Vec::new();
    if transactions.is_empty() {
        messages.push("no engagementTransaction".to_owned());
    }
    if let Some(most) = wanted.transactions_max.filter(|most| transactions.len() > *most) {
        messages.push(format!("{} transactions, at most {most}", transactions.len()));
    }
    for (number, transaction) in transactions.iter().enumerate() {
        let text =
            |name: &str| transaction.descendants().find(|node| named(*node, name)).and_then(leaf).unwrap_or_default();
        if let Some(delete) = wanted.delete {
            let found = matches!(text("deleteFlag").as_str(), "true" | "1");
            if found != delete {
                messages.push(format!("transaction {}: deleteFlag is {found}, expected {delete}", number + 1));
            }
        }
        if let Some(source) = wanted.source_system.as_ref().filter(|source| **source != text("sourceSystem")) {
            messages.push(format!(
                "transaction {}: sourceSystem is {}, expected {source}",
                number + 1,
                text("sourceSystem")
            ));
        }
    }
    let verdict = if messages.is_empty() { Verdict::Pass } else { Verdict::Fail };
    Judgement { verdict, messages, ..Judgement::default() }
}
