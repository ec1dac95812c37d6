//! Systems with a TLS listener of their own (`producers.md` §1.2, §7.4): a hub calls each over https, and every fault of a
//! handshake is the VP009 it should be.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anslut::pki::authority::{Authority, Issued};
use anslut::pki::wish::{Usage, Validity, Wish};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tempfile::TempDir;

use super::{CONTRACT, diagnosis, same};
use crate::support::client::{Answer, Ask};
use crate::support::tak::Tak;
use crate::support::tls::{BOTH, Consumer, TestTime};
use crate::support::world::{NOW, Plan, World};

const SENDER: &str = "tp";
pub const ANSWER: &str = r#"{"request": {}, "response": {"body": "<answer/>", "riv": {"envelope": true}}}"#;

/// System, certificate, what the hub says.
const FAULTS: [(&str, &str, &str); 12] = [
    ("expired", "cert-expired", "expired"),
    ("not-yet", "cert-not-yet", "not yet valid"),
    ("wrong-name", "cert-wrong-name", "wrong name: it is for elsewhere.example, and localhost was called"),
    ("unknown-ca", "cert-unknown-ca", "unknown CA"),
    ("self-signed", "cert-self-signed", "unknown CA"),
    ("weak-key", "cert-weak-key", "the certificate's key is too short: RSA with 1024 bits, expected 2048 or more"),
    ("tls-10", "tls-10-only", "TLS version too old"),
    ("no-cipher", "tls-no-shared-cipher", "received fatal alert: handshake_failure"),
    ("refusing", "client-cert-refused", "received fatal alert: certificate_unknown"),
    ("alert", "alert-mid-handshake", "received fatal alert: internal_error"),
    ("slow", "slow-tls;ms=60000", "the handshake took too long"),
    ("hung", "hang", "the handshake took too long"),
];

/// A CA in a folder, and the hub's certificate.
pub struct Pki {
    folder: TempDir,
    authority: Authority,
    hub: Issued,
}

