//! How the index has a contract's engagements: what is right for it, and what is another's. Pure.

use super::updates::Key;

/// What a contract's engagements are filed under.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filing {
    /// Service domain, such as `riv:clinicalprocess:healthcond:description`.
    pub service_domain: String,
    /// Categorizations; none where every category of the domain is the contract's.
    pub categorizations: Vec<String>,
    /// Categorizations of other contracts of the domain: FindContent tells them too, and they are nobody's mistake.
    pub others: Vec<String>,
}

impl Filing {
    /// Whether an engagement is filed as the contract's are.
    pub fn fits(&self, key: &Key) -> bool {
        key.service_domain.eq_ignore_ascii_case(&self.service_domain)
            && (self.categorizations.is_empty() || has(&self.categorizations, &key.categorization))
    }

    /// Whether an engagement is about another contract.
    pub fn is_others(&self, key: &Key) -> bool {
        !self.fits(key) && has(&self.others, &key.categorization)
    }

    /// The categorization of a new engagement; none where there are several to choose from.
    pub fn category(&self) -> Option<&str> {
        match self.categorizations.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// In words.
    pub fn said(&self) -> String {
        let categories = match self.categorizations.is_empty() {
            true => "any category".to_owned(),
            false => self.categorizations.join(" or "),
        };
        format!("{} {categories}", self.service_domain)
    }
}

/// Categories are the same whatever their case, as for the aggregating services.
fn has(categories: &[String], one: &str) -> bool {
    categories.iter().any(|known| known.eq_ignore_ascii_case(one))
}
