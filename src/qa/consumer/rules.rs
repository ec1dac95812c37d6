//! CR-01 to CR-12, as far as the hub's record shows them. Pure.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use roxmltree::Node;

use super::hub::Call;
use super::patience::{self, PATIENCE_MS};
use crate::contracts::contract::{Contract, Direction};
use crate::qa::assert::schema::InterfaceSchemas;
use crate::qa::records::{leaf, person};
use crate::qa::report::identities;
use crate::qa::result::Observation;
use crate::qa::run::exchange::charset;
use crate::qa::suite::project::Interface;
use crate::qa::tree;
use crate::qa::verdict::Verdict;

/// Where a logical address stands in an envelope.
const REGISTRY: &str = "urn:riv:itintegration:registry:1";
/// Shortest time to a repetition after a fault, in seconds.
const REPEAT_SECONDS: i64 = 300;

/// What one call breaks.
pub fn of_call(call: &Call, contract: Option<&Arc<Contract>>) -> Vec<Observation> {
    let mut found = Vec::new();
    let mut add = |rule: &str, text: String| found.push(Observation { rule: rule.to_owned(), text });
    if identities::any(&call.target) || call.headers.iter().any(|(_, value)| identities::any(value)) {
        add("CR-07", "an identity stands in the URL or in a header".to_owned());
    }
    match call.headers.get("content-type").map(|kind| (kind, charset(kind))) {
        None => add("CR-06", "the request has no Content-Type".to_owned()),
        Some((kind, None)) => add("CR-06", format!("Content-Type {kind} states no charset")),
        Some((_, Some(stated))) => match encoding_rs::Encoding::for_label(stated.as_bytes()) {
            None => add("CR-06", format!("charset {stated} is not known")),
            Some(known) => {
                if let Some(why) = untrue(call, &stated, known) {
                    add("CR-06", why);
                }
            }
        },
    }
    if call.outcome == "VP007" {
        add("CR-11", "the consumer may not ask this address for this contract".to_owned());
    }
    if call.is_opaque {
        // Nothing else can be said of it.
        return found;
    }
    let Ok(document) = tree::parse(&call.request) else {
        add("CR-02", "the request is not XML".to_owned());
        return found;
    };
    let addresses: Vec<Node<'_, '_>> =
        document.descendants().filter(|node| node.has_tag_name((REGISTRY, "LogicalAddress"))).collect();
    match addresses.as_slice() {
        [one] if leaf(*one).is_some() => {}
        [_] => add("CR-01", "LogicalAddress is empty".to_owned()),
        all => add("CR-01", format!("{} LogicalAddress elements, expected 1", all.len())),
    }
    if let Some(contract) = contract {
        let interface = Interface { contract: Some(Arc::clone(contract)), ..Interface::default() };
        let schemas = InterfaceSchemas::of(&interface);
        let bytes = call.request.as_bytes();
        let judged = schemas.judge_direction(&contract.operation, Direction::Request, bytes, &call.request, None);
        if let (Verdict::Fail, Some(message)) = (judged.verdict, judged.messages.first()) {
            add("CR-02", message.clone());
        }
        let action = call.headers.get("soapaction").map_or("", |action| action.trim_matches('"'));
        if !action.is_empty() && action != contract.soap_action {
            add("CR-02", format!("SOAPAction is {action}, expected {} or nothing", contract.soap_action));
        }
    }
    for (identity, kind) in document.descendants().filter_map(person) {
        let twelve = matches!(kind.as_deref(), Some("1.2.752.129.2.1.3.1" | "1.2.752.129.2.1.3.3"));
        if twelve && !(identity.len() == 12 && identity.bytes().all(|byte| byte.is_ascii_digit())) {
            add("CR-03", format!("identity {identity} has not twelve digits"));
        }
    }
    for node in document.descendants().filter(|node| node.tag_name().name().to_ascii_lowercase().ends_with("hsaid")) {
        if leaf(node).is_none_or(|text| text.chars().count() > 64 || text.contains(char::is_whitespace)) {
            add("CR-03", format!("{} is no HSA-id", node.tag_name().name()));
        }
    }
    found
}

/// Why a message is not in the character set that its Content-Type states, as far as its text shows.
fn untrue(call: &Call, stated: &str, known: &'static encoding_rs::Encoding) -> Option<String> {
    if call.is_opaque {
        return Some(format!("the message's bytes are not of the charset stated, {stated}"));
    }
    let text = call.request.as_str();
    let declaration = text.trim_start_matches('\u{feff}').strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    let declared = declaration.and_then(|(inside, _)| inside.split_once("encoding")).and_then(|(_, after)| {
        let after = after.trim_start().strip_prefix('=')?.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        after[1..].split(quote).next()
    });
    if let Some(declared) = declared
        && encoding_rs::Encoding::for_label(declared.as_bytes()) != Some(known)
    {
        return Some(format!("Content-Type states charset {stated}, the XML declaration says {declared}"));
    }
    // What is not UTF-8 is no text at all; of other charsets the record makes U+FFFD. It may have cut a character in two at
    // its end.
    (known != encoding_rs::UTF_8 && call.cut_from.is_none() && text.contains('\u{fffd}'))
        .then(|| format!("the message holds U+FFFD, as bytes become that are not of the charset stated, {stated}"))
}

