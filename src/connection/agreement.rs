//! Agreements (*avtal*, `connection.md` §2): what the parties have signed, each for a period.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What kind of agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub enum AgreementType {
    /// Kundavtal 1, the old model.
    #[serde(rename = "AGR-K1")]
    K1,
    /// Kundavtal 2.
    #[serde(rename = "AGR-K2")]
    K2,
    /// Agentavtal.
    #[serde(rename = "AGR-A")]
    A,
    /// Villkor för Anslutning, part of the three above.
    #[serde(rename = "AGR-N")]
    N,
    /// Beskrivning och tjänstespecifika villkor of one service.
    #[serde(rename = "AGR-T")]
    T,
    /// Modellavtal 1: Inera and a direct customer.
    #[serde(rename = "AGR-M1")]
    M1,
    /// Modellavtal 2: a direct customer and an indirect caregiver.
    #[serde(rename = "AGR-M2")]
    M2,
    /// Modellavtal 3: Inera and its processors.
    #[serde(rename = "AGR-M3")]
    M3,
    /// PuB-avtal 1, a part of Kundavtal 2.
    #[serde(rename = "AGR-P1")]
    P1,
    /// PuB-avtal 2.
    #[serde(rename = "AGR-P2")]
    P2,
    /// PuB-avtal 3.
    #[serde(rename = "AGR-P3")]
    P3,
    /// Fullmakt of an independent board.
    #[serde(rename = "AGR-F")]
    F,
    /// SKR-koncernens personuppgiftsbiträdesavtal.
    #[serde(rename = "AGR-SKR")]
    Skr,
    /// Processor agreement of an Agent and its customer.
    #[serde(rename = "AGR-PA")]
    Pa,
}

/// A signed agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Agreement {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Whose.
    pub party: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: AgreementType,
    /// For which service; none = for every one that it can be for.
    #[serde(default)]
    pub service: Option<String>,
    /// Of which board.
    #[serde(default)]
    pub board: Option<String>,
    /// With whom, where that is not Inera.
    #[serde(default)]
    pub counterparty: Option<String>,
    /// First day.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub from: Option<Date>,
    /// Last day; none = until further notice.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub to: Option<Date>,
}

impl Agreement {
    /// Whether it is in force on a day.
    pub fn holds(&self, day: Date) -> bool {
        covers(self.from, self.to, day)
    }

    /// Whether it is for a service, or for all of them.
    pub fn is_for(&self, service: &str) -> bool {
        self.service.as_deref().is_none_or(|own| own == service)
    }

    /// Whether both are a Kundavtal, of different models, for the same service at the same time: exactly one may be.
    pub fn collides(&self, other: &Self) -> bool {
        let pair = matches!(
            (self.kind, other.kind),
            (AgreementType::K1, AgreementType::K2) | (AgreementType::K2, AgreementType::K1)
        );
        let shares_service = self.service.is_none() || other.service.is_none() || self.service == other.service;
        let before = |end: Option<Date>, start: Option<Date>| end.zip(start).is_some_and(|(end, start)| end < start);
        pair && self.party == other.party
            && shares_service
            && !before(self.to, other.from)
            && !before(other.to, self.from)
    }
}

/// Whether a period of days, open where there is no bound, covers a day.
pub fn covers(from: Option<Date>, to: Option<Date>, day: Date) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn agreement(kind: AgreementType, service: Option<&str>, from: Option<Date>, to: Option<Date>) -> Agreement {
        let service = service.map(str::to_owned);
        Agreement { id: String::new(), party: "a".to_owned(), kind, service, board: None, counterparty: None, from, to }
    }

    #[test]
    fn two_models_of_one_customer_collide_where_they_meet() {
        let (new_year, eve) = (Some(date(2020, 1, 1)), Some(date(2019, 12, 31)));
        let old = agreement(AgreementType::K1, None, None, eve);
        let new = agreement(AgreementType::K2, None, new_year, None);
        assert!(!old.collides(&new) && !new.collides(&old));
        assert!(old.collides(&agreement(AgreementType::K2, None, eve, None)));
        assert!(!old.collides(&agreement(AgreementType::K1, None, None, None)), "of one model");
        let npo = agreement(AgreementType::K1, Some("npo"), None, None);
        assert!(npo.collides(&new));
        assert!(!npo.collides(&agreement(AgreementType::K2, Some("pu"), None, None)));
    }

    #[test]
    fn a_period_includes_both_its_days() {
        let agreement = agreement(AgreementType::A, None, Some(date(2026, 1, 1)), Some(date(2026, 1, 31)));
        assert!(agreement.holds(date(2026, 1, 1)) && agreement.holds(date(2026, 1, 31)));
        assert!(!agreement.holds(date(2025, 12, 31)) && !agreement.holds(date(2026, 2, 1)));
    }
}
