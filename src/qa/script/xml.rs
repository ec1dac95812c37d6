//! Elements as a slurper sees them: by local name, in any namespace, several at once.

use std::rc::Rc;

use roxmltree::Node;

/// One or more elements, owned, since their text may come from within another message.
#[derive(Clone, Debug, Default)]
pub(super) struct Slurped(Vec<Rc<Element>>);

#[derive(Debug)]
struct Element {
    name: String,
    text: String,
    attributes: Vec<(String, String)>,
    children: Vec<Rc<Self>>,
}

impl Slurped {
    /// The root of a document.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let document = crate::qa::tree::parse(text)?;
        Ok(Self(vec![element(document.root_element())]))
    }

    /// Children with this local name of every element; `@name` is an attribute.
    pub(super) fn child(&self, name: &str) -> Self {
        if let Some(attribute) = name.strip_prefix('@') {
            let values =
                self.0.iter().flat_map(|element| element.attributes.iter().filter(|(known, _)| known == attribute));
            return Self(values.map(|(name, value)| Rc::new(Element::leaf(name, value))).collect());
        }
        Self(
            self.0
                .iter()
                .flat_map(|element| element.children.iter().filter(|child| child.name == name))
                .cloned()
                .collect(),
        )
    }

    pub(super) fn children(&self) -> Self {
        Self(self.0.iter().flat_map(|element| &element.children).cloned().collect())
    }

    pub(super) fn at(&self, index: i64) -> Self {
        let at = if index < 0 { i64::try_from(self.0.len()).unwrap_or(0) + index } else { index };
        Self(usize::try_from(at).ok().and_then(|at| self.0.get(at)).cloned().into_iter().collect())
    }

    pub(super) fn each(&self) -> impl Iterator<Item = Self> + '_ {
        self.0.iter().map(|element| Self(vec![Rc::clone(element)]))
    }

    pub(super) fn of(parts: impl IntoIterator<Item = Self>) -> Self {
        Self(parts.into_iter().flat_map(|part| part.0).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts of all, joined.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|element| element.text.as_str()).collect()
    }
}

impl Element {
    fn leaf(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), attributes: Vec::new(), children: Vec::new() }
    }
}

fn element(node: Node<'_, '_>) -> Rc<Element> {
    Rc::new(Element {
        name: node.tag_name().name().to_owned(),
        text: node.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect(),
        attributes: node
            .attributes()
            .map(|attribute| (attribute.name().to_owned(), attribute.value().to_owned()))
            .collect(),
        children: node.children().filter(Node::is_element).map(element).collect(),
    })
}
