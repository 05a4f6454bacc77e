//! What runs read and write: of each kind, by address, by name and version, and as assets that come of it.

use azureml_spark_testkit::scope::message;
use serde_json::json;

use super::{asked, azure_name, ends_well, job, scenario, sent};
use crate::JOB;

#[test]
fn data_by_name() {
    scenario("data", async |scope, portal| {
        let since = scope.stack().emulator().now().await?;
        let (one, two) = (scope.unique("one"), scope.unique("two"));
        let address = "azureml://datastores/workspaceblobstore/paths/rows/";
        portal.put_data(&one, "1", "uri_folder", address).await?;
        portal.put_data(&one, "2", "uri_folder", address).await?;
        let reads = job(scope, "reads")
            .with(
                "/spec/inputs/latest",
                json!({"type": "uri_folder", "path": format!("azureml:{one}@latest")}),
            )
            .with(
                "/spec/inputs/first",
                json!({"type": "uri_folder", "path": format!("azureml:{one}:1")}),
            )
            .with(
                "/spec/inputs/table",
                json!({"type": "mltable", "path": format!("azureml:{two}:7")}),
            )
            .with(
                "/spec/inputs/plain",
                json!({"type": "uri_folder", "path": address}),
            )
            .with("/spec/inputs/number", json!({"value": "5"}));
        scope.apply(&reads).await?;
        let told = scope
            .reason(JOB, "reads", "ReferencesResolved", "False", "AssetNotFound")
            .await?;
        assert!(
            message(&told, "Stalled").contains(&format!("azureml:{two}:7")),
            "{told}"
        );
        portal.put_data(&two, "7", "mltable", address).await?;
        scope.reconcile(JOB, "reads").await?;
        let done = ends_well(scope, "reads").await?;
        let seen = asked(scope, since).await?;
        let inputs = &sent(&seen, &azure_name(&done))["inputs"];
        for (input, type_, ends) in [
            ("latest", "uri_folder", format!("/data/{one}/versions/2")),
            ("first", "uri_folder", format!("/data/{one}/versions/1")),
            ("table", "mltable", format!("/data/{two}/versions/7")),
            ("plain", "uri_folder", address.to_owned()),
        ] {
            assert_eq!(inputs[input]["jobInputType"], type_);
            let uri = inputs[input]["uri"].as_str().unwrap();
            assert!(uri.ends_with(&ends), "{input}: {uri}");
        }
        assert_eq!(
            inputs["number"],
            json!({"jobInputType": "literal", "value": "5"})
        );
        Ok(())
    });
}

#[test]
fn each_kind_of_data_at_each_kind_of_address() {
    scenario("data-kinds", async |scope, portal| {
        let since = scope.stack().emulator().now().await?;
        let model = scope.unique("model");
        let place = "azureml://datastores/workspaceblobstore/paths/models/1/";
        // Data of that name is no model.
        portal.put_data(&model, "1", "uri_folder", place).await?;
        let blobs = "wasbs://rows@data.blob.core.windows.net/2026/";
        let lake = "abfss://rows@data.dfs.core.windows.net/titanic.csv";
        let inputs = [
            ("blobs", "uri_folder", blobs.to_owned()),
            ("lake", "uri_file", lake.to_owned()),
            ("table", "mltable", blobs.to_owned()),
            ("latest", "mlflow_model", format!("azureml:{model}@latest")),
            ("first", "custom_model", format!("azureml:{model}:1")),
            ("placed", "triton_model", place.to_owned()),
        ];
        let outputs = [
            ("parts", "uri_folder", blobs),
            ("one", "uri_file", lake),
            ("trained", "mlflow_model", place),
        ];
        let mut kinds = job(scope, "kinds");
        for (name, type_, path) in &inputs {
            let input = json!({"type": type_, "path": path});
            kinds = kinds.with(&format!("/spec/inputs/{name}"), input);
        }
        for (name, type_, path) in outputs {
            let output = json!({"type": type_, "path": path});
            kinds = kinds.with(&format!("/spec/outputs/{name}"), output);
        }
        scope.apply(&kinds).await?;
        let told = scope
            .reason(JOB, "kinds", "ReferencesResolved", "False", "AssetNotFound")
            .await?;
        assert!(message(&told, "Stalled").contains(&model), "{told}");
        for version in ["1", "2"] {
            portal
                .put_model(&model, version, "mlflow_model", place)
                .await?;
        }
        scope.reconcile(JOB, "kinds").await?;
        let done = ends_well(scope, "kinds").await?;
        let seen = asked(scope, since).await?;
        let sent = sent(&seen, &azure_name(&done));
        for (name, type_, path) in &inputs {
            let input = &sent["inputs"][name];
            assert_eq!(input["jobInputType"], *type_, "{name}");
            let uri = input["uri"].as_str().unwrap();
            let version = match *name {
                "latest" => Some("2"),
                "first" => Some("1"),
                _ => None,
            };
            match version {
                Some(version) => {
                    let ends = format!("/models/{model}/versions/{version}");
                    assert!(uri.ends_with(&ends), "{name}: {uri}");
                }
                None => assert_eq!(uri, path, "{name}"),
            }
        }
        for (name, type_, path) in outputs {
            let output = &sent["outputs"][name];
            assert_eq!(
                (&output["jobOutputType"], &output["uri"]),
                (&json!(type_), &json!(path)),
                "{name}"
            );
        }
        Ok(())
    });
}

