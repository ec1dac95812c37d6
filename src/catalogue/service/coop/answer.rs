//! Questions to the cooperation API: collections, filtered by what they are related to, and single objects.

use std::collections::HashSet;

use super::model::{Address, Contract, Model, Party, masked};
use super::node::Node;

/// The number of our connection point: there is one.
const POINT: i64 = 1;
/// What every domain is called.
const DOMAIN_NAME: &str = "namn";

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NotFound(String),
    BadArgument(String),
}

type Query = [(String, String)];

/// What a question names.
struct Asked<'q> {
    query: &'q Query,
    point: Option<i64>,
    consumer: Option<i64>,
    producer: Option<i64>,
    address: Option<i64>,
    contract: Option<i64>,
    domain: Option<i64>,
    include: Vec<&'q str>,
    /// A single object has everything it is related to.
    all: bool,
}

impl<'q> Asked<'q> {
    fn new(query: &'q Query, all: bool) -> Result<Self, Refused> {
        let text = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let number = |name: &str| {
            text(name).map(|text| text.parse().map_err(|_| Refused::BadArgument(text.to_owned()))).transpose()
        };
        Ok(Self {
            query,
            point: number("connectionPointId")?,
            consumer: number("serviceConsumerId")?,
            producer: number("serviceProducerId")?,
            address: number("logicalAddressId")?,
            contract: number("serviceContractId")?,
            domain: number("serviceDomainId")?,
            include: text("include").map(|list| list.split(',').map(str::trim).collect()).unwrap_or_default(),
            all,
        })
    }

    fn text(&self, name: &str) -> Option<&'q str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.text(name).is_none_or(|asked| asked.eq_ignore_ascii_case(value))
    }

    fn includes(&self, name: &str) -> bool {
        self.all || self.include.contains(&name)
    }
}

/// Name of the object, root in XML of one and of many.
struct Names {
    collection: &'static str,
    one: &'static str,
    many: &'static str,
    /// As refusals call it.
    called: &'static str,
}

const fn names(collection: &'static str, one: &'static str, many: &'static str, called: &'static str) -> Names {
    Names { collection, one, many, called }
}

/// Two of them are called otherwise, by mistake, in the reference.
const COLLECTIONS: [Names; 9] = [
    names("connectionPoints", "connectionPoint", "connectionPoints", "Connection point"),
    names("serviceConsumers", "serviceConsumer", "serviceConsumers", "Service consumer"),
    names("serviceProducers", "serviceProducer", "serviceProducers", "Service producer"),
    names("logicalAddresses", "logicalAddress", "logicalAddresss", "Logical address"),
    names("serviceContracts", "serviceContract", "serviceContracts", "Connection point"),
    names("serviceDomains", "serviceDomain", "serviceDomain", "Connection point"),
    names("installedContracts", "installedContract", "installedContracts", "Installed contract"),
    names("cooperations", "cooperation", "cooperations", "Cooperation"),
    names("serviceProductions", "serviceProduction", "serviceProductions", "Service production"),
];

/// The answer and its root element, for a path below the API's base.
pub(super) fn answer(model: &Model, path: &str, query: &Query) -> Result<(&'static str, Node), Refused> {
    let (collection, id) = match path.split_once('/') {
        Some((collection, id)) => (collection, Some(id)),
        None => (path, None),
    };
    let names = COLLECTIONS.iter().find(|names| names.collection == collection);
    let names = names.ok_or_else(|| Refused::NotFound(format!("there is no collection {collection}")))?;
    let Some(id) = id else {
        let asked = Asked::new(query, false)?;
        let items = items(model, collection, &asked).into_iter().map(|(_, node)| node).collect();
        return Ok((names.many, Node::List(names.one, items)));
    };
    let number: i64 = id.parse().map_err(|_| Refused::BadArgument(id.to_owned()))?;
    // Of the question, a single object heeds nothing but what is to be shown of it.
    let shown: Vec<_> = query.iter().filter(|(name, _)| name == "include").cloned().collect();
    let asked = Asked::new(&shown, true)?;
    let found = items(model, collection, &asked).into_iter().find(|(id, _)| *id == number);
    let missing = || Refused::NotFound(format!("{} with id {number} not found", names.called));
    found.map(|(_, node)| (names.one, node)).ok_or_else(missing)
}

