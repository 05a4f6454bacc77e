//! What a new Spark job has to fulfil. What the service itself refuses is known from one recording
//! (identity); the rest are the SDK's rules and the model's required fields, see `docs/fidelity.md`.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::refusal::{invalid, not_found};
use super::{references, size};
use crate::arm::workspace;
use crate::error::Refusal;
use crate::settings::{Refusing, RetiredRuntime};
use crate::state::App;

/// The fields of a job's `properties`.
pub(crate) type Fields = Map<String, Value>;

/// Types of inputs and outputs that are no literals (contract §3.2).
const DATA_TYPES: [&str; 6] = [
    "uri_file",
    "uri_folder",
    "mltable",
    "custom_model",
    "mlflow_model",
    "triton_model",
];

/// Runtimes that were disabled, with everything behind a point (contract §10).
const RETIRED: [&str; 2] = ["3.1", "3.2"];

/// Instance types of serverless Spark, compared without case (contract §10).
const INSTANCE_TYPES: [&str; 5] = [
    "standard_e4s_v3",
    "standard_e8s_v3",
    "standard_e16s_v3",
    "standard_e32s_v3",
    "standard_e64s_v3",
];

/// `^[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}$` (contract §10).
pub(crate) fn name(app: &App, name: &str) -> Result<(), Refusal> {
    let fits = (1..=255).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && name.starts_with(|first: char| first.is_ascii_alphanumeric());
    if fits {
        Ok(())
    } else {
        Err(invalid(
            app,
            &format!("The job name '{name}' is not valid."),
        ))
    }
}

/// Checks a new job.
pub(crate) fn job(app: &App, fields: &Fields) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(invalid(app, message));
    match text(fields, "jobType") {
        Some("Spark") => {}
        Some(other) => {
            return refuse(&format!(
                "The emulator runs jobs of type Spark only, not '{other}'."
            ));
        }
        None => return refuse("jobType is required."),
    }
    limits(app, fields)?;
    entry(app, fields)?;
    data(app, fields)?;
    lists(app, fields)?;
    references::check(app, fields)?;
    size::check(app, fields)?;
    match (text(fields, "computeId"), given(fields, "resources")) {
        (Some(_), Some(_)) | (None, None) => {
            refuse("Exactly one of computeId and resources is required.")
        }
        (Some(id), None) => references::compute(app, id),
        (None, Some(resources)) => {
            serverless(app, resources)?;
            identity(app, given(fields, "identity"))
        }
    }
}

/// Sizes that the models state (contract §3.2).
pub(crate) fn limits(app: &App, fields: &Fields) -> Result<(), Refusal> {
    let refuse = |message: String| Err(invalid(app, &message));
    for (field, longest) in [
        ("displayName", 256),
        ("experimentName", 256),
        ("description", 5000),
    ] {
        if text(fields, field).is_some_and(|text| text.chars().count() > longest) {
            return refuse(format!("{field} is longer than {longest} characters."));
        }
    }
    for field in ["tags", "properties"] {
        let Some(map) = given(fields, field) else {
            continue;
        };
        let Some(map) = map.as_object() else {
            return refuse(format!("{field} must be a map of texts."));
        };
        if map.len() > 50 {
            return refuse(format!("There are more than 50 {field}."));
        }
        for (key, value) in map {
            let fits = value
                .as_str()
                .is_some_and(|value| value.chars().count() <= 1000);
            if key.chars().count() > 100 || !fits {
                return refuse(format!(
                    "The entry '{key}' of {field} is too long or not a text."
                ));
            }
        }
    }
    Ok(())
}

fn entry(app: &App, fields: &Fields) -> Result<(), Refusal> {
    let entry = given(fields, "entry");
    let part = |name: &str| {
        entry
            .and_then(|entry| entry.get(name))
            .and_then(Value::as_str)
    };
    let wanted = match part("sparkJobEntryType") {
        Some("SparkJobPythonEntry") => "file",
        Some("SparkJobScalaEntry") => "className",
        _ => {
            return Err(invalid(
                app,
                "entry with a known sparkJobEntryType is required.",
            ));
        }
    };
    // The old models' pattern `[a-zA-Z0-9_]` asks for one such character somewhere.
    let fits = |text: &str| text.contains(|c: char| c.is_ascii_alphanumeric() || c == '_');
    match part(wanted) {
        Some(text) if fits(text) => Ok(()),
        _ => Err(invalid(app, &format!("entry.{wanted} is required."))),
    }
}

/// Types and modes of inputs and outputs; Spark knows `Direct` only (contract §3.2).
fn data(app: &App, fields: &Fields) -> Result<(), Refusal> {
    for (field, kind, most) in [
        ("inputs", "jobInputType", usize::MAX),
        ("outputs", "jobOutputType", 20),
    ] {
        let Some(map) = given(fields, field) else {
            continue;
        };
        let map = map
            .as_object()
            .ok_or_else(|| invalid(app, &format!("{field} must be a map.")))?;
        if map.len() > most {
            return Err(invalid(
                app,
                &format!("There are more than {most} {field}."),
            ));
        }
        for (name, value) in map {
            let part = |key: &str| value.get(key).and_then(Value::as_str);
            let problem = match (part(kind), part("mode")) {
                (None, _) => Some(format!("needs a {kind}")),
                (Some("literal"), _) if field == "inputs" => part("value")
                    .is_none()
                    .then(|| "is a literal without a text value".to_owned()),
                (Some(other), _) if !DATA_TYPES.contains(&other) => {
                    Some(format!("has the unknown {kind} {other}"))
                }
                (Some(_), Some(mode)) if mode != "Direct" => {
                    Some(format!("has mode {mode}; Spark jobs know Direct only"))
                }
                _ if field == "inputs" && part("uri").is_none() => Some("needs a uri".to_owned()),
                _ => None,
            };
            if let Some(problem) = problem {
                return Err(invalid(app, &format!("{field}.{name} {problem}.")));
            }
        }
    }
    Ok(())
}