#[test]
fn an_output_becomes_the_asset_that_it_is_to_be() {
    scenario("outputs", async |scope, portal| {
        let since = scope.stack().emulator().now().await?;
        let (model, rows) = (scope.unique("model"), scope.unique("rows"));
        let path = |name: &str| format!("azureml://datastores/workspaceblobstore/paths/{name}/");
        let writes = job(scope, "trains")
            .with(
                "/spec/outputs/model",
                json!({"type": "mlflow_model", "path": path(&model), "registerAs": {"name": model, "version": "7"}}),
            )
            .with(
                "/spec/outputs/rows",
                json!({"type": "uri_folder", "path": path(&rows), "registerAs": {"name": rows, "version": "2026.1-a"}}),
            )
            .with(
                "/spec/outputs/scraps",
                json!({"type": "uri_folder", "path": path("scraps")}),
            );
        scope.apply(&writes).await?;
        let done = ends_well(scope, "trains").await?;
        let told = |name: &str| {
            let outputs = done["status"]["outputs"].as_array().unwrap();
            outputs
                .iter()
                .find(|output| output["name"] == name)
                .unwrap()
        };
        for (name, asset, version, collection) in [
            ("model", &model, "7", "models"),
            ("rows", &rows, "2026.1-a", "data"),
        ] {
            let expected = format!("azureml:{asset}:{version}");
            assert_eq!(told(name)["asset"], expected, "{done}");
            assert_eq!(told(name)["path"], path(asset), "{done}");
            let there = portal.version(collection, asset, version).await?;
            assert!(there.is_some(), "no {expected} among the {collection}");
        }
        assert_eq!(told("scraps").get("asset"), None, "{done}");
        let reads = job(scope, "scores")
            .with(
                "/spec/inputs/model",
                json!({"type": "mlflow_model", "path": format!("azureml:{model}:7")}),
            )
            .with(
                "/spec/inputs/same",
                json!({"fromJob": {"name": "trains", "output": "model"}}),
            );
        scope.apply(&reads).await?;
        let read = ends_well(scope, "scores").await?;
        let seen = asked(scope, since).await?;
        let inputs = &sent(&seen, &azure_name(&read))["inputs"];
        for input in ["model", "same"] {
            assert_eq!(inputs[input]["jobInputType"], "mlflow_model");
        }
        let uri = inputs["model"]["uri"].as_str().unwrap();
        assert!(
            uri.ends_with(&format!("/models/{model}/versions/7")),
            "{uri}"
        );
        assert_eq!(inputs["same"]["uri"], told("model")["path"]);
        Ok(())
    });
}
