//! `SparkJob` on the instant runner: submitted once, followed by listing, ended as Azure says.

use anyhow::Result;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use serde_json::{Value, json};

use crate::scenario;

const KIND: &str = "SparkJob";

fn serverless(scope: &Scope<'_>, name: &str) -> Manifest {
    manifest::serverless_job(name, WORKSPACE, "src", scope.stack().emulator().world())
}

/// Code that no other scenario has, so that its upload is this one's.
async fn code(scope: &Scope<'_>) -> Result<()> {
    let text = format!("print('{}')\n", scope.namespace());
    scope
        .apply(&manifest::code("src", "main.py", &text))
        .await?;
    Ok(())
}

fn azure_name(object: &Value) -> &str {
    object["status"]["azureName"].as_str().unwrap()
}

#[test]
fn a_job_is_submitted_once_and_ends_well() {
    scenario("job-well", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        let since = scope.stack().emulator().now().await?;
        let job = serverless(scope, "titanic.v1")
            .with("/spec/displayName", "Titanic")
            .with("/spec/tags/team", "a")
            .with("/spec/conf/spark.sql.shuffle.partitions", "8")
            .with("/spec/args", "--rows ${{inputs.rows}} --out ${{outputs.out}}")
            .with("/spec/inputs/rows/value", "5")
            .with("/spec/outputs/out", json!({"type": "uri_folder", "path": "azureml://datastores/workspaceblobstore/paths/out/"}))
            .with("/spec/executor", json!({"cores": 4, "memory": "28g"}))
            .with("/spec/dynamicAllocation", json!({"minExecutors": 1, "maxExecutors": 6}));
        scope.apply(&job).await?;
        let done = scope
            .condition(KIND, "titanic.v1", "Complete", "True")
            .await?;
        let status = &done["status"];
        let name = azure_name(&done);
        assert!(
            name.starts_with("titanic-v1-") && name.ends_with("-1"),
            "{name}"
        );
        assert_eq!(status["state"], "Completed");
        assert_eq!(
            status["cluster"],
            json!({"executors": "1-6", "cores": 24, "memory": "168g"})
        );
        assert_eq!(status["effectiveIdentity"]["type"], "Managed");
        assert!(
            status["studioUrl"]
                .as_str()
                .unwrap()
                .starts_with("https://ml.azure.com/runs/"),
            "{status}"
        );
        let tenant = format!("&tid={}", scope.stack().emulator().world().tenant);
        assert!(
            status["studioUrl"].as_str().unwrap().ends_with(&tenant),
            "{status}"
        );
        assert!(status["completionTime"].is_string());
        assert_eq!(find_condition(&done, "Ready").unwrap()["status"], "True");
        assert_eq!(find_condition(&done, "Reconciling"), None);
        let free = scope
            .wait(KIND, "titanic.v1", "is free of our finalizer", |o| {
                o.pointer("/metadata/finalizers").is_none()
            })
            .await?;
        assert_eq!(free["status"], *status);

        let seen = scope.stack().emulator().requests_since(since).await?;
        let puts = seen.matching("PUT", &["/jobs/", name]);
        assert_eq!(puts.0.len(), 1, "{seen}");
        let sent = &puts.bodies()[0]["properties"];
        assert_eq!(sent["tags"]["team"], "a");
        assert_eq!(sent["conf"]["spark.dynamicAllocation.enabled"], "True");
        assert_eq!(
            sent["conf"]["spark.executor.instances"], "1",
            "as the SDK does: the fewest"
        );
        assert_eq!(sent["conf"]["spark.sql.shuffle.partitions"], "8");
        assert_eq!(
            sent["inputs"]["rows"],
            json!({"jobInputType": "literal", "value": "5"})
        );
        assert_eq!(
            seen.count("GET", &["/jobs/", name]),
            0,
            "followed by listing alone: {seen}"
        );
        Ok(())
    });
}

#[test]
fn jobs_that_share_code_upload_it_once() {
    scenario("job-code", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        let since = scope.stack().emulator().now().await?;
        for n in 0..5 {
            scope.apply(&serverless(scope, &format!("job-{n}"))).await?;
        }
        let mut ids = std::collections::BTreeSet::new();
        for n in 0..5 {
            let done = scope
                .condition(KIND, &format!("job-{n}"), "Complete", "True")
                .await?;
            ids.insert(done["status"]["codeId"].as_str().unwrap().to_owned());
        }
        assert_eq!(ids.len(), 1);
        let code = ids
            .first()
            .unwrap()
            .rsplit("/codes/")
            .next()
            .unwrap()
            .split('/')
            .next()
            .unwrap();
        let seen = scope.stack().emulator().requests_since(since).await?;
        assert_eq!(
            seen.count("POST", &[code, "startPendingUpload"]),
            1,
            "{seen}"
        );
        assert_eq!(seen.count("PUT", &["/codes/", code]), 1, "{seen}");
        Ok(())
    });
}

