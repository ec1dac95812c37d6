//! Flag > environment > file > default, and where each value says it came from.

use super::Case;

const VARIABLE: &str = "ANSLUT_LISTEN__HUB_HTTP";

#[test]
fn the_place_further_up_wins_and_is_named() {
    let file = || Case::new("[listen]\n\nhub_http = \"127.0.0.1:1001\"\n");
    let port = |case: &Case| case.settings().listen.hub_http.unwrap().port();

    let nothing = Case::new("");
    assert_eq!(port(&nothing), 8080);
    assert_eq!(nothing.shown("listen.hub_http"), (Some("127.0.0.1:8080".to_owned()), "default".to_owned()));

    let written = file();
    assert_eq!(port(&written), 1001);
    assert_eq!(written.shown("listen.hub_http").1, "anslut.toml:3");

    let variable = file().variable(VARIABLE, "127.0.0.1:1002");
    assert_eq!(port(&variable), 1002);
    assert_eq!(variable.shown("listen.hub_http").1, VARIABLE);

    let flag = file().variable(VARIABLE, "127.0.0.1:1002").set("listen.hub_http=127.0.0.1:1003");
    assert_eq!(port(&flag), 1003);
    assert_eq!(flag.shown("listen.hub_http"), (Some("127.0.0.1:1003".to_owned()), "--set".to_owned()));
}

#[test]
fn the_last_of_two_flags_wins() {
    let case = Case::new("").set("hub.calls_max=1").set("hub.calls_max=2");
    assert_eq!(case.settings().hub.limits.calls_max, 2);
}

#[test]
fn a_property_is_set_under_every_name_it_has() {
    for case in [
        Case::new("[properties]\n\"vp.instance.id\" = \"X\""),
        Case::new("[properties]\nvp.instance.id = \"X\""),
        Case::new("[properties.vp.instance]\nid = \"X\""),
        Case::new("").variable("ANSLUT_PROPERTIES__VP_INSTANCE_ID", "X"),
        Case::new("").set("vp.instance.id=X"),
        Case::new("").set("properties.vp.instance.id=X"),
    ] {
        assert_eq!(case.settings().hub.instance_id, "X");
        assert_eq!(case.shown("properties.vp.instance.id").0.as_deref(), Some("X"));
    }
}

#[test]
fn the_empty_text_counts_as_set() {
    let case = Case::new("[properties]\n\"ip.whitelist\" = \"127.0.0.1\"").set("ip.whitelist=");
    assert!(case.settings().hub.whitelist.is_empty());
    let case = Case::new("").variable("ANSLUT_PROPERTIES__DEFAULTROUTING_DELIMITER", "");
    assert_eq!(case.settings().lookup.delimiter, "");
}

#[test]
fn a_value_may_hold_the_equals_sign() {
    let case = Case::new("").set("certificate.senderid.subject.pattern=OU=([^,]+)");
    let pattern = case.settings().hub.sender_pattern;
    assert_eq!(&pattern.captures("CN=x,OU=tp,O=y").unwrap()[1], "tp");
}

#[test]
fn platform_names_the_hub_unless_the_property_stands_as_high() {
    let platform = "[platform]\nname = \"NTjP-DEV\"\ninstance_id = \"P\"\ntak_platform = \"NTJP-TEST\"\n";
    let case = Case::new(platform);
    let settings = case.settings();
    assert_eq!((settings.hub.instance_id.as_str(), settings.hub.instance_name.as_str()), ("P", "NTjP-DEV"));
    assert_eq!(settings.platform.tak_platform.as_deref(), Some("NTJP-TEST"));

    let both = format!("{platform}[properties]\n\"vp.instance.id\" = \"V\"\n");
    assert_eq!(Case::new(&both).settings().hub.instance_id, "V");
    assert_eq!(Case::new(&both).set("platform.instance_id=F").settings().hub.instance_id, "F");
}

#[test]
fn secrets_are_never_shown() {
    let case = Case::new(
        "[admin]\ntoken = \"t0p\"\n[catalogue.users]\nanna = \"t0p\"\n[properties]\n\"x.password\" = \"t0p\"",
    );
    for key in ["admin.token", "catalogue.users.anna", "properties.x.password"] {
        assert_eq!(case.shown(key).0.as_deref(), Some("***"));
    }
    let loaded = case.load();
    assert!(!format!("{:?}", loaded.values).contains("t0p"));
    let settings = loaded.settings.unwrap();
    assert_eq!(settings.admin.token.as_deref(), Some("t0p"));
    assert_eq!(settings.catalogue_users["anna"], "t0p");
}
