//! `vp.md` §11.9: status, resets and health.

use serde_json::{Map, Value};

use super::c0::{C0, t0_size};
use crate::support::client::{Answer, Ask};
use crate::support::tak::hsa_xml;
use crate::support::world::Plan;

crate::support::rows::rows! {
    u16;
    113 "/status" => status;
    113 "/status?memory and /status?netty" => status_figures;
    113 "/status without a catalogue" => status_uninitialised;
    114 "/resethsacache" => reset_hsa;
    115 "/actuator/health on the management port alone" => actuator;
}

fn object(answer: &Answer) -> Map<String, Value> {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    serde_json::from_slice(&answer.body).expect("a JSON object")
}

async fn status() {
    let c0 = C0::start().await;
    let answer = c0.call(Ask::get("/status")).await;
    assert!(answer.text().contains("\n  \""), "two blanks of indentation: {}", answer.text());
    assert!(!answer.text().contains("\\/"), "slashes are not escaped: {}", answer.text());
    let status = object(&answer);
    let is = |key: &str| status.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("no {key}")).to_owned();
    assert_eq!(is("ServiceStatus"), "Started");
    assert_eq!((is("TakCacheInitialized"), is("HsaCacheInitialized")), ("true".to_owned(), "true".to_owned()));
    let (routes, permissions) = t0_size();
    assert_eq!(
        is("TakCacheResetInfo"),
        format!("Date:2026-03-02T13:00 Status:REFRESH_OK vagval:{routes} behorigheter:{permissions}")
    );
    assert_eq!(is("HsaCacheResetInfo"), "Date:2026-03-02T13:00 Status:true oldNum:0 newNum:5");
    assert_eq!(is("Uptime"), "0 days, 0 hours, 0 minutes, 0 seconds");
    for key in ["Name", "Version", "BuildTime", "ManagementName", "JavaVersion", "CamelVersion"] {
        is(key);
    }
    for key in ["JvmTotalMemory", "JvmFreeMemory", "JvmUsedMemory", "JvmMaxMemory"] {
        let text = is(key);
        let (number, unit) = text.split_once(' ').expect("number and unit");
        assert!(number.parse::<f64>().is_ok() && ["B", "KB", "MB", "GB"].contains(&unit), "{key} is {text}");
    }
    assert_eq!(status["Endpoints"], serde_json::json!([format!("http://{}/vp", c0.world.hub)]));
    assert!(!status.contains_key("NonHeapMemory"));
    c0.world.clock.set("2026-03-03T13:01:02Z".parse().expect("a time"));
    let later = object(&c0.call(Ask::get("/status")).await);
    assert_eq!(later["Uptime"], "1 days, 1 hours, 1 minutes, 2 seconds");
}

async fn status_figures() {
    let c0 = C0::start().await;
    for target in ["/status?memory", "/status?memory=no"] {
        let status = object(&c0.call(Ask::get(target)).await);
        assert_eq!(status["ServiceStatus"], "Started");
        assert!(status.contains_key("DirectMemBufferPool") && status.contains_key("NonHeapMemory"));
        assert!(status["NettyDirectMemory"].as_str().is_some_and(|text| text.starts_with("Direct:")));
    }
    let status = object(&c0.call(Ask::get("/status?netty")).await);
    assert!(status.contains_key("DirectArena1") && status.contains_key("NettyTotal"));
    assert!(!status.contains_key("ServiceStatus"));
    assert_eq!(c0.call(Ask::get("/status/x")).await.status, 404, "no prefix");
}

async fn status_uninitialised() {
    let world = Plan::c0().file("hsa/tree.xml", "<broken").start().await;
    let status = object(&world.call(Ask::get("/status")).await);
    assert_eq!((&status["TakCacheInitialized"], &status["HsaCacheInitialized"]), (&"false".into(), &"false".into()));
    let info = status["TakCacheResetInfo"].as_str().unwrap_or_default();
    assert_eq!(info, "Date:2026-03-02T13:00 Status:REFRESH_FAILED vagval:0 behorigheter:0");
}

async fn reset_hsa() {
    let c0 = C0::start().await;
    let file = c0.world.path("hsa/tree.xml").display().to_string();
    let first = format!("Start a reset of HSA cache using files: [{file}]\n");
    let cases = [
        (
            hsa_xml(&["SE-A", "SE-B", "SE"]),
            "Successfully reset HSA cache. \nHSA cache size was: 5 \nHSA cache now is: 3.".to_owned(),
            "true",
        ),
        (hsa_xml(&["SE"]), "Warning: HSA cache reset to 1. Was 3 entries!".to_owned(), "true"),
        (hsa_xml(&[]), "Warning: HSA cache reset to 0. Was 1 entries!".to_owned(), "true"),
    ];
    for (xml, expected, initialised) in cases {
        c0.world.rewrite("hsa/tree.xml", &xml);
        let answer = c0.call(Ask::get("/resethsacache").method("POST")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, None));
        assert_eq!(answer.text(), format!("{first}{expected}"));
        assert_eq!(object(&c0.call(Ask::get("/status")).await)["HsaCacheInitialized"], initialised);
    }
    c0.world.rewrite("hsa/tree.xml", hsa_xml(&["SE-A", "SE-B", "SE"]));
    c0.call(Ask::get("/resethsacache")).await;
    c0.world.rewrite("hsa/tree.xml", "<hsaUnits><hsaUnit>");
    let text = c0.call(Ask::get("/resethsacache")).await.text();
    let reason = text.strip_prefix(&format!("{first}Reset HSA cache failed.")).unwrap_or_else(|| panic!("{text}"));
    assert!(!reason.is_empty(), "the error's own words are missing");
    // The old tree is in use all the same (§12.26).
    let status = object(&c0.call(Ask::get("/status")).await);
    assert_eq!(status["HsaCacheInitialized"], "false");
    assert_eq!(c0.world.platform.catalogue().snapshot().hsa().len(), 3);
}

async fn actuator() {
    let c0 = C0::with(|plan| plan.set("listen.admin", "127.0.0.1:0")).await;
    let admin = c0.world.platform.address("admin").expect("the admin listener");
    for path in ["/actuator/health", "/actuator/health/liveness", "/actuator/health/readiness"] {
        let answer = Ask::get(path).send(admin).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let health: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(health["status"], "UP", "{path}");
        assert_eq!(c0.call(Ask::get(path)).await.status, 404, "{path} on the hub's port");
    }
    let world = Plan::c0().set("listen.admin", "127.0.0.1:0").start().await;
    let admin = world.platform.address("admin").expect("the admin listener");
    let answer = Ask::get("/actuator/health").send(admin).await;
    let health: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((answer.status, &health["status"]), (503, &"DOWN".into()));
    assert_eq!(health["components"]["takCache"]["details"]["refreshStatus"], "REFRESH_FAILED");
    assert_eq!(health["components"]["hsaCache"]["status"], "UP");
    assert_eq!(Ask::get("/actuator/health/readiness").send(admin).await.status, 503);
    assert_eq!(Ask::get("/actuator/health/liveness").send(admin).await.status, 200);
}
