//! Who carries a run's calls: with the client certificate the customer gave, and once without it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use crate::app::quality;
use crate::cli::arguments::SettingsArguments;
use crate::cli::failure::Failure;
use crate::cli::opening;
use crate::cli::terminal::Terminal;
use crate::config::checked::Settings;
use crate::config::environment::DEMO;
use crate::config::tls::{Identity, Material, Trust};
use crate::domain::clock::Clock;
use crate::pki::keystore;
use crate::qa::suite::folder::hexadecimal;
use crate::soap::responder::Responder;
use crate::tls::client::ClientTls;
use crate::tls::workers::Workers;

/// `--cert`, `--key`, `--ca`.
#[derive(Debug, Args)]
pub struct TlsArguments {
    /// Client certificate and its chain, PEM; or PKCS#12 with its key
    #[arg(long, value_name = "FILE", requires = "ca")]
    pub cert: Option<PathBuf>,
    /// Its key, PEM; none beside PKCS#12
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Certificates whose word is taken for the target, PEM
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The password of a PKCS#12 file
    #[arg(long, value_name = "PASSWORD", default_value = "", hide_default_value = true, requires = "cert")]
    pub cert_password: String,
    /// Take the target's certificate whatever host it is for
    #[arg(long)]
    pub insecure_server_name: bool,
}

impl TlsArguments {
    /// Who we are, and the fingerprint of the certificate that says so.
    fn identity(&self) -> Result<Option<(Identity, String)>, Failure> {
        let Some(path) = &self.cert else { return Ok(None) };
        let failed = |why: String| Failure::usage(format!("{}: {why}", path.display()));
        let bytes = fs::read(path).map_err(|error| failed(error.to_string()))?;
        // DER begins with a sequence, PEM with a text.
        if bytes.first() == Some(&0x30) {
            if let Some(key) = &self.key {
                return Err(failed(format!("is PKCS#12, which holds its key: --key {} says another", key.display())));
            }
            let contents = keystore::read(&bytes, &self.cert_password).map_err(|error| failed(error.to_string()))?;
            let leaf = contents.identity.and_then(|(_, chain)| chain.into_iter().next());
            let leaf = leaf.ok_or_else(|| failed("holds no private key with a certificate".to_owned()))?;
            let identity = Identity::Store(path.clone(), self.cert_password.clone());
            return Ok(Some((identity, hexadecimal(&Sha256::digest(&leaf)))));
        }
        let Some(key) = self.key.clone() else {
            return Err(failed("is PEM, which needs its key beside: --key names none".to_owned()));
        };
        let leaf = CertificateDer::from_pem_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        let identity = Identity::Pem { certificate: path.clone(), key };
        Ok(Some((identity, hexadecimal(&Sha256::digest(leaf.as_ref())))))
    }
}

/// Who carries calls.
pub(super) struct Carriers {
    /// As ourselves.
    pub(super) own: Arc<dyn Responder>,
    /// As nobody in particular, where we have a certificate to leave out.
    pub(super) bare: Option<Arc<dyn Responder>>,
    /// Fingerprint of the certificate.
    pub(super) certificate_sha256: Option<String>,
}

/// Carriers for these arguments.
pub(super) fn of(
    arguments: &TlsArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Carriers, Failure> {
    let (_, loaded) = opening::open(DEMO, &SettingsArguments::default().sets, variables)?;
    let settings = opening::usable(loaded, terminal)?;
    let (identity, certificate_sha256) = arguments.identity()?.unzip();
    let own = client(&settings, identity.clone(), arguments)?;
    let bare = match &identity {
        Some(_) => Some(quality::carrier(&settings.hub, client(&settings, None, arguments)?)),
        None => None,
    };
    Ok(Carriers { own: quality::carrier(&settings.hub, own), bare, certificate_sha256 })
}

fn client(
    settings: &Settings,
    identity: Option<Identity>,
    arguments: &TlsArguments,
) -> Result<Option<Arc<ClientTls>>, Failure> {
    let ca = arguments.ca.as_deref();
    if identity.is_none() && ca.is_none() {
        return Ok(None);
    }
    let mut outgoing = settings.tls.outgoing.clone();
    let trust = ca.map(|path| Trust::Pem(path.to_owned()));
    outgoing.default.material = Material { trust, identity, ..Material::default() };
    // Whoever tests a system must know that it is that system, whatever the hub takes from its producers.
    outgoing.verify_host = !arguments.insecure_server_name;
    let workers = Workers::start(&settings.tls.limits).map_err(Failure::environment)?;
    let workers = Arc::new(workers);
    let client = match outgoing.default.material.identity {
        Some(_) => ClientTls::new(&outgoing, workers, Clock::System),
        None => ClientTls::anonymous(&outgoing, workers, Clock::System),
    };
    let client = client.map_err(Failure::usage)?;
    Ok(Some(Arc::new(client)))
}