#[test]
fn a_run_on_a_pool_waits_for_it_and_runs_as_it() {
    scenario("job-pool", async |scope| {
        code(scope).await?;
        let pool = scope.unique("pool");
        scope
            .apply(&manifest::attached_job("early", WORKSPACE, "src", &pool))
            .await?;
        scope
            .reason(
                KIND,
                "early",
                "ReferencesResolved",
                "False",
                "WorkspaceNotFound",
            )
            .await?;
        scope.workspace().await?;
        scope
            .reason(
                KIND,
                "early",
                "ReferencesResolved",
                "False",
                "AttachmentNotFound",
            )
            .await?;
        let since = scope.stack().emulator().now().await?;
        scope
            .apply(&manifest::attachment(
                &pool,
                WORKSPACE,
                scope.stack().emulator().world(),
            ))
            .await?;
        let done = scope.condition(KIND, "early", "Complete", "True").await?;
        let seen = scope.stack().emulator().requests_since(since).await?;
        let puts = seen.matching("PUT", &["/jobs/", azure_name(&done)]);
        let sent = &puts.bodies()[0]["properties"];
        assert!(
            sent["computeId"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/computes/{pool}")),
            "{sent}"
        );
        assert_eq!(sent["identity"], json!({"identityType": "Managed"}));
        Ok(())
    });
}

#[test]
fn a_lost_answer_to_the_submission_is_no_second_run_and_no_failure() {
    scenario("job-lost", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let name = scope.unique("lost");
        emulator
            .inject(
                json!({"method": "PUT", "path": format!("/jobs/{name}"), "count": 1,
                "action": {"kind": "drop", "when": "after"}}),
            )
            .await?;
        scope
            .apply(&serverless(scope, "lost").with("/spec/azureName", name.clone()))
            .await?;
        let done = scope.condition(KIND, "lost", "Complete", "True").await?;
        assert_eq!(azure_name(&done), name);
        let seen = emulator.requests_since(since).await?;
        let answers: Vec<_> = seen
            .matching("PUT", &["/jobs/", &name])
            .0
            .iter()
            .map(|e| e.status)
            .collect();
        assert_eq!(
            answers
                .iter()
                .filter(|status| **status == Some(201))
                .count()
                + answers.iter().filter(|s| s.is_none()).count(),
            1,
            "{seen}"
        );
        Ok(())
    });
}

#[test]
fn status_erased_while_it_runs_starts_no_second_run() {
    scenario("job-erased", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        scope.apply(&serverless(scope, "erased")).await?;
        let submitted = scope.condition(KIND, "erased", "Submitted", "True").await?;
        let name = azure_name(&submitted).to_owned();
        let erased = json!({"status": {"observedGeneration": -1, "conditions": null, "submission": null, "azureId": null,
            "azureName": null, "state": null, "codeId": null, "startTime": null, "completionTime": null, "duration": null}});
        let api = scope.objects(KIND);
        api.patch_status(
            "erased",
            &kube::api::PatchParams::default(),
            &kube::api::Patch::Merge(erased),
        )
        .await?;
        // An annotation of ours wakes the operator, which does not watch its own status.
        scope
            .patch(
                KIND,
                "erased",
                json!({"metadata": {"annotations": {"spark.azureml.dev/reconcile-at": "now"}}}),
            )
            .await?;
        let done = scope.condition(KIND, "erased", "Complete", "True").await?;
        assert_eq!(azure_name(&done), name);
        let seen = emulator.requests_since(since).await?;
        let made = seen
            .matching("PUT", &["/jobs/", &name])
            .0
            .iter()
            .filter(|e| e.status == Some(201))
            .count();
        assert_eq!(made, 1, "{seen}");
        Ok(())
    });
}

#[test]
fn events_tell_each_transition_once() {
    scenario("job-events", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        scope.apply(&serverless(scope, "told")).await?;
        scope.condition(KIND, "told", "Complete", "True").await?;
        let events = azureml_spark_testkit::eventually::until(
            "the end is told",
            azureml_spark_testkit::eventually::PATIENCE,
            async || {
                let events = scope.events(KIND, "told").await?;
                Ok(events
                    .iter()
                    .any(|(_, reason, _)| reason == "Completed")
                    .then_some(events))
            },
        )
        .await?;
        let mut reasons: Vec<&str> = events
            .iter()
            .map(|(_, reason, _)| reason.as_str())
            .collect();
        let all = reasons.len();
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), all, "{events:?}");
        assert!(
            events.iter().all(|(tone, ..)| tone == "Normal"),
            "{events:?}"
        );
        Ok(())
    });
}
