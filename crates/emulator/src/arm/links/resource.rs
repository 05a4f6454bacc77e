//! A link as it is answered.

use serde_json::{Value, json};

use crate::clock::azure_time;
use crate::state::App;

/// A link with this name to this Synapse workspace; what was there before keeps its name and its birthday.
pub(super) fn made(
    app: &App,
    name: &str,
    synapse: &str,
    identity: &Value,
    before: Option<&Value>,
) -> Value {
    let now = azure_time(app.clock.now());
    let old = |pointer: &str| before.and_then(|it| it.pointer(pointer)).cloned();
    let name = old("/name").unwrap_or_else(|| name.into());
    let id = format!(
        "{}/linkedServices/{}",
        app.world.workspace_arm_id(),
        name.as_str().unwrap_or_default()
    );
    json!({
        "id": id,
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/linkedServices",
        "location": app.world.location,
        "identity": identity,
        "properties": {
            "linkedServiceResourceId": synapse,
            "linkType": "Synapse",
            "createdTime": old("/properties/createdTime").unwrap_or_else(|| now.clone().into()),
            "modifiedTime": now,
        },
    })
}
