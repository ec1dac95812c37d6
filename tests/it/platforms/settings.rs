//! What is written of two platforms, and what they make of it.

use anslut::config::environment::Environment;
use anslut::config::raw;

use super::world::{Plan, Rows, SYSTEM, TOML, diagnosis, source};
use crate::support::rows::rows;

rows! { &'static str;
    "§1.2" "the top level's hub_http, hub_https and catalogue are off; each platform has its own, off by default" => listeners;
    "§1.5" "a top-level listen.hub_* or listen.catalogue beside [[platform]] is an error, wherever it is set" => top_level;
    "§1.3" "[properties] holds for both hubs, except vp.instance.id" => properties;
    "§1.1" "a platform may be alone" => alone;
    "§1.6" "a single [platform] table stays what it was" => single;
}

async fn listeners() {
    let plan = Plan { toml: TOML.replace("catalogue = \":0\"\n\n", "\n"), ..Plan::empty() };
    let world = plan.qa(Rows::default()).production(Rows::default()).start().await;
    let names: Vec<_> = world.platform.addresses().iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "NTJP-PROD.hub_http",
        "NTJP-QA.hub_http",
        "index_update",
        "index_find",
        "aggregation",
        "NTJP-PROD.catalogue",
        "producers",
        "admin",
    ];
    assert_eq!(names, expected);
}

async fn top_level() {
    let folder = Plan::empty().write();
    let environment = Environment::Folder(folder.path().to_owned());
    for key in ["listen.hub_http", "listen.hub_https", "listen.catalogue"] {
        for value in [":0", "off"] {
            let loaded = raw::load(&environment, &[format!("{key}={value}")], &[]);
            let said: Vec<_> = loaded.problems.iter().map(ToString::to_string).collect();
            let expected =
                format!("--set: error: {key} is set beside [[platform]]; expected it in [platform.listen] only");
            assert_eq!(said, [expected]);
            assert!(loaded.settings.is_err());
        }
        let name = key.strip_prefix("listen.").unwrap();
        let folder = Plan { toml: format!("[listen]\n{name} = \":0\"\n{TOML}"), ..Plan::empty() }.write();
        let loaded = raw::load(&Environment::Folder(folder.path().to_owned()), &[], &[]);
        assert!(loaded.settings.is_err());
        assert!(loaded.problems[0].to_string().contains(":2: error: "), "{:?}", loaded.problems);
    }
}

async fn properties() {
    let (source, contract) = (source().await, diagnosis());
    let rows = Rows::default().open(&contract, SYSTEM, &source.url());
    let own = "\n[properties]\n\"vp.instance.id\" = \"NOBODY\"\n\"vp.instance.name\" = \"NTjP\"\n\
               \"headers.request.filter\" = \"(?i)x-mine\"\n\"ip.whitelist\" = \"127.0.0.1\"\n";
    let world = Plan::empty().toml(own).qa(rows.clone()).production(rows).start().await;
    assert_eq!(world.both(&contract, SYSTEM).await, ["200", "200"]);
    let seen = source.seen();
    let told: Vec<_> = seen.iter().map(|seen| seen.header("x-vp-instance-id").unwrap()).collect();
    assert_eq!(told, ["SE-QA", "SE-PROD"]);
    for platform in ["NTJP-QA", "NTJP-PROD"] {
        let fault = world.call(platform, "no message").await.text();
        assert!(fault.contains("[NTjP]"), "{fault}");
    }
}

async fn alone() {
    let (source, contract) = (source().await, diagnosis());
    let (qa, _) = TOML.split_once("\n\n").unwrap();
    let plan = Plan { toml: format!("{qa}\n"), ..Plan::empty() };
    let world = plan.qa(Rows::default().open(&contract, SYSTEM, &source.url())).start().await;
    let message = crate::support::envelope::Envelope::bp21(&contract, SYSTEM).text();
    assert_eq!(world.call("NTJP-QA", message).await.status, 200);
    assert!(world.platform.address("NTJP-PROD.hub_http").is_none());
}

async fn single() {
    let plan = crate::support::world::Plan::bare().file("tak/rows.toml", "");
    let world = plan.set("platform.name", "NTjP-DEV").set("platform.tak_platform", "NTJP-TEST").start().await;
    assert_eq!(world.platform.addresses().len(), 1);
    let [only] = world.platform.members() else { panic!("one platform") };
    assert_eq!((only.name(), only.role(), only.catalogue().platform()), ("NTjP-DEV", None, "NTJP-TEST"));
}
