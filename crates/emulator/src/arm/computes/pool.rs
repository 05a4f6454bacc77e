//! An attached Spark pool: what is checked, and what it shows of the pool (contract §2.1, §2.2).

use serde_json::{Value, json};

use crate::error::{Refusal, bad_request};
use crate::inventory::{self, text};
use crate::settings::NameRule;
use crate::state::App;

/// The rule of the first Python SDK; the service's own is not known.
pub(super) fn check_name(app: &App, name: &str) -> Result<(), Refusal> {
    if app.settings().compute_name == NameRule::Any {
        return Ok(());
    }
    let length = (2..=16).contains(&name.len());
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let last = name.ends_with(|c: char| c.is_ascii_alphanumeric());
    let middle = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if length && first && last && middle {
        return Ok(());
    }
    Err(bad_request(
        "InvalidComputeName",
        format!(
            "The compute name '{name}' is not valid: 2 to 16 letters, digits and hyphens, with a letter \
             first and no hyphen last."
        ),
    ))
}

/// The pool that `resourceId` names, if there is one.
pub(super) fn find(app: &App, resource_id: &str) -> Option<Value> {
    inventory::find(app, resource_id)
        .filter(|found| text(found, "/type") == "Microsoft.Synapse/workspaces/bigDataPools")
}

/// What is said about a pool in another region than the workspace's.
pub(super) fn too_far(app: &App, pool: &Value) -> Value {
    json!({
        "code": "BadRequest",
        "message": format!(
            "The Synapse Spark pool '{}' is in the region '{}', the workspace in '{}'.",
            text(pool, "/name"), text(pool, "/location"), app.world.location
        ),
    })
}

/// What is said about a pool that does not exist.
pub(super) fn missing(resource_id: &str) -> Value {
    json!({
        "code": "BadRequest",
        "message": format!("The Synapse Spark pool '{resource_id}' could not be found."),
    })
}

/// The pool's facts, as the compute shows them. Minimum and maximum are 0 while the pool does not scale.
pub(super) fn facts(app: &App, pool: &Value) -> Value {
    let its = |field: &str| pool.pointer(&format!("/properties/{field}"));
    let scales = its("autoScale/enabled") == Some(&Value::Bool(true));
    let bound = |field: &str| its(field).filter(|_| scales).cloned().unwrap_or(json!(0));
    json!({
        "autoScaleProperties": {
            "enabled": scales,
            "minNodeCount": bound("autoScale/minNodeCount"),
            "maxNodeCount": bound("autoScale/maxNodeCount"),
        },
        "autoPauseProperties": its("autoPause"),
        "sparkVersion": its("sparkVersion"),
        "nodeCount": its("nodeCount"),
        "nodeSize": its("nodeSize"),
        "nodeSizeFamily": its("nodeSizeFamily"),
        "subscriptionId": app.world.subscription,
        "resourceGroup": app.world.resource_group,
        "workspaceName": app.world.workspace,
        "poolName": pool.get("name"),
    })
}
