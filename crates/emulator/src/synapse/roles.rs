//! The built-in roles: ids, names and scopes as a recorded answer of 2021 has them, and of their actions
//! those that matter to Spark.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::Workspace;
use super::access::demand;
use crate::error::{Answer, Refusal};
use crate::login::Caller;
use crate::settings::SufficientPoolRole;
use crate::state::App;

/// Synapse Administrator.
pub(super) const ADMINISTRATOR: &str = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78";
const SPARK_ADMINISTRATOR: &str = "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1";
const COMPUTE_OPERATOR: &str = "e3844cc7-4670-42cb-9349-9bdac1ee7881";
const CONTRIBUTOR: &str = "7572bffe-f453-4b66-912a-46cc5ef38fda";

const READ: &str = "read";
const GRANT: &str = "roleAssignments/write";
const REVOKE: &str = "roleAssignments/delete";
const USE_POOL: &str = "bigDataPools/useCompute/action";
const ENDPOINTS: &str = "managedPrivateEndpoint/write";
const VIEW_LOGS: &str = "bigDataPools/viewLogs/action";

struct Role {
    id: &'static str,
    name: &'static str,
    pool_scope: bool,
    actions: &'static [&'static str],
}

const ROLES: [Role; 10] = [
    Role {
        id: ADMINISTRATOR,
        name: "Synapse Administrator",
        pool_scope: true,
        actions: &[READ, GRANT, REVOKE, USE_POOL, VIEW_LOGS, ENDPOINTS],
    },
    Role {
        id: "dd665582-e433-40ca-b183-1b1b33e73375",
        name: "Synapse Linked Data Manager",
        pool_scope: false,
        actions: &[READ, ENDPOINTS],
    },
    Role {
        id: CONTRIBUTOR,
        name: "Synapse Contributor",
        pool_scope: true,
        actions: &[READ, USE_POOL, VIEW_LOGS],
    },
    Role {
        id: "05930f57-09a3-4c0d-9fa9-6d1eb91c178b",
        name: "Synapse Artifact Publisher",
        pool_scope: false,
        actions: &[READ],
    },
    Role {
        id: "53faaa0e-40b6-40c8-a2ff-e38f2d388875",
        name: "Synapse Artifact User",
        pool_scope: false,
        actions: &[READ],
    },
    Role {
        id: COMPUTE_OPERATOR,
        name: "Synapse Compute Operator",
        pool_scope: true,
        actions: &[READ, USE_POOL, VIEW_LOGS],
    },
    Role {
        id: "5eb298b4-692c-4241-9cf0-f58a3b42bb25",
        name: "Synapse Credential User",
        pool_scope: false,
        actions: &[READ],
    },
    Role {
        id: "2a385764-43e8-416c-9825-7b18d05a2c4b",
        name: "Synapse User",
        pool_scope: true,
        actions: &[READ],
    },
    Role {
        id: SPARK_ADMINISTRATOR,
        name: "Apache Spark Administrator",
        pool_scope: false,
        actions: &[READ, USE_POOL, VIEW_LOGS],
    },
    Role {
        id: "7af0c69a-a548-47d6-aea3-d00e69bd83aa",
        name: "Synapse SQL Administrator",
        pool_scope: false,
        actions: &[READ],
    },
];

/// Whether a role of that id exists.
pub(crate) fn exists(id: &str) -> bool {
    find(id).is_some()
}

/// Whether the role can be assigned at the scope of one pool.
pub(super) fn at_pool(app: &App, id: &str) -> bool {
    find(id).is_some_and(|role| takes_pool(app, role))
}

/// Whether the role has the action, such as `roleAssignments/write`.
pub(super) fn has_action(id: &str, action: &str) -> bool {
    find(id).is_some_and(|role| {
        role.actions.iter().any(|its| {
            its.eq_ignore_ascii_case(action.trim_start_matches("Microsoft.Synapse/workspaces/"))
        })
    })
}

/// Whether the role lets a job of Azure ML run on a pool. Azure ML's documentation asks for the
/// administrator; whether less is enough is a setting.
pub(super) fn runs_jobs(id: &str, least: SufficientPoolRole) -> bool {
    let sufficient: &[&str] = match least {
        SufficientPoolRole::Administrator => &[ADMINISTRATOR],
        SufficientPoolRole::SparkAdministrator => &[ADMINISTRATOR, SPARK_ADMINISTRATOR],
        SufficientPoolRole::ComputeOperator => &[
            ADMINISTRATOR,
            SPARK_ADMINISTRATOR,
            CONTRIBUTOR,
            COMPUTE_OPERATOR,
        ],
    };
    sufficient.iter().any(|role| role.eq_ignore_ascii_case(id))
}

/// `GET /roleDefinitions`: a bare array.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
) -> Answer {
    demand(&app, &workspace, &caller, READ)?;
    let roles: Vec<Value> = ROLES.iter().map(|role| json(&app, role)).collect();
    Ok(Json(roles).into_response())
}

/// `GET /roleDefinitions/{id}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    demand(&app, &workspace, &caller, READ)?;
    let role = find(&id).ok_or_else(|| {
        Refusal::plain(
            StatusCode::NOT_FOUND,
            "RoleDefinitionNotFound",
            format!("Role Definition with id '{id}' is not found."),
        )
    })?;
    Ok(Json(json(&app, role)).into_response())
}

/// `GET /rbacScopes`: the shapes that scopes can have.
pub(super) async fn scopes(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
) -> Answer {
    demand(&app, &workspace, &caller, READ)?;
    Ok(Json([WORKSPACE_SCOPE, POOL_SCOPE]).into_response())
}

const WORKSPACE_SCOPE: &str = "workspaces/{workspaceName}";
const POOL_SCOPE: &str = "workspaces/{workspaceName}/bigDataPools/{bigDataPoolName}";

fn json(app: &App, role: &Role) -> Value {
    let mut scopes = vec![WORKSPACE_SCOPE];
    if takes_pool(app, role) {
        scopes.push(POOL_SCOPE);
    }
    let actions: Vec<String> = role
        .actions
        .iter()
        .map(|action| format!("Microsoft.Synapse/workspaces/{action}"))
        .collect();
    json!({
        "id": role.id,
        "name": role.name,
        "isBuiltIn": true,
        "description": format!("Built-in role {}.", role.name),
        "permissions": [
            {"actions": [], "notActions": [], "dataActions": actions, "notDataActions": []},
        ],
        "scopes": scopes,
        "availabilityStatus": "Available",
    })
}

fn takes_pool(app: &App, role: &Role) -> bool {
    role.pool_scope
        || (role.id == SPARK_ADMINISTRATOR && app.settings().spark_administrator_at_pool)
}

fn find(id: &str) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.id.eq_ignore_ascii_case(id))
}
