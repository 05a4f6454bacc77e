//! The artifacts of a run.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::details::artifacts;
use super::{ARTIFACT_STORE, Named, job};
use crate::aml::jobs::refusal::not_found;
use crate::error::Answer;
use crate::request::AsSent;
use crate::state::App;

/// `GET …/artifacts`: what there is.
pub(super) async fn list(State(app): State<Arc<App>>, Path(Named { run }): Path<Named>) -> Answer {
    let job = job(&app, &run)?;
    let value: Vec<Value> = artifacts(&app, &job.name)
        .await
        .into_iter()
        .map(|(path, _)| artifact(&job.name, &path))
        .collect();
    Ok(Json(json!({"value": value, "continuationToken": null, "nextLink": null})).into_response())
}

fn artifact(run: &str, path: &str) -> Value {
    let container = format!("dcid.{run}");
    json!({
        "artifactId": format!("ExperimentRun/{container}/{path}"),
        "origin": "ExperimentRun",
        "container": container,
        "path": path,
    })
}

/// `GET …/artifacts/contentinfo?path=`: where one artifact can be read.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(Named { run }): Path<Named>,
    sent: AsSent,
) -> Answer {
    let job = job(&app, &run)?;
    let wanted = sent.query("path").unwrap_or_default();
    let found = artifacts(&app, &job.name)
        .await
        .into_iter()
        .find(|(path, _)| *path == wanted);
    let (path, url) = found.ok_or_else(|| {
        not_found(
            &app,
            "ArtifactNotFound",
            "Artifact {path} was not found.",
            &[("path", &wanted)],
        )
    })?;
    Ok(Json(content(&job.name, &path, url)).into_response())
}

/// `GET …/artifacts/prefix/contentinfo?path=`: where all artifacts below a path can be read.
pub(super) async fn below(
    State(app): State<Arc<App>>,
    Path(Named { run }): Path<Named>,
    sent: AsSent,
) -> Answer {
    let job = job(&app, &run)?;
    let prefix = sent.query("path").unwrap_or_default();
    let value: Vec<Value> = artifacts(&app, &job.name)
        .await
        .into_iter()
        .filter(|(path, _)| path.starts_with(&prefix))
        .map(|(path, url)| content(&job.name, &path, url))
        .collect();
    Ok(Json(json!({"value": value, "continuationToken": null, "nextLink": null})).into_response())
}

fn content(run: &str, path: &str, url: String) -> Value {
    let mut value = artifact(run, path);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("contentUri".to_owned(), url.into());
    }
    value
}

/// `GET …/artifacts/artifacturi?path=`: where it lies, in words of datastores.
pub(super) async fn uri(
    State(app): State<Arc<App>>,
    Path(Named { run }): Path<Named>,
    sent: AsSent,
) -> Answer {
    let job = job(&app, &run)?;
    let path = sent.query("path").unwrap_or_default();
    let uri = format!(
        "azureml:/{}/datastores/{ARTIFACT_STORE}/paths/ExperimentRun/dcid.{}/{path}",
        app.world.workspace_arm_id(),
        job.name
    );
    Ok(Json(uri).into_response())
}
