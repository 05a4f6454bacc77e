use azureml_spark_api::logs;
use azureml_spark_api::meta::{FINALIZER, PAUSED};
use serde_json::{Value, json};

use super::*;
use crate::spark_job::produced;

/// As long as they are in earnest.
fn ended() -> Value {
    let condition = |type_: &str, status: &str, message: &str| {
        json!({"type": type_, "status": status, "reason": "ScriptFailed", "message": message, "observedGeneration": 2,
            "lastTransitionTime": "2026-01-01T00:00:00Z"})
    };
    let why = "UserError: ".to_owned() + &"x".repeat(900);
    json!({
        "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SparkJob",
        "metadata": {
            "name": "nightly", "namespace": "team", "uid": "6a0a7f4e-6a6f-4a51-8f7c-5d3f6b1d2c3e",
            "resourceVersion": "123456", "generation": 2, "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"app": "nightly"},
            "annotations": {"spark.azureml.dev/reconcile-at": "1", "example.com/note": "x".repeat(500)},
        },
        "spec": {
            "workspaceRef": {"name": "ml"},
            "code": {"configMaps": [{"name": "src"}]}, "entry": {"file": "main.py"},
            "args": "--rows ${{inputs.rows}} ".repeat(20),
            "inputs": {"rows": {"type": "uri_file", "path": "azureml://datastores/workspaceblobstore/paths/rows.csv"}},
            "outputs": {"clean": {"type": "uri_folder", "path": "abfss://c@a/clean"}},
            "conf": {"spark.sql.shuffle.partitions": "8"},
            "driver": {"cores": 4, "memory": "28g"}, "executor": {"cores": 4, "memory": "28g", "instances": 2},
            "compute": {"attachmentRef": {"name": "pool"}},
        },
        "status": {
            "observedGeneration": 2,
            "conditions": [
                condition("SpecAccepted", "True", "the spec makes sense"),
                condition("Submitted", "True", "submitted as 'nightly-2'"),
                condition("Failed", "True", &why), condition("Ready", "False", &why),
                condition("Stalled", "True", &why),
            ],
            "attempt": 2, "azureName": "nightly-2", "azureId": "/subscriptions/s/jobs/nightly-2",
            "attempts": [{"attempt": 1, "azureName": "nightly-1", "state": "Failed", "endTime": "2026-01-01T00:00:00Z",
                "reason": "NoCapacity"}],
            "submission": {"attempt": 2, "requestedTime": "2026-01-01T00:00:00Z", "definitionHash": "0".repeat(64)},
            "state": "Failed", "endReason": "ScriptFailed",
            "startTime": "2026-01-01T00:01:00Z", "completionTime": "2026-01-01T00:05:00Z",
            "studioUrl": "https://ml.azure.com/runs/nightly-2",
            "outputs": [{"name": "clean", "path": "abfss://c@a/clean"}],
            "failure": {"code": "UserError", "message": why, "logTail": "y".repeat(4_000)},
        },
    })
}

fn job(changes: &[(&str, Value)]) -> SparkJob {
    let mut all = ended();
    for (at, value) in changes {
        let (parent, key) = at.rsplit_once('/').unwrap();
        all.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

#[test]
fn settled_is_who_is_over_and_has_nothing_due() {
    let at = |text: &str| Some(Wake::At(text.parse().unwrap()));
    let rows: [(&str, Value, Option<Wake>); 9] = [
        ("/metadata/labels", json!({}), Some(Wake::OnChange)),
        (
            "/spec/ttlSecondsAfterFinished",
            json!(60),
            at("2026-01-01T00:06:00Z"),
        ),
        (
            "/spec/ttlSecondsAfterFinished",
            json!(0),
            at("2026-01-01T00:05:00Z"),
        ),
        ("/status/completionTime", Value::Null, None),
        ("/metadata/finalizers", json!([FINALIZER]), None),
        (
            "/metadata/finalizers",
            json!(["example.com/other"]),
            Some(Wake::OnChange),
        ),
        ("/metadata/generation", json!(3), None),
        ("/metadata/annotations", json!({PAUSED: "true"}), None),
        ("/status", Value::Null, None),
    ];
    for (field, value, expected) in rows {
        let job = job(&[(field, value.clone())]);
        assert_eq!(settled(&job), expected, "{field} {value}");
        let kept = slim(job.clone());
        assert_eq!(is_slim(&kept), expected.is_some(), "{field} {value}");
        assert_eq!(settled(&kept), expected, "by what is kept: {field} {value}");
        assert!(
            expected.is_some() || kept == job,
            "{field} {value}: all of it"
        );
    }
    let going = ("/metadata/deletionTimestamp", json!("2026-01-02T00:00:00Z"));
    let going = job(&[going, ("/spec/ttlSecondsAfterFinished", json!(60))]);
    assert_eq!(
        settled(&going),
        Some(Wake::OnChange),
        "nothing of it is held"
    );
}

#[test]
fn others_read_the_same_of_it() {
    let well = [
        ("/status/endReason", json!("Completed")),
        ("/status/state", json!("Completed")),
    ];
    for changes in [&well[..], &[]] {
        let whole = job(changes);
        let kept = slim(whole.clone());
        assert_eq!(produced(Some(&kept)), produced(Some(&whole)));
        let runs = |job: &SparkJob| {
            let status = job.status.clone().unwrap();
            let runs = logs::runs(&status).into_iter();
            runs.map(|(number, name)| (number, name.to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(runs(&kept), runs(&whole));
        assert_eq!(kept.spec.workspace_ref, whole.spec.workspace_ref);
        let named = |job: &SparkJob| {
            (
                job.name_any(),
                job.namespace(),
                job.uid(),
                job.resource_version(),
            )
        };
        assert_eq!(named(&kept), named(&whole));
    }
}

#[test]
fn ten_thousand_of_them_are_small() {
    let whole = serde_json::to_string(&job(&[])).unwrap().len();
    let kept = serde_json::to_string(&slim(job(&[]))).unwrap().len();
    assert!(kept < 1_500 && kept * 5 < whole, "{kept} of {whole}");
    assert!(size_of::<SparkJob>() <= 3_072, "{}", size_of::<SparkJob>());
}
