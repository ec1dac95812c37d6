//! Input that nobody meant: bytes changed at random never make anything panic, and how a message is cut into pieces
//! changes nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anslut::config::contracts::ImportLimits;
use anslut::contracts::builtin;
use anslut::contracts::contract::Direction;
use anslut::contracts::import::Importer;
use anslut::contracts::package::{Kind, Package};
use anslut::contracts::registry::Registry;
use anslut::contracts::sample::{Variant, Wanted, sample};
use anslut::contracts::validate::{Options, Target, Validation, validate};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// A change to some bytes: where (as a share of the whole), and what is put there instead of how many.
type Change = (f64, Vec<u8>, usize);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let markup = prop::sample::select(vec![
        "<",
        ">",
        "</",
        "/>",
        "&",
        "&amp;",
        "&#x0;",
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "<?x ",
        "?>",
        "\"",
        "'",
        "=",
        " ",
        "\r\n",
        "\u{0}",
        "å",
        "\u{feff}",
        "xmlns:",
        "xsi:nil=\"true\"",
        "xsi:type=\"xs:int\"",
        "<!DOCTYPE a>",
    ]);
    let bytes = prop_oneof![markup.prop_map(|text| text.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..4)];
    prop::collection::vec((0.0..1.0f64, bytes, 0usize..12), 1..5)
}

fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for (share, put, taken) in changes {
        let at = (out.len() as f64 * share) as usize;
        let end = (at + taken).min(out.len());
        out.splice(at..end, put.iter().copied());
    }
    out
}

/// The same cases on every run: a failure somebody sees is one that everybody sees.
fn runner(cases: u32) -> TestRunner {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn registry() -> Arc<Registry> {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    Arc::new(Registry::new(contracts, &HashMap::new(), &ImportLimits::default()).0)
}

#[test]
fn changed_messages_are_judged_alike_in_any_pieces() {
    let registry = registry();
    let message = |name: &str, variant| {
        let contract = registry.select(name, None).expect("the contract ships");
        let wanted = Wanted { variant, direction: Direction::Response, ..Wanted::default() };
        sample(&contract, &wanted).expect("the contract has samples").remove(0).into_bytes()
    };
    let messages = [
        message("GetDiagnosis:2", Variant::Max),
        message("GetCareDocumentation:2", Variant::Typical),
        message("MakeBooking:1", Variant::Max),
    ];
    let mut runner = runner(1_000);
    let strategy = (0..messages.len(), changes(), 1usize..200);
    runner
        .run(&strategy, |(which, changes, size)| {
            let bytes = changed(&messages[which], &changes);
            let target = Target::Registry(registry.clone());
            let whole = validate(target.clone(), Options::default(), &bytes);
            let mut validation = Validation::new(target, Options::default());
            bytes.chunks(size).for_each(|piece| validation.feed(piece));
            let pieces = validation.finish();
            prop_assert_eq!(whole.valid, pieces.valid);
            let first = |report: &anslut::contracts::validate::Report| {
                report.errors.first().map(|error| (error.code, error.line, error.column, error.path.clone()))
            };
            prop_assert_eq!(first(&whole), first(&pieces));
            Ok(())
        })
        .expect("no case fails");
}

#[test]
fn changed_schemas_are_refused_or_compiled_and_never_panic() {
    let built_in = builtin::package();
    let files: BTreeMap<String, Arc<[u8]>> = built_in
        .names()
        .filter(|name| name.starts_with("infrastructure_eservicesupply_patientportal/"))
        .map(|name| (name.to_owned(), built_in.bytes(name).expect("the package has it").clone()))
        .collect();
    let names: Vec<String> = files.keys().cloned().collect();
    let mut runner = runner(300);
    runner
        .run(&(0..names.len(), changes()), |(which, changes)| {
            let mut files = files.clone();
            let bytes = changed(&files[&names[which]], &changes);
            files.insert(names[which].clone(), Arc::from(bytes));
            let import = Importer::default().import(&Package::new("p", Kind::Folder, files), Vec::new());
            prop_assert!(import.descriptions.len() <= 2);
            Ok(())
        })
        .expect("no case fails");
}
