//! What the settings are once built, and the rules between them.

use std::time::Duration;

use super::Case;
use crate::config::checked::{LogStyle, LogTarget, PlatformRole, Settings};
use crate::config::environment::Environment;
use crate::config::platforms::apart;
use crate::config::raw::load;
use crate::config::tls::{Identity, Trust};

#[test]
fn defaults_are_the_reference_platforms() {
    let settings = Case::new("").settings();
    let hub = &settings.hub;
    assert_eq!((hub.instance_id.as_str(), hub.instance_name.as_str()), ("dev_env", "SKLTP_DEFAULT_NAME"));
    assert_eq!(hub.whitelist, ["127.0.0.1"]);
    assert_eq!(hub.demo_sender, None);
    assert_eq!((hub.auth_cert.written.as_str(), hub.auth_cert.name.as_str()), ("x-vp-auth-cert", "x-vp-auth-cert"));
    assert_eq!(hub.limits.body_bytes_max, 15_728_640);
    assert_eq!(hub.limits.drain_timeout, Duration::from_secs(35));
    assert_eq!(hub.producer.retries, Some(1));
    assert_eq!(hub.producer.retry_delay, Duration::from_millis(2000));
    assert_eq!(hub.producer.timeout_default, Duration::from_millis(29_000));
    assert!(hub.producer.http.keep_alive && hub.use_routing_history && !hub.producer.chunked);
    assert_eq!(settings.lookup.delimiter, "#");
    assert!(settings.lookup.route_climb.climbs("urn:x") && settings.lookup.permission_climb.climbs("urn:x"));
    assert_eq!((settings.log.style, settings.log.messages), (LogStyle::Ecs, LogTarget::Stdout));
    assert_eq!((settings.tak_copy, settings.hsa_files), (None, None));
    assert_eq!(settings.records.body_bytes_max, 16_384);
}

#[test]
fn the_built_in_environment_loads_without_a_problem() {
    let loaded = load(&Environment::Demo, &[], &[]);
    assert_eq!(loaded.problems, []);
    assert!(loaded.settings.is_ok());
}

#[test]
fn header_patterns_match_the_whole_name_in_any_case() {
    let settings = Case::new("[properties]\n\"headers.reg.exp.responseHeadersToRemove\" = \"abc|d.*\"").settings();
    let request = settings.hub.request_headers;
    let (remove, keep) = (request.remove.unwrap(), request.keep.unwrap());
    for name in ["x-vp-sender-id", "X-VP-anything", "x-forwarded-for", "MULE_x", "CONNECTION", "Accept-Encoding"] {
        assert!(remove.is_match(name), "{name}");
    }
    assert!(!remove.is_match("my-x-vp-thing") && !remove.is_match("Connection-Id"));
    assert!(keep.is_match("X-VP-Sender-Id") && !keep.is_match("x-vp-sender-id-2"));
    let response = settings.hub.response_headers;
    let remove = response.remove.unwrap();
    assert!(remove.is_match("ABC") && remove.is_match("data") && !remove.is_match("xabc") && !remove.is_match("abcx"));
    assert!(response.keep.is_none());
}

#[test]
fn lists_are_trimmed_and_only_the_whitelist_knows_blank_entries() {
    let case = Case::new(
        "[properties]\n\"ip.whitelist\" = \" 10.0 ,10.1,\"\n\"sender.id.allowed.list\" = \"A, ,B\"\n\
         \"hsa.lookup.vagval.exceptedNamespaces\" = \"urn:a, urn:b\"",
    );
    let settings = case.settings();
    assert_eq!(settings.hub.whitelist, ["10.0", "10.1"]);
    assert_eq!(settings.hub.original_consumer_senders, ["A", "B"]);
    assert!(!settings.lookup.route_climb.climbs("urn:a:x") && settings.lookup.route_climb.climbs("urn:c"));

    let open = Case::new("[properties]\n\"ip.whitelist\" = \"10.0,,10.1\"");
    assert_eq!(
        open.problems(),
        ["anslut.toml:2: warning: ip.whitelist has a blank entry, which matches every address"]
    );
    assert_eq!(open.load().settings.unwrap().hub.whitelist, ["10.0", "", "10.1"]);
}

