//! Residents drawn by a seed: the same for the same seed and residents, in whatever order an index tells them.

use std::collections::BTreeSet;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Residents that are drawn where nothing is said.
const COUNT: usize = 100;

/// Whose residents are drawn, and how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The source system; those of the producers that are asked where nothing is said.
    #[serde(default)]
    pub source_system: Option<String>,
    /// How many.
    #[serde(default = "count")]
    pub count: usize,
    /// What decides which.
    #[serde(default)]
    pub seed: u64,
}

fn count() -> usize {
    COUNT
}

/// A draw on its way. It keeps no more than it will draw.
#[derive(Clone, Debug)]
pub struct Draw {
    seed: u64,
    count: usize,
    drawn: BTreeSet<([u8; 32], String)>,
}

/// What is looked at in a line of the index.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    registered_resident_identification: String,
    #[serde(default)]
    service_domain: String,
    #[serde(default)]
    source_system: String,
}

impl Draw {
    /// Nobody is drawn yet.
    pub fn new(seed: u64, count: usize) -> Self {
        Self { seed, count, drawn: BTreeSet::new() }
    }

    /// Offers somebody: those with the smallest digests stay.
    pub fn offer(&mut self, resident: &str) {
        let digest = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(resident).finalize();
        self.drawn.insert((digest.into(), resident.to_owned()));
        if self.drawn.len() > self.count {
            self.drawn.pop_last();
        }
    }

    /// Offers everybody of an index's lines whom one of these systems has told of, in a service domain.
    pub fn offer_lines(&mut self, lines: &str, systems: &[String], domain: &str) -> Result<(), String> {
        for line in lines.lines() {
            let line: Line =
                serde_json::from_str(line).map_err(|error| format!("a line of the index cannot be read: {error}"))?;
            let is_own = systems.iter().any(|system| system.eq_ignore_ascii_case(&line.source_system));
            if is_own && line.service_domain.eq_ignore_ascii_case(domain) {
                self.offer(&line.registered_resident_identification);
            }
        }
        Ok(())
    }

    /// Those who were drawn, in the order of their numbers.
    pub fn residents(self) -> Vec<String> {
        let mut residents: Vec<String> = self.drawn.into_iter().map(|(_, resident)| resident).collect();
        residents.sort_unstable();
        residents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_residents_in_whatever_order_they_are_told() {
        let all: Vec<String> = (0..1_000).map(|number| format!("resident-{number}")).collect();
        let drawn = |seed: u64, residents: &mut dyn Iterator<Item = &String>| {
            let mut draw = Draw::new(seed, 10);
            residents.for_each(|resident| draw.offer(resident));
            draw.residents()
        };
        let first = drawn(1, &mut all.iter());
        assert_eq!(first.len(), 10);
        // Whoever has several engagements is told several times.
        assert_eq!(first, drawn(1, &mut all.iter().rev().chain(&all)));
        assert_ne!(first, drawn(2, &mut all.iter()));
        assert_eq!(drawn(1, &mut all.iter().take(3)).len(), 3);
    }

    #[test]
    fn only_residents_of_the_systems_and_the_domain_are_offered() {
        let line = |resident: &str, system: &str, domain: &str| {
            format!(
                "{{\"registeredResidentIdentification\":\"{resident}\",\"serviceDomain\":\"{domain}\",\"sourceSystem\":\"{system}\"}}\n"
            )
        };
        let lines = line("a", "SE-A", "riv:d") + &line("b", "SE-B", "riv:d") + &line("c", "SE-A", "riv:e");
        let mut draw = Draw::new(0, 10);
        draw.offer_lines(&lines, &["se-a".to_owned()], "riv:d").unwrap();
        assert!(draw.offer_lines("{", &[], "riv:d").is_err());
        assert_eq!(draw.residents(), ["a"]);
    }
}
