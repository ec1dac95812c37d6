//! Service contracts: how published files are read, and the bounds on them and on messages held against them.

use super::{Kind, Setting, Unit};
use crate::config::contracts::Validate;

const SWITCH: Kind = Kind::Switch;
const MODE: Kind = Kind::Choice(Validate::WORDS);
const COUNT: Kind = Kind::Number { unit: Unit::Count, min: 1, max: 1_000_000_000 };
const BYTES: Kind = Kind::Number { unit: Unit::Bytes, min: 1, max: 1 << 40 };
/// Elements are followed by recursion in places, so a bound that the stack bears.
const DEPTH: Kind = Kind::Number { unit: Unit::Count, min: 1, max: 1_000 };

const fn own(key: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Setting {
    Setting::own(key, kind, Some(default), doc)
}

/// In the order in which `anslut config` shows them.
pub const SETTINGS: &[Setting] = &[
    own("contracts.lenient", SWITCH, "false", "accept references to namespaces not imported, where one thing fits"),
    own("contracts.literal_anchors", SWITCH, "true", "take ^ and $ in patterns literally, as XML Schema says"),
    Setting::own("contracts.pin.*", Kind::Text, None, "version of a contract that is active instead of the highest"),
    own("contracts.validate", MODE, "off", "messages on their way that break their contract: off, log or fault"),
    Setting::own("contracts.validate_contract.*", MODE, None, "the same for one contract, by its namespace"),
    Setting::own(
        "contracts.validate_producer.*",
        MODE,
        None,
        "the same for a producer, by its address or its beginning",
    ),
    own("contracts.errors_max", COUNT, "100", "errors kept of one validated message"),
    own("contracts.limits.archive_bytes_max", BYTES, "268435456", "largest zip"),
    own("contracts.limits.unpacked_bytes_max", BYTES, "1073741824", "all entries of a zip together, unpacked"),
    own("contracts.limits.entry_bytes_max", BYTES, "16777216", "largest WSDL or XSD"),
    own("contracts.limits.entries_max", COUNT, "100000", "entries of a zip, or files below a folder"),
    own("contracts.limits.ratio_max", COUNT, "100", "times an entry over a mebibyte may grow when unpacked"),
    own("contracts.limits.name_bytes_max", BYTES, "1024", "longest entry name"),
    own("contracts.limits.xml_depth_max", DEPTH, "256", "deepest nesting in a schema file"),
    own("contracts.limits.components_max", COUNT, "200000", "components that one description reaches"),
    own("contracts.limits.content_states_max", COUNT, "10000", "states in the automaton of one type"),
    own("contracts.limits.occurs_max", OCCURS, "10000", "occurrences that are counted; above it, unbounded"),
    own("contracts.limits.pattern_bytes_max", BYTES, "4096", "longest pattern"),
    own("contracts.limits.pattern_automaton_bytes_max", BYTES, "2097152", "largest automaton of one pattern"),
    own("contracts.limits.contracts_max", COUNT, "20000", "contracts in all"),
    own("xml.limits.depth_max", DEPTH, "256", "deepest nesting in a validated message"),
    own("xml.limits.attributes_max", COUNT, "256", "attributes of one element"),
    own("xml.limits.declarations_max", COUNT, "256", "namespace declarations of one element"),
    own("xml.limits.name_bytes_max", BYTES, "1024", "longest name"),
    own("xml.limits.attribute_bytes_max", BYTES, "1048576", "longest attribute value"),
    own("xml.limits.tag_bytes_max", BYTES, "2097152", "longest start tag"),
    own("xml.limits.text_bytes_max", BYTES, "67108864", "longest value of an element"),
    own("xml.limits.value_bytes_max", BYTES, "1048576", "longest value that must be held to be judged"),
    own("xml.limits.identifiers_max", COUNT, "100000", "identifiers and keys remembered for one message"),
    own("xml.limits.errors_counted_max", COUNT, "10000", "errors counted before validation of a message stops"),
];

const OCCURS: Kind = Kind::Number { unit: Unit::Count, min: 1, max: 1_000_000 };