/// CR-05: an original consumer is named where the service demands it, and not where the consumer may not.
pub fn of_original_consumer(call: &Call, wanted: Option<bool>) -> Option<Observation> {
    let named = call.headers.get("x-rivta-original-serviceconsumer-hsaid").is_some_and(|name| !name.trim().is_empty());
    let text = match wanted? {
        true if !named => "names no original consumer, and the service demands one",
        false if named => "names an original consumer, and the consumer may not",
        _ => return None,
    };
    Some(Observation { rule: "CR-05".to_owned(), text: format!("call {} {text}", call.id) })
}

/// CR-10: how many calls came within an hour and how many at once, held to what the consumer declared.
pub fn of_load(
    moments: &[(Timestamp, Duration)],
    per_hour: Option<usize>,
    at_once: Option<usize>,
) -> Vec<Result<String, String>> {
    let most = |within: &dyn Fn(&(Timestamp, Duration)) -> Duration| {
        let counts = moments.iter().enumerate().map(|(number, (at, _))| {
            let before = moments[..=number].iter().rev();
            before.filter(|earlier| at.duration_since(earlier.0).unsigned_abs() < within(earlier)).count().max(1)
        });
        counts.max().unwrap_or_default()
    };
    let hour = most(&|_| Duration::from_secs(3_600));
    let together = most(&|(_, lasted)| *lasted);
    let held = |found: usize, declared: Option<usize>, what: &str| {
        let declared = declared?;
        let text = format!("{found} calls {what}, {declared} are declared");
        Some(if found > declared { Err(text) } else { Ok(text) })
    };
    [held(hour, per_hour, "within an hour"), held(together, at_once, "at the same time")]
        .into_iter()
        .flatten()
        .collect()
}

