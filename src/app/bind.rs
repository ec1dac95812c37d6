//! Listeners' addresses: bound before anything is loaded, so that an address in use ends the start at once.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::StartError;
use crate::config::checked::Settings;
use crate::net::bind::listen;

/// Listeners that are bound and not yet served; none where the setting is `off`.
pub(super) struct Bound {
    /// Those that each platform of the process has of its own, in the order of their settings.
    pub(super) own: Vec<OwnBound>,
    pub(super) index_update: Option<TcpListener>,
    pub(super) index_find: Option<TcpListener>,
    pub(super) aggregation: Option<TcpListener>,
    pub(super) producers: Option<TcpListener>,
    pub(super) admin: Option<TcpListener>,
}

/// One platform's own.
#[derive(Default)]
pub(super) struct OwnBound {
    pub(super) hub_http: Option<TcpListener>,
    pub(super) hub_https: Option<TcpListener>,
    pub(super) catalogue: Option<TcpListener>,
}

/// Name and address of every listener that is bound, in the order in which they are shown.
pub(super) type Addresses = Vec<(String, SocketAddr)>;

/// What a listener is called where several platforms have one each: `NTJP-QA.hub_http`.
pub(super) fn name_of(settings: &Settings, listener: &str) -> String {
    match (&settings.platform.name, settings.platform.role) {
        (Some(platform), Some(_)) => format!("{platform}.{listener}"),
        _ => listener.to_owned(),
    }
}

/// Binds the listeners of every platform, and those that they share.
pub(super) fn bind(apart: &[Settings]) -> Result<(Bound, Addresses), StartError> {
    let mut addresses = Addresses::new();
    let mut own = Vec::new();
    for settings in apart {
        let listen = &settings.listen;
        own.push(OwnBound {
            hub_http: one(name_of(settings, "hub_http"), listen.hub_http, &mut addresses)?,
            hub_https: one(name_of(settings, "hub_https"), listen.hub_https, &mut addresses)?,
            catalogue: None,
        });
    }
    let shared = apart.first().map(|settings| settings.listen.clone()).unwrap_or_default();
    let mut shared_one = |name: &str, address| one(name.to_owned(), address, &mut addresses);
    let index_update = shared_one("index_update", shared.index_update)?;
    let index_find = shared_one("index_find", shared.index_find)?;
    let aggregation = shared_one("aggregation", shared.aggregation)?;
    for (settings, own) in apart.iter().zip(&mut own) {
        own.catalogue = one(name_of(settings, "catalogue"), settings.listen.catalogue, &mut addresses)?;
    }
    let producers = one("producers".to_owned(), shared.producers, &mut addresses)?;
    let admin = one("admin".to_owned(), shared.admin, &mut addresses)?;
    Ok((Bound { own, index_update, index_find, aggregation, producers, admin }, addresses))
}

fn one(
    name: String,
    address: Option<SocketAddr>,
    addresses: &mut Addresses,
) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = address else { return Ok(None) };
    let cannot = |source| StartError::Listen { name: name.clone(), address, source };
    let listener = listen(address).map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    addresses.push((name, bound));
    Ok(Some(listener))
}
