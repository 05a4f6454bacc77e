//! Deletion: a live run is cancelled and waited for, an ended one is left alone, and a namespace ends clean.

use std::time::Duration;

use anyhow::Result;
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};

use crate::scenario;

const KIND: &str = "SparkJob";

/// How long the end of a namespace may take: what was attached by a link goes before that, and neither is believed to be
/// absent for 75 s after it was asked for.
const END: Duration = Duration::from_mins(4);

/// A job that runs until somebody cancels it, whatever the other scenarios set the runner to.
fn long(scope: &Scope<'_>, name: &str) -> manifest::Manifest {
    manifest::serverless_job(name, WORKSPACE, "src", scope.stack().emulator().world())
        .with("/spec/tags/emulator-instant-seconds", "3600")
}

async fn code(scope: &Scope<'_>) -> Result<()> {
    scope
        .apply(&manifest::code("src", "main.py", "print('x')\n"))
        .await?;
    Ok(())
}

#[test]
fn deleting_a_live_job_cancels_its_run_and_waits_for_the_end() {
    scenario("leave-live", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        scope.apply(&long(scope, "live")).await?;
        let running = scope.condition(KIND, "live", "Submitted", "True").await?;
        let name = running["status"]["azureName"].as_str().unwrap().to_owned();
        scope.delete(KIND, "live").await?;
        scope.gone(KIND, "live").await?;
        let seen = emulator.requests_since(since).await?;
        assert_eq!(
            seen.count("POST", &["/jobs/", &name, "/cancel"]),
            1,
            "{seen}"
        );
        assert_eq!(
            emulator.run_status(&name).await?.as_deref(),
            Some("Canceled")
        );
        // The last to need the workspace has let go of it and of the Secret.
        scope
            .wait("AzureMLWorkspace", WORKSPACE, "is free", |o| {
                o.pointer("/metadata/finalizers").is_none()
            })
            .await?;
        Ok(())
    });
}

#[test]
fn deleting_an_ended_job_asks_nothing_of_azure() {
    scenario("leave-ended", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        let job =
            manifest::serverless_job("ended", WORKSPACE, "src", scope.stack().emulator().world());
        scope.apply(&job).await?;
        let done = scope.condition(KIND, "ended", "Complete", "True").await?;
        let name = done["status"]["azureName"].as_str().unwrap().to_owned();
        let since = scope.stack().emulator().now().await?;
        scope.delete(KIND, "ended").await?;
        scope.gone(KIND, "ended").await?;
        let seen = scope.stack().emulator().requests_since(since).await?;
        assert_eq!(
            seen.matching("GET", &[&name]).0.len() + seen.matching("POST", &[&name]).0.len(),
            0,
            "{seen}"
        );
        assert_eq!(
            scope.stack().emulator().run_status(&name).await?.as_deref(),
            Some("Completed")
        );
        Ok(())
    });
}

