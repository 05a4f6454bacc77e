//! A cluster of virtual machines. Nothing is started for it: jobs of this emulator do not run on clusters.

use serde_json::{Map, Value, json};

use crate::error::{Refusal, bad_request};

/// The cluster's properties: what was sent, and the state of nodes that stands beside it.
pub(super) fn facts(sent: Option<&Value>) -> Result<Value, Refusal> {
    let mut facts: Map<String, Value> =
        sent.and_then(Value::as_object).cloned().unwrap_or_default();
    if !facts.get("vmSize").is_some_and(Value::is_string) {
        return Err(bad_request(
            "BadArgument",
            "The property 'vmSize' is required.",
        ));
    }
    let state = json!({
        "allocationState": "Steady",
        "currentNodeCount": 0,
        "targetNodeCount": 0,
        "errors": null,
        "nodeStateCounts": {
            "idleNodeCount": 0,
            "leavingNodeCount": 0,
            "preemptedNodeCount": 0,
            "preparingNodeCount": 0,
            "runningNodeCount": 0,
            "unusableNodeCount": 0,
        },
    });
    let defaults = json!({
        "osType": "Linux",
        "vmPriority": "Dedicated",
        "isolatedNetwork": false,
        "enableNodePublicIp": true,
        "remoteLoginPortPublicAccess": "NotSpecified",
        "scaleSettings": {
            "minNodeCount": 0,
            "maxNodeCount": 1,
            "nodeIdleTimeBeforeScaleDown": "PT120S",
        },
        "subnet": null,
        "userAccountCredentials": null,
        "virtualMachineImage": null,
    });
    for (name, value) in defaults.as_object().into_iter().flatten() {
        let field = facts.entry(name.clone()).or_insert(Value::Null);
        if field.is_null() {
            *field = value.clone();
        }
    }
    facts.extend(state.as_object().cloned().unwrap_or_default());
    Ok(Value::Object(facts))
}
