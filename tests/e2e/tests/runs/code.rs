//! Code in ConfigMaps: what is in them when a run is submitted is that run's, and too much of it is told.

use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, find_condition, message};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use super::{asked, attempt, azure_name, ends_well, in_state, job, scenario, sent, stuck};
use crate::JOB;

fn code_id(object: &Value) -> &str {
    object["status"]["codeId"].as_str().unwrap()
}

/// How the code of a job was registered, once.
fn registration<'r>(seen: &'r Requests, object: &Value) -> &'r Value {
    let code = code_id(object).split("/codes/").last().unwrap();
    let path = format!("/codes/{code}?");
    let puts = seen
        .0
        .iter()
        .filter(|entry| entry.method == "PUT" && entry.path.contains(&path));
    let bodies: Vec<&Value> = puts.filter_map(|entry| entry.body.as_ref()).collect();
    assert_eq!(bodies.len(), 1, "{code}: {seen}");
    &bodies[0]["properties"]
}

/// What was uploaded as a file of the code that was registered so.
pub(super) fn uploaded(scope: &Scope<'_>, registration: &Value, file: &str) -> Option<String> {
    let uri = registration["codeUri"].as_str().unwrap();
    let path: Vec<&str> = uri.splitn(4, '/').collect();
    let world = scope.stack().emulator().world();
    let account = world.data_dir.join(&world.storage_account);
    std::fs::read_to_string(account.join(path[3]).join(file)).ok()
}

#[test]
fn code_that_changes_is_another_asset_and_nothing_to_a_run_under_way() {
    scenario("code-changes", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let text = |word: &str| format!("print('{} {word}')\n", scope.namespace());
        let code = |word: &str| manifest::code("src", "main.py", &text(word));
        scope.apply(&code("before")).await?;
        let running = stuck(scope, "running", "Running").with(
            "/spec/retry",
            json!({"maxAttempts": 2, "backoffSeconds": 1}),
        );
        scope.apply(&running).await?;
        let run = in_state(scope, "running", "Running").await?;
        let before = scope.get(JOB, "running").await?;

        let changed = emulator.now().await?;
        scope.apply(&code("after")).await?;
        scope.apply(&job(scope, "new")).await?;
        let after = ends_well(scope, "new").await?;
        assert_ne!(code_id(&after), code_id(&before));
        let seen = asked(scope, since).await?;
        for (object, word) in [(&before, "before"), (&after, "after")] {
            let sent = sent(&seen, &azure_name(object));
            assert_eq!(sent["codeId"], code_id(object));
            let registered = registration(&seen, object);
            let found = uploaded(scope, registered, "main.py");
            assert_eq!(found, Some(text(word)));
        }

        // What is as it was is known, and not uploaded again.
        scope.apply(&code("before")).await?;
        scope.apply(&job(scope, "old")).await?;
        let old = ends_well(scope, "old").await?;
        assert_eq!(code_id(&old), code_id(&before));
        // What a run under way was made of may even go, and its next attempt is still the same.
        let maps = scope.api::<ConfigMap>();
        maps.delete("src", &DeleteParams::default()).await?;
        scope.reconcile(JOB, "running").await?;
        emulator.fail_run(&run).await?;
        let again = scope
            .wait(JOB, "running", "runs for the second time", |object| {
                object["status"]["attempt"] == 2 && object["status"]["state"] == "Running"
            })
            .await?;
        emulator.set_run(&azure_name(&again), "Completed").await?;
        let done = ends_well(scope, "running").await?;
        assert_eq!(azure_name(&done), attempt(&run, 2));
        assert_eq!(code_id(&done), code_id(&before));
        let resolved = find_condition(&done, "ReferencesResolved").unwrap();
        assert_eq!(resolved["status"], "True", "{done}");
        let seen = asked(scope, since).await?;
        registration(&seen, &before);
        for name in [&run, &attempt(&run, 2)] {
            assert_eq!(sent(&seen, name)["codeId"], code_id(&before));
        }
        let seen = asked(scope, changed).await?;
        assert_eq!(seen.count("POST", &[&run, "/cancel"]), 0, "{seen}");
        for method in ["PUT", "PATCH", "DELETE"] {
            assert_eq!(seen.count(method, &[&run]), 0, "{seen}");
        }
        Ok(())
    });
}

/// Each for itself is not too large for the apiserver.
fn large(name: &str, file: &str) -> Manifest {
    manifest::code(name, file, &"#".repeat(600 << 10))
}

#[test]
fn code_that_is_too_large_says_what_to_use_instead() {
    scenario("code-large", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        scope.apply(&large("one", "main.py")).await?;
        scope.apply(&large("two", "more.py")).await?;
        let both = json!([{"name": "one"}, {"name": "two"}]);
        let job = job(scope, "large").with("/spec/code/configMaps", both);
        scope.apply(&job).await?;
        let told = scope
            .reason(JOB, "large", "ReferencesResolved", "False", "CodeTooLarge")
            .await?;
        let says = message(&told, "Stalled");
        for part in [
            "spec.code.configMaps: 1228800 bytes",
            "1 MiB",
            "spec.code.sourceRef",
            "spec.code.uri",
            "spec.code.asset",
        ] {
            assert!(says.contains(part), "{part}: {says}");
        }
        assert_eq!(told["status"].get("codeId"), None, "{told}");
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/jobs/large-"]), 0, "{seen}");
        // One of the two is enough by itself.
        let text = format!("# {}\n", scope.namespace());
        scope
            .apply(&manifest::code("two", "more.py", &text))
            .await?;
        let done = ends_well(scope, "large").await?;
        let seen = asked(scope, since).await?;
        assert_eq!(sent(&seen, &azure_name(&done))["codeId"], code_id(&done));
        let registered = registration(&seen, &done);
        assert_eq!(uploaded(scope, registered, "more.py"), Some(text));
        let main = uploaded(scope, registered, "main.py");
        assert_eq!(main.map(|text| text.len()), Some(600 << 10));
        Ok(())
    });
}

#[test]
fn two_files_of_one_path_are_told_and_can_be_told_apart() {
    scenario("code-twice", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let text = |word: &str| format!("print('{} {word}')\n", scope.namespace());
        for map in ["one", "two"] {
            scope
                .apply(&manifest::code(map, "main.py", &text(map)))
                .await?;
        }
        let both = json!([{"name": "one"}, {"name": "two"}]);
        let twice = job(scope, "twice").with("/spec/code/configMaps", both);
        scope.apply(&twice).await?;
        let told = scope
            .reason(JOB, "twice", "ReferencesResolved", "False", "DuplicateFile")
            .await?;
        let says = "two sources give the file 'main.py'";
        assert!(message(&told, "Stalled").contains(says), "{told}");
        let apart = json!([{"name": "one"}, {"name": "two", "items": [{"key": "main.py", "path": "lib/more.py"}]}]);
        super::set(scope, "twice", json!({"code": {"configMaps": apart}})).await?;
        let done = ends_well(scope, "twice").await?;
        let seen = asked(scope, since).await?;
        sent(&seen, &azure_name(&done));
        let registered = registration(&seen, &done);
        for (file, word) in [("main.py", "one"), ("lib/more.py", "two")] {
            assert_eq!(uploaded(scope, registered, file), Some(text(word)));
        }
        Ok(())
    });
}
