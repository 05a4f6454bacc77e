//! `AzureMLWorkspace`: what it warns of, and how Azure may answer to a change.

use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{SECRET, WORKSPACE, find_condition, message};
use serde_json::{Value, json};

use crate::stage::{Stage, says};
use crate::{Theme, changing};

const KIND: &str = "AzureMLWorkspace";

fn named(stage: &Stage<'_>, identities: &[String]) -> Manifest {
    manifest::workspace(WORKSPACE, SECRET, stage.world())
        .with("/spec/attachUserAssignedIdentities", json!(identities))
}

/// Resource id of the workspace in Azure.
fn azure_id(stage: &Stage<'_>) -> String {
    let name = &stage.world().workspace;
    stage.world().resource(&format!(
        "Microsoft.MachineLearningServices/workspaces/{name}"
    ))
}

/// Waits for a warning with these words, on a workspace that is ready all the same.
async fn warns(stage: &Stage<'_>, reason: &str, words: &[&str]) -> anyhow::Result<()> {
    let found = stage
        .scope
        .reason(KIND, WORKSPACE, "Warning", "True", reason)
        .await?;
    says(message(&found, "Warning"), words);
    let ready = find_condition(&found, "Ready").unwrap();
    assert_eq!(ready["status"], "True", "{ready}");
    Ok(())
}

#[test]
fn a_workspace_warns_of_what_would_fail_later() {
    changing(Theme::Workspace, "ws-warns", async |stage| {
        let scope = &stage.scope;
        let azure = azure_id(stage);
        stage.without(KIND, WORKSPACE, "Warning").await?;
        let legacy = |on: bool| json!({"properties": {"v1LegacyMode": on}});
        stage.bend(&azure, legacy(true), legacy(false)).await?;
        scope.reconcile(KIND, WORKSPACE).await?;
        warns(stage, "V1LegacyMode", &["v1LegacyMode"]).await?;
        stage.emulator().put_resource(&azure, legacy(false)).await?;
        scope.reconcile(KIND, WORKSPACE).await?;
        stage.without(KIND, WORKSPACE, "Warning").await?;

        let network = |ready: bool| {
            json!({"properties": {"managedNetwork": {
                "isolationMode": "AllowInternetOutbound",
                "status": {"status": "Active", "sparkReady": ready},
            }}})
        };
        let none = json!({"properties": {"managedNetwork": null}});
        stage.bend(&azure, network(false), none).await?;
        scope.reconcile(KIND, WORKSPACE).await?;
        warns(stage, "SparkNotReady", &["provision"]).await?;
        assert_eq!(
            scope.get(KIND, WORKSPACE).await?["status"]["sparkReady"],
            false
        );
        stage.emulator().put_resource(&azure, network(true)).await?;
        scope.reconcile(KIND, WORKSPACE).await?;
        let quiet = stage.without(KIND, WORKSPACE, "Warning").await?;
        assert_eq!(quiet["status"]["sparkReady"], true);

        // An identity that nobody has made yet.
        let since = stage.emulator().now().await?;
        let name = scope.unique("late");
        let id = stage.world().identity_id(&name);
        scope
            .apply(&named(stage, std::slice::from_ref(&id)))
            .await?;
        warns(
            stage,
            "IdentityNotFound",
            &["spec.attachUserAssignedIdentities", &id],
        )
        .await?;
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("PATCH", &["/workspaces/"]), 0, "{seen}");
        stage.emulator().make_identity(&name).await?;
        scope.reconcile(KIND, WORKSPACE).await?;
        stage.without(KIND, WORKSPACE, "Warning").await?;
        is_attached(stage, &id).await?;
        scope.condition(KIND, WORKSPACE, "Ready", "True").await?;
        Ok(())
    });
}

/// Waits until the workspace has an identity, in Azure and in the status.
async fn is_attached(stage: &Stage<'_>, id: &str) -> anyhow::Result<()> {
    let id = id.to_lowercase();
    until(&format!("the workspace has {id}"), PATIENCE, async || {
        let all = stage.portal.workspace_identities().await?;
        Ok(all.contains(&id).then_some(()))
    })
    .await?;
    let shows = |object: &Value| {
        let all = object["status"]["identity"]["userAssigned"].as_array();
        let is = |one: &Value| {
            one["resourceId"]
                .as_str()
                .is_some_and(|its| its.to_lowercase() == id)
        };
        all.is_some_and(|all| all.iter().any(is))
    };
    stage
        .scope
        .wait(KIND, WORKSPACE, &format!("shows {id}"), shows)
        .await?;
    Ok(())
}

#[test]
fn identities_are_attached_however_azure_answers() {
    changing(Theme::Workspace, "ws-answers", async |stage| {
        let scope = &stage.scope;
        let mut wanted: Vec<String> = Vec::new();
        let mut there = stage.portal.workspace_identities().await?;
        for (patch, identities) in [
            ("ok", "merges"),
            ("ok", "replaces"),
            ("accepted", "merges"),
            ("accepted", "replaces"),
        ] {
            stage
                .set(json!({"workspacePatch": patch, "workspaceIdentities": identities}))
                .await?;
            let name = scope.unique(&format!("{patch}-{identities}"));
            let (id, _) = stage.emulator().make_identity(&name).await?;
            wanted.push(id.clone());
            let since = stage.emulator().now().await?;
            scope.apply(&named(stage, &wanted)).await?;
            is_attached(stage, &id).await?;
            scope.condition(KIND, WORKSPACE, "Ready", "True").await?;
            let now = stage.portal.workspace_identities().await?;
            for old in &there {
                assert!(now.contains(old), "{patch}, {identities}: {old} is lost");
            }
            assert_eq!(now.len(), there.len() + 1, "{patch}, {identities}: {now:?}");
            let workspace = stage.portal.workspace().await?;
            assert!(
                workspace["identity"]["principalId"].is_string(),
                "its own identity stays: {workspace}"
            );
            let seen = stage.scope.asked(since).await?;
            assert_eq!(seen.count("PATCH", &["/workspaces/"]), 1, "{seen}");
            there = now;
        }
        Ok(())
    });
}
