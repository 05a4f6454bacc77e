//! Decisions for a `LinkedService`: link a Synapse workspace, grant its identity, keep it so, and take it back.

mod claim;
mod next;
mod report;
mod want;

use std::collections::BTreeSet;

use azureml_spark_api::azure_id::{self, SynapseWorkspaceId};
use azureml_spark_api::linked_service::LinkDeletionPolicy;
use azureml_spark_api::policy::{AdoptionPolicy, DriftPolicy, ManagementPolicy};
use azureml_spark_api::role::{Role, RoleAssignment, SynapseRole};
use azureml_spark_api::{LinkedServiceSpec, LinkedServiceStatus};
use jiff::{SignedDuration, Timestamp};

use crate::fault::{Class, Fault};
use crate::grants::{self, Record};
use crate::machine::{Invalid, Machine, Move, Pass, Sight};
use crate::place::{Blocked, Reference, Workspace};
use crate::role;
use crate::summary::Warning;

pub use claim::claims;

/// The code of a fault of class `Terminal` that says that Azure does not make new links (contract §6).
pub const FROZEN: &str = "LinkFrozen";

/// What making a link is called in a fault; [`Machine::faulted`] looks for it.
pub const LINK: &str = "link the Synapse workspace";

/// The object and what it refers to.
#[derive(Clone, Debug)]
pub struct Given {
    /// Name of the object.
    pub name: String,
    /// What it asks for.
    pub spec: LinkedServiceSpec,
    /// The workspace that it names.
    pub workspace: Reference<Workspace>,
    /// Attachments of this cluster that still hold our finalizer and name it.
    pub users: Vec<String>,
    /// Other objects of this cluster that keep the same link and stay; asked for while this one is being deleted. A link
    /// has no mark: all that describe it share it.
    pub twins: Vec<String>,
    /// Ids of the role assignments that other objects of the cluster, which stay, have on record and
    /// ask for: see [`claims`].
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
    /// The link.
    pub link: LinkWish,
    /// The roles of its identity at the Synapse workspace.
    pub roles: Vec<SynapseRole>,
    /// What may be done to it, and when.
    pub policies: Policies,
    /// Whether it is to go.
    pub deleting: bool,
    shared: BTreeSet<String>,
    blocked: Option<Blocked>,
    users: Vec<String>,
    twins: Vec<String>,
    held: bool,
    sync_period: SignedDuration,
    warnings: Vec<Warning>,
}

/// What the operator may do to the link, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Whether Azure is changed at all.
    pub management: ManagementPolicy,
    /// What becomes of a link that is there already.
    pub adoption: AdoptionPolicy,
    /// What becomes of a change outside.
    pub drift: DriftPolicy,
    /// What becomes of the link in the end.
    pub deletion: LinkDeletionPolicy,
}

/// The link as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkWish {
    /// Name in Azure.
    pub name: String,
    /// The Synapse workspace.
    pub synapse: SynapseWorkspaceId,
}

impl Want {
    /// The assignments that give this principal each role; none while it is unknown.
    pub fn wanted(&self, principal: Option<&str>) -> Vec<RoleAssignment> {
        let principals: Vec<String> = principal.map(str::to_owned).into_iter().collect();
        role::wanted(&self.roles, &self.link.synapse.synapse_scope(), &principals)
    }

    /// Whether others of the cluster keep the same link.
    pub fn is_kept(&self) -> bool {
        !self.twins.is_empty()
    }

    fn observes(&self) -> bool {
        self.policies.management == ManagementPolicy::ObserveOnly
    }

    fn terms(&self, now: Timestamp) -> grants::Terms<'_> {
        grants::Terms {
            shared: &self.shared,
            management: self.policies.management,
            drift: self.policies.drift,
            now,
        }
    }

    /// Whether nothing in Azure is changed from now on, whatever is there.
    pub fn leaves_all(&self) -> bool {
        self.observes() || (self.deleting && self.policies.deletion == LinkDeletionPolicy::Retain)
    }

    /// Whether the link leads to the Synapse workspace that is wished.
    pub fn leads_there(&self, link: &Link) -> bool {
        azure_id::same(&link.synapse_workspace_id, &self.link.synapse.to_string())
    }
}

/// One look at the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The link.
    pub link: Sight<Link>,
    /// Azure does not serve links here at all, in its words.
    pub not_served: Option<String>,
    /// Its identity's roles; looked at while it has an identity, and while any is on record.
    pub grants: grants::Seen,
}

/// A link as Azure shows it. It has no tags: nobody can see whose it is (contract §6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Resource id.
    pub azure_id: String,
    /// Resource id of the Synapse workspace.
    pub synapse_workspace_id: String,
    /// Object id of its identity.
    pub principal_id: Option<String>,
    /// Tenant of its identity.
    pub tenant_id: Option<String>,
    /// When it was made, in Azure's words.
    pub created_time: Option<String>,
    /// When it was last changed, in Azure's words.
    pub modified_time: Option<String>,
}

/// What must survive a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// Requests and roles.
    pub record: Record,
    /// Whether this object asked for the link, or took it over: not whether it only may have, as after a lost status.
    pub owned: bool,
}

/// One effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the link.
    Link,
    /// Make a role assignment.
    Grant(RoleAssignment),
    /// Take a role assignment back.
    Revoke(RoleAssignment),
    /// Remove the link; the Synapse workspace stays as it is.
    Unlink,
}

/// The machine.
#[derive(Debug)]
pub struct LinkedService;

impl Machine for LinkedService {
    type Given = Given;
    type Want = Want;
    type Seen = Seen;
    type Memo = Memo;
    type Step = Step;
    type Status = LinkedServiceStatus;

    fn want(given: &Given) -> Result<Want, Invalid> {
        want::want(given)
    }

    fn recall(status: &Self::Status) -> Memo {
        Memo {
            record: Record {
                requested: status.requested_time.as_ref().map(|time| time.0),
                since: status.requested_since.as_ref().map(|time| time.0),
                grants: status.role_assignments.clone(),
            },
            owned: status.owned,
        }
    }

    fn next(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Self> {
        if want.deleting {
            next::leave(want, seen, memo, now)
        } else if want.observes() {
            next::watch(want, seen, memo, now)
        } else {
            next::link(want, seen, memo, now)
        }
    }

    fn faulted(memo: &Memo, fault: &Fault, now: Timestamp) -> Memo {
        if is_refused(fault) {
            // Nothing of the request is there: the object need not be held, and a link that somebody makes is not ours.
            return Memo {
                record: Record {
                    grants: memo.record.grants.clone(),
                    ..Record::default()
                },
                owned: false,
            };
        }
        Memo {
            record: memo.record.clone().after(fault, now),
            ..*memo
        }
    }

    fn holds(memo: &Memo) -> bool {
        memo.record.holds()
    }

    fn report(pass: &Pass<'_, Self>, old: &Self::Status, now: Timestamp) -> Self::Status {
        report::report(pass, old, now)
    }
}

/// Whether a fault says that Azure does not make new links.
fn is_frozen(fault: &Fault) -> bool {
    fault.class == Class::Terminal && fault.code == FROZEN
}

/// Whether a fault says that Azure took the request for a link and made none.
fn is_refused(fault: &Fault) -> bool {
    let refused = match fault.class {
        Class::Terminal | Class::Forbidden | Class::Credential | Class::Absent => true,
        Class::Spreading | Class::Retryable | Class::Throttled { .. } | Class::Unsure => false,
    };
    refused && fault.op == LINK
}

#[cfg(test)]
mod tests;
