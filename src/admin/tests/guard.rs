//! Who may ask for what.

use super::*;

const OUTSIDE: &str = "192.0.2.7";
const HERE: &str = "127.0.0.1";

type Headers<'a> = &'a [(&'a str, &'a str)];
/// Method, target, headers, peer, and the status it gets.
type FromPeer<'a> = (Method, &'a str, Headers<'a>, Option<&'a str>, u16);
/// The same from loopback.
type FromHere<'a> = (Method, &'a str, Headers<'a>, u16);

fn with_token() -> Router {
    changing(AdminParts { token: Some("s3cret".to_owned()), ..parts() })
}

/// No path changes anything so far: one is added here, to be guarded like the rest.
fn changing(parts: AdminParts) -> Router {
    let admin = Admin {
        parts,
        session: "made-at-start".to_owned(),
        watchers: Arc::new(Semaphore::new(WATCHERS_MAX)),
        beside: Beside::default(),
        closing: CancellationToken::new(),
    };
    guarded(paths().route("/api/v1/change", axum::routing::post(async || "changed")), Arc::new(admin))
}

#[tokio::test]
async fn the_token_opens_what_it_should_and_nothing_else_does() {
    let right = ("authorization", "Bearer s3cret");
    let wrong = ("authorization", "Bearer s3cres");
    let session = ("cookie", "other=1; anslut_session=made-at-start");
    let stale = ("cookie", "anslut_session=made-before");
    let json = ("content-type", "application/json");
    let (api, page, change) = ("/api/v1/exchanges", "/", "/api/v1/change");
    let router = with_token();
    let cases: &[FromPeer<'_>] = &[
        (Method::GET, api, &[], Some(HERE), 200),
        (Method::GET, api, &[], Some("::1"), 200),
        (Method::GET, api, &[], Some("::ffff:127.0.0.1"), 200),
        (Method::GET, api, &[], Some(OUTSIDE), 401),
        (Method::GET, api, &[], None, 401),
        (Method::GET, api, &[right], Some(OUTSIDE), 200),
        (Method::GET, api, &[wrong], Some(OUTSIDE), 401),
        (Method::GET, api, &[wrong], Some(HERE), 401),
        (Method::GET, api, &[("authorization", "Basic s3cret")], Some(OUTSIDE), 401),
        (Method::GET, api, &[("authorization", "Bearer ")], Some(OUTSIDE), 401),
        (Method::GET, api, &[session], Some(OUTSIDE), 200),
        (Method::GET, api, &[stale], Some(OUTSIDE), 401),
        (Method::GET, "/api/v1/exchanges/stream", &[], Some(OUTSIDE), 401),
        (Method::GET, "/api/v1/explain?contract=c", &[], Some(OUTSIDE), 401),
        (Method::GET, "/api/v1/records", &[], Some(OUTSIDE), 401),
        (Method::GET, "/api/v1/platform", &[], Some(OUTSIDE), 401),
        (Method::GET, "/api/v1/no-such", &[], Some(OUTSIDE), 401),
        // A browser is shown the way in.
        (Method::GET, page, &[], Some(OUTSIDE), 303),
        (Method::GET, "/calls/1", &[], Some(OUTSIDE), 303),
        (Method::GET, "/explain", &[], Some(OUTSIDE), 303),
        (Method::GET, page, &[session], Some(OUTSIDE), 200),
        (Method::GET, "/sign-in", &[], Some(OUTSIDE), 200),
        // Changing needs the token itself, wherever it comes from.
        (Method::POST, change, &[json], Some(HERE), 401),
        (Method::POST, change, &[json, session], Some(HERE), 401),
        (Method::POST, change, &[json, right], Some(HERE), 200),
        (Method::POST, change, &[json, right], Some(OUTSIDE), 200),
        // Open to probes and scrapers.
        (Method::GET, "/metrics", &[], Some(OUTSIDE), 200),
        (Method::GET, "/actuator/prometheus", &[], Some(OUTSIDE), 200),
        (Method::GET, "/health/live", &[], Some(OUTSIDE), 200),
        (Method::GET, "/health/ready", &[], Some(OUTSIDE), 200),
        (Method::GET, "/actuator/health", &[], Some(OUTSIDE), 200),
        (Method::GET, "/openapi.json", &[], Some(OUTSIDE), 200),
        (Method::GET, "/assets/page.css", &[], Some(OUTSIDE), 200),
    ];
    for (method, target, headers, peer, expected) in cases {
        let answer = ask(&router, method.clone(), target, headers, *peer).await;
        assert_eq!(answer.status, *expected, "{method} {target} {headers:?} from {peer:?}: {}", answer.text);
        if answer.status == StatusCode::UNAUTHORIZED {
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.json()["status"], 401);
        }
    }
}

