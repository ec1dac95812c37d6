//! A running platform with an environment of its own.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anslut::app::Platform;
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::domain::clock::Clock;
use anslut::domain::problem::Problem;
use anslut::hub::exchange::CallRecord;
use tempfile::TempDir;

use super::client::{Answer, Ask};
use super::log::Logged;
use super::pki::{Ca, Held};
use super::tak::{TREE, Tak, hsa_xml};
use super::{soon, until};

/// A platform that is not started yet: its environment.
pub struct Plan {
    properties: BTreeMap<String, String>,
    sets: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
    /// Its catalogue, written to `tak/copy.xml`; without one, there is no such folder.
    pub tak: Option<Tak>,
    pub clock: Clock,
}

/// When everything happens.
pub const NOW: &str = "2026-03-02T12:00:00Z";

impl Plan {
    /// Nothing but listeners on ports of the system's choice.
    pub fn bare() -> Self {
        let sets = [
            "listen.hub_http=127.0.0.1:0",
            "listen.hub_https=off",
            "listen.producers=off",
            "listen.admin=off",
            "listen.index_update=off",
            "listen.index_find=off",
            "listen.aggregation=off",
            "listen.catalogue=off",
        ];
        Self {
            properties: BTreeMap::new(),
            sets: sets.map(str::to_owned).to_vec(),
            files: BTreeMap::new(),
            tak: None,
            clock: Clock::fixed(NOW.parse().unwrap()),
        }
    }

    /// Configuration C0 of `vp.md` §11.0, with its HSA tree and no catalogue.
    pub fn c0() -> Self {
        let properties = [
            ("vp.instance.id", "dev_env"),
            ("vp.instance.name", "NTjP Develop"),
            ("certificate.senderid.subject.pattern", "OU=([^,]+)"),
            ("ip.whitelist", "127.0.0.1,1.2.3.4,5.6.7.8"),
            ("sender.id.allowed.list", "SENDER1,SENDER2,tp,TSTNMT2321000156-B02"),
            ("throw.vp013.when.originalconsumer.not.allowed", "true"),
            ("propagate.correlation.id.for.https", "false"),
            ("http.forwarded.header.xfor", "X-Forwarded-For"),
            ("http.forwarded.header.host", "X-Forwarded-Host"),
            ("http.forwarded.header.port", "X-Forwarded-Port"),
            ("http.forwarded.header.proto", "X-Forwarded-Proto"),
            ("http.forwarded.header.auth_cert", "X-Forwarded-Tls-Client-Cert-Info"),
            ("vp.producer.retry.attempts", "1"),
            ("vp.producer.retry.delay", "200"),
            ("vp.use.routing.history", "true"),
            ("hsa.lookup.vagval.exceptedNamespaces", "namnrymd-2"),
            ("hsa.lookup.behorighet.exceptedNamespaces", "namnrymd-x,namnrymd-2"),
        ];
        properties
            .into_iter()
            .fold(Self::bare(), |plan, (key, value)| plan.property(key, value))
            .timeouts(4_000, &[])
            .file("hsa/tree.xml", hsa_xml(TREE))
    }

    /// Sets one of the reference's own properties.
    pub fn property(mut self, key: &str, value: &str) -> Self {
        self.properties.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Sets one of our own settings.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.sets.push(format!("{key}={value}"));
        self
    }

    /// Adds a file to the environment, or replaces it.
    pub fn file(mut self, path: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), contents.into());
        self
    }

    pub fn tak(mut self, tak: Tak) -> Self {
        self.tak = Some(tak);
        self
    }

    /// Changes the catalogue.
    pub fn change(mut self, change: impl FnOnce(&mut Tak)) -> Self {
        change(self.tak.get_or_insert_default());
        self
    }

    /// The timeout file: for every contract, and for some.
    pub fn timeouts(self, default_ms: u64, own: &[(&str, u64)]) -> Self {
        let entry = |(contract, ms): &(&str, u64)| {
            format!("{{\"tjanstekontrakt\":\"{contract}\",\"routetimeout\":{ms},\"producertimeout\":{ms}}}")
        };
        let entries: Vec<_> = [("default_timeouts", default_ms)].iter().chain(own).map(entry).collect();
        self.file("timeoutconfig.json", format!("[{}]", entries.join(",")))
    }

    /// Listens with TLS; trusts a CA, and has this certificate towards consumers and producers.
    pub fn tls(self, ca: &Ca, hub: &Held) -> Self {
        self.set("listen.hub_https", "127.0.0.1:0")
            .set("tls.ca", &ca.ca().display().to_string())
            .set("tls.cert", &hub.certificate.display().to_string())
            .set("tls.key", &hub.key.display().to_string())
    }

    /// Starts the platform.
    pub async fn start(self) -> World {
        let folder = TempDir::new().unwrap();
        let root = folder.path();
        let mut settings = "[properties]\n".to_owned();
        for (key, value) in &self.properties {
            settings.push_str(&format!("\"{key}\" = '{value}'\n"));
        }
        write(&root.join("anslut.toml"), settings.as_bytes());
        if let Some(tak) = &self.tak {
            write(&root.join("tak/copy.xml"), tak.xml().as_bytes());
        }
        for (path, contents) in &self.files {
            write(&root.join(path), contents);
        }
        let log = root.join("messages.log");
        let environment = Environment::Folder(root.to_owned());
        let mut sets = self.sets;
        sets.insert(0, format!("log.messages={}", log.display()));
        let loaded = raw::load(&environment, &sets, &[]);
        let settings = loaded.settings.unwrap_or_else(|error| panic!("{error}: {:?}", loaded.problems));
        let started =
            soon("the platform to start", Platform::start(environment, settings, None, self.clock.clone())).await;
        let (platform, problems) = started.unwrap();
        let hub = platform.address("hub_http").unwrap();
        World { platform, hub, problems, clock: self.clock, log, folder }
    }
}

fn write(path: &Path, contents: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // Whoever watches the folder passes over hidden files, and never finds half of one.
    let beside = path.with_file_name(format!(".{}", path.file_name().unwrap().to_string_lossy()));
    fs::write(&beside, contents).unwrap();
    fs::rename(&beside, path).unwrap();
}

/// A running platform.
pub struct World {
    pub platform: Platform,
    /// Where the hub listens.
    pub hub: SocketAddr,
    /// What was wrong with the environment.
    pub problems: Vec<Problem>,
    pub clock: Clock,
    log: PathBuf,
    folder: TempDir,
}

impl World {
    /// Makes a call.
    pub async fn call(&self, ask: Ask) -> Answer {
        ask.send(self.hub).await
    }

    /// A path in the environment.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Writes a file of the environment anew.
    pub fn rewrite(&self, relative: &str, contents: impl AsRef<[u8]>) {
        write(&self.path(relative), contents.as_ref());
    }

    /// Every call so far, oldest first.
    pub fn records(&self) -> Vec<Arc<CallRecord>> {
        let mut records = self.platform.records().newest(usize::MAX, |_| true);
        records.reverse();
        records
    }

    /// Waits for as many calls to be recorded.
    pub async fn recorded(&self, count: usize) -> Vec<Arc<CallRecord>> {
        until("the calls to be recorded", || self.records().len() >= count).await;
        self.records()
    }

    /// The platform alone, beside the folder it needs.
    pub fn keep(self) -> (Platform, TempDir) {
        (self.platform, self.folder)
    }

    /// Stops the platform and gives its message log.
    pub async fn drain(self) -> Logged {
        soon("the platform to drain", self.platform.drain()).await;
        Logged::read(&self.log)
    }
}
