//! The listener from outside: requests in, answers looked at.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;

use super::health::{Component, Health};
use super::*;
use crate::config::contracts::ContractSettings;
use crate::config::environment::Environment;
use crate::connection::book::Book;
use crate::connection::file::Arguments;
use crate::connection::moment::Moment;
use crate::connection::state::Event;
use crate::connection::steps::Wanted;

mod api;
mod contracts;
mod guard;
mod health;
mod listen;
mod pages;
mod samples;

/// Parts with some calls in the ring and every component up.
fn parts() -> AdminParts {
    let records = Arc::new(Records::new(8 << 20));
    samples::calls().into_iter().for_each(|call| records.push(call));
    AdminParts {
        records,
        contracts: Arc::new(Library::loaded(Environment::Demo, ContractSettings::default())),
        producers: Arc::default(),
        metrics: Arc::new(|| "# TYPE anslut_calls counter\nanslut_calls 4\n".to_owned()),
        platforms: vec![PlatformParts {
            name: "NTjP Develop".to_owned(),
            catalogue: catalogue(),
            explain: Arc::new(samples::explanation),
            instance_id: "NTJP-TEST".to_owned(),
            sender_is_assumed: false,
            aggregating: Arc::new(samples::aggregating),
        }],
        connections: connections(),
        health: Arc::new(|| Health {
            ready: true,
            components: vec![component("takCache", true), component("hsaCache", true)],
        }),
        addresses: vec![
            ("hub_http".to_owned(), "http://127.0.0.1:8080".to_owned()),
            ("admin".to_owned(), "http://127.0.0.1:9090".to_owned()),
        ],
        certificates: Arc::new(|| {
            let shown = Shown { sha256: "ab".repeat(32), subject: "CN=tp".to_owned(), ..Shown::default() };
            vec![("hub_https".to_owned(), Arc::new(shown))]
        }),
        instance: "NTjP Develop".to_owned(),
        environment: "demo".to_owned(),
        token: None,
        clock: Clock::fixed("2026-11-22T10:00:00Z".parse().unwrap()),
    }
}

fn catalogue() -> Arc<Catalogue> {
    let catalogue = Catalogue::new(Environment::Demo, None, None, Clock::System);
    catalogue.reset_tak();
    Arc::new(catalogue)
}

/// A connection that is prepared, by somebody with a strange name, and whose contacts have left since.
fn connections() -> Arc<Book> {
    let world = crate::connection::gates::tests::World::new();
    let step = |event: Event| {
        let wanted = Wanted {
            event,
            actor: Some("<script>Anna".to_owned()),
            at: Moment::read("2026-03-02"),
            arguments: Arguments::default(),
        };
        world.book.step("c", &wanted)
    };
    for event in [Event::Qualify, Event::Sign, Event::OrderService] {
        step(event).unwrap();
    }
    let contacts = world.book.read(|holdings, _| holdings.contacts_of("x").to_vec());
    world.book.put_contacts("x", Vec::new()).unwrap();
    step(Event::Prepare).unwrap_err();
    world.book.put_contacts("x", contacts).unwrap();
    step(Event::Prepare).unwrap();
    world.book.put_contacts("x", Vec::new()).unwrap();
    Arc::new(world.book)
}

fn component(name: &str, up: bool) -> Component {
    let details = if up { vec![] } else { vec![("refreshStatus".to_owned(), "Not initialized".to_owned())] };
    Component { name: name.to_owned(), up, details }
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// One request to the router, from `peer`.
async fn ask(router: &Router, method: Method, target: &str, headers: &[(&str, &str)], peer: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    if let Some(peer) = peer {
        request.extensions_mut().insert(Peer(SocketAddr::new(peer.parse().unwrap(), 50_000)));
    }
    let answer = TowerToHyperService::new(router.clone()).call(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// A plain GET from loopback.
async fn get(router: &Router, target: &str) -> Answer {
    ask(router, Method::GET, target, &[], Some("127.0.0.1")).await
}
