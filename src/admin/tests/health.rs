//! Probes and scrapers.

use super::*;

fn with(ready: bool, components: &[(&str, bool)]) -> AdminParts {
    let components: Vec<_> = components.iter().map(|(name, up)| component(name, *up)).collect();
    AdminParts { health: Arc::new(move || Health { ready, components: components.clone() }), ..parts() }
}

#[tokio::test]
async fn each_probe_tells_its_own_part_of_the_truth() {
    let both: &[_] = &[("takCache", true), ("hsaCache", true)];
    let no_tak: &[_] = &[("takCache", false), ("hsaCache", true)];
    let other: &[_] = &[("takCache", true), ("hsaCache", true), ("disk", false)];
    // Ready, components; then the statuses of live, ready, health, liveness, readiness.
    let cases = [
        (true, both, [200, 200, 200, 200, 200]),
        (false, no_tak, [200, 503, 503, 200, 503]),
        (false, both, [200, 503, 503, 200, 503]),
        (true, other, [200, 200, 503, 200, 200]),
    ];
    let paths = [
        "/health/live",
        "/health/ready",
        "/actuator/health",
        "/actuator/health/liveness",
        "/actuator/health/readiness",
    ];
    for (ready, components, expected) in cases {
        let router = router(with(ready, components));
        for (path, expected) in paths.into_iter().zip(expected) {
            assert_eq!(get(&router, path).await.status, expected, "{path}, ready {ready}, {components:?}");
        }
    }
}

#[tokio::test]
async fn the_actuator_has_the_shape_of_the_reference() {
    let router = router(with(false, &[("takCache", false), ("hsaCache", true)]));
    let health = get(&router, "/actuator/health").await.json();
    assert_eq!(health["status"], "DOWN");
    assert_eq!(health["components"]["takCache"]["status"], "DOWN");
    assert_eq!(health["components"]["takCache"]["details"]["refreshStatus"], "Not initialized");
    assert_eq!(health["components"]["hsaCache"]["status"], "UP");
    assert_eq!(health["groups"], serde_json::json!(["liveness", "readiness"]));
    let readiness = get(&router, "/actuator/health/readiness").await.json();
    let names: Vec<_> = readiness["components"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["hsaCache", "readinessState", "takCache"]);
    let liveness = get(&router, "/actuator/health/liveness").await.json();
    assert_eq!(liveness, serde_json::json!({"status": "UP", "components": {"livenessState": {"status": "UP"}}}));
}

#[tokio::test]
async fn who_drains_is_not_ready_but_alive() {
    let closing = CancellationToken::new();
    let router = router_until(parts(), Beside::default(), closing.clone());
    assert_eq!(get(&router, "/health/ready").await.status, StatusCode::OK);
    closing.cancel();
    assert_eq!(get(&router, "/health/ready").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let readiness = get(&router, "/actuator/health/readiness").await.json();
    assert_eq!(readiness["components"]["readinessState"]["status"], "OUT_OF_SERVICE");
    assert_eq!(get(&router, "/health/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_text_at_both_addresses() {
    let router = router(parts());
    for path in ["/metrics", "/actuator/prometheus"] {
        let answer = get(&router, path).await;
        assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        assert_eq!(answer.text, "# TYPE anslut_calls counter\nanslut_calls 4\n", "{path}");
    }
}
