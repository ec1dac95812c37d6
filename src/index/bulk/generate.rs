//! A made-up national index: `anslut index generate`.
//!
//! The same seed gives the same file, byte for byte. No resident can be a living person: identities are reserve numbers
//! with a letter in the ninth place (*reservnummer*), a form the tax agency never gives out.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

use super::Progress;
use super::care::{self, Unit};
use super::error::BulkError;
use super::random::Random;
use super::stream::Output;

/// Most residents: as many as there are identities of the form.
pub const RESIDENTS_MAX: u64 = DAYS * LETTERS.len() as u64 * 1_000;
/// Most engagements a resident has on average.
pub const MEAN_MAX: u64 = 1_000;

/// Days of birth: 1925 to 2024.
const DAYS: u64 = 36_525;
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";

/// Lines between two reports of progress.
const REPORT_LINES: u64 = 50_000;

/// What to make up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    /// How many residents.
    pub residents: u64,
    /// How many engagements each has on average; a few have far more.
    pub engagements_per_resident: u64,
    /// What everything is drawn from.
    pub seed: u64,
}

impl Mix {
    /// Checks the numbers.
    pub fn check(&self) -> Result<(), BulkError> {
        if self.residents == 0 || self.residents > RESIDENTS_MAX {
            return Err(BulkError::Usage(format!("{} residents, 1 to {RESIDENTS_MAX} can be made up", self.residents)));
        }
        if self.engagements_per_resident == 0 || self.engagements_per_resident > MEAN_MAX {
            let mean = self.engagements_per_resident;
            return Err(BulkError::Usage(format!("{mean} engagements per resident, 1 to {MEAN_MAX} can be made up")));
        }
        Ok(())
    }
}

/// Writes the file. `progress` is shown the number of lines from time to time.
pub fn generate(mix: Mix, out: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Progress, BulkError> {
    mix.check()?;
    let mut output = Output::create(out)?;
    let mut told = Progress::default();
    let mut next_report = REPORT_LINES;
    let mut lines = String::new();
    for resident in 0..mix.residents {
        lines.clear();
        told.lines += resident_lines(mix, resident, &mut lines);
        output.write(lines.as_bytes())?;
        told.bytes = output.bytes();
        if told.lines >= next_report {
            next_report += REPORT_LINES;
            progress(told);
        }
    }
    output.finish()?;
    progress(told);
    Ok(told)
}

/// Appends the lines of one resident; how many there are. Each resident is drawn from seed and number alone.
pub fn resident_lines(mix: Mix, resident: u64, out: &mut String) -> u64 {
    let mut random = Random::new(mix.seed ^ resident.wrapping_mul(0xd134_2543_de82_ef95));
    let random = &mut random;
    let id = identity(mix.seed, resident);
    let home = care::region(random);
    let units = units(random, home);
    let wanted = count(random, mix.engagements_per_resident);
    let mut seen = HashSet::with_capacity(wanted as usize);
    for _ in 0..wanted {
        let unit = units[(units.len() as f64 * random.fraction().powi(2)) as usize];
        let (domain, categorization) = care::kind(random);
        let address = unit.logical_address();
        let is_new = seen.insert((address.clone(), domain, categorization));
        // Most kinds are kept one row a unit; where there are more, each has an instance of its own.
        let instance =
            if is_new && !random.happens(0.02) { "NA".to_owned() } else { format!("{:016x}", random.number()) };
        let (content, created, updated) = times(random);
        write!(
            out,
            "{{\"registeredResidentIdentification\":\"{id}\",\"serviceDomain\":\"{domain}\",\
             \"categorization\":\"{categorization}\",\"logicalAddress\":\"{address}\",\
             \"businessObjectInstanceIdentifier\":\"{instance}\",\"clinicalProcessInterestId\":\"NA\""
        )
        .expect("memory takes what is written");
        let mut optional = |name: &str, time: Option<String>| {
            if let Some(time) = time {
                write!(out, ",\"{name}\":\"{time}\"").expect("memory takes what is written");
            }
        };
        optional("mostRecentContent", content);
        optional("sourceSystem", Some(unit.source_system()));
        optional("creationTime", Some(created));
        optional("updateTime", updated);
        optional("dataController", Some(unit.data_controller()));
        out.push_str("}\n");
    }
    wanted
}

/// Date of birth, a letter, three digits; different for every resident of a seed.
pub fn identity(seed: u64, resident: u64) -> String {
    // Steps that share no factor with the number of days visit each day once before any twice.
    let day = (resident.wrapping_mul(11_003).wrapping_add(seed % DAYS)) % DAYS;
    let rest = resident / DAYS;
    let letter = LETTERS[(rest / 1_000) as usize % LETTERS.len()] as char;
    let (year, month, day_of_month) = date(day);
    format!("{year:04}{month:02}{day_of_month:02}{letter}{:03}", rest % 1_000)
}

/// The date of a day counted from 1 January 1925.
fn date(day: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year.is_multiple_of(4);
    let (mut year, mut left) = (1925 + day / 1_461 * 4, day % 1_461);
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

/// The units a resident goes to, the usual ones first.
fn units(random: &mut Random, home: u32) -> Vec<Unit> {
    let count = 2 + (random.normal().abs() * 4.0) as usize;
    let draw = |random: &mut Random| {
        let region = if random.happens(0.92) { home } else { care::region(random) };
        care::unit(random, region)
    };
    (0..count).map(|_| draw(random)).collect()
}

/// How many engagements: log-normal, so that most have few and some have very many.
fn count(random: &mut Random, mean: u64) -> u64 {
    const SPREAD: f64 = 0.9;
    let drawn = mean as f64 * (random.normal() * SPREAD - SPREAD * SPREAD / 2.0).exp();
    // The tail is cut where the busiest persons of a country are.
    (drawn.round() as u64).clamp(1, mean * 200)
}

/// Most recent content where there is any, creation, and update where there was one: the nearer to now the likelier.
fn times(random: &mut Random) -> (Option<String>, String, Option<String>) {
    const DAYS_BACK: f64 = 3_650.0;
    let back = |random: &mut Random, most: f64| (random.fraction().powi(2) * most) as u64;
    let created = back(random, DAYS_BACK);
    let updated = random.happens(0.55).then(|| back(random, created as f64));
    let content = random.happens(0.95).then(|| updated.unwrap_or(created) + random.below(3));
    let mut time = |days_back: u64| {
        // Counted back from 1 October 2026; by day, so that no hour falls into a night that has none.
        let (year, month, day) = date(37_163 - days_back.min(37_162));
        let (hour, minute, second) = (7 + random.below(14), random.below(60), random.below(60));
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    };
    (content.map(&mut time), time(created), updated.map(&mut time))
}
