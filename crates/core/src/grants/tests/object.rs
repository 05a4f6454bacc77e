//! Roles of two identities at a pool, a Synapse workspace and a storage account.

use std::collections::BTreeSet;

use azureml_spark_api::policy::{DriftPolicy, ManagementPolicy};
use azureml_spark_api::role::{Role, RoleAssignment};

use crate::grants::{Offer, Record, Seen, Terms};
use crate::machine::Sight;
use crate::role;

pub(super) use crate::samples::{ago, now};

pub(super) const POOL: &str = "workspaces/syn/bigDataPools/p";
pub(super) const ACCOUNT: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";

/// A role at the pool.
pub(super) fn admin(principal: &str) -> RoleAssignment {
    role::assignment(Role::SynapseAdministrator, POOL, principal)
}

/// A role that some services give at the workspace only.
pub(super) fn spark(scope: &str) -> RoleAssignment {
    role::assignment(Role::SynapseApacheSparkAdministrator, scope, "one")
}

/// A role of Azure.
pub(super) fn blobs(principal: &str) -> RoleAssignment {
    role::assignment(Role::StorageBlobDataContributor, ACCOUNT, principal)
}

/// The same grant, given by a person.
pub(super) fn by_hand(grant: &RoleAssignment) -> RoleAssignment {
    RoleAssignment {
        id: "given-by-hand".to_owned(),
        scope: grant.scope.to_uppercase(),
        ..grant.clone()
    }
}

pub(super) fn offer(role: Role, scopes: &[&str]) -> Offer {
    Offer {
        role_id: role::id(role).to_uppercase(),
        scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
    }
}

/// Every role of Synapse, at the workspace and its pools.
pub(super) fn offers() -> Vec<Offer> {
    let everywhere = [
        "workspaces/{workspaceName}",
        "workspaces/{workspaceName}/bigDataPools/{bigDataPoolName}",
    ];
    Role::ALL.map(|role| offer(role, &everywhere)).into()
}

/// These assignments; everything is offered, and every holder has been let in.
pub(super) fn found(grants: &[RoleAssignment]) -> Seen {
    Seen {
        found: Sight::Present(grants.to_vec()),
        offers: Sight::Present(offers()),
        powerless: Sight::Present(Vec::new()),
    }
}

/// Asked for so many seconds ago, and not settled since; with these on record.
pub(super) fn asked(seconds: i64, grants: &[RoleAssignment]) -> Record {
    Record {
        requested: Some(ago(seconds)),
        since: Some(ago(seconds)),
        grants: grants.to_vec(),
    }
}

/// The same, and all was well once.
pub(super) fn settled(seconds: i64, grants: &[RoleAssignment]) -> Record {
    Record {
        since: None,
        ..asked(seconds, grants)
    }
}

/// What the decision depends on, in a form that a table can change.
pub(super) struct Circumstances {
    pub(super) shared: BTreeSet<String>,
    pub(super) management: ManagementPolicy,
    pub(super) drift: DriftPolicy,
}

pub(super) const CORRECT: Circumstances = Circumstances {
    shared: BTreeSet::new(),
    management: ManagementPolicy::Full,
    drift: DriftPolicy::Correct,
};

pub(super) const REPORT: Circumstances = Circumstances {
    shared: BTreeSet::new(),
    management: ManagementPolicy::Full,
    drift: DriftPolicy::Report,
};

pub(super) const OBSERVE: Circumstances = Circumstances {
    shared: BTreeSet::new(),
    management: ManagementPolicy::ObserveOnly,
    drift: DriftPolicy::Correct,
};

/// Another object has this one on record, too.
pub(super) fn shared(grant: &RoleAssignment) -> Circumstances {
    Circumstances {
        shared: [grant.id.clone()].into(),
        ..CORRECT
    }
}

impl Circumstances {
    pub(super) fn terms(&self) -> Terms<'_> {
        Terms {
            shared: &self.shared,
            management: self.management,
            drift: self.drift,
            now: now(),
        }
    }
}
