//! PingForConfiguration (`tak.md` §6.4).

use jiff::Timestamp;

use super::request::Call;
use super::soap::{Fault, element};
use crate::catalogue::served::Served;
use crate::domain::clock::stockholm;

pub(super) const NAMESPACE: &str = "urn:riv:itintegration:monitoring:PingForConfigurationResponder:1";

/// The answer, whoever asks for whatever.
pub(super) fn answer(served: &Served, call: &Call, now: Timestamp) -> Result<String, Fault> {
    if served.version.is_none() {
        return Err(Fault::server(
            "Severe error in TK admin service access to TAK Cache, message: no version is published",
        ));
    }
    let mut out = format!("<PingForConfigurationResponse xmlns=\"{}\">", call.namespace);
    // The schema demands the element, and the reference leaves it without a value.
    out.push_str("<version/>");
    let now = now.to_zoned(stockholm()).strftime("%Y%m%d%H%M%S").to_string();
    element(&mut out, "pingDateTime", &now);
    out.push_str("<configuration>");
    element(&mut out, "name", "Applikation");
    element(&mut out, "value", "tk-admin-services");
    out.push_str("</configuration></PingForConfigurationResponse>");
    Ok(out)
}
