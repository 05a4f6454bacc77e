//! What another job of the namespace has written, or will write.

use azureml_spark_api::SparkJob;
use azureml_spark_core::spark_job::{End, Produced};

/// Longest part of another's message that is told, in characters.
const SHOWN: usize = 200;

/// As that object's status tells it.
pub(crate) fn produced(job: Option<&SparkJob>) -> Produced {
    let Some(job) = job else {
        return Produced::Missing;
    };
    let status = job.status.as_ref();
    let asked = job.spec.outputs.iter().flatten();
    let Some(status) = status.filter(|status| status.completion_time.is_some()) else {
        let state = status.and_then(|status| status.state.as_deref());
        return Produced::Waiting {
            why: match state {
                Some(state) => format!("its run is {state}"),
                None => "it is not submitted yet".to_owned(),
            },
            outputs: asked.map(|(name, _)| name.clone()).collect(),
        };
    };
    if status.end_reason.as_deref() != Some(End::Completed.as_str()) {
        let failed = status.conditions.iter().find(|c| c.type_ == "Failed");
        let why = failed.map_or("it ended otherwise", |c| c.message.as_str());
        return Produced::Failed(why.chars().take(SHOWN).collect());
    }
    let written = asked.map(|(name, output)| {
        let told = status.outputs.iter().find(|told| told.name == *name);
        let path = told.map_or(&output.path, |told| &told.path);
        (name.clone(), (output.type_, path.clone()))
    });
    Produced::Done(written.collect())
}

#[cfg(test)]
mod tests {
    use azureml_spark_api::spark_job::DataType;
    use serde_json::{Value, json};

    use super::*;

    fn job(status: &Value) -> SparkJob {
        serde_json::from_value(json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SparkJob", "metadata": {"name": "first"},
            "spec": {
                "workspaceRef": {"name": "ml"},
                "code": {"configMaps": [{"name": "src"}]}, "entry": {"file": "main.py"},
                "driver": {"cores": 4, "memory": "28g"}, "executor": {"cores": 4, "memory": "28g", "instances": 2},
                "compute": {"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}},
                "outputs": {"clean": {"type": "uri_folder", "path": "abfss://c@a/clean"}},
            },
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn a_job_is_waited_for_until_it_has_ended_well() {
        let waiting = |why: &str| Produced::Waiting {
            why: why.to_owned(),
            outputs: ["clean".to_owned()].into(),
        };
        let done = |path: &str| {
            Produced::Done([("clean".to_owned(), (DataType::UriFolder, path.to_owned()))].into())
        };
        let ended = "2026-01-01T00:00:00Z";
        for (status, expected, why) in [
            (json!({}), waiting("it is not submitted yet"), "new"),
            (
                json!({"state": "Running"}),
                waiting("its run is Running"),
                "under way",
            ),
            (
                json!({"state": "Completed", "completionTime": ended, "endReason": "Completed"}),
                done("abfss://c@a/clean"),
                "as it was asked for",
            ),
            (
                json!({"completionTime": ended, "endReason": "Completed", "outputs": [
                    {"name": "clean", "path": "azureml://datastores/d/paths/clean"},
                ]}),
                done("azureml://datastores/d/paths/clean"),
                "as Azure tells it",
            ),
            (
                json!({"completionTime": ended, "endReason": "ScriptFailed", "conditions": [{
                    "type": "Failed", "status": "True", "reason": "ScriptFailed", "message": "KeyError: 'Age'",
                    "lastTransitionTime": ended,
                }]}),
                Produced::Failed("KeyError: 'Age'".into()),
                "it failed",
            ),
            (
                json!({"state": "Canceled", "completionTime": ended, "endReason": "Canceled"}),
                Produced::Failed("it ended otherwise".into()),
                "it was cancelled",
            ),
        ] {
            assert_eq!(produced(Some(&job(&status))), expected, "{why}");
        }
        assert_eq!(produced(None), Produced::Missing);
    }
}
