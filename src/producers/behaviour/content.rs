//! Answers made wrong in what they say (`producers.md` §7.3). Works on any contract's answer: the records are what stands
//! in the response element beside `result`.

use super::act::Act;
use super::delay::Numbers;
use super::perform::{Performing, Violation};
use super::{nullified, written};
use crate::producers::asked::plain_identity;
use crate::producers::identity::test_identity;
use crate::producers::matcher::moment;
use crate::producers::settings::TEMPLATE_BYTES_MAX;
use crate::producers::xml::edit::{Branch, Leaf};

/// Kinds of violation, in the order in which a seed picks them.
pub(super) const MUTATIONS: [&str; 9] =
    ["missing", "extra", "order", "type", "enumeration", "pattern", "namespace", "wrong-root", "bad-nil"];
/// Most tries to find a violation that is one.
const TRIES_MAX: u64 = 64;

/// The changed body; `None` where the behaviour changes no content, `Err` why the answer has no place
/// for it.
pub(super) fn edit(act: &Act, body: &[u8], with: &mut Performing<'_, '_>) -> Option<Result<String, &'static str>> {
    let whole = |change: &dyn Fn(&mut Branch)| {
        let mut root = Branch::parse(body).ok()?;
        change(root.message_mut()?);
        Some(Ok(root.document()))
    };
    match act.id {
        "empty-list" => whole(&|message| message.content.retain(|leaf| !is_record(leaf))),
        "logical-error" | "logical-info" => {
            let code = act.option("code").unwrap_or("INVALID_REQUEST");
            let mut root = Branch::parse(body).ok()?;
            Some(if logical(root.message_mut()?, act.id == "logical-error", code) {
                Ok(root.document())
            } else {
                Err("the contract has no result to say it with")
            })
        }
        "wrong-patient" | "mixed-patients" => {
            let asked = with.asked.patient().map(str::to_owned);
            let other = (1..).map(test_identity).find(|other| Some(other) != asked.as_ref())?;
            let first_only = act.id == "mixed-patients";
            whole(&|message| {
                for record in records(message).take(if first_only { 1 } else { usize::MAX }) {
                    replace_patient(record, asked.as_deref(), &other);
                }
            })
        }
        "wrong-source" => whole(&|message| {
            set_named(message, &|name| name.to_lowercase().starts_with("sourcesystem"), "SE2321000016-FEL1")
        }),
        "wrong-unit" => whole(&|message| {
            set_named(message, &|name| name.to_lowercase().contains("careunithsaid"), "SE2321000016-FEL2")
        }),
        "outside-period" => whole(&|message| records(message).for_each(|record| record.walk(&mut out_of_period))),
        "duplicate-records" => whole(&|message| repeat(message, 2, false)),
        "too-many" => {
            let wanted = act.number("n").unwrap_or(1_000).min(1_000_000) as usize;
            whole(&|message| repeat(message, wanted, true))
        }
        "huge" => {
            let bytes = (act.number("mb").unwrap_or(10).min(1_024) as usize) << 20;
            Some(Ok(padded(body, bytes)?))
        }
        "schema-invalid" => invalid(act, body, with).map(Ok),
        "old-minor" => whole(&|message| message.walk(&mut without_extensions)),
        "new-minor" => whole(&|message| {
            let newer = Branch {
                prefix: "nyare".to_owned(),
                local: "nyttElement".to_owned(),
                attributes: vec![("xmlns:nyare".to_owned(), "urn:riv:exempel:9.9".to_owned())],
                content: vec![Leaf::Text("okänt".to_owned())],
            };
            message.content.push(Leaf::Branch(newer));
        }),
        "other-prefixes" => Some(Ok(written::otherwise(&Branch::parse(body).ok()?).document())),
        "nullified" => Some(nullified::edit(&mut Branch::parse(body).ok()?, with)),
        "wrong-major" => {
            let contract = with.asked.contract()?;
            let (head, major) = contract.rsplit_once(':')?;
            let other = format!("{head}:{}", major.parse::<u32>().ok()? + 1);
            Some(Ok(String::from_utf8_lossy(body).replace(contract, &other)))
        }
        "wrong-contract" => {
            let text = String::from_utf8_lossy(body).into_owned();
            let operation = crate::domain::identifiers::operation_of(with.asked.contract()?).to_owned();
            Some(Ok(text.replace(&operation, "GetSomethingElse")))
        }
        "doctype" => Some(Ok(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!DOCTYPE svar>{}",
            without_declaration(&String::from_utf8_lossy(body))
        ))),
        _ => None,
    }
}

