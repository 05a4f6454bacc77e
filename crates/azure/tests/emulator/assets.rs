//! What jobs are made of, by name: looked for, registered once, and found again.

use std::collections::BTreeMap;

use azureml_spark_azure::aml::code::{Source, SourceFile};
use azureml_spark_azure::aml::environment::{self, NewEnvironment};
use azureml_spark_azure::aml::job::{
    self, DataType, JobIdentity, JobStatus, OutputUri, RegisterAs,
};
use azureml_spark_azure::aml::run::{self, Labels};
use azureml_spark_azure::aml::{artifact, asset, output, upload};
use azureml_spark_azure::arm::workspace;
use azureml_spark_azure::{AssetId, AssetKind};
use url::Url;

use crate::stage::{Stage, quick, serverless, spark_job};

async fn api(stage: &Stage) -> Url {
    let call = workspace::get(&stage.workspace);
    let workspace = stage.client.send(call).await.unwrap();
    let call = run::discover(workspace.properties.discovery_url.unwrap());
    stage.client.send(call).await.unwrap()
}

#[tokio::test]
async fn an_environment_is_registered_once() {
    let stage = Stage::new(quick()).await;
    let (client, ws) = (&stage.client, &stage.workspace);
    let kind = AssetKind::Environment;
    let id = |version| AssetId::new(ws, kind, "packages", version).unwrap();
    assert!(!asset::exists(client, &id("1")).await.unwrap());
    assert_eq!(
        asset::latest(client, ws, kind, "packages").await.unwrap(),
        None
    );
    for version in ["1", "2", "2"] {
        let wish = NewEnvironment::of_a_job(format!("name: v{version}\n"));
        let registered = environment::register(client, &id(version), &wish).await;
        assert_eq!(registered.unwrap(), id(version).to_arm_id());
    }
    assert!(asset::exists(client, &id("2")).await.unwrap());
    assert_eq!(
        asset::latest(client, ws, kind, "packages").await.unwrap(),
        Some(id("2"))
    );
    let found = client.send(environment::get(&id("1"))).await.unwrap();
    assert_eq!(found.properties.conda_file.as_deref(), Some("name: v1\n"));
    assert_eq!(found.properties.image.as_deref(), Some(environment::IMAGE));
    // What a version holds stays.
    let other = NewEnvironment::of_a_job("name: other\n");
    let refused = client.send(environment::put(&id("1"), &other)).await;
    assert_eq!(
        refused.unwrap_err().class,
        azureml_spark_azure::Class::Terminal
    );
}

#[tokio::test]
async fn code_is_found_by_its_content_and_by_its_name() {
    let stage = Stage::new(quick()).await;
    let (client, ws) = (&stage.client, &stage.workspace);
    let file = |content: &'static str| {
        let path = "main.py".to_owned();
        let content = content.into();
        Source::new([SourceFile { path, content }]).unwrap().hash()
    };
    let registered = stage.code().await;
    let found = upload::find(client, ws, &file("print(1)\n")).await.unwrap();
    assert_eq!(found, Some(registered.clone()));
    let other = upload::find(client, ws, &file("print(2)\n")).await.unwrap();
    assert_eq!(other, None);
    let id: AssetId = registered.as_str().parse().unwrap();
    assert!(asset::exists(client, &id).await.unwrap());
    let latest = asset::latest(client, ws, AssetKind::Code, id.name()).await;
    assert_eq!(latest.unwrap(), Some(id));
}

#[tokio::test]
async fn code_in_storage_is_registered_once() {
    let stage = Stage::new(quick()).await;
    let (client, ws) = (&stage.client, &stage.workspace);
    let uploaded: AssetId = stage.code().await.as_str().parse().unwrap();
    let call = azureml_spark_azure::aml::code::get(&uploaded);
    let folder = client
        .send(call)
        .await
        .unwrap()
        .properties
        .code_uri
        .unwrap();
    let first = upload::register_folder(client, ws, &folder).await.unwrap();
    let second = upload::register_folder(client, ws, &format!("{folder}/")).await;
    assert_eq!(second.unwrap(), first);
    assert_ne!(first, uploaded.to_arm_id());
    let id: AssetId = first.as_str().parse().unwrap();
    assert!(asset::exists(client, &id).await.unwrap());
}

#[tokio::test]
async fn labels_outputs_and_files_of_a_run() {
    let stage = Stage::new(quick()).await;
    let (client, ws) = (&stage.client, &stage.workspace);
    let mut wish = spark_job(
        stage.code().await,
        serverless(),
        Some(JobIdentity::UserIdentity),
    );
    let named = OutputUri {
        register_as: Some(RegisterAs {
            name: "result".to_owned(),
            version: Some("3".to_owned()),
        }),
        ..OutputUri::default()
    };
    wish.outputs
        .insert("out".to_owned(), DataType::UriFolder.output(named));
    client.send(job::put(ws, "run-1", &wish)).await.unwrap();
    let ended = stage.ended("run-1").await;
    assert_eq!(ended.properties.status, JobStatus::Completed);
    let shown = &ended.properties.outputs["out"];
    assert_eq!(shown.asset_name.as_deref(), Some("result"));

    let api = api(&stage).await;
    let labels = Labels {
        display_name: Some("new".to_owned()),
        description: None,
        tags: BTreeMap::from([("team".to_owned(), "b".to_owned())]),
    };
    let experiment = ended.properties.experiment_name.unwrap();
    let relabel = || run::relabel(&api, ws, &experiment, "run-1", &labels);
    client.send(relabel()).await.unwrap();
    client.send(relabel()).await.unwrap();
    let seen = client.send(job::get(ws, "run-1")).await.unwrap().properties;
    assert_eq!(seen.display_name.as_deref(), Some("new"));
    assert_eq!(seen.tags["team"], "b");
    assert!(seen.tags.contains_key("spark-azureml-dev-uid"));

    let outputs = output::find(client, &api, ws, "run-1").await.unwrap();
    let uri = outputs["out"].uri.as_deref().unwrap();
    assert!(uri.starts_with("azureml://"), "{uri}");

    let run = artifact::Run {
        api: &api,
        workspace: ws,
        experiment: &experiment,
        id: "run-1",
    };
    let files = client.send(artifact::list(run, None)).await.unwrap().value;
    assert!(!files.is_empty());
    let path = &files[0].path;
    let signed = client.send(artifact::one(run, path)).await.unwrap();
    assert_eq!(&signed.path, path);
    let (folder, _) = path.split_once('/').unwrap();
    let below = artifact::below(run, &format!("{folder}/"), None);
    assert!(!client.send(below).await.unwrap().value.is_empty());
    let missing = client.find(artifact::one(run, "none.txt")).await.unwrap();
    assert!(missing.is_none());
}