fn items(model: &Model, collection: &str, asked: &Asked<'_>) -> Vec<(i64, Node)> {
    if asked.point.is_some_and(|point| point != POINT) {
        return Vec::new();
    }
    let related = Related { model, asked };
    match collection {
        "connectionPoints" => connection_points(model, asked, &related),
        "serviceConsumers" => {
            let wanted = related.consumers();
            parties(model, asked, &model.consumers, wanted.as_ref())
        }
        "serviceProducers" => {
            let wanted = related.producers();
            parties(model, asked, &model.producers, wanted.as_ref())
        }
        "logicalAddresses" => {
            let wanted =
                related.pairs().map(|pairs| pairs.into_iter().map(|(address, _)| address).collect::<HashSet<_>>());
            let rows = model
                .addresses
                .iter()
                .filter(|row| asked.is("logicalAdress", &row.name) && within(wanted.as_ref(), row.id));
            rows.map(|row| (row.id, address(row))).collect()
        }
        "serviceContracts" => {
            let wanted =
                related.pairs().map(|pairs| pairs.into_iter().map(|(_, contract)| contract).collect::<HashSet<_>>());
            let rows = model.contracts.iter().filter(|row| {
                asked.is("namespace", &row.namespace)
                    && asked.domain.is_none_or(|domain| domain == row.domain)
                    && within(wanted.as_ref(), row.id)
            });
            rows.map(|row| (row.id, contract(row))).collect()
        }
        "serviceDomains" => {
            let prefix = asked.text("namespace").unwrap_or_default();
            let rows = model.domains.iter().filter(|row| row.namespace.starts_with(prefix));
            let node = |row: &super::model::Domain| {
                Node::Object(vec![
                    ("id", Node::Number(row.id)),
                    ("name", Node::Text(DOMAIN_NAME.to_owned())),
                    ("namespace", Node::Text(row.namespace.clone())),
                ])
            };
            rows.map(|row| (row.id, node(row))).collect()
        }
        "installedContracts" => installed(model, asked),
        "cooperations" => cooperations(model, asked),
        _ => productions(model, asked),
    }
}

fn within(wanted: Option<&HashSet<i64>>, id: i64) -> bool {
    wanted.is_none_or(|wanted| wanted.contains(&id))
}

/// What is related to what: consumers and producers meet where they share address and contract.
struct Related<'m> {
    model: &'m Model,
    asked: &'m Asked<'m>,
}

