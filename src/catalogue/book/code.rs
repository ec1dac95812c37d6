//! What the catalogue's journal says (`docs/STORE.md`): commands, applied again in order at a start.

use std::sync::Arc;

use jiff::Timestamp;

use super::rows::{
    AddressRow, AnyRow, CategoryRow, Change, ComponentRow, ContractRow, EndpointRow, FilterRow, Id, Kind,
    PermissionRow, ProfileRow, RouteRow, Row,
};
use crate::catalogue::entry::Text;
use crate::catalogue::period::Validity;

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A user's rows, not yet published.
    Save {
        /// Who.
        user: Text,
        /// When.
        at: Timestamp,
        /// What.
        changes: Vec<Change>,
    },
    /// A user's rows are forgotten.
    Discard {
        /// Who.
        user: Text,
    },
    /// A user's rows are published.
    Publish {
        /// Who.
        user: Text,
        /// When.
        at: Timestamp,
        /// As which version.
        version: u32,
        /// Why.
        comment: Text,
    },
    /// The newest version is taken back.
    Rollback {
        /// Who.
        user: Text,
        /// When.
        at: Timestamp,
        /// Which.
        version: u32,
    },
    /// The environment's files say something else than before.
    Files {
        /// Who published them, as far as they say.
        user: Text,
        /// When.
        at: Timestamp,
        /// As which version.
        version: u32,
        /// Why.
        comment: Text,
        /// What follows from it.
        changes: Vec<Change>,
        /// Every source the files have.
        sources: Vec<u64>,
    },
}

/// A record that makes no sense: where in it, and what stood there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at {at}: {what}")]
pub struct Nonsense {
    at: usize,
    what: &'static str,
}

/// A record as bytes.
pub fn encode(record: &Record) -> Vec<u8> {
    let mut out = Writer::default();
    match record {
        Record::Save { user, at, changes } => {
            out.byte(1);
            out.text(user);
            out.moment(*at);
            out.changes(changes);
        }
        Record::Discard { user } => {
            out.byte(2);
            out.text(user);
        }
        Record::Publish { user, at, version, comment } => {
            out.byte(3);
            out.text(user);
            out.moment(*at);
            out.number(u64::from(*version));
            out.text(comment);
        }
        Record::Rollback { user, at, version } => {
            out.byte(4);
            out.text(user);
            out.moment(*at);
            out.number(u64::from(*version));
        }
        Record::Files { user, at, version, comment, changes, sources } => {
            out.byte(5);
            out.text(user);
            out.moment(*at);
            out.number(u64::from(*version));
            out.text(comment);
            out.changes(changes);
            out.number(sources.len() as u64);
            sources.iter().for_each(|source| out.bytes.extend_from_slice(&source.to_le_bytes()));
        }
    }
    out.bytes
}

