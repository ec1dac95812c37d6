//! The listener `catalogue`: which path is whose, and who may ask.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HOST, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};

use super::coop::Cooperation;
use super::users::{Asker, Users, asker};
use super::web::Web;
use super::wsdl::Descriptions;
use super::{Service, answer, form, orders, rest};
use crate::catalogue::Catalogue;
use crate::soap::responder::{Answer, Responder};

/// What listens.
pub struct CatalogueListener {
    inner: Arc<Inner>,
}

struct Inner {
    catalogue: Arc<Catalogue>,
    users: Users,
    descriptions: Descriptions,
    cooperation: Cooperation,
    web: Web,
}

impl CatalogueListener {
    /// Serves a catalogue. `users` are names and passwords; with none, whoever is on this machine may ask.
    pub fn new(catalogue: Arc<Catalogue>, users: Users) -> Self {
        let (descriptions, cooperation) = (Descriptions::default(), Cooperation::new(catalogue.platform()));
        Self { inner: Arc::new(Inner { catalogue, users, descriptions, cooperation, web: Web::default() }) }
    }
}

impl Responder for CatalogueListener {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            // An order of half a million rows, or the whole catalogue as an answer, would hold up everybody else.
            let answered = tokio::task::spawn_blocking(move || inner.answer(&request)).await;
            Ok(answered.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "the request failed\n")))
        })
    }
}

impl Inner {
    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        if let Some(path) = path.strip_prefix("/tak-services") {
            return self.services(path, request);
        }
        if let Some(path) = path.strip_prefix("/tak-web") {
            return self.web(path, request);
        }
        for base in ["/coop", "/takinfo"] {
            if let Some(path) = path.strip_prefix(base) {
                return self.cooperation.answer(&self.catalogue, &self.users, path, request);
            }
        }
        not_found(path)
    }

    fn services(&self, path: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let query = form::parameters(request.uri().query().unwrap_or_default());
        let service = match path {
            "/SokVagvalsInfo/v2" | "/SokVagvalsInfo" => Service::SokVagvalsInfo,
            "/GetSupportedServiceContracts" | "/GetSupportedServiceContracts/v2" => Service::SupportedContracts,
            "/GetLogicalAddresseesByServiceContract" | "/GetLogicalAddresseesByServiceContract/v2" => {
                Service::LogicalAddressees
            }
            "/itintegration/monitoring/pingForConfiguration/1/rivtabp21" => Service::Ping,
            "/export/pv" => return rest::export(&self.catalogue, &query),
            "/reset/pv" => return rest::reset(&self.catalogue, &query),
            _ => return rest::health(&self.catalogue, path).unwrap_or_else(|| not_found(request.uri().path())),
        };
        if request.method() == Method::GET {
            let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
            if let Some(document) = self.descriptions.answer(request.uri().path(), host, &query) {
                return document;
            }
        }
        answer(&self.catalogue, service, request)
    }

    fn web(&self, path: &str, request: &Request<Bytes>) -> Response<Bytes> {
        if is_foreign(request) {
            return plain(StatusCode::FORBIDDEN, "the request was sent by a page of another site\n");
        }
        let query = form::parameters(request.uri().query().unwrap_or_default());
        match (request.method(), path) {
            (&Method::POST, "/auth/login") => return self.web.sign_in(&self.users, request),
            (&Method::GET, "/auth/login") => return Web::sign_in_page(&query),
            _ => {}
        }
        let signed_in = self.web.user(request).map(Asker::Named);
        let Some(asker) = signed_in.or_else(|| asker(&self.users, request)) else {
            let mut refused = plain(StatusCode::UNAUTHORIZED, "a user of [catalogue.users] is asked for\n");
            let realm = HeaderValue::from_static("Basic realm=\"tak-web\"");
            refused.headers_mut().insert(WWW_AUTHENTICATE, realm);
            return refused;
        };
        match (request.method(), path) {
            (&Method::POST, "/rest/create") => orders::create(&self.catalogue, asker, &query, request.body()),
            (&Method::GET | &Method::POST, "/bestallning") => Web::order_page(request),
            (&Method::POST, "/bestallning/confirm") => self.web.confirm(&self.catalogue, &asker, request),
            (&Method::POST, "/bestallning/save") => self.web.save(&self.catalogue, &asker, request),
            (&Method::POST, "/bestallning/cancel") => self.web.cancel(&asker),
            (&Method::GET, path) => match path.strip_prefix("/pubversion/download/") {
                Some(id) => orders::download(&self.catalogue, id),
                None => not_found(request.uri().path()),
            },
            _ => not_found(request.uri().path()),
        }
    }
}

/// Whether a browser sends this for a page that is not ours: anybody's page can post a form to this machine.
fn is_foreign(request: &Request<Bytes>) -> bool {
    let text = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    text(ORIGIN).is_some_and(|origin| {
        let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
        text(HOST).is_none_or(|host| !host.eq_ignore_ascii_case(authority))
    })
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    rest::text_of(status, text.to_owned())
}

fn not_found(path: &str) -> Response<Bytes> {
    rest::text_of(StatusCode::NOT_FOUND, format!("there is nothing at {path}\n"))
}

/// The answer to a request that is larger than the listener takes.
pub fn too_large(bytes_max: usize) -> Response<Bytes> {
    rest::text_of(StatusCode::PAYLOAD_TOO_LARGE, format!("the request is larger than {bytes_max} bytes\n"))
}
