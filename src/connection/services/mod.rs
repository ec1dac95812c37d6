//! Profiles of the services that a customer can connect to (`connection.md` §8 and §10): one file each below
//! `contracts/services/`, compiled in. [`Services::shipped`] is the way in.

mod build;
pub mod fact;
pub mod profile;
#[cfg(test)]
mod tests;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rust_embed::RustEmbed;

use crate::domain::problem::Problem;

use profile::ServiceProfile;

/// Where the files lie, for messages.
const FOLDER: &str = "contracts/services";

#[derive(RustEmbed)]
#[folder = "contracts/services/"]
struct Shipped;

/// Every service, in the order of `connection.md` §8.
#[derive(Clone, Debug, Default)]
pub struct Services {
    profiles: Vec<ServiceProfile>,
    places: BTreeMap<String, usize>,
}

impl Services {
    /// The services that are compiled in, and what is wrong with their files; one with a problem is left out.
    pub fn shipped() -> (Self, Vec<Problem>) {
        let mut names: Vec<_> = Shipped::iter().filter(|name| name.ends_with(".toml")).collect();
        names.sort();
        let files = names.iter().filter_map(|name| {
            let text = Shipped::get(name)?.data;
            Some((Path::new(FOLDER).join(&**name), String::from_utf8_lossy(&text).into_owned()))
        });
        Self::read(files)
    }

    /// Services from files, each with its path and its text.
    pub fn read(files: impl IntoIterator<Item = (PathBuf, String)>) -> (Self, Vec<Problem>) {
        let (mut profiles, problems) = build::build(files);
        profiles.sort_by_key(|profile| profile.row);
        let places = profiles.iter().enumerate().map(|(place, profile)| (profile.id.clone(), place)).collect();
        (Self { profiles, places }, problems)
    }

    /// A service by its id.
    pub fn get(&self, id: &str) -> Option<&ServiceProfile> {
        self.places.get(id).and_then(|place| self.profiles.get(*place))
    }

    /// All of them, in the order of `connection.md` §8.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ServiceProfile> {
        self.profiles.iter()
    }

    /// The ids of all services that `id` needs on a day, directly or through others: nearest first, each once, never
    /// itself. Dependencies that the texts do not name are not among them.
    pub fn needs(&self, id: &str, day: Date) -> Vec<&str> {
        let mut seen = BTreeSet::from([id]);
        let mut found = Vec::new();
        let mut waiting: std::collections::VecDeque<_> = self.get(id).into_iter().collect();
        while let Some(profile) = waiting.pop_front() {
            for needed in profile.depends_on.iter().filter(|dependency| dependency.holds(day)) {
                let service = needed.service.as_str();
                if seen.insert(service) {
                    found.push(service);
                    waiting.extend(self.get(service));
                }
            }
        }
        found
    }
}
