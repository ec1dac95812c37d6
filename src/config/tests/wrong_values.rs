//! Each way to write a setting wrongly, and the whole message it gets.

use super::Case;

/// One `anslut.toml` and its only problem.
fn check(toml: &str, expected: &str) {
    assert_eq!(Case::new(toml).problems(), [expected], "{toml}");
}

#[test]
fn a_value_of_the_wrong_kind() {
    for (toml, expected) in [
        (
            "[hub]\ncalls_max = \"many\"",
            "anslut.toml:2: error: hub.calls_max is \"many\"; expected a whole number from 1 to 1000000",
        ),
        (
            "[hub]\ncalls_max = \"5\"",
            "anslut.toml:2: error: hub.calls_max is \"5\"; expected a whole number from 1 to 1000000",
        ),
        (
            "[hub]\ncalls_max = 0",
            "anslut.toml:2: error: hub.calls_max is the integer 0; expected a whole number from 1 to 1000000",
        ),
        (
            "[hub]\ncalls_max = 1.5",
            "anslut.toml:2: error: hub.calls_max is a float; expected a whole number from 1 to 1000000",
        ),
        (
            "[hub]\nidle_timeout_ms = 99999999999999999999",
            "anslut.toml:2: error: hub.idle_timeout_ms is an integer beyond 64 bits; \
             expected a whole number of milliseconds from 1 to 86400000",
        ),
        (
            "[records]\nbytes_max = -1",
            "anslut.toml:2: error: records.bytes_max is the integer -1; \
             expected a whole number of bytes from 0 to 1099511627776",
        ),
        ("[log]\npayload = 1", "anslut.toml:2: error: log.payload is the integer 1; expected true or false"),
        ("[log]\npayload = \"true\"", "anslut.toml:2: error: log.payload is \"true\"; expected true or false"),
        (
            "[listen]\nadmin = 9090",
            "anslut.toml:2: error: listen.admin is the integer 9090; \
             expected an address such as \"127.0.0.1:8080\", \":0\" or \"off\"",
        ),
        (
            "[listen]\nadmin = \"example.org:80\"",
            "anslut.toml:2: error: listen.admin is \"example.org:80\"; \
             expected an address such as \"127.0.0.1:8080\", \":0\" or \"off\"",
        ),
        ("[hub]\ndemo_sender = true", "anslut.toml:2: error: hub.demo_sender is the boolean true; expected a string"),
        (
            "[hub]\ndemo_sender = [1]",
            "anslut.toml:2: error: hub.demo_sender is an array that holds more than strings; expected a string",
        ),
        (
            "[log]\nmessages = \"\"",
            "anslut.toml:2: error: log.messages is \"\"; expected off, stdout, stderr, or a file",
        ),
        ("[admin]\ntoken = \"\"", "anslut.toml:2: error: admin.token is empty; expected a text that is hard to guess"),
        ("[admin]\ntoken = 7", "anslut.toml:2: error: admin.token is ***; expected a string"),
    ] {
        check(toml, expected);
    }
}

