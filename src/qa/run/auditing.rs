//! Cases that hold the index against what producers answer (`qa.md` §6.3).

use super::case::{CaseRun, Ended};
use crate::qa::index::ask::ProducerOf;
use crate::qa::index::audit::{self, Order};
use crate::qa::index::filing::Filing;
use crate::qa::native::written::waits::{AuditFile, AuditedFile};
use crate::qa::result::{AssertionResult, StepResult};
use crate::qa::suite::project::Native;
use crate::qa::verdict::Verdict;

impl CaseRun<'_> {
    /// Asks the index and the producers about each patient: a finding of each kind is a failure of its name.
    pub(super) async fn audit(&mut self, native: &Native, ended: &mut Ended) {
        let mut result =
            StepResult { name: self.case.name.clone(), type_name: "audit".to_owned(), ..StepResult::default() };
        match self.audited(native).await {
            Err(reason) => (result.verdict, result.reason) = (Verdict::Error, reason),
            Ok((patients, findings)) => {
                let (name, type_name) = (format!("{patients} patients compared"), "audit".to_owned());
                let looked = AssertionResult { name, type_name, verdict: Verdict::Pass, ..AssertionResult::default() };
                result.assertions.push(looked);
                result.assertions.extend(findings.into_iter().map(|finding| AssertionResult {
                    name: finding.kind.to_owned(),
                    type_name: "audit".to_owned(),
                    rule: Some(finding.kind.to_owned()),
                    // Whoever could not be asked is neither right nor wrong.
                    verdict: if finding.kind == "unreachable" { Verdict::Error } else { Verdict::Fail },
                    messages: vec![format!("{}: {}", finding.key.logical_address, finding.evidence)],
                    ..AssertionResult::default()
                }));
                result.verdict = Verdict::of(result.assertions.iter().map(|assertion| assertion.verdict));
            }
        }
        ended.steps.push(result);
    }

    async fn audited(&mut self, native: &Native) -> Result<(usize, Vec<audit::Finding>), String> {
        let project = self.surroundings.project;
        let contract = project
            .project
            .interfaces
            .first()
            .and_then(|interface| project.schemas(&interface.name).zip(interface.operations.first()))
            .and_then(|(schemas, operation)| schemas.contract(&operation.name).cloned())
            .ok_or("an audit is about a contract, and the suite has none")?;
        let file = native.audit.clone().ok_or("the case has no [audit]")?;
        let order = self.order(file)?;
        let world = self.surroundings.world;
        let findings = audit::run(&order, &contract, &world.carrier, &self.surroundings.now).await?;
        Ok((order.patients.len(), findings))
    }

    /// What is compared, with the values of this run.
    fn order(&mut self, file: AuditFile) -> Result<Order, String> {
        let AuditFile { mut patients, index, index_address, service_domain, categorization, mut producers } = file;
        if patients.is_empty() {
            patients.push("${patientId}".to_owned());
        }
        if producers.is_empty() {
            let (logical_address, url) = ("${logicalAddress}".to_owned(), "${webServiceUrl}".to_owned());
            producers.push(AuditedFile { logical_address, url });
        }
        let mut expanded = |text: &str| self.expand_text(text);
        let patients: Vec<String> = patients.iter().map(|text| expanded(text)).collect::<Result<_, _>>()?;
        let mut patients: Vec<String> = patients.into_iter().filter(|patient| !patient.is_empty()).collect();
        patients.dedup();
        if patients.is_empty() || patients.len() > audit::PATIENTS_MAX {
            return Err(format!("patients are {}, expected 1 to {}", patients.len(), audit::PATIENTS_MAX));
        }
        let mut asked = Vec::new();
        for AuditedFile { logical_address, url } in &producers {
            let original_consumer = Some(expanded("${httpHeaderHsaId}")?);
            let (logical_address, url) = (expanded(logical_address)?, expanded(url)?);
            asked.push(ProducerOf { logical_address, url, original_consumer });
        }
        Ok(Order {
            patients,
            producers: asked,
            index: expanded(&index)?,
            filing: Filing {
                service_domain: expanded(&service_domain)?,
                categorizations: vec![expanded(&categorization)?],
                others: Vec::new(),
            },
            index_address: match index_address {
                Some(address) => expanded(&address)?,
                None => audit::index_address(),
            },
        })
    }
}
