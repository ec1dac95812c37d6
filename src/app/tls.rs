//! Both sides of TLS, set up from files and read again on SIGHUP.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::StartError;
use crate::config::checked::Settings;
use crate::config::tls::TlsSettings;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::producers::record::onward::Onward;
use crate::tls::client::ClientTls;
use crate::tls::material::{self, MaterialError};
use crate::tls::server::ServerTls;
use crate::tls::workers::Workers;

/// TLS of a running platform.
pub(super) struct Tls {
    settings: TlsSettings,
    /// `hub_https`, where it is open.
    pub(super) server: Option<Arc<ServerTls>>,
    workers: Arc<Workers>,
    /// Towards producers.
    pub(super) client: Option<Arc<ClientTls>>,
}

impl Tls {
    /// Reads all files. Without any towards producers, none is spoken to over TLS; a listener needs its own.
    /// Platforms that share the process share its certificates too.
    pub(super) fn open(apart: &[Settings], clock: &Clock) -> Result<Self, StartError> {
        let tls = apart.first().map(|settings| settings.tls.clone()).expect("there is always one platform");
        let workers = Arc::new(Workers::start(&tls.limits).map_err(StartError::Workers)?);
        let server = apart
            .iter()
            .any(|settings| settings.listen.hub_https.is_some())
            .then(|| ServerTls::new(&tls.incoming, &tls.limits, Arc::clone(&workers), clock.clone()).map(Arc::new));
        let server = server.transpose().map_err(StartError::Tls)?;
        let default = &tls.outgoing.default.material;
        let client = (default.trust.is_some() || default.identity.is_some())
            .then(|| ClientTls::new(&tls.outgoing, Arc::clone(&workers), clock.clone()).map(Arc::new));
        let client = client.transpose().map_err(StartError::Tls)?;
        Ok(Self { settings: tls, server, workers, client })
    }

    /// How mocked producers send requests on; `folder` is that of the CA for their certificates.
    pub(super) fn onward(&self, folder: Option<PathBuf>, clock: &Clock) -> Onward {
        let platform = (self.settings.outgoing.clone(), self.client.clone());
        Onward::new(platform, Arc::clone(&self.workers), folder, clock.clone())
    }

    /// Reads all files again; of a side whose files cannot be used, the former ones stay.
    pub(super) fn reload(&self) -> Vec<Problem> {
        let server = self.server.as_ref().map_or(Ok(()), |server| server.reload(&self.settings.incoming));
        let client = self.client.as_ref().map_or(Ok(()), |client| client.reload(&self.settings.outgoing));
        [server, client].into_iter().filter_map(Result::err).map(|error| problem(&error)).collect()
    }
}

/// What is wrong with the files that the settings name, each told once.
pub fn check(settings: &TlsSettings) -> Vec<Problem> {
    let outgoing = &settings.outgoing;
    let overrides = outgoing.overrides.iter().map(|own| &own.profile.material);
    let sides = [&settings.incoming.material, &outgoing.default.material].into_iter().chain(overrides);
    let mut problems: Vec<Problem> = Vec::new();
    for error in sides.flat_map(material::check) {
        let problem = problem(&error);
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

/// What is wrong with a file, for whoever reads the log.
fn problem(error: &MaterialError) -> Problem {
    Problem::error(error.path().unwrap_or(Path::new("tls")), 0, error.to_string())
}
