//! Who a consumer says it is, and whom it takes the platform for: CR-04 and FT-20. Pure.

use std::collections::BTreeMap;

use super::hub::{Call, Certificate};
use crate::qa::verdict::Verdict;

/// In the hub's words, who is known by the certificate of the handshake.
const BY_CERTIFICATE: &str = "client certificate";
/// TLS 1.2 and later, as the record names them.
const VERSIONS: [&str; 2] = ["TLSv1_2", "TLSv1_3"];

/// Spellings that the catalogue has an HSA-id registered under, by HSA-id; or why it could not be asked.
pub type Registered = BTreeMap<String, Result<Vec<String>, String>>;

/// Whether a call came with a client certificate.
pub fn is_shown(call: &Call) -> bool {
    call.identified_by.as_deref() == Some(BY_CERTIFICATE)
}

/// CR-04: who calls is told by a client certificate of its own, over TLS 1.2 or later, and its subject names the component
/// under test as the catalogue has it registered. Nothing is said where the hub knows the consumer otherwise and nobody
/// demands a certificate.
pub fn of_certificate(
    calls: &[Call],
    is_demanded: bool,
    component: &str,
    registered: &Registered,
) -> Vec<(Verdict, String)> {
    let mut found: Vec<(Verdict, String)> =
        calls.iter().filter(|call| is_shown(call)).flat_map(|call| of_call(call, component, registered)).collect();
    let without = calls.iter().find(|call| !is_shown(call));
    match without {
        Some(call) if is_demanded => {
            let by = call.identified_by.as_deref().unwrap_or("nothing");
            let text = format!("call {} came without a client certificate: the consumer is known by {by}", call.id);
            found.push((Verdict::Fail, text));
        }
        None if found.is_empty() && !calls.is_empty() => {
            let text = format!("{} calls with a client certificate, whose subject names {component}", calls.len());
            found.push((Verdict::Pass, text));
        }
        _ => {}
    }
    // Every call of a consumer says the same.
    let mut told = std::collections::BTreeSet::new();
    found.retain(|(_, text)| told.insert(text.split_once(": ").map_or(text.clone(), |(_, what)| what.to_owned())));
    found
}

fn of_call(call: &Call, component: &str, registered: &Registered) -> Vec<(Verdict, String)> {
    let mut found = Vec::new();
    let sender = call.sender.as_deref().unwrap_or_default();
    let subject = call.handshake.as_ref().map_or("not recorded", |handshake| &handshake.client_subject);
    let mut add = |verdict, text: String| found.push((verdict, format!("call {}: {text}", call.id)));
    if let Some(handshake) = &call.handshake
        && !VERSIONS.contains(&handshake.version.as_str())
    {
        add(Verdict::Fail, format!("expected TLS 1.2 or later, got {}", handshake.version));
    }
    if sender != component {
        add(Verdict::Fail, format!("expected the component {component} in the subject, got {sender} ({subject})"));
    }
    match registered.get(sender) {
        Some(Ok(names)) if names.iter().any(|name| name == sender) => {}
        Some(Ok(names)) => {
            let expected = match names.first() {
                Some(name) => format!("{name} as the catalogue has it registered"),
                None => "a component that is registered in the catalogue".to_owned(),
            };
            add(Verdict::Fail, format!("expected {expected}, got {sender} ({subject})"));
        }
        Some(Err(why)) => add(Verdict::Error, format!("the catalogue cannot be asked about {sender}: {why}")),
        None => {}
    }
    found
}

/// FT-20: the consumer goes on calling once the platform shows another certificate than `before`; `now` is what it shows
/// when the wait is over.
pub fn of_renewal(before: &[Certificate], now: &[Certificate], calls: &[Call]) -> (Verdict, String) {
    let renewed = calls.iter().find_map(|call| Some((call, renewed(call, before)?)));
    if let Some((call, shown)) = renewed {
        let text = format!(
            "call {} came over the renewed certificate, sha256 {} ({}), before it was {}",
            call.id,
            shown.sha256,
            shown.subject,
            named(before)
        );
        return (Verdict::Pass, text);
    }
    if now.iter().all(|shown| is_among(shown, before)) {
        let text = format!(
            "the platform's certificate was not renewed while the case waited: expected another than {}",
            named(before)
        );
        return (Verdict::Error, text);
    }
    let last = calls.last().map_or_else(String::new, |call| {
        let over = call.handshake.as_ref().map_or("came without TLS".to_owned(), |handshake| {
            format!("came over sha256 {}", handshake.server_certificate.sha256)
        });
        format!("; the last, call {}, {over}", call.id)
    });
    (Verdict::Fail, format!("expected a call over the renewed certificate, {}, got none{last}", named(now)))
}

