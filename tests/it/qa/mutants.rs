//! The tester tested: producers that are wrong in one thing, and one that is not.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use anslut::domain::clock::Clock;
use anslut::qa::mutants::score::{Host, Score, Settings, score};
use anslut::qa::mutants::table::MUTANTS;
use anslut::qa::suite::folder::Published;
use anslut::soap::responder::{Answer, Responder, SharedResponder, TransportFault};
use bytes::Bytes;
use http::Request;

/// Producers at addresses of this process.
#[derive(Default)]
pub struct Here(Arc<Registered>);

impl Here {
    /// A producer at a host of this name.
    pub fn known(&self, host: &str, responder: SharedResponder) {
        self.0.0.lock().unwrap().insert(host.to_owned(), responder);
    }
}

#[derive(Default)]
struct Registered(Mutex<BTreeMap<String, SharedResponder>>);

impl Responder for Registered {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            let host = request.uri().host().unwrap_or("").to_owned();
            let found = self.0.lock().unwrap().get(&host).cloned();
            found.ok_or(TransportFault::Refused)?.answer(request).await
        })
    }
}

impl Host for Here {
    fn start(&self, responder: SharedResponder) -> Pin<Box<dyn Future<Output = io::Result<String>> + Send + '_>> {
        let mut all = self.0.0.lock().unwrap();
        let host = format!("producer-{}", all.len());
        all.insert(host.clone(), responder);
        Box::pin(async move { Ok(format!("http://{host}/")) })
    }

    fn carrier(&self) -> Arc<dyn Responder> {
        Arc::clone(&self.0) as Arc<dyn Responder>
    }
}

fn tried(suite: &str, only: &[&str]) -> Score {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("suite.toml"), suite).unwrap();
    let published = Published::read(folder.path()).unwrap();
    let settings = Settings {
        scale: 1.0,
        seed: 1,
        generated: true,
        only: only.iter().map(|id| (*id).to_owned()).collect(),
        load: false,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(score(&published.projects[0], &settings, Arc::new(Here::default()), &Clock::System)).unwrap()
}

const DIAGNOSIS: &str = "schema = 1\nid = \"GetDiagnosis\"\ncontract = \"urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2\"\n";

#[test]
pub fn statement_77_mutants_are_caught_by_their_rules_and_the_golden_producer_is_left_alone() {
    let rows = [("MP-01", "RT-07"), ("MP-10", "TF 1.2"), ("MP-17", "RT-02"), ("MP-22", "RT-03"), ("MP-59", "RT-05")];
    let ids = rows.map(|(id, _)| id);
    let score = tried(DIAGNOSIS, &ids);
    assert!(score.golden.findings.is_empty(), "{:#?}", score.golden.findings);
    assert!(score.golden.passed > 40, "{}", score.golden.passed);
    for (tried, (id, by)) in score.mutants.iter().zip(rows) {
        assert_eq!((tried.id, tried.outcome), (id, Some("caught")), "{tried:#?}");
        assert!(tried.by.iter().any(|one| one == by), "{id} was not noticed by {by}: {:?}", tried.by);
    }
}

#[test]
fn the_table_has_all_eighty() {
    let ids: Vec<String> = MUTANTS.iter().map(|mutant| mutant.id.to_owned()).collect();
    let wanted: Vec<String> = (1..=80).map(|number| format!("MP-{number:02}")).collect();
    assert_eq!(ids, wanted);
}

#[test]
fn systems_that_tell_the_index_wrong_are_caught_by_their_rules() {
    let rows: [(&str, &[&str]); 6] = [
        ("MP-75", &["missing"]),
        ("MP-76", &["orphan"]),
        ("MP-77", &["EI_TF 1.2", "stale"]),
        ("MP-78", &["EI_TF 2.2"]),
        ("MP-79", &["EI_TF 2.3"]),
        ("MP-80", &["EI_TF 1.1", "wrong-category"]),
    ];
    let score = tried(DIAGNOSIS, &rows.map(|(id, _)| id));
    assert!(score.golden.findings.is_empty(), "{:#?}", score.golden.findings);
    for (tried, (id, wanted)) in score.mutants.iter().zip(rows) {
        assert_eq!((tried.id, tried.outcome), (id, Some("caught")), "{tried:#?}");
        for by in wanted {
            assert!(tried.by.iter().any(|one| one == by), "{id} was not noticed by {by}: {tried:#?}");
        }
    }
}

#[test]
fn the_role_of_a_suite_decides_which_cases_its_contract_gives() {
    let names = |role: &str| -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("suite.toml"), format!("{DIAGNOSIS}role = \"{role}\"\n")).unwrap();
        let published = Published::read(folder.path()).unwrap();
        // What is written as files is read again as the same cases.
        let made = anslut::qa::generate::made(&published.projects[0]).unwrap();
        for (name, text) in anslut::qa::generate::files::all(&made).unwrap() {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let read = Published::read(folder.path()).unwrap();
        let mut names: Vec<String> =
            read.projects[0].project.suites[0].cases.iter().map(|case| case.name.clone()).collect();
        let mut cases: Vec<String> =
            anslut::qa::generate::cases(&published.projects[0]).unwrap().into_iter().map(|case| case.name).collect();
        names.sort();
        cases.sort();
        assert_eq!(names, cases);
        names
    };
    let consumer = names("consumer");
    assert_eq!(consumer.len(), 21);
    assert!(consumer.contains(&"CR".to_owned()) && consumer.contains(&"FT-20".to_owned()));
    let index = names("index");
    assert_eq!(index.len(), 7);
    assert!(index.contains(&"EI-new".to_owned()) && index.contains(&"EI-audit".to_owned()));
}
