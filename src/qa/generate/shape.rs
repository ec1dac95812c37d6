//! What a contract asks and answers, read off the fullest messages that follow it.

use std::sync::Arc;

use roxmltree::Node;

use crate::contracts::contract::{Contract, Direction};
use crate::contracts::sample::{Envelope, Given, SampleError, Variant, Wanted, sample};
use crate::qa::assert::soap;
use crate::qa::records::named;
use crate::qa::tree;

/// Why no cases can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The suite has no contract whose schemas are known.
    #[error("the suite has no contract whose schemas are known")]
    NoContract,
    /// No message can be made of it.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The message made is not what it should be.
    #[error("{0}: what was made of it cannot be read: {1}")]
    Unreadable(String, String),
}

/// What can be asked, by the names of the contract, and what answers hold.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The contract.
    pub contract: Arc<Contract>,
    /// The patient's element.
    pub patient: Option<String>,
    /// Whether the kind of identity is asked for.
    pub has_patient_type: bool,
    /// The element of care units, and whether it may be there twice.
    pub unit: Option<(String, bool)>,
    /// The period.
    pub period: Option<Period>,
    /// The element of the source system.
    pub source: Option<String>,
    /// The element of care contacts.
    pub contact: Option<String>,
    /// Whether answers have a `result`.
    pub has_result: bool,
    /// Names of all elements of answers, in lower case.
    pub answered: Vec<String>,
}

/// How a period is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The element around both ends, if there is one.
    pub around: Option<String>,
    /// The element of the first day.
    pub start: String,
    /// The element of the last day.
    pub end: String,
    /// Whether days are written with the time of the day.
    pub has_time: bool,
    /// Whether the first may be left out.
    pub may_open: bool,
}

impl Shape {
    /// Reads a contract.
    pub fn of(contract: Arc<Contract>) -> Result<Self, ShapeError> {
        let request = message(&contract, Direction::Request, Variant::Max, &[])?;
        let response = message(&contract, Direction::Response, Variant::Max, &[])?;
        let unreadable = |why: String| ShapeError::Unreadable(contract.short_name(), why);
        let answered = {
            let document = tree::parse(&response).map_err(unreadable)?;
            let names = document.descendants().filter(Node::is_element);
            names.map(|node| node.tag_name().name().to_ascii_lowercase()).collect::<Vec<_>>()
        };
        let document = tree::parse(&request).map_err(unreadable)?;
        let Some(asked) = soap::body(&document).and_then(|body| body.first_element_child()) else {
            return Err(unreadable("no body".to_owned()));
        };
        let element = |test: &dyn Fn(&str) -> bool| {
            let found =
                asked.children().find(|node| node.is_element() && test(&node.tag_name().name().to_ascii_lowercase()));
            found.map(|node| node.tag_name().name().to_owned())
        };
        let patient = ["patientid", "personid", "subjectofcareid", "patient", "subjectofcare"]
            .iter()
            .find_map(|wanted| element(&|name| name == *wanted));
        let patient_node = patient.as_ref().and_then(|name| asked.children().find(|node| named(*node, name)));
        let has_patient_type = patient_node.is_some_and(|node| {
            node.children().any(|child| named(child, "type") || named(child, "root"))
                || node.attribute("root").is_some()
        });
        let unit = element(&|name| name.starts_with("careunit") && name.ends_with("id"));
        let unit = unit.map(|name| {
            let twice = asked.children().filter(|node| named(*node, &name)).count() > 1;
            (name, twice)
        });
        let mut shape = Self {
            patient,
            has_patient_type,
            unit,
            period: period(asked),
            source: element(&|name| name.starts_with("sourcesystem") && name.ends_with("id")),
            contact: element(&|name| name.starts_with("carecontactid")),
            has_result: answered.iter().any(|name| name == "resultcode"),
            answered,
            contract: Arc::clone(&contract),
        };
        drop(document);
        if let Some(period) = &mut shape.period {
            let forced = [period.around.clone().unwrap_or_default(), period.end.clone()];
            let with_end = message(&contract, Direction::Request, Variant::Min, &forced)?;
            let document = tree::parse(&with_end).map_err(|why| ShapeError::Unreadable(contract.short_name(), why))?;
            let has_start = document.descendants().any(|node| named(node, &period.start));
            period.may_open = !has_start;
        }
        Ok(shape)
    }

    /// Whether answers have an element whose name ends so.
    pub fn answers(&self, ending: &str) -> bool {
        self.answered.iter().any(|name| name.ends_with(ending))
    }
}

fn period(asked: Node<'_, '_>) -> Option<Period> {
    let text = |node: Node<'_, '_>| node.text().unwrap_or("").trim().to_owned();
    let made = |around: Option<&str>, start: Node<'_, '_>, end: Node<'_, '_>| {
        let written = text(start);
        let has_time = match (written.len(), written.bytes().all(|byte| byte.is_ascii_digit())) {
            (14, true) => true,
            (8, true) => false,
            // A text without a pattern: anything goes, and days are what contracts mean.
            _ if written.contains('-') || written.contains(':') => return None,
            _ => false,
        };
        Some(Period {
            around: around.map(str::to_owned),
            start: start.tag_name().name().to_owned(),
            end: end.tag_name().name().to_owned(),
            has_time,
            may_open: false,
        })
    };
    let child = |node: Node<'_, '_>, names: [&str; 2]| {
        node.children().find(|child| names.iter().any(|name| named(*child, name))).map(|child| child.id())
    };
    for around in asked.children().filter(|node| {
        node.is_element()
            && ["timeperiod", "dateperiod", "period", "datetimeperiod"]
                .contains(&node.tag_name().name().to_ascii_lowercase().as_str())
    }) {
        let ends = (child(around, ["start", "from"]), child(around, ["end", "to"]));
        if let (Some(start), Some(end)) = ends {
            let node = |id| around.document().get_node(id);
            return made(Some(around.tag_name().name()), node(start)?, node(end)?);
        }
    }
    let ends = (child(asked, ["fromDate", "startDate"]), child(asked, ["toDate", "endDate"]));
    let (Some(start), Some(end)) = ends else { return None };
    let node = |id| asked.document().get_node(id);
    made(None, node(start)?, node(end)?)
}

/// A message of the contract in which elements of these names are there, though they are optional.
pub fn message(
    contract: &Arc<Contract>,
    direction: Direction,
    variant: Variant,
    forced: &[String],
) -> Result<String, SampleError> {
    let values = forced.iter().filter(|name| !name.is_empty()).map(|name| (name.to_lowercase(), "1".to_owned()));
    let given = Given { values: values.collect(), records: None, period: None };
    let wanted = Wanted {
        direction,
        variant,
        seed: 1,
        patient: Some("191212121212".to_owned()),
        envelope: Envelope::Own,
        given,
    };
    Ok(sample(contract, &wanted)?.swap_remove(0))
}
