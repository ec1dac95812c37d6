//! Two platforms in one process, with a producer each.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anslut::app::Platform;
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::domain::clock::Clock;
use anslut::domain::problem::Problem;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::aggregation::contracts::of;
use crate::aggregation::world::{Act, PATIENT, Stub};
use crate::support::client::{Answer, Ask};
use crate::support::envelope::Envelope;
use crate::support::soon;
use crate::support::world::NOW;

/// Who calls.
pub const SENDER: &str = "SE2321000016-K001";
/// A system that both platforms know.
pub const SYSTEM: &str = "SE2321000016-S001";
/// The address that aggregates, and the index's.
pub const NATIONAL: &str = "5565594230";
pub const UPDATE: &str = "urn:riv:itintegration:engagementindex:UpdateResponder:1";
pub const FIND: &str = "urn:riv:itintegration:engagementindex:FindContentResponder:1";
pub const NOTIFICATION: &str = "urn:riv:itintegration:engagementindex:ProcessNotificationResponder:1";

/// The two platforms of `connection-api.md` §1, on ports of the system's choice.
pub const TOML: &str = "[[platform]]\nname = \"NTJP-QA\"\nrole = \"qa\"\ninstance_id = \"SE-QA\"\ntak = \"tak-qa\"\n\
    [platform.listen]\nhub_http = \":0\"\ncatalogue = \":0\"\n\n\
    [[platform]]\nname = \"NTJP-PROD\"\nrole = \"production\"\ninstance_id = \"SE-PROD\"\ntak = \"tak-prod\"\n\
    [platform.listen]\nhub_http = \":0\"\ncatalogue = \":0\"\n";

/// A contract of the aggregated kind.
pub fn diagnosis() -> String {
    of("GD").responder()
}

/// A catalogue as somebody writes it by hand.
#[derive(Clone, Default)]
pub struct Rows(String);

impl Rows {
    pub fn route(mut self, contract: &str, address: &str, url: &str) -> Self {
        self.0.push_str(&format!(
            "[[route]]\ncontract = \"{contract}\"\naddress = \"{address}\"\nprofile = \"RIVTABP21\"\nurl = \"{url}\"\n"
        ));
        self
    }

    pub fn permission(mut self, contract: &str, address: &str, consumer: &str) -> Self {
        let row =
            format!("[[permission]]\ncontract = \"{contract}\"\naddress = \"{address}\"\nconsumer = \"{consumer}\"\n");
        self.0.push_str(&row);
        self
    }

    /// The file.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Both, for [`SENDER`].
    pub fn open(self, contract: &str, address: &str, url: &str) -> Self {
        self.route(contract, address, url).permission(contract, address, SENDER)
    }
}

/// An environment with two platforms.
pub struct Plan {
    pub toml: String,
    pub files: Vec<(String, String)>,
    pub data: Option<PathBuf>,
    pub clock: Clock,
}

impl Plan {
    /// Nothing in either catalogue.
    pub fn empty() -> Self {
        let clock = Clock::fixed(NOW.parse().unwrap());
        Self { toml: TOML.to_owned(), files: Vec::new(), data: None, clock }
    }

    pub fn qa(self, rows: Rows) -> Self {
        self.file("tak-qa/rows.toml", &rows.0)
    }

    pub fn production(self, rows: Rows) -> Self {
        self.file("tak-prod/rows.toml", &rows.0)
    }

    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    pub fn toml(mut self, more: &str) -> Self {
        self.toml.push_str(more);
        self
    }

    pub fn keeping(mut self, data: &Path) -> Self {
        self.data = Some(data.to_owned());
        self
    }

    /// The environment on disk.
    pub fn write(&self) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (path, text) in self.files.iter().chain([&("anslut.toml".to_owned(), self.toml.clone())]) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    pub async fn start(self) -> World {
        let folder = self.write();
        World::start(folder, self.data.as_deref(), self.clock).await
    }
}

/// What is set so that only the system's ports are used.
pub fn sets() -> Vec<String> {
    let listeners = ["index_update", "index_find", "aggregation", "producers", "admin"];
    let sets = listeners.iter().map(|name| format!("listen.{name}=127.0.0.1:0"));
    sets.chain(["log.messages=off".to_owned()]).collect()
}

/// A running process.
pub struct World {
    pub platform: Platform,
    pub problems: Vec<Problem>,
    pub folder: TempDir,
}

impl World {
    pub async fn start(folder: TempDir, data: Option<&Path>, clock: Clock) -> Self {
        Self::start_set(folder, data, clock, &[]).await
    }