fn is_record(leaf: &Leaf) -> bool {
    matches!(leaf, Leaf::Branch(branch) if branch.local != "result")
}

fn records(message: &mut Branch) -> impl Iterator<Item = &mut Branch> {
    message.branches_mut().filter(|branch| branch.local != "result")
}

/// Sets `resultCode`; whether there was one.
fn logical(message: &mut Branch, is_error: bool, code: &str) -> bool {
    let mut found = false;
    if is_error {
        message
            .content
            .retain(|leaf| !is_record(leaf) || matches!(leaf, Leaf::Branch(one) if one.local == "resultCode"));
    }
    message.walk(&mut |branch| {
        let place =
            branch.content.iter().position(|leaf| matches!(leaf, Leaf::Branch(one) if one.local == "resultCode"));
        let Some(place) = place else { return };
        let Leaf::Branch(result_code) = &mut branch.content[place] else { return };
        found = true;
        result_code.set_text(if is_error { "ERROR" } else { "INFO" });
        let mut error_code = result_code.clone();
        error_code.local = "errorCode".to_owned();
        error_code.set_text(code);
        // Only results of the kind that has a log id have an error code.
        if is_error && branch.branches().any(|one| one.local == "logId") {
            branch.content.retain(|leaf| !matches!(leaf, Leaf::Branch(one) if one.local == "errorCode"));
            branch.content.insert(place + 1, Leaf::Branch(error_code));
        }
    });
    found
}

fn replace_patient(record: &mut Branch, asked: Option<&str>, other: &str) {
    record.walk(&mut |branch| {
        let is_patient = |text: &str| match asked {
            Some(asked) => plain_identity(text) == asked,
            None => text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()),
        };
        if branch.branches().next().is_none() && is_patient(branch.text().trim()) {
            branch.set_text(other);
        }
        for (_, value) in branch.attributes.iter_mut().filter(|(key, value)| key == "extension" && is_patient(value)) {
            *value = other.to_owned();
        }
    });
}

fn set_named(message: &mut Branch, is_named: &dyn Fn(&str) -> bool, value: &str) {
    message.walk(&mut |branch| {
        if is_named(&branch.local) {
            let has_elements = branch.branches().next().is_some();
            match has_elements {
                true => branch.walk(&mut |inner| {
                    if matches!(inner.local.as_str(), "id" | "extension" | "hsaId") {
                        inner.set_text(value);
                    }
                }),
                false => branch.set_text(value),
            }
        }
    });
}

/// Moves a moment forty years back.
fn out_of_period(branch: &mut Branch) {
    let text = branch.text().trim().to_owned();
    let is_moment = matches!(text.len(), 8 | 14) && text.bytes().all(|byte| byte.is_ascii_digit());
    if branch.branches().next().is_none() && is_moment && moment::read(&text).is_some() {
        let year: u32 = text[..4].parse().unwrap_or(2_000);
        branch.set_text(format!("{:04}{}", year.saturating_sub(40), &text[4..]));
    }
}

/// Repeats the records until there are `count` (or of each so many); `anew` gives each its own id.
fn repeat(message: &mut Branch, count: usize, anew: bool) {
    let Some(place) = message.content.iter().position(is_record) else { return };
    let Leaf::Branch(first) = message.content[place].clone() else { return };
    let have = message.content.iter().filter(|leaf| is_record(leaf)).count();
    let (mut made, mut bytes) = (Vec::new(), 0);
    let mut text = String::new();
    first.write(&mut text);
    while have + made.len() < count.max(have + usize::from(!anew)) && bytes < TEMPLATE_BYTES_MAX {
        let mut copy = first.clone();
        if anew {
            let number = made.len();
            copy.walk(&mut |branch| {
                if matches!(branch.local.as_str(), "documentId" | "bookingId") && branch.branches().next().is_none() {
                    let own = format!("{}-{number}", branch.text());
                    branch.set_text(own);
                }
            });
        }
        bytes += text.len();
        made.push(Leaf::Branch(copy));
    }
    message.content.splice(place + 1..place + 1, made);
}

