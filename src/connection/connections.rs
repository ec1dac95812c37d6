//! Commands about what a connection's party writes: the connection itself, its self-declaration, its invoices.

use jiff::civil::Date;

use super::book::{Book, ENTRIES_MAX, Kept, new_id};
use super::document::{Declaration, Document, Invoice};
use super::file::ConnectionFile;
use super::holdings::Change;
use super::papers::check_same_id;
use super::refusal::Refusal;
use super::view::{self, View};

impl Kept {
    /// A connection that must be there.
    pub(super) fn connection(&self, id: &str) -> Result<&ConnectionFile, Refusal> {
        let known = self.holdings.connections.get(id);
        known.ok_or_else(|| Refusal::Unknown { what: "connection", id: id.to_owned() })
    }
}

impl Book {
    /// Takes in a connection.
    pub fn add_connection(&self, document: Document) -> Result<View, Refusal> {
        let mut kept = self.kept();
        kept.check_room()?;
        kept.named_party("party", &document.party)?;
        let connections = &kept.holdings.connections;
        let id = new_id("connection", &document.id, |id| connections.contains_key(id), connections.len())?;
        let document = Document { id: id.clone(), ..document };
        kept.commit(self.clock.now(), vec![Change::Document(Box::new(document))])?;
        self.shown(&kept, &id)
    }

    /// Says something else of a connection.
    pub fn change_connection(
        &self,
        id: &str,
        change: impl FnOnce(&Document) -> Result<Document, Refusal>,
    ) -> Result<View, Refusal> {
        let mut kept = self.kept();
        let document = change(&kept.connection(id)?.document)?;
        check_same_id(id, &document.id)?;
        kept.named_party("party", &document.party)?;
        kept.commit(self.clock.now(), vec![Change::Document(Box::new(document))])?;
        self.shown(&kept, id)
    }

    /// Replaces the self-declaration.
    pub fn put_declaration(&self, id: &str, declaration: Declaration) -> Result<view::Declared, Refusal> {
        self.change_connection(id, |document| Ok(Document { declaration: Some(declaration), ..document.clone() }))?;
        Ok(view::declared(self.kept().connection(id)?))
    }

    /// Adds an invoice.
    pub fn add_invoice(&self, id: &str, invoice: Invoice) -> Result<(), Refusal> {
        let add = |document: &Document| {
            let mut document = document.clone();
            if document.invoices.len() >= ENTRIES_MAX {
                let count = document.invoices.len();
                return Err(Refusal::Full { what: "invoices", count, count_max: ENTRIES_MAX });
            }
            document.invoices.push(invoice);
            Ok(document)
        };
        self.change_connection(id, add).map(drop)
    }

    /// How a connection stands.
    pub fn connection(&self, id: &str, day: Option<Date>) -> Result<View, Refusal> {
        let kept = self.kept();
        match day {
            None => self.shown(&kept, id),
            Some(day) => Ok(view::at(&kept.holdings, &self.services, kept.connection(id)?, day)),
        }
    }

    pub(super) fn shown(&self, kept: &Kept, id: &str) -> Result<View, Refusal> {
        Ok(view::now(&kept.holdings, &self.services, kept.connection(id)?))
    }
}
