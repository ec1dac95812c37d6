//! What can be set about service contracts: how strictly published files are read, and how large they and the messages
//! held against them may be before they are refused (`contracts.md` §2.3 and §4.5).

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// Everything that can be set about contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractSettings {
    /// `contracts.lenient`: whether a namespace that is used but not imported is accepted where one component fits.
    pub lenient: bool,
    /// `contracts.literal_anchors`: whether `^` and `$` in patterns mean themselves, as XML Schema says.
    pub literal_anchors: bool,
    /// `contracts.pin."<namespace>"`: the version that is active instead of the highest.
    pub pins: HashMap<String, String>,
    /// Descriptions beside those of the contracts.
    pub described: DescribedBy,
    /// `contracts.validate` and its exceptions.
    pub validate: ValidateSettings,
    /// `contracts.limits.*`.
    pub import: ImportLimits,
    /// `xml.limits.*`, and `contracts.errors_max`.
    pub message: MessageLimits,
}

impl Default for ContractSettings {
    fn default() -> Self {
        Self {
            lenient: false,
            literal_anchors: true,
            pins: HashMap::new(),
            described: DescribedBy::default(),
            validate: ValidateSettings::default(),
            import: ImportLimits::default(),
            message: MessageLimits::default(),
        }
    }
}

/// Descriptions that are served beside those of the contracts (`vp.md` §1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribedBy {
    /// `wsdl.json.file`.
    pub table: Option<PathBuf>,
    /// Whether somebody wrote that key, and will miss a file that is not there.
    pub table_is_set: bool,
    /// `wsdlfiles.directory`.
    pub folder: Option<PathBuf>,
    /// What the table's own paths are relative to.
    pub root: PathBuf,
}

/// What happens to a message on its way that does not follow its contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validate {
    /// Nobody looks, as in the reference platform.
    #[default]
    Off,
    /// It is noted on the call record; nothing else changes.
    Log,
    /// The call ends in a fault.
    Fault,
}

impl Validate {
    /// The words of the setting.
    pub const WORDS: &'static [&'static str] = &["off", "log", "fault"];

    /// Reads one of the words.
    pub fn parse(word: &str) -> Option<Self> {
        let modes = [Self::Off, Self::Log, Self::Fault];
        Self::WORDS.iter().zip(modes).find(|(known, _)| word.eq_ignore_ascii_case(known)).map(|(_, mode)| mode)
    }
}

/// Whose messages are held against their contracts. What is said of the producer goes before what is said of the contract,
/// and that before the general word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidateSettings {
    /// `contracts.validate`.
    pub general: Validate,
    /// `contracts.validate_contract."<namespace>"`.
    pub contracts: BTreeMap<String, Validate>,
    /// `contracts.validate_producer."<address>"`: an address as the catalogue has it, or what it begins with.
    pub producers: BTreeMap<String, Validate>,
}

impl ValidateSettings {
    /// Whether nothing is ever judged.
    pub fn is_off(&self) -> bool {
        let exceptions = self.contracts.values().chain(self.producers.values());
        exceptions.chain([&self.general]).all(|mode| *mode == Validate::Off)
    }

    /// What holds for a call of a contract to a producer's address; of several beginnings the longest.
    pub fn of(&self, contract: &str, address: &str) -> Validate {
        let begins = |beginning: &str| {
            let rest = address.strip_prefix(beginning);
            rest.is_some_and(|rest| rest.is_empty() || beginning.ends_with('/') || rest.starts_with(['/', '?']))
        };
        let longest = self.producers.iter().filter(|(beginning, _)| begins(beginning)).max_by_key(|(one, _)| one.len());
        let by_producer = longest.map(|(_, mode)| *mode);
        by_producer.or_else(|| self.contracts.get(contract).copied()).unwrap_or(self.general)
    }
}

/// Limits on what is imported; each is a key `contracts.limits.<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportLimits {
    /// Largest zip, in bytes.
    pub archive_bytes_max: u64,
    /// All entries of a zip together, unpacked, in bytes.
    pub unpacked_bytes_max: u64,
    /// Largest WSDL or XSD, in bytes.
    pub entry_bytes_max: u64,
    /// Most entries in a zip, or files below a folder.
    pub entries_max: usize,
    /// Most times an entry over a mebibyte may grow when unpacked.
    pub ratio_max: u64,
    /// Longest entry name, in bytes.
    pub name_bytes_max: usize,
    /// Deepest nesting of elements in a schema file.
    pub xml_depth_max: usize,
    /// Most components in the closure of one description.
    pub components_max: usize,
    /// Most states in the automaton of one type.
    pub content_states_max: usize,
    /// Largest number of occurrences that is counted; above it a particle is unbounded, with a warning.
    pub occurs_max: u32,
    /// Longest pattern, in bytes.
    pub pattern_bytes_max: usize,
    /// Largest automaton of one pattern, in bytes.
    pub pattern_automaton_bytes_max: usize,
    /// Most contracts in a registry.
    pub contracts_max: usize,
}

impl Default for ImportLimits {
    fn default() -> Self {
        Self {
            archive_bytes_max: 256 << 20,
            unpacked_bytes_max: 1 << 30,
            entry_bytes_max: 16 << 20,
            entries_max: 100_000,
            ratio_max: 100,
            name_bytes_max: 1 << 10,
            xml_depth_max: 256,
            components_max: 200_000,
            content_states_max: 10_000,
            occurs_max: 10_000,
            pattern_bytes_max: 4 << 10,
            pattern_automaton_bytes_max: 2 << 20,
            contracts_max: 20_000,
        }
    }
}

/// Limits on a message that is validated; each is a key `xml.limits.<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// Deepest nesting of elements.
    pub depth_max: usize,
    /// Most attributes on one element, namespace declarations apart.
    pub attributes_max: usize,
    /// Most namespace declarations on one element.
    pub declarations_max: usize,
    /// Longest name, in bytes.
    pub name_bytes_max: usize,
    /// Longest attribute value, in bytes.
    pub attribute_bytes_max: usize,
    /// Longest start tag as a whole, in bytes.
    pub tag_bytes_max: usize,
    /// Longest value of an element, in bytes.
    pub text_bytes_max: usize,
    /// Longest value that must be held to be judged, in bytes.
    pub value_bytes_max: usize,
    /// Most identifiers of type `xs:ID` and keys that are remembered for one message.
    pub identifiers_max: usize,
    /// Most errors that are kept (`contracts.errors_max`).
    pub errors_max: usize,
    /// Most errors that are counted before validation stops.
    pub errors_counted_max: usize,
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self {
            depth_max: 256,
            attributes_max: 256,
            declarations_max: 256,
            name_bytes_max: 1 << 10,
            attribute_bytes_max: 1 << 20,
            tag_bytes_max: 2 << 20,
            text_bytes_max: 64 << 20,
            value_bytes_max: 1 << 20,
            identifiers_max: 100_000,
            errors_max: 100,
            errors_counted_max: 10_000,
        }
    }
}
