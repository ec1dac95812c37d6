//! PingForConfiguration (`producers.md` §5): always answered, with what is true of the system.

use jiff::Timestamp;

use super::element::Element;
use super::{Question, write};
use crate::domain::clock::stockholm;

/// The answer, where that is what is asked.
pub(super) fn answer(system: &str, question: &Question<'_, '_>, now: Timestamp) -> Option<String> {
    if question.contract.operation != "PingForConfiguration" {
        return None;
    }
    let at = now.to_zoned(stockholm()).strftime("%Y%m%d%H%M%S").to_string();
    let configuration =
        |name: &str, value: &str| Element::new("configuration").with_text("name", name).with_text("value", value);
    let tree = Element::new("PingForConfigurationResponse")
        .with_text("version", env!("CARGO_PKG_VERSION"))
        .with_text("pingDateTime", at)
        .with(configuration("system", system))
        .with(configuration("contract", &question.contract.namespace));
    write::response(&question.contract, &tree).map(|written| written.envelope)
}