impl Related<'_> {
    fn is_meant(&self, address: i64, contract: i64) -> bool {
        self.asked.address.is_none_or(|asked| asked == address)
            && self.asked.contract.is_none_or(|asked| asked == contract)
    }

    /// Address and contract of everything a consumer may call.
    fn consumed(&self, consumer: Option<i64>) -> HashSet<(i64, i64)> {
        let rows =
            self.model.cooperations.iter().filter(|row| consumer.is_none_or(|consumer| consumer == row.consumer));
        rows.map(|row| (row.address, row.contract))
            .filter(|(address, contract)| self.is_meant(*address, *contract))
            .collect()
    }

    /// Address and contract of everything a producer answers.
    fn produced(&self, producer: Option<i64>) -> HashSet<(i64, i64)> {
        let rows = self.model.productions.iter().filter(|row| producer.is_none_or(|producer| producer == row.producer));
        rows.map(|row| (row.address, row.contract))
            .filter(|(address, contract)| self.is_meant(*address, *contract))
            .collect()
    }

    fn is_narrowed(&self) -> bool {
        self.asked.address.is_some() || self.asked.contract.is_some()
    }

    fn consumers(&self) -> Option<HashSet<i64>> {
        if !self.is_narrowed() && self.asked.producer.is_none() {
            return None;
        }
        let produced = self.asked.producer.map(|producer| self.produced(Some(producer)));
        let rows = self.model.cooperations.iter().filter(|row| {
            let pair = (row.address, row.contract);
            self.is_meant(pair.0, pair.1) && produced.as_ref().is_none_or(|pairs| pairs.contains(&pair))
        });
        Some(rows.map(|row| row.consumer).collect())
    }

    fn producers(&self) -> Option<HashSet<i64>> {
        if !self.is_narrowed() && self.asked.consumer.is_none() {
            return None;
        }
        let consumed = self.asked.consumer.map(|consumer| self.consumed(Some(consumer)));
        let rows = self.model.productions.iter().filter(|row| {
            let pair = (row.address, row.contract);
            self.is_meant(pair.0, pair.1) && consumed.as_ref().is_none_or(|pairs| pairs.contains(&pair))
        });
        Some(rows.map(|row| row.producer).collect())
    }

    /// Address and contract of what is asked for; `None` where everything is.
    fn pairs(&self) -> Option<HashSet<(i64, i64)>> {
        match (self.asked.consumer, self.asked.producer) {
            (None, None) if !self.is_narrowed() => None,
            (None, None) => Some(self.consumed(None).union(&self.produced(None)).copied().collect()),
            (Some(consumer), None) => Some(self.consumed(Some(consumer))),
            (None, Some(producer)) => Some(self.produced(Some(producer))),
            (Some(consumer), Some(producer)) => {
                Some(self.consumed(Some(consumer)).intersection(&self.produced(Some(producer))).copied().collect())
            }
        }
    }
}

fn connection_points(model: &Model, asked: &Asked<'_>, related: &Related<'_>) -> Vec<(i64, Node)> {
    let is_named = asked.is("platform", &model.platform) && asked.is("environment", &model.environment);
    let is_related = related.pairs().is_none_or(|pairs| !pairs.is_empty());
    if is_named && is_related { vec![(POINT, point(model))] } else { Vec::new() }
}

fn point(model: &Model) -> Node {
    Node::Object(vec![
        ("id", Node::Number(POINT)),
        ("platform", Node::Text(model.platform.clone())),
        ("environment", Node::Text(model.environment.clone())),
        ("snapshotTime", Node::Text(model.snapshot_time.clone())),
    ])
}

fn parties(model: &Model, asked: &Asked<'_>, rows: &[Party], wanted: Option<&HashSet<i64>>) -> Vec<(i64, Node)> {
    let rows = rows.iter().filter(|row| asked.is("hsaId", &row.hsa_id) && within(wanted, row.id));
    rows.map(|row| (row.id, party(model, row, asked.point.is_none()))).collect()
}

fn party(model: &Model, row: &Party, with_point: bool) -> Node {
    let mut members = vec![
        ("id", Node::Number(row.id)),
        ("description", Node::Text(row.description.clone())),
        ("hsaId", Node::Text(row.hsa_id.clone())),
    ];
    if with_point {
        members.push(("connectionPoint", point(model)));
    }
    Node::Object(members)
}

fn address(row: &Address) -> Node {
    Node::Object(vec![
        ("id", Node::Number(row.id)),
        ("description", Node::Text(row.description.clone())),
        ("logicalAddress", Node::Text(row.name.clone())),
    ])
}

fn contract(row: &Contract) -> Node {
    Node::Object(vec![
        ("id", Node::Number(row.id)),
        ("name", Node::Text(row.name.clone())),
        ("namespace", Node::Text(row.namespace.clone())),
        ("major", Node::Number(row.major)),
        ("minor", Node::Number(row.minor)),
    ])
}

