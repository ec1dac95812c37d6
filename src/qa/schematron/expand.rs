//! Rule files as read, before anything is compiled: abstract patterns and rules are written out here, as text.

use roxmltree::Node;

/// An element of the rule file, owned, so that parameters can be written into copies of it.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Child>,
    pub(super) line: u32,
}

#[derive(Clone, Debug)]
pub(super) enum Child {
    Element(Element),
    Text(String),
}

impl Element {
    /// The element and all below; elements of other namespaces are kept under the name they are written with.
    pub(super) fn of(node: Node<'_, '_>) -> Self {
        let own = node.tag_name().namespace() == Some(super::NAMESPACE);
        Self {
            name: if own {
                node.tag_name().name().to_owned()
            } else {
                format!("{}:{}", node.tag_name().namespace().unwrap_or(""), node.tag_name().name())
            },
            attributes: node
                .attributes()
                .map(|attribute| (attribute.name().to_owned(), attribute.value().to_owned()))
                .collect(),
            children: node
                .children()
                .filter_map(|child| {
                    if child.is_element() {
                        Some(Child::Element(Self::of(child)))
                    } else {
                        child.text().filter(|_| child.is_text()).map(|text| Child::Text(text.to_owned()))
                    }
                })
                .collect(),
            line: node.document().text_pos_at(node.range().start).row,
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_abstract(&self) -> bool {
        self.attribute("abstract").is_some_and(|value| matches!(value.trim(), "true" | "1"))
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }

    pub(super) fn named<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.elements().filter(move |element| element.name == name)
    }

    /// `$name` replaced in every attribute and text, longest name first.
    fn replace(&mut self, parameters: &[(String, String)]) {
        for (_, value) in &mut self.attributes {
            *value = replaced(value, parameters);
        }
        for child in &mut self.children {
            match child {
                Child::Element(element) => element.replace(parameters),
                Child::Text(text) => *text = replaced(text, parameters),
            }
        }
    }
}

fn replaced(text: &str, parameters: &[(String, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        match parameters.iter().find(|(name, _)| after.starts_with(name.as_str())) {
            Some((name, value)) => {
                out.push_str(value);
                rest = &after[name.len()..];
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The patterns that run: abstract ones left out, and in the place of each `is-a` a copy of what it names.
pub(super) fn patterns(schema: &Element) -> Result<Vec<Element>, (String, u32)> {
    let all: Vec<_> = schema.named("pattern").collect();
    let mut running = Vec::new();
    for pattern in &all {
        if pattern.is_abstract() {
            continue;
        }
        let Some(wanted) = pattern.attribute("is-a") else {
            running.push((*pattern).clone());
            continue;
        };
        let Some(model) = all.iter().find(|other| other.is_abstract() && other.attribute("id") == Some(wanted)) else {
            return Err((format!("there is no abstract pattern with id {wanted}"), pattern.line));
        };
        let mut parameters: Vec<(String, String)> = pattern
            .named("param")
            .filter_map(|param| Some((param.attribute("name")?.to_owned(), param.attribute("value")?.to_owned())))
            .collect();
        parameters.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let mut copy = (*model).clone();
        copy.attributes.retain(|(name, _)| name != "abstract" && name != "id");
        if let Some(id) = pattern.attribute("id") {
            copy.attributes.push(("id".to_owned(), id.to_owned()));
        }
        copy.replace(&parameters);
        running.push(copy);
    }
    Ok(running)
}

/// Abstract rules that extend abstract rules.
const EXTENDS_MAX: usize = 16;

/// The lets and tests of a rule in order, those of the rules it extends in the place of `extends`.
pub(super) fn parts<'e>(
    rule: &'e Element,
    schema: &'e Element,
    pattern: &'e Element,
) -> Result<Vec<&'e Element>, (String, u32)> {
    fn collect<'e>(
        rule: &'e Element,
        places: [&'e Element; 2],
        depth: usize,
        parts: &mut Vec<&'e Element>,
    ) -> Result<(), (String, u32)> {
        if depth > EXTENDS_MAX {
            return Err((format!("more than {EXTENDS_MAX} rules extend each other"), rule.line));
        }
        for part in rule.elements() {
            if part.name != "extends" {
                parts.push(part);
                continue;
            }
            let wanted = part.attribute("rule").unwrap_or("");
            let in_schema = places[1].named("pattern").flat_map(|pattern| pattern.named("rule"));
            let model = places[0]
                .named("rule")
                .chain(in_schema)
                .find(|other| other.is_abstract() && other.attribute("id") == Some(wanted))
                .ok_or_else(|| (format!("there is no abstract rule with id {wanted}"), part.line))?;
            collect(model, places, depth + 1, parts)?;
        }
        Ok(())
    }
    let mut parts = Vec::new();
    collect(rule, [pattern, schema], 0, &mut parts)?;
    Ok(parts)
}
