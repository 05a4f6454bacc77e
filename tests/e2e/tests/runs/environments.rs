//! Packages: registered once under the name of their content, or found by name.

use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::Scope;
use serde_json::json;

use super::{asked, azure_name, ends_well, job, scenario, sent};
use crate::JOB;

fn conda(scope: &Scope<'_>) -> String {
    let name = scope.namespace();
    format!("name: {name}\ndependencies:\n  - python=3.10\n")
}

fn with_asset(scope: &Scope<'_>, name: &str, asset: &str) -> Manifest {
    job(scope, name).with("/spec/environment/asset", asset)
}

#[test]
fn the_same_packages_are_registered_once() {
    scenario("conda", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let text = conda(scope);
        scope
            .apply(&manifest::code("packages", "conda.yaml", &text))
            .await?;
        let inline = job(scope, "inline").with("/spec/environment/conda", text);
        scope.apply(&inline).await?;
        let keyed = job(scope, "keyed").with(
            "/spec/environment/condaConfigMapKeyRef",
            json!({"name": "packages", "key": "conda.yaml"}),
        );
        scope.apply(&keyed).await?;
        let mut ids = Vec::new();
        for name in ["inline", "keyed"] {
            let done = ends_well(scope, name).await?;
            let seen = asked(scope, since).await?;
            let id = sent(&seen, &azure_name(&done))["environmentId"].clone();
            assert_eq!(done["status"]["resolved"]["environmentId"], id);
            ids.push(id.as_str().unwrap().to_owned());
        }
        assert_eq!(ids[0], ids[1]);
        let path = ids[0].split("/environments/").last().unwrap();
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/environments/", path]), 1, "{seen}");
        Ok(())
    });
}

#[test]
fn an_environment_by_name_and_its_latest_version() {
    scenario("environment", async |scope, portal| {
        let since = scope.stack().emulator().now().await?;
        let name = scope.unique("packages");
        for (job, version) in [("latest", "@latest"), ("first", ":1")] {
            let asset = format!("azureml:{name}{version}");
            scope.apply(&with_asset(scope, job, &asset)).await?;
            scope
                .reason(JOB, job, "ReferencesResolved", "False", "AssetNotFound")
                .await?;
        }
        for version in ["1", "2"] {
            portal
                .put_environment(&name, version, &conda(scope))
                .await?;
        }
        for (job, version) in [("latest", "2"), ("first", "1")] {
            scope.reconcile(JOB, job).await?;
            let done = ends_well(scope, job).await?;
            let seen = asked(scope, since).await?;
            let id = sent(&seen, &azure_name(&done))["environmentId"].clone();
            let ends = format!("/environments/{name}/versions/{version}");
            assert!(id.as_str().unwrap().ends_with(&ends), "{id}");
        }
        Ok(())
    });
}
