//! Customer parameters: `data.xml` (`qa.md` §1.3).

use std::path::Path;

use roxmltree::Node;

use crate::domain::problem::Problem;
use crate::qa::tree;

/// A data file as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataFile {
    /// `testsuite/@id`
    pub id: Option<String>,
    /// `contractName`
    pub contract: Option<String>,
    /// `description` of the whole, as published.
    pub description: Option<String>,
    /// `globaldata`, in order.
    pub global: Vec<(String, String)>,
    /// In order.
    pub cases: Vec<DataCase>,
}

/// What one case needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataCase {
    /// What the case asks for it by.
    pub id: String,
    /// As published, with its markup.
    pub description: Option<String>,
    /// In order; `None` when there is no `data` element.
    pub data: Option<Vec<(String, String)>>,
}

/// Why a case has no parameters. The texts are part of the verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// The file is not there.
    #[error("dataFile does not exist: {0}")]
    Missing(String),
    /// The file cannot be read as one.
    #[error("{0}")]
    Broken(String),
    /// No case has this id; ids are compared exactly.
    #[error("Could not find data for TestCaseName: {0}")]
    Unknown(String),
    /// More than one case has it.
    #[error("TestCaseName is not unique: {0}")]
    NotUnique(String),
}

impl DataFile {
    /// Reads the file; values that hold elements are warned of and give their own text.
    pub fn read(file: &Path, text: &str) -> Result<(Self, Vec<Problem>), Problem> {
        let document = tree::parse(text).map_err(|message| Problem::error(file, 1, message))?;
        let root = document.root_element();
        if root.tag_name().name() != "testsuite" {
            return Err(Problem::error(file, 1, format!("the root is {}, expected testsuite", root.tag_name().name())));
        }
        let mut warnings = Vec::new();
        let mut values = |node: Node<'_, '_>| {
            let elements = node.children().filter(Node::is_element);
            elements
                .map(|value| {
                    if value.children().any(|child| child.is_element()) {
                        let line = document.text_pos_at(value.range().start).row as usize;
                        let message = format!(
                            "the value of {} holds elements; only its own text is used",
                            value.tag_name().name()
                        );
                        warnings.push(Problem::warning(file, line, message));
                    }
                    (value.tag_name().name().to_owned(), tree::own_text(value).trim().to_owned())
                })
                .collect::<Vec<_>>()
        };
        let child = |node: Node<'_, '_>, name: &str| -> Option<String> {
            let found = node.children().find(|child| child.has_tag_name(name))?;
            Some(inner(found))
        };
        let mut data = Self {
            id: root.attribute("id").map(str::to_owned),
            contract: child(root, "contractName"),
            description: child(root, "description"),
            ..Self::default()
        };
        for node in root.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "globaldata" => data.global.extend(values(node)),
                "testcase" => data.cases.push(DataCase {
                    id: node.attribute("id").unwrap_or("").to_owned(),
                    description: child(node, "description"),
                    data: node.children().find(|child| child.has_tag_name("data")).map(&mut values),
                }),
                _ => {}
            }
        }
        Ok((data, warnings))
    }

    /// The variables of the case with this id: global ones first, then its own, which override them.
    pub fn load(&self, id: &str) -> Result<Vec<(String, String)>, DataError> {
        let mut found = self.cases.iter().filter(|case| case.id == id);
        let case = found.next().ok_or_else(|| DataError::Unknown(id.to_owned()))?;
        if found.next().is_some() {
            return Err(DataError::NotUnique(id.to_owned()));
        }
        Ok(self.global.iter().chain(case.data.iter().flatten()).cloned().collect())
    }
}

/// What stands between the element's tags, as written.
fn inner(element: Node<'_, '_>) -> String {
    let source = element.document().input_text();
    match (element.first_child(), element.last_child()) {
        (Some(first), Some(last)) => source[first.range().start..last.range().end].trim().to_owned(),
        _ => String::new(),
    }
}
