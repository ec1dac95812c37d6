//! The aggregating services before a controllable index, sources behind a stand-in for the hub, and a catalogue
//! (`aggregation.md` §6).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anslut::app::serve::{ServeLimits, serve};
use anslut::soap::responder::{Answer as Answered, Responder, TransportFault};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use tokio::net::TcpListener;
use tokio::sync::{Barrier, Notify};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::contracts::{self, Contract};
use crate::support::client::{Answer, Ask};
use crate::support::tak::Tak;
use crate::support::world::{Plan, World};

pub const SENDER: &str = "sample-sender-id";
pub const ORIGINAL: &str = "sample-original-consumer-hsaid";
pub const PATIENT: &str = "191212121212";
/// The platform's own instance towards index and hub.
pub const INSTANCE: &str = "AGP-INSTANCE";

/// A request as it arrived at a stub.
#[derive(Clone, Debug)]
pub struct Seen {
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    /// The text of the first element with this local name.
    pub fn text(&self, name: &str) -> Option<String> {
        texts(&self.body, name).into_iter().next()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert!(values.len() < 2, "several {name}: {values:?}");
        values.first().map(|value| value.to_str().unwrap())
    }
}

/// The texts of all elements with this local name, whatever their prefix.
pub fn texts(xml: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in xml.split('<') {
        let Some((tag, text)) = piece.split_once('>') else { continue };
        let local = tag.split([' ', '/']).next().unwrap_or_default().rsplit(':').next().unwrap_or_default();
        if local == name && !tag.starts_with('/') {
            found.push(text.to_owned());
        }
    }
    found
}

/// What a stub does with a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answers with this status and body.
    Say(u16, String),
    /// The same, under a header more.
    Headed(String, &'static str, &'static str),
    /// Answers with bytes of this content type.
    Raw(&'static str, Vec<u8>),
    /// Answers with these bytes, which are compressed.
    Packed(Vec<u8>),
    /// Never answers.
    Never,
    /// Closes the connection.
    Close,
    /// Answers once as many requests have arrived.
    Together(Arc<Barrier>, String),
    /// Answers once it is told to.
    When(Arc<Notify>, String),
}

impl Act {
    pub fn ok(body: impl Into<String>) -> Self {
        Self::Say(200, body.into())
    }

    pub fn fault(text: &str) -> Self {
        Self::Say(500, fault(text))
    }
}

/// A fault as the hub words it.
pub fn fault(text: &str) -> String {
    format!(
        "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Header/><SOAP-ENV:Body>\
         <SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode><faultstring>{text}</faultstring><detail><x>d</x></detail>\
         </SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
}

type Script = Box<dyn Fn(&Seen) -> Act + Send + Sync>;

struct Shared {
    script: Script,
    seen: Mutex<Vec<Seen>>,
}

impl Responder for Shared {
    fn answer(&self, request: Request<Bytes>) -> Answered<'_> {
        let (head, body) = request.into_parts();
        let seen = Seen { headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() };
        let act = (self.script)(&seen);
        self.seen.lock().unwrap().push(seen);
        Box::pin(async move {
            let xml = |status: u16, body: String| {
                Response::builder().status(status).header("content-type", "text/xml;charset=UTF-8").body(body.into())
            };
            Ok(match act {
                Act::Say(status, body) => xml(status, body).unwrap(),
                Act::Headed(body, name, value) => {
                    let mut response = xml(200, body).unwrap();
                    response.headers_mut().insert(name, value.parse().unwrap());
                    response
                }
                Act::Raw(content_type, body) => {
                    Response::builder().header("content-type", content_type).body(body.into()).unwrap()
                }
                Act::Packed(body) => {
                    let mut response = xml(200, String::new()).unwrap();
                    response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
                    *response.body_mut() = body.into();
                    response
                }
                Act::Never => std::future::pending().await,
                Act::Close => return Err(TransportFault::Closed),
                Act::Together(barrier, body) => {
                    barrier.wait().await;
                    xml(200, body).unwrap()
                }
                Act::When(told, body) => {
                    told.notified().await;
                    xml(200, body).unwrap()
                }
            })
        })
    }
}

/// Somebody who is called.
pub struct Stub {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

impl Stub {
    pub async fn start(script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { script: Box::new(script), seen: Mutex::default() });
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, "stub", shared.clone(), limits(), stop.clone()));
        Self { address, shared, _stop: stop.drop_guard() }
    }

    pub fn url(&self) -> String {
        format!("http://{}/somewhere", self.address)
    }

    /// What it was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The only request so far.
    #[track_caller]
    pub fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    /// The addresses it was called under, sorted.
    pub fn addresses(&self) -> Vec<String> {
        let mut addresses: Vec<_> = self.seen().iter().filter_map(|seen| seen.text("LogicalAddress")).collect();
        addresses.sort();
        addresses
    }
}

