//! Kinds of customers (`connection.md` §9).

use serde::{Deserialize, Serialize};

/// What kind of organisation a party is (*kundkategori*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// A region; exempt from the general uplift of prices.
    Region,
    /// A municipality.
    Kommun,
    /// A state authority.
    StatligMyndighet,
    /// A private caregiver.
    PrivatVardgivare,
    /// A supplier to the public sector.
    UnderleverantorOffentligSektor,
    /// A supplier that brokers services of Inera to customers.
    Agent,
}
