//! Code and data that are in Azure already.

use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::scope::{Scope, message};
use serde_json::json;

use super::{asked, azure_name, ends_well, job, scenario, sent};
use crate::JOB;

/// A job with other code.
fn coded(scope: &Scope<'_>, name: &str, field: &str, value: &str) -> Manifest {
    job(scope, name)
        .without("/spec/code/configMaps")
        .with(&format!("/spec/code/{field}"), value)
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
        assert_eq!(seen.count("PUT", &["/codes/"]), 0, "{seen}");
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
        let world = emulator.world();
        let folder = scope.unique("code");
        let container = &world.container;
        emulator.put_blob(&format!("{folder}/main.py"), "print(1)\n")?;
        let port = emulator.url().rsplit(':').next().unwrap();
        let uri = format!(
            "https://{}.blob.core.localhost:{port}/{container}/{folder}",
            world.storage_account
        );
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
