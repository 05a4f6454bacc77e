//! A run's record, and the answer that gathers what a download needs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use serde_json::{Map, Value, json};

use super::{Named, job};
use crate::aml::jobs::refusal::invalid;
use crate::aml::jobs::{Job, Moment, outputs, shown};
use crate::clock::azure_time;
use crate::error::Answer;
use crate::request::Body;
use crate::state::App;

/// `GET …/runs/{run}`.
pub(super) async fn show(State(app): State<Arc<App>>, Path(Named { run }): Path<Named>) -> Answer {
    let job = job(&app, &run)?;
    let moment = job.life.at(app.clock.now());
    Ok(Json(record(&app, &job, &moment)).into_response())
}

/// `POST …/rundata`.
pub(super) async fn data(State(app): State<Arc<App>>, Body(body): Body) -> Answer {
    let Some(run) = body.get("runId").and_then(Value::as_str) else {
        return Err(invalid(&app, "runId is required."));
    };
    let job = job(&app, run)?;
    let moment = job.life.at(app.clock.now());
    Ok(Json(json!({
        "runMetadata": record(&app, &job, &moment),
        "runDefinition": null,
        "jobSpecification": null,
    }))
    .into_response())
}

/// What run history says about a run, wherever it says it.
pub(super) fn record(app: &App, job: &Job, moment: &Moment) -> Value {
    let time = |at: Option<jiff::Timestamp>| at.map(azure_time);
    json!({
        "runId": job.name,
        "rootRunId": job.name,
        "parentRunId": null,
        "experimentId": app.world.object_id(&format!("experiment/{}", job.experiment())),
        "dataContainerId": format!("dcid.{}", job.name),
        "status": moment.status.as_str(),
        "createdUtc": azure_time(job.created),
        "startTimeUtc": time(moment.started),
        "endTimeUtc": time(moment.ended),
        "displayName": job.display_name,
        "description": job.description,
        "hidden": job.archived,
        "runType": "azureml.sparkrun",
        "target": job.compute().unwrap_or("serverless"),
        "tags": shown::tags(job),
        "properties": shown::notes(job),
        "services": {},
        "error": error(app, moment),
        "warnings": null,
        "inputs": {},
        "outputs": outputs(app, job),
    })
}

/// The error of a failed run, as `ErrorResponse` of run history; null for every other.
pub(super) fn error(app: &App, moment: &Moment) -> Value {
    let Some(error) = &moment.error else {
        return Value::Null;
    };
    let inner = error.inner.iter().rev().fold(
        Value::Null,
        |inner, code| json!({"code": code, "innerError": inner}),
    );
    let parameters: Map<String, Value> = error
        .parameters
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    json!({
        "error": {
            "code": error.code,
            "severity": null,
            "message": error.message,
            "messageFormat": error.format,
            "messageParameters": parameters,
            "referenceCode": null,
            "detailsUri": null,
            "target": null,
            "details": [],
            "innerError": inner,
        },
        "correlation": {"operation": app.world.object_id(&error.message), "request": null},
        "environment": app.world.location,
        "location": app.world.location,
        "time": moment.ended.map(azure_time),
        "componentName": "sparkrun",
    })
}
