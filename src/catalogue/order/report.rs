//! What an order did, as people read it (`tak.md` §5.3).

use std::collections::BTreeMap;
use std::fmt::Write;

use super::read::Ordered;

/// The sections, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Addresses,
    Components,
    Contracts,
    Permissions,
    Routes,
}

impl Section {
    fn heading(self) -> &'static str {
        match self {
            Self::Addresses => "Logiska adresser",
            Self::Components => "Tjänstekomponenter",
            Self::Contracts => "Tjänstekontrakt",
            Self::Permissions => "Anropsbehörigheter",
            Self::Routes => "Vägval",
        }
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    Updated,
    Removed,
    Ended,
    Missing,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Nyskapad",
            Self::Updated => "Uppdaterad",
            Self::Removed => "Borttagen",
            Self::Ended => "Deaktiverad",
            Self::Missing => "Existerar ej",
        }
    }
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) status: Status,
    pub(super) value: String,
}

/// All lines, by part and section.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    include: BTreeMap<Section, Vec<Line>>,
    exclude: BTreeMap<Section, Vec<Line>>,
}

impl Lines {
    pub(super) fn add(&mut self, include: bool, section: Section, line: Line) {
        let part = if include { &mut self.include } else { &mut self.exclude };
        part.entry(section).or_default().push(line);
    }
}

pub(super) fn report(order: &Ordered, lines: &Lines) -> String {
    let head = [
        ("Plattform", order.platform.clone()),
        ("Format Version", order.format_version.clone()),
        ("Version", order.version.to_string()),
        ("Beställningstidpunkt", order.ordered.to_string()),
        ("Genomförandetidpunkt", order.start.to_string()),
        ("Utförare", order.user.clone()),
        ("Kommentar", order.comment.clone()),
    ];
    let mut report: String = head.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
    for (heading, part) in [("Inkludera:", &lines.include), ("Exkludera:", &lines.exclude)] {
        report.push('\n');
        report.push_str(heading);
        report.push('\n');
        for (section, lines) in part {
            report.push_str(section.heading());
            report.push('\n');
            for line in lines {
                // Writing to a text cannot fail.
                let _ = writeln!(report, "{}: {}", line.status.as_str(), line.value);
            }
        }
    }
    report
}
