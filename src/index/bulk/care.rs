//! A country to make engagements up in: regions with units and systems, and what kinds of information there are.
//!
//! Sizes are skewed as care is. Regions, units and systems are invented; service domains and categorizations are those
//! the aggregating services ask for.

use super::random::Random;

/// Share of the population of each region, in thousandths; the largest three have more than half.
const REGIONS: [u32; 21] = [231, 166, 134, 45, 37, 36, 33, 29, 29, 28, 28, 27, 27, 26, 24, 24, 23, 19, 15, 13, 6];

/// Service domain, categorization, and how common it is.
const KINDS: [(&str, &str, u32); 24] = [
    ("riv:clinicalprocess:logistics:logistics", "vko", 190),
    ("riv:clinicalprocess:healthcond:description", "voo", 170),
    ("riv:clinicalprocess:healthcond:description", "dia", 130),
    ("riv:clinicalprocess:healthcond:actoutcome", "und-kkm-ure", 110),
    ("riv:clinicalprocess:healthcond:actoutcome", "und-bdi-ure", 70),
    ("riv:clinicalprocess:activityprescription:actoutcome", "caa-gmh", 70),
    ("riv:crm:scheduling", "Booking", 60),
    ("riv:clinicalprocess:activityprescription:actoutcome", "caa-gvh", 40),
    ("riv:clinicalprocess:healthcond:actoutcome", "und-kon-ure", 30),
    ("riv:crm:requeststatus", "req-act", 25),
    ("riv:clinicalprocess:healthcond:description", "upp", 20),
    ("riv:clinicalprocess:activity:actions", "caa-ga", 15),
    ("riv:clinicalprocess:healthcond:basic", "chb-o", 12),
    ("riv:clinicalprocess:healthcond:description", "fun-fun", 10),
    ("riv:clinicalprocess:healthcond:description", "pad-pad", 10),
    ("riv:clinicalprocess:healthcond:actoutcome", "und-ekg-ure", 8),
    ("riv:clinicalprocess:logistics:logistics", "cll-cp", 6),
    ("riv:clinicalprocess:activity:request", "NA", 6),
    ("riv:clinicalprocess:healthcond:basic", "chb-gm", 5),
    ("riv:clinicalprocess:healthcond:actoutcome", "utr-mtr", 4),
    ("riv:clinicalprocess:logistics:logistics", "cll-cs", 3),
    ("riv:coreprocess:residentparticipation:residentparticipation", "crr-gcm", 3),
    ("riv:financial:patientfees:exemption", "fpe-es", 2),
    ("riv:infrastructure:directory:employee", "NA", 1),
];

/// Units of the largest region; others have in proportion to their population, at least ten.
const UNITS_MAX: u32 = 2_000;

/// A care unit.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    region: u32,
    number: u32,
}

impl Unit {
    /// Its logical address.
    pub fn logical_address(self) -> String {
        format!("SE99000000{:02}-E{:04}", self.region, self.number)
    }

    /// The system that holds its information: each region has a large one and some small ones.
    pub fn source_system(self) -> String {
        let system = if self.number.is_multiple_of(5) { 2 + self.number / 5 % 3 } else { 1 };
        format!("SE99000000{:02}-S{system:03}", self.region)
    }

    /// Who answers for the information: the region, or a private provider for every seventh unit.
    pub fn data_controller(self) -> String {
        match self.number % 7 {
            0 => format!("SE98{:02}00{:04}", self.region, self.number / 70),
            _ => format!("SE99000000{:02}", self.region),
        }
    }
}

/// Draws a region's number, counted from 1.
pub fn region(random: &mut Random) -> u32 {
    random.weighted(REGIONS, REGIONS.iter().sum()) as u32 + 1
}

/// Draws a unit of a region: few are visited often, many seldom.
pub fn unit(random: &mut Random, region: u32) -> Unit {
    let share = REGIONS.get(region as usize - 1).copied().unwrap_or(1);
    let units = (UNITS_MAX * share / REGIONS[0]).max(10);
    // The cube puts half of all visits on an eighth of the units.
    let place = random.fraction().powi(3);
    Unit { region, number: ((f64::from(units) * place) as u32).min(units - 1) + 1 }
}

/// Draws a kind of information: service domain and categorization.
pub fn kind(random: &mut Random) -> (&'static str, &'static str) {
    let total = KINDS.iter().map(|(_, _, weight)| weight).sum();
    let (domain, categorization, _) = KINDS[random.weighted(KINDS.iter().map(|(_, _, weight)| *weight), total)];
    (domain, categorization)
}
