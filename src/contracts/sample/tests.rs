use std::collections::HashMap;

use super::values::test_identity;
use super::*;
use crate::config::contracts::ImportLimits;
use crate::contracts::builtin;
use crate::contracts::import::Importer;
use crate::contracts::registry::Registry;
use crate::domain::identity_number::in_test_series;

fn contract(name: &str) -> Arc<Contract> {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    let (registry, _) = Registry::new(contracts, &HashMap::new(), &ImportLimits::default());
    registry.select(name, None).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let contract = contract("GetDiagnosis:2");
    let made = |seed| sample(&contract, &Wanted { seed, direction: Direction::Response, ..Wanted::default() }).unwrap();
    assert_eq!(made(7), made(7));
    assert_ne!(made(7), made(8));
}

#[test]
fn identities_are_of_the_test_series() {
    for seed in 0..2_000u64 {
        let identity = test_identity(mixed(seed));
        assert!(in_test_series(identity.as_bytes()), "{identity}");
    }
}

#[test]
fn variants_differ_in_how_much_they_use() {
    let contract = contract("GetDiagnosis:2");
    let made = |variant| {
        let wanted = Wanted { variant, direction: Direction::Response, envelope: Envelope::None, ..Wanted::default() };
        sample(&contract, &wanted).unwrap()
    };
    let (min, typical, max, cover) =
        (made(Variant::Min), made(Variant::Typical), made(Variant::Max), made(Variant::Cover));
    assert!(min[0].len() < typical[0].len() && typical[0].len() < max[0].len());
    assert!(max[0].contains("urn:x-anslut:extension:1") && !typical[0].contains("extension:1"));
    let all = cover.concat();
    for value in ["Huvuddiagnos", "Bidiagnos", "INVALID_REQUEST", ">OK<", ">ERROR<", ">INFO<"] {
        assert!(all.contains(value), "no {value}");
    }
}

#[test]
fn a_patient_may_be_given() {
    let contract = contract("GetDiagnosis:2");
    let wanted = Wanted { patient: Some("191212121212".to_owned()), ..Wanted::default() };
    assert!(sample(&contract, &wanted).unwrap()[0].contains("<n2:id>191212121212</n2:id>"));
}

#[test]
fn the_header_is_that_of_the_profile_that_is_asked_for() {
    let contract = contract("GetDiagnosis:2");
    let with = |envelope| sample(&contract, &Wanted { envelope, ..Wanted::default() }).unwrap().concat();
    let [old, new] = [Profile::Rivtabp20, Profile::Rivtabp21].map(|profile| with(Envelope::Of(profile)));
    assert!(
        old.contains("<h:To xmlns:h=\"http://www.w3.org/2005/08/addressing\">") && !old.contains("LogicalAddress"),
        "{old}"
    );
    assert_eq!(new, with(Envelope::Own), "it is described in 2.1");
    assert!(!with(Envelope::None).contains("Envelope"));
    for (text, is_known) in [("own", true), ("2.0", true), ("2.1", true), ("none", true), ("1.0", false)] {
        assert_eq!(Envelope::parse(text).is_some(), is_known, "{text}");
    }
}
