//! `/api/v1/qa`: suites, runs, sessions, deviations and mutants over HTTP (`qa.md` §8.7). `app` mounts these paths on the
//! admin listener, which guards them as it does its own.

mod audit;
mod described;
mod deviations;
mod judged;
mod problem;
mod runs;
mod sessions;
mod suites;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, patch, post};

use super::desk::{Desk, SUITE_BYTES_MAX};

pub use described::described;

/// Every path with its handlers.
pub fn router(desk: Arc<Desk>) -> Router {
    paths().into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods)).with_state(desk)
}

fn paths() -> Vec<(&'static str, MethodRouter<Arc<Desk>>)> {
    let take = post(suites::take).layer(DefaultBodyLimit::max(SUITE_BYTES_MAX));
    vec![
        ("/api/v1/qa/suites", get(suites::list).merge(take)),
        ("/api/v1/qa/suites/{id}", get(suites::one).delete(suites::remove)),
        ("/api/v1/qa/suites/{id}/cases", get(suites::cases)),
        ("/api/v1/qa/suites/{id}/check", get(suites::check)),
        ("/api/v1/qa/suites/{id}/params", get(suites::parameters)),
        ("/api/v1/qa/run.schema.json", get(runs::schema)),
        ("/api/v1/qa/runs", get(runs::list).post(runs::start)),
        ("/api/v1/qa/runs/{id}", get(runs::one)),
        ("/api/v1/qa/runs/{id}/events", get(runs::events)),
        ("/api/v1/qa/runs/{id}/cancel", post(runs::cancel)),
        ("/api/v1/qa/runs/{id}/report", get(runs::report)),
        ("/api/v1/qa/runs/{id}/bundle", get(runs::bundle)),
        ("/api/v1/qa/runs/{id}/messages/{name}", get(runs::message)),
        ("/api/v1/qa/runs/{id}/compare/{other}", get(runs::compare)),
        ("/api/v1/qa/runs/{id}/cases/{n}/override", post(runs::overrule)),
        ("/api/v1/qa/waiting", get(waiting::list)),
        ("/api/v1/qa/waiting/{id}/extend", post(waiting::extend)),
        ("/api/v1/qa/waiting/{id}/rearm", post(waiting::arm_again)),
        ("/api/v1/qa/waiting/{id}/cancel", post(waiting::cancel)),
        ("/api/v1/qa/waiting/{id}/attest", post(waiting::attest)),
        ("/api/v1/qa/sessions", get(sessions::list).post(sessions::add)),
        ("/api/v1/qa/sessions/{id}", get(sessions::one).patch(sessions::edit)),
        ("/api/v1/qa/sessions/{id}/events", post(sessions::step)),
        ("/api/v1/qa/sessions/{id}/plan", get(sessions::plan)),
        ("/api/v1/qa/sessions/{id}/coverage", get(sessions::coverage)),
        ("/api/v1/qa/sessions/{id}/evidence", get(sessions::evidence)),
        ("/api/v1/qa/sessions/{id}/declaration", get(sessions::declaration)),
        ("/api/v1/qa/sessions/{id}/comments", post(sessions::comment)),
        ("/api/v1/qa/deviations", get(deviations::list).post(deviations::raise)),
        ("/api/v1/qa/deviations/{id}", patch(deviations::edit).get(deviations::one)),
        ("/api/v1/qa/audit", post(audit::audit)),
        ("/api/v1/qa/mutants", get(suites::mutants)),
        ("/api/v1/qa/mutants/{id}/start", post(suites::start_mutant)),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_path_is_described_and_every_description_has_a_path() {
        let described = described();
        let names: BTreeSet<&str> = described.keys().map(String::as_str).collect();
        assert_eq!(names, paths().iter().map(|(path, _)| *path).collect());
        for (path, methods) in &described {
            for (method, operation) in methods.as_object().unwrap() {
                let held = path.matches('{').count();
                assert_eq!(operation["parameters"].as_array().unwrap().len(), held, "{method} {path}");
                let known = paths().into_iter().find(|(known, _)| known == path).unwrap().1;
                let known = format!("{known:?}");
                let has = |method: &str| {
                    known.contains(&format!("{method}: BoxedHandler")) || known.contains(&format!("{method}: Route"))
                };
                assert!(has(method), "{method} {path} has no handler: {known}");
            }
        }
    }
}
