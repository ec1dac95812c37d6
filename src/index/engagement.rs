//! An engagement (*engagemang*): one row of the index, "this system holds information on this person".
//!
//! Nine text fields make its business key (`ei.md` §1.3, §3.1); besides them it has the time of the most recent content
//! and two times that the index sets itself.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// The nine fields of the business key, in the order of the contract's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    RegisteredResidentIdentification,
    ServiceDomain,
    Categorization,
    LogicalAddress,
    BusinessObjectInstanceIdentifier,
    ClinicalProcessInterestId,
    SourceSystem,
    DataController,
    Owner,
}

/// How many there are.
pub const FIELDS: usize = 9;

impl Field {
    /// All, in the order of the schema.
    pub const ALL: [Self; FIELDS] = [
        Self::RegisteredResidentIdentification,
        Self::ServiceDomain,
        Self::Categorization,
        Self::LogicalAddress,
        Self::BusinessObjectInstanceIdentifier,
        Self::ClinicalProcessInterestId,
        Self::SourceSystem,
        Self::DataController,
        Self::Owner,
    ];

    /// All but the resident, in the order in which the key is put together (`ei.md` §3.1).
    pub const KEY_ORDER: [Self; FIELDS - 1] = [
        Self::ServiceDomain,
        Self::Categorization,
        Self::LogicalAddress,
        Self::BusinessObjectInstanceIdentifier,
        Self::SourceSystem,
        Self::DataController,
        Self::Owner,
        Self::ClinicalProcessInterestId,
    ];

    /// The element's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::RegisteredResidentIdentification => "registeredResidentIdentification",
            Self::ServiceDomain => "serviceDomain",
            Self::Categorization => "categorization",
            Self::LogicalAddress => "logicalAddress",
            Self::BusinessObjectInstanceIdentifier => "businessObjectInstanceIdentifier",
            Self::ClinicalProcessInterestId => "clinicalProcessInterestId",
            Self::SourceSystem => "sourceSystem",
            Self::DataController => "dataController",
            Self::Owner => "owner",
        }
    }

    /// Most characters; `None` for the owner, which the reference does not check (`ei.md` Q12).
    pub fn chars_max(self) -> Option<usize> {
        match self {
            Self::RegisteredResidentIdentification => Some(32),
            Self::ServiceDomain | Self::Categorization => Some(255),
            Self::BusinessObjectInstanceIdentifier | Self::ClinicalProcessInterestId => Some(128),
            Self::LogicalAddress | Self::SourceSystem | Self::DataController => Some(64),
            Self::Owner => None,
        }
    }

    /// Whether `NA` stands in for an empty value in the key.
    fn may_be_na(self) -> bool {
        matches!(self, Self::Categorization | Self::BusinessObjectInstanceIdentifier | Self::ClinicalProcessInterestId)
    }
}

/// "Not applicable".
pub const NA: &str = "NA";

/// The nine texts of a key. An element that was absent is empty here: the rules never tell the two apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key<'a>(pub [Cow<'a, str>; FIELDS]);

