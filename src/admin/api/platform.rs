//! The platform itself: what it is, where it listens, how full its memory of calls is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::exchange::ShownCertificate;
#[cfg(test)]
use super::problem::Problem;
use crate::admin::Admin;

/// How full the ring of calls is.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct RingFill {
    /// Calls in the ring.
    pub calls: usize,
    /// What they weigh.
    pub bytes: usize,
    /// What they may weigh (`records.bytes_max`).
    pub bytes_max: usize,
    /// Calls recorded since start.
    pub total: u64,
    /// Of those, no longer here.
    pub dropped: u64,
}

/// What the platform is, and where it listens.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Platform {
    /// Always `anslut`.
    pub name: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// The name that stands in fault strings.
    pub instance: String,
    /// Name of the environment that is served.
    pub environment: String,
    /// Open listeners.
    pub addresses: Vec<Address>,
    /// The certificates that listeners show now.
    pub certificates: Vec<ShownCertificate>,
}

/// One open listener.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Address {
    /// The listener's name, as in `listen.<name>`.
    pub name: String,
    /// Where it listens.
    pub url: String,
}

/// Tells how full the memory of calls is
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/records", tag = "exchanges",
    responses(
        (status = 200, description = "The fill", body = RingFill),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn records(State(admin): State<Arc<Admin>>) -> Json<RingFill> {
    let fill = admin.parts.records.fill();
    Json(RingFill {
        calls: fill.calls,
        bytes: fill.bytes,
        bytes_max: fill.bytes_max,
        total: fill.total,
        dropped: fill.dropped,
    })
}

/// Names the platform, its version and its addresses
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/platform", tag = "platform",
    responses(
        (status = 200, description = "The platform", body = Platform),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn platform(State(admin): State<Arc<Admin>>) -> Json<Platform> {
    let addresses =
        admin.parts.addresses.iter().map(|(name, url)| Address { name: name.clone(), url: url.clone() }).collect();
    Json(Platform {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        instance: admin.parts.instance.clone(),
        environment: admin.parts.environment.clone(),
        addresses,
        certificates: (admin.parts.certificates)()
            .iter()
            .map(|(listener, shown)| ShownCertificate::of(listener, shown))
            .collect(),
    })
}
