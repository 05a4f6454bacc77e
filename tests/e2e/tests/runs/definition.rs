//! What a job consists of reaches Azure as it is meant, or is told before anything is submitted.

use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::portal::synapse_role;
use azureml_spark_testkit::scope::message;
use serde_json::json;

use super::{asked, azure_name, ends_well, job, scenario, sent};
use crate::JOB;

fn files(name: &str) -> Manifest {
    let mut map = azureml_spark_testkit::manifest::code(name, "main.py", "print(1)\n");
    for file in ["app.jar", "more.py", "words.txt", "tables.zip"] {
        map = map.with(&format!("/data/{file}"), "1");
    }
    map
}

#[test]
fn a_class_with_its_jars_and_files() {
    scenario("class", async |scope, _| {
        // What is elsewhere is not looked for in the code.
        let jar = "abfss://libs@data.dfs.core.windows.net/more.jar";
        let since = scope.stack().emulator().now().await?;
        scope.apply(&files("all")).await?;
        let class = job(scope, "class")
            .with("/spec/code/configMaps/0/name", "all")
            .without("/spec/entry/file")
            .with("/spec/entry/className", "com.example.Main")
            .with("/spec/jars", json!(["app.jar", jar]))
            .with("/spec/pyFiles", json!(["more.py"]))
            .with("/spec/files", json!(["words.txt"]))
            .with("/spec/archives", json!(["tables.zip#tables"]));
        scope.apply(&class).await?;
        let name = azure_name(&ends_well(scope, "class").await?);
        let seen = asked(scope, since).await?;
        let sent = sent(&seen, &name);
        assert_eq!(
            sent["entry"],
            json!({"sparkJobEntryType": "SparkJobScalaEntry", "className": "com.example.Main"})
        );
        for (field, files) in [
            ("jars", json!(["app.jar", jar])),
            ("pyFiles", json!(["more.py"])),
            ("files", json!(["words.txt"])),
            ("archives", json!(["tables.zip#tables"])),
        ] {
            assert_eq!(sent[field], files);
        }
        Ok(())
    });
}

#[test]
fn a_file_that_is_not_there_is_told_before_anything_is_submitted() {
    scenario("missing-file", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let only = azureml_spark_testkit::manifest::code("parts", "main.py", "print(1)\n");
        scope.apply(&only).await?;
        let rows = [
            ("no-entry", "entry/file", json!("other.py"), "other.py"),
            ("no-py", "pyFiles", json!(["more.py"]), "more.py"),
            ("no-jar", "jars", json!(["app.jar"]), "app.jar"),
            ("no-file", "files", json!(["words.txt#words"]), "words.txt"),
            (
                "no-zip",
                "archives",
                json!(["tables.zip#tables"]),
                "tables.zip",
            ),
        ];
        for (name, field, value, file) in &rows {
            let names = job(scope, name)
                .with("/spec/code/configMaps/0/name", "parts")
                .with(&format!("/spec/{field}"), value.clone());
            scope.apply(&names).await?;
            let reason = match *name {
                "no-entry" => "EntryNotFound",
                _ => "FileNotFound",
            };
            let told = scope
                .reason(JOB, name, "ReferencesResolved", "False", reason)
                .await?;
            let field = field.replace('/', ".");
            let says =
                format!("spec.{field}: '{file}' is not among the files of spec.code: main.py");
            assert!(message(&told, "Stalled").contains(&says), "{told}");
        }
        let seen = asked(scope, since).await?;
        assert_eq!(seen.matching("PUT", &["/jobs/no-"]).0.len(), 0, "{seen}");
        // Mended where it is missing, and nothing is done to the jobs.
        let all = files("parts").with("/data/other.py", "print(2)\n");
        scope.apply(&all).await?;
        for (name, field, value, _) in &rows {
            let run = azure_name(&ends_well(scope, name).await?);
            let seen = asked(scope, since).await?;
            let sent = sent(&seen, &run).pointer(&format!("/{field}"));
            assert_eq!(sent, Some(value), "{name}");
        }
        Ok(())
    });
}

#[test]
fn a_compute_of_somebody_else() {
    scenario("compute-name", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let since = scope.stack().emulator().now().await?;
        let pool = scope.unique("p");
        let compute: String = pool.chars().take(16).collect();
        let compute = compute.trim_end_matches('-');
        let named = job(scope, "named")
            .without("/spec/compute/serverless")
            .without("/spec/identity")
            .with("/spec/compute/name", compute);
        scope.apply(&named).await?;
        let told = scope
            .reason(
                JOB,
                "named",
                "ReferencesResolved",
                "False",
                "ComputeNotFound",
            )
            .await?;
        assert!(message(&told, "Stalled").contains(compute), "{told}");
        let attached = portal.attach(compute, &world.pool_id(&world.pool)).await?;
        let principal = attached["identity"]["principalId"].as_str().unwrap();
        let at = world.pool_scope(&world.pool);
        portal
            .put_synapse_role(synapse_role::ADMINISTRATOR, principal, &at)
            .await?;
        scope.reconcile(JOB, "named").await?;
        let done = ends_well(scope, "named").await?;
        let seen = asked(scope, since).await?;
        let sent = sent(&seen, &azure_name(&done));
        let id = sent["computeId"].as_str().unwrap();
        assert!(id.ends_with(&format!("/computes/{compute}")), "{sent}");
        assert_eq!(sent["identity"], json!({"identityType": "Managed"}));
        assert_eq!(done["status"]["resolved"]["computeId"], id);
        Ok(())
    });
}

#[test]
fn a_runtime_that_is_retired_is_warned_of() {
    scenario("retired", async |scope, _| {
        let old = job(scope, "old").with("/spec/compute/serverless/runtimeVersion", "3.3");
        scope.apply(&old).await?;
        let done = ends_well(scope, "old").await?;
        let warned = azureml_spark_testkit::scope::find_condition(&done, "Warning").unwrap();
        assert_eq!(
            (&warned["status"], &warned["reason"]),
            (&json!("True"), &json!("RetiredRuntime"))
        );
        Ok(())
    });
}

#[test]
fn an_identity_that_is_not_attached_is_told_before_anything_is_submitted() {
    scenario("identity", async |scope, _| {
        let world = scope.stack().emulator().world();
        let since = scope.stack().emulator().now().await?;
        let stranger = world.identity_id("a-stranger");
        let job = job(scope, "strange").with("/spec/identity/resourceId", stranger);
        scope.apply(&job).await?;
        let told = scope
            .reason(
                JOB,
                "strange",
                "ReferencesResolved",
                "False",
                "IdentityNotAttached",
            )
            .await?;
        let says = message(&told, "Stalled");
        assert!(says.contains("attachUserAssignedIdentities"), "{says}");
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/jobs/strange-"]), 0, "{seen}");
        Ok(())
    });
}
