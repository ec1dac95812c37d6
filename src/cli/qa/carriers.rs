//! Who carries a run's calls: with the client certificate the customer gave, and once without it.

use std::path::{Path, PathBuf};
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
use crate::qa::suite::folder::hexadecimal;
use crate::soap::responder::Responder;
use crate::tls::client::ClientTls;
use crate::tls::workers::Workers;

/// `--cert`, `--key`, `--ca`.
#[derive(Debug, Args)]
pub struct TlsArguments {
    /// Client certificate and its chain, PEM
    #[arg(long, value_name = "FILE", requires_all = ["key", "ca"])]
    pub cert: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Certificates whose word is taken for the target, PEM
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
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
    let identity = match (&arguments.cert, &arguments.key) {
        (Some(certificate), Some(key)) => Some(Identity::Pem { certificate: certificate.clone(), key: key.clone() }),
        _ => None,
    };
    let own = client(&settings, identity.clone(), arguments.ca.as_deref())?;
    let bare = match &identity {
        Some(_) => Some(quality::carrier(&settings.hub, client(&settings, None, arguments.ca.as_deref())?)),
        None => None,
    };
    let certificate_sha256 = arguments.cert.as_deref().map(fingerprint).transpose()?;
    Ok(Carriers { own: quality::carrier(&settings.hub, own), bare, certificate_sha256 })
}

fn client(
    settings: &Settings,
    identity: Option<Identity>,
    ca: Option<&Path>,
) -> Result<Option<Arc<ClientTls>>, Failure> {
    if identity.is_none() && ca.is_none() {
        return Ok(None);
    }
    let mut outgoing = settings.tls.outgoing.clone();
    let trust = ca.map(|path| Trust::Pem(path.to_owned()));
    outgoing.default.material = Material { trust, identity, ..Material::default() };
    let workers = Workers::start(&settings.tls.limits).map_err(Failure::environment)?;
    let workers = Arc::new(workers);
    let client = match outgoing.default.material.identity {
        Some(_) => ClientTls::new(&outgoing, workers, Clock::System),
        None => ClientTls::anonymous(&outgoing, workers, Clock::System),
    };
    let client = client.map_err(Failure::usage)?;
    Ok(Some(Arc::new(client)))
}

fn fingerprint(path: &Path) -> Result<String, Failure> {
    let failed = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let certificate = CertificateDer::from_pem_file(path).map_err(|error| failed(error.to_string()))?;
    Ok(hexadecimal(&Sha256::digest(certificate.as_ref())))
}
