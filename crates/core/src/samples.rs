//! What the tables of every kind begin with.

use azureml_spark_api::condition::Condition;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::place::{Place, Reference, Workspace};

/// Now, in every table.
pub(crate) fn now() -> Timestamp {
    ago(0)
}

/// So many seconds before now.
pub(crate) fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 - seconds).unwrap()
}

/// A workspace that is ready.
pub(crate) fn workspace() -> Reference<Workspace> {
    Reference::Ready(Workspace {
        place: Place {
            namespace: "team".to_owned(),
            name: "ml".to_owned(),
        },
        azure_id: "/workspaces/ml".to_owned(),
        location: "eastus".to_owned(),
        storage_account_id: None,
        operators_identity: false,
    })
}

/// Sets a field of a spec, by its name in manifests.
pub(crate) fn set_field<S: Serialize + DeserializeOwned>(spec: &mut S, field: &str, value: Value) {
    let mut fields = serde_json::to_value(&*spec).unwrap();
    fields[field] = value;
    *spec = serde_json::from_value(fields).unwrap();
}

/// A condition, by its type.
pub(crate) fn condition<'c>(conditions: &'c [Condition], kind: &str) -> Option<&'c Condition> {
    conditions.iter().find(|c| c.type_ == kind)
}