/// The certificate of a call, where it is none of those before.
pub fn renewed<'c>(call: &'c Call, before: &[Certificate]) -> Option<&'c Certificate> {
    let shown = &call.handshake.as_ref()?.server_certificate;
    (!is_among(shown, before)).then_some(shown)
}

fn is_among(shown: &Certificate, others: &[Certificate]) -> bool {
    others.iter().any(|other| other.sha256 == shown.sha256)
}

fn named(certificates: &[Certificate]) -> String {
    let mut names: Vec<String> = certificates.iter().map(|one| format!("sha256 {}", one.sha256)).collect();
    names.dedup();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::consumer::hub::Handshake;

    fn certificate(sha256: &str) -> Certificate {
        Certificate { sha256: sha256.to_owned(), subject: "CN=tp".to_owned(), ..Certificate::default() }
    }

    fn call(id: u64, sender: &str, version: &str, shown: &str) -> Call {
        let handshake = Handshake {
            version: version.to_owned(),
            client_subject: format!("SERIALNUMBER={sender}"),
            server_certificate: certificate(shown),
        };
        Call {
            id,
            sender: Some(sender.to_owned()),
            identified_by: Some(BY_CERTIFICATE.to_owned()),
            handshake: Some(handshake),
            ..Call::default()
        }
    }

    #[test]
    fn a_certificate_names_the_registered_component_or_it_is_said_what_it_names() {
        let plain = Call { identified_by: Some("internal headers".to_owned()), ..Call { id: 2, ..Call::default() } };
        let known = |names: &[&str]| {
            Registered::from([("SE-A".to_owned(), Ok(names.iter().map(|name| (*name).to_owned()).collect()))])
        };
        let good = call(1, "SE-A", "TLSv1_3", "aa");
        let passed = (Verdict::Pass, "1 calls with a client certificate, whose subject names SE-A".to_owned());
        let failed = |text: &str| vec![(Verdict::Fail, text.to_owned())];
        let one = std::slice::from_ref(&good);
        assert_eq!(of_certificate(one, true, "SE-A", &known(&["SE-A"])), [passed]);
        assert_eq!(
            of_certificate(one, false, "SE-A", &known(&[])),
            failed("call 1: expected a component that is registered in the catalogue, got SE-A (SERIALNUMBER=SE-A)")
        );
        assert_eq!(
            of_certificate(one, false, "SE-A", &known(&["se-a"])),
            failed("call 1: expected se-a as the catalogue has it registered, got SE-A (SERIALNUMBER=SE-A)")
        );
        assert_eq!(
            of_certificate(one, false, "SE-a", &known(&["SE-A"])),
            failed("call 1: expected the component SE-a in the subject, got SE-A (SERIALNUMBER=SE-A)")
        );
        assert_eq!(
            of_certificate(&[call(1, "SE-A", "TLSv1_1", "aa")], false, "SE-A", &known(&["SE-A"])),
            failed("call 1: expected TLS 1.2 or later, got TLSv1_1")
        );
        let asked = Registered::from([("SE-A".to_owned(), Err("down".to_owned()))]);
        assert_eq!(of_certificate(one, false, "SE-A", &asked)[0].0, Verdict::Error);
        // The same of every call is said once.
        let twice = [good.clone(), Call { id: 2, ..good.clone() }];
        assert_eq!(of_certificate(&twice, false, "SE-A", &known(&[])).len(), 1);
        let mixed = [good, plain];
        assert_eq!(of_certificate(&mixed, false, "SE-A", &known(&["SE-A"])), []);
        let without = "call 2 came without a client certificate: the consumer is known by internal headers";
        assert_eq!(of_certificate(&mixed, true, "SE-A", &known(&["SE-A"])), failed(without));
        assert_eq!(of_certificate(&[], true, "SE-A", &known(&["SE-A"])), []);
    }

    #[test]
    fn a_renewed_certificate_is_taken_or_not_or_there_was_none() {
        let (before, after) = ([certificate("aa")], [certificate("bb")]);
        let old = call(1, "SE-A", "TLSv1_3", "aa");
        let new = call(2, "SE-A", "TLSv1_3", "bb");
        let (verdict, text) = of_renewal(&before, &after, &[old.clone(), new]);
        assert_eq!(verdict, Verdict::Pass);
        assert_eq!(text, "call 2 came over the renewed certificate, sha256 bb (CN=tp), before it was sha256 aa");
        let (verdict, text) = of_renewal(&before, &after, std::slice::from_ref(&old));
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(
            text,
            "expected a call over the renewed certificate, sha256 bb, got none; the last, call 1, came over sha256 aa"
        );
        let plain = Call { handshake: None, ..old.clone() };
        assert!(of_renewal(&before, &after, &[plain]).1.ends_with("the last, call 1, came without TLS"));
        assert_eq!(of_renewal(&before, &before, &[old]).0, Verdict::Error);
    }
}
