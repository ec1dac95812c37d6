//! `x-mock-response`: answers by the names that published mock projects use (`producers.md` §4).

use std::collections::BTreeMap;

use super::asked::Asked;
use super::file::FileBody;
use super::source::Wanted;
use super::spec::mapping::Stub;
use crate::soap::fault::Side;

/// HTTP header that selects an answer.
const X_MOCK_RESPONSE: &str = "x-mock-response";

/// What a built-in name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BuiltIn {
    /// What the sources give, in this kind.
    Source(Wanted),
    /// What the sources give, to the consumers that `records.consumers` lists; nothing to others.
    ByConsumer,
    /// A fault.
    Fault(Side, &'static str),
}

/// The name that is selected, if one is.
pub(super) fn wanted(asked: &Asked<'_>) -> Option<String> {
    let name = asked.header(X_MOCK_RESPONSE)?;
    let name = name.trim();
    (!name.is_empty() && !name.eq_ignore_ascii_case("none")).then(|| name.to_owned())
}

/// The names by which a stub is selected.
pub(super) fn names(stub: &Stub) -> impl Iterator<Item = String> {
    let own = stub.is_named.then(|| stub.name.clone());
    own.into_iter().chain(stub.metadata().get("mockResponse").and_then(|name| name.as_str()).map(str::to_owned))
}

/// Whether two names are the same, exactly, or but for case, spaces, `-`, `_` and a trailing `Response`.
pub(super) fn is_same(one: &str, other: &str, exact: bool) -> bool {
    if exact { one == other } else { folded(one) == folded(other) }
}

fn folded(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).flat_map(char::to_lowercase).collect();
    match plain.strip_suffix("response") {
        Some(head) if !head.is_empty() => head.to_owned(),
        _ => plain,
    }
}

/// `__files/<contract>/<name>.xml`; the contract as `GetDiagnosis:2`, with another sign for the colon, or without major.
pub(super) fn file(bodies: &BTreeMap<String, FileBody>, contract: &str, name: &str) -> Option<FileBody> {
    let operation = contract.split(':').next().unwrap_or(contract);
    let folders = [contract.to_owned(), contract.replace(':', "-"), contract.replace(':', "_"), operation.to_owned()];
    for exact in [true, false] {
        let found = bodies.iter().find(|(path, _)| {
            let Some((folder, file)) = path.rsplit_once('/') else { return false };
            let Some(stem) = file.strip_suffix(".xml") else { return false };
            folders.iter().any(|known| known == folder) && is_same(stem, name, exact)
        });
        if let Some((_, body)) = found {
            return Some(body.clone());
        }
    }
    None
}

/// What a name stands for in every system.
pub(super) fn built_in(name: &str) -> Option<BuiltIn> {
    let name = folded(name);
    let filters = ["careunithsaid", "carecontactid", "date"];
    Some(match name.as_str() {
        "basic" | "basictestcase" | "onlypatientid" | "schemacompliance" => BuiltIn::Source(Wanted::Usual),
        "empty" => BuiltIn::Source(Wanted::Empty),
        "error" | "invalidrequest" => BuiltIn::Source(Wanted::Error("INVALID_REQUEST".to_owned())),
        "soapfault" | "fault" => BuiltIn::Fault(Side::Server, "anslut: the fault that x-mock-response asks for"),
        "soapfaultrequest" => BuiltIn::Fault(Side::Client, "anslut: the request is refused, as x-mock-response asks"),
        // The request's own filters select; the header's answer is empty unless the consumer is listed.
        _ if filters.iter().any(|filter| name.starts_with(filter)) => BuiltIn::Source(Wanted::Usual),
        _ if name.starts_with("httpheader") => BuiltIn::ByConsumer,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_however_they_are_spelled() {
        for name in ["EmptyResponse", "Empty Response", "empty_response", "empty-response", "Empty"] {
            assert_eq!(built_in(name), Some(BuiltIn::Source(Wanted::Empty)), "{name}");
        }
        assert_eq!(built_in("FaultResponse"), built_in("SoapFault"));
        assert!(matches!(built_in("SoapFault-Request"), Some(BuiltIn::Fault(Side::Client, _))));
        assert_eq!(built_in("DateBoundariesFilter"), Some(BuiltIn::Source(Wanted::Usual)));
        assert_eq!(built_in("Something else"), None);
        assert!(!is_same("EmptyResponse", "Empty Response", true));
    }
}
