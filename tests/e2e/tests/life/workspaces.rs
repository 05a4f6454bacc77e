//! `AzureMLWorkspace`: the identities that it is given.

use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{SECRET, Scope, WORKSPACE};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::calm::writes;
use crate::{JOB, becomes, scenario};

const KIND: &str = "AzureMLWorkspace";

/// All share one workspace in Azure, and a request that attaches an identity names those that are there: who counts such
/// requests does so while nobody else attaches any.
static ATTACHING: Mutex<()> = Mutex::const_new(());

/// The workspace with identities that it is to have.
fn with(scope: &Scope<'_>, ids: &[&str]) -> manifest::Manifest {
    let world = scope.stack().emulator().world();
    manifest::workspace(WORKSPACE, SECRET, world)
        .with("/spec/attachUserAssignedIdentities", json!(ids))
}

/// The identities of the workspace in its status, in small letters.
fn published(object: &Value) -> Vec<String> {
    let all = object["status"]["identity"]["userAssigned"].as_array();
    all.into_iter()
        .flatten()
        .map(|one| one["resourceId"].as_str().unwrap().to_lowercase())
        .collect()
}

#[test]
fn identities_are_attached_and_others_left_alone() {
    scenario("ws-identity", async |scope, portal| {
        let _attaching = ATTACHING.lock().await;
        let emulator = scope.stack().emulator();
        let world = emulator.world();
        let (ours, _) = emulator.make_identity(&scope.unique("id")).await?;
        let small = ours.to_lowercase();
        let before = world.identity_id(&world.user_assigned_identity);
        let since = emulator.now().await?;
        let manifest = with(scope, &[&ours]);
        scope.apply(&manifest).await?;
        let ready = scope
            .wait(KIND, WORKSPACE, "publishes the identity", |o| {
                published(o).contains(&small)
            })
            .await?;
        assert!(
            published(&ready).contains(&before.to_lowercase()),
            "{ready}"
        );
        let there = portal.workspace_identities().await?;
        for id in [&small, &before.to_lowercase()] {
            assert!(there.contains(id), "{there:?}");
        }
        // Twice named, in another casing, it is there once, and asked for once.
        scope.apply(&with(scope, &[&small, &ours])).await?;
        scope.observed(KIND, WORKSPACE).await?;
        scope.condition(KIND, WORKSPACE, "Ready", "True").await?;
        let patches = writes(scope, since, &[&ours]).await?;
        assert_eq!(patches.count("PATCH", &["/workspaces/"]), 1, "{patches}");
        assert_eq!(patches.0.len(), 1, "{patches}");
        let assigned = patches.bodies()[0]["identity"]["userAssignedIdentities"]
            .as_object()
            .unwrap();
        let has = |id: &str| assigned.keys().any(|key| key.eq_ignore_ascii_case(id));
        assert!(
            has(&before),
            "what is left out might be taken off: {assigned:?}"
        );

        // A serverless job may run as it.
        let code = manifest::code("src", "main.py", "print('x')\n");
        scope.apply(&code).await?;
        let job = manifest::serverless_job("job", WORKSPACE, "src", world)
            .with("/spec/identity/resourceId", ours.as_str());
        scope.apply(&job).await?;
        let done = scope.condition(JOB, "job", "Complete", "True").await?;
        let run = done["status"]["azureName"].as_str().unwrap();
        let seen = scope.asked(since).await?;
        let submitted = seen.matching("PUT", &["/jobs/", run]);
        let identity = &submitted.bodies()[0]["properties"]["identity"];
        assert_eq!(
            *identity,
            json!({"identityType": "Managed", "resourceId": ours})
        );

        // Out of the spec, or with the object gone, it stays: others may use it.
        scope
            .apply(
                &manifest
                    .clone()
                    .without("/spec/attachUserAssignedIdentities"),
            )
            .await?;
        scope.condition(KIND, WORKSPACE, "Ready", "True").await?;
        scope.delete(JOB, "job").await?;
        scope.gone(JOB, "job").await?;
        scope.delete(KIND, WORKSPACE).await?;
        scope.gone(KIND, WORKSPACE).await?;
        assert!(portal.workspace_identities().await?.contains(&small));
        let patches = writes(scope, since, &[&ours]).await?;
        assert_eq!(patches.count("PATCH", &["/workspaces/"]), 1, "{patches}");
        Ok(())
    });
}

#[test]
fn an_identity_that_does_not_exist_is_told_and_waited_for() {
    scenario("ws-no-id", async |scope, portal| {
        let _attaching = ATTACHING.lock().await;
        let emulator = scope.stack().emulator();
        let nobody = emulator.world().identity_id(&scope.unique("late"));
        let since = emulator.now().await?;
        scope.apply(&with(scope, &[&nobody])).await?;
        let warned = scope
            .reason(KIND, WORKSPACE, "Warning", "True", "IdentityNotFound")
            .await?;
        let said = azureml_spark_testkit::scope::message(&warned, "Warning");
        assert!(said.contains(&nobody), "{said}");
        scope.condition(KIND, WORKSPACE, "Ready", "True").await?;
        let written = writes(scope, since, &[&nobody]).await?;
        assert!(written.0.is_empty(), "{written}");

        emulator.make_identity(&scope.unique("late")).await?;
        scope.reconcile(KIND, WORKSPACE).await?;
        becomes("it is attached", async || {
            let there = portal.workspace_identities().await?;
            Ok(there.contains(&nobody.to_lowercase()))
        })
        .await?;
        scope
            .wait(KIND, WORKSPACE, "is warned of no more", |o| {
                published(o).contains(&nobody.to_lowercase())
                    && azureml_spark_testkit::scope::find_condition(o, "Warning").is_none()
            })
            .await?;
        Ok(())
    });
}
