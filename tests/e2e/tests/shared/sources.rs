//! Code from Flux: fetched, verified, pinned. The kinds are defined; a test says what source-controller would say.

use anyhow::Result;
use azureml_spark_testkit::flux::{
    self, announce, archive, artifact_path, digest, from_source, source,
};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::repository;
use azureml_spark_testkit::scope::{Scope, WORKSPACE, message};
use serde_json::{Value, json};

use crate::scenario;

const KIND: &str = "SparkJob";

fn job(scope: &Scope<'_>, name: &str, kind: &str) -> Manifest {
    let world = scope.stack().emulator().world();
    let job = manifest::serverless_job(name, WORKSPACE, "src", world);
    from_source(job, kind, "app").with("/spec/code/sourceRef/path", "jobs/titanic")
}

/// Code that no other scenario has, with what is not the job's beside it.
fn code(scope: &Scope<'_>, revision: &str) -> Result<Vec<u8>> {
    let text = format!("print('{} {revision}')\n", scope.namespace());
    archive(&[("jobs/titanic/main.py", &text), ("README.md", "all jobs")])
}

/// Serves an archive, and has the source tell of it.
async fn release(scope: &Scope<'_>, app: &Manifest, revision: &str) -> Result<(String, String)> {
    let archive = code(scope, revision)?;
    let digest = digest(&archive);
    let path = artifact_path(scope, app, &format!("{revision}.tar.gz"));
    let url = scope.stack().artifacts().put(&path, archive);
    announce(scope, app, revision, &url, &digest).await?;
    Ok((path, digest))
}

fn azure_name(object: &Value) -> String {
    object["status"]["azureName"].as_str().unwrap().to_owned()
}

fn code_id(object: &Value) -> &str {
    object["status"]["codeId"].as_str().unwrap()
}

#[test]
fn a_job_runs_the_revision_that_its_source_had_and_no_other() {
    scenario("source-pinned", async |scope| {
        let emulator = scope.stack().emulator();
        flux::install(scope.client()).await?;
        scope.workspace().await?;
        let since = emulator.now().await?;
        let job_of = |name: &str| {
            job(scope, name, "GitRepository")
                .with("/spec/tags/emulator-instant-stuck", "Running")
                .with(
                    "/spec/retry",
                    json!({"maxAttempts": 2, "backoffSeconds": 1, "causes": ["Platform", "Script"]}),
                )
        };
        scope.apply(&job_of("first")).await?;
        scope.apply(&job_of("beside")).await?;
        let missing = scope
            .reason(KIND, "first", "Stalled", "True", "SourceNotFound")
            .await?;
        assert!(message(&missing, "Stalled").contains("GitRepository 'app'"));

        let app = source("GitRepository", "app");
        scope.apply(&app).await?;
        scope.reconcile(KIND, "first").await?;
        scope
            .reason(KIND, "first", "Reconciling", "True", "SourceNotReady")
            .await?;

        let (path, digest) = release(scope, &app, "main@sha1:one").await?;
        let mut runs = Vec::new();
        for name in ["first", "beside"] {
            scope.reconcile(KIND, name).await?;
            let submitted = scope.condition(KIND, name, "Submitted", "True").await?;
            assert_eq!(
                submitted["status"]["source"],
                json!({"revision": "main@sha1:one", "digest": digest})
            );
            runs.push(azure_name(&submitted));
        }
        assert_eq!(scope.stack().artifacts().asked(&path), 1, "fetched once");

        // The source goes on; the job does not, and neither does its next attempt.
        let (next, _) = release(scope, &app, "main@sha1:two").await?;
        scope.reconcile(KIND, "first").await?;
        emulator.set_run(&runs[0], "Failed").await?;
        let again = scope
            .wait(KIND, "first", "is at its second attempt", |object| {
                object["status"]["attempt"] == 2 && object["status"]["state"] == "Running"
            })
            .await?;
        assert_eq!(scope.stack().artifacts().asked(&next), 0);
        emulator.set_run(&azure_name(&again), "Completed").await?;
        let done = scope.condition(KIND, "first", "Complete", "True").await?;
        assert_eq!(done["status"]["source"]["revision"], "main@sha1:one");
        let seen = emulator.requests_since(since).await?;
        for run in [&runs[0], &azure_name(&again)] {
            let puts = seen.matching("PUT", &["/jobs/", run]);
            assert_eq!(puts.0.len(), 1, "{seen}");
            let sent = &puts.bodies()[0]["properties"];
            assert_eq!(sent["codeId"], code_id(&done), "{sent}");
        }

        // A new job has the new revision.
        scope.apply(&job_of("second")).await?;
        let second = scope.condition(KIND, "second", "Submitted", "True").await?;
        assert_eq!(second["status"]["source"]["revision"], "main@sha1:two");
        assert_ne!(code_id(&second), code_id(&done));
        for run in [&runs[1], &azure_name(&second)] {
            emulator.set_run(run, "Completed").await?;
        }
        Ok(())
    });
}

