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

/// What is said of a field that was changed all the same, after its name.
const FROZEN: &str = "is immutable once the run is submitted: a run cannot be changed in Azure; create another SparkJob";

/// Adds to the schema of a `SparkJob` the rule that the fields of its spec are frozen; the message names the one that was
/// changed. A run was submitted when a submission, or an attempt before it, is on record; a submission that Azure refused
/// is taken off the record, and the spec can be mended.
///
/// One rule and not one for each field: all of them are asked at each write of a status, five times in the life of a job,
/// and together they were two thirds of what that write cost the apiserver.
pub(crate) fn add_rules(schema: &mut Value) {
    let spec = schema.pointer("/properties/spec");
    let fields = spec.and_then(|spec| spec.get("properties")?.as_object());
    let required = spec.and_then(|spec| spec.get("required")?.as_array());
    let is_required = |field: &str| {
        let mut all = required.into_iter().flatten();
        all.any(|name| name.as_str() == Some(field))
    };
    let fields = fields.into_iter().flat_map(|fields| fields.keys());
    let frozen = fields.filter(|field| !OPEN.contains(&field.as_str()));
    let frozen: Vec<(&str, String)> = frozen
        .map(|field| (field.as_str(), is_same(field, is_required(field))))
        .collect();
    let rule = rule(&frozen);
    let rules = schema
        .as_object_mut()
        .map(|schema| {
            schema
                .entry("x-kubernetes-validations")
                .or_insert_with(|| json!([]))
        })
        .and_then(Value::as_array_mut);
    if let Some(rules) = rules {
        rules.push(rule);
    }
}

fn is_same(field: &str, required: bool) -> String {
    let same = format!("self.spec.{field} == oldSelf.spec.{field}");
    if required {
        return same;
    }
    format!(
        "(has(self.spec.{field}) ? has(oldSelf.spec.{field}) && {same} : !has(oldSelf.spec.{field}))"
    )
}

fn rule(frozen: &[(&str, String)]) -> Value {
    let all: Vec<&str> = frozen.iter().map(|(_, same)| same.as_str()).collect();
    let changed = frozen
        .iter()
        .rev()
        .fold("''".to_owned(), |others, (field, same)| {
            format!("!({same}) ? '{field}' : {others}")
        });
    json!({
        "rule": format!(
            "!has(oldSelf.status) || !(has(oldSelf.status.submission) || has(oldSelf.status.attempts)) || self.spec == oldSelf.spec || ({})",
            all.join(" && ")
        ),
        "messageExpression": format!("'spec.' + ({changed}) + ' {FROZEN}'"),
    })
}
