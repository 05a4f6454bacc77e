//! What a principal may do in the Synapse workspace.

use jiff::Timestamp;
use serde_json::Value;

use super::refusal::unauthorized;
use super::scope::Scope;
use super::{ASSIGNMENTS, roles};
use crate::clock::after;
use crate::error::Refusal;
use crate::login::Caller;
use crate::state::App;

/// Whether the principal may run Spark on the pool, given by its ARM id: it holds a sufficient role at the
/// pool or the workspace, for long enough that the role has an effect.
pub(crate) fn has_role(app: &App, principal: &str, pool_arm_id: &str) -> bool {
    let Some(pool) = app.world.pools.iter().find(|pool| {
        app.world
            .pool_arm_id(&pool.name)
            .eq_ignore_ascii_case(pool_arm_id)
    }) else {
        return false;
    };
    let settings = app.settings();
    effective(app, principal).iter().any(|(role, scope)| {
        scope.covers_pool(&pool.name) && roles::runs_jobs(role, settings.sufficient_pool_role)
    })
}

/// Refuses a caller who lacks the action at the workspace.
pub(super) fn demand(app: &App, caller: &Caller, action: &str) -> Result<(), Refusal> {
    if has_action(app, &caller.object_id, action, &Scope::Workspace) {
        Ok(())
    } else {
        Err(unauthorized(app, caller, action))
    }
}

/// Whether the principal has the action at the scope.
pub(super) fn has_action(app: &App, principal: &str, action: &str, at: &Scope) -> bool {
    effective(app, principal).iter().any(|(role, scope)| {
        let reaches = match at {
            Scope::Workspace => *scope == Scope::Workspace,
            Scope::Pool(pool) => scope.covers_pool(pool),
        };
        reaches && roles::has_action(role, action)
    })
}

/// Role ids and scopes of the principal that have an effect by now.
fn effective(app: &App, principal: &str) -> Vec<(String, Scope)> {
    let delay = app.settings().synapse_role_seconds;
    let now = app.clock.now();
    let field = |value: &Value, name: &str| {
        value
            .get("answer")
            .and_then(|answer| answer.get(name))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    app.store()
        .list(ASSIGNMENTS)
        .filter(|(_, kept)| {
            field(kept, "principalId").is_some_and(|id| id.eq_ignore_ascii_case(principal))
        })
        .filter(|(_, kept)| after(since(kept), delay) <= now)
        .filter_map(|(_, kept)| {
            let scope = Scope::read(&app.world, &field(kept, "scope")?)?;
            Some((field(kept, "roleDefinitionId")?, scope))
        })
        .collect()
}

fn since(kept: &Value) -> Timestamp {
    kept.get("since")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
