//! What of a run cannot be changed once it is submitted: everything but what Azure, or the operator alone, can change.

use serde_json::{Value, json};

/// The fields that may be changed at any time. A new field is frozen until it is named here.
const OPEN: [&str; 10] = [
    "activeDeadlineSeconds",
    "cancel",
    "deletionPolicy",
    "description",
    "displayName",
    "retry",
    "startDeadlineSeconds",
    "suspend",
    "tags",
    "ttlSecondsAfterFinished",
];

/// Adds to the schema of a `SparkJob` one rule for each field of its spec that is frozen, so that the message names the
/// field. A run was submitted when a submission, or an attempt before it, is on record; a submission that Azure refused
/// is taken off the record, and the spec can be mended.
pub(crate) fn add_rules(schema: &mut Value) {
    let fields: Vec<String> = schema
        .pointer("/properties/spec/properties")
        .and_then(Value::as_object)
        .map(|fields| fields.keys().cloned().collect())
        .unwrap_or_default();
    let rules = schema
        .as_object_mut()
        .map(|schema| {
            schema
                .entry("x-kubernetes-validations")
                .or_insert_with(|| json!([]))
        })
        .and_then(Value::as_array_mut);
    if let Some(rules) = rules {
        rules.extend(
            fields
                .iter()
                .filter(|field| !OPEN.contains(&field.as_str()))
                .map(|field| rule(field)),
        );
    }
}

fn rule(field: &str) -> Value {
    json!({
        "rule": format!(
            "!has(oldSelf.status) || !(has(oldSelf.status.submission) || has(oldSelf.status.attempts)) || (has(self.spec.{field}) == has(oldSelf.spec.{field}) && (!has(self.spec.{field}) || self.spec.{field} == oldSelf.spec.{field}))"
        ),
        "message": format!(
            "spec.{field} is immutable once the run is submitted: a run cannot be changed in Azure; create another SparkJob"
        ),
        "fieldPath": format!(".spec.{field}"),
    })
}