#[test]
fn what_is_not_what_the_source_tells_is_not_run() {
    scenario("source-digest", async |scope| {
        flux::install(scope.client()).await?;
        scope.workspace().await?;
        let since = scope.stack().emulator().now().await?;
        // Of an older release of Flux, which serves the kind in another version.
        let app = source("OCIRepository", "app");
        scope.apply(&app).await?;
        let path = artifact_path(scope, &app, "a.tar.gz");
        let url = scope.stack().artifacts().put(&path, code(scope, "other")?);
        let told = digest(&code(scope, "one")?);
        announce(scope, &app, "latest@sha256:abc", &url, &told).await?;
        scope.apply(&job(scope, "run", "OCIRepository")).await?;
        let stalled = scope
            .reason(KIND, "run", "Stalled", "True", "SourceUnusable")
            .await?;
        let text = message(&stalled, "Stalled");
        assert!(
            text.contains(&told) && text.contains("flux reconcile"),
            "{text}"
        );
        let found = digest(&code(scope, "other")?);
        assert!(!text.contains(&found), "what is there is not told: {text}");

        // What another namespace has is not fetched for this one.
        let theirs = path.replace(scope.namespace(), "another-namespace");
        let url = scope.stack().artifacts().put(&theirs, code(scope, "one")?);
        announce(scope, &app, "theirs", &url, &told).await?;
        scope.reconcile(KIND, "run").await?;
        scope
            .wait(KIND, "run", "names the folder of its source", |object| {
                message(object, "Stalled").contains("is not below '/ocirepository/")
            })
            .await?;
        assert_eq!(scope.stack().artifacts().asked(&theirs), 0);

        announce(
            scope,
            &app,
            "evil",
            "http://169.254.169.254/a.tar.gz",
            &told,
        )
        .await?;
        scope.reconcile(KIND, "run").await?;
        scope
            .wait(
                KIND,
                "run",
                "names the host that is not allowed",
                |object| message(object, "Stalled").contains("sources.artifactHosts"),
            )
            .await?;
        let (_, digest) = release(scope, &app, "sound").await?;
        scope.reconcile(KIND, "run").await?;
        let done = scope.condition(KIND, "run", "Complete", "True").await?;
        assert_eq!(done["status"]["source"]["digest"], digest);
        let seen = scope.stack().emulator().requests_since(since).await?;
        let puts = seen.matching("PUT", &["/jobs/", &azure_name(&done)]);
        assert_eq!(puts.0.len(), 1, "{seen}");
        assert_eq!(
            puts.bodies()[0]["properties"]["codeId"],
            code_id(&done),
            "{seen}"
        );
        Ok(())
    });
}

#[test]
fn a_bucket_gives_what_is_below_its_path() {
    scenario("source-bucket", async |scope| {
        flux::install(scope.client()).await?;
        scope.workspace().await?;
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let app = source("Bucket", "app");
        scope.apply(&app).await?;
        // A bucket's revision is a digest of its own, over all its files.
        let revision = "sha256:4a1b";
        let (path, digest) = release(scope, &app, revision).await?;
        let run = job(scope, "astray", "Bucket").with("/spec/code/sourceRef/path", "jobs/nobodys");
        scope.apply(&run).await?;
        let told = scope
            .reason(
                KIND,
                "astray",
                "ReferencesResolved",
                "False",
                "FileNotFound",
            )
            .await?;
        let says = format!(
            "spec.code.sourceRef.path: there is no file below 'jobs/nobodys' in revision {revision} of Bucket 'app'"
        );
        assert!(message(&told, "Stalled").contains(&says), "{told}");
        let seen = emulator.requests_since(since).await?;
        assert_eq!(seen.count("PUT", &["/jobs/astray-"]), 0, "{seen}");

        let mended = json!({"spec": {"code": {"sourceRef": {"path": "jobs/titanic"}}}});
        scope.patch(KIND, "astray", mended).await?;
        let done = scope.condition(KIND, "astray", "Complete", "True").await?;
        assert_eq!(
            done["status"]["source"],
            json!({"revision": revision, "digest": digest})
        );
        assert_eq!(scope.stack().artifacts().asked(&path), 1, "fetched once");
        let seen = emulator.requests_since(since).await?;
        let puts = seen.matching("PUT", &["/jobs/", &azure_name(&done)]);
        assert_eq!(puts.0.len(), 1, "{seen}");
        assert_eq!(puts.bodies()[0]["properties"]["codeId"], code_id(&done));
        let code = code_id(&done).split("/codes/").last().unwrap();
        let registered = seen.matching("PUT", &["/codes/", code]);
        assert_eq!(registered.0.len(), 1, "{seen}");
        let uri = registered.bodies()[0]["properties"]["codeUri"].as_str();
        let place: Vec<&str> = uri.unwrap().splitn(4, '/').collect();
        let world = emulator.world();
        let folder = world.data_dir.join(&world.storage_account).join(place[3]);
        let files: Vec<_> = std::fs::read_dir(&folder)?
            .map(|file| Ok(file?.file_name()))
            .collect::<Result<_>>()?;
        assert_eq!(files, ["main.py"], "{}", folder.display());
        Ok(())
    });
}

#[test]
fn what_the_page_shows_is_accepted() {
    scenario("source-page", async |scope| {
        let page = std::fs::read_to_string(repository::root().join("docs/sources.md"))?;
        let blocks = page.split("```yaml\n").skip(1);
        let blocks: Vec<&str> = blocks
            .filter_map(|rest| Some(rest.split_once("\n```")?.0))
            .collect();
        assert_eq!(2 * blocks.len(), page.matches("```").count());
        let (mut parts, mut objects) = (0, 0);
        for block in blocks {
            let block: Value = serde_norway::from_str(block)?;
            let object = if block.get("kind").is_some() {
                objects += 1;
                // There is no Flux here, and no namespace of its own.
                Manifest(block).with("/metadata/namespace", scope.namespace())
            } else {
                parts += 1;
                let code = block["spec"]["code"].clone();
                assert_eq!(block["spec"].as_object().unwrap().len(), 1, "{block}");
                job(scope, "shown", "GitRepository").with("/spec/code", code)
            };
            assert_eq!(scope.verdict(&object).await?, None, "{}", object.0);
        }
        assert_eq!((parts, objects), (1, 1));
        Ok(())
    });
}