/// A party by its number; the list is in their order.
fn found(rows: &[Party], id: i64) -> Option<&Party> {
    rows.binary_search_by_key(&id, |row| row.id).ok().map(|place| &rows[place])
}

/// Lists are numbered from 1, in order.
fn numbered<T>(rows: &[T], id: i64) -> Option<&T> {
    usize::try_from(id).ok().and_then(|id| id.checked_sub(1)).and_then(|place| rows.get(place))
}

fn is_of_domain(model: &Model, asked: &Asked<'_>, contract: i64) -> bool {
    asked.domain.is_none_or(|domain| numbered(&model.contracts, contract).is_some_and(|row| row.domain == domain))
}

fn installed(model: &Model, asked: &Asked<'_>) -> Vec<(i64, Node)> {
    let rows = model.installed.iter().zip(1..).filter(|(number, _)| {
        asked.contract.is_none_or(|asked| asked == **number) && is_of_domain(model, asked, **number)
    });
    rows.map(|(number, id)| {
        let mut members = vec![("id", Node::Number(id)), ("connectionPoint", point(model))];
        members.extend(numbered(&model.contracts, *number).map(|row| ("serviceContract", contract(row))));
        (id, Node::Object(members))
    })
    .collect()
}

fn cooperations(model: &Model, asked: &Asked<'_>) -> Vec<(i64, Node)> {
    let rows = model.cooperations.iter().filter(|row| {
        asked.consumer.is_none_or(|asked| asked == row.consumer)
            && asked.address.is_none_or(|asked| asked == row.address)
            && asked.contract.is_none_or(|asked| asked == row.contract)
            && is_of_domain(model, asked, row.contract)
    });
    rows.map(|row| {
        let mut members = vec![("id", Node::Number(row.id))];
        if asked.includes("serviceConsumer") {
            members
                .extend(found(&model.consumers, row.consumer).map(|row| ("serviceConsumer", party(model, row, false))));
        }
        members.extend(shared(model, asked, row.address, row.contract));
        (row.id, Node::Object(members))
    })
    .collect()
}

fn productions(model: &Model, asked: &Asked<'_>) -> Vec<(i64, Node)> {
    let unmasked = asked.include.contains(&"physicalAddress");
    let rows = model.productions.iter().filter(|row| {
        asked.is("physicalAddress", &row.url)
            && asked.is("rivtaProfile", &row.profile)
            && asked.producer.is_none_or(|asked| asked == row.producer)
            && asked.address.is_none_or(|asked| asked == row.address)
            && asked.contract.is_none_or(|asked| asked == row.contract)
            && is_of_domain(model, asked, row.contract)
    });
    rows.map(|row| {
        let url = if unmasked { row.url.clone() } else { masked(&row.url) };
        let mut members = vec![
            ("id", Node::Number(row.id)),
            ("physicalAddress", Node::Text(url)),
            ("rivtaProfile", Node::Text(row.profile.clone())),
        ];
        if asked.includes("serviceProducer") {
            members
                .extend(found(&model.producers, row.producer).map(|row| ("serviceProducer", party(model, row, false))));
        }
        members.extend(shared(model, asked, row.address, row.contract));
        (row.id, Node::Object(members))
    })
    .collect()
}

/// What cooperations and productions both have, as far as it is to be shown.
fn shared(model: &Model, asked: &Asked<'_>, of_address: i64, of_contract: i64) -> Vec<(&'static str, Node)> {
    let mut members = Vec::new();
    if asked.includes("logicalAddress") {
        members.extend(numbered(&model.addresses, of_address).map(|row| ("logicalAddress", address(row))));
    }
    if asked.includes("connectionPoint") {
        members.push(("connectionPoint", point(model)));
    }
    if asked.includes("serviceContract") {
        members.extend(numbered(&model.contracts, of_contract).map(|row| ("serviceContract", contract(row))));
    }
    members
}
