//! Rows: changes of a valid spec, and what the apiserver says to each.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The rows for `SparkJob`, in YAML: [`Rows`].
pub const SPARK_JOB_ROWS: &str = include_str!("spark_job.yaml");

/// A valid spec, and rows that change it.
#[derive(Clone, Debug, Deserialize)]
pub struct Rows {
    /// The valid spec.
    pub spec: Value,
    /// Changes of what is first written.
    pub create: Vec<Row>,
    /// Changes of what was written with `before`; nothing is submitted yet.
    pub update: Vec<Row>,
    /// Changes of what is submitted.
    pub late: Vec<Row>,
}

/// One change.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    /// A merge patch that is in force already.
    #[serde(default)]
    pub before: Value,
    /// The merge patch that is tried.
    pub patch: Value,
    /// Part of the message with which it is refused; accepted if there is none.
    pub refused: Option<String>,
}

/// A value with merge patches laid over it, one after the other (RFC 7386); one that is null changes nothing.
pub fn patched(value: &Value, patches: &[&Value]) -> Value {
    let changes = patches.iter().filter(|patch| !patch.is_null());
    changes.fold(value.clone(), |value, patch| merge(value, patch))
}

fn merge(value: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else {
        return patch.clone();
    };
    let mut fields = match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for (name, change) in changes {
        let old = fields.remove(name).unwrap_or_default();
        if !change.is_null() {
            fields.insert(name.clone(), merge(old, change));
        }
    }
    Value::Object(fields)
}