/// Takes out what a later minor added: elements of a namespace with a minor in its end.
fn without_extensions(branch: &mut Branch) {
    let is_minor =
        |value: &str| value.rsplit(':').next().is_some_and(|last| last.contains('.') && last.parse::<f64>().is_ok());
    let declared: Vec<String> = branch
        .attributes
        .iter()
        .filter(|(_, value)| is_minor(value))
        .filter_map(|(key, _)| key.strip_prefix("xmlns:").map(str::to_owned))
        .collect();
    branch.content.retain(|leaf| match leaf {
        Leaf::Branch(one) => {
            !declared.contains(&one.prefix)
                && !one.attributes.iter().any(|(key, value)| key.starts_with("xmlns") && is_minor(value))
        }
        Leaf::Text(_) => true,
    });
}

/// One violation that the seed picks; with somebody to judge, one that is a violation, and a single one where there is any.
fn invalid(act: &Act, body: &[u8], with: &mut Performing<'_, '_>) -> Option<String> {
    let seed = act.number("seed").unwrap_or(1);
    let wanted = act.option("mutation").and_then(|wanted| MUTATIONS.into_iter().find(|kind| *kind == wanted));
    let mut second_best = None;
    for attempt in 0..TRIES_MAX {
        let mut numbers = Numbers::of("schema-invalid", seed.wrapping_mul(1_000_003).wrapping_add(attempt));
        let kind = wanted.unwrap_or_else(|| MUTATIONS[(numbers.draw() % MUTATIONS.len() as u64) as usize]);
        let mut root = Branch::parse(body).ok()?;
        if !mutate(kind, root.message_mut()?, &mut numbers) {
            continue;
        }
        let text = root.document();
        let errors = (with.errors)(text.as_bytes());
        let count = errors.as_ref().map_or(1, Vec::len);
        let found = (text, Violation { kind, seed, errors });
        match count {
            0 => {}
            1 => {
                with.violation = Some(found.1);
                return Some(found.0);
            }
            _ => second_best = second_best.or(Some(found)),
        }
    }
    if let Some((text, violation)) = second_best {
        with.violation = Some(violation);
        return Some(text);
    }
    // Nothing smaller broke the contract: an element that no contract has, does.
    let mut root = Branch::parse(body).ok()?;
    mutate("wrong-root", root.message_mut()?, &mut Numbers::of("schema-invalid", seed));
    let text = root.document();
    with.violation = Some(Violation { kind: "wrong-root", seed, errors: (with.errors)(text.as_bytes()) });
    Some(text)
}

/// Makes one change of a kind; whether there was something to change.
fn mutate(kind: &str, message: &mut Branch, numbers: &mut Numbers) -> bool {
    match kind {
        "wrong-root" => {
            message.local.push_str("Fel");
            return true;
        }
        "namespace" => {
            let key = if message.prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{}", message.prefix) };
            message.attributes.retain(|(known, _)| *known != key);
            message.attributes.push((key, "urn:riv:fel:1".to_owned()));
            return true;
        }
        _ => {}
    }
    let fits = |branch: &Branch| {
        let (elements, text) = (branch.branches().count(), branch.text());
        match kind {
            "missing" => elements > 0,
            "order" => elements > 1,
            "type" => elements == 0 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
            "enumeration" => elements == 0 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase()),
            "pattern" => elements == 0 && text.len() > 3,
            _ => true,
        }
    };
    let mut count = 0_u64;
    message.walk(&mut |branch| count += u64::from(fits(branch)));
    if count == 0 {
        return false;
    }
    let (chosen, second) = (numbers.draw() % count, numbers.draw());
    let mut place = 0;
    message.walk(&mut |branch| {
        if !fits(branch) {
            return;
        }
        if place == chosen {
            change(kind, branch, second);
        }
        place += 1;
    });
    true
}

