//! What an operation does to its compute when it is over.

use serde_json::Value;

use super::COMPUTES;
use crate::state::App;

/// Carries out what the operation was started for, and says why if it has failed. A PUT whose compute was
/// written again, or deleted, in the meantime has nothing left to do.
pub(crate) fn ended(app: &App, name: &str, effect: &Value) -> Option<Value> {
    let mut store = app.store();
    if effect.get("kind").and_then(Value::as_str) == Some("delete") {
        store.remove(COMPUTES, name);
        return None;
    }
    let done = effect.get("resource")?;
    let modified = |value: &Value| value.pointer("/properties/modifiedOn").cloned();
    let is_latest = store.get(COMPUTES, name).is_some_and(|now| {
        modified(now) == modified(done)
            && now
                .pointer("/properties/provisioningState")
                .and_then(Value::as_str)
                == Some("Creating")
    });
    if is_latest {
        store.put(COMPUTES, name, done.clone());
    }
    effect
        .get("error")
        .filter(|error| !error.is_null())
        .cloned()
}
