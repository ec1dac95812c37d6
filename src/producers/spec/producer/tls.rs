//! `[http]` and `[tls]`: listeners of the system's own (`producers.md` §1.2, §7.4).

use std::net::SocketAddr;

use super::reading::{Reading, Value};
use crate::producers::behaviour::act::{Act, TLS_IDS};
use crate::producers::secure::fault::TlsFault;
use crate::producers::secure::{ClientDemand, SecureSettings, Shown};

/// What stands before the name of a good certificate.
const PKI: &str = "pki:";

impl Reading<'_> {
    pub(super) fn http(&mut self, value: &Value<'_>) -> Option<SocketAddr> {
        let Some(table) = value.get_ref().as_table() else {
            self.error(value, "http: expected a table");
            return None;
        };
        for (key, _) in table.iter().filter(|(key, _)| key.get_ref() != "listen") {
            self.unknown(key.get_ref(), key.span().start, &["listen"]);
        }
        match table.get("listen") {
            Some(value) => self.listen(value, "http.listen"),
            None => {
                self.error(value, "http.listen is missing, expected an address such as \"127.0.0.1:0\"");
                None
            }
        }
    }

    fn listen(&mut self, value: &Value<'_>, key: &str) -> Option<SocketAddr> {
        let text = self.string(value, key)?;
        let listen = text.parse().ok();
        if listen.is_none() {
            self.error(value, format!("{key} is {text:?}, expected an address such as 127.0.0.1:0"));
        }
        listen
    }

    pub(super) fn tls(&mut self, value: &Value<'_>) -> Option<SecureSettings> {
        let Some(table) = value.get_ref().as_table() else {
            self.error(value, "tls: expected a table");
            return None;
        };
        let (mut listen, mut certificate, mut client) = (None, None, ClientDemand::None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "listen" => listen = self.listen(value, "tls.listen"),
                "certificate" => certificate = self.shown(value),
                "client" => {
                    let demands = [ClientDemand::None, ClientDemand::Wanted, ClientDemand::Required];
                    let chosen = self.one_of(value, "tls.client", ["none", "wanted", "required"]);
                    client = chosen.map_or(client, |place| demands[place]);
                }
                unknown => self.unknown(unknown, key.span().start, &["listen", "certificate", "client"]),
            }
        }
        if table.get("listen").is_none() {
            self.error(value, "tls.listen is missing, expected an address such as \"127.0.0.1:0\"");
        }
        Some(SecureSettings { listen: listen?, certificate: certificate.unwrap_or_default(), client })
    }

    fn shown(&mut self, value: &Value<'_>) -> Option<Shown> {
        let text = self.string(value, "tls.certificate")?;
        if let Some(name) = text.strip_prefix(PKI).filter(|name| !name.is_empty()) {
            return Some(Shown::Good(Some(name.to_owned())));
        }
        let fault = Act::parse(&text).ok().as_ref().and_then(TlsFault::of);
        if fault.is_none() {
            let known = TLS_IDS.join(", ");
            let message = format!(
                "tls.certificate is {text:?}, expected \"pki:<name>\", or a fault: {known}, slow-tls;ms=<n>, hang"
            );
            self.error(value, message);
        }
        fault.map(Shown::Fault)
    }
}