fn change(kind: &str, branch: &mut Branch, draw: u64) {
    let elements: Vec<usize> = branch
        .content
        .iter()
        .enumerate()
        .filter(|(_, leaf)| matches!(leaf, Leaf::Branch(_)))
        .map(|(place, _)| place)
        .collect();
    match kind {
        "missing" => {
            let place = elements[(draw % elements.len() as u64) as usize];
            branch.content.remove(place);
        }
        "order" => branch.content.swap(elements[0], elements[elements.len() - 1]),
        "type" | "pattern" => branch.set_text("inte-ett-värde"),
        "enumeration" => branch.set_text("FINNS_INTE"),
        "bad-nil" => {
            let declared = ("xmlns:xsi".to_owned(), "http://www.w3.org/2001/XMLSchema-instance".to_owned());
            branch.attributes.push(declared);
            branch.attributes.push(("xsi:nil".to_owned(), "true".to_owned()));
        }
        _ => {
            let extra = Branch { local: "okantElement".to_owned(), ..Branch::default() };
            branch.content.insert(0, Leaf::Branch(extra));
        }
    }
}

/// A document without its declaration.
pub(super) fn without_declaration(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or(text, |(_, rest)| rest.trim_start()),
        None => text,
    }
}

/// The text with a byte sequence in it that no character has.
pub(super) fn with_bad_utf8(text: &str) -> Vec<u8> {
    let place = text.rfind("</").unwrap_or(text.len());
    [&text.as_bytes()[..place], b"\xc3\x28", &text.as_bytes()[place..]].concat()
}

/// The body with so much more in it: in a multimedia value where the answer has one, else where no contract forbids it.
fn padded(body: &[u8], bytes: usize) -> Option<String> {
    let more = bytes.saturating_sub(body.len());
    if let Ok(mut root) = Branch::parse(body) {
        let mut is_put = false;
        root.walk(&mut |branch| {
            if is_put || !branch.local.to_lowercase().contains("multimedia") {
                return;
            }
            if let Some(value) = branch.branches_mut().find(|one| one.local == "value") {
                // Base64 comes in fours.
                value.set_text("QUFB".repeat(more / 4));
                is_put = true;
            }
        });
        if is_put {
            return Some(root.document());
        }
    }
    let text = String::from_utf8_lossy(body).into_owned();
    let place = text.rfind("</")?;
    Some(format!("{}<!--{}-->{}", &text[..place], "x".repeat(more), &text[place..]))
}

fn wrapped(inner: &str) -> String {
    format!(
        "<soap:Envelope xmlns:soap=\"{}\"><soap:Body>{inner}</soap:Body></soap:Envelope>",
        crate::soap::fault::SOAP_11
    )
}

pub(super) fn entity_bomb() -> String {
    let mut out = "<?xml version=\"1.0\"?><!DOCTYPE b [<!ENTITY a0 \"ha\">".to_owned();
    for level in 1..=9 {
        let inner = format!("&a{};", level - 1).repeat(10);
        out.push_str(&format!("<!ENTITY a{level} \"{inner}\">"));
    }
    out + "]>" + &wrapped("<b>&a9;</b>")
}

pub(super) fn external_entity() -> String {
    "<?xml version=\"1.0\"?><!DOCTYPE b [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>".to_owned()
        + &wrapped("<b>&e;</b>")
}

pub(super) fn deep() -> String {
    wrapped(&format!("{}{}", "<d>".repeat(5_000), "</d>".repeat(5_000)))
}

pub(super) fn many_attributes() -> String {
    let attributes: String = (0..5_000).map(|n| format!(" a{n}=\"{n}\"")).collect();
    wrapped(&format!("<m{attributes}/>"))
}

pub(super) fn long_text(mb: u64) -> String {
    wrapped(&format!("<t>{}</t>", "x".repeat((mb.min(1_024) as usize) << 20)))
}
