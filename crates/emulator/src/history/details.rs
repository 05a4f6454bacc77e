//! `GET …/runs/{run}/details`: state, times, error, and the log files as signed URLs.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::run::record;
use super::{ARTIFACT_CONTAINER, Named, job};
use crate::blob::{BlobError, Container, Grant, Wanted, for_blob};
use crate::error::Answer;
use crate::state::App;

/// What a path of a URL keeps as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A run's logs: what the service calls so, and not its outputs.
const LOG_FOLDERS: [&str; 2] = ["user_logs/", "logs/"];

pub(super) async fn show(State(app): State<Arc<App>>, Path(Named { run }): Path<Named>) -> Answer {
    let job = job(&app, &run)?;
    let moment = job.life.at(app.clock.now());
    let mut details = record(&app, &job, &moment);
    if let Some(fields) = details.as_object_mut() {
        let created = fields.remove("createdUtc").unwrap_or(Value::Null);
        fields.insert("createdTimeUtc".to_owned(), created);
        fields.insert(
            "logFiles".to_owned(),
            Value::Object(log_files(&app, &job.name).await),
        );
        fields.insert("runDefinition".to_owned(), Value::Null);
        fields.insert("computeDuration".to_owned(), Value::Null);
    }
    Ok(Json(details).into_response())
}

async fn log_files(app: &App, run: &str) -> Map<String, Value> {
    artifacts(app, run)
        .await
        .into_iter()
        .filter(|(path, _)| LOG_FOLDERS.iter().any(|folder| path.starts_with(folder)))
        .map(|(path, url)| (path, url.into()))
        .collect()
}

/// Every artifact of a run, with a URL that can be read for a while.
pub(super) async fn artifacts(app: &App, run: &str) -> Vec<(String, String)> {
    found(app, run).await.unwrap_or_else(|error| {
        tracing::warn!(%error, run, "the artifacts of a run cannot be listed");
        Vec::new()
    })
}

async fn found(app: &App, run: &str) -> Result<Vec<(String, String)>, BlobError> {
    let account = &app.world.storage_account;
    let container = Container::new(account, ARTIFACT_CONTAINER)?;
    let prefix = format!("ExperimentRun/dcid.{run}/");
    let wanted = Wanted {
        prefix: prefix.clone(),
        most: usize::MAX,
        ..Wanted::default()
    };
    let page = app.blobs.list(&container, &wanted).await?;
    let expires = app.clock.now() + Duration::from_secs(app.settings().signature_seconds);
    page.blob_names()
        .filter_map(|name| Some((name, name.strip_prefix(&prefix)?)))
        .map(|(name, path)| {
            let blob = container.blob(name)?;
            let grant = Grant {
                permissions: "r",
                expires,
            };
            let url = format!(
                "{}/{ARTIFACT_CONTAINER}/{}?{}",
                app.addresses.blob(account),
                utf8_percent_encode(name, PATH),
                for_blob(app.blobs.key(), &blob, grant)
            );
            Ok((path.to_owned(), url))
        })
        .collect()
}
