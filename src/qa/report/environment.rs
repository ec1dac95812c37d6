//! `environment.json` of a bundle: what a run was made in, by versions and fingerprints (`qa.md` §8.5). All of it stands in
//! the run, so that the same run gives the same bytes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::qa::result::{RunDocument, Target};

/// The document.
#[derive(Debug, Serialize)]
pub(super) struct Environment<'r> {
    #[serde(flatten)]
    target: &'r Target,
    /// Program and version of the platform; nothing where no platform was asked.
    platform: Option<&'r str>,
    /// Nothing where no platform was asked, or its catalogue has no published version.
    catalogue_version: Option<u32>,
    /// When that was published.
    catalogue_published: Option<String>,
    contracts: Vec<Contract<'r>>,
    certificates: Vec<Certificate<'r>>,
    /// What is not known, and why.
    unknown: Vec<&'r str>,
}

/// A contract of the run.
#[derive(Debug, Default, Serialize)]
struct Contract<'r> {
    namespace: &'r str,
    /// As the suite carries it.
    suite_version: Option<&'r str>,
    /// As the platform has it.
    platform_version: Option<&'r str>,
}

/// A certificate that was shown.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Certificate<'r> {
    /// `client` for the tester's own, else the platform's listener.
    of: &'r str,
    sha256: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<&'r str>,
}

/// What a run was made in.
pub(super) fn of(run: &RunDocument) -> Environment<'_> {
    let seen = run.platform.as_ref();
    let catalogue = seen.and_then(|seen| seen.catalogue.as_ref());
    let mut contracts: BTreeMap<&str, Contract<'_>> = BTreeMap::new();
    for suite in &run.suite {
        let Some(namespace) = &suite.contract else { continue };
        let contract = contracts.entry(namespace).or_default();
        (contract.namespace, contract.suite_version) = (namespace.as_str(), suite.contract_version.as_deref());
    }
    for told in seen.iter().flat_map(|seen| &seen.contracts) {
        let contract = contracts.entry(&told.namespace).or_default();
        (contract.namespace, contract.platform_version) = (told.namespace.as_str(), Some(told.version.as_str()));
    }
    let own = run.target.certificate_sha256.as_deref();
    let own = own.map(|sha256| Certificate { of: "client", sha256, subject: None, not_after: None });
    let shown = seen.iter().flat_map(|seen| &seen.certificates).map(|shown| Certificate {
        of: &shown.listener,
        sha256: &shown.sha256,
        subject: Some(&shown.subject),
        not_after: Some(&shown.not_after),
    });
    let unknown = match seen {
        Some(seen) => seen.unknown.iter().map(String::as_str).collect(),
        None => vec!["no platform was asked: the run named none"],
    };
    Environment {
        target: &run.target,
        platform: seen.and_then(|seen| seen.program.as_deref()),
        catalogue_version: catalogue.map(|catalogue| catalogue.version),
        catalogue_published: catalogue.map(|catalogue| catalogue.time.to_string()),
        contracts: contracts.into_values().collect(),
        certificates: own.into_iter().chain(shown).collect(),
        unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown(platform: Value) -> Value {
        let run = json!({"schema": "anslut.qa.run/1", "id": "r", "verdict": "pass", "started": "2026-03-01T12:00:00Z",
            "finished": "2026-03-01T12:00:01Z", "preparatory": false, "cases": [], "idioms": {}, "not_run": [],
            "suite": [{"name": "A", "contract": "urn:a:1", "contract_version": "1.2", "files": []},
                {"name": "mock", "contract": null, "files": []}],
            "target": {"url": "http://p/", "environment": "QA", "certificate_sha256": "cc"}, "platform": platform,
            "totals": {"cases": 0, "pass": 0, "fail": 0, "error": 0, "skip": 0, "not_run": 0, "waiting": 0, "score": 0.0},
            "program": "anslut 0"});
        let run: RunDocument = serde_json::from_value(run).unwrap();
        serde_json::to_value(of(&run)).unwrap()
    }

    #[test]
    fn versions_and_fingerprints_are_those_the_run_saw() {
        let platform = json!({"program": "anslut 0.1.0", "catalogue": {"version": 7, "time": "2026-02-01T08:00:00Z"},
            "contracts": [{"namespace": "urn:a:1", "version": "1.3"}],
            "certificates": [{"listener": "hub_https", "sha256": "aa", "subject": "CN=tp", "not_after": "2030-01-01T00:00:00Z"}]});
        let client = json!({"of": "client", "sha256": "cc"});
        assert_eq!(
            shown(platform),
            json!({"url": "http://p/", "environment": "QA", "certificate_sha256": "cc", "platform": "anslut 0.1.0",
                "catalogue_version": 7, "catalogue_published": "2026-02-01T08:00:00Z",
                "contracts": [{"namespace": "urn:a:1", "suite_version": "1.2", "platform_version": "1.3"}],
                "certificates": [client, {"of": "hub_https", "sha256": "aa", "subject": "CN=tp", "not_after": "2030-01-01T00:00:00Z"}],
                "unknown": []})
        );
        let alone = shown(Value::Null);
        assert_eq!((&alone["catalogue_version"], &alone["platform"]), (&Value::Null, &Value::Null));
        assert_eq!(
            alone["contracts"],
            json!([{"namespace": "urn:a:1", "suite_version": "1.2", "platform_version": null}])
        );
        assert_eq!(alone["certificates"], json!([client]));
        assert_eq!(alone["unknown"], json!(["no platform was asked: the run named none"]));
    }
}
