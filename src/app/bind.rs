//! Listeners' addresses: bound before anything is loaded, so that an address in use ends the start at once.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::StartError;
use crate::config::checked::ListenSettings;

/// Listeners that are bound and not yet served; none where the setting is `off`.
pub(super) struct Bound {
    pub(super) hub_http: Option<TcpListener>,
    pub(super) hub_https: Option<TcpListener>,
    pub(super) index_update: Option<TcpListener>,
    pub(super) index_find: Option<TcpListener>,
    pub(super) aggregation: Option<TcpListener>,
    pub(super) catalogue: Option<TcpListener>,
    pub(super) producers: Option<TcpListener>,
    pub(super) admin: Option<TcpListener>,
}

/// Name and address of every listener that is bound, in the order in which they are shown.
pub(super) type Addresses = Vec<(&'static str, SocketAddr)>;

pub(super) async fn bind(listen: &ListenSettings) -> Result<(Bound, Addresses), StartError> {
    let mut addresses = Vec::new();
    let bound = Bound {
        hub_http: one("hub_http", listen.hub_http, &mut addresses).await?,
        hub_https: one("hub_https", listen.hub_https, &mut addresses).await?,
        index_update: one("index_update", listen.index_update, &mut addresses).await?,
        index_find: one("index_find", listen.index_find, &mut addresses).await?,
        aggregation: one("aggregation", listen.aggregation, &mut addresses).await?,
        catalogue: one("catalogue", listen.catalogue, &mut addresses).await?,
        producers: one("producers", listen.producers, &mut addresses).await?,
        admin: one("admin", listen.admin, &mut addresses).await?,
    };
    Ok((bound, addresses))
}

async fn one(
    name: &'static str,
    address: Option<SocketAddr>,
    addresses: &mut Addresses,
) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = address else { return Ok(None) };
    let cannot = |source| StartError::Listen { name, address, source };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    addresses.push((name, listener.local_addr().map_err(cannot)?));
    Ok(Some(listener))
}
