//! Orders (*beställning*, `tak.md` §5): what is to be in the catalogue from a day on, as JSON.
//!
//! `read.rs` is the text, `prepare.rs` the checks in the reference's order, `build.rs` what becomes of the rows,
//! `report.rs` what people are told. Nothing is visible to readers until the user publishes.

mod build;
pub(super) mod files;
mod lookup;
mod prepare;
pub mod read;
mod report;

use super::Catalogue;
use super::book::core::Book;
use crate::store::log::LogError;
use build::Built;
use read::{Ordered, ReadError};

/// Why an order is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Rules are broken; all of one step.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// It cannot be kept.
    #[error("the order cannot be kept")]
    Log(#[from] LogError),
}

/// What an order does, or would do.
#[derive(Debug)]
pub struct Outcome {
    /// The report, as people read it.
    pub report: String,
    /// Rows that are saved, or would be.
    pub changes: usize,
}

/// What an order comes to: the checks in the reference's order, then the rows.
fn carried_out(book: &Book, platform: &str, user: &str, order: &Ordered) -> Result<Built, OrderError> {
    if order.platform != platform {
        return Err(OrderError::Refused(vec![format!(
            "Beställningen avser plattform {}, men den här instansen av tak-web hanterar {platform}.",
            order.platform
        )]));
    }
    let found = lookup::Lookup::new(book, order, user);
    let prepared = prepare::prepare(order, &found).map_err(OrderError::Refused)?;
    prepare::relations(order, &found).map_err(OrderError::Refused)?;
    Ok(build::build(order, &found, &prepared))
}

impl Catalogue {
    /// Carries out an order for a user: his rows are pending then. With `dry` nothing is saved.
    pub fn order(&self, platform: &str, user: &str, order: &Ordered, dry: bool) -> Result<Outcome, OrderError> {
        self.with_book(|book| {
            let Built { changes, lines } = carried_out(book, platform, user, order)?;
            let report = report::report(order, &lines);
            let count = changes.len();
            if !dry {
                book.save(user, changes, self.clock().now())?;
            }
            Ok(Outcome { report, changes: count })
        })
    }
}