#[test]
fn a_property_of_the_wrong_kind() {
    for (property, expected) in [
        (
            "\"vp.producer.retry.delay\" = \"2s\"",
            "properties.vp.producer.retry.delay is \"2s\"; expected a whole number of milliseconds from 0 to 86400000",
        ),
        (
            "\"propagate.correlation.id.for.https\" = \"yes\"",
            "properties.propagate.correlation.id.for.https is \"yes\"; expected true or false",
        ),
        (
            "\"propagate.correlation.id.for.https\" = \"\"",
            "properties.propagate.correlation.id.for.https is \"\"; expected true or false",
        ),
        (
            "\"certificate.senderid.subject.pattern\" = \"OU=[^,]+\"",
            "properties.certificate.senderid.subject.pattern is \"OU=[^,]+\"; expected a regular expression with a group",
        ),
        (
            "\"headers.reg.exp.requestHeadersToRemove\" = \"a)|(b\"",
            "properties.headers.reg.exp.requestHeadersToRemove is \"a)|(b\" (unopened group); \
             expected a regular expression",
        ),
        (
            "\"http.forwarded.header.xfor\" = \"X Forwarded\"",
            "properties.http.forwarded.header.xfor is \"X Forwarded\"; expected the name of a header",
        ),
        (
            "\"vp.header.user.agent\" = \"a\\nb\"",
            "properties.vp.header.user.agent is \"a\\nb\"; expected a header value: printable characters",
        ),
        ("\"vp.logging.style\" = \"JSON\"", "properties.vp.logging.style is \"JSON\"; expected one of ECS, LEGACY"),
        ("\"vp.instance.id\" = 2026-01-01", "properties.vp.instance.id is a date or time; expected a string"),
    ] {
        check(&format!("[properties]\n{property}"), &format!("anslut.toml:2: error: {expected}"));
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    for (toml, expected) in [
        ("[hub]\ncals_max = 1", "anslut.toml:2: error: unknown key \"hub.cals_max\"; did you mean \"hub.calls_max\"?"),
        ("hub_http = \":0\"", "anslut.toml:1: error: unknown key \"hub_http\"; did you mean \"listen.hub_http\"?"),
        (
            "\"vp.instance.id\" = \"X\"",
            "anslut.toml:1: error: unknown key \"vp.instance.id\"; expected it in the table [properties]",
        ),
        ("[weather]\nrain = true", "anslut.toml:2: error: unknown key \"weather.rain\""),
        ("[lisen]", "anslut.toml:1: error: unknown table \"lisen\"; did you mean \"listen\"?"),
        ("[listen]", ""),
    ] {
        let problems = Case::new(toml).problems();
        assert_eq!(problems, if expected.is_empty() { vec![] } else { vec![expected.to_owned()] }, "{toml}");
    }
    let flags = Case::new("").set("listen.hub_htp=:0").set("vp.instnce.id=X").set("nonsense");
    assert_eq!(
        flags.problems(),
        [
            "--set: error: unknown key \"listen.hub_htp\"; did you mean \"listen.hub_http\"?",
            "--set: error: unknown key \"vp.instnce.id\"; did you mean \"vp.instance.id\"?",
            "--set: error: \"nonsense\" has no \"=\"; expected KEY=VALUE, such as listen.hub_http=127.0.0.1:18080",
        ]
    );
}

#[test]
fn an_unknown_property_is_kept_with_a_warning() {
    let case = Case::new("[properties]\n\"vp.instans.id\" = \"X\"\n\"my.own\" = \"Y\"");
    assert_eq!(
        case.problems(),
        [
            "anslut.toml:2: warning: unknown property \"vp.instans.id\"; did you mean \"vp.instance.id\"?; \
             it is kept, but nothing reads it",
            "anslut.toml:3: warning: unknown property \"my.own\"; it is kept, but nothing reads it",
        ]
    );
    assert_eq!(case.load().settings.unwrap().properties["my.own"], "Y");
    assert_eq!(case.shown("properties.my.own"), (Some("Y".to_owned()), "anslut.toml:3".to_owned()));
}

#[test]
fn a_property_without_effect_is_noted() {
    check(
        "[properties]\n\"vp.connection.timeout\" = \"1\"",
        "anslut.toml:2: warning: properties.vp.connection.timeout is accepted, without effect: \
         the reference platform ignores it as well",
    );
    check(
        "[properties]\n\"vp.http.route.url\" = \"http://0.0.0.0:8080/vp\"",
        "anslut.toml:2: warning: properties.vp.http.route.url is accepted, without effect: here listen.hub_http decides",
    );
}

#[test]
fn variables_that_are_no_settings_are_warned_of() {
    let case = Case::new("")
        .variable("ANSLUT_LISTEN__HUB_HTP", ":0")
        .variable("ANSLUT_DATA", "/tmp/x")
        .variable("ANSLUT_CORPUS", "/tmp/y")
        .variable("PATH", "/bin")
        .variable("ANSLUT_HUB__CALLS_MAX", "x");
    assert_eq!(
        case.problems(),
        [
            "ANSLUT_HUB__CALLS_MAX: error: hub.calls_max is \"x\"; expected a whole number from 1 to 1000000",
            "ANSLUT_LISTEN__HUB_HTP: warning: no setting has this variable; did you mean \"ANSLUT_LISTEN__HUB_HTTP\"?; \
             it is ignored",
        ]
    );
}

#[test]
fn every_problem_comes_in_one_go() {
    let case = Case::new("[hub]\ncalls_max = 0\nx = 1\n[log]\npayload = 1").set("hub.pool_idle_max=-1");
    let problems = case.problems();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert_eq!(case.load().settings.unwrap_err().to_string(), "the settings hold 4 errors");
}

#[test]
fn a_file_that_is_not_toml() {
    let problems = Case::new("[hub\ncalls_max = 1\nx = = 2\n").problems();
    assert!(problems.len() >= 2, "{problems:?}");
    assert!(problems[0].starts_with("anslut.toml:1: error: "), "{problems:?}");
    assert!(problems.iter().any(|problem| problem.starts_with("anslut.toml:3: error: ")), "{problems:?}");
}

#[test]
fn a_property_written_twice() {
    check(
        "[properties]\n\"vp.instance.id\" = \"A\"\nvp.instance.id = \"B\"",
        "anslut.toml:3: error: properties.vp.instance.id is written twice, the first time on line 2",
    );
}

#[test]
fn files_have_a_largest_size() {
    let long = format!("# {}", "x".repeat(256 * 1024));
    check(&long, "anslut.toml: error: 262146 bytes long; expected at most 262144");
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    for toml in
        [format!("{}b = 1", "a.".repeat(20_000)), format!("a = {}", "[".repeat(20_000)), "a = {b=".repeat(20_000)]
    {
        let loaded = Case::new(&toml).load();
        assert!(loaded.settings.is_err());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_panics_the_loader(
        toml in "(\\[{1,2}[a-z.]{0,8}\\]{1,2}\n|[a-z_.\"]{1,12} ?= ?(\"[^\"]{0,8}\"|[0-9.-]{1,5}|\\[|\\{|true)\n|\\PC{0,10}\n){0,6}",
        key in "(hub\\.calls_max|listen\\.admin|ip\\.whitelist|certificate\\.senderid\\.subject\\.pattern|vp\\.logging\\.style|\\PC{0,8})",
        value in "\\PC{0,12}",
    ) {
        let loaded = Case::new(&toml).set(&format!("{key}={value}")).load();
        let errors = loaded.problems.iter().filter(|problem| problem.is_error()).count();
        proptest::prop_assert_eq!(loaded.settings.is_err(), errors > 0);
    }
}