fn limits() -> ServeLimits {
    let long = Duration::from_secs(20);
    ServeLimits {
        body_bytes_max: 1 << 24,
        too_large: |_| unreachable!("nobody sends as much"),
        connections_max: 1_024,
        connections_per_client_max: 1_024,
        idle_timeout: long,
        body_timeout: long,
        write_timeout: long,
        drain_timeout: Duration::ZERO,
    }
}

/// A row of the index's answer.
#[derive(Clone, Debug)]
pub struct Hit {
    pub address: String,
    pub system: String,
    pub categorization: String,
    pub resident: String,
}

/// A hit at a system that is its own logical address.
pub fn hit(address: &str) -> Hit {
    Hit {
        address: address.to_owned(),
        system: address.to_owned(),
        categorization: "dia".to_owned(),
        resident: PATIENT.to_owned(),
    }
}

impl Hit {
    pub fn system(mut self, system: &str) -> Self {
        system.clone_into(&mut self.system);
        self
    }

    pub fn categorization(mut self, categorization: &str) -> Self {
        categorization.clone_into(&mut self.categorization);
        self
    }
}

/// The index's answer with these rows.
pub fn found(hits: &[Hit]) -> String {
    let row = |hit: &Hit| {
        format!(
            "<engagement><i:registeredResidentIdentification>{}</i:registeredResidentIdentification>\
             <i:serviceDomain>d</i:serviceDomain><i:categorization>{}</i:categorization><i:logicalAddress>{}</i:logicalAddress>\
             <i:sourceSystem>{}</i:sourceSystem></engagement>",
            hit.resident, hit.categorization, hit.address, hit.system
        )
    };
    format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><FindContentResponse \
         xmlns=\"urn:riv:itintegration:engagementindex:FindContentResponder:1\" \
         xmlns:i=\"urn:riv:itintegration:engagementindex:1\">{}</FindContentResponse></soap:Body></soap:Envelope>",
        hits.iter().map(row).collect::<String>()
    )
}

/// A setup that is not started yet.
pub struct Setup {
    contract: &'static Contract,
    index: Script,
    sources: Script,
    tak: Option<Tak>,
    plan: Plan,
    /// Where the index is, if it is not the stub.
    index_url: Option<String>,
    sources_url: Option<String>,
}

/// A service and everybody around it.
pub struct Around {
    pub contract: &'static Contract,
    pub world: World,
    pub index: Stub,
    pub sources: Stub,
    pub at: SocketAddr,
}

/// A service of which every source has one record, and an index that knows these hits; sender and `*` are permitted.
pub fn setup(tag: &str, hits: Vec<Hit>) -> Setup {
    let contract = contracts::of(tag);
    let rows = found(&hits);
    Setup {
        contract,
        index: Box::new(move |_| Act::ok(rows.clone())),
        sources: Box::new(|seen| Act::ok(contract.answer(&seen.text("LogicalAddress").unwrap_or_default(), 1))),
        tak: Some(everywhere(&[tag])),
        plan: Plan::bare(),
        index_url: None,
        sources_url: None,
    }
}

/// Permission and route for every address, to the sender, for these services.
pub fn everywhere(tags: &[&str]) -> Tak {
    tags.iter().fold(Tak::default(), |tak, tag| {
        let contract = contracts::of(tag).responder();
        tak.route(&contract, "*", "RIVTABP21", "http://nowhere.example/").permission(&contract, "*", SENDER)
    })
}

impl Setup {
    pub fn index(mut self, script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        self.index = Box::new(script);
        self
    }

    pub fn sources(mut self, script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        self.sources = Box::new(script);
        self
    }

    /// What each source does, by its address; those not named have one record.
    pub fn source(self, acts: &[(&str, Act)]) -> Self {
        let contract = self.contract;
        let acts: Vec<_> = acts.iter().map(|(address, act)| ((*address).to_owned(), act.clone())).collect();
        self.sources(move |seen| {
            let address = seen.text("LogicalAddress").unwrap_or_default();
            let act = acts.iter().find(|(known, _)| *known == address).map(|(_, act)| act.clone());
            act.unwrap_or_else(|| Act::ok(contract.answer(&address, 1)))
        })
    }

    pub fn index_at(mut self, url: &str) -> Self {
        self.index_url = Some(url.to_owned());
        self
    }

    pub fn sources_at(mut self, url: &str) -> Self {
        self.sources_url = Some(url.to_owned());
        self
    }

