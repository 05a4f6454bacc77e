//! What another job of the namespace has written, or will write.

use std::collections::{BTreeSet, VecDeque};

use azureml_spark_api::SparkJob;
use azureml_spark_core::spark_job::{End, Produced};

/// Most jobs that are asked whom they wait for.
const MOST_FOLLOWED: usize = 100;

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

/// How `first`, which is waited for, comes to wait for `own`: itself, and who is between the two. `needs` tells whom a
/// job waits for that has not begun.
pub(super) fn way_back(
    own: &str,
    first: &str,
    needs: impl Fn(&str) -> Vec<String>,
) -> Option<Vec<String>> {
    let mut known: BTreeSet<String> = [first.to_owned()].into();
    let mut ways = VecDeque::from([vec![first.to_owned()]]);
    for _ in 0..MOST_FOLLOWED {
        let way = ways.pop_front()?;
        for next in way.last().map(|last| needs(last)).unwrap_or_default() {
            if next == own {
                return Some(way);
            }
            if known.insert(next.clone()) {
                let mut further = way.clone();
                further.push(next);
                ways.push_back(further);
            }
        }
    }
    None
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

    #[test]
    fn who_waits_for_himself_is_told_through_whom() {
        let needs = |name: &str| -> Vec<String> {
            let names: &[&str] = match name {
                "b" => &["x", "c"],
                "c" => &["a"],
                "x" => &["y"],
                "y" => &["x"],
                _ => &[],
            };
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        for (first, expected, why) in [
            ("c", Some(vec!["c"]), "at once"),
            ("b", Some(vec!["b", "c"]), "by way of another"),
            (
                "x",
                None,
                "others wait for each other, and that is theirs to mend",
            ),
            ("z", None, "it waits for nobody"),
        ] {
            let way = way_back("a", first, needs);
            let expected = expected.map(|way| way.into_iter().map(str::to_owned).collect());
            assert_eq!(way, expected, "{why}");
        }
        let endless = |name: &str| vec![format!("{name}x")];
        assert_eq!(way_back("a", "b", endless), None, "it comes to an end");
    }
}
