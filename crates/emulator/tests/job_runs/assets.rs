//! Versioned assets: environments, data, models, code.

use serde_json::{Value, json};

use crate::azure::{Azure, Reply};
use crate::studio::chain;

fn environment(conda: &str) -> Value {
    json!({"properties": {"image": "conda/miniconda3", "condaFile": conda}})
}

fn data(kind: &str) -> Value {
    let uri = "azureml://datastores/workspaceblobstore/paths/in/";
    json!({"properties": {"dataType": kind, "dataUri": uri}})
}

fn names(list: &Reply) -> Vec<&str> {
    let value = list.body["value"].as_array().unwrap();
    value
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn versions_are_made_once_and_listed() {
    let azure = Azure::start(json!({})).await;
    for version in ["2", "10", "1"] {
        let path = format!("environments/spark-env/versions/{version}");
        let body = environment(&format!("name: v{version}\n"));
        let made = azure.put(&path, body.clone()).await;
        assert_eq!(made.status, 201, "{made:?}");
        let again = azure.put(&path, body).await;
        assert_eq!(again.status, 200);
        assert_eq!(
            again.body["systemData"]["createdAt"],
            made.body["systemData"]["createdAt"]
        );
        let other = azure.put(&path, environment("name: other\n")).await;
        assert_eq!(other.status, 400, "{other:?}");
    }
    let versions = "environments/SPARK-ENV/versions";
    let newest = format!("{versions}?$orderBy=createdtime%20desc");
    assert_eq!(names(&azure.get(&newest).await), ["1", "10", "2"]);
    let one = format!("{newest}&$top=1");
    assert_eq!(names(&azure.get(&one).await), ["1"]);
    let oldest = format!("{versions}?$orderBy=createdtime%20asc");
    assert_eq!(names(&azure.get(&oldest).await), ["2", "10", "1"]);
    let other = format!("{versions}?$orderBy=size");
    assert_eq!(azure.get(&other).await.status, 400);

    let mut archived = environment("name: v10\n");
    archived["properties"]["isArchived"] = json!(true);
    let put = azure.put("environments/spark-env/versions/10", archived);
    assert_eq!(put.await.status, 200);
    assert_eq!(names(&azure.get(versions).await), ["1", "2"]);
    let all = format!("{versions}?listViewType=All");
    assert_eq!(names(&azure.get(&all).await), ["1", "10", "2"]);
    let archived = format!("{versions}?listViewType=ArchivedOnly");
    assert_eq!(names(&azure.get(&archived).await), ["10"]);
}

#[tokio::test]
async fn a_container_knows_the_latest_version() {
    let azure = Azure::start(json!({})).await;
    for (name, version) in [("people", "3"), ("people", "1"), ("places", "1")] {
        let path = format!("data/{name}/versions/{version}");
        assert_eq!(azure.put(&path, data("uri_folder")).await.status, 201);
    }
    for (word, latest) in [("newest", "1"), ("highest", "3")] {
        azure.set(json!({"latestVersion": word})).await;
        let container = azure.get("data/people").await.body;
        assert_eq!(container["properties"]["latestVersion"], latest);
        assert_eq!(container["properties"]["nextVersion"], "4");
    }
    assert_eq!(names(&azure.get("data").await), ["people", "places"]);
    let absent = azure.get("data/nothing").await;
    assert_eq!(
        (absent.status.as_u16(), chain(&absent.body)),
        (404, vec!["NotFound".to_owned(), "AssetNotFound".to_owned()])
    );
    azure.some_code().await;
    let code = azure.get("codes/some-code").await.body;
    assert_eq!(code["properties"]["latestVersion"], "1");
}

#[tokio::test]
async fn an_asset_that_makes_no_sense_is_a_user_error() {
    let azure = Azure::start(json!({})).await;
    let no_uri = json!({"properties": {"dataType": "uri_file"}});
    let only_conda = json!({"properties": {"condaFile": "name: x\n"}});
    let rows = [
        ("data/d/versions/1", data("csv"), "dataType"),
        ("data/d/versions/1", no_uri, "dataUri"),
        ("data/-d/versions/1", data("mltable"), "name"),
        ("models/m/versions/1", json!({"properties": {}}), "modelUri"),
        ("environments/e/versions/1", only_conda.clone(), "image"),
        ("environments/e/versions/1", json!({}), "properties"),
        (
            "environments/e/versions/1",
            json!({"properties": {"image": "i", "condaFile": {"name": "x"}}}),
            "condaFile",
        ),
    ];
    for (path, body, words) in rows {
        let reply = azure.put(path, body).await;
        assert_eq!(reply.status, 400, "{path}: {reply:?}");
        let message = reply.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{path}: {message}");
    }
    azure
        .set(json!({"environmentWithoutImage": "accept"}))
        .await;
    let made = azure.put("environments/e/versions/1", only_conda).await;
    assert_eq!(made.status, 201, "{made:?}");
    let absent = azure.get("environments/e/versions/2").await;
    assert_eq!(absent.status, 404);
    assert_eq!(
        absent.body["error"]["message"],
        "No environment exists for name: e, version: 2, label: "
    );
    let absent = azure.get("data/d/versions/1").await;
    let message = absent.body["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Could not find asset with ID: /subscriptions/"),
        "{message}"
    );
}

#[tokio::test]
async fn a_version_put_twice_can_be_a_conflict() {
    let azure = Azure::start(json!({"repeatedAsset": "conflict"})).await;
    let path = "environments/e/versions/1";
    let body = environment("name: x\n");
    assert_eq!(azure.put(path, body.clone()).await.status, 201);
    let again = azure.put(path, body).await;
    assert_eq!(again.status, 409);
    assert_eq!(chain(&again.body)[0], "Conflict");
    let other = azure.put(path, environment("name: y\n")).await;
    assert_eq!(other.status, 400);
}

#[tokio::test]
async fn code_can_lie_where_a_datastore_leads() {
    let azure = Azure::start(json!({})).await;
    let uri = "azureml://datastores/workspaceblobstore/paths/src";
    let body = json!({"properties": {"codeUri": uri}});
    let made = azure.put("codes/in-store/versions/1", body.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    azure.set(json!({"codeUriForm": "https"})).await;
    let refused = azure.put("codes/other/versions/1", body).await;
    assert_eq!(refused.status, 400, "{refused:?}");
}
