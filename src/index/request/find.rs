//! The payload of FindContent (`ei.md` §1.6).

use std::borrow::Cow;

use super::FIND_CONTENT;
use super::element::Elements;
use super::transactions::field;
use crate::index::engagement::{FIELDS, Field};
use crate::index::fault::IndexFault;

/// What is looked for: each field that is there must be equal, an empty one too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query<'a> {
    /// By [`Field`].
    pub fields: [Option<Cow<'a, str>>; FIELDS],
    /// `mostRecentContent`: rows at least as new.
    pub most_recent_content: Option<Cow<'a, str>>,
}

impl Query<'_> {
    /// What the query says on a field.
    pub fn field(&self, field: Field) -> Option<&str> {
        self.fields[field as usize].as_deref()
    }
}

/// Reads the payload that is open.
pub fn read<'a>(elements: &mut Elements<'a>) -> Result<Query<'a>, IndexFault> {
    let mut query = Query::default();
    while let Some(child) = elements.child()? {
        match (child.is_in(FIND_CONTENT), child.name.local()) {
            (true, b"mostRecentContent") => query.most_recent_content = Some(elements.text()?),
            (true, name) => match field(name) {
                Some(field) => query.fields[field as usize] = Some(elements.text()?),
                None => elements.skip()?,
            },
            (false, _) => elements.skip()?,
        }
    }
    Ok(query)
}
