//! Elements verified: what a consumer was answered with while it was tried (`qa.md` §6.1). Pure.

use std::collections::BTreeSet;

use roxmltree::Node;

use super::hub::Call;
use crate::qa::assert::soap::body;
use crate::qa::tree;

/// Paths that are told of a case.
const PATHS_MAX: usize = 2_000;

/// The elements of answers that are no faults, each once, by the names on their way from the body.
pub fn elements(calls: &[Call]) -> Vec<String> {
    let mut paths = BTreeSet::new();
    for call in calls.iter().filter(|call| call.outcome == "ok") {
        let Ok(document) = tree::parse(&call.answer) else { continue };
        let Some(answer) = body(&document).and_then(|body| body.first_element_child()) else { continue };
        if answer.tag_name().name() != "Fault" {
            collect(answer, "", &mut paths);
        }
    }
    paths.into_iter().collect()
}

fn collect(element: Node<'_, '_>, above: &str, paths: &mut BTreeSet<String>) {
    if paths.len() >= PATHS_MAX {
        return;
    }
    let name = element.tag_name().name();
    let path = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
    for child in element.children().filter(Node::is_element) {
        collect(child, &path, paths);
    }
    paths.insert(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_all_answers_are_told_once_and_those_of_faults_not() {
        let answered = |outcome: &str, content: &str| Call {
            outcome: outcome.to_owned(),
            answer: format!(
                "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>{content}</e:Body></e:Envelope>"
            ),
            ..Call::default()
        };
        let calls = [
            answered("ok", "<a><b/><b><c/></b></a>"),
            answered("ok", "<a><d/></a>"),
            answered("ok", "<e:Fault><faultcode/></e:Fault>"),
            answered("VP009", "<x/>"),
            Call { outcome: "ok".to_owned(), answer: "not xml".to_owned(), ..Call::default() },
        ];
        assert_eq!(elements(&calls), ["a", "a/b", "a/b/c", "a/d"]);
    }
}