impl Pki {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let authority = Authority::create(&folder.path().join("pki"), NOW.parse().unwrap()).unwrap();
        let hub = issue(&authority, "SE5565594230-NTJP", Usage::Both);
        Self { folder, authority, hub }
    }

    fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("pki")
    }

    /// Whom to trust.
    pub fn ca_pem(&self) -> &str {
        self.authority.ca_pem()
    }

    /// A platform with systems of their own.
    pub fn producers(&self) -> Plan {
        Plan::bare()
            .set("listen.admin", "127.0.0.1:0")
            .set("producers.pki", &self.root().display().to_string())
            .set("producers.behaviour_header", "x-anslut-behaviour")
    }

    /// A hub with a route to each system's own listener, by its name as address.
    pub async fn hub(&self, producers: &World, systems: &[&str]) -> World {
        let mut tak = Tak::default();
        for system in systems {
            let port = producers.platform.address(&format!("producers.{system}")).expect("a listener").port();
            let url = format!("https://localhost:{port}/{system}/");
            let address = system.to_uppercase();
            tak = tak.route(CONTRACT, &address, "RIVTABP21", &url).permission(CONTRACT, &address, SENDER);
        }
        let text = |path: &Path| path.display().to_string();
        Plan::bare()
            .property("vp.instance.id", "dev_env")
            .property("vp.instance.name", "NTjP Develop")
            .property("ip.whitelist", "127.0.0.1")
            .property("vp.producer.retry.attempts", "1")
            .property("vp.producer.retry.delay", "1")
            .property("producer.https.hostnameVerification", "true")
            .set("hub.handshake_timeout_ms", "3000")
            .set("tls.ca", &text(&self.authority.ca()))
            .set("tls.cert", &text(&self.hub.certificate))
            .set("tls.key", &text(&self.hub.key))
            .tak(tak)
            .start()
            .await
    }

    /// A caller without a hub.
    pub fn consumer(&self, shows: Option<&Issued>) -> Consumer {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(chain(&self.authority.ca()));
        let builder = ClientConfig::builder_with_details(Arc::new(ring::default_provider()), Arc::new(TestTime))
            .with_protocol_versions(BOTH)
            .unwrap()
            .with_root_certificates(roots);
        let config = match shows {
            Some(issued) => {
                let key = PrivateKeyDer::from_pem_file(&issued.key).unwrap();
                builder.with_client_auth_cert(chain(&issued.certificate), key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        Consumer { config: Arc::new(config) }
    }
}

fn issue(authority: &Authority, hsa_id: &str, usage: Usage) -> Issued {
    let validity = Validity::days(NOW.parse().unwrap(), 30);
    let wish = Wish { hsa_id: hsa_id.to_owned(), hosts: Vec::new(), validity, usage };
    authority.keep(hsa_id, &authority.make(&wish).unwrap()).unwrap()
}

fn chain(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path).unwrap().map(Result::unwrap).collect()
}

pub fn toml(certificate: &str, client: &str) -> String {
    format!("[tls]\nlisten = \"127.0.0.1:0\"\ncertificate = \"{certificate}\"\nclient = \"{client}\"\n")
}

/// A call through the hub.
pub async fn through(hub: &World, system: &str, behaviour: Option<&str>) -> Answer {
    let body = diagnosis("191212121212").replace(">SE-1<", &format!(">{}<", system.to_uppercase()));
    let ask = Ask::post(body).internal(SENDER);
    hub.call(match behaviour {
        Some(behaviour) => ask.header("x-anslut-behaviour", behaviour),
        None => ask,
    })
    .await
}

/// What the journal has of a system, newest first.
pub async fn rows(producers: &World, system: &str) -> Vec<serde_json::Value> {
    let admin = producers.platform.address("admin").unwrap();
    let ask = Ask::get(&format!("/__admin/requests?system={system}")).header("Host", admin.to_string());
    let listed: serde_json::Value = serde_json::from_slice(&ask.send(admin).await.body).unwrap();
    listed["requests"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn each_fault_of_a_handshake_is_a_vp009_that_says_which() {
    let pki = Pki::new();
    let mut plan = pki.producers();
    for (system, certificate, _) in FAULTS {
        let folder = format!("producers/{system}");
        plan = plan
            .file(&format!("{folder}/producer.toml"), toml(certificate, "required"))
            .file(&format!("{folder}/mappings/a.json"), ANSWER);
    }
    let producers = plan.start().await;
    assert_eq!(producers.problems, []);
    let hub = pki.hub(&producers, &FAULTS.map(|(system, _, _)| system)).await;
    let mut complaints = Vec::new();
    for (system, certificate, told) in FAULTS {
        let answer = through(&hub, system, None).await;
        let port = producers.platform.address(&format!("producers.{system}")).unwrap().port();
        let parts = [
            "VP009 [NTjP Develop]".to_owned(),
            format!("at address https://localhost:{port}/{system}/."),
            format!("javax.net.ssl.SSLHandshakeException: {told}"),
        ];
        let text = answer.text().replace("&apos;", "'").replace("&#39;", "'");
        let missing: Vec<_> = parts.iter().filter(|part| !text.contains(part.as_str())).collect();
        if answer.status != 500 || !missing.is_empty() {
            complaints.push(format!("{certificate}: {missing:?} not in {text}"));
        }
        assert_eq!(rows(&producers, system).await.len(), 0, "{certificate}: no call came through");
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[tokio::test]
async fn a_good_certificate_carries_calls_and_the_callers_names_the_sender() {
    let pki = Pki::new();
    let by_sender = r#"{"mappings": [
        {"name": "over tls", "request": {"scheme": "https", "riv": {"sender": "SE5565594230-KLIENT"}},
         "response": {"body": "known"}},
        {"name": "any", "priority": 9, "request": {}, "response": {"body": "<answer/>", "riv": {"envelope": true}}}]}"#;
    let producers = pki
        .producers()
        .file("producers/mutual/producer.toml", toml("pki:mutual", "required"))
        .file("producers/mutual/mappings/a.json", by_sender)
        .file("producers/open/producer.toml", toml("pki:open", "none"))
        .file("producers/open/mappings/a.json", ANSWER)
        .file("producers/either/producer.toml", toml("pki:either", "wanted"))
        .file("producers/either/mappings/a.json", by_sender)
        .start()
        .await;
    assert_eq!(producers.problems, []);
    let hub = pki.hub(&producers, &["mutual", "open", "either"]).await;
    for system in ["mutual", "open", "either"] {
        for _ in 0..2 {
            let answer = through(&hub, system, None).await;
            assert_eq!((answer.status, answer.text().contains("<answer/>")), (200, true), "{}", answer.text());
        }
        let rows = rows(&producers, system).await;
        assert_eq!(rows.len(), 2);
        // Over https the hub names no sender but itself, by its certificate.
        let sender = if system == "open" { json!(null) } else { json!("SE5565594230-NTJP") };
        assert_eq!(rows[0]["riv"]["sender"], sender, "{system}");
    }
    let address = |system: &str| producers.platform.address(&format!("producers.{system}")).unwrap();
    let known = issue(&pki.authority, "SE5565594230-KLIENT", Usage::Client);
    let call = || Ask::post(diagnosis("191212121212"));
    for system in ["mutual", "either"] {
        let told = pki.consumer(Some(&known)).call(address(system), &call().at("/whatever")).await;
        assert_eq!(told.text(), "known", "{system}");
        assert_eq!(rows(&producers, system).await[0]["riv"]["sender"], json!("SE5565594230-KLIENT"));
    }
    let stranger = pki.consumer(None);
    assert!(stranger.call(address("either"), &call().at("/either/")).await.text().contains("<answer/>"));
    let refused = stranger.refused(address("mutual")).await;
    assert_eq!(refused, rustls::AlertDescription::CertificateRequired);
}

#[tokio::test]
async fn a_fault_chosen_by_a_call_is_met_at_once_in_process_and_by_the_retry_over_a_socket() {
    let pki = Pki::new();
    let ruled = "[[rule]]\nnth = \"2\"\nbehaviour = \"cert-not-yet\"\n";
    let tak =
        Tak::default().route(CONTRACT, "INSIDE", "RIVTABP21", "producer:inside").permission(CONTRACT, "INSIDE", SENDER);
    let producers = pki
        .producers()
        .property("vp.instance.name", "NTjP Develop")
        .property("ip.whitelist", "127.0.0.1")
        .tak(tak)
        .file("producers/inside/mappings/a.json", ANSWER)
        .file("producers/inside/producer.toml", ruled)
        .file("producers/good/mappings/a.json", ANSWER)
        .file("producers/good/producer.toml", format!("{}{ruled}", toml("pki:good", "required")))
        .start()
        .await;
    assert_eq!(producers.problems, []);
    let hub = pki.hub(&producers, &["good"]).await;
    for (world, system) in [(&producers, "inside"), (&hub, "good")] {
        // The first is served, the second fails by its rule, the third by its header, the last is served again.
        let calls = [(None, ""), (None, "not yet valid"), (Some("cert-expired"), "expired"), (None, "")];
        for (behaviour, told) in calls {
            let answer = through(world, system, behaviour).await;
            let expected = if told.is_empty() { "<answer/>".to_owned() } else { format!("Exception: {told}") };
            let status = if told.is_empty() { 200 } else { 500 };
            assert!(answer.status == status && answer.text().contains(&expected), "{system}: {}", answer.text());
        }
        let named: Vec<_> =
            rows(&producers, system).await.iter().map(|row| row["answer"]["behaviour"].clone()).collect();
        assert_eq!(named[1..3], [json!("cert-expired"), json!("cert-not-yet")], "{system}: {named:?}");
    }
}

#[tokio::test]
async fn listeners_follow_their_files() {
    let pki = Pki::new();
    let producers = pki
        .producers()
        .file("producers/good/mappings/a.json", ANSWER)
        .file("producers/good/producer.toml", toml("pki:good", "none"))
        .start()
        .await;
    let hub = pki.hub(&producers, &["good"]).await;
    assert_eq!(through(&hub, "good", None).await.status, 200);
    producers.rewrite("producers/good/producer.toml", toml("cert-expired", "none"));
    // Kept connections go on with what they began with; a new handshake sees the change.
    let expired = async {
        loop {
            let caller = pki.consumer(None);
            if let Err(error) = caller.open(producers.platform.address("producers.good").unwrap()).await {
                return error.to_string();
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(10), expired).await.expect("the change is seen");
    assert!(told.contains("expired"), "{told}");
    producers.rewrite("producers/good/producer.toml", "name = \"without\"\n");
    let address = producers.platform.address("producers.good").unwrap();
    let gone = async { while tokio::net::TcpStream::connect(address).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("nobody listens any more");
}

#[test]
fn what_is_wrong_in_the_table_is_told_with_its_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("producers/x/producer.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let environment = folder.path().display().to_string();
    for (text, told) in [
        ("[tls]\nlisten = \"nowhere\"\n", "producer.toml:2: error: tls.listen is \"nowhere\""),
        ("[tls]\nclient = \"required\"\n", "producer.toml:1: error: tls.listen is missing"),
        ("[tls]\nlisten = \"127.0.0.1:0\"\ncertificate = \"cert-old\"\n", ":3: error: tls.certificate is \"cert-old\""),
        ("[tls]\nlisten = \"127.0.0.1:0\"\nclient = \"maybe\"\n", ":3: error: tls.client is \"maybe\""),
        ("[tls]\nlisten = \"127.0.0.1:0\"\nclent = \"none\"\n", ":3: error: unknown key \"clent\""),
    ] {
        std::fs::write(&file, text).unwrap();
        let (_, printed, _) = super::faults::cli(&["anslut", "check", &environment]);
        same(text, printed.contains(told), true).unwrap_or_else(|found| panic!("{found}: {printed}"));
    }
}
