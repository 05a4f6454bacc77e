//! Which run a caller means.

use azureml_spark_api::{SparkJob, logs};
use azureml_spark_core::place::Place;

/// What a job says about its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A run that Azure has, or had.
    Run(Run),
    /// There is none yet.
    NotYet(String),
    /// There is none, and there will be none.
    Never(String),
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) attempt: i32,
    /// Its name in Azure.
    pub(super) name: String,
    /// The workspace that it is in.
    pub(super) place: Place,
}

/// The run of an attempt, or of the newest.
pub(super) fn find(job: &SparkJob, attempt: Option<i32>) -> Found {
    let status = job.status.clone().unwrap_or_default();
    let runs = logs::runs(&status);
    let run = match attempt {
        Some(attempt) => runs.iter().find(|(number, _)| *number == attempt),
        None => runs.last(),
    };
    if let Some((attempt, name)) = run {
        return Found::Run(Run {
            attempt: *attempt,
            name: (*name).to_owned(),
            place: Place {
                namespace: job.metadata.namespace.clone().unwrap_or_default(),
                name: job.spec.workspace_ref.name.clone(),
            },
        });
    }
    if let (Some(attempt), Some((first, _)), Some((last, _))) = (attempt, runs.first(), runs.last())
    {
        let known = if first == last {
            format!("only attempt {first}")
        } else {
            format!("attempts {first} to {last}")
        };
        return Found::Never(format!("there is no attempt {attempt}, {known}"));
    }
    let said = |type_: &str| {
        let condition = status.conditions.iter().find(|one| one.type_ == type_)?;
        Some(condition.message.clone()).filter(|message| !message.is_empty())
    };
    if status.completion_time.is_some() {
        let why = said("Failed").or_else(|| said("Ready")).unwrap_or_default();
        Found::Never(format!("it never ran: {why}"))
    } else {
        let why = said("Ready").unwrap_or_else(|| "the operator has not looked at it".to_owned());
        Found::NotYet(format!("it does not run yet: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(status: &Value) -> SparkJob {
        serde_json::from_value(json!({
            "apiVersion": "spark.azureml.dev/v1alpha1",
            "kind": "SparkJob",
            "metadata": {"name": "titanic", "namespace": "team"},
            "spec": {
                "workspaceRef": {"name": "ml"},
                "code": {"configMaps": [{"name": "src"}]},
                "entry": {"file": "a.py"},
                "driver": {"cores": 1, "memory": "2g"},
                "executor": {"cores": 1, "memory": "2g", "instances": 1},
                "compute": {"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}},
            },
            "status": status,
        }))
        .unwrap()
    }

    fn conditions(type_: &str, message: &str) -> Value {
        json!([{"type": type_, "status": "False", "reason": "X", "message": message,
            "lastTransitionTime": "2026-01-01T00:00:00Z"}])
    }

    #[test]
    fn the_newest_run_is_meant_unless_another_is_named() {
        let past = json!({"attempt": 1, "azureName": "a-1", "state": "Failed", "endTime": "2026-01-01T00:00:00Z", "reason": "NoCapacity"});
        let job =
            job(&json!({"azureName": "a-2", "azureId": "/x", "attempt": 2, "attempts": [past]}));
        for (attempt, expected) in [(None, "a-2"), (Some(1), "a-1"), (Some(2), "a-2")] {
            match find(&job, attempt) {
                Found::Run(run) => assert_eq!(run.name, expected, "{attempt:?}"),
                other => panic!("{attempt:?}: {other:?}"),
            }
        }
        let never = Found::Never("there is no attempt 3, attempts 1 to 2".to_owned());
        assert_eq!(find(&job, Some(3)), never);
    }

    #[test]
    fn a_name_that_azure_has_under_another_owner_is_not_read() {
        let conflict = json!({"azureName": "theirs", "attempt": 1, "conditions": conditions("Ready", "it is somebody else's")});
        assert_eq!(
            find(&job(&conflict), None),
            Found::NotYet("it does not run yet: it is somebody else's".to_owned())
        );
    }

    #[test]
    fn what_ended_before_it_ran_says_why() {
        let canceled = json!({"completionTime": "2026-01-01T00:00:00Z", "conditions": conditions("Failed", "canceled")});
        assert_eq!(
            find(&job(&canceled), None),
            Found::Never("it never ran: canceled".to_owned())
        );
    }
}
