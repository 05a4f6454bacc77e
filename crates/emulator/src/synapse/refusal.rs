//! How Synapse says no.

use axum::http::StatusCode;

use super::Workspace;
use crate::error::Refusal;
use crate::login::Caller;

/// The words of a real answer (azure-sdk-for-net#24423): 403 with the code `Unauthorized`.
pub(super) fn unauthorized(workspace: &Workspace, caller: &Caller, action: &str) -> Refusal {
    Refusal::plain(
        StatusCode::FORBIDDEN,
        "Unauthorized",
        format!(
            "The principal '{}' does not have the required Synapse RBAC permission to perform this \
             action. Required permission: Action: Microsoft.Synapse/workspaces/{action}, Scope: \
             workspaces/{}/*.",
            caller.object_id, workspace.name
        ),
    )
}

/// The words of a real answer (azure-cli#25872).
pub(super) fn already_exists(
    workspace: &Workspace,
    role: &str,
    principal: &str,
    scope: &str,
) -> Refusal {
    Refusal::plain(
        StatusCode::CONFLICT,
        "RoleAssignmentAlreadyExists",
        format!(
            "Role Assignment with roleId '{role}', principalId '{principal}' and scope '{scope}' within \
             workspace '{}' already exists.",
            workspace.name
        ),
    )
}

/// No such assignment.
pub(super) fn not_found(id: &str) -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "RoleAssignmentNotFound",
        format!("Role Assignment with id '{id}' is not found."),
    )
}
