//! `@latest` is looked up once: what it was at the first submission is the job's, whatever is registered later.

use anyhow::Result;
use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::Scope;
use serde_json::{Value, json};

use super::assets::{address, coded};
use super::{asked, attempt, azure_name, ends_well, in_state, scenario, sent};
use crate::JOB;

/// One name for all of it: code, packages, data and a model are told apart.
fn reads(scope: &Scope<'_>, name: &str, asset: &str) -> Manifest {
    let latest = format!("azureml:{asset}@latest");
    coded(scope, name, "asset", &latest)
        .with("/spec/environment/asset", latest.clone())
        .with(
            "/spec/inputs/rows",
            json!({"type": "uri_folder", "path": latest}),
        )
        .with(
            "/spec/inputs/model",
            json!({"type": "custom_model", "path": latest}),
        )
        .with("/spec/tags/emulator-instant-stuck", "Running")
        // Later than the operator believes what it has looked up.
        .with(
            "/spec/retry",
            json!({"maxAttempts": 2, "backoffSeconds": 35}),
        )
}

async fn register(
    scope: &Scope<'_>,
    portal: &Portal<'_>,
    asset: &str,
    version: &str,
) -> Result<()> {
    let folder = format!("{asset}/{version}");
    let text = format!("print('{folder}')\n");
    let emulator = scope.stack().emulator();
    emulator.put_blob(&format!("{folder}/main.py"), text)?;
    let hash = format!("{folder:->64}");
    let code = address(scope, &folder);
    portal.put_code(asset, version, &code, &hash).await?;
    let packages = format!("name: packages-{version}\ndependencies: [python=3.10]\n");
    portal.put_environment(asset, version, &packages).await?;
    let place = format!("azureml://datastores/workspaceblobstore/paths/{folder}/");
    portal
        .put_data(asset, version, "uri_folder", &place)
        .await?;
    portal
        .put_model(asset, version, "custom_model", &place)
        .await?;
    Ok(())
}

/// The same four in what was sent and in the status: each ends in this version of the asset.
fn must_name(sent: &Value, object: &Value, asset: &str, version: &str) {
    let status = &object["status"];
    let resolved = &status["resolved"];
    for (collection, sent, told) in [
        ("codes", &sent["codeId"], &status["codeId"]),
        (
            "environments",
            &sent["environmentId"],
            &resolved["environmentId"],
        ),
        (
            "data",
            &sent["inputs"]["rows"]["uri"],
            &resolved["inputs"]["rows"]["path"],
        ),
        (
            "models",
            &sent["inputs"]["model"]["uri"],
            &resolved["inputs"]["model"]["path"],
        ),
    ] {
        let ends = format!("/{collection}/{asset}/versions/{version}");
        let sent = sent.as_str().unwrap();
        assert!(sent.ends_with(&ends), "{ends}: {sent}");
        assert_eq!(told, sent, "{status}");
    }
}

#[test]
fn the_latest_version_is_looked_up_once_for_all_attempts() {
    scenario("latest", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let asset = scope.unique("latest");
        register(scope, portal, &asset, "1").await?;
        scope.apply(&reads(scope, "first", &asset)).await?;
        let run = in_state(scope, "first", "Running").await?;
        let seen = asked(scope, since).await?;
        let running = scope.get(JOB, "first").await?;
        must_name(sent(&seen, &run), &running, &asset, "1");

        register(scope, portal, &asset, "2").await?;
        scope.apply(&reads(scope, "second", &asset)).await?;
        let other = in_state(scope, "second", "Running").await?;
        let second = scope.get(JOB, "second").await?;
        let seen = asked(scope, since).await?;
        must_name(sent(&seen, &other), &second, &asset, "2");

        emulator.fail_run(&run).await?;
        let again = scope
            .wait(JOB, "first", "runs for the second time", |object| {
                object["status"]["attempt"] == 2 && object["status"]["state"] == "Running"
            })
            .await?;
        assert_eq!(azure_name(&again), attempt(&run, 2));
        for name in [&azure_name(&again), &other] {
            emulator.set_run(name, "Completed").await?;
        }
        ends_well(scope, "second").await?;
        let done = ends_well(scope, "first").await?;
        let seen = asked(scope, since).await?;
        for name in [&run, &azure_name(&done)] {
            must_name(sent(&seen, name), &done, &asset, "1");
        }
        Ok(())
    });
}
