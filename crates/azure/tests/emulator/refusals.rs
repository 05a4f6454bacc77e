//! What Azure does not do, and how it is known why.

use azureml_spark_azure::aml::job::{self, DataType, JobIdentity, JobStatus, SparkJob, Target};
use azureml_spark_azure::{AssetId, AssetKind, Class, Error};
use serde_json::json;

use crate::stage::{Stage, eventually, quick, serverless, spark_job};

async fn own_job(stage: &Stage) -> SparkJob {
    let identity = Some(JobIdentity::UserIdentity);
    spark_job(stage.code().await, serverless(), identity)
}

async fn refused(stage: &Stage, name: &str, job: &SparkJob) -> Error {
    let call = job::put(&stage.workspace, name, job);
    stage.client.send(call).await.unwrap_err()
}

#[tokio::test]
async fn a_job_of_things_that_are_not_there() {
    let stage = Stage::new(quick()).await;
    let good = own_job(&stage).await;
    let nowhere = |kind| {
        let id = AssetId::new(&stage.workspace, kind, "none", "1");
        id.unwrap().to_arm_id()
    };
    let mut data = good.clone();
    let id = nowhere(AssetKind::Data);
    let input = DataType::UriFile.input(id.as_str());
    data.inputs.insert("in".to_owned(), input);
    let rows = [
        (
            "CodeNotFound",
            SparkJob {
                code_id: nowhere(AssetKind::Code),
                ..good.clone()
            },
        ),
        (
            "EnvironmentNotFound",
            SparkJob {
                environment_id: Some(nowhere(AssetKind::Environment)),
                ..good.clone()
            },
        ),
        ("AssetNotFound", data),
        (
            "ComputeNotFound",
            SparkJob {
                target: Target::Attached {
                    compute_id: stage.workspace.compute("none"),
                },
                ..good.clone()
            },
        ),
    ];
    for (missing, job) in rows {
        let error = refused(&stage, "run-1", &job).await;
        assert_eq!(error.missing(), Some(missing), "{error:?}");
        assert_eq!((error.class, error.status), (Class::Terminal, Some(404)));
    }
    let call = job::get(&stage.workspace, "run-1");
    assert_eq!(stage.client.find(call).await.unwrap(), None);
}

#[tokio::test]
async fn a_cancel_that_is_refused() {
    let stage = Stage::new(quick()).await;
    let (client, ws) = (&stage.client, &stage.workspace);
    stage.set(json!({"cancelEnded": "refuse"})).await;
    let submitted = async |name: &str, tag: &str, told: &str, status: JobStatus| {
        let mut wish = own_job(&stage).await;
        wish.tags.insert(tag.to_owned(), told.to_owned());
        client.send(job::put(ws, name, &wish)).await.unwrap();
        eventually("the job is so far", async || {
            let job = client.send(job::get(ws, name)).await.unwrap();
            (job.properties.status == status).then_some(())
        })
        .await;
        client.send(job::cancel(ws, name)).await.unwrap_err()
    };
    let stuck = "emulator-instant-stuck";
    let late = submitted("late", stuck, "Finalizing", JobStatus::Finalizing).await;
    assert!(late.is_cancel_too_late(), "{late:?}");
    assert!(!late.is_cancel_forbidden(), "{late:?}");
    let ended = submitted("ended", "other", "tag", JobStatus::Completed).await;
    assert!(ended.is_cancel_too_late(), "{ended:?}");

    for (name, told) in [("words", "refused"), ("right", "forbidden")] {
        let mut wish = own_job(&stage).await;
        wish.tags.insert(stuck.to_owned(), "Running".to_owned());
        wish.tags
            .insert("emulator-cancel".to_owned(), told.to_owned());
        client.send(job::put(ws, name, &wish)).await.unwrap();
        let error = client.send(job::cancel(ws, name)).await.unwrap_err();
        assert!(error.is_cancel_forbidden(), "{error:?}");
        assert!(!error.is_cancel_too_late(), "{error:?}");
        assert_eq!(error.class, Class::Forbidden);
    }
    let nobody = client.send(job::cancel(ws, "nobody")).await.unwrap_err();
    assert!(!nobody.is_cancel_too_late(), "{nobody:?}");
    assert_eq!(nobody.missing(), Some("JobNotFound"));
}