/// Lists of files, each without duplicates (contract §10).
fn lists(app: &App, fields: &Fields) -> Result<(), Refusal> {
    for field in ["pyFiles", "jars", "files", "archives"] {
        let Some(list) = given(fields, field) else {
            continue;
        };
        let Some(list) = list
            .as_array()
            .filter(|list| list.iter().all(Value::is_string))
        else {
            return Err(invalid(app, &format!("{field} must be a list of texts.")));
        };
        let twice = |(index, file): (usize, &Value)| list.iter().take(index).any(|one| one == file);
        if list.iter().enumerate().any(twice) {
            return Err(invalid(app, &format!("{field} names a file twice.")));
        }
    }
    Ok(())
}

fn serverless(app: &App, resources: &Value) -> Result<(), Refusal> {
    let part = |key: &str| resources.get(key).and_then(Value::as_str);
    let known = |kind: &str| {
        INSTANCE_TYPES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(kind))
    };
    let settings = app.settings();
    let unlisted = settings.unknown_instance_type == Refusing::Accept;
    if !part("instanceType").is_some_and(|kind| known(kind) || (unlisted && !kind.is_empty())) {
        return Err(invalid(
            app,
            "resources.instanceType is not one of serverless Spark.",
        ));
    }
    match part("runtimeVersion").filter(|version| !version.is_empty()) {
        None => Err(invalid(app, "resources.runtimeVersion is required.")),
        Some(version) if settings.retired_runtime == RetiredRuntime::Refuse => {
            retired(version).map_or(Ok(()), |words| Err(invalid(app, &words)))
        }
        Some(_) => Ok(()),
    }
}

/// What is said of a runtime that was disabled.
pub(super) fn retired(version: &str) -> Option<String> {
    RETIRED
        .iter()
        .any(|old| {
            version
                .strip_prefix(old)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
        .then(|| format!("The Spark runtime version {version} is disabled."))
}

/// Serverless Spark needs somebody to be: recorded for a service principal without `identity`
/// (contract §0.2, §3.2).
fn identity(app: &App, identity: Option<&Value>) -> Result<(), Refusal> {
    let part = |key: &str| identity.and_then(|i| i.get(key)).and_then(Value::as_str);
    let missing = |named: &str| {
        let format =
            "User assigned identity {identity} is not attached to AML workspace {workspace}.";
        let workspace = app.world.workspace.as_str();
        let parameters = [("identity", named), ("workspace", workspace)];
        Err(not_found(
            app,
            "UserAssignedIdentityNotFound",
            format,
            &parameters,
        ))
    };
    match part("identityType") {
        Some("Managed") => {
            let named = ["clientId", "objectId", "resourceId"]
                .into_iter()
                .find_map(part);
            let attached = workspace::now(app)?
                .pointer("/identity/userAssignedIdentities")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .any(|(id, assigned)| {
                    let part = |field| assigned.get(field).and_then(Value::as_str);
                    let mut its_ids = [part("clientId"), part("principalId"), Some(id.as_str())]
                        .into_iter()
                        .flatten();
                    named.is_none_or(|named| its_ids.any(|one| one.eq_ignore_ascii_case(named)))
                });
            if attached {
                Ok(())
            } else {
                missing(named.unwrap_or_default())
            }
        }
        Some("UserIdentity") if app.settings().application_as_user == Refusing::Accept => Ok(()),
        _ => missing(""),
    }
}

/// Whether the job asks to run as the submitter, which takes a second token (contract §0.1).
pub(crate) fn runs_as_user(fields: &Fields) -> bool {
    given(fields, "identity")
        .and_then(|identity| identity.get("identityType"))
        .and_then(Value::as_str)
        == Some("UserIdentity")
}

/// Refuses a missing or wrong `x-azureml-token`.
pub(crate) fn user_token(app: &App, token: Option<&str>) -> Result<(), Refusal> {
    use crate::addresses::Audience;
    if app.settings().missing_aml_token == Refusing::Accept && token.is_none() {
        return Ok(());
    }
    let verified = token.map(|token| crate::login::verify(app, token, Audience::MachineLearning));
    match verified {
        Some(Ok(_)) => Ok(()),
        Some(Err(_)) => Err(Refusal::plain(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationToken",
            "The token in x-azureml-token is not valid for Azure ML.",
        )),
        None => Err(invalid(
            app,
            "Jobs with UserIdentity need the header x-azureml-token.",
        )),
    }
}

/// A field that is there and not null.
pub(crate) fn given<'a>(fields: &'a Fields, field: &str) -> Option<&'a Value> {
    fields.get(field).filter(|value| !value.is_null())
}

/// A field that is a text.
pub(crate) fn text<'a>(fields: &'a Fields, field: &str) -> Option<&'a str> {
    fields.get(field)?.as_str()
}
