//! A platform's index behind its two listeners, a catalogue that is a stub, and subscribers that are stubs.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anslut::app::Platform;
use anslut::app::serve::{ServeLimits, serve};
use anslut::config::checked::Settings;
use anslut::config::environment::Environment;
use anslut::config::index::IndexSettings;
use anslut::config::raw;
use anslut::domain::clock::Clock;
use anslut::index::open::Index;
use anslut::soap::responder::{Answer, Responder, TransportFault};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::engagement::{DOMAIN, RESIDENT, Row};
use crate::support::client::Ask;

pub(crate) const OWN: &str = "ei-hsa-id";
const CORE: &str = "urn:riv:itintegration:engagementindex:1";

/// A request as it arrived at a stub.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Seen {
    /// The text of the first element with this name.
    pub(crate) fn text(&self, name: &str) -> String {
        texts(&self.body, name).into_iter().next().unwrap_or_default()
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        texts(&self.body, name).len()
    }
}

/// The texts of all elements with this local name, whatever their prefix.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let end = format!("{name}>");
    for piece in xml.split('<') {
        let Some((tag, text)) = piece.split_once('>') else { continue };
        let local = tag.split([' ', '/']).next().unwrap_or_default();
        let local = local.rsplit(':').next().unwrap_or_default();
        if local == name && !tag.starts_with('/') && !end.is_empty() {
            found.push(text.to_owned());
        }
    }
    found
}

/// Both stubs: answers with the list of subscribers, and takes notifications.
#[derive(Default)]
pub(crate) struct Stub {
    /// `None`: nobody answers.
    registry: Mutex<Option<String>>,
    failing: Mutex<Vec<String>>,
    result_code: Mutex<String>,
    pub(crate) registry_calls: Mutex<Vec<Seen>>,
    pub(crate) notified: Mutex<Vec<Seen>>,
    pub(crate) attempts: Mutex<HashMap<String, usize>>,
}

impl Responder for Stub {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let seen = Seen { headers, body: String::from_utf8(request.body().to_vec()).unwrap() };
        let answer = if request.uri().path().contains("GetLogicalAddressees") {
            self.registry_calls.lock().unwrap().push(seen);
            let records = self.registry.lock().unwrap().clone();
            records.ok_or(TransportFault::Refused).map(|records| {
                format!(
                    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
                     <GetLogicalAddresseesByServiceContractResponse xmlns='urn:p' xmlns:c='urn:c'>{records}\
                     </GetLogicalAddresseesByServiceContractResponse></e:Body></e:Envelope>"
                )
            })
        } else {
            let address = seen.text("LogicalAddress");
            *self.attempts.lock().unwrap().entry(address.clone()).or_default() += 1;
            if self.failing.lock().unwrap().contains(&address) {
                let fault = Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).body("no".into()).unwrap();
                return Box::pin(async move { Ok(fault) });
            }
            self.notified.lock().unwrap().push(seen);
            Ok(format!("<ResultCode>{}</ResultCode>", self.result_code.lock().unwrap()))
        };
        Box::pin(async move { answer.map(|body| Response::new(body.into())) })
    }
}

/// A platform with nothing but the index's two listeners open, and an environment without files.
pub(crate) struct World {
    runtime: Runtime,
    platform: Option<Platform>,
    pub(crate) index: Arc<Index>,
    pub(crate) stub: Arc<Stub>,
    pub(crate) clock: Clock,
    stop: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(platform) = self.platform.take() {
            self.runtime.block_on(platform.drain());
        }
        self.stop.cancel();
    }
}

/// An answer, its body as text.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Answered {
    /// The fault string; empty where the answer is none.
    pub(crate) fn fault(&self) -> String {
        let text = texts(&self.body, "faultstring").into_iter().next().unwrap_or_default();
        text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!((self.status, self.fault()), (200, String::new()));
        assert!(self.body.contains("<ns2:ResultCode>OK</ns2:ResultCode>") && !self.body.contains("comment"));
        self
    }

    #[track_caller]
    pub(crate) fn refused(&self, text: &str) {
        assert_eq!((self.status, self.fault().as_str()), (500, text));
        assert!(self.body.contains("<soap:Fault><faultcode>soap:Server</faultcode>") && self.body.ends_with('>'));
    }

    /// Rows of FindContent.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<BTreeMap<String, String>> {
        assert_eq!(self.status, 200, "{}", self.body);
        let row = |text: &str| {
            text.split("<ns2:")
                .skip(1)
                .map(|element| {
                    let (name, rest) = element.split_once('>').unwrap();
                    (name.to_owned(), rest.split('<').next().unwrap().to_owned())
                })
                .collect()
        };
        self.body.split("<engagement>").skip(1).map(row).collect()
    }
}