#[tokio::test]
async fn other_sites_cannot_use_the_readers_browser() {
    let json = ("content-type", "application/json");
    let own = ("host", "127.0.0.1:9090");
    let router = changing(parts());
    let api = "/api/v1/exchanges";
    let cases: &[FromHere<'_>] = &[
        (Method::GET, api, &[own], 200),
        (Method::GET, api, &[("host", "localhost:9090")], 200),
        (Method::GET, api, &[("host", "LOCALHOST.")], 200),
        (Method::GET, api, &[("host", "[::1]:9090")], 200),
        (Method::GET, api, &[("host", "evil.example")], 421),
        (Method::GET, api, &[("host", "127.0.0.1.evil.example:9090")], 421),
        (Method::GET, api, &[("host", "[evil.example]:9090")], 421),
        (Method::GET, "/", &[("host", "evil.example")], 421),
        (Method::GET, api, &[own, ("origin", "http://127.0.0.1:9090")], 200),
        (Method::GET, api, &[own, ("origin", "http://127.0.0.1:8080")], 403),
        (Method::GET, api, &[own, ("origin", "http://evil.example")], 403),
        (Method::GET, api, &[own, ("origin", "null")], 403),
        (Method::POST, "/api/v1/change", &[own, json], 200),
        (Method::POST, "/api/v1/change", &[own, json, ("origin", "http://evil.example")], 403),
        (Method::POST, "/api/v1/change", &[own, ("content-type", "application/merge-patch+json; x=y")], 200),
        (Method::POST, "/api/v1/change", &[own, ("content-type", "text/plain")], 415),
        (Method::POST, "/api/v1/change", &[own, ("content-type", "application/x-www-form-urlencoded")], 415),
        (Method::POST, "/api/v1/change", &[own], 415),
    ];
    for (method, target, headers, expected) in cases {
        let answer = ask(&router, method.clone(), target, headers, Some(HERE)).await;
        assert_eq!(answer.status, *expected, "{method} {target} {headers:?}: {}", answer.text);
    }
    // A program that knows the token may call the platform by any name.
    let named = [("host", "anslut.example"), ("authorization", "Bearer s3cret")];
    assert_eq!(ask(&with_token(), Method::GET, api, &named, Some(OUTSIDE)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_gives_a_cookie_for_reading() {
    let router = with_token();
    let enter = async |body: &str| {
        let mut request = Request::post("/sign-in").body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(Peer(SocketAddr::new(OUTSIDE.parse().unwrap(), 50_000)));
        TowerToHyperService::new(router.clone()).call(request).await.unwrap()
    };
    for wrong in ["token=nope", "token=", "", "token=%ff", "other=s3cret"] {
        let answer = enter(wrong).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{wrong}");
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    let answer = enter("token=s3cret").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/");
    assert_eq!(answer.headers()["set-cookie"], "anslut_session=made-at-start; Path=/; HttpOnly; SameSite=Strict");
    let large = enter(&"x".repeat(BODY_BYTES_MAX + 1)).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn every_answer_keeps_browsers_in_check() {
    let router = router(parts());
    for target in ["/", "/calls/1", "/api/v1/exchanges", "/metrics", "/health/live", "/no-such", "/openapi.json"] {
        let headers = get(&router, target).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(headers[name], value, "{name} of {target}");
        }
    }
}