#[test]
fn odd_but_meant_values() {
    let settings = Case::new(
        "[properties]\n\"vp.producer.retry.attempts\" = -1\n\"vp.use.routing.history\" = \"TRUE\"\n\
         \"producer.http.disconnect\" = \"true\"\n\"vp.logging.style\" = \"legacy\"",
    )
    .settings();
    assert_eq!(settings.hub.producer.retries, None);
    assert!(!settings.hub.use_routing_history, "only the exact text true enables");
    assert!(!settings.hub.producer.http.keep_alive);
    assert_eq!(settings.log.style, LogStyle::Legacy);
}

#[test]
fn addresses() {
    let address = |text: &str| Case::new("").set(&format!("listen.hub_http={text}")).settings().listen.hub_http;
    assert_eq!(address("off"), None);
    assert_eq!(address(":0").unwrap().to_string(), "127.0.0.1:0");
    assert_eq!(address("localhost:81").unwrap().to_string(), "127.0.0.1:81");
    assert_eq!(address("0.0.0.0:81").unwrap().to_string(), "0.0.0.0:81");
    assert_eq!(address("[::1]:81").unwrap().to_string(), "[::1]:81");
}

#[test]
fn two_listeners_cannot_have_one_address() {
    let case = Case::new("[listen]\nhub_http = \"127.0.0.1:9090\"");
    assert_eq!(
        case.problems(),
        [
            "anslut.toml:2: error: listen.hub_http and listen.admin are both 127.0.0.1:9090; expected different addresses"
        ]
    );
    assert_eq!(Case::new("").set("listen.hub_http=:0").set("listen.admin=:0").problems(), Vec::<String>::new());
}

#[test]
fn admin_open_to_others_needs_a_token() {
    let open = || Case::new("[listen]\nadmin = \"0.0.0.0:9090\"");
    assert_eq!(
        open().problems(),
        ["anslut.toml:2: error: listen.admin is 0.0.0.0:9090, which others can reach, and admin.token is not set; \
          expected a token, or a loopback address"]
    );
    assert_eq!(open().set("admin.token=x").settings().admin.token.as_deref(), Some("x"));
}

#[test]
fn files_are_relative_to_the_environment_or_absolute() {
    let case = Case::new(
        "[log]\nmessages = \"messages.log\"\n[tls]\nca = \"ca.pem\"\ncert = \"c.pem\"\nkey = \"/k.pem\"\n\
         [tls.producer]\nca = \"p.pem\"\n\
         [properties]\n\"hsa.files\" = \"a.xml, /b.xml\"\n\"takcache.persistent.file.name\" = \"copy.xml\"",
    );
    let root = case.folder.path();
    let settings = case.settings();
    assert_eq!(settings.log.messages, LogTarget::File(root.join("messages.log")));
    assert_eq!(settings.hsa_files, Some(vec![root.join("a.xml"), "/b.xml".into()]));
    assert_eq!(settings.tak_copy, Some(root.join("copy.xml")));
    let (incoming, outgoing) = (settings.tls.incoming.material, settings.tls.outgoing.default.material);
    assert_eq!(incoming.trust, Some(Trust::Pem(root.join("ca.pem"))));
    assert_eq!(incoming.identity, Some(Identity::Pem { certificate: root.join("c.pem"), key: "/k.pem".into() }));
    assert_eq!(outgoing.trust, Some(Trust::Pem(root.join("p.pem"))));
    assert_eq!(outgoing.identity, incoming.identity, "falls back to [tls]");

    let built_in = load(&Environment::Demo, &["log.messages=here.log".to_owned()], &[]);
    assert_eq!(
        built_in.problems[0].message,
        "log.messages is \"here.log\", relative to the environment, and the built-in one cannot be written to; \
         expected an absolute path"
    );
}