#[test]
fn a_namespace_with_everything_in_it_ends_clean() {
    scenario("leave-all", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        let emulator = scope.stack().emulator();
        let portal = Portal::new(emulator)?;
        let world = emulator.world();
        let (pool, linked) = (scope.unique("pool"), scope.unique("linked"));
        let link = scope.unique("link");
        scope
            .apply(&manifest::link(&link, WORKSPACE, world))
            .await?;
        scope
            .apply(&manifest::attachment(&pool, WORKSPACE, world))
            .await?;
        scope
            .apply(&manifest::linked_attachment(
                &linked, WORKSPACE, &link, world,
            ))
            .await?;
        let on_pool = manifest::attached_job("on-pool", WORKSPACE, "src", &pool)
            .with("/spec/tags/emulator-instant-seconds", "3600");
        scope.apply(&on_pool).await?;
        scope.apply(&long(scope, "serverless")).await?;
        let mut names = Vec::new();
        for job in ["on-pool", "serverless"] {
            let running = scope.condition(KIND, job, "Submitted", "True").await?;
            names.push(running["status"]["azureName"].as_str().unwrap().to_owned());
        }
        let mut roles = Vec::new();
        for (kind, name) in [
            ("LinkedService", &link),
            ("SynapseSparkAttachment", &pool),
            ("SynapseSparkAttachment", &linked),
        ] {
            let ready = scope.condition(kind, name, "Ready", "True").await?;
            let held = ready["status"]["roleAssignments"].as_array().unwrap();
            assert_eq!(held.len(), 1, "{held:?}");
            roles.push(held[0]["id"].as_str().unwrap().to_owned());
        }
        let since = emulator.now().await?;
        scope.delete_namespace_within(END).await?;
        for name in names {
            assert_eq!(
                emulator.run_status(&name).await?.as_deref(),
                Some("Canceled")
            );
        }
        let seen = emulator.requests_since(since).await?;
        for compute in [&pool, &linked] {
            assert_eq!(seen.count("DELETE", &["/computes/", compute]), 1, "{seen}");
            assert_eq!(portal.compute(compute).await?, None);
        }
        let unlinked = seen.count("DELETE", &["/linkedServices/", &link]);
        assert_eq!(unlinked, 1, "{seen}");
        assert_eq!(portal.link(&link).await?, None);
        for role in roles {
            assert_eq!(
                seen.count("DELETE", &["/roleAssignments/", &role]),
                1,
                "{seen}"
            );
            assert_eq!(portal.synapse_role(&role).await?, None);
        }
        Ok(())
    });
}

#[test]
fn a_forced_release_needs_no_azure() {
    scenario("leave-force", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        scope.apply(&long(scope, "stuck")).await?;
        let running = scope.condition(KIND, "stuck", "Submitted", "True").await?;
        let name = running["status"]["azureName"].as_str().unwrap().to_owned();
        let force = serde_json::json!({"metadata": {"annotations": {"spark.azureml.dev/force-release": "true"}}});
        scope.patch(KIND, "stuck", force).await?;
        scope.delete(KIND, "stuck").await?;
        scope.gone(KIND, "stuck").await?;
        assert_eq!(
            scope.stack().emulator().run_status(&name).await?.as_deref(),
            Some("Starting")
        );
        Ok(())
    });
}

#[test]
fn a_run_that_is_finalizing_is_waited_for() {
    scenario("leave-final", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        let emulator = scope.stack().emulator();
        scope.apply(&long(scope, "final")).await?;
        let live = scope.condition(KIND, "final", "Submitted", "True").await?;
        let name = live["status"]["azureName"].as_str().unwrap().to_owned();
        emulator.set_run(&name, "Finalizing").await?;
        let finalizing = |o: &serde_json::Value| o["status"]["state"] == "Finalizing";
        scope
            .wait(KIND, "final", "is seen finalizing", finalizing)
            .await?;
        scope.delete(KIND, "final").await?;
        scope
            .reason(KIND, "final", "Reconciling", "True", "Canceling")
            .await?;
        emulator.set_run(&name, "Completed").await?;
        scope.gone(KIND, "final").await?;
        assert_eq!(
            emulator.run_status(&name).await?.as_deref(),
            Some("Completed")
        );
        Ok(())
    });
}

#[test]
fn a_cancel_that_comes_too_late_is_no_trouble() {
    scenario("leave-late", async |scope| {
        scope.workspace().await?;
        code(scope).await?;
        let emulator = scope.stack().emulator();
        scope.apply(&long(scope, "late")).await?;
        let live = scope.condition(KIND, "late", "Submitted", "True").await?;
        let name = live["status"]["azureName"].as_str().unwrap().to_owned();
        let refused = serde_json::json!({"method": "POST", "path": format!("/jobs/{name}/cancel"), "count": 1,
            "action": {"kind": "status", "status": 400, "body": {"error": {"code": "UserError",
                "message": "The run has ended."}}}});
        emulator.inject(refused).await?;
        emulator.set_run(&name, "Completed").await?;
        scope.delete(KIND, "late").await?;
        scope.gone(KIND, "late").await?;
        Ok(())
    });
}
