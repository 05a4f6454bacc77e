//! What a new job names: code, an environment, data, a compute. Whether a name that leads nowhere is noticed
//! when the job is sent or when it runs is a setting for each.

use serde_json::Value;

use super::job::{Job, compute_name};
use super::refusal::{invalid, not_found};
use super::validate::{Fields, given, retired, text};
use crate::aml::assets::{self, Named};
use crate::error::Refusal;
use crate::settings::{Reference, RetiredRuntime};
use crate::spark::{Failure, missing_file};
use crate::state::App;

/// Refuses what the settings let the service notice at once.
pub(super) fn check(app: &App, fields: &Fields) -> Result<(), Refusal> {
    let settings = app.settings();
    code(app, fields, settings.unknown_code)?;
    if settings.unknown_environment == Reference::Refuse
        && let Some((id, name, version)) = unknown_environment(app, fields)
    {
        return Err(assets::no_environment(app, &id, &name, &version));
    }
    if settings.unknown_data == Reference::Refuse
        && let Some(id) = unknown_data(app, fields)
    {
        return Err(assets::no_asset(app, &id));
    }
    if settings.missing_file == Reference::Refuse
        && let Some(problem) = missing_file(app, fields)
    {
        return Err(invalid(app, &problem.to_string()));
    }
    Ok(())
}

/// What a job meets when it starts, of what was let pass when it was sent.
pub(crate) fn at_start(app: &App, job: &Job) -> Result<(), Failure> {
    if let Some((_, name, version)) = unknown_environment(app, &job.sent) {
        let words = format!("No environment exists for name: {name}, version: {version}, label: ");
        return Err(Failure::new(words));
    }
    if let Some(id) = unknown_data(app, &job.sent) {
        return Err(Failure::new(format!("Could not find asset with ID: {id}")));
    }
    let runtime = job
        .sent
        .get("resources")
        .and_then(|kept| kept.get("runtimeVersion")?.as_str());
    if app.settings().retired_runtime == RetiredRuntime::JobFails
        && let Some(words) = runtime.and_then(retired)
    {
        return Err(Failure::new(words));
    }
    missing_file(app, &job.sent).map_or(Ok(()), Err)
}

fn code(app: &App, fields: &Fields, unknown: Reference) -> Result<(), Refusal> {
    let Some(id) = text(fields, "codeId") else {
        return Err(invalid(app, "codeId is required."));
    };
    let known = crate::aml::codes::find(app, id).is_some();
    if known || unknown == Reference::JobFails {
        return Ok(());
    }
    Err(not_found(
        app,
        "CodeNotFound",
        "Code asset {codeId} not found.",
        &[("codeId", id)],
    ))
}

/// Id, name and version of the job's environment, if it is none of the workspace's.
fn unknown_environment(app: &App, fields: &Fields) -> Option<(String, String, String)> {
    let id = text(fields, "environmentId").filter(|id| !id.is_empty())?;
    let (name, version) = match Named::by(app, "environments", id) {
        Named::Here { name, version } => {
            if assets::exists(app, "environments", &name, &version) {
                return None;
            }
            (name, version)
        }
        Named::Elsewhere => return None,
        Named::No => (id.to_owned(), String::new()),
    };
    Some((id.to_owned(), name, version))
}

/// The first input that names an asset which the workspace does not have.
fn unknown_data(app: &App, fields: &Fields) -> Option<String> {
    let inputs = given(fields, "inputs")?.as_object()?;
    inputs
        .values()
        .filter(|input| input.get("jobInputType").and_then(Value::as_str) != Some("literal"))
        .filter_map(|input| input.get("uri")?.as_str())
        .find(|uri| {
            let mut named = ["data", "models"]
                .into_iter()
                .filter_map(|word| match Named::by(app, word, uri) {
                    Named::Here { name, version } => {
                        Some(assets::exists(app, word, &name, &version))
                    }
                    Named::Elsewhere | Named::No => None,
                })
                .peekable();
            named.peek().is_some() && !named.any(|exists| exists)
        })
        .map(str::to_owned)
}

/// A compute that can run Spark jobs, or one that a setting lets pass.
pub(super) fn compute(app: &App, id: &str) -> Result<(), Refusal> {
    let name = compute_name(id);
    let unknown = app.settings().unknown_compute;
    let store = app.store();
    match store.get("computes", name) {
        None if unknown == Reference::JobFails => Ok(()),
        None => {
            let format = "Compute {computeName} not found in workspace.";
            Err(not_found(
                app,
                "ComputeNotFound",
                format,
                &[("computeName", name)],
            ))
        }
        Some(compute) => {
            let kind = compute
                .pointer("/properties/computeType")
                .and_then(Value::as_str);
            if kind == Some("SynapseSpark") {
                return Ok(());
            }
            Err(invalid(
                app,
                &format!("Compute {name} cannot run Spark jobs."),
            ))
        }
    }
}
