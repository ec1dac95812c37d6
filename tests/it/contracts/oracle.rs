//! Our validator beside an independent one, over messages made from every shipped contract and mutants of them.

use std::path::Path;
use std::sync::Arc;

use super::corpus::corpus;
use anslut::contracts::builtin;
use anslut::contracts::contract::{Contract, Direction, State};
use anslut::contracts::import::Importer;
use anslut::contracts::sample::{Envelope, Variant, Wanted, sample};
use anslut::contracts::validate::{Options, Target, validate};
use xsd_schema::validation::{
    CollectingValidationSink, SchemaValidator, ValidationFlags, ValidationRoot, drive_quick_xml,
};
use xsd_schema::{SchemaSet, SchemaSetBuilder};

/// The oracle's compiled form of a contract's closure.
fn oracle(contract: &Contract, root: &Path) -> SchemaSet {
    let mut builder = SchemaSetBuilder::new();
    for (file, namespace) in contract.closure().files.iter().map(|(file, _)| file).zip(namespaces(contract)) {
        builder = builder.add(&namespace, &root.join(file).display().to_string()).expect("the oracle reads the schema");
    }
    builder.compile().expect("the oracle compiles the schema").into_schema_set()
}

/// Target namespaces of the closure's files, in their order.
fn namespaces(contract: &Contract) -> Vec<String> {
    let of = |name: &str| {
        let ending = format!("/{name}");
        contract.schema().files.iter().find(|file| file.path.ends_with(&ending)).map(|file| file.namespace.clone())
    };
    contract
        .closure()
        .files
        .iter()
        .map(|(name, _)| of(name).expect("every file of the closure is a document"))
        .collect()
}

fn oracle_accepts(schema: &SchemaSet, message: &str) -> bool {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let validator = SchemaValidator::new(schema, ValidationFlags::default());
    let mut runtime = validator.start_run(CollectingValidationSink { errors: &mut errors, warnings: &mut warnings });
    runtime.set_validation_root(ValidationRoot::Lax);
    let driven = drive_quick_xml(message.as_bytes(), &mut runtime, schema);
    drop(runtime);
    driven.is_ok() && errors.is_empty()
}

/// A small generator, the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides.max(1) as u64) as usize
    }
}

/// Samples are indented, one element or tag to a line: mutants are made by lines.
fn mutant(message: &str, dice: &mut Dice) -> Option<String> {
    let mut lines: Vec<String> = message.lines().map(str::to_owned).collect();
    let leaves: Vec<usize> =
        (1..lines.len()).filter(|at| lines[*at].contains("</") && !lines[*at].trim().starts_with("</")).collect();
    let at = *leaves.get(dice.roll(leaves.len()))?;
    let line = lines[at].clone();
    let open = line.find('>')?;
    let close = line.rfind("</")?;
    let with_text = |text: &str| format!("{}>{text}{}", &line[..open], &line[close..]);
    match dice.roll(14) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, line.clone()),
        2 => {
            let other = leaves[dice.roll(leaves.len())];
            lines.swap(at, other);
        }
        3 => lines[at] = with_text(""),
        4 => {
            const VALUES: &[&str] = &[
                "?",
                " ",
                "0",
                "-1",
                "true",
                "TRUE",
                "2026-02-30",
                "20260230",
                "20260115080000",
                "abc def",
                "åäö",
                "1.0",
                "1e3",
                " 42 ",
                "a&amp;b",
                "OK",
                "ok",
            ];
            lines[at] = with_text(VALUES[dice.roll(VALUES.len())]);
        }
        5 => lines[at] = format!("{} extra=\"1\"{}", &line[..open], &line[open..]),
        6 => {
            lines[at] = format!(
                "{} xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"{}",
                &line[..open],
                &line[open..]
            )
        }
        7 => lines.insert(at, "<x:foreign xmlns:x=\"urn:elsewhere\"><x:inner/></x:foreign>".to_owned()),
        8 => lines.insert(at, "<plain/>".to_owned()),
        9 => lines.insert(at, "stray".to_owned()),
        10 => lines[at] = with_text("<n1:inner/>"),
        11 => lines[at] = line.replace("n2:", "n1:"),
        12 => {
            let typed = ["xs:string", "xs:token", "xs:int", "xs:nothing"][dice.roll(4)];
            let xsi =
                "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";
            lines[at] = format!("{} {xsi} xsi:type=\"{typed}\"{}", &line[..open], &line[open..]);
        }
        _ => {
            let middle = open + 1 + (close - open - 1) / 2;
            if line.is_char_boundary(middle) && !line[open..close].contains('&') {
                lines[at] = format!("{}<!-- in between --><?pi?>{}", &line[..middle], &line[middle..]);
            }
        }
    }
    Some(lines.join("\n"))
}

/// Judges samples of the contracts, and mutants of them, here and elsewhere; how many, and how many were refused.
fn check(contracts: Vec<Contract>, root: &Path, mutants_per_sample: usize) -> (usize, usize) {
    let (mut compared, mut refused, mut differing) = (0, 0, Vec::new());
    for contract in contracts.into_iter().map(Arc::new) {
        let schema = oracle(&contract, root);
        for direction in [Direction::Request, Direction::Response] {
            for variant in [Variant::Typical, Variant::Max] {
                let wanted = Wanted { direction, variant, envelope: Envelope::None, ..Wanted::default() };
                let Ok(messages) = sample(&contract, &wanted) else { continue };
                let mut dice = Dice(contract.namespace.len() as u64 * 31 + variant as u64);
                let mutants =
                    (0..mutants_per_sample).filter_map(|_| mutant(&messages[0], &mut dice)).collect::<Vec<_>>();
                for message in std::iter::once(messages[0].clone()).chain(mutants) {
                    let target = Target::Contract(contract.clone(), Some(direction));
                    let report = validate(target, Options::default(), message.as_bytes());
                    let elsewhere = oracle_accepts(&schema, &message);
                    compared += 1;
                    refused += usize::from(!elsewhere);
                    if report.valid != elsewhere {
                        let first =
                            report.errors.first().map(|error| format!("{} {} {}", error.line, error.code, error.en));
                        differing.push(format!(
                            "{} {direction:?} {variant:?}: {elsewhere} elsewhere, here {first:?}\n{message}",
                            contract.namespace
                        ));
                    }
                }
            }
        }
    }
    let first: Vec<_> = differing.iter().take(5).cloned().collect();
    assert!(differing.is_empty(), "{} of {compared} differ\n{}", differing.len(), first.join("\n\n"));
    (compared, refused)
}

#[test]
fn mutants_are_judged_as_an_independent_validator_does() {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    let (compared, refused) = check(contracts, &Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts"), 25);
    assert!(compared > 4_000 && refused > compared / 4, "{compared} compared, {refused} refused");
}

#[test]
fn mutants_of_published_contracts_are_judged_as_an_independent_validator_does() {
    let Some(folder) = corpus() else { return };
    let root = folder.join("contracts");
    // The oracle is given files: a description that declares its types inline has none.
    let mut contracts = Importer::default().import_path(&root).into_contracts();
    contracts.retain(|contract| {
        contract.state != State::Broken
            && contract
                .schema()
                .files
                .iter()
                .filter(|file| file.path == contract.sources[0].path)
                .all(|file| file.namespace != contract.namespace)
    });
    assert!(contracts.len() > 80, "{} contracts", contracts.len());
    let (compared, refused) = check(contracts, &root, 8);
    assert!(compared > 2_000 && refused > compared / 4, "{compared} compared, {refused} refused");
}
