//! Jobs, from their code to their log.

use azureml_emulator::Settings;
use azureml_spark_azure::Class;
use azureml_spark_azure::aml::job::{self, JobIdentity, JobStatus, Target};
use azureml_spark_azure::aml::{log, run};
use azureml_spark_azure::arm::workspace;

use crate::stage::{Stage, quick, serverless, spark_job};

#[tokio::test]
async fn a_job_on_a_pool_from_its_code_to_its_log() {
    let stage = Stage::new(quick()).await;
    let (client, ws) = (&stage.client, &stage.workspace);
    let principal = stage.attach("my-pool").await.identity.principal_id.unwrap();
    stage.grant(&principal).await;
    let code = stage.code().await;
    assert_eq!(stage.code().await, code, "known code is found by its hash");

    let target = Target::Attached {
        compute_id: ws.compute("my-pool"),
    };
    let identity = JobIdentity::Managed {
        client_id: None,
        resource_id: None,
    };
    let job = spark_job(code, target, Some(identity));
    assert_eq!(client.find(job::get(ws, "titanic-1")).await.unwrap(), None);
    client.send(job::put(ws, "titanic-1", &job)).await.unwrap();
    let repeated = client
        .send(job::put(ws, "titanic-1", &job))
        .await
        .unwrap_err();
    assert!(repeated.is_job_exists(), "{repeated:?}");

    let ended = stage.ended("titanic-1").await;
    assert_eq!(ended.properties.status, JobStatus::Completed);
    assert_eq!(ended.properties.properties["definition"], "d");
    assert!(ended.studio_url().unwrap().contains("titanic-1"));
    let filter = job::Filter {
        job_type: Some("Spark"),
        tag: Some("spark-azureml-dev-uid"),
    };
    let page = client.send(job::list(ws, filter)).await.unwrap();
    assert_eq!(
        page.items
            .iter()
            .map(|job| job.name.as_str())
            .collect::<Vec<_>>(),
        ["titanic-1"]
    );

    let workspace = client.send(workspace::get(ws)).await.unwrap();
    let api = client
        .send(run::discover(workspace.properties.discovery_url.unwrap()))
        .await
        .unwrap();
    let details = client
        .send(run::details(&api, ws, "titanic-1"))
        .await
        .unwrap();
    assert_eq!(details.status, JobStatus::Completed);
    let (_, best) = log::ranked(&details.log_files)[0];
    let tail = log::tail(client, best).await.unwrap();
    assert!(!tail.is_empty() && tail.len() <= 16 * 1024, "{tail:?}");
}

/// A serverless job as the world's identity.
async fn submit(stage: &Stage, name: &str) {
    let world = stage.emulator.world();
    let client_id = Some(world.identity_client_id(&world.user_assigned_identity));
    let identity = JobIdentity::Managed {
        client_id,
        resource_id: None,
    };
    let job = spark_job(stage.code().await, serverless(), Some(identity));
    stage
        .client
        .send(job::put(&stage.workspace, name, &job))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_failed_job_tells_why() {
    let stage = Stage::new(Settings {
        instant_outcome: "Failed".to_owned(),
        ..quick()
    })
    .await;
    submit(&stage, "fails").await;
    assert_eq!(
        stage.ended("fails").await.properties.status,
        JobStatus::Failed
    );
    let workspace = stage
        .client
        .send(workspace::get(&stage.workspace))
        .await
        .unwrap();
    let discovery = workspace.properties.discovery_url.unwrap();
    let api = stage.client.send(run::discover(discovery)).await.unwrap();
    let details = stage
        .client
        .send(run::details(&api, &stage.workspace, "fails"))
        .await
        .unwrap();
    assert!(
        !details
            .error
            .expect("a failed run has an error")
            .message
            .is_empty()
    );
}

#[tokio::test]
async fn a_cancelled_job_ends() {
    let stage = Stage::new(Settings {
        instant_seconds: 3600.0,
        cancel_seconds: 0.1,
        ..quick()
    })
    .await;
    submit(&stage, "long").await;
    stage
        .client
        .send(job::cancel(&stage.workspace, "long"))
        .await
        .unwrap();
    assert_eq!(
        stage.ended("long").await.properties.status,
        JobStatus::Canceled
    );
}

#[tokio::test]
async fn a_serverless_job_as_its_submitter_carries_the_second_token() {
    let stage = Stage::new(quick()).await;
    let job = spark_job(
        stage.code().await,
        serverless(),
        Some(JobIdentity::UserIdentity),
    );
    stage
        .client
        .send(job::put(&stage.workspace, "me", &job))
        .await
        .unwrap();
    assert_eq!(
        stage.ended("me").await.properties.status,
        JobStatus::Completed
    );
    let nobody = spark_job(stage.code().await, serverless(), None);
    let error = stage
        .client
        .send(job::put(&stage.workspace, "nobody", &nobody))
        .await
        .unwrap_err();
    assert_eq!((error.class, error.status), (Class::Terminal, Some(404)));
    assert_eq!(error.innermost_code(), "UserAssignedIdentityNotFound");
}