impl World {
    pub(crate) fn new(change: impl FnOnce(&mut IndexSettings)) -> Self {
        Self::with_subscribers("", change)
    }

    /// `records`: what the catalogue's stub answers with.
    pub(crate) fn with_subscribers(records: &str, change: impl FnOnce(&mut IndexSettings)) -> Self {
        let clock = Clock::fixed("2026-11-22T11:00:00Z".parse().unwrap());
        let stub = Arc::new(Stub::default());
        *stub.registry.lock().unwrap() = Some(records.to_owned());
        *stub.result_code.lock().unwrap() = "OK".to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stop = CancellationToken::new();
        let (platform, problems) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let settings = settings(listener.local_addr().unwrap(), change);
            tokio::spawn(serve(listener, "stub", stub.clone(), limits(), stop.clone()));
            let folder = tempfile::tempdir().unwrap();
            let environment = Environment::Folder(folder.path().to_owned());
            Platform::start(environment, settings, None, clock.clone()).await.unwrap()
        });
        assert!(problems.iter().all(|problem| !problem.file.ends_with("index")), "{problems:?}");
        let index = platform.index().unwrap();
        Self { runtime, platform: Some(platform), index, stub, clock, stop }
    }

    pub(crate) fn registry_answers(&self, records: Option<&str>) {
        *self.stub.registry.lock().unwrap() = records.map(str::to_owned);
    }

    pub(crate) fn fails(&self, subscriber: &str) {
        self.stub.failing.lock().unwrap().push(subscriber.to_owned());
    }

    pub(crate) fn answers_with(&self, result_code: &str) {
        *self.stub.result_code.lock().unwrap() = result_code.to_owned();
    }

    /// Moves the clock on.
    pub(crate) fn later(&self, seconds: i64) {
        self.clock.set(self.clock.now() + jiff::SignedDuration::from_secs(seconds));
    }

    pub(crate) fn send(&self, request: Request<Bytes>) -> Answered {
        let listener = if request.uri().path().contains("find-content") { "index_find" } else { "index_update" };
        let address = self.platform.as_ref().and_then(|platform| platform.address(listener)).unwrap();
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let (method, target) = (request.method().to_string(), request.uri().to_string());
        let ask = Ask { method, target, headers, body: request.into_body().to_vec() };
        let answer = self.runtime.block_on(ask.send(address));
        let content_type = answer.header("content-type").unwrap().to_owned();
        Answered { status: answer.status, content_type, body: answer.text() }
    }

    pub(crate) fn get(&self, path: &str) -> Answered {
        self.send(Request::get(format!("/skltp-ei/{path}")).body(Bytes::new()).unwrap())
    }

    fn post(&self, operation: &str, address: Option<&str>, payload: &str) -> Answered {
        self.send(request(operation, &envelope(operation, address, payload)))
    }

    pub(crate) fn update(&self, rows: &[Row]) -> Answered {
        self.update_to(Some(OWN), rows)
    }

    pub(crate) fn update_to(&self, address: Option<&str>, rows: &[Row]) -> Answered {
        self.post("Update", address, &rows.iter().map(|row| row.xml(true)).collect::<String>())
    }

    pub(crate) fn notify(&self, rows: &[Row]) -> Answered {
        let payload = rows.iter().map(|row| row.xml(true)).collect::<String>();
        self.post("ProcessNotification", Some("anything"), &payload)
    }

    /// Updates and lets the collect window close.
    #[track_caller]
    pub(crate) fn updated(&self, rows: &[Row]) -> &Self {
        self.update(rows).ok();
        self.settled()
    }

    #[track_caller]
    pub(crate) fn notified(&self, rows: &[Row]) -> &Self {
        self.notify(rows).ok();
        self.settled()
    }

    /// Lets the collect window close and everything be delivered that will be.
    #[track_caller]
    pub(crate) fn settled(&self) -> &Self {
        self.runtime.block_on(async {
            self.index.settle().await.unwrap();
            let mut changes = self.index.queues().watch();
            let delivered = async {
                while self.index.queues().depths().iter().any(|depth| depth.waiting > 0) {
                    changes.changed().await.unwrap();
                }
            };
            tokio::time::timeout(Duration::from_secs(20), delivered).await.expect("everything is delivered");
        });
        self
    }

    /// FindContent with these fields and no others.
    pub(crate) fn query(&self, fields: &[(&str, &str)]) -> Answered {
        let payload = fields.iter().map(|(name, value)| format!("<p:{name}>{value}</p:{name}>")).collect::<String>();
        self.post("FindContent", None, &payload)
    }

    /// FindContent for the usual person and domain, and these fields.
    #[track_caller]
    pub(crate) fn find(&self, fields: &[(&str, &str)]) -> Vec<BTreeMap<String, String>> {
        let base = [("registeredResidentIdentification", RESIDENT), ("serviceDomain", DOMAIN)];
        self.query(&[&base, fields].concat()).rows()
    }

    /// The usual person's rows.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<BTreeMap<String, String>> {
        self.find(&[])
    }

    /// The one row the usual person has.
    #[track_caller]
    pub(crate) fn row(&self) -> BTreeMap<String, String> {
        let mut rows = self.rows();
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    /// What a subscriber has been told, oldest first, since this was last asked.
    pub(crate) fn told(&self, subscriber: &str) -> Vec<Seen> {
        let mut notified = self.stub.notified.lock().unwrap();
        let (his, others): (Vec<_>, Vec<_>) =
            notified.drain(..).partition(|seen| seen.text("LogicalAddress") == subscriber);
        *notified = others;
        his
    }
}

