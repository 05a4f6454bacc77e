//! What a wish comes to, with what is on record.

use std::borrow::Cow;
use std::collections::BTreeSet;

use azureml_spark_api::azure_id::SparkPoolId;
use azureml_spark_api::policy::{DriftPolicy, ManagementPolicy};
use azureml_spark_api::role::{Role, RoleAssignment};
use jiff::Timestamp;

use super::{Compute, Memo, Want, principals};
use crate::{grants, role};

impl Want {
    /// The pool: as wished, and where its link does not tell, as it was when the compute was asked for. So too on the way
    /// out, since the link may be gone, or lead elsewhere by now.
    pub fn pool(&self, memo: &Memo) -> Option<SparkPoolId> {
        let recorded = || memo.pool.as_deref().and_then(SparkPoolId::parse);
        let wished = || self.compute.pool.clone();
        if self.deleting {
            recorded().or_else(wished)
        } else {
            wished().or_else(recorded)
        }
    }

    /// The wish as it can be carried out without its link: `spec.pool` never changes, so that the pool on record is the
    /// one that is meant, and what is attached needs no link to work. Who was never told of a pool must wait for it.
    pub(super) fn on_record(&self, memo: &Memo) -> Cow<'_, Self> {
        let Some(why) = &self.unlinked else {
            return Cow::Borrowed(self);
        };
        let mut want = self.clone();
        want.compute.pool = self.pool(memo);
        if want.compute.pool.is_none() {
            want.blocked.get_or_insert_with(|| why.clone());
        }
        Cow::Owned(want)
    }

    /// What is on record and not wanted any more, and stays: a job runs as whom its compute was when it was submitted,
    /// and nobody can tell who that was.
    pub(super) fn spared(&self, wanted: &[RoleAssignment], memo: &Memo) -> Vec<RoleAssignment> {
        let unwanted = |grant: &&RoleAssignment| !wanted.iter().any(|w| role::same_grant(w, grant));
        let all = memo.record.grants.iter().filter(unwanted);
        all.filter(|_| !self.users.is_empty()).cloned().collect()
    }

    /// Every scope at which roles are wanted or on record: in Synapse's words, or the resource id of a storage account.
    pub fn scopes(&self, memo: &Memo) -> BTreeSet<String> {
        let at_pool = self.pool(memo).filter(|_| !self.roles.is_empty());
        at_pool
            .iter()
            .map(SparkPoolId::synapse_scope)
            .chain(self.storage.iter().map(|wish| wish.account_id.clone()))
            .chain(memo.record.grants.iter().map(|grant| grant.scope.clone()))
            .collect()
    }

    /// The assignments that are wanted on this compute; `None` while Azure has not made one of its identities.
    pub fn wanted(&self, compute: &Compute, memo: &Memo) -> Option<Vec<RoleAssignment>> {
        principals(&self.compute, compute).map(|holders| self.assignments(memo, &holders))
    }

    /// The assignments that give each of these principals each role.
    pub(super) fn assignments(&self, memo: &Memo, principals: &[String]) -> Vec<RoleAssignment> {
        let scope = self.pool(memo).map(|pool| pool.synapse_scope());
        let mut all = Vec::new();
        for principal in principals {
            for (scope, role) in scope
                .iter()
                .flat_map(|scope| {
                    self.roles
                        .iter()
                        .map(move |role| (scope, Role::from(*role)))
                })
                .chain(self.storage.iter().flat_map(|wish| {
                    let roles = wish.roles.iter();
                    roles.map(move |role| (&wish.account_id, Role::from(*role)))
                }))
            {
                all.push(role::assignment(role, scope, principal));
            }
        }
        all
    }

    /// Whether another object, which stays, has this role assignment on record.
    pub fn shares(&self, id: &str) -> bool {
        self.shared.contains(id)
    }

    /// What else a decision about roles depends on.
    pub(super) fn terms(&self, now: Timestamp) -> grants::Terms<'_> {
        grants::Terms {
            shared: &self.shared,
            management: self.policies.management,
            drift: self.policies.drift,
            now,
        }
    }

    /// Whether the operator changes nothing in Azure.
    pub(super) fn observes(&self) -> bool {
        self.policies.management == ManagementPolicy::ObserveOnly
    }

    /// Whether what differs now was changed outside, and is to be left so: Azure was brought to this very wish once, and
    /// nothing else is asked of the compute. A role that is asked for meanwhile makes no difference.
    pub(super) fn leaves_drift(&self, memo: &Memo) -> bool {
        self.policies.drift == DriftPolicy::Report
            && memo.record.requested.is_some()
            && memo.pending.is_none()
            && memo.wish == Some(self.compute.hash())
    }

    /// Storage accounts that jobs on the pool need to reach: those with roles, and the workspace's own.
    pub fn storage_accounts(&self) -> BTreeSet<String> {
        let own = self
            .workspace
            .iter()
            .filter_map(|workspace| workspace.storage_account_id.as_deref());
        self.storage
            .iter()
            .map(|wish| wish.account_id.as_str())
            .chain(own)
            .map(|id| id.trim_end_matches('/').to_owned())
            .collect()
    }
}
