//! Where names in texts and scripts are looked up during a case.

use std::collections::BTreeMap;

use super::Remembered;
use super::exchange::Exchange;
use crate::qa::suite::expansion::Scopes;

/// Everything a case can see, borrowed while a text is expanded.
pub(super) struct CaseScopes<'c> {
    pub(super) suite: &'c str,
    pub(super) case: &'c str,
    pub(super) variables: &'c BTreeMap<String, String>,
    pub(super) remembered: &'c Remembered,
    pub(super) set: &'c BTreeMap<String, String>,
    pub(super) exchanges: &'c BTreeMap<String, Exchange>,
    pub(super) folder: &'c str,
}

impl Scopes for CaseScopes<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let own = self.variables.get(name).cloned();
        own.or_else(|| self.property("TestCase", name))
            .or_else(|| self.property("TestSuite", name))
            .or_else(|| self.property("Project", name))
            .or_else(|| (name == "projectDir").then(|| self.folder.to_owned()))
    }

    fn property(&self, scope: &str, name: &str) -> Option<String> {
        let remembered = match scope {
            "TestCase" => self.remembered.cases.get(&(self.suite.to_owned(), self.case.to_owned()))?,
            "TestSuite" => self.remembered.suites.get(self.suite)?,
            "Project" => &self.remembered.project,
            // Values given with the run, never those of the process.
            "Global" | "System" | "Env" => self.set,
            _ => return None,
        };
        remembered.get(name).cloned()
    }

    fn step(&self, step: &str, part: &str) -> Option<String> {
        let exchange = self.exchanges.get(step)?;
        Some(match part.to_ascii_lowercase().as_str() {
            "response" | "responseasxml" => exchange.text(),
            "request" | "rawrequest" => exchange.request.clone(),
            "endpoint" => exchange.endpoint.clone(),
            _ => return None,
        })
    }

    fn uuid(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn known(&self) -> Vec<String> {
        let suite = self.remembered.suites.get(self.suite).into_iter().flat_map(BTreeMap::keys);
        self.variables.keys().chain(suite).chain(self.remembered.project.keys()).cloned().collect()
    }
}
