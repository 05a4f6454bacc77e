//! Words of the settings about the resource manager and the workspace.

use serde::{Deserialize, Serialize};

/// Code of the answer to a write below a workspace that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MissingParent {
    /// `ResourceNotFound`, as for reads.
    ResourceNotFound,
    /// `ParentResourceNotFound`.
    ParentResourceNotFound,
}

/// What a principal's type is good for, sent with an Azure role assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NamedPrincipal {
    /// The principal is not looked up, so that a new one can have a role at once.
    Believed,
    /// It is looked up all the same.
    LookedUp,
}

/// What a PATCH of the workspace is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WorkspacePatch {
    /// 200 with the workspace, changed already.
    Ok,
    /// 202 with a `Location`; the change is done when that answers with 200.
    Accepted,
}

/// What a PATCH of the workspace does to user-assigned identities that it does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WorkspaceIdentities {
    /// They stay; `null` behind an id takes that one away.
    Merges,
    /// They go.
    Replaces,
}
