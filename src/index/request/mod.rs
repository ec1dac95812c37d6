//! Bytes of a call to what it asks for. Nothing is validated but XML: the rules stand in `validate`.
//!
//! Elements are taken by namespace and name, in any order; what is not known is passed over (`ei.md` §1.9).

pub mod element;
pub mod extension;
pub mod find;
#[cfg(test)]
mod tests;
pub mod transactions;

use std::borrow::Cow;

use self::element::{Element, Elements};
use self::find::Query;
use self::transactions::Transactions;
use super::fault::{self, IndexFault};
use crate::soap::fault::SOAP_11;

/// Core types of the domain.
pub const CORE: &str = "urn:riv:itintegration:engagementindex:1";
/// Payload of Update.
pub const UPDATE: &str = "urn:riv:itintegration:engagementindex:UpdateResponder:1";
/// Payload of ProcessNotification.
pub const PROCESS_NOTIFICATION: &str = "urn:riv:itintegration:engagementindex:ProcessNotificationResponder:1";
/// Payload of FindContent.
pub const FIND_CONTENT: &str = "urn:riv:itintegration:engagementindex:FindContentResponder:1";
/// The header that says who is meant.
pub const REGISTRY: &str = "urn:riv:itintegration:registry:1";

/// A call, by its body's first element.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one a call, on the stack of the hot path")]
pub enum Call<'a> {
    /// Update.
    Update(Transactions<'a>),
    /// ProcessNotification.
    ProcessNotification(Transactions<'a>),
    /// FindContent.
    FindContent(Query<'a>),
}

/// A call and whom it is addressed to.
#[derive(Clone, Debug, PartialEq)]
pub struct Addressed<'a> {
    /// Header `LogicalAddress`, untrimmed; `None` where there is none.
    pub logical_address: Option<Cow<'a, str>>,
    /// What is asked for.
    pub call: Call<'a>,
}

/// Reads a call to the end of the document.
pub fn read(body: &[u8]) -> Result<Addressed<'_>, IndexFault> {
    let mut elements = Elements::new(body);
    let envelope = elements.root()?;
    if !envelope.is(SOAP_11, "Envelope") {
        return Err(fault::other_version(&envelope.namespace_text()));
    }
    let (mut logical_address, mut call) = (None, None);
    while let Some(part) = elements.child()? {
        if part.is(SOAP_11, "Header") {
            while let Some(header) = elements.child()? {
                match header.is(REGISTRY, "LogicalAddress") {
                    true => logical_address = Some(elements.text()?),
                    false => elements.skip()?,
                }
            }
        } else if part.is(SOAP_11, "Body") && call.is_none() {
            while let Some(payload) = elements.child()? {
                match call {
                    None => call = Some(operation(&mut elements, payload)?),
                    Some(_) => elements.skip()?,
                }
            }
        } else {
            elements.skip()?;
        }
    }
    elements.finish()?;
    Ok(Addressed { logical_address, call: call.ok_or_else(fault::no_body)? })
}

fn operation<'a>(elements: &mut Elements<'a>, payload: Element<'a>) -> Result<Call<'a>, IndexFault> {
    if payload.is(FIND_CONTENT, "FindContent") {
        return find::read(elements).map(Call::FindContent);
    }
    if payload.is(UPDATE, "Update") {
        return transactions::read(elements, UPDATE).map(Call::Update);
    }
    if payload.is(PROCESS_NOTIFICATION, "ProcessNotification") {
        return transactions::read(elements, PROCESS_NOTIFICATION).map(Call::ProcessNotification);
    }
    Err(fault::unknown_operation(&payload.namespace_text(), &payload.local_text()))
}
