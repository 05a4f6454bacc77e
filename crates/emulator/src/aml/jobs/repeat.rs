//! A PUT on a name that exists (contract §13): refused, unless nothing but description, tags,
//! display name, properties and archived differs from what the service keeps.

use axum::http::StatusCode;
use serde_json::Value;

use super::job::Job;
use super::shown;
use super::validate::{Fields, given};
use crate::error::{Refusal, UserError};
use crate::settings::RepeatedPut;
use crate::state::App;

/// Fields that may change, and those that the service writes.
const FREE: [&str; 7] = [
    "description",
    "tags",
    "displayName",
    "properties",
    "isArchived",
    "status",
    "services",
];

/// Takes what may change into the job, or refuses.
pub(crate) fn apply(app: &App, job: &mut Job, fields: &Fields) -> Result<(), Refusal> {
    let differing = differing(app, job, fields);
    if !differing.is_empty() {
        return Err(immutable(app, &differing));
    }
    if let Some(text) = given(fields, "displayName") {
        job.display_name = text.clone();
    }
    if let Some(text) = given(fields, "description") {
        job.description = text.clone();
    }
    if let Some(archived) = given(fields, "isArchived").and_then(Value::as_bool) {
        job.archived = archived;
    }
    // Tags can be added and changed, not removed; properties only added (contract §3.5, §13).
    for (key, value) in given(fields, "tags")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        job.tags.insert(key.clone(), value.clone());
    }
    for (key, value) in given(fields, "properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        job.notes
            .entry(key.clone())
            .or_insert_with(|| value.clone());
    }
    Ok(())
}

/// The fields that differ from what the service keeps. It keeps more than was sent – its own output
/// in the least – so the same body once more differs; the setting `accept` compares with what was
/// sent instead.
fn differing(app: &App, job: &Job, fields: &Fields) -> Vec<String> {
    let mut kept = Fields::clone(&job.sent);
    if app.settings().repeated_put != RepeatedPut::Accept {
        let outputs = kept
            .entry("outputs")
            .or_insert_with(|| Value::Object(Fields::new()));
        if let Value::Object(outputs) = outputs {
            outputs.insert("default".to_owned(), shown::default_output(&job.name));
        }
    }
    let mut names: Vec<&String> = kept.keys().chain(fields.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| !FREE.contains(&name.as_str()))
        .filter(|name| !same(kept.get(*name), fields.get(*name)))
        .map(|name| capitalised(name))
        .collect()
}

/// Equal, where null, an empty map and nothing are the same, and the case of ids does not count.
fn same(one: Option<&Value>, other: Option<&Value>) -> bool {
    let empty = |value: &Value| {
        value.is_null()
            || value
                .as_object()
                .is_some_and(|map| map.values().all(Value::is_null))
    };
    match (one.filter(|v| !empty(v)), other.filter(|v| !empty(v))) {
        (None, None) => true,
        (Some(Value::String(one)), Some(Value::String(other))) => {
            one == other || (one.starts_with('/') && one.eq_ignore_ascii_case(other))
        }
        (Some(Value::Object(one)), Some(Value::Object(other))) => one
            .keys()
            .chain(other.keys())
            .all(|key| same(one.get(key), other.get(key))),
        (one, other) => one == other,
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string())
        .unwrap_or_default()
        + letters.as_str()
}

fn immutable(app: &App, differing: &[String]) -> Refusal {
    let format = "A job with this name already exists. If you are trying to create a new job, use a \
                  different name. If you are trying to update an existing job, the existing job's \
                  {property} cannot be changed. Only description, tags, displayName, properties, and \
                  isArchived can be updated.";
    let property = differing.join(", ");
    let status = match app.settings().repeated_put {
        RepeatedPut::Refuse409 => StatusCode::CONFLICT,
        RepeatedPut::Refuse400 | RepeatedPut::Accept => StatusCode::BAD_REQUEST,
    };
    let error = UserError {
        chain: &["Immutable", "JobPropertyImmutable"],
        message: &format.replace("{property}", &property),
        format,
        parameters: &[("property", &property)],
    };
    Refusal::user(app, status, error)
}
