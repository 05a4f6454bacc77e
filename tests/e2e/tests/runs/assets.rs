//! Code and data that are in Azure already.

use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, message};
use serde_json::json;

use super::{asked, azure_name, ends_well, job, scenario, sent};
use crate::JOB;

/// A job with other code.
pub(super) fn coded(scope: &Scope<'_>, name: &str, field: &str, value: &str) -> Manifest {
    job(scope, name)
        .without("/spec/code/configMaps")
        .with(&format!("/spec/code/{field}"), value)
}

/// Where a folder of the container behind `workspaceblobstore` is.
pub(super) fn address(scope: &Scope<'_>, folder: &str) -> String {
    let emulator = scope.stack().emulator();
    let world = emulator.world();
    let port = emulator.url().rsplit(':').next().unwrap();
    format!(
        "https://{}.blob.core.localhost:{port}/{}/{folder}",
        world.storage_account, world.container
    )
}

#[test]
fn code_that_is_registered_is_named() {
    scenario("code-asset", async |scope, _| {
        let emulator = scope.stack().emulator();
        scope.apply(&job(scope, "first")).await?;
        let first = ends_well(scope, "first").await?;
        let id = first["status"]["codeId"].as_str().unwrap().to_owned();
        let code = id.split("/codes/").last().unwrap();
        let (asset, version) = code.split_once("/versions/").unwrap();
        let since = emulator.now().await?;
        for (name, word) in [
            ("by-id", id.clone()),
            ("by-name", format!("azureml:{asset}:{version}")),
            ("by-latest", format!("azureml:{asset}@latest")),
        ] {
            scope.apply(&coded(scope, name, "asset", &word)).await?;
            let done = ends_well(scope, name).await?;
            let seen = asked(scope, since).await?;
            let sent = sent(&seen, &azure_name(&done))["codeId"]
                .as_str()
                .unwrap()
                .to_owned();
            assert!(sent.eq_ignore_ascii_case(&id), "{name}: {sent}");
        }
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/codes/", asset]), 0, "{seen}");
        let missing = format!("azureml:{asset}:999");
        scope
            .apply(&coded(scope, "missing", "asset", &missing))
            .await?;
        let told = scope
            .reason(
                JOB,
                "missing",
                "ReferencesResolved",
                "False",
                "AssetNotFound",
            )
            .await?;
        assert!(message(&told, "Stalled").contains(&missing), "{told}");
        Ok(())
    });
}

#[test]
fn code_in_a_storage_account_is_registered_where_it_is() {
    scenario("code-uri", async |scope, _| {
        let emulator = scope.stack().emulator();
        let folder = scope.unique("code");
        emulator.put_blob(&format!("{folder}/main.py"), "print(1)\n")?;
        let uri = address(scope, &folder);
        let since = emulator.now().await?;
        for name in ["here", "again"] {
            scope.apply(&coded(scope, name, "uri", &uri)).await?;
        }
        let ids = [
            ends_well(scope, "here").await?["status"]["codeId"].clone(),
            ends_well(scope, "again").await?["status"]["codeId"].clone(),
        ];
        assert_eq!(ids[0], ids[1]);
        let code = ids[0].as_str().unwrap().split("/codes/").last().unwrap();
        let seen = asked(scope, since).await?;
        let puts = seen.matching("PUT", &["/codes/", code]);
        assert_eq!(puts.0.len(), 1, "{seen}");
        assert_eq!(puts.bodies()[0]["properties"]["codeUri"], uri.as_str());
        Ok(())
    });
}

#[test]
fn code_that_the_azure_cli_has_uploaded_is_found_by_its_hash() {
    // SHA-256 as the SDK makes it, over the count, the path, the size and the text.
    const TEXT: &str = "print('known')\n";
    const HASH: &str = "15f19a43fdef505a2a6e789f780ed16a4f573c33639f2f9591f3e1964e1a1fd6";
    scenario("code-hash", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let folder = scope.unique("uploaded");
        emulator.put_blob(&format!("{folder}/main.py"), TEXT)?;
        let name = "0b1f6f0e-94f2-4b58-8f5e-1a52a3c6d7e8";
        let code = portal
            .put_code(name, "1", &address(scope, &folder), HASH)
            .await?;
        let since = emulator.now().await?;
        scope
            .apply(&manifest::code("known", "main.py", TEXT))
            .await?;
        let known = job(scope, "known").with("/spec/code/configMaps/0/name", "known");
        scope.apply(&known).await?;
        let done = ends_well(scope, "known").await?;
        assert_eq!(done["status"]["codeId"], code["id"]);
        let seen = asked(scope, since).await?;
        assert_eq!(sent(&seen, &azure_name(&done))["codeId"], code["id"]);
        Ok(())
    });
}

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
