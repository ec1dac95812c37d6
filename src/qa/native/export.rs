//! Data of a suite as `data.xml`, for tools that read that (`qa.md` §5.2). What is imported from it is what was exported.

use crate::qa::suite::data::{DataCase, DataFile};
use crate::qa::suite::folder::PublishedProject;

/// The data of a suite: its own file where it is a published one, else `[data]` of suite and cases.
pub fn data(project: &PublishedProject) -> DataFile {
    let Some(native) = &project.project.native else {
        return project.data("data.xml").map(|(data, _)| data).unwrap_or_default();
    };
    let cases = project.project.suites.iter().flat_map(|suite| &suite.cases);
    let cases = cases.filter_map(|case| {
        let own = case.native.as_ref()?;
        let title = own.title.sv.as_ref().or(own.title.en.as_ref()).map(|title| escaped(title));
        Some(DataCase {
            id: case.name.clone(),
            description: title,
            data: Some(own.data.clone()).filter(|data| !data.is_empty()),
        })
    });
    DataFile {
        id: Some(project.project.name.clone()),
        contract: native.contract.clone(),
        description: None,
        global: native.data.clone(),
        cases: cases.collect(),
    }
}

/// Why data cannot be written as elements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be the name of an element; data.xml has no place for it")]
pub struct NameError(pub String);

/// The file. Descriptions are written as they are: they may hold markup.
pub fn data_xml(data: &DataFile) -> Result<String, NameError> {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite");
    if let Some(id) = &data.id {
        out.push_str(&format!(" id=\"{}\"", escaped(id).replace('"', "&quot;")));
    }
    out.push_str(">\n");
    if let Some(contract) = &data.contract {
        out.push_str(&format!("  <contractName>{}</contractName>\n", escaped(contract)));
    }
    if let Some(description) = &data.description {
        out.push_str(&format!("  <description>{description}</description>\n"));
    }
    out.push_str("  <globaldata>\n");
    values(&mut out, &data.global, "    ")?;
    out.push_str("  </globaldata>\n");
    for case in &data.cases {
        out.push_str(&format!("  <testcase id=\"{}\">\n", escaped(&case.id).replace('"', "&quot;")));
        if let Some(description) = &case.description {
            out.push_str(&format!("    <description>{description}</description>\n"));
        }
        if let Some(data) = &case.data {
            out.push_str("    <data>\n");
            values(&mut out, data, "      ")?;
            out.push_str("    </data>\n");
        }
        out.push_str("  </testcase>\n");
    }
    out.push_str("</testsuite>\n");
    Ok(out)
}

fn values(out: &mut String, values: &[(String, String)], indent: &str) -> Result<(), NameError> {
    for (name, value) in values {
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if !is_name {
            return Err(NameError(name.clone()));
        }
        out.push_str(&format!("{indent}<{name}>{}</{name}>\n", escaped(value)));
    }
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
