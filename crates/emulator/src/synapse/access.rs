//! What a principal may do in the Synapse workspace.

use jiff::Timestamp;
use serde_json::Value;

use super::refusal::unauthorized;
use super::scope::Scope;
use super::{ASSIGNMENTS, Workspace, roles};
use crate::clock::after;
use crate::error::Refusal;
use crate::inventory::{self, text};
use crate::login::Caller;
use crate::state::App;

/// Whether the principal may run Spark on the pool, given by its ARM id: it holds a sufficient role at the
/// pool or the workspace, for long enough that the role has an effect.
pub(crate) fn has_role(app: &App, principal: &str, pool_arm_id: &str) -> bool {
    let Some(pool) = inventory::find(app, pool_arm_id) else {
        return false;
    };
    let (synapse, _) = text(&pool, "/id")
        .split_once("/bigDataPools/")
        .unwrap_or_default();
    let Some(workspace) = Workspace::of_id(app, synapse) else {
        return false;
    };
    let pool = text(&pool, "/name");
    let settings = app.settings();
    effective(app, &workspace, principal)
        .iter()
        .any(|(role, scope)| {
            scope.covers_pool(pool) && roles::runs_jobs(role, settings.sufficient_pool_role)
        })
}

/// Refuses a caller who lacks the action at the workspace.
pub(super) fn demand(
    app: &App,
    workspace: &Workspace,
    caller: &Caller,
    action: &str,
) -> Result<(), Refusal> {
    if has_action(app, workspace, &caller.object_id, action, &Scope::Workspace) {
        Ok(())
    } else {
        Err(unauthorized(workspace, caller, action))
    }
}

/// Whether the principal has the action at the scope.
pub(super) fn has_action(
    app: &App,
    workspace: &Workspace,
    principal: &str,
    action: &str,
    at: &Scope,
) -> bool {
    effective(app, workspace, principal)
        .iter()
        .any(|(role, scope)| {
            let reaches = match at {
                Scope::Workspace => *scope == Scope::Workspace,
                Scope::Pool(pool) => scope.covers_pool(pool),
            };
            reaches && roles::has_action(role, action)
        })
}

/// Role ids and scopes of the principal that have an effect by now.
fn effective(app: &App, workspace: &Workspace, principal: &str) -> Vec<(String, Scope)> {
    let delay = app.settings().synapse_role_seconds;
    let now = app.clock.now();
    let field = |value: &Value, name: &str| {
        value
            .get("answer")
            .and_then(|answer| answer.get(name))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let held: Vec<Value> = app
        .group()
        .list(ASSIGNMENTS)
        .map(|(_, kept)| kept)
        .filter(|kept| is_of(kept, workspace))
        .filter(|kept| {
            field(kept, "principalId").is_some_and(|id| id.eq_ignore_ascii_case(principal))
        })
        .filter(|kept| after(since(kept), delay) <= now)
        .cloned()
        .collect();
    held.iter()
        .filter_map(|kept| {
            let scope = Scope::read(app, workspace, &field(kept, "scope")?)?;
            Some((field(kept, "roleDefinitionId")?, scope))
        })
        .collect()
}

/// Whether a kept assignment is one of the workspace.
pub(super) fn is_of(kept: &Value, workspace: &Workspace) -> bool {
    text(kept, "/workspace").eq_ignore_ascii_case(&workspace.name)
}

/// When a kept assignment was made.
pub(super) fn since(kept: &Value) -> Timestamp {
    kept.get("since")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
