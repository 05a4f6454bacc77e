//! Versions that the service makes by itself, of a run's outputs.

use serde_json::{Map, Value, json};

use super::{completed, uri};
use crate::aml::system_data;
use crate::state::App;

/// Makes a version and says its asset id; nothing when there is one. Without a version of its own it gets the
/// number after the highest.
pub(crate) fn register(
    app: &App,
    word: &'static str,
    (name, version): (&str, Option<&str>),
    by: &str,
    fields: Map<String, Value>,
) -> Option<String> {
    let mut store = app.store();
    let version = version.map_or_else(
        || {
            let prefix = format!("{}/", name.to_ascii_lowercase());
            let taken = store
                .list(word)
                .filter_map(|(key, _)| key.strip_prefix(&prefix)?.parse::<u64>().ok());
            (taken.max().unwrap_or(0) + 1).to_string()
        },
        str::to_owned,
    );
    let key = format!("{name}/{version}");
    if store.get(word, &key).is_some() {
        return None;
    }
    let shown = json!({
        "id": format!("{}/{word}/{name}/versions/{version}", app.world.workspace_arm_id()),
        "name": version,
        "type": format!("Microsoft.MachineLearningServices/workspaces/{word}/versions"),
        "properties": completed(fields),
        "systemData": system_data(app, by),
    });
    store.put(word, &key, shown);
    Some(uri(app, word, name, &version))
}
