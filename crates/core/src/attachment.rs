//! Decisions for a `SynapseSparkAttachment`: attach a pool, wait for its identity, grant that its roles, keep it all
//! so, and take it back.

mod body;
mod claim;
mod drift;
mod leave;
mod next;
mod owner;
mod pending;
mod report;
mod seen;
mod standing;
mod want;
mod warnings;
mod wish;

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::attachment::{AttachmentIdentityType, DeletionPolicy, PendingAction};
use azureml_spark_api::azure_id::{self, SparkPoolId};
use azureml_spark_api::policy::{AdoptionPolicy, DriftPolicy, ManagementPolicy};
use azureml_spark_api::role::{Role, RoleAssignment, StorageRole, SynapseRole};
use azureml_spark_api::{SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::fault::{Class, Fault};
use crate::grants::Record;
use crate::machine::{Invalid, Machine, Move, Pass};
use crate::name::hex;
use crate::place::{Blocked, Link, Reference, Workspace};
use crate::summary::Warning;

pub use claim::claims;
pub use pending::Pending;
pub use seen::{Compute, Pool, Provisioning, Seen, Synapse};

/// What a fault says was tried, where that was to attach the pool or to take our mark off.
pub const ATTACH: &str = "attach the pool";

/// What a fault says was tried, where that was to detach the pool.
pub const DETACH: &str = "detach the pool";

/// Tag on a compute that says whose it is: the uid of the object that attached it, then its namespace and name.
pub const OWNER_TAG: &str = "azureml-spark-operator";

/// The object and what it refers to.
#[derive(Clone, Debug)]
pub struct Given {
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// What it asks for.
    pub spec: SynapseSparkAttachmentSpec,
    /// The workspace that it names.
    pub workspace: Reference<Workspace>,
    /// The link that it names, if it names one.
    pub link: Option<Reference<Link>>,
    /// Jobs of this cluster that still hold our finalizer and run here: to be asked for while the object is being
    /// deleted, and while a role is on record that is not wanted any more. While there are any, neither the compute nor
    /// a role is taken from under them. Their end must wake this object.
    pub users: Vec<String>,
    /// Ids of the role assignments that other objects of the cluster rely on: of one that stays, those that it has on
    /// record and asks for (see [`claims`]); of one that has jobs, or is being deleted and must wait, all on record.
    pub shared: BTreeSet<String>,
    /// The roles that the installation lets anybody grant.
    pub grantable: BTreeSet<Role>,
    /// Whether the object carries our finalizer.
    pub held: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Time between two looks at something that is as it should be.
    pub sync_period: SignedDuration,
    /// What is amiss with the object beside its spec, such as an annotation that makes no sense.
    pub warnings: Vec<Warning>,
}

/// The wish.
#[derive(Clone, Debug)]
pub struct Want {
    /// Where; absent while the workspace is not ready.
    pub workspace: Option<Workspace>,
    /// The compute.
    pub compute: ComputeWish,
    /// The roles of its identities at the pool.
    pub roles: Vec<SynapseRole>,
    /// The roles of its identities on storage accounts.
    pub storage: Vec<StorageWish>,
    /// What may be done to it, and when.
    pub policies: Policies,
    /// Whether it is to go.
    pub deleting: bool,
    shared: BTreeSet<String>,
    blocked: Option<Blocked>,
    /// Why the link does not tell where the pool is.
    unlinked: Option<Blocked>,
    users: Vec<String>,
    held: bool,
    sync_period: SignedDuration,
    warnings: Vec<Warning>,
}

/// What the operator may do to the compute, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Whether Azure is changed at all.
    pub management: ManagementPolicy,
    /// What becomes of a compute that is there already.
    pub adoption: AdoptionPolicy,
    /// What becomes of a change outside.
    pub drift: DriftPolicy,
    /// What becomes of the compute in the end.
    pub deletion: DeletionPolicy,
}

/// Roles on one storage account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageWish {
    /// Resource id of the account, without a slash at its end.
    pub account_id: String,
    /// The roles.
    pub roles: Vec<StorageRole>,
}

/// The compute as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputeWish {
    /// Name in Azure.
    pub name: String,
    /// The pool; absent while it is not known: the link that it is found by is not ready, or gone.
    pub pool: Option<SparkPoolId>,
    /// Description.
    pub description: Option<String>,
    /// Tags, ours among them.
    pub tags: BTreeMap<String, String>,
    /// Which kind of identity.
    pub identity: AttachmentIdentityType,
    /// Resource ids of the user-assigned identities; the first submits jobs by default.
    pub user_assigned: Vec<String>,
    /// Uid of the object.
    pub owner: String,
}

impl ComputeWish {
    /// SHA-256 of all that is asked for. The order of identities is none of it: Azure keeps a map.
    fn hash(&self) -> String {
        let identities: BTreeSet<String> = self
            .user_assigned
            .iter()
            .map(|id| id.to_ascii_lowercase())
            .collect();
        let all = serde_json::json!([
            self.pool.as_ref().map(ToString::to_string),
            self.description,
            self.tags,
            self.identity,
            identities
        ]);
        hex(&Sha256::digest(all.to_string()))
    }
}

