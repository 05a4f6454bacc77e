//! Packages: registered once under the name of their content, or found by name.

use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, message};
use serde_json::json;

use super::{asked, azure_name, ends_well, in_state, job, scenario, sent, stuck};
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

#[test]
fn packages_in_a_key_are_those_at_the_submission() {
    scenario("conda-key", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let keyed = |job: Manifest| {
            let key = json!({"name": "packages", "key": "conda.yaml"});
            job.with("/spec/environment/condaConfigMapKeyRef", key)
        };
        let packages = |key: &str, text: &str| manifest::code("packages", key, text);
        let running = keyed(stuck(scope, "running", "Running"));
        scope.apply(&running).await?;
        let sorry = "spec.environment.condaConfigMapKeyRef: ";
        for (put, reason, words) in [
            (None, "ConfigMapNotFound", "no ConfigMap 'packages'"),
            (
                Some(packages("conda.yml", "{}")),
                "KeyNotFound",
                "ConfigMap 'packages' has no key 'conda.yaml'",
            ),
            (
                Some(packages("conda.yaml", "- numpy\n")),
                "InvalidSpec",
                "is no conda environment",
            ),
        ] {
            if let Some(map) = put {
                scope.apply(&map).await?;
            }
            let told = scope
                .reason(JOB, "running", "ReferencesResolved", "False", reason)
                .await?;
            let says = message(&told, "Stalled");
            assert!(says.contains(sorry) && says.contains(words), "{says}");
        }
        let first = conda(scope);
        let second = format!("{first}  - numpy=2.0\n");
        scope.apply(&packages("conda.yaml", &first)).await?;
        let run = in_state(scope, "running", "Running").await?;
        scope.apply(&packages("conda.yaml", &second)).await?;
        scope.apply(&keyed(job(scope, "new"))).await?;
        let new = ends_well(scope, "new").await?;
        scope.reconcile(JOB, "running").await?;
        emulator.set_run(&run, "Completed").await?;
        let done = ends_well(scope, "running").await?;
        assert_eq!(azure_name(&done), run);
        let seen = asked(scope, since).await?;
        let mut ids = Vec::new();
        for (object, text) in [(&done, &first), (&new, &second)] {
            let id = &sent(&seen, &azure_name(object))["environmentId"];
            assert_eq!(object["status"]["resolved"]["environmentId"], *id);
            let id = id.as_str().unwrap();
            let path = id.split("/environments/").last().unwrap();
            let puts = seen.matching("PUT", &["/environments/", path]);
            let sent: Vec<_> = puts.bodies();
            assert_eq!(sent.len(), 1, "{seen}");
            assert_eq!(sent[0]["properties"]["condaFile"], **text);
            ids.push(id.to_owned());
        }
        assert_ne!(ids[0], ids[1]);
        Ok(())
    });
}