#[test]
fn timeouts_by_contract() {
    let json = r#"[{"tjanstekontrakt": "urn:a", "routetimeout": 1, "producertimeout": 4000},
        {"tjanstekontrakt": "default_timeouts", "producertimeout": 30000}]"#;
    let producer = Case::new("").file("timeoutconfig.json", json).settings().hub.producer;
    assert_eq!(producer.timeouts.len(), 1);
    assert_eq!(producer.timeouts["urn:a"], Duration::from_millis(4000));
    assert_eq!(producer.timeout_default, Duration::from_millis(30_000));

    let renamed = Case::new("")
        .file("other.json", json)
        .set("timeout.json.file=other.json")
        .set("timeout.json.file.default.tjanstekontrakt.name=urn:a");
    assert_eq!(renamed.settings().hub.producer.timeout_default, Duration::from_millis(4000));
    let none = Case::new("").file("timeoutconfig.json", "[]").settings().hub.producer;
    assert_eq!(none.timeout_default, Duration::from_millis(29_000));
}

#[test]
fn a_wrong_timeout_file() {
    let problems = |json: &str| Case::new("").file("timeoutconfig.json", json).problems();
    let expected = "expected an array of {\"tjanstekontrakt\": …, \"producertimeout\": milliseconds}";
    assert_eq!(
        problems("[\n {\"tjanstekontrakt\": \"urn:a\"},\n {\"tjanstekontrakt\": \"urn:b\",\n \"producertimeout\": 0}]"),
        [
            format!("timeoutconfig.json:2: error: missing field `producertimeout` at line 1 column 28; {expected}"),
            "timeoutconfig.json:3: error: producertimeout of \"urn:b\" is 0; expected milliseconds from 1 to 86400000"
                .to_owned(),
        ]
    );
    assert!(problems("{\n}")[0].starts_with("timeoutconfig.json:1: error: "));
    assert!(problems("[\n{]")[0].starts_with("timeoutconfig.json:2: error: "));
    let missing = Case::new("").set("timeout.json.file=nowhere.json");
    assert_eq!(
        missing.problems(),
        ["--set: warning: timeout.json.file \"nowhere.json\" does not exist; every contract gets the default timeout"]
    );
    assert!(missing.load().settings.is_ok());
}

const TWO: &str = "[[platform]]\nname = \"NTJP-QA\"\nrole = \"qa\"\ninstance_id = \"SE-QA\"\ntak = \"tak-qa\"\n\
                   [platform.listen]\nhub_http = \"127.0.0.1:18081\"\n\
                   [[platform]]\nname = \"NTJP-PROD\"\nrole = \"production\"\ninstance_id = \"SE-PROD\"\ntak = \"tak-prod\"\n";

#[test]
fn two_platforms_have_their_own_listeners() {
    let settings = Case::new(TWO).settings();
    assert_eq!((settings.listen.hub_http, settings.listen.catalogue), (None, None));
    assert!(settings.listen.admin.is_some());
    let [qa, production] = &settings.platforms[..] else { panic!("{:?}", settings.platforms) };
    assert_eq!((qa.role, qa.name.as_str(), qa.tak.as_str()), (PlatformRole::Qa, "NTJP-QA", "tak-qa"));
    assert_eq!(qa.hub_http.unwrap().port(), 18081);
    assert_eq!((production.role, production.hub_http), (PlatformRole::Production, None));

    assert_eq!(
        Case::new(&TWO.replace("18081", "9090")).problems(),
        ["anslut.toml:1: error: listen.admin is 127.0.0.1:9090 already; expected different addresses"]
    );
    assert_eq!(
        Case::new(TWO).set("listen.hub_http=:0").problems(),
        ["--set: error: listen.hub_http is set beside [[platform]]; expected it in [platform.listen] only"]
    );
}

