//! The answer of a system that is forwarded to beside our own (`proxy.when = "always"`).

use bytes::Bytes;

use crate::producers::settings::EXPLAINED_BYTES_MAX;
use crate::producers::xml::equal::{ExpectedXml, Options};
use crate::producers::xml::tree::Document;

/// What we would have answered: an extension of the request that is forwarded.
#[derive(Clone, Debug)]
pub(in crate::producers) struct Ours(pub(in crate::producers) Bytes);

/// What is known of a forwarded request besides its answer: an extension of the answer that goes into its row.
#[derive(Clone, Debug)]
pub(in crate::producers) struct Told {
    /// How the answer compares with ours, and whether it was recorded.
    pub(in crate::producers) note: String,
    /// Whether the other system gave no answer, and the fault is ours.
    pub(in crate::producers) is_ours: bool,
}

/// Compares their answer with ours: as XML where both are, else byte by byte.
pub(super) fn compare(ours: &Bytes, theirs: &Bytes) -> String {
    if ours.len().max(theirs.len()) > EXPLAINED_BYTES_MAX {
        return format!("not compared with ours: more than {EXPLAINED_BYTES_MAX} bytes");
    }
    let expected = ExpectedXml::new(&String::from_utf8_lossy(ours), Options::default()).ok();
    let differences = match (expected, Document::parse(theirs)) {
        (Some(expected), Ok(theirs)) => expected.differences(&theirs).iter().map(ToString::to_string).collect(),
        _ if ours == theirs => Vec::new(),
        _ => vec!["other bytes, and not both are XML".to_owned()],
    };
    match differences.as_slice() {
        [] => "the same as ours".to_owned(),
        lines => format!("differs from ours: {}", lines.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_do_not_differ_and_values_do() {
        let told = |ours: &'static str, theirs: &'static str| compare(&ours.into(), &theirs.into());
        assert_eq!(told("<a xmlns='u'><b>1</b></a>", "<x:a xmlns:x='u'> <x:b>1</x:b></x:a>"), "the same as ours");
        let differs = told("<a><b>1</b></a>", "<a><b>2</b></a>");
        assert!(differs.starts_with("differs from ours: /a/b"), "{differs}");
        assert!(told("text", "other").contains("other bytes"));
    }
}
