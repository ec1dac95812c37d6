//! TLS as it is written (`vp.md` §8.2): overrides, bundles, and the named errors of those that cannot be meant.

use std::path::PathBuf;

use super::Case;
use crate::config::tls::{Identity, PROTOCOLS, SUITES, Trust};

fn properties(lines: &[&str]) -> Case {
    Case::new(&format!("[properties]\n{}\n", lines.join("\n")))
}

/// The only problem of a file, with its line.
fn only(case: &Case) -> String {
    let problems = case.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.into_iter().next().unwrap()
}

#[test]
fn nothing_written_is_everything_offered_and_nothing_held() {
    let tls = Case::new("").settings().tls;
    assert!(tls.lacks_material() && tls.outgoing.overrides.is_empty() && !tls.outgoing.verify_host);
    assert_eq!((tls.incoming.offer.protocols, tls.incoming.offer.suites), (PROTOCOLS.to_vec(), SUITES.to_vec()));
    let fidelity = Case::new("[tls]\nfidelity = true").settings().tls;
    assert_eq!(fidelity.incoming.offer.protocols, ["TLSv1.2"]);
    assert_eq!(fidelity.outgoing.default.offer.protocols, PROTOCOLS);
}

#[test]
fn overrides_are_read_in_order_whatever_the_spelling() {
    let case = properties(&[
        r#""vp.tls.overrides[10].name" = "ten""#,
        r#""vp.tls.overrides[10].match.domain-suffix" = ".se""#,
        r#""vp.tls.overrides[2].name" = "two""#,
        r#""vp.tls.overrides[2].match.domainName" = "p.example""#,
        r#""vp.tls.overrides[2].match.port" = "8443""#,
        r#""vp.tls.overrides[2].protocolsInclude[0]" = "TLSv1.2""#,
        r#""vp.tls.overrides[2].protocolsInclude[1]" = "TLSv1.1""#,
        r#""vp.tls.overrides[2].cipher-suites-exclude" = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_UNKNOWN""#,
    ]);
    let overrides = case.settings().tls.outgoing.overrides;
    let names: Vec<_> = overrides.iter().map(|one| one.profile.name.as_str()).collect();
    assert_eq!(names, ["two", "ten"]);
    assert!(overrides[0].matches.fits("P.example", 8443) && !overrides[0].matches.fits("p.example", 443));
    assert_eq!(overrides[0].profile.offer.protocols, ["TLSv1.2"]);
    assert_eq!(overrides[0].profile.offer.suites.len(), 5);
}

#[test]
fn what_cannot_be_meant_is_named_with_its_line() {
    let cases: [(&[&str], &str); 6] = [
        (
            &[
                r#""vp.tls.default-config.name" = "same""#,
                r#""vp.tls.overrides[0].name" = "same""#,
                r#""vp.tls.overrides[0].match.domain-name" = "p""#,
            ],
            "Duplicate TLS configuration names found: same",
        ),
        (
            &[r#""vp.tls.default-config.protocols-include" = "TLSv1,TLSv1.1""#],
            "vp.tls.default-config.protocols-include leaves no TLS version; expected TLSv1.3 or TLSv1.2",
        ),
        (
            &[r#""vp.tls.default-config.protocols-include" = "TLSv9""#],
            "vp.tls.default-config.protocols-include names \"TLSv9\"; expected TLSv1.3 or TLSv1.2",
        ),
        (
            &[
                r#""vp.tls.default-config.protocols-include" = "TLSv1.3""#,
                r#""vp.tls.default-config.cipher-suites-include" = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256""#,
            ],
            "vp.tls.default-config.cipher-suites-include leaves no cipher suite for TLSv1.3; expected one of \
             TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256",
        ),
        (
            &[r#""vp.tls.default-config.bundle" = "mine""#],
            "vp.tls.default-config.bundle names the bundle \"mine\", and there is none; expected keys such as \
             spring.ssl.bundle.pem.mine.keystore.certificate",
        ),
        (&[r#""vp.tls.overrides[3].match.domain-name" = "p""#], "vp.tls.overrides[3] has no name; it is passed over"),
    ];
    for (lines, expected) in cases {
        let problem = only(&properties(lines));
        assert!(problem.ends_with(expected) && problem.starts_with("anslut.toml:"), "{problem}\nexpected {expected}");
    }
    assert!(
        only(&Case::new("[tls]\nca = \"ca.pem\""))
            .ends_with("tls.ca is set and tls.cert is not; expected both, or neither for certificates of our own")
    );
    assert!(
        only(&Case::new("[tls.producer]\nkey = \"k.pem\""))
            .ends_with("tls.producer.key is set and tls.producer.cert is not; expected both")
    );
}

#[test]
fn key_stores_and_bundles_are_where_the_reference_has_them() {
    let case = properties(&[
        r#""tp.tls.store.location" = "classpath:/certs/""#,
        r#""tp.tls.store.producer.file" = "hub.p12""#,
        r#""tp.tls.store.producer.password" = "one""#,
        r#""tp.tls.store.truststore.file" = "trust.p12""#,
        r#""tp.tls.store.truststore.password" = "two""#,
        r#""vp.tls.default-config.bundle" = "other""#,
        r#""spring.ssl.bundle.jks.other.keystore.location" = "file:/etc/k.p12""#,
        r#""spring.ssl.bundle.jks.other.keystore.password" = "three""#,
        r#""spring.ssl.bundle.jks.other.truststore.location" = "t.p12""#,
    ]);
    let root = case.folder.path();
    let tls = case.settings().tls;
    assert_eq!(tls.incoming.material.identity, Some(Identity::Store(root.join("certs/hub.p12"), "one".to_owned())));
    assert_eq!(tls.incoming.material.trust, Some(Trust::Store(root.join("certs/trust.p12"), "two".to_owned())));
    let outgoing = tls.outgoing.default.material;
    assert_eq!(outgoing.identity, Some(Identity::Store(PathBuf::from("/etc/k.p12"), "three".to_owned())));
    assert_eq!(outgoing.trust, Some(Trust::Store(root.join("t.p12"), String::new())));
}
