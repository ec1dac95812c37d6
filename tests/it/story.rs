//! The built-in environment, end to end: what a newcomer sees first.

use std::ffi::OsString;
use std::sync::Arc;

use anslut::app::Platform;
use anslut::cli;
use anslut::cli::failure::Exit;
use anslut::cli::terminal::Terminal;
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::domain::clock::Clock;

use crate::support::client::{Answer, Ask};
use crate::support::soon;

/// What a request of `requests/` must get.
#[derive(Clone, Copy, Debug)]
enum Gets {
    /// An answer of this element.
    Answer(&'static str),
    /// The same, of somebody about whom nothing is known.
    EmptyAnswer(&'static str),
    /// An answer of this element, with records of so many sources and a failed status of so many others.
    Merged(&'static str, usize, usize),
    /// Of the index: it has been taken in.
    Accepted,
    /// A refusal, with words of its detail.
    Refusal(&'static str, &'static str),
    /// A fault without a code, with the beginning of its text.
    RawFault(&'static str),
}

const REQUESTS: &[(&str, Gets)] = &[
    ("find-content-updated.xml", Gets::Answer("SE2321000016-S001")),
    ("find-content.xml", Gets::Answer("SE2321000016-S002")),
    ("first-call.xml", Gets::Answer("GetCareDocumentationResponse")),
    ("get-alert-information.xml", Gets::Answer("GetAlertInformationResponse")),
    ("get-care-contacts.xml", Gets::Answer("GetCareContactsResponse")),
    ("get-care-documentation-aggregated.xml", Gets::Merged("GetCareDocumentationResponse", 2, 1)),
    (
        "get-care-documentation-closed-connection.xml",
        Gets::RawFault("No response received from remote server: producer:broken"),
    ),
    (
        "get-care-documentation-producer-down.xml",
        Gets::Refusal("VP009", "java.net.ConnectException: Cannot connect to"),
    ),
    ("get-care-documentation-unknown-patient.xml", Gets::EmptyAnswer("GetCareDocumentationResponse")),
    ("get-care-documentation-vp004.xml", Gets::Refusal("VP004", "receiverId: SE2321000016-S404")),
    ("get-care-documentation-vp007.xml", Gets::Refusal("VP007", "receiverId: SE2321000016-S007")),
    ("get-care-documentation.xml", Gets::Answer("GetCareDocumentationResponse")),
    ("get-care-plans.xml", Gets::Answer("GetCarePlansResponse")),
    ("get-diagnosis-converted.xml", Gets::Answer("GetDiagnosisResponse")),
    ("get-diagnosis.xml", Gets::Answer("GetDiagnosisResponse")),
    ("get-ecg-outcome.xml", Gets::Answer("GetECGOutcomeResponse")),
    ("get-imaging-outcome.xml", Gets::Answer("GetImagingOutcomeResponse")),
    ("get-laboratory-order-outcome-old-style.xml", Gets::Answer("GetLaboratoryOrderOutcomeResponse")),
    ("get-laboratory-order-outcome.xml", Gets::Answer("GetLaboratoryOrderOutcomeResponse")),
    ("get-maternity-medical-history.xml", Gets::Answer("GetMaternityMedicalHistoryResponse")),
    ("get-medication-history.xml", Gets::Answer("GetMedicationHistoryResponse")),
    ("get-referral-outcome.xml", Gets::Answer("GetReferralOutcomeResponse")),
    ("get-subject-of-care-schedule.xml", Gets::Answer("GetSubjectOfCareScheduleResponse")),
    ("get-vaccination-history.xml", Gets::Answer("GetVaccinationHistoryResponse")),
    ("is-active-user.xml", Gets::Answer("IsActiveUserResponse")),
    ("update.xml", Gets::Accepted),
];

/// A running demo.
pub async fn demo() -> Platform {
    let sets = [
        "listen.hub_http=127.0.0.1:0",
        "listen.hub_https=off",
        "listen.index_update=127.0.0.1:0",
        "listen.index_find=127.0.0.1:0",
        "listen.aggregation=127.0.0.1:0",
        "listen.catalogue=127.0.0.1:0",
        "listen.producers=127.0.0.1:0",
        "listen.admin=127.0.0.1:0",
        "log.messages=off",
    ];
    // A producer that is down is tried again after a while; nobody learns more from waiting for it.
    let sets: Vec<_> = sets.into_iter().chain(["properties.vp.producer.retry.delay=1"]).map(str::to_owned).collect();
    let loaded = raw::load(&Environment::Demo, &sets, &[]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let started = Platform::start(Environment::Demo, loaded.settings.expect("usable"), None, Clock::System);
    let (platform, problems) = soon("the demo to start", started).await.expect("started");
    assert!(problems.is_empty(), "{problems:?}");
    platform
}

fn request(name: &str) -> String {
    let file = Environment::Demo.file(&format!("requests/{name}")).expect("readable").expect(name);
    String::from_utf8(file.contents).expect("UTF-8")
}

/// The request as the printed `curl` makes it: without a word about who sends it.
async fn ask(platform: &Platform, message: String) -> Answer {
    Ask::post(message).send(platform.address("hub_http").expect("the hub")).await
}

#[tokio::test]
async fn the_first_call_and_what_changing_it_does() {
    let platform = demo().await;
    let first = request("first-call.xml");
    let answer = ask(&platform, first.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("GetCareDocumentationResponse") && answer.text().contains("191212121212"));
    let address = "SE2321000016-S001";
    assert!(first.contains(address));
    let answer = ask(&platform, first.replace(address, "SE2321000016-CHANGED")).await;
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("<faultstring>VP004 [NTjP Demo] Det finns inget vägval"), "{}", answer.text());
    let answer = ask(&platform, request("get-care-documentation-vp007.xml")).await;
    assert!(answer.text().contains("<faultstring>VP007 [NTjP Demo] "), "{}", answer.text());
    let outcomes: Vec<_> = platform.records().newest(9, |_| true).iter().rev().map(|record| record.outcome()).collect();
    assert_eq!(outcomes, ["ok", "VP004", "VP007"]);
    let status = Ask::get("/status").send(platform.address("hub_http").expect("the hub")).await;
    assert!(status.text().contains("\"TakCacheInitialized\": \"true\""), "{}", status.text());
    let ready = Ask::get("/health/ready").send(platform.address("admin").expect("admin")).await;
    assert_eq!(ready.status, 200);
    platform.drain().await;
}

#[tokio::test]
async fn what_happened_can_be_looked_at() {
    let platform = demo().await;
    let admin = platform.address("admin").expect("admin");
    // The admin listener answers to this machine's names alone.
    let get = async |target: &str| Ask::get(target).header("Host", "localhost").send(admin).await;
    ask(&platform, request("first-call.xml")).await;
    ask(&platform, request("get-care-documentation-vp007.xml")).await;
    let listed = get("/api/v1/exchanges").await;
    assert_eq!(listed.status, 200, "{}", listed.text());
    assert!(listed.text().contains("VP007") && listed.text().contains("SE2321000016-S007"), "{}", listed.text());
    let id = platform.records().newest(1, |_| true)[0].id;
    let one = get(&format!("/api/v1/exchanges/{id}")).await;
    assert!(one.status == 200 && one.text().contains("VP007"), "{} {}", one.status, one.text());
    let metrics = get("/metrics").await.text();
    for line in ["anslut_hub_calls_total{outcome=\"ok\"} 1", "anslut_hub_calls_total{outcome=\"VP007\"} 1"] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let question = "/api/v1/explain?contract=urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:2&address=SE2321000016-S404&sender=SE5565594230-K001";
    let explained = get(question).await;
    assert!(explained.status == 200 && explained.text().contains("VP004"), "{} {}", explained.status, explained.text());
    for page in ["/", "/openapi.json", "/health/live", &format!("/calls/{id}")] {
        assert_eq!(get(page).await.status, 200, "{page}");
    }
    platform.drain().await;
}

#[tokio::test]
async fn every_request_gets_what_its_name_promises() {
    let platform = Arc::new(demo().await);
    let files = Environment::Demo.files_below("requests").expect("readable");
    let names: Vec<_> =
        files.iter().map(|file| file.path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let expected: Vec<_> = REQUESTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected, "every request has a line in the table");
    let mut complaints = Vec::new();
    for (name, gets) in REQUESTS {
        let answer = ask(&platform, request(name)).await;
        let text = answer.text();
        let met = match gets {
            Gets::Answer(element) => answer.status == 200 && text.contains(element) && text.len() > 400,
            Gets::EmptyAnswer(element) => {
                answer.status == 200 && text.contains(element) && !text.contains("191212121212")
            }
            Gets::Merged(element, delivered, failed) => {
                let systems = ["S001", "S002"].map(|id| format!("sourceSystemHSAid>SE2321000016-{id}<"));
                answer.status == 200
                    && text.contains(element)
                    && systems.iter().all(|system| text.contains(system))
                    && text.matches("<statusCode>DataFromSource<").count() == *delivered
                    && text.matches("<statusCode>NoDataSynchFailed<").count() == *failed
                    && text.contains("<code>500</code><text>VP009 [NTjP Demo] ")
            }
            Gets::Accepted => answer.status == 200 && text.contains("<ns2:ResultCode>OK</ns2:ResultCode>"),
            Gets::Refusal(code, detail) => {
                answer.status == 500
                    && text.contains(&format!("<faultstring>{code} [NTjP Demo] "))
                    && text.contains(detail)
            }
            Gets::RawFault(begin) => answer.status == 500 && text.contains(&format!("<faultstring>{begin}")),
        };
        if !met {
            complaints.push(format!("{name}: expected {gets:?}, got {} {text}", answer.status));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let converted = platform.records().newest(99, |record| record.profile_out.as_deref() == Some("RIVTABP20"));
    assert!(!converted.is_empty(), "one of them needs conversion");
}

#[test]
fn the_demo_has_nothing_to_complain_about() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let mut terminal = Terminal::new(&mut out, &mut err, false, &[]);
        cli::run(["anslut", "check", "demo"].map(OsString::from), &[], &mut terminal)
    };
    let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    assert_eq!((exit, err.as_ref()), (Exit::Done, ""), "{out}");
    assert!(out.contains("demo: no problems"), "{out}");
}