    pub fn tak(mut self, tak: Tak) -> Self {
        self.tak = Some(tak);
        self
    }

    pub fn plan(mut self, change: impl FnOnce(Plan) -> Plan) -> Self {
        self.plan = change(self.plan);
        self
    }

    pub fn property(self, key: &str, value: &str) -> Self {
        self.plan(|plan| plan.property(key, value))
    }

    pub async fn start(self) -> Around {
        let index = Stub::start(self.index).await;
        let sources = Stub::start(self.sources).await;
        let mut plan = self
            .plan
            .set("listen.aggregation", "127.0.0.1:0")
            .property("ei.findContentUrl", &self.index_url.unwrap_or_else(|| index.url()))
            .property("vp.defaultServiceURL", &self.sources_url.unwrap_or_else(|| sources.url()))
            .property("ei.senderId", "ei-sender-id")
            .property("vp.instanceId", INSTANCE);
        if let Some(tak) = self.tak {
            plan = plan.tak(tak);
        }
        let world = plan.start().await;
        let at = world.platform.address("aggregation").unwrap();
        Around { contract: self.contract, world, index, sources, at }
    }
}

/// A request with every mandatory header.
pub fn ask(contract: &Contract, message: impl Into<String>) -> Ask {
    Ask::post(message.into())
        .at(&contract.path())
        .header("x-vp-sender-id", SENDER)
        .header("x-rivta-original-serviceconsumer-hsaid", ORIGINAL)
        .header("x-skltp-correlation-id", "test-corr-id")
}

impl Around {
    /// The usual question.
    pub async fn call(&self) -> Answer {
        self.send(ask(self.contract, self.contract.request(PATIENT))).await
    }

    /// The usual question with elements more.
    pub async fn call_with(&self, inside: &str) -> Answer {
        let inside = format!("{}{inside}", self.contract.patient(PATIENT));
        self.send(ask(self.contract, self.contract.request_with(&inside))).await
    }

    pub async fn send(&self, ask: Ask) -> Answer {
        ask.send(self.at).await
    }
}

/// One entry of `ProcessingStatus`: each child by name, in order.
pub type Entry = Vec<(String, String)>;

/// What a consumer sees of an answer.
pub trait Merged {
    /// The status entries.
    fn entries(&self) -> Vec<Entry>;
    /// The fault string of a fault, which it must be.
    fn fault_string(&self) -> String;
    /// Address and status code of each entry.
    fn statuses(&self) -> Vec<(String, String)>;
    /// The systems that gave a record, in order.
    fn records(&self) -> Vec<String>;
}

impl Merged for Answer {
    #[track_caller]
    fn entries(&self) -> Vec<Entry> {
        let text = self.text();
        assert_eq!(self.status, 200, "{text}");
        let header = text.split_once("<ProcessingStatus ").expect("a ProcessingStatus").1;
        let header = header.split_once("</ProcessingStatus>").expect("its end").0;
        let entry = |part: &str| {
            let leaves = part.split('<').filter(|piece| !piece.starts_with('/'));
            let leaves = leaves.filter_map(|piece| piece.split_once('>'));
            leaves.map(|(name, value)| (name.to_owned(), unescaped(value))).collect()
        };
        header
            .split("<ProcessingStatusList>")
            .skip(1)
            .map(|part| entry(part.split("</ProcessingStatusList>").next().unwrap()))
            .collect()
    }

    #[track_caller]
    fn fault_string(&self) -> String {
        let text = self.text();
        assert_eq!(self.status, 500, "{text}");
        assert!(!text.contains("ProcessingStatus"), "{text}");
        unescaped(&texts(&text, "faultstring").into_iter().next().unwrap_or_default())
    }

    #[track_caller]
    fn statuses(&self) -> Vec<(String, String)> {
        self.entries().iter().map(|entry| (entry[0].1.clone(), entry[1].1.clone())).collect()
    }

    #[track_caller]
    fn records(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{}", self.text());
        texts(&self.text(), "system")
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The value of a child of an entry.
#[track_caller]
pub fn child<'e>(entry: &'e Entry, name: &str) -> Option<&'e str> {
    let values: Vec<_> = entry.iter().filter(|(known, _)| known == name).collect();
    assert!(values.len() < 2, "{entry:?}");
    values.first().map(|(_, value)| value.as_str())
}

/// The only entry of an address.
#[track_caller]
pub fn entry_of(answer: &Answer, address: &str) -> Entry {
    let mut entries = answer.entries();
    entries.retain(|entry| child(entry, "logicalAddress") == Some(address));
    assert_eq!(entries.len(), 1, "{}", answer.text());
    entries.remove(0)
}