/// What calls break together; the oldest first.
pub fn of_calls(calls: &[Call]) -> Vec<Observation> {
    let mut found = patience::given_up(calls);
    let mut add = |rule: &str, text: String| found.push(Observation { rule: rule.to_owned(), text });
    for (number, call) in calls.iter().enumerate() {
        // Who was gone saw no answer that it could have to do with.
        if patience::gone(call).is_some() {
            continue;
        }
        let same = |other: &&Call| other.request == call.request && other.sender == call.sender;
        let Some(again) = calls[number + 1..].iter().find(same) else { continue };
        let seconds = again.started.as_second() - call.started.as_second();
        let waited = again.started.duration_since(call.started).as_millis();
        if waited < i128::from(call.total_ms) && waited < i128::from(PATIENCE_MS) {
            add(
                "CR-08",
                format!(
                    "call {} repeats call {}, which was given up after {waited} ms, at least {PATIENCE_MS} ms",
                    again.id, call.id
                ),
            );
            continue;
        }
        if call.outcome != "ok" && seconds < REPEAT_SECONDS {
            add(
                "CR-09",
                format!(
                    "call {} repeats call {} after a fault and {seconds} s, at least {REPEAT_SECONDS} s",
                    again.id, call.id
                ),
            );
        }
        if call.outcome == "ok" && call.answer.contains(">ERROR<") {
            add(
                "CR-09",
                format!("call {} repeats call {}, which was answered with resultCode ERROR", again.id, call.id),
            );
        }
    }
    for (number, call) in calls.iter().enumerate() {
        let sent = call.headers.contains_key("x-skltp-correlation-id");
        if sent && calls[..number].iter().any(|other| other.correlation_id == call.correlation_id) {
            add("CR-12", format!("call {} has the correlation id of one before it", call.id));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: u64, second: i64, address: &str, outcome: &str) -> Call {
        let request = format!(
            "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header><r:LogicalAddress xmlns:r='{REGISTRY}'>{address}</r:LogicalAddress></e:Header><e:Body><a/></e:Body></e:Envelope>"
        );
        Call {
            id,
            started: Timestamp::from_second(second).unwrap(),
            outcome: outcome.to_owned(),
            headers: [("content-type".to_owned(), "text/xml; charset=UTF-8".to_owned())].into(),
            request,
            ..Call::default()
        }
    }

    fn rules(found: &[Observation]) -> Vec<&str> {
        found.iter().map(|one| one.rule.as_str()).collect()
    }

    #[test]
    fn a_call_is_judged_by_what_the_record_shows() {
        assert_eq!(rules(&of_call(&call(1, 0, "SE1", "ok"), None)), [""; 0]);
        assert_eq!(rules(&of_call(&call(1, 0, "", "ok"), None)), ["CR-01"]);
        assert_eq!(rules(&of_call(&call(1, 0, "SE1", "VP007"), None)), ["CR-11"]);
        let written = |charset: &str, declaration: &str| {
            let plain = call(1, 0, "SE1", "ok");
            Call {
                headers: [("content-type".to_owned(), format!("text/xml; charset={charset}"))].into(),
                request: format!("{declaration}{}", plain.request),
                ..plain
            }
        };
        for (charset, declaration, is_true) in [
            ("UTF-8", "<?xml version='1.0' encoding='utf-8'?>", true),
            ("UTF-8", "<?xml version=\"1.0\"?>", true),
            ("UTF-16", "\u{feff}<?xml version=\"1.0\" encoding = \"UTF-16\"?>", true),
            ("UTF-8", "<?xml version='1.0' encoding='ISO-8859-1'?>", false),
            ("UTF-16", "<!-- \u{fffd} -->", false),
            ("UTF-8", "<!-- \u{fffd} -->", true),
        ] {
            let expected: &[&str] = if is_true { &[] } else { &["CR-06"] };
            assert_eq!(rules(&of_call(&written(charset, declaration), None)), expected, "{charset} {declaration}");
        }
        let opaque = Call { request: String::new(), is_opaque: true, ..written("UTF-8", "") };
        assert_eq!(rules(&of_call(&opaque, None)), ["CR-06"]);
        let told = Call { target: "/x?p=191212121212".to_owned(), headers: [].into(), ..call(1, 0, "SE1", "ok") };
        assert_eq!(rules(&of_call(&told, None)), ["CR-07", "CR-06"]);
    }

    #[test]
    fn an_original_consumer_is_named_where_it_must_and_nowhere_else() {
        let named = {
            let mut call = call(1, 0, "SE1", "ok");
            call.headers.insert("x-rivta-original-serviceconsumer-hsaid".to_owned(), "SE-O".to_owned());
            call
        };
        let plain = call(1, 0, "SE1", "ok");
        for (call, wanted, broken) in [
            (&named, Some(false), true),
            (&named, Some(true), false),
            (&plain, Some(true), true),
            (&plain, None, false),
        ] {
            assert_eq!(of_original_consumer(call, wanted).is_some(), broken, "{wanted:?}");
        }
    }

    #[test]
    fn calls_are_counted_by_the_hour_and_at_once() {
        let at = |second: i64, lasted: u64| (Timestamp::from_second(second).unwrap(), Duration::from_secs(lasted));
        let moments = [at(0, 10), at(5, 30), at(9, 1), at(3_599, 1), at(3_600, 1)];
        let both = |hour: usize, together: usize| of_load(&moments, Some(hour), Some(together));
        // Four in the first hour; the first ends as the fourth begins. Three at the ninth second.
        let said = |hour: &str, together: &str| (hour.to_owned(), together.to_owned());
        let (hour, together) =
            said("4 calls within an hour, 4 are declared", "3 calls at the same time, 3 are declared");
        assert_eq!(both(4, 3), [Ok(hour), Ok(together)]);
        let (hour, together) =
            said("4 calls within an hour, 3 are declared", "3 calls at the same time, 2 are declared");
        assert_eq!(both(3, 2), [Err(hour), Err(together)]);
        assert_eq!(of_load(&moments, None, None), []);
        assert_eq!(of_load(&[], Some(0), None), [Ok("0 calls within an hour, 0 are declared".to_owned())]);
    }

    #[test]
    fn a_consumer_that_asks_again_before_it_was_answered_gave_up() {
        let both = |second, outcome, total_ms| {
            of_calls(&[Call { total_ms, ..call(1, 0, "SE1", outcome) }, call(2, second, "SE1", "ok")])
        };
        assert_eq!(rules(&both(10, "VP009", 30_000)), ["CR-08"]);
        assert_eq!(rules(&both(29, "ok", 29_500)), ["CR-08"]);
        assert_eq!(rules(&both(30, "VP009", 30_500)), ["CR-09"], "it waited, and asked again too soon");
        assert_eq!(rules(&both(30, "ok", 25_000)), [""; 0]);
    }

    #[test]
    fn repetitions_wait_five_minutes_after_a_fault() {
        let both = |second, outcome| of_calls(&[call(1, 0, "SE1", outcome), call(2, second, "SE1", "ok")]);
        assert_eq!(rules(&both(299, "fault")), ["CR-09"]);
        assert_eq!(rules(&both(300, "fault")), [""; 0]);
        assert_eq!(rules(&both(1, "ok")), [""; 0]);
    }
}
