//! A run in the index. Where its name stands is not known, so a setting says where.

use serde_json::{Map, Value, json};

use crate::aml::jobs::{Job, Moment, Status};
use crate::clock::azure_time;
use crate::settings::IndexName;
use crate::state::App;

/// The entry of a run.
pub(super) fn shown(app: &App, job: &Job, moment: &Moment) -> Value {
    let started = moment.started.map(azure_time);
    let compute = job.compute().unwrap_or("serverless");
    let mut properties = Map::from_iter([
        (
            "experimentId".to_owned(),
            json!("00000000-0000-4000-8000-000000000000"),
        ),
        ("experimentName".to_owned(), json!(job.experiment())),
        ("compute".to_owned(), json!({"target": compute})),
        (
            "creationContext".to_owned(),
            json!({"createdTime": azure_time(job.created)}),
        ),
    ]);
    let mut entry = Map::from_iter([(
        "annotations".to_owned(),
        json!({
            "status": word(moment.status),
            "archived": job.archived,
            "displayName": job.display_name,
            "effectiveStartTimeUtc": started,
            "error": null,
        }),
    )]);
    let name = &job.name;
    let world = &app.world;
    let object = format!("dcid.{name}");
    match app.settings().index_name {
        IndexName::EntityObjectId => drop(entry.insert("entityObjectId".to_owned(), object.into())),
        IndexName::EntityId => {
            let id = format!(
                "azureml://location/{}/workspaceId/{}/type/runs/objectId/{object}",
                world.location, world.workspace
            );
            entry.insert("entityId".to_owned(), id.into());
        }
        IndexName::Name => drop(entry.insert("name".to_owned(), json!(name))),
        IndexName::RunId => drop(properties.insert("runId".to_owned(), json!(name))),
        IndexName::PropertiesName => drop(properties.insert("name".to_owned(), json!(name))),
        IndexName::Nowhere => {}
    }
    entry.insert("properties".to_owned(), properties.into());
    entry.into()
}

/// How a filter says whether it is archived.
pub(super) fn archived(job: &Job) -> &'static str {
    if job.archived { "true" } else { "false" }
}

/// The index's words for states have spaces (contract §13). Of those that are not among the ones that the known client
/// sends, jobs' own words are made such.
pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::NotStarted => "Not started",
        Status::Starting => "Starting",
        Status::Provisioning => "Provisioning",
        Status::Preparing => "Preparing",
        Status::Queued => "Queued",
        Status::Running => "Running",
        Status::Finalizing => "Finalizing",
        Status::CancelRequested => "Cancel requested",
        Status::Completed => "Completed",
        Status::Failed => "Failed",
        Status::Canceled => "Canceled",
        Status::NotResponding => "Not responding",
        Status::Paused => "Paused",
        Status::Unknown => "Unknown",
    }
}
