//! Decisions for a `SynapseSparkAttachment`: attach a pool, wait for its identity, grant that its roles, keep it all
//! so, and take it back.

mod next;
mod report;
mod want;

use azureml_spark_api::attachment::{AttachmentIdentityType, AutoPause, AutoScale};
use azureml_spark_api::azure_id::SparkPoolId;
use azureml_spark_api::condition::whole_second;
use azureml_spark_api::role::{RoleAssignment, SynapseRole};
use azureml_spark_api::workspace::ResourceIdentity;
use azureml_spark_api::{SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use crate::fault::{Class, Fault};
use crate::machine::{Invalid, Machine, Move, Pass, Sight};
use crate::name::hex;
use crate::place::{Blocked, Reference, Workspace};

/// Tag on a compute that says whose it is: the uid of the object that attached it.
pub const OWNER_TAG: &str = "azureml-spark-operator";

/// The object and what it refers to.
#[derive(Clone, Debug)]
pub struct Given {
    /// Name of the object.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// What it asks for.
    pub spec: SynapseSparkAttachmentSpec,
    /// The workspace that it names.
    pub workspace: Reference<Workspace>,
    /// Jobs of this cluster that still hold our finalizer and run here.
    pub users: Vec<String>,
    /// Whether the object carries our finalizer.
    pub held: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Time between two looks at something that is as it should be.
    pub sync_period: SignedDuration,
}

/// The wish.
#[derive(Clone, Debug)]
pub struct Want {
    /// Where; absent while the workspace is not ready.
    pub workspace: Option<Workspace>,
    /// The compute.
    pub compute: ComputeWish,
    /// The roles of its identity at the pool.
    pub roles: Vec<SynapseRole>,
    blocked: Option<Blocked>,
    users: Vec<String>,
    held: bool,
    /// Whether it is to go.
    pub deleting: bool,
    sync_period: SignedDuration,
}

/// The compute as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputeWish {
    /// Name in Azure.
    pub name: String,
    /// The pool.
    pub pool: SparkPoolId,
    /// Description.
    pub description: Option<String>,
    /// Tags, ours among them.
    pub tags: BTreeMap<String, String>,
    /// Which kind of identity.
    pub identity: AttachmentIdentityType,
    /// Resource ids of the user-assigned identities.
    pub user_assigned: Vec<String>,
    /// Uid of the object.
    pub owner: String,
}

impl ComputeWish {
    /// SHA-256 of all that is asked for.
    fn hash(&self) -> String {
        let all = serde_json::json!([
            self.pool.to_string(),
            self.description,
            self.tags,
            self.identity,
            self.user_assigned
        ]);
        hex(&Sha256::digest(all.to_string()))
    }
}

/// One look at the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The pool; looked at only while nothing is attached.
    pub pool: Sight<()>,
    /// The compute.
    pub compute: Sight<Compute>,
    /// Role assignments at the pool; looked at while the compute has an identity, and while any is on record.
    pub grants: Sight<Vec<RoleAssignment>>,
}

/// A compute as Azure shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compute {
    /// Resource id.
    pub azure_id: String,
    /// Resource id of the pool.
    pub pool_id: String,
    /// How far Azure is with it.
    pub state: Provisioning,
    /// Azure's word for that.
    pub provisioning_state: String,
    /// Region.
    pub location: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Identities.
    pub identity: ResourceIdentity,
    /// When it was attached, in Azure's words.
    pub created_on: Option<String>,
    /// Version of Spark.
    pub spark_version: Option<String>,
    /// Nodes.
    pub node_count: Option<i32>,
    /// Size of a node.
    pub node_size: Option<String>,
    /// Family of the size.
    pub node_size_family: Option<String>,
    /// How the pool grows.
    pub auto_scale: Option<AutoScale>,
    /// When it sleeps.
    pub auto_pause: Option<AutoPause>,
}

/// How far Azure is with a compute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Provisioning {
    /// At work on it, or in a state that this operator does not know.
    #[default]
    Working,
    /// It is going away.
    Deleting,
    /// Done.
    Succeeded,
    /// Given up, with Azure's errors.
    Failed(String),
}

/// What must survive a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// SHA-256 of the compute that Azure was last asked for.
    pub wish: Option<String>,
    /// When Azure was last asked to make something: an absence is not believed for a while after that.
    pub requested: Option<Timestamp>,
    /// The role assignments that this object made, or was about to make.
    pub grants: Vec<RoleAssignment>,
}

/// One effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Attach the pool, or bring the compute to the wish. Azure replaces all tags of a compute, so that those which
    /// only Azure holds are in here too.
    Attach {
        /// Every tag.
        tags: BTreeMap<String, String>,
    },
    /// Make a role assignment.
    Grant(RoleAssignment),
    /// Take a role assignment back.
    Revoke(RoleAssignment),
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
            wish: status.requested_hash.clone(),
            requested: status.requested_time.as_ref().map(|time| time.0),
            grants: status.role_assignments.clone(),
        }
    }

    fn next(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Self> {
        if want.deleting {
            next::leave(want, seen, memo, now)
        } else {
            next::attach(want, seen, memo, now)
        }
    }

    /// A request whose answer was lost may arrive until now: doubts about an absence count from here.
    fn faulted(memo: &Memo, fault: &Fault, now: Timestamp) -> Memo {
        let mut memo = memo.clone();
        if fault.class == Class::Unsure && memo.requested.is_some() {
            memo.requested = Some(whole_second(now));
        }
        memo
    }

    fn holds(memo: &Memo) -> bool {
        memo.requested.is_some() || !memo.grants.is_empty()
    }

    fn report(pass: &Pass<'_, Self>, old: &Self::Status, now: Timestamp) -> Self::Status {
        report::report(pass, old, now)
    }
}

/// Object ids of the identities that jobs on this compute may run as; empty while Azure has not made them.
///
/// Roles go to each: a job may name any of the compute's identities.
fn principals(wish: &ComputeWish, compute: &Compute) -> Vec<String> {
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
                    .find(|found| azureml_spark_api::azure_id::same(&found.resource_id, wanted))
                    .and_then(|found| found.principal_id.clone())
            })
            .collect(),
    }
}

/// How many principals the wish leads to.
fn principals_wanted(wish: &ComputeWish) -> usize {
    match wish.identity {
        AttachmentIdentityType::SystemAssigned => 1,
        AttachmentIdentityType::UserAssigned => wish.user_assigned.len(),
    }
}

#[cfg(test)]
mod tests;
