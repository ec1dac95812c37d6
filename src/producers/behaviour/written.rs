//! An answer that says the same in other words: other prefixes, a default namespace for the message, an element a line.
//! Whoever reads XML as XML notices nothing.

use std::collections::BTreeSet;

use crate::producers::xml::edit::{Branch, Leaf};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Blanks a level is indented by.
const INDENT: usize = 2;
/// What new prefixes begin with; a number follows.
const PREFIX: &str = "annat";

/// Prefixes in scope with their namespaces, the innermost last.
type Scope = Vec<(String, String)>;

/// The document in other words.
pub(super) fn otherwise(root: &Branch) -> Branch {
    let mut taken = BTreeSet::new();
    root.clone().walk(&mut |branch| {
        taken.extend(branch.attributes.iter().filter_map(|(key, _)| key.strip_prefix("xmlns:")).map(str::to_owned));
    });
    let message = message_of(root);
    let mut writing = Writing { message, taken, prefixes: Vec::new() };
    let mut other = writing.element(root, &mut Vec::new(), "", 0);
    other
        .attributes
        .extend(writing.prefixes.into_iter().map(|(namespace, prefix)| (format!("xmlns:{prefix}"), namespace)));
    other
}

/// The namespace of the message in an envelope.
fn message_of(root: &Branch) -> String {
    let mut scope = Scope::new();
    let mut at = root;
    declare(at, &mut scope);
    for local in ["Body", ""] {
        let Some(next) = at.branches().find(|branch| local.is_empty() || branch.local == local) else { break };
        at = next;
        declare(at, &mut scope);
    }
    namespace(&at.prefix, &scope).to_owned()
}

fn declare(branch: &Branch, scope: &mut Scope) {
    for (key, value) in &branch.attributes {
        match key.strip_prefix("xmlns") {
            Some("") => scope.push((String::new(), value.clone())),
            Some(rest) if rest.starts_with(':') => scope.push((rest[1..].to_owned(), value.clone())),
            _ => {}
        }
    }
}

fn namespace<'s>(prefix: &str, scope: &'s Scope) -> &'s str {
    scope.iter().rev().find(|(known, _)| known == prefix).map_or("", |(_, namespace)| namespace)
}

struct Writing {
    /// Whose elements have no prefix.
    message: String,
    /// Prefixes the document has.
    taken: BTreeSet<String>,
    /// New ones, by namespace.
    prefixes: Vec<(String, String)>,
}

impl Writing {
    /// One element and all below it; `default` is the namespace that no prefix stands for around it.
    fn element(&mut self, from: &Branch, scope: &mut Scope, default: &str, depth: usize) -> Branch {
        let before = scope.len();
        declare(from, scope);
        let own = namespace(&from.prefix, scope).to_owned();
        // Old prefixes stay declared: attributes and values may be written with them.
        let mut attributes: Vec<(String, String)> =
            from.attributes.iter().filter(|(key, _)| key != "xmlns").cloned().collect();
        for (key, value) in &mut attributes {
            let is_type = key.split_once(':').is_some_and(|(of, local)| local == "type" && namespace(of, scope) == XSI);
            if is_type && !value.contains(':') && !namespace("", scope).is_empty() {
                *value = format!("{}:{value}", self.prefix(namespace("", scope)));
            }
        }
        let mut default = default.to_owned();
        let has_prefix = !own.is_empty() && own != self.message;
        if !has_prefix && default != own {
            attributes.push(("xmlns".to_owned(), own.clone()));
            default.clone_from(&own);
        }
        let prefix = if has_prefix { self.prefix(&own) } else { String::new() };
        let is_plain = from.content.iter().all(|leaf| match leaf {
            Leaf::Branch(_) => true,
            Leaf::Text(text) => text.trim().is_empty(),
        });
        let has_elements = is_plain && from.branches().next().is_some();
        let line = |depth: usize| Leaf::Text(format!("\n{}", " ".repeat(depth * INDENT)));
        let mut content = Vec::with_capacity(from.content.len() * 2 + 1);
        for leaf in &from.content {
            match leaf {
                Leaf::Branch(branch) => {
                    content.extend(has_elements.then(|| line(depth + 1)));
                    content.push(Leaf::Branch(self.element(branch, scope, &default, depth + 1)));
                }
                Leaf::Text(text) => content.extend((!has_elements).then(|| Leaf::Text(text.clone()))),
            }
        }
        content.extend(has_elements.then(|| line(depth)));
        scope.truncate(before);
        Branch { prefix, local: from.local.clone(), attributes, content }
    }

    fn prefix(&mut self, namespace: &str) -> String {
        if let Some((_, prefix)) = self.prefixes.iter().find(|(known, _)| known == namespace) {
            return prefix.clone();
        }
        let free = |number: &usize| !self.taken.contains(&format!("{PREFIX}{number}"));
        let number = (self.prefixes.len() + 1..).find(free).unwrap_or_default();
        let prefix = format!("{PREFIX}{number}");
        self.taken.insert(prefix.clone());
        self.prefixes.push((namespace.to_owned(), prefix.clone()));
        prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_with_other_prefixes() {
        let answer = "<s:Envelope xmlns:s='urn:s' xmlns:annat1='urn:x'><s:Body><q:Answer xmlns:q='urn:q'><q:a n='1'>t &amp; u</q:a>\
                      <b xmlns='urn:b'><c/></b><plain>x</plain></q:Answer></s:Body></s:Envelope>";
        let other = otherwise(&Branch::parse(answer.as_bytes()).unwrap());
        let mut text = String::new();
        other.write(&mut text);
        let expected = "<annat2:Envelope xmlns:s=\"urn:s\" xmlns:annat1=\"urn:x\" xmlns:annat2=\"urn:s\" xmlns:annat3=\"urn:b\">\n  \
            <annat2:Body>\n    <Answer xmlns:q=\"urn:q\" xmlns=\"urn:q\">\n      <a n=\"1\">t &amp; u</a>\n      <annat3:b>\n        \
            <annat3:c/>\n      </annat3:b>\n      <plain xmlns=\"\">x</plain>\n    </Answer>\n  </annat2:Body>\n</annat2:Envelope>";
        assert_eq!(text, expected);
    }
}
