//! What a job names, and whether it is there.

use serde_json::{Value, json};

use crate::azure::Azure;
use crate::studio::chain;

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body["properties"][field] = value;
    body
}

fn input(kind: &str, uri: &str) -> Value {
    json!({"in": {"jobInputType": kind, "uri": uri, "mode": "Direct"}})
}

/// Bodies that name one thing that is not there, with the code of a refusal and the words of a failure.
async fn wrong(azure: &Azure) -> Vec<(Value, &'static str, &'static str)> {
    let code = azure
        .code(
            "files",
            &[("main.py", ""), ("lib/a.py", ""), ("lib/b.jar", "")],
        )
        .await;
    let good = Azure::job_body(&code);
    let workspace = azure.world().workspace_arm_id();
    let scala = json!({"sparkJobEntryType": "SparkJobScalaEntry", "className": "org.x.Main"});
    let python = json!({"sparkJobEntryType": "SparkJobPythonEntry", "file": "lib/none.py"});
    vec![
        (
            with(
                good.clone(),
                "environmentId",
                json!(format!("{workspace}/environments/e/versions/7")),
            ),
            "EnvironmentNotFound",
            "No environment exists for name: e, version: 7, label: ",
        ),
        (
            with(good.clone(), "environmentId", json!("azureml:e@latest")),
            "EnvironmentNotFound",
            "No environment exists for name: azureml:e@latest",
        ),
        (
            with(
                good.clone(),
                "inputs",
                input("mltable", &format!("{workspace}/data/d/versions/1")),
            ),
            "AssetNotFound",
            "Could not find asset with ID: /subscriptions/",
        ),
        (
            with(good.clone(), "inputs", input("custom_model", "azureml:m:1")),
            "AssetNotFound",
            "Could not find asset with ID: azureml:m:1",
        ),
        (
            with(good.clone(), "entry", python),
            "ArgumentInvalid",
            "'lib/none.py' is not in the job's code",
        ),
        (
            with(good.clone(), "entry", scala),
            "ArgumentInvalid",
            "names a class, and no jar holds it",
        ),
        (
            with(good.clone(), "pyFiles", json!(["lib/a.py", "lib"])),
            "ArgumentInvalid",
            "'lib' of pyFiles",
        ),
        (
            with(good.clone(), "jars", json!(["lib/b.jar", "../b.jar"])),
            "ArgumentInvalid",
            "'../b.jar' of jars",
        ),
        (
            with(good, "archives", json!(["env.tar.gz#env"])),
            "ArgumentInvalid",
            "'env.tar.gz#env' of archives",
        ),
    ]
}

#[tokio::test]
async fn what_is_not_there_is_refused_or_fails_the_job() {
    let azure = Azure::start(json!({"instantSeconds": 0})).await;
    let rows = wrong(&azure).await;
    azure.set(json!({"missingFile": "refuse"})).await;
    for (body, code, words) in &rows {
        let reply = azure.put("jobs/refused", body.clone()).await;
        let status = if *code == "ArgumentInvalid" { 400 } else { 404 };
        assert_eq!(reply.status, status, "{words}: {reply:?}");
        assert_eq!(reply.body["error"]["code"], "UserError");
        assert_eq!(chain(&reply.body)[1], *code);
        let message = reply.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
    let later = json!({
        "missingFile": "jobFails", "unknownEnvironment": "jobFails", "unknownData": "jobFails",
    });
    azure.set(later).await;
    for (index, (body, _, words)) in rows.into_iter().enumerate() {
        let name = format!("run-{index}");
        azure.submit(&name, body).await;
        assert_eq!(azure.status(&name).await, "Failed", "{words}");
        let details = azure.details(&name).await;
        let message = details["error"]["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
        assert_eq!(details["startTimeUtc"], Value::Null, "{words}");
    }
}

#[tokio::test]
async fn what_is_there_is_accepted_in_every_form() {
    let azure = Azure::start(json!({"instantSeconds": 0, "missingFile": "refuse"})).await;
    let store = "azureml://datastores/workspaceblobstore/paths/x/";
    let made = [
        (
            "environments/e/versions/1",
            json!({"image": "i", "condaFile": "name: x\n"}),
        ),
        (
            "data/d/versions/1",
            json!({"dataType": "mltable", "dataUri": store}),
        ),
        (
            "models/m/versions/1",
            json!({"modelType": "mlflow_model", "modelUri": store}),
        ),
    ];
    for (path, properties) in made {
        let reply = azure.put(path, json!({"properties": properties})).await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    let code = azure
        .code(
            "files",
            &[("main.py", ""), ("lib/b.jar", ""), ("env.zip", "")],
        )
        .await;
    let workspace = azure.world().workspace_arm_id();
    let world = azure.world();
    let located = format!(
        "azureml://locations/{}/workspaces/{}/data/d/versions/1",
        world.location, world.workspace_id
    );
    let rows = [
        (
            "environmentId",
            json!(format!("{workspace}/environments/e/versions/1")),
        ),
        ("environmentId", json!("azureml:e:1")),
        (
            "environmentId",
            json!("azureml://registries/azureml/environments/x/versions/1"),
        ),
        ("inputs", input("mltable", "azureml:d:1")),
        (
            "inputs",
            input("uri_folder", &format!("{workspace}/data/d/versions/1")),
        ),
        ("inputs", input("uri_folder", &located)),
        (
            "inputs",
            input("mlflow_model", &format!("{workspace}/models/m/versions/1")),
        ),
        ("inputs", input("triton_model", store)),
        (
            "inputs",
            input("uri_file", "wasbs://c@elsewhere.blob.core.windows.net/x"),
        ),
        ("archives", json!(["env.zip#env"])),
        ("files", json!(["https://example.com/x.txt"])),
    ];
    for (index, (field, value)) in rows.into_iter().enumerate() {
        let name = format!("run-{index}");
        let body = with(Azure::job_body(&code), field, value.clone());
        azure.submit(&name, body).await;
        assert_eq!(azure.status(&name).await, "Completed", "{value}");
        let shown = azure.get(&format!("jobs/{name}")).await.body["properties"].clone();
        if field == "environmentId" {
            assert_eq!(shown[field], value);
        }
    }
    let mut scala = Azure::job_body(&code);
    scala["properties"]["entry"] =
        json!({"sparkJobEntryType": "SparkJobScalaEntry", "className": "org.x.Main"});
    scala["properties"]["jars"] = json!(["lib/b.jar"]);
    azure.submit("scala", scala).await;
    assert_eq!(azure.status("scala").await, "Completed");
}

#[tokio::test]
async fn sizes_and_runtimes_of_serverless_spark_are_open() {
    let azure = Azure::start(json!({"instantSeconds": 0})).await;
    let code = azure.some_code().await;
    let mut body = Azure::job_body(&code);
    body["properties"]["resources"] =
        json!({"instanceType": "standard_e96s_v6", "runtimeVersion": "3.2.0"});
    assert_eq!(azure.put("jobs/big", body.clone()).await.status, 400);
    azure.set(json!({"unknownInstanceType": "accept"})).await;
    azure.submit("old", body.clone()).await;
    assert_eq!(azure.status("old").await, "Completed");
    azure.set(json!({"retiredRuntime": "jobFails"})).await;
    azure.submit("older", body.clone()).await;
    assert_eq!(azure.status("older").await, "Failed");
    azure.set(json!({"retiredRuntime": "refuse"})).await;
    assert_eq!(azure.put("jobs/oldest", body.clone()).await.status, 400);
    body["properties"]["resources"]["runtimeVersion"] = json!("3.20");
    azure.submit("new", body).await;
}
