//! Decisions for a `LinkedService`: link a Synapse workspace, grant its identity, keep it so, and take it back.

use std::collections::BTreeSet;

use azureml_spark_api::LinkedServiceSpec;
use azureml_spark_api::azure_id::SynapseWorkspaceId;
use azureml_spark_api::role::{Role, RoleAssignment};
use jiff::{SignedDuration, Timestamp};

use crate::grants;
use crate::machine::Sight;
use crate::place::{Reference, Workspace};

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
    /// Ids of the role assignments that other objects of the cluster, which stay, have on record.
    pub shared: BTreeSet<String>,
    /// The roles that the installation lets anybody grant.
    pub grantable: BTreeSet<Role>,
    /// Whether the object carries our finalizer.
    pub held: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Time between two looks at something that is as it should be.
    pub sync_period: SignedDuration,
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

/// A link as Azure shows it.
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
    /// When Azure was last asked to make something: an absence is not believed for a while after that.
    pub requested: Option<Timestamp>,
    /// The role assignments that this object made, was about to make, or relies on.
    pub grants: Vec<RoleAssignment>,
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

/// The link as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkWish {
    /// Name in Azure.
    pub name: String,
    /// The Synapse workspace.
    pub synapse: SynapseWorkspaceId,
}