    /// With more settings, which win over the usual ones.
    pub async fn start_set(folder: TempDir, data: Option<&Path>, clock: Clock, more: &[String]) -> Self {
        let environment = Environment::Folder(folder.path().to_owned());
        let loaded = raw::load(&environment, &[&sets()[..], more].concat(), &[]);
        let settings = loaded.settings.unwrap_or_else(|error| panic!("{error}: {:?}", loaded.problems));
        let starting = Platform::start(environment, settings, data.map(Path::to_owned), clock);
        let (platform, problems) = soon("the platforms", starting).await.unwrap();
        Self { platform, problems, folder }
    }

    pub fn at(&self, listener: &str) -> SocketAddr {
        let names = self.platform.addresses();
        self.platform.address(listener).unwrap_or_else(|| panic!("no {listener} among {names:?}"))
    }

    /// Calls a hub as somebody behind it.
    pub async fn call(&self, platform: &str, message: impl Into<Vec<u8>>) -> Answer {
        let instance = if platform == "NTJP-QA" { "SE-QA" } else { "SE-PROD" };
        self.call_as(platform, instance, message).await
    }

    /// The same, by the instance of somebody else.
    pub async fn call_as(&self, platform: &str, instance: &str, message: impl Into<Vec<u8>>) -> Answer {
        let ask = Ask::post(message).header("x-vp-instance-id", instance).header("x-vp-sender-id", SENDER);
        ask.header("x-skltp-correlation-id", "id").send(self.at(&format!("{platform}.hub_http"))).await
    }

    /// What both hubs make of a plain question: `200`, or the VP code; QA first.
    pub async fn both(&self, contract: &str, address: &str) -> [String; 2] {
        let message = Envelope::bp21(contract, address).text();
        [outcome(&self.call("NTJP-QA", message.clone()).await), outcome(&self.call("NTJP-PROD", message).await)]
    }

    /// Asks the admin listener for JSON.
    pub async fn api(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let ask = match body {
            Some(body) => Ask::post(body.to_string()).content_type("application/json"),
            None => Ask::get(""),
        };
        let ask = ask.method(method).at(path).header("Host", "localhost");
        let answer = ask.send(self.at("admin")).await;
        (
            answer.status,
            serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text())),
        )
    }

    /// Saves a permission for [`SENDER`] in a platform's catalogue, and publishes it.
    pub async fn permit(&self, platform: &str, contract: &str) -> (u16, Value) {
        let query = format!("?platform={platform}");
        let row = json!({"tjanstekonsument": SENDER, "tjanstekontrakt": contract, "logiskAdress": SYSTEM, "integrationsavtal": "a"});
        let body = json!({"user": "anna", "table": "anropsbehorighet", "row": row});
        let saved = self.api("POST", &format!("/api/v1/catalogue/rows{query}"), Some(&body)).await;
        if saved.0 != 200 {
            return saved;
        }
        let body = json!({"user": "anna", "comment": "öppnar"});
        self.api("POST", &format!("/api/v1/catalogue/publish{query}"), Some(&body)).await
    }
}

/// `200`, or the VP code of the fault.
pub fn outcome(answer: &Answer) -> String {
    let text = answer.text();
    let code = text.split("VP0").nth(1).map(|rest| format!("VP0{}", &rest[..2]));
    code.unwrap_or_else(|| answer.status.to_string())
}

/// A producer that answers GetDiagnosis by the address it is asked at.
pub async fn source() -> Stub {
    Stub::start(|seen| Act::ok(of("GD").answer(seen.text("LogicalAddress").as_deref().unwrap_or_default(), 1))).await
}

/// A question to the aggregating service.
pub fn question() -> String {
    of("GD").request(PATIENT)
}

/// A row of the environment's own index.
pub fn engagement(address: &str) -> String {
    json!({
        "registeredResidentIdentification": PATIENT, "serviceDomain": "riv:clinicalprocess:healthcond:description",
        "categorization": "dia", "logicalAddress": address, "businessObjectInstanceIdentifier": "NA",
        "clinicalProcessInterestId": "NA", "mostRecentContent": "20260101000000", "sourceSystem": address,
        "dataController": address,
    })
    .to_string()
        + "\n"
}

/// An Update of one engagement.
pub fn update(address: &str) -> String {
    include_str!("../../../fixtures/demo/requests/update.xml").replace("SE2321000016-S003", address)
}
