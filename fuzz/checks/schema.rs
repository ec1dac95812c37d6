//! The schema compiler: any files are compiled or refused with a reason, and what was compiled can be browsed, compared
//! with itself, and gives samples that it accepts. The first byte chooses the file that the rest of the input stands for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anslut::config::contracts::ImportLimits;
use anslut::contracts::browse;
use anslut::contracts::contract::{Contract, Direction, State};
use anslut::contracts::diff::{Verdict, diff};
use anslut::contracts::import::{Import, Importer};
use anslut::contracts::package::{Kind, Package};
use anslut::contracts::registry::Registry;
use anslut::contracts::sample::{Envelope, SampleError, Variant, Wanted, sample};
use anslut::contracts::schema::build::Leniency;
use anslut::contracts::validate::{Options, Target, validate};

const FILES: [(&str, &str); 3] = [
    ("everything.wsdl", include_str!("everything.wsdl")),
    ("everything.xsd", include_str!("everything.xsd")),
    ("core.xsd", include_str!("core.xsd")),
];

pub(super) const PIECES: &[&str] = &[
    "xs:sequence",
    "xs:choice",
    "xs:all",
    "xs:any ",
    "xs:anyAttribute",
    "xs:element ",
    "xs:attribute ",
    "xs:group ",
    "xs:attributeGroup ",
    "xs:complexType",
    "xs:simpleType",
    "xs:complexContent",
    "xs:simpleContent",
    "xs:extension base=\"e:Wide\"",
    "xs:restriction base=\"e:Narrow\"",
    "xs:union memberTypes=\"e:Code xs:int\"",
    "xs:list itemType=\"e:Code\"",
    "xs:key ",
    "xs:keyref ",
    "xs:unique ",
    "xs:selector xpath=\".//e:item\"",
    "xs:field xpath=\"@id\"",
    "xs:include schemaLocation=\"core.xsd\"",
    "xs:import namespace=\"urn:riv:fuzz:core:1\" schemaLocation=\"core.xsd\"",
    "xs:redefine ",
    "xs:notation ",
    "substitutionGroup=\"e:head\"",
    "minOccurs=\"0\"",
    "maxOccurs=\"unbounded\"",
    "maxOccurs=\"10000\"",
    "abstract=\"true\"",
    "nillable=\"true\"",
    "default=\"1\"",
    "fixed=\"1\"",
    "block=\"#all\"",
    "final=\"extension\"",
    "mixed=\"true\"",
    "form=\"unqualified\"",
    "use=\"prohibited\"",
    "ref=\"e:tree\"",
    "namespace=\"##other\"",
    "processContents=\"strict\"",
    "xs:pattern value=\"",
    "\\p{IsBasicLatin}",
    "[a-z-[aeiou]]",
    "{3,}",
    "(a|b)*",
    "\\i\\c*",
    "xs:enumeration value=\"",
    "xs:maxLength value=\"",
    "xs:totalDigits value=\"",
    "xs:minInclusive value=\"",
    "xs:whiteSpace value=\"collapse\"",
    "xs:decimal",
    "xs:dateTime",
    "xs:base64Binary",
    "xs:ID",
    "xs:QName",
    "soap:operation soapAction=\"\"",
    "wsdl:part name=\"p\" element=\"e:Ask\"",
];

fn package(changed: Option<(usize, &[u8])>) -> Package {
    let mut files = BTreeMap::new();
    for (number, (name, text)) in FILES.into_iter().enumerate() {
        let bytes = changed.filter(|(which, _)| *which == number).map_or(text.as_bytes(), |(_, bytes)| bytes);
        files.insert(name.to_owned(), Arc::from(bytes));
    }
    Package::new("fuzz", Kind::Folder, files)
}

/// A contract that has everything a schema may have.
pub(super) fn everything() -> Package {
    package(None)
}

pub(super) fn check(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first() else { return };
    let changed = package(Some((usize::from(choice & 0x7f) % FILES.len(), bytes)));
    // Smaller than those of the platform, so that a run finds out that they hold.
    let limits = ImportLimits {
        components_max: 2_000,
        content_states_max: 500,
        occurs_max: 200,
        pattern_automaton_bytes_max: 1 << 18,
        ..ImportLimits::default()
    };
    let leniency =
        if choice & 0x80 == 0 { Leniency::default() } else { Leniency { imports: true, literal_anchors: false } };
    let import = Importer::new(limits.clone(), leniency).import(&changed, Vec::new());
    check_reasons(&import);
    let (registry, _) = Registry::new(import.into_contracts(), &HashMap::new(), &limits);
    for contract in registry.active() {
        let shown = browse::show(&registry, contract);
        assert_eq!(shown.types.request.is_some(), contract.element(Direction::Request).is_some());
        if contract.state != State::Broken {
            let verdict = diff(contract, contract).verdict;
            assert_eq!(verdict, Verdict::Identical);
            check_samples(contract);
        }
    }
}

/// What cannot be used says why, and where.
fn check_reasons(import: &Import) {
    for description in &import.descriptions {
        let has_error = description.diagnostics.iter().any(|one| one.is_error());
        assert_eq!(description.is_usable, !has_error, "{:?}", description.diagnostics);
        for contract in &description.contracts {
            assert_eq!(contract.state == State::Broken, contract.first_error().is_some());
        }
    }
    let all = import.descriptions.iter().flat_map(|one| &one.diagnostics).chain(&import.diagnostics);
    for diagnostic in all {
        assert!(!diagnostic.message.is_empty() && !diagnostic.path.is_empty(), "{diagnostic:?}");
    }
}

fn check_samples(contract: &Arc<Contract>) {
    for direction in [Direction::Request, Direction::Response] {
        for variant in [Variant::Min, Variant::Max] {
            let wanted = Wanted { direction, variant, envelope: Envelope::None, ..Wanted::default() };
            match sample(contract, &wanted) {
                Ok(messages) => {
                    let target = Target::Contract(contract.clone(), Some(direction));
                    assert!(validate(target, Options::default(), messages[0].as_bytes()).valid);
                }
                // Not every schema has a message, and not every value can be made up.
                Err(SampleError::NoMessage(_) | SampleError::NoValue { .. } | SampleError::Invalid { .. }) => {}
                Err(error @ SampleError::Broken(_)) => panic!("{error}"),
            }
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let files = FILES.iter().enumerate();
    files
        .flat_map(|(number, (_, text))| [0, 0x80].map(|lenient| [&[number as u8 | lenient], text.as_bytes()].concat()))
        .collect()
}
