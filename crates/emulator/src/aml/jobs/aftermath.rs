//! What comes of a job without anybody asking for it: outputs that are registered when it completes, and
//! runs that vanish. Looked after before every request, so nobody can see a moment in between.

use serde_json::{Map, Value, json};

use super::job::Job;
use super::life::{Life, Moment};
use super::run_error::RunError;
use super::status::Status;
use super::told::Vanishing;
use crate::aml::assets;
use crate::settings::TakenVersion;
use crate::spark::default_output;
use crate::state::App;

/// Whether anything can come of the job by itself.
pub(super) fn is_to_come(job: &Job) -> bool {
    job.told().vanishes.is_some() || registrations(job).next().is_some()
}

/// Does what is due.
pub(crate) fn settle(app: &App) {
    for name in app.jobs.awaited() {
        let Some(job) = app.jobs.get(&name) else {
            app.jobs.settled(&name);
            continue;
        };
        let moment = job.life.at(app.clock.now());
        let is_due = moment.started.is_some() || moment.status.is_end();
        match job.told().vanishes.filter(|_| is_due) {
            Some(Vanishing::Altogether) => {
                job.life.kill();
                app.jobs.forget(&name);
            }
            Some(Vanishing::FromLists) if !job.unlisted => {
                app.jobs.advance(&name, |job| job.unlisted = true);
            }
            _ => {}
        }
        if moment.status == Status::Completed && job.registered.is_empty() {
            register(app, &job, &moment);
        }
        if moment.status.is_end() {
            app.jobs.settled(&name);
        }
    }
}

/// The outputs that are to be registered, each with the name it gets.
fn registrations(job: &Job) -> impl Iterator<Item = (&String, &Value, &str)> {
    job.object("outputs").filter_map(|(output, value)| {
        let name = value.get("assetName")?.as_str()?;
        (!name.is_empty()).then_some((output, value, name))
    })
}

fn register(app: &App, job: &Job, moment: &Moment) {
    for (output, value, name) in registrations(job) {
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        let uri = text("uri").filter(|uri| !uri.is_empty());
        let uri = uri.map_or_else(|| default_output(&job.name, output), str::to_owned);
        let kind = text("jobOutputType").unwrap_or("uri_folder");
        let fields = if kind.ends_with("_model") {
            json!({"modelUri": uri, "modelType": kind, "flavors": {}})
        } else {
            json!({"dataUri": uri, "dataType": kind})
        };
        let word = if kind.ends_with("_model") {
            "models"
        } else {
            "data"
        };
        let fields = fields.as_object().cloned().unwrap_or_default();
        let version = text("assetVersion").filter(|version| !version.is_empty());
        match assets::register(app, word, (name, version), &job.created_by, fields) {
            Some(id) => app.jobs.advance(&job.name, |job| {
                job.registered.insert(output.clone(), id);
            }),
            None if app.settings().taken_output_version == TakenVersion::JobFails => {
                let version = version.unwrap_or_default();
                let error = format!(
                    "The output {output} cannot be registered: {name}:{version} exists already."
                );
                let failed = Moment {
                    status: Status::Failed,
                    error: Some(RunError::user(error)),
                    ..moment.clone()
                };
                app.jobs
                    .advance(&job.name, |job| job.life = Life::Fixed(failed));
                return;
            }
            None => {}
        }
    }
}

/// The asset id of an output that was registered, or of the one that every run has for it.
pub(crate) fn asset_id(app: &App, job: &Job, output: &str) -> String {
    job.registered.get(output).cloned().unwrap_or_else(|| {
        let name = format!("azureml_{}_output_data_{output}", job.name);
        assets::uri(app, "data", &name, "1")
    })
}

/// Outputs by name, each with its asset id.
pub(crate) fn outputs(app: &App, job: &Job) -> Map<String, Value> {
    job.object("outputs")
        .filter(|(name, _)| *name != "default")
        .map(|(name, output)| {
            let kind = output
                .get("jobOutputType")
                .cloned()
                .unwrap_or_else(|| "uri_folder".into());
            let id = asset_id(app, job, name);
            (name.clone(), json!({"assetId": id, "type": kind}))
        })
        .collect()
}