impl Key<'_> {
    /// One of the texts.
    pub fn text(&self, field: Field) -> &str {
        &self.0[field as usize]
    }

    /// One of the texts as it takes part in the key.
    pub fn key_text(&self, field: Field) -> &str {
        match self.text(field) {
            "" if field.may_be_na() => NA,
            text => text,
        }
    }

    /// Whom the engagement is about.
    pub fn resident(&self) -> &str {
        self.text(Field::RegisteredResidentIdentification)
    }

    /// Appends all but the resident to `out`, without separators: texts that are shifted between neighbouring fields
    /// make the same key (`ei.md` Q10). `owner` stands in for the owner where it is given.
    pub fn write_tail(&self, owner: Option<&str>, out: &mut Vec<u8>) {
        for field in Field::KEY_ORDER {
            let text = match (field, owner) {
                (Field::Owner, Some(owner)) => owner,
                _ => self.key_text(field),
            };
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// The whole key as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.resident().as_bytes().to_vec();
        self.write_tail(None, &mut out);
        out
    }

    /// The reference's id of the row: SHA-256 of the key, in hexadecimal.
    pub fn id(&self) -> String {
        Sha256::digest(self.bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The same, owning its texts.
    pub fn into_owned(self) -> Key<'static> {
        Key(self.0.map(|text| Cow::Owned(text.into_owned())))
    }
}

/// An engagement and what to do with it: one `engagementTransaction`, as received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction<'a> {
    /// `deleteFlag`; false where it is missing.
    pub delete: bool,
    /// Whether there is an `engagement` element at all.
    pub has_engagement: bool,
    /// The key.
    pub key: Key<'a>,
    /// `mostRecentContent` as sent; present and empty is an error, absent is not.
    pub most_recent_content: Option<Cow<'a, str>>,
    /// `creationTime` as sent. Only notifications pass it on.
    pub creation_time: Cow<'a, str>,
    /// `updateTime` as sent. Only notifications pass it on.
    pub update_time: Cow<'a, str>,
    /// Elements of other namespaces inside `engagement`, as XML that stands on its own; only notifications pass them on.
    pub engagement_extension: Cow<'a, str>,
    /// The same inside `engagementTransaction`.
    pub transaction_extension: Cow<'a, str>,
}

impl Transaction<'_> {
    /// The same, owning its texts.
    pub fn into_owned(self) -> Transaction<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Transaction {
            delete: self.delete,
            has_engagement: self.has_engagement,
            key: self.key.into_owned(),
            most_recent_content: self.most_recent_content.map(owned),
            creation_time: owned(self.creation_time),
            update_time: owned(self.update_time),
            engagement_extension: owned(self.engagement_extension),
            transaction_extension: owned(self.transaction_extension),
        }
    }

    /// What it weighs in a queue, in bytes.
    pub fn weight(&self) -> usize {
        let texts = [&self.creation_time, &self.update_time, &self.engagement_extension, &self.transaction_extension];
        size_of::<Self>()
            + self.key.0.iter().chain(texts).map(|text| text.len()).sum::<usize>()
            + self.most_recent_content.as_ref().map_or(0, |text| text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(resident: &'static str, tail: [&'static str; 8]) -> Key<'static> {
        let mut key = Key::default();
        key.0[0] = resident.into();
        for (field, text) in Field::KEY_ORDER.into_iter().zip(tail) {
            key.0[field as usize] = text.into();
        }
        key
    }

    #[test]
    fn the_published_ids_hold() {
        let national = key(
            "191212121212",
            [
                "riv:clinicalprocess:logistics:logistics",
                "vko",
                "SKLTP-MOCK01",
                "NA",
                "SKLTP-MOCK01",
                "SE-NMT123",
                "5565594230",
                "NA",
            ],
        );
        assert_eq!(national.id(), "40ec6e84d1b8968d4177b6e9563f0042d050e4a06dd5ed439dd48f07999acb8b");
        let test = |owner| {
            key(
                "1212121212",
                [
                    "TEST-DOMAIN",
                    "TEST-CATEGORY",
                    "TEST-LOGICAL-ADDRESS-2",
                    "TEST-BOII",
                    "TEST-SOURCE-SYSTEM",
                    "TEST-DATA-CONTROLLER",
                    owner,
                    "TEST_CPIID",
                ],
            )
        };
        assert_eq!(test("ei-hsa-id").id(), "d00399d81b00638a0c28f70307981574b0e67bb43f5d48efc4755587eacbf6ea");
        assert_eq!(test("remote-owner").id(), "2438ef9e0cfbdcb2dd3d1d956ef77e790f131479f46190ef335a7ea797bcb8d3");
    }

    #[test]
    fn empty_and_na_are_the_same_key_and_shifted_texts_too() {
        let na = key("1", ["d", "NA", "l", "NA", "s", "c", "o", "NA"]);
        let empty = key("1", ["d", "", "l", "", "s", "c", "o", ""]);
        let shifted = key("1", ["dN", "A", "lN", "A", "s", "c", "o", "NA"]);
        assert_eq!(na.id(), empty.id());
        assert_eq!(na.id(), shifted.id());
    }
}
