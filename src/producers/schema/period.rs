//! The period a request asks for: whole days, or moments, as its contract writes them.

use jiff::civil::{Date, DateTime, Time};

use super::element::Element;

/// From its first moment to its last, both included; a side that is not given is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub first: Option<DateTime>,
    /// Its last.
    pub last: Option<DateTime>,
}

/// The elements that hold a period, with the names of its ends inside.
const PERIODS: [&str; 3] = ["timePeriod", "datePeriod", "time"];
/// The elements that hold one end each.
const ENDS: [(&str, &str); 3] =
    [("fromDate", "toDate"), ("startDateInclusive", "endDateInclusive"), ("startDate", "endDate")];

impl Period {
    /// What a request asks for; `None` where it does not say, or says something that is no time.
    pub fn of(request: &Element) -> Option<Self> {
        let (first, last) = ends(request)?;
        let period = Self { first: first.and_then(first_moment), last: last.and_then(last_moment) };
        (period != Self::default()).then_some(period)
    }

    /// Whether a request gives an end that is no time.
    pub fn is_unreadable(request: &Element) -> bool {
        let (first, last) = ends(request).unwrap_or_default();
        first.is_some_and(|text| first_moment(text).is_none()) || last.is_some_and(|text| last_moment(text).is_none())
    }

    /// Whether a moment lies in it.
    pub fn holds(&self, at: DateTime) -> bool {
        self.first.is_none_or(|first| first <= at) && self.last.is_none_or(|last| at <= last)
    }

    /// Whether it has a moment in common with an interval that may be open at its end.
    pub fn overlaps(&self, from: DateTime, to: Option<DateTime>) -> bool {
        self.last.is_none_or(|last| from <= last) && to.is_none_or(|to| self.first.is_none_or(|first| first <= to))
    }
}

/// Both ends of the period that a request gives, as written.
fn ends(request: &Element) -> Option<(Option<&str>, Option<&str>)> {
    let inside = PERIODS.iter().find_map(|name| request.at(name)).map(|element| {
        let end = |name: &str| element.text_at(name).or(element.text_at(&format!("{name}/@value")));
        (end("start"), end("end"))
    });
    inside.or_else(|| {
        let found = ENDS.iter().find(|(from, to)| request.at(from).is_some() || request.at(to).is_some())?;
        Some((request.text_at(found.0), request.text_at(found.1)))
    })
}

/// The first moment of a day or moment as contracts write them: `20240131`, `2024-01-31`, `20240131120000`.
pub fn first_moment(text: &str) -> Option<DateTime> {
    moment(text, Time::midnight())
}

/// Its last one.
pub fn last_moment(text: &str) -> Option<DateTime> {
    moment(text, Time::constant(23, 59, 59, 0))
}

fn moment(text: &str, of_day: Time) -> Option<DateTime> {
    let digits: Vec<i16> = text.chars().filter_map(|c| c.to_digit(10)).map(|digit| digit as i16).collect();
    let number = |from: usize, to: usize| digits[from..to].iter().fold(0, |number, digit| number * 10 + digit);
    let small = |from: usize| i8::try_from(number(from, from + 2)).ok();
    if digits.len() < 8 {
        return None;
    }
    let date = Date::new(number(0, 4), small(4)?, small(6)?).ok()?;
    let time = match digits.len() {
        8..12 => of_day,
        12..14 => Time::new(small(8)?, small(10)?, 0, 0).ok()?,
        _ => Time::new(small(8)?, small(10)?, small(12)?, 0).ok()?,
    };
    Some(date.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: &str) -> Element {
        Element::of_body(format!("<Envelope><Body><r>{fields}</r></Body></Envelope>").as_bytes()).expect("a body")
    }

    #[test]
    fn days_are_whole_and_a_missing_side_is_open() {
        let at = |text: &str| first_moment(text).expect(text);
        let rows = [
            ("<timePeriod><start>20240101</start><end>20241231</end></timePeriod>", "20240101000000", "20241231235959"),
            ("<datePeriod><start>20240101</start></datePeriod>", "20240101000000", ""),
            ("<datePeriod><end>20240101</end></datePeriod>", "", "20240101235959"),
            ("<fromDate>2024-01-01</fromDate><toDate>2024-02-01</toDate>", "20240101000000", "20240201235959"),
            ("<timePeriod><start value='202401011200'/></timePeriod>", "20240101120000", ""),
        ];
        for (fields, first, last) in rows {
            let period = Period::of(&request(fields)).expect(fields);
            let ends = [first, last].map(|text| (!text.is_empty()).then(|| at(text)));
            assert_eq!([period.first, period.last], ends, "{fields}");
        }
        for none in
            ["", "<timePeriod/>", "<timePeriod><start>soon</start></timePeriod>", "<fromDate>20241340</fromDate>"]
        {
            assert_eq!(Period::of(&request(none)), None, "{none}");
            assert_eq!(Period::is_unreadable(&request(none)), none.contains("soon") || none.contains("1340"), "{none}");
        }
    }

    #[test]
    fn the_days_at_its_ends_belong_to_it() {
        let period = Period { first: first_moment("20240110"), last: last_moment("20240120") };
        let at = |text: &str| first_moment(text).expect(text);
        for (moment, inside) in
            [("20240109235959", false), ("20240110000000", true), ("20240120235959", true), ("20240121000000", false)]
        {
            assert_eq!(period.holds(at(moment)), inside, "{moment}");
        }
        assert!(period.overlaps(at("20231201"), None) && period.overlaps(at("20240120"), Some(at("20250101"))));
        assert!(!period.overlaps(at("20231201"), Some(at("20240109235959"))) && !period.overlaps(at("20240121"), None));
    }
}
