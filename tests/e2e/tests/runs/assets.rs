//! Code that is in Azure already.

use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, message};

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
    /// `UUIDv5` of that hash below `https://spark.azureml.dev/codes/`.
    const OURS: &str = "27177254-b15a-5a18-a4e7-cea17bbf4e63";
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
        // Under the name that it would have been given here it is only asked for.
        let ours = format!("/codes/{OURS}/");
        assert_eq!(seen.count("GET", &[&ours, HASH]), 1, "{seen}");
        for method in ["POST", "PUT"] {
            assert_eq!(seen.count(method, &[&ours]), 0, "{seen}");
        }
        Ok(())
    });
}
