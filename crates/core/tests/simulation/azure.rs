//! A model of Azure: runs by name, computes with long-running operations, role assignments, code.
//!
//! Everything keeps its past, so that a read may be stale. Effects are data, so that one may arrive late.

mod computes;
mod links;
mod registered;
mod roles;
mod runs;

use std::collections::BTreeMap;

use azureml_spark_api::role::RoleAssignment;
use azureml_spark_core::{Class, Fault};
pub(crate) use computes::{ComputeBody, ComputeRecord, Drift};
pub(crate) use links::LinkRecord;
pub(crate) use roles::RoleRecord;
pub(crate) use runs::{RunBody, RunRecord};

use crate::chance::Chance;
use crate::history::History;

/// One write.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// The id that it gets.
    RegisterCode(String),
    RegisterEnvironment(String),
    PutRun(String, RunBody),
    CancelRun(String),
    /// Its name, and the hash of its labels.
    LabelRun(String, String),
    PutCompute(String, ComputeBody),
    DetachCompute(String),
    /// Its name, where it leads, and for whom.
    PutLink(String, String, String),
    DeleteLink(String),
    PutRole(RoleAssignment, String),
    DeleteRole(String),
    /// An object goes by itself: uid and name. The apiserver's, and not Azure's.
    DeleteJob(String, String),
}

impl Effect {
    pub(crate) fn op(&self) -> &'static str {
        match self {
            Self::RegisterCode(_) => "register the code",
            Self::RegisterEnvironment(_) => "register the environment",
            Self::PutRun(..) => azureml_spark_core::spark_job::SUBMIT,
            Self::CancelRun(_) => azureml_spark_core::spark_job::CANCEL,
            Self::LabelRun(..) => azureml_spark_core::spark_job::RELABEL,
            Self::PutCompute(..) => "attach the pool",
            Self::DetachCompute(_) => "detach the pool",
            Self::PutLink(..) => "make the link",
            Self::DeleteLink(_) => "remove the link",
            Self::PutRole(..) => "grant a role in Synapse",
            Self::DeleteRole(_) => "revoke a role in Synapse",
            Self::DeleteJob(..) => "delete the SparkJob",
        }
    }
}

/// A role has an effect after at most this (contract §7).
const SPREADS: i64 = 300_000;

#[derive(Debug)]
pub(crate) struct Azure {
    /// Code and packages that were registered for jobs, by their ids, and whether they are there.
    registered: BTreeMap<String, History<bool>>,
    /// The latest versions of assets that others register.
    versions: BTreeMap<&'static str, History<u64>>,
    pub(crate) runs: BTreeMap<String, History<RunRecord>>,
    pub(crate) computes: BTreeMap<String, History<Option<ComputeRecord>>>,
    pub(crate) links: BTreeMap<String, History<Option<LinkRecord>>>,
    /// Whether new links are refused.
    pub(crate) links_frozen: bool,
    pub(crate) roles: History<Vec<RoleRecord>>,
    pub(crate) pool_exists: bool,
    /// Whether a second PUT of a run is refused, or accepted without effect (contract §3.5, §13: unverified).
    pub(crate) repeat_is_refused: bool,
    /// What a rule was broken by; the first counts.
    pub(crate) broken: Option<String>,
    principals: u64,
}

impl Azure {
    pub(crate) fn new(repeat_is_refused: bool) -> Self {
        Self {
            registered: BTreeMap::new(),
            versions: BTreeMap::new(),
            runs: BTreeMap::new(),
            computes: BTreeMap::new(),
            links: BTreeMap::new(),
            links_frozen: false,
            roles: History::new(crate::scenario::BEFORE, Vec::new()),
            pool_exists: true,
            repeat_is_refused,
            broken: None,
            principals: 0,
        }
    }

    /// Lets everything go on that goes on by itself.
    pub(crate) fn advance(&mut self, now: i64) {
        self.advance_runs(now);
        self.advance_computes(now);
    }

    pub(crate) fn apply(
        &mut self,
        now: i64,
        effect: Effect,
        chance: &mut Chance,
    ) -> Result<(), Fault> {
        match effect {
            Effect::RegisterCode(id) | Effect::RegisterEnvironment(id) => {
                self.register(now, id);
                Ok(())
            }
            Effect::DeleteJob(..) => Ok(()),
            Effect::LabelRun(name, hash) => {
                self.label_run(now, &name, hash);
                Ok(())
            }
            Effect::PutRun(name, body) => self.put_run(now, name, body, chance),
            Effect::CancelRun(name) => self.cancel_run(now, &name, chance),
            Effect::PutCompute(name, body) => self.put_compute(now, name, body, chance),
            Effect::DetachCompute(name) => self.detach_compute(now, &name, chance),
            Effect::PutLink(name, leads, by) => self.put_link(now, name, &leads, Some(by)),
            Effect::DeleteLink(name) => {
                self.set_link(now, name, None);
                Ok(())
            }
            Effect::PutRole(grant, by) => {
                let works = now + chance.millis(0, SPREADS);
                self.put_role(now, grant, by, works);
                Ok(())
            }
            Effect::DeleteRole(id) => {
                self.delete_role(now, &id);
                Ok(())
            }
        }
    }

    fn break_rule(&mut self, what: String) {
        self.broken.get_or_insert(what);
    }
}

pub(crate) fn fault(class: Class, code: &str, op: &'static str) -> Fault {
    Fault {
        class,
        code: code.to_owned(),
        op,
        text: format!("{code} happened"),
        request_id: None,
        retry_after: None,
    }
}