#[test]
fn each_of_two_platforms_has_settings_of_its_own() {
    let named = "\n[properties]\n\"vp.instance.id\" = \"one\"\n\"takcache.persistent.file.name\" = \"/var/copy.xml\"\n";
    let settings = Case::new(&format!("{TWO}{named}")).settings();
    assert_eq!(settings.index.notify.instance_id, "SE-PROD");
    let [production, qa] = &apart(&settings)[..] else { panic!("two") };
    let who = |settings: &Settings| {
        let Settings { hub, platform, aggregation, tak_copy, listen, .. } = settings.clone();
        let port = listen.hub_http.map(|address| address.port());
        let copy = tak_copy.unwrap().display().to_string();
        [
            hub.instance_id,
            hub.instance_name,
            aggregation.instance_id,
            platform.tak,
            platform.tak_platform.unwrap(),
            copy,
            format!("{port:?}"),
        ]
    };
    assert_eq!(who(qa), ["SE-QA", "NTJP-QA", "SE-QA", "tak-qa", "NTJP-QA", "/var/copy-qa.xml", "Some(18081)"]);
    let told = ["SE-PROD", "NTJP-PROD", "SE-PROD", "tak-prod", "NTJP-PROD", "/var/copy-production.xml", "None"];
    assert_eq!(who(production), told);

    let settings = Case::new(&format!("{TWO}\n[properties]\n\"vp.instance.name\" = \"NTjP\"\n")).settings();
    assert!(apart(&settings).iter().all(|own| own.hub.instance_name == "NTjP"));
    let [only] = &apart(&Case::new("[platform]\ninstance_id = \"I\"").settings())[..] else { panic!("one") };
    assert_eq!((only.hub.instance_id.as_str(), only.platform.tak.as_str()), ("I", "tak"));
}

#[test]
fn what_is_in_use_of_two_platforms_is_shown() {
    let case = Case::new(TWO);
    assert_eq!(case.shown("listen.hub_http").0.as_deref(), Some("off"));
    let hub = (Some("127.0.0.1:18081".to_owned()), "anslut.toml:1".to_owned());
    assert_eq!(case.shown("platform.NTJP-QA.listen.hub_http"), hub);
    assert_eq!(case.shown("platform.NTJP-PROD.role").0.as_deref(), Some("production"));
}

#[test]
fn wrong_platforms() {
    for (toml, expected) in [
        (
            "[[platform]]\nname = \"A\"\nrole = \"test\"\ninstance_id = \"I\"\ntak = \"t\"",
            "anslut.toml:3: error: platform.role is \"test\"; expected \"qa\" or \"production\"",
        ),
        (
            "[[platform]]\nname = \"A\"\nrole = \"qa\"\ninstance_id = \"I\"",
            "anslut.toml:1: error: this [[platform]] has no tak; expected a string",
        ),
        (
            "[[platform]]\nname = 1\nrole = \"qa\"\ninstance_id = \"I\"\ntak = \"t\"",
            "anslut.toml:2: error: platform.name is the integer 1; expected a string that is not blank",
        ),
        (
            "[[platform]]\nnam = \"x\"\nname = \"A\"\nrole = \"qa\"\ninstance_id = \"I\"\ntak = \"t\"",
            "anslut.toml:2: error: unknown key \"platform.nam\"; did you mean \"name\"?",
        ),
        (
            "[[platform]]\nname = \"A\"\nrole = \"qa\"\ninstance_id = \"I\"\ntak = \"t\"\nlisten.hub_http = 1",
            "anslut.toml:6: error: platform.listen.hub_http is the integer 1; expected an address, \":0\" or \"off\"",
        ),
    ] {
        assert_eq!(Case::new(toml).problems(), [expected], "{toml}");
    }
    for (from, to, expected) in [
        ("NTJP-PROD", "NTJP-QA", "platform.name is \"NTJP-QA\", as on line 1; expected another name"),
        ("SE-PROD", "SE-QA", "platform.instance_id is \"SE-QA\", as on line 1; expected another instance"),
    ] {
        assert_eq!(Case::new(&TWO.replace(from, to)).problems(), [format!("anslut.toml:8: error: {expected}")]);
    }
    let twice = TWO.replace("production", "qa");
    assert_eq!(
        Case::new(&twice).problems(),
        ["anslut.toml:8: error: platform \"NTJP-PROD\" has the role of platform \"NTJP-QA\" on line 1; \
          expected at most one of each role"]
    );
}
