//! Certificates of the platform's own, for settings that name none (`pki::own`).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use crate::config::checked::Settings;
use crate::config::platforms::apart;
use crate::config::tls::{Identity, Trust};
use crate::domain::clock::Clock;
use crate::pki::PkiError;
use crate::pki::own::{Own, OwnWish, ensure};

/// The folder under the data directory.
const FOLDER: &str = "pki";
/// Who the platform is in its own certificate: an HSA-id of the series for tests.
const HSA_ID: &str = "SE5565594230-NTJP";

/// Makes what the settings lack, once, under the data directory, and enters it in them.
pub fn complete(settings: &mut Settings, data: &Path, clock: &Clock) -> Result<Option<Own>, PkiError> {
    settings.producers.pki.get_or_insert_with(|| data.join(FOLDER));
    if !settings.tls.lacks_material() {
        return Ok(None);
    }
    let outside: BTreeSet<_> =
        apart(settings).iter().filter_map(|own| own.listen.hub_https).map(|address| address.ip()).collect();
    let hosts: Vec<_> = outside.iter().filter(|ip| !is_everywhere(ip)).map(ToString::to_string).collect();
    let wish = OwnWish { hub: HSA_ID, hosts: &hosts, client: settings.hub.demo_sender.as_deref() };
    // Its paths are shown to people, who may stand in another folder.
    let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let own = ensure(&data.join(FOLDER), &wish, clock.now())?;
    let identity = Identity::Pem { certificate: own.hub.certificate.clone(), key: own.hub.key.clone() };
    settings.tls.fill(&Trust::Pem(own.ca.clone()), &identity);
    Ok(Some(own))
}

/// An address that stands for all of a machine's.
fn is_everywhere(ip: &IpAddr) -> bool {
    ip.is_unspecified()
}
