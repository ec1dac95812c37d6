//! The settings of service contracts.

use std::collections::BTreeMap;

use super::Build;
use crate::config::contracts::{
    ContractSettings, DescribedBy, ImportLimits, MessageLimits, Validate, ValidateSettings,
};
use crate::config::value::Origin;

impl Build<'_> {
    pub(super) fn contracts(&self) -> ContractSettings {
        ContractSettings {
            lenient: self.resolved.switch("contracts.lenient"),
            literal_anchors: self.resolved.switch("contracts.literal_anchors"),
            pins: self.resolved.named("contracts.pin.").into_iter().collect(),
            described: self.described(),
            validate: self.validate(),
            import: self.import_limits(),
            message: self.message_limits(),
        }
    }

    fn described(&self) -> DescribedBy {
        const TABLE: &str = "properties.wsdl.json.file";
        let file = |key: &str| self.resolved.optional(key).map(|file| self.in_environment(&file));
        DescribedBy {
            table: file(TABLE),
            table_is_set: self.resolved.origin(TABLE) != Origin::Default,
            folder: file("properties.wsdlfiles.directory"),
            root: self.environment.path(""),
        }
    }

    fn validate(&self) -> ValidateSettings {
        // The table has refused every other word.
        let mode = |word: &str| Validate::parse(word).unwrap_or_default();
        let family = |prefix: &str| -> BTreeMap<String, Validate> {
            self.resolved.named(prefix).into_iter().map(|(name, word)| (name, mode(&word))).collect()
        };
        ValidateSettings {
            general: mode(&self.resolved.text("contracts.validate")),
            contracts: family("contracts.validate_contract."),
            producers: family("contracts.validate_producer."),
        }
    }

    fn import_limits(&self) -> ImportLimits {
        let size = |name: &str| self.resolved.size(&format!("contracts.limits.{name}"));
        let count = |name: &str| u32::try_from(size(name)).unwrap_or(u32::MAX);
        ImportLimits {
            archive_bytes_max: size("archive_bytes_max") as u64,
            unpacked_bytes_max: size("unpacked_bytes_max") as u64,
            entry_bytes_max: size("entry_bytes_max") as u64,
            entries_max: size("entries_max"),
            ratio_max: size("ratio_max") as u64,
            name_bytes_max: size("name_bytes_max"),
            xml_depth_max: size("xml_depth_max"),
            components_max: size("components_max"),
            content_states_max: size("content_states_max"),
            occurs_max: count("occurs_max"),
            pattern_bytes_max: size("pattern_bytes_max"),
            pattern_automaton_bytes_max: size("pattern_automaton_bytes_max"),
            contracts_max: size("contracts_max"),
        }
    }

    fn message_limits(&self) -> MessageLimits {
        let size = |name: &str| self.resolved.size(&format!("xml.limits.{name}"));
        MessageLimits {
            depth_max: size("depth_max"),
            attributes_max: size("attributes_max"),
            declarations_max: size("declarations_max"),
            name_bytes_max: size("name_bytes_max"),
            attribute_bytes_max: size("attribute_bytes_max"),
            tag_bytes_max: size("tag_bytes_max"),
            text_bytes_max: size("text_bytes_max"),
            value_bytes_max: size("value_bytes_max"),
            identifiers_max: size("identifiers_max"),
            errors_max: self.resolved.size("contracts.errors_max"),
            errors_counted_max: size("errors_counted_max"),
        }
    }
}
