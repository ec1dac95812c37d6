//! Engagements as a sender writes them.

use std::fmt::Write;

/// Order of the elements in the schema.
const ORDER: [&str; 12] = [
    "registeredResidentIdentification",
    "serviceDomain",
    "categorization",
    "logicalAddress",
    "businessObjectInstanceIdentifier",
    "clinicalProcessInterestId",
    "mostRecentContent",
    "sourceSystem",
    "creationTime",
    "updateTime",
    "dataController",
    "owner",
];

pub(crate) const RESIDENT: &str = "191212121212";
pub(crate) const DOMAIN: &str = "riv:clinicalprocess:test";

/// One `engagementTransaction`.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    fields: Vec<(&'static str, String)>,
    delete: Option<bool>,
    extra: String,
}

/// *E(k)*: valid, without most recent content.
pub(crate) fn e(key: &str) -> Row {
    let fixed = [
        ("registeredResidentIdentification", RESIDENT.to_owned()),
        ("serviceDomain", DOMAIN.to_owned()),
        ("categorization", "CAT".to_owned()),
        ("logicalAddress", format!("LA-{key}")),
        ("businessObjectInstanceIdentifier", "NA".to_owned()),
        ("clinicalProcessInterestId", "NA".to_owned()),
        ("sourceSystem", "SYSTEM".to_owned()),
        ("dataController", "CONTROLLER".to_owned()),
    ];
    Row { fields: fixed.into(), delete: Some(false), extra: String::new() }
}

impl Row {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self = self.without(name);
        self.fields.push((name, value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(other, _)| *other != name);
        self
    }

    pub(crate) fn empty() -> Self {
        Self { fields: vec![], delete: Some(false), extra: String::new() }
    }

    pub(crate) fn content(self, time: &str) -> Self {
        self.with("mostRecentContent", time)
    }

    pub(crate) fn owner(self, owner: &str) -> Self {
        self.with("owner", owner)
    }

    pub(crate) fn delete(self) -> Self {
        Self { delete: Some(true), ..self }
    }

    pub(crate) fn without_delete_flag(self) -> Self {
        Self { delete: None, ..self }
    }

    pub(crate) fn extra(self, xml: &str) -> Self {
        Self { extra: xml.to_owned(), ..self }
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value)
    }

    /// The element, fields in the order of the schema or in the order in which they were set.
    pub(crate) fn xml(&self, in_order: bool) -> String {
        let mut fields = self.fields.clone();
        if in_order {
            fields.sort_by_key(|(name, _)| ORDER.iter().position(|other| other == name));
        }
        let mut out = String::from("<p:engagementTransaction>");
        if let Some(delete) = self.delete {
            write!(out, "<c:deleteFlag>{delete}</c:deleteFlag>").unwrap();
        }
        out.push_str("<c:engagement>");
        for (name, value) in fields {
            write!(out, "<c:{name}>{value}</c:{name}>").unwrap();
        }
        write!(out, "{}</c:engagement></p:engagementTransaction>", self.extra).unwrap();
        out
    }
}
