//! A job as the service shows it: what was sent, what was not sent as explicit nulls, and what the
//! service adds (contract §3.3).

use serde_json::{Map, Value, json};

use super::job::Job;
use super::life::Moment;
use crate::clock::azure_time;
use crate::history::ARTIFACT_STORE;
use crate::settings::Presence;
use crate::state::App;

/// Fields that a Spark job shows as null when they were not sent (contract §11).
const SPARK_NULLS: [&str; 13] = [
    "services",
    "computeId",
    "componentId",
    "environmentId",
    "environmentVariables",
    "identity",
    "args",
    "conf",
    "pyFiles",
    "jars",
    "files",
    "archives",
    "resources",
];

/// The job's resource.
pub(crate) fn resource(app: &App, job: &Job, moment: &Moment) -> Value {
    let mut properties = Map::clone(&job.sent);
    // Seen to vanish (contract §3.3).
    properties.remove("queueSettings");
    if job.kind() == "Spark" {
        for field in SPARK_NULLS {
            properties.entry(field).or_insert(Value::Null);
        }
    }
    properties
        .entry("experimentName")
        .or_insert_with(|| job.experiment().into());
    properties.insert("displayName".to_owned(), job.display_name.clone());
    properties.insert("description".to_owned(), job.description.clone());
    properties.insert("isArchived".to_owned(), job.archived.into());
    properties.insert("status".to_owned(), moment.status.as_str().into());
    properties.insert("tags".to_owned(), Value::Object(tags(job)));
    properties.insert("properties".to_owned(), Value::Object(notes(job)));
    properties.insert("services".to_owned(), services(app, job));
    properties.insert("inputs".to_owned(), described(job, "inputs"));
    properties.insert("outputs".to_owned(), outputs(app, job));
    if let Some(compute) = job.text("computeId") {
        // Ids come back in another case than they were sent in (contract §0.1).
        let shown = compute.replace("/resourceGroups/", "/resourcegroups/");
        properties.insert("computeId".to_owned(), shown.into());
    }
    json!({
        "id": id(app, &job.name),
        "name": job.name,
        "type": "Microsoft.MachineLearningServices/workspaces/jobs",
        "properties": properties,
        "systemData": {
            "createdAt": azure_time(job.created),
            "createdBy": job.created_by,
            "createdByType": "Application",
        },
    })
}

/// The job's ARM id.
pub(crate) fn id(app: &App, name: &str) -> String {
    format!("{}/jobs/{name}", app.world.workspace_arm_id())
}

/// The tags with those of the service.
pub(crate) fn tags(job: &Job) -> Map<String, Value> {
    let mut tags = job.tags.clone();
    if job.compute().is_some() {
        let status = "{\"AllocationState\":\"steady\",\"PreparingNodeCount\":0,\"RunningNodeCount\":1,\
                      \"CurrentNodeCount\":1}";
        tags.insert("_aml_system_ComputeTargetStatus".to_owned(), status.into());
    }
    tags
}

/// The nested properties with those of the service.
pub(crate) fn notes(job: &Job) -> Map<String, Value> {
    let mut notes = job.notes.clone();
    let kind = if job.compute().is_some() {
        "synapsespark"
    } else {
        "serverless"
    };
    for (key, value) in [
        ("_azureml.ComputeTargetType", kind),
        ("ProcessInfoFile", "azureml-logs/process_info.json"),
        ("ProcessStatusFile", "azureml-logs/process_status.json"),
    ] {
        notes.entry(key).or_insert_with(|| value.into());
    }
    notes
}

/// The job's endpoints.
pub(crate) fn services(app: &App, job: &Job) -> Value {
    let world = &app.world;
    let studio = format!(
        "https://ml.azure.com/runs/{}?wsid=/subscriptions/{}/resourcegroups/{}/workspaces/{}",
        job.name, world.subscription, world.resource_group, world.workspace
    );
    let tracking = format!(
        "azureml://{}.api.azureml.ms/mlflow/v1.0{}?",
        world.location,
        world.workspace_arm_id()
    );
    let service = |kind: &str, endpoint: String| {
        json!({
            "jobServiceType": kind, "port": null, "endpoint": endpoint, "status": null,
            "errorMessage": null, "properties": null, "nodes": null,
        })
    };
    json!({"Tracking": service("Tracking", tracking), "Studio": service("Studio", studio)})
}

/// The outputs, with the one that every run has.
pub(crate) fn outputs(app: &App, job: &Job) -> Value {
    let Value::Object(mut outputs) = described(job, "outputs") else {
        return json!({});
    };
    if app.settings().default_output == Presence::Present {
        outputs.insert("default".to_owned(), default_output(&job.name));
    }
    Value::Object(outputs)
}

/// The output that the service adds: the run's folder in the artifact store.
pub(crate) fn default_output(name: &str) -> Value {
    json!({
        "description": null,
        "jobOutputType": "uri_folder",
        "mode": "ReadWriteMount",
        "uri": format!("azureml://datastores/{ARTIFACT_STORE}/ExperimentRun/dcid.{name}"),
        "assetName": null,
        "assetVersion": null,
    })
}

/// Inputs or outputs, each with a description.
fn described(job: &Job, field: &str) -> Value {
    job.object(field)
        .map(|(name, value)| {
            let mut value = value.clone();
            if let Value::Object(fields) = &mut value {
                fields.entry("description").or_insert(Value::Null);
            }
            (name.clone(), value)
        })
        .collect()
}