/// What must survive a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// Resource id of the pool that was last asked for.
    pub pool: Option<String>,
    /// SHA-256 of the compute that Azure was last asked for.
    pub wish: Option<String>,
    /// Whether the compute was once seen with our mark.
    pub owned: bool,
    /// Keys of the tags that were asked for.
    pub managed_tags: Vec<String>,
    /// The request about the compute of which nothing was seen yet.
    pub pending: Option<Pending>,
    /// The requests, and the roles.
    pub record: Record,
}

/// A compute as it is put: Azure replaces all of it (contract §2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The pool.
    pub pool: SparkPoolId,
    /// Description.
    pub description: Option<String>,
    /// Every tag, also those which only Azure holds.
    pub tags: BTreeMap<String, String>,
    /// Which kind of identity.
    pub identity: AttachmentIdentityType,
    /// Resource ids of the user-assigned identities.
    pub user_assigned: Vec<String>,
}

/// One effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Attach the pool, or bring the compute to the wish.
    Attach(Body),
    /// Make a role assignment.
    Grant(RoleAssignment),
    /// Take a role assignment back.
    Revoke(RoleAssignment),
    /// Take our mark off the compute, which stays as it is; the same request as to attach it.
    Disown(Body),
    /// Detach the pool; never deletes it.
    Detach,
}

/// The machine.
#[derive(Debug)]
pub struct Attachment;

impl Machine for Attachment {
    type Given = Given;
    type Want = Want;
    type Seen = Seen;
    type Memo = Memo;
    type Step = Step;
    type Status = SynapseSparkAttachmentStatus;

    fn want(given: &Given) -> Result<Want, Invalid> {
        want::want(given)
    }

    fn recall(status: &Self::Status) -> Memo {
        Memo {
            pool: status.pool_id.clone(),
            wish: status.requested_hash.clone(),
            owned: status.owned,
            managed_tags: status.managed_tags.clone(),
            pending: status.pending_request.as_ref().map(Pending::recall),
            record: Record {
                requested: status.requested_time.as_ref().map(|time| time.0),
                since: status.requested_since.as_ref().map(|time| time.0),
                grants: status.role_assignments.clone(),
            },
        }
    }

    fn next(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Self> {
        let want = want.on_record(memo);
        if want.deleting {
            leave::leave(&want, seen, memo, now)
        } else {
            next::attach(&want, seen, memo, now)
        }
    }

    /// A compute that Azure refused to make is not there: one without a mark that appears later is somebody else's. The
    /// time of the request stays, since another one whose answer was lost may arrive until then.
    fn faulted(memo: &Memo, fault: &Fault, now: Timestamp) -> Memo {
        let mut memo = Memo {
            record: memo.record.clone().after(fault, now),
            ..memo.clone()
        };
        let asked = match fault.op {
            ATTACH => PendingAction::Attach,
            DETACH => PendingAction::Detach,
            _ => return memo,
        };
        memo.pending = memo.pending.map(|pending| {
            if pending.action == asked {
                pending.refused()
            } else {
                pending
            }
        });
        let refused = match fault.class {
            Class::Terminal | Class::Forbidden | Class::Credential | Class::Absent => true,
            Class::Spreading | Class::Retryable | Class::Throttled { .. } | Class::Unsure => false,
        };
        let disowned = memo.wish.as_deref() == Some(leave::DISOWNED);
        if refused && asked == PendingAction::Attach && !memo.owned && !disowned {
            memo.wish = None;
            memo.managed_tags.clear();
            memo.pending = None;
        }
        memo
    }

    fn holds(memo: &Memo) -> bool {
        memo.record.holds()
    }

    fn report(pass: &Pass<'_, Self>, old: &Self::Status, now: Timestamp) -> Self::Status {
        report::report(pass, old, now)
    }
}

/// Object ids of the identities that jobs on this compute may run as; `None` while Azure has not made one of them.
///
/// Roles go to each: a job may name any of the compute's identities.
fn principals(wish: &ComputeWish, compute: &Compute) -> Option<Vec<String>> {
    let wanted = match wish.identity {
        AttachmentIdentityType::SystemAssigned => 1,
        AttachmentIdentityType::UserAssigned => wish.user_assigned.len(),
    };
    Some(present_principals(wish, compute)).filter(|found| found.len() == wanted)
}

/// Those of them that are there.
fn present_principals(wish: &ComputeWish, compute: &Compute) -> Vec<String> {
    match wish.identity {
        AttachmentIdentityType::SystemAssigned => {
            compute.identity.principal_id.iter().cloned().collect()
        }
        AttachmentIdentityType::UserAssigned => wish
            .user_assigned
            .iter()
            .filter_map(|wanted| {
                compute
                    .identity
                    .user_assigned
                    .iter()
                    .find(|found| azure_id::same(&found.resource_id, wanted))
                    .and_then(|found| found.principal_id.clone())
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
