//! The `curl` line that `anslut serve` prints: a call that works as pasted.

use std::net::SocketAddr;
use std::path::Path;

use crate::catalogue::entry::{Permission, Route};
use crate::catalogue::snapshot::Snapshot;
use crate::config::checked::Settings;
use crate::config::environment::Environment;
use crate::domain::identifiers::operation_of;
use crate::domain::profile::Profile;
use crate::pki::own::Own;
use crate::soap::fault::SOAP_11;
use crate::soap::xml::text::{escape_attribute_into, escape_into};

/// The environment's own first request.
const REQUEST_FILE: &str = "requests/first-call.xml";
/// Longest request that is printed whole.
const REQUEST_BYTES_MAX: usize = 4_096;

/// What a first call is made of.
pub(super) struct FirstCall {
    /// The environment's own request, where it has one that fits on a command line.
    request: Option<String>,
    /// Whether a call without identity headers is taken for somebody's.
    sender_is_assumed: bool,
    instance_id: String,
}

impl FirstCall {
    /// What the environment offers.
    pub(super) fn of(environment: &Environment, settings: &Settings) -> Self {
        let file = environment.file(REQUEST_FILE).ok().flatten();
        let request = file.and_then(|file| String::from_utf8(file.contents).ok()).map(|text| text.trim().to_owned());
        let sender_is_assumed = settings.hub.demo_sender.is_some();
        Self {
            request: request.filter(|text| sender_is_assumed && fits_in_quotes(text)),
            sender_is_assumed,
            instance_id: settings.hub.instance_id.clone(),
        }
    }

    /// The command, if one can be made that a shell takes. Without a request of the environment's own, one is made for the first permitted route.
    pub(super) fn curl(&self, hub: SocketAddr, snapshot: &Snapshot) -> Option<String> {
        let (request, sender) = match &self.request {
            Some(request) => (request.clone(), None),
            None => {
                let (route, permission) = first_permitted(snapshot)?;
                (minimal_request(route, &permission.address)?, Some(&permission.consumer))
            }
        };
        let identity = match sender {
            Some(sender) => format!(" -H 'x-vp-instance-id: {}' -H 'x-vp-sender-id: {sender}'", self.instance_id),
            None if self.sender_is_assumed => String::new(),
            None => return None,
        };
        let command = format!("http://{hub}/vp{identity} -H 'Content-Type: text/xml; charset=UTF-8'");
        Some(format!("curl -sS {command} --data-binary '{request}'"))
            .filter(|_| fits_in_quotes(&request) && !self.instance_id.contains('\''))
    }

    /// The environment's own request over TLS, with the platform's own certificates: the sender is in the certificate.
    pub(super) fn curl_over_tls(&self, hub: SocketAddr, own: &Own) -> Option<String> {
        let (request, client) = (self.request.as_ref()?, own.client.as_ref()?);
        let quoted = |path: &Path| path.to_str().filter(|path| !path.contains('\'')).map(|path| format!("'{path}'"));
        let (ca, certificate, key) = (quoted(&own.ca)?, quoted(&client.certificate)?, quoted(&client.key)?);
        Some(format!(
            "curl -sS --cacert {ca} --cert {certificate} --key {key} https://{hub}/vp \
             -H 'Content-Type: text/xml; charset=UTF-8' --data-binary '{request}'"
        ))
    }
}

fn fits_in_quotes(text: &str) -> bool {
    !text.contains(['\'', '\n']) && text.len() <= REQUEST_BYTES_MAX
}

/// The first route that is called by somebody by name.
fn first_permitted(snapshot: &Snapshot) -> Option<(&Route, &Permission)> {
    snapshot.routes().iter().filter(|route| !route.url.trim().is_empty() && &*route.address != "*").find_map(|route| {
        let permits = |permission: &&Permission| {
            permission.contract.eq_ignore_ascii_case(&route.contract)
                && permission.address.eq_ignore_ascii_case(&route.address)
                && !permission.consumer.contains('\'')
        };
        Some((route, snapshot.permissions().iter().find(permits)?))
    })
}

/// An envelope with the operation's empty element: enough for the hub; what the producer makes of it is its business.
fn minimal_request(route: &Route, address: &str) -> Option<String> {
    let profile = Profile::parse(&route.profile)?;
    let (element, namespace) = (profile.address_element(), profile.address_namespace());
    let operation = operation_of(&route.contract);
    let mut request = format!("<e:Envelope xmlns:e=\"{SOAP_11}\"><e:Header><a:{element} xmlns:a=\"{namespace}\">");
    escape_into(&mut request, address);
    request.push_str(&format!("</a:{element}></e:Header><e:Body><{operation} xmlns=\""));
    escape_attribute_into(&mut request, &route.contract);
    request.push_str("\"/></e:Body></e:Envelope>");
    Some(request)
}