/// The settings of §8 over the table's defaults, with everybody outside being the stub.
fn settings(stub: SocketAddr, change: impl FnOnce(&mut IndexSettings)) -> Settings {
    let off = ["hub_http", "hub_https", "catalogue", "aggregation", "producers", "admin"];
    let on = ["index_update", "index_find"];
    let mut sets: Vec<String> = off.iter().map(|name| format!("listen.{name}=off")).collect();
    sets.extend(on.iter().map(|name| format!("listen.{name}=127.0.0.1:0")));
    sets.push("log.messages=off".to_owned());
    sets.push("properties.activemq.broker.redelivery-delay=1".to_owned());
    for name in ["processnotification", "getlogicaladdresses"] {
        let path = if name == "processnotification" { "ProcessNotification" } else { "GetLogicalAddressees" };
        sets.push(format!("properties.{name}.serviceEndpointUrl=http://{stub}/vp/{path}"));
    }
    let nowhere = Environment::Folder("/nowhere".into());
    let mut settings = raw::load(&nowhere, &sets, &[]).settings.unwrap();
    change(&mut settings.index);
    settings
}

/// Of the stub's listener.
fn limits() -> ServeLimits {
    let long = Duration::from_secs(20);
    ServeLimits {
        body_bytes_max: 1 << 24,
        too_large: |_| unreachable!("nobody sends as much"),
        connections_max: 64,
        connections_per_client_max: 64,
        idle_timeout: long,
        body_timeout: long,
        write_timeout: long,
        drain_timeout: Duration::ZERO,
    }
}

pub(crate) fn envelope(operation: &str, address: Option<&str>, payload: &str) -> String {
    let header = address.map_or_else(String::new, |address| {
        format!("<r:LogicalAddress xmlns:r='urn:riv:itintegration:registry:1'>{address}</r:LogicalAddress>")
    });
    format!(
        "<soapenv:Envelope xmlns:soapenv='http://schemas.xmlsoap.org/soap/envelope/' xmlns:c='{CORE}' \
         xmlns:p='urn:riv:itintegration:engagementindex:{operation}Responder:1'><soapenv:Header>{header}</soapenv:Header>\
         <soapenv:Body><p:{operation}>{payload}</p:{operation}></soapenv:Body></soapenv:Envelope>"
    )
}

pub(crate) fn request(operation: &str, body: &str) -> Request<Bytes> {
    let path = match operation {
        "Update" => "update-service",
        "ProcessNotification" => "notification-service",
        _ => "find-content-service",
    };
    Request::post(format!("/skltp-ei/{path}/v1"))
        .header("content-type", "text/xml;charset=UTF-8")
        .header("x-skltp-correlation-id", "correlation-1")
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}
