//! Assets, outputs and files of runs, as Azure answers about them.

use azureml_spark_azure::aml::artifact::{self, Run};
use azureml_spark_azure::aml::{code, data, environment, job, model, output};
use azureml_spark_azure::{AssetId, AssetKind, Refusal};
use serde_json::{Value, json};

use crate::{data as file, parse, ws};

fn id(kind: AssetKind) -> AssetId {
    AssetId::new(&ws(), kind, "a", "1").unwrap()
}

/// The fields that every version has, with the explicit nulls of the service.
fn version(kind: AssetKind, version: &str, own: &Value) -> Value {
    let mut properties = json!({
        "description": null, "tags": {}, "properties": {}, "isArchived": false, "isAnonymous": false,
    });
    let all = properties.as_object_mut().unwrap();
    all.extend(own.as_object().unwrap().clone());
    json!({
        "id": format!("{}/{}/a/versions/{version}", ws(), kind.collection()),
        "name": version,
        "type": format!("Microsoft.MachineLearningServices/workspaces/{}/versions", kind.collection()),
        "properties": properties,
        "systemData": {"createdAt": "2023-03-01T10:00:00.0000000+00:00", "createdBy": "somebody"},
    })
}

#[test]
fn versions() {
    let conda = json!({"condaFile": "name: x\n", "image": "img", "build": null, "osType": "Linux"});
    let body = version(AssetKind::Environment, "3", &conda);
    let found = parse(&environment::get(&id(AssetKind::Environment)), &body).unwrap();
    assert_eq!(found.name, "3");
    assert_eq!(found.properties.conda_file.as_deref(), Some("name: x\n"));
    assert_eq!(found.id.as_str().parse::<AssetId>().unwrap().version(), "3");

    let folder = json!({"dataType": "uri_folder", "dataUri": "azureml://datastores/d/paths/p"});
    let body = version(AssetKind::Data, "1", &folder);
    let found = parse(&data::get(&id(AssetKind::Data)), &body).unwrap();
    assert_eq!(found.properties.data_type.as_deref(), Some("uri_folder"));

    let kind = json!({"modelType": "mlflow_model", "modelUri": null, "flavors": {"sklearn": {}}});
    let body = version(AssetKind::Model, "1", &kind);
    let found = parse(&model::get(&id(AssetKind::Model)), &body).unwrap();
    assert_eq!(found.properties.model_type.as_deref(), Some("mlflow_model"));
    assert_eq!(found.properties.model_uri, None);

    let body = file("answers/code-version");
    let found = parse(&code::get(&id(AssetKind::Code)), &body).unwrap();
    assert_eq!(found.properties.properties["hash_sha256"], "ddbd");
}

#[test]
fn the_latest_of_a_list_and_of_none() {
    let listed = |versions: &[&str]| {
        let value: Vec<Value> = versions
            .iter()
            .map(|name| version(AssetKind::Environment, name, &json!({"image": "img"})))
            .collect();
        json!({"value": value, "nextLink": "https://management.azure.com/next"})
    };
    let call = environment::latest(&ws(), "a");
    let found = parse(&call, &listed(&["7", "6"])).unwrap().unwrap();
    assert_eq!(found.name, "7");
    assert_eq!(parse(&call, &listed(&[])).unwrap(), None);
    assert_eq!(parse(&call, &json!({"value": null})).unwrap(), None);
    // A version that cannot be read is no absence.
    let odd = parse(&call, &json!({"value": [{"id": 5}]}));
    assert!(matches!(odd, Err(Refusal::Unreadable(_))), "{odd:?}");

    let call = data::container(&ws(), "a");
    let container = |latest: Value| {
        json!({
            "id": format!("{}/data/a", ws()),
            "name": "a",
            "properties": {"dataType": "UriFile", "latestVersion": latest, "nextVersion": "8"},
        })
    };
    let found = parse(&call, &container(json!("7"))).unwrap();
    assert_eq!(found.properties.latest_version.as_deref(), Some("7"));
    let found = parse(&call, &container(Value::Null)).unwrap();
    assert_eq!(found.properties.latest_version, None);
}

#[test]
fn outputs() {
    let api = "https://eastus.api.azureml.ms".parse().unwrap();
    let registered = "azureml://locations/eastus/workspaces/w/data/result/versions/2";
    let call = output::assets(&api, &ws(), "titanic-1");
    let answer = json!({
        "runMetadata": {
            "runId": "titanic-1",
            "outputs": {"out": {"assetId": registered, "type": "uri_folder"}, "odd": null},
        },
        "runDefinition": null,
        "jobSpecification": null,
    });
    let found = parse(&call, &answer).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found["out"].name_and_version(), Some(("result", "2")));
    let nothing = json!({"runMetadata": {"outputs": null}});
    assert_eq!(parse(&call, &nothing).unwrap().len(), 0);
    assert!(parse(&call, &json!({})).is_err());

    let call = output::addresses(&api, &ws(), &[registered]);
    let uri = "azureml://datastores/workspaceblobstore/paths/azureml/titanic-1/out/";
    let answer = json!({"values": {
        registered: {"uri": uri, "type": "UriFolder"},
        "unknown": null,
        "hidden": {"uri": null},
    }});
    let found = parse(&call, &answer).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[registered], uri);
}

#[test]
fn outputs_of_a_job() {
    let found = parse(&job::get(&ws(), "titanic-1"), &file("answers/job")).unwrap();
    let output = &found.properties.outputs["default"];
    assert_eq!(output.job_output_type, "uri_folder");
    assert!(output.uri.as_deref().unwrap().ends_with("dcid.titanic-1"));
    assert_eq!((&output.asset_name, &output.asset_version), (&None, &None));
}

#[test]
fn files_of_a_run_show_no_signature() {
    let (api, workspace) = ("https://eastus.api.azureml.ms".parse().unwrap(), ws());
    let run = Run {
        api: &api,
        workspace: &workspace,
        experiment: "Default",
        id: "titanic-1",
    };
    let path = "user_logs/std_log.txt";
    let artifact = json!({
        "artifactId": format!("ExperimentRun/dcid.titanic-1/{path}"),
        "origin": "ExperimentRun", "container": "dcid.titanic-1", "path": path, "etag": null,
        "contentUri": "https://acct.blob.core.windows.net/azureml/x?sv=1&sig=secret",
    });
    let page = json!({"value": [artifact], "continuationToken": "more", "nextLink": null});
    let found = parse(&artifact::list(run, None), &page).unwrap();
    assert_eq!(found.value[0].path, path);
    assert_eq!(found.continuation_token.as_deref(), Some("more"));
    let found = parse(&artifact::below(run, "user_logs/", None), &page).unwrap();
    assert!(!format!("{found:?}").contains("secret"), "{found:?}");
    let found = parse(&artifact::one(run, path), &artifact).unwrap();
    assert_eq!(found.path, path);
    let none = parse(&artifact::list(run, None), &json!({"value": null})).unwrap();
    assert_eq!((none.value.len(), none.continuation_token), (0, None));
}
