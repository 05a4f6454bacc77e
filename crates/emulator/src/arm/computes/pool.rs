//! An attached Spark pool: what is checked, and what it shows of the pool (contract §2.1, §2.2).

use serde_json::{Value, json};

use crate::Pool;
use crate::error::{Refusal, bad_request};
use crate::settings::ComputeName;
use crate::state::App;

/// The rule of the first Python SDK; the service's own is not known.
pub(super) fn check_name(app: &App, name: &str) -> Result<(), Refusal> {
    if app.settings().compute_name == ComputeName::Any {
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
pub(super) fn find<'a>(app: &'a App, resource_id: &str) -> Option<&'a Pool> {
    app.world.pools.iter().find(|pool| {
        app.world
            .pool_arm_id(&pool.name)
            .eq_ignore_ascii_case(resource_id)
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
pub(super) fn facts(app: &App, pool: &Pool) -> Value {
    let bound = |count: u32| if pool.auto_scale { count } else { 0 };
    json!({
        "autoScaleProperties": {
            "enabled": pool.auto_scale,
            "minNodeCount": bound(pool.min_node_count),
            "maxNodeCount": bound(pool.max_node_count),
        },
        "autoPauseProperties": {
            "enabled": pool.auto_pause_minutes > 0,
            "delayInMinutes": pool.auto_pause_minutes,
        },
        "sparkVersion": pool.spark_version,
        "nodeCount": pool.node_count,
        "nodeSize": pool.node_size,
        "nodeSizeFamily": "MemoryOptimized",
        "subscriptionId": app.world.subscription,
        "resourceGroup": app.world.resource_group,
        "workspaceName": app.world.workspace,
        "poolName": pool.name,
    })
}
