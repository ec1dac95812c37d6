//! The table itself: what would make one key mean two things.

use std::collections::HashSet;

use crate::config::table::{Kind, Setting, all, find};

#[test]
fn keys_and_variables_are_unique() {
    let keys: Vec<&str> = all().map(|setting| setting.key).collect();
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    let variables: Vec<String> = all().map(Setting::variable).collect();
    assert_eq!(variables.iter().collect::<HashSet<_>>().len(), variables.len());
}

#[test]
fn variables_are_named_by_rule() {
    let variable = |key: &str| find(key).unwrap().variable();
    assert_eq!(variable("listen.hub_http"), "ANSLUT_LISTEN__HUB_HTTP");
    assert_eq!(variable("tls.producer.ca"), "ANSLUT_TLS__PRODUCER__CA");
    assert_eq!(variable("properties.vp.instance.id"), "ANSLUT_PROPERTIES__VP_INSTANCE_ID");
    assert_eq!(
        variable("properties.update-notification.not.allowed.hsaid.list"),
        "ANSLUT_PROPERTIES__UPDATE_NOTIFICATION_NOT_ALLOWED_HSAID_LIST"
    );
}

#[test]
fn families_cover_their_members_and_nothing_else() {
    for (key, row) in [
        ("properties.vp.tls.overrides[0].match.port", Some("vp.tls.overrides*")),
        ("properties.tp.tls.store.truststore.password", Some("tp.tls.store.*.password")),
        ("properties.tp.tls.store.truststore.file", Some("tp.tls.store.*")),
        ("properties.tp.tls.store.location", Some("tp.tls.store.location")),
        ("properties.getaggregateddiagnosis.v2.receiveTimeout", Some("*.receiveTimeout")),
        ("catalogue.users.anna", Some("catalogue.users.*")),
        ("catalogue.users.", None),
        ("properties.listen.hub_http", None),
        ("vp.instance.id", None),
    ] {
        assert_eq!(find(key).map(|setting| setting.key), row, "{key}");
    }
}

#[test]
fn every_row_says_what_it_is_for() {
    for setting in all() {
        assert!(!setting.doc.is_empty() && !setting.doc.ends_with('.'), "{}", setting.key);
        assert!(!(setting.is_family() && setting.default.is_some()), "{} is a family with a default", setting.key);
        if let Kind::Number { min, max, .. } = setting.kind {
            assert!(min < max, "{}", setting.key);
        }
    }
}