/// The record that bytes stand for. Texts that many rows repeat are shared by `share`.
pub fn decode(bytes: &[u8], share: &mut dyn FnMut(&str) -> Text) -> Result<Record, Nonsense> {
    let mut from = Reader { bytes, at: 0, share };
    let record = match from.byte()? {
        1 => Record::Save { user: from.text()?, at: from.moment()?, changes: from.changes()? },
        2 => Record::Discard { user: from.text()? },
        3 => {
            Record::Publish { user: from.text()?, at: from.moment()?, version: from.version()?, comment: from.text()? }
        }
        4 => Record::Rollback { user: from.text()?, at: from.moment()?, version: from.version()? },
        5 => {
            let (user, at, version) = (from.text()?, from.moment()?, from.version()?);
            let (comment, changes) = (from.text()?, from.changes()?);
            let count = from.count(8)?;
            let sources: Result<Vec<u64>, _> = (0..count).map(|_| Ok(u64::from_le_bytes(from.take()?))).collect();
            Record::Files { user, at, version, comment, changes, sources: sources? }
        }
        _ => return Err(from.nonsense("no kind of record")),
    };
    if from.at == bytes.len() { Ok(record) } else { Err(from.nonsense("bytes behind the record")) }
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn id(&mut self, id: Id) {
        // The sign goes to the lowest bit, so that small numbers stay short.
        self.number(((id << 1) ^ (id >> 63)) as u64);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn moment(&mut self, at: Timestamp) {
        self.id(at.as_microsecond());
    }

    fn validity(&mut self, validity: &Validity) {
        let (from, to) = validity.bounds();
        self.id(from);
        self.id(to);
        self.text(&validity.from);
        self.text(&validity.to);
    }

    fn changes(&mut self, changes: &[Change]) {
        self.number(changes.len() as u64);
        for change in changes {
            match change {
                Change::Drop(kind, id) => {
                    self.byte(0x80 | *kind as u8);
                    self.id(*id);
                }
                Change::Put(row) => self.row(row),
            }
        }
    }

    fn row(&mut self, row: &AnyRow) {
        self.byte(row.kind() as u8);
        self.id(row.id());
        self.number(u64::from(row.published()));
        match row {
            AnyRow::Profile(Row { value, .. }) => {
                self.text(&value.name);
                self.text(&value.description);
            }
            AnyRow::Contract(Row { value, .. }) => {
                self.text(&value.namespace);
                self.text(&value.description);
                self.id(value.major);
                self.id(value.minor);
            }
            AnyRow::Component(Row { value, .. }) => {
                self.text(&value.hsa_id);
                self.text(&value.description);
            }
            AnyRow::Address(Row { value, .. }) => {
                self.text(&value.hsa_id);
                self.text(&value.description);
            }
            AnyRow::Endpoint(Row { value, .. }) => {
                self.text(&value.url);
                self.id(value.profile);
                self.id(value.component);
            }
            AnyRow::Route(Row { value, .. }) => {
                [value.address, value.contract, value.endpoint].into_iter().for_each(|id| self.id(id));
                self.validity(&value.validity);
                self.bytes.extend_from_slice(&value.source.to_le_bytes());
            }
            AnyRow::Permission(Row { value, .. }) => {
                [value.consumer, value.contract, value.address].into_iter().for_each(|id| self.id(id));
                self.text(&value.agreement);
                self.validity(&value.validity);
                self.bytes.extend_from_slice(&value.source.to_le_bytes());
            }
            AnyRow::Filter(Row { value, .. }) => {
                self.id(value.permission);
                self.text(&value.service_domain);
            }
            AnyRow::Category(Row { value, .. }) => {
                self.id(value.filter);
                self.text(&value.category);
            }
        }
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    share: &'b mut dyn FnMut(&str) -> Text,
}

impl Reader<'_> {
    fn nonsense(&self, what: &'static str) -> Nonsense {
        Nonsense { at: self.at, what }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Nonsense> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        let taken = *taken.ok_or_else(|| self.nonsense("the record ends too soon"))?;
        self.at += N;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Nonsense> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<u64, Nonsense> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.nonsense("a number without end"))
    }

    fn id(&mut self) -> Result<Id, Nonsense> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// How many things follow, each of at least so many bytes: no more than there is room for.
    fn count(&mut self, bytes_each: usize) -> Result<usize, Nonsense> {
        let count = usize::try_from(self.number()?).map_err(|_| self.nonsense("a count beyond all bounds"))?;
        match count <= (self.bytes.len() - self.at) / bytes_each {
            true => Ok(count),
            false => Err(self.nonsense("a count of more than there is")),
        }
    }

    fn text(&mut self) -> Result<Text, Nonsense> {
        let length = self.count(1)?;
        let text = std::str::from_utf8(&self.bytes[self.at..self.at + length]);
        let text = text.map_err(|_| self.nonsense("a text that is not UTF-8"))?;
        self.at += length;
        Ok(if text.is_empty() { Arc::from("") } else { (self.share)(text) })
    }

    fn version(&mut self) -> Result<u32, Nonsense> {
        u32::try_from(self.number()?).map_err(|_| self.nonsense("a version beyond all bounds"))
    }

    fn moment(&mut self) -> Result<Timestamp, Nonsense> {
        let at = self.id()?;
        Timestamp::from_microsecond(at).map_err(|_| self.nonsense("a time beyond all bounds"))
    }

    fn validity(&mut self) -> Result<Validity, Nonsense> {
        let bounds = (self.id()?, self.id()?);
        Ok(Validity::of_bounds(bounds, (self.text()?, self.text()?)))
    }

    fn changes(&mut self) -> Result<Vec<Change>, Nonsense> {
        let count = self.count(2)?;
        (0..count).map(|_| self.change()).collect()
    }

    fn change(&mut self) -> Result<Change, Nonsense> {
        let tag = self.byte()?;
        let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == tag & 0x7f);
        let kind = kind.ok_or_else(|| self.nonsense("no table has this number"))?;
        let id = self.id()?;
        if tag & 0x80 != 0 {
            return Ok(Change::Drop(kind, id));
        }
        let published = self.version()?;
        Ok(Change::Put(match kind {
            Kind::Profile => {
                let value = ProfileRow { name: self.text()?, description: self.text()? };
                AnyRow::Profile(Row { id, published, value })
            }
            Kind::Contract => {
                let (namespace, description) = (self.text()?, self.text()?);
                let value = ContractRow { namespace, description, major: self.id()?, minor: self.id()? };
                AnyRow::Contract(Row { id, published, value })
            }
            Kind::Component => {
                let value = ComponentRow { hsa_id: self.text()?, description: self.text()? };
                AnyRow::Component(Row { id, published, value })
            }
            Kind::Address => {
                let value = AddressRow { hsa_id: self.text()?, description: self.text()? };
                AnyRow::Address(Row { id, published, value })
            }
            Kind::Endpoint => {
                let value = EndpointRow { url: self.text()?, profile: self.id()?, component: self.id()? };
                AnyRow::Endpoint(Row { id, published, value })
            }
            Kind::Route => {
                let (address, contract, endpoint) = (self.id()?, self.id()?, self.id()?);
                let (validity, source) = (self.validity()?, u64::from_le_bytes(self.take()?));
                AnyRow::Route(Row { id, published, value: RouteRow { address, contract, endpoint, validity, source } })
            }
            Kind::Permission => {
                let (consumer, contract, address) = (self.id()?, self.id()?, self.id()?);
                let (agreement, validity, source) = (self.text()?, self.validity()?, u64::from_le_bytes(self.take()?));
                let value = PermissionRow { consumer, contract, address, agreement, validity, source };
                AnyRow::Permission(Row { id, published, value })
            }
            Kind::Filter => {
                let value = FilterRow { permission: self.id()?, service_domain: self.text()? };
                AnyRow::Filter(Row { id, published, value })
            }
            Kind::Category => {
                let value = CategoryRow { filter: self.id()?, category: self.text()? };
                AnyRow::Category(Row { id, published, value })
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Change> {
        let text = |text: &str| -> Text { Arc::from(text) };
        let validity = Validity::between_moments(Some(text("2026-01-01T00:00:00")), None);
        let route = RouteRow { address: 1, contract: -2, endpoint: i64::MAX, validity: validity.clone(), source: 7 };
        let permission =
            PermissionRow { consumer: 1, contract: 2, address: 3, agreement: text("A1"), validity, source: u64::MAX };
        vec![
            Change::Put(AnyRow::Profile(Row {
                id: 1,
                published: 0,
                value: ProfileRow { name: text("å"), description: text("") },
            })),
            Change::Put(AnyRow::Route(Row { id: 300, published: 7, value: route })),
            Change::Put(AnyRow::Permission(Row { id: 2, published: 1, value: permission })),
            Change::Put(AnyRow::Category(Row {
                id: 2,
                published: 1,
                value: CategoryRow { filter: 9, category: text("vko") },
            })),
            Change::Drop(Kind::Category, 99),
        ]
    }

    #[test]
    fn what_is_written_reads_back_and_what_is_cut_short_does_not() {
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let user: Text = Arc::from("anna");
        let records = [
            Record::Save { user: user.clone(), at, changes: rows() },
            Record::Discard { user: user.clone() },
            Record::Publish { user: user.clone(), at, version: 8, comment: Arc::from("c") },
            Record::Rollback { user: user.clone(), at, version: 8 },
            Record::Files { user, at, version: 1, comment: Arc::from(""), changes: rows(), sources: vec![1, u64::MAX] },
        ];
        for record in records {
            let bytes = encode(&record);
            let mut share = |text: &str| -> Text { Arc::from(text) };
            assert_eq!(decode(&bytes, &mut share).as_ref(), Ok(&record));
            for end in 0..bytes.len() {
                assert!(decode(&bytes[..end], &mut share).is_err(), "{record:?} cut at {end}");
            }
        }
    }
}
