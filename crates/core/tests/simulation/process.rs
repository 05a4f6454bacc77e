//! What one operator process knows and nobody else does: gone with the process.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::attachment::RoleAssignment;
use azureml_spark_core::role::same_grant;
use azureml_spark_core::spark_job::Run;

use crate::azure::ComputeBody;
use crate::world::{Attachment, Job};

/// Within this after an answered write, a read that does not show it says nothing (house rule: an absence after a
/// create is unknown for 60 s).
const ECHO: i64 = 60_000;

#[derive(Debug, Default)]
pub(crate) struct Process {
    /// Runs that are followed: the run, and the object that is woken.
    pub(crate) board: BTreeMap<String, (Run, String)>,
    /// Code that is known to be registered.
    pub(crate) codes: BTreeSet<String>,
    /// Answers to our last writes, by uid.
    pub(crate) jobs: BTreeMap<String, Job>,
    pub(crate) attachments: BTreeMap<String, Attachment>,
    /// Failures in a row, by uid and class.
    pub(crate) tries: BTreeMap<(String, &'static str), u32>,
    /// Whether answered writes are remembered at all.
    pub(crate) echoes: bool,
    runs: BTreeMap<String, i64>,
    computes: BTreeMap<String, (i64, Option<ComputeBody>)>,
    roles: Vec<(i64, RoleAssignment, bool)>,
    /// Names that a server chose, by the name that was asked for; only where that is (wrongly) so.
    pub(crate) server_names: BTreeMap<String, String>,
}

impl Process {
    pub(crate) fn new(echoes: bool) -> Self {
        Self {
            echoes,
            ..Self::default()
        }
    }

    pub(crate) fn failed(&mut self, uid: &str, class: &'static str) -> u32 {
        let tries = self.tries.entry((uid.to_owned(), class)).or_default();
        *tries += 1;
        *tries
    }

    pub(crate) fn succeeded(&mut self, uid: &str) {
        self.tries.retain(|(of, _), _| of != uid);
    }

    pub(crate) fn wrote_run(&mut self, name: &str, now: i64) {
        self.runs.insert(name.to_owned(), now);
    }

    pub(crate) fn wrote_compute(&mut self, name: &str, now: i64, body: Option<ComputeBody>) {
        self.computes.insert(name.to_owned(), (now, body));
    }

    pub(crate) fn wrote_role(&mut self, grant: RoleAssignment, now: i64, there: bool) {
        self.roles.retain(|(_, known, _)| *known != grant);
        self.roles.push((now, grant, there));
    }

    /// Whether the absence of a run may only be an old answer.
    pub(crate) fn expects_run(&self, name: &str, now: i64) -> bool {
        self.echoes && self.runs.get(name).is_some_and(|at| now < at + ECHO)
    }

    /// Whether a compute that looks like this may only be an old answer.
    pub(crate) fn expects_another_compute(
        &self,
        name: &str,
        now: i64,
        found: Option<&ComputeBody>,
    ) -> bool {
        self.echoes
            && self
                .computes
                .get(name)
                .is_some_and(|(at, body)| now < at + ECHO && body.as_ref() != found)
    }

    /// Whether these role assignments may only be an old answer.
    pub(crate) fn expects_other_roles(&self, now: i64, found: &[RoleAssignment]) -> bool {
        let shown = |grant: &RoleAssignment, there: bool| {
            if there {
                found.iter().any(|f| same_grant(f, grant))
            } else {
                found.iter().all(|f| f.id != grant.id)
            }
        };
        self.echoes
            && self
                .roles
                .iter()
                .any(|(at, grant, there)| now < at + ECHO && !shown(grant, *there))
    }
}
