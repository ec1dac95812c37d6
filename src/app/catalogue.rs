//! The catalogue as a part of the platform: where it reads from, and who listens for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Method, Request};

use super::serve::ServeLimits;
use crate::catalogue::service::listener::{CatalogueListener, too_large};
use crate::catalogue::{Catalogue, Fetch};
use crate::config::checked::{OutsideCatalogue, Settings};
use crate::config::environment::Environment;
use crate::domain::clock::Clock;
use crate::hub::call::remote::Remote;
use crate::soap::fault::SOAP_11;
use crate::soap::responder::{Responder, SharedResponder};
use crate::tls::client::ClientTls;

const NAMESPACE: &str = "urn:skl:tp:vagvalsinfo:v2";
/// In the order in which they are asked (`vp.md` §4.1).
const OPERATIONS: [&str; 2] = ["hamtaAllaVirtualiseringar", "hamtaAllaAnropsBehorigheter"];
/// Longest wait for a connection to another catalogue.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait without received data; the whole catalogue of a region takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// The catalogue of an environment, which takes its routes from elsewhere where the settings say so.
pub(super) fn new(
    environment: &Environment,
    settings: &Settings,
    tls: Option<Arc<ClientTls>>,
    clock: &Clock,
) -> Catalogue {
    let (hsa_files, copy) = (settings.hsa_files.clone(), settings.tak_copy.clone());
    let catalogue = Catalogue::new(environment.clone(), hsa_files, copy, clock.clone())
        .with_folder(settings.platform.tak.clone())
        .with_platform(settings.platform.tak_platform.clone())
        .with_addressees_by_date(settings.catalogue.addressees_by_date);
    match &settings.catalogue.outside {
        Some(outside) => catalogue.with_outside(fetch(outside.clone(), settings, tls)),
        None => catalogue,
    }
}

/// What answers on the listener.
pub(super) fn listener(catalogue: &Arc<Catalogue>, settings: &Settings) -> SharedResponder {
    Arc::new(CatalogueListener::new(Arc::clone(catalogue), settings.catalogue_users.clone()))
}

/// The bounds of the listener: the hub's own, but for the size of a request.
pub(super) fn serve_limits(settings: &Settings) -> ServeLimits {
    let limits = &settings.hub.limits;
    ServeLimits {
        body_bytes_max: settings.catalogue.body_bytes_max,
        too_large,
        connections_max: limits.connections_max,
        connections_per_client_max: limits.connections_per_client_max,
        idle_timeout: limits.idle_timeout,
        body_timeout: limits.body_timeout,
        write_timeout: limits.write_timeout,
        drain_timeout: limits.drain_timeout,
    }
}

/// Asks another catalogue for everything, on a thread that may wait.
fn fetch(outside: OutsideCatalogue, settings: &Settings, tls: Option<Arc<ClientTls>>) -> Fetch {
    let remote = Arc::new(Remote::new(&settings.hub, tls, CONNECT_TIMEOUT, PATIENCE));
    Arc::new(move || {
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| error.to_string())?;
        let ask = |operation| runtime.block_on(asked(&remote, &outside, operation));
        Ok([ask(OPERATIONS[0])?, ask(OPERATIONS[1])?])
    })
}

async fn asked(remote: &Remote, outside: &OutsideCatalogue, operation: &str) -> Result<Vec<u8>, String> {
    let body = format!(
        "<soap:Envelope xmlns:soap=\"{SOAP_11}\"><soap:Body><{operation} xmlns=\"{NAMESPACE}\"/></soap:Body></soap:Envelope>"
    );
    let request = Request::builder()
        .method(Method::POST)
        .uri(&outside.url)
        .header(CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=UTF-8"))
        .header("SOAPAction", HeaderValue::from_static("\"\""))
        .header(USER_AGENT, &outside.user_agent)
        .body(Bytes::from(body))
        .map_err(|error| format!("{:?} is no address to ask: {error}", outside.url))?;
    let answer = remote.answer(request).await.map_err(|fault| format!("{operation} at {}: {fault}", outside.url))?;
    match answer.status().is_success() {
        true => Ok(answer.into_body().to_vec()),
        false => Err(format!("{operation} at {}: status {}", outside.url, answer.status().as_u16())),
    }
}
