//! The payload of Update and ProcessNotification (`ei.md` §1.3, §1.5).

use std::borrow::Cow;

use super::element::Elements;
use super::{CORE, extension};
use crate::config::index::TRANSACTIONS_MAX;
use crate::index::engagement::{Field, Transaction};
use crate::index::fault::{self, IndexFault};

/// Most that elements of other namespaces may weigh in one request, in bytes, each standing on its own.
pub const EXTENSION_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The transactions of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transactions<'a> {
    /// The first [`TRANSACTIONS_MAX`].
    pub transactions: Vec<Transaction<'a>>,
    /// How many there were.
    pub count: usize,
}

/// Reads the payload that is open. `payload` is its namespace.
pub fn read<'a>(elements: &mut Elements<'a>, payload: &str) -> Result<Transactions<'a>, IndexFault> {
    let mut read = Transactions::default();
    let mut extension_bytes = 0;
    while let Some(child) = elements.child()? {
        if !child.is(payload, "engagementTransaction") {
            elements.skip()?;
            continue;
        }
        read.count += 1;
        if read.count > TRANSACTIONS_MAX {
            elements.skip()?;
            continue;
        }
        let transaction = transaction(elements)?;
        extension_bytes += transaction.engagement_extension.len() + transaction.transaction_extension.len();
        if extension_bytes > EXTENSION_BYTES_MAX {
            return Err(fault::extensions_too_large(EXTENSION_BYTES_MAX));
        }
        read.transactions.push(transaction);
    }
    Ok(read)
}

fn transaction<'a>(elements: &mut Elements<'a>) -> Result<Transaction<'a>, IndexFault> {
    let mut transaction = Transaction::default();
    while let Some(child) = elements.child()? {
        if child.is(CORE, "deleteFlag") {
            transaction.delete = matches!(elements.text()?.trim(), "true" | "1");
        } else if child.is(CORE, "engagement") {
            transaction.has_engagement = true;
            engagement(elements, &mut transaction)?;
        } else if child.is_in(CORE) || child.namespace.is_empty() {
            elements.skip()?;
        } else {
            extension::cut(elements, child, transaction.transaction_extension.to_mut())?;
        }
    }
    Ok(transaction)
}

fn engagement<'a>(elements: &mut Elements<'a>, transaction: &mut Transaction<'a>) -> Result<(), IndexFault> {
    while let Some(child) = elements.child()? {
        if !child.is_in(CORE) {
            match child.namespace {
                b"" => elements.skip()?,
                _ => extension::cut(elements, child, transaction.engagement_extension.to_mut())?,
            }
            continue;
        }
        match child.name.local() {
            b"mostRecentContent" => transaction.most_recent_content = Some(elements.text()?),
            b"creationTime" => transaction.creation_time = elements.text()?,
            b"updateTime" => transaction.update_time = elements.text()?,
            name => match field(name) {
                Some(field) => transaction.key.0[field as usize] = elements.text()?,
                None => elements.skip()?,
            },
        }
    }
    Ok(())
}

/// The key field of an element's name.
pub(super) fn field(name: &[u8]) -> Option<Field> {
    Field::ALL.into_iter().find(|field| field.name().as_bytes() == name)
}

impl<'a> Transactions<'a> {
    /// For Update: the sender's word on the owner counts only where keys are compared (`ei.md` Q9).
    pub fn without_owners(mut self) -> Vec<Transaction<'a>> {
        self.transactions
            .iter_mut()
            .for_each(|transaction| transaction.key.0[Field::Owner as usize] = Cow::Borrowed(""));
        self.transactions
    }

    /// For ProcessNotification: what the index itself owns is not news to it.
    pub fn without_owner(mut self, own_id: &str) -> Vec<Transaction<'a>> {
        self.transactions.retain(|transaction| transaction.key.text(Field::Owner) != own_id);
        self.transactions
    }
}
