//! FT-01 to FT-20: how the mocked producer misbehaves while a case waits (`qa.md` §6.1), in the words of the mocked
//! producers. It is switched on by a chaos plan of the running platform for as long as the case waits, and off again
//! however the case ends; the plan itself ends with the window, so that a run that is killed leaves nothing behind.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::hub::Hub;
use crate::domain::identifiers::operation_of;
use crate::qa::native::written::waits::AwaitFile;

/// A fault-tolerance case.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// `FT-01`
    pub id: &'static str,
    /// What the producer does.
    pub title: &'static str,
    /// The mocked producers' behaviour; none where it is the platform that changes.
    pub behaviour: Option<&'static str>,
}

const fn fault(id: &'static str, title: &'static str, behaviour: Option<&'static str>) -> Fault {
    Fault { id, title, behaviour }
}

/// All of them.
pub const FAULTS: [Fault; 20] = [
    fault("FT-01", "answers with a SOAP fault", Some("soap-fault")),
    fault("FT-02", "answers with resultCode ERROR", Some("logical-error")),
    fault("FT-03", "answers after 25 s", Some("slow;ms=25000")),
    fault("FT-04", "does not answer, VP009", Some("hang")),
    fault("FT-05", "resets the connection", Some("CONNECTION_RESET_BY_PEER")),
    fault("FT-06", "answers without records", Some("empty-list")),
    fault("FT-07", "answers with 1 000 records", Some("too-many;n=1000")),
    fault("FT-08", "answers with 5 MiB", Some("huge;mb=5")),
    fault("FT-09", "has optional elements of a later minor version", Some("new-minor")),
    fault("FT-10", "writes other prefixes, a default namespace and white space", Some("other-prefixes")),
    fault("FT-11", "answers in UTF-16", Some("utf16")),
    fault("FT-12", "answers with what the schema refuses", Some("schema-invalid")),
    fault("FT-13", "answers with something that is not XML", Some("not-xml")),
    fault("FT-14", "answers with a record of another patient", Some("mixed-patients")),
    // One source that fails is a partial answer of the aggregating service in front of it.
    fault("FT-15", "is one of several sources, and fails", Some("soap-fault")),
    fault("FT-16", "may not be asked, VP007", Some("vp-fault;code=VP007")),
    fault("FT-17", "answers with nullified records", Some("nullified")),
    fault("FT-18", "answers in chunks", Some("drip;chunks=8;ms=1")),
    fault("FT-19", "answers a few bytes at a time", Some("drip;chunks=1000;ms=10")),
    fault("FT-20", "is behind a platform with a renewed certificate", None),
];

/// A producer that misbehaves on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misbehaviour {
    /// What the plan is called.
    pub plan: String,
    /// `FT-01`, or the behaviour where the case names one.
    pub name: String,
    system: String,
    contract: String,
    behaviour: String,
}

impl Misbehaviour {
    /// What a case asks for, if it asks for any; `Err` says why nobody can do it.
    pub fn of(wanted: &AwaitFile, contract: &str, case: &str) -> Result<Option<Self>, String> {
        let by_id = wanted.fault.as_deref().map(|id| {
            let known = FAULTS.iter().find(|fault| fault.id.eq_ignore_ascii_case(id));
            known.ok_or_else(|| format!("fault {id:?} is not known, expected FT-01 to FT-20"))
        });
        let by_id = by_id.transpose()?;
        let own = wanted.behaviour.clone();
        let Some(behaviour) = own.or_else(|| by_id.and_then(|fault| fault.behaviour).map(str::to_owned)) else {
            return Ok(None);
        };
        Ok(Some(Self {
            plan: format!("qa {case} {}", &uuid::Uuid::new_v4().simple().to_string()[..8]),
            name: by_id.map_or_else(|| behaviour.clone(), |fault| fault.id.to_owned()),
            system: wanted.system.clone().unwrap_or_else(|| "*".to_owned()),
            contract: operation_of(contract).to_owned(),
            behaviour,
        }))
    }

    /// Switches it on, for no longer than this.
    pub async fn start(&self, hub: &Hub, window: Duration) -> Result<(), String> {
        if let Some(other) = hub.running_plan().await?.name.filter(|name| *name != self.plan) {
            return Err(format!("the mocked producers run the plan {other:?} already"));
        }
        let until = format!("{}ms", window.as_millis());
        let row = json!({"system": self.system, "contract": self.contract, "share": 1.0, "from": "0s", "to": until,
            "behaviour": self.behaviour});
        hub.start_plan(&json!({"name": self.plan, "seed": 1, "plan": [row]})).await
    }

    /// Switches it off; somebody else's plan is left alone. The answer is the calls that it met, by correlation id.
    pub async fn end(&self, hub: &Hub) -> Result<BTreeSet<String>, String> {
        // What is on comes off first: nothing below may keep it on.
        let stopped = match hub.running_plan().await?.name {
            Some(name) if name == self.plan => hub.stop_plan().await,
            _ => Ok(()),
        };
        let struck = hub.struck_by(&self.plan).await;
        stopped?;
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_names_a_fault_or_a_behaviour() {
        let of = |fault: Option<&str>, behaviour: Option<&str>| {
            let wanted = AwaitFile {
                fault: fault.map(str::to_owned),
                behaviour: behaviour.map(str::to_owned),
                ..AwaitFile::default()
            };
            let made = Misbehaviour::of(&wanted, "urn:riv:qa:GetThingResponder:1", "c");
            made.map(|made| made.map(|made| (made.name, made.behaviour, made.contract)))
        };
        let of_thing =
            |name: &str, behaviour: &str| Some((name.to_owned(), behaviour.to_owned(), "GetThing".to_owned()));
        assert_eq!(of(None, None), Ok(None));
        assert_eq!(of(Some("ft-01"), None), Ok(of_thing("FT-01", "soap-fault")));
        assert_eq!(of(Some("FT-10"), None), Ok(of_thing("FT-10", "other-prefixes")));
        assert_eq!(of(Some("FT-20"), Some("gzip")), Ok(of_thing("FT-20", "gzip")));
        assert_eq!(of(None, Some("slow;ms=5")), Ok(of_thing("slow;ms=5", "slow;ms=5")));
        assert_eq!(of(Some("FT-20"), None), Ok(None), "it is the platform that changes");
        assert!(of(Some("FT-21"), None).is_err());
    }
}
