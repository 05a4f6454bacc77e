//! Attaching, where it fails, takes its time, or leads to a pool that is not as it should be.

use anyhow::Context as _;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{WORKSPACE, find_condition, message};
use serde_json::json;

use crate::stage::{Stage, says};
use crate::{ATTACHMENT, Theme, alone, scenario, undisturbed};

/// What fails, or does not, is the compute: without roles, nothing else does.
fn without_roles(manifest: Manifest) -> Manifest {
    manifest.with("/spec/grants/synapseRoles", json!([]))
}

#[test]
fn a_failed_operation_shows_azures_errors() {
    scenario("at-fails", async |stage| {
        let scope = &stage.scope;
        let since = stage.emulator().now().await?;
        let pool = without_roles(stage.pool("pool").await?);
        let name = pool.name();
        let failing = pool.clone().with(
            "/spec/tags/emulator-attach-fails",
            "PoolBroken: The pool has no nodes left.",
        );
        scope.apply(&failing).await?;
        let message = stage.stalled(ATTACHMENT, name, "AttachFailed").await?;
        says(&message, &["PoolBroken", "The pool has no nodes left."]);
        let failed = scope
            .reason(ATTACHMENT, name, "Attached", "False", "AttachFailed")
            .await?;
        assert_eq!(failed["status"]["provisioningState"], "Failed");
        stage.scope.look(ATTACHMENT, name).await?;
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 1, "{seen}");

        scope.apply(&pool).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(ready["status"]["provisioningState"], "Succeeded");
        assert!(find_condition(&ready, "Stalled").is_none());
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 2, "{seen}");
        let compute = stage.portal.compute(name).await?.unwrap();
        assert_eq!(compute["tags"].get("emulator-attach-fails"), None);
        Ok(())
    });
}

#[test]
fn an_operation_is_followed_across_a_restart() {
    alone("at-restart", async |stage| {
        let scope = &stage.scope;
        let operator = scope.stack().operator();
        // Longer than any restart takes.
        stage.set(json!({"operationSeconds": 20})).await?;
        let since = stage.emulator().now().await?;
        let pool = stage.pool("pool").await?;
        let name = pool.name();
        scope.apply(&pool).await?;
        scope
            .wait(ATTACHMENT, name, "is being attached", |object| {
                object["status"]["provisioningState"] == "Creating"
            })
            .await?;
        operator.kill()?;
        operator.start().await?;
        let compute = stage.portal.compute(name).await?.unwrap();
        assert_eq!(
            compute["properties"]["provisioningState"], "Creating",
            "the operation has outlived the operator"
        );
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 1, "{seen}");
        assert_eq!(seen.count("PUT", &["/roleAssignments/"]), 1, "{seen}");
        Ok(())
    });
}

#[test]
fn a_pool_that_is_gone_is_told_and_comes_back() {
    scenario("at-gone", async |stage| {
        let scope = &stage.scope;
        let since = stage.emulator().now().await?;
        let pool = stage.pool("pool").await?;
        let name = pool.name();
        let id = stage.world().pool_id(name);
        scope.apply(&pool).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;

        stage.emulator().remove_resource(&id).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let message = stage.stalled(ATTACHMENT, name, "PoolNotFound").await?;
        says(&message, &[&id]);
        scope
            .reason(ATTACHMENT, name, "Attached", "False", "PoolNotFound")
            .await?;
        stage.scope.look(ATTACHMENT, name).await?;
        assert!(
            stage.portal.compute(name).await?.is_some(),
            "it waits for whoever brings the pool back"
        );

        stage.make(&id).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert!(find_condition(&ready, "Stalled").is_none());
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 1, "{seen}");
        Ok(())
    });
}

/// A pool in another region than the workspace, attached under a name of the scenario's own.
fn far(stage: &Stage<'_>, what: &str) -> Manifest {
    let pool = stage
        .world()
        .resource("Microsoft.Synapse/workspaces/far-synapse-ws/bigDataPools/farpool");
    let name = stage.scope.unique(what);
    manifest::attachment(&name, WORKSPACE, stage.world()).with("/spec/pool/resourceId", pool)
}

#[test]
fn a_pool_in_another_region_is_a_warning() {
    undisturbed(Theme::Computes, "at-far", async |stage| {
        let scope = &stage.scope;
        let pool = far(stage, "far");
        scope.apply(&pool).await?;
        let ready = scope
            .condition(ATTACHMENT, pool.name(), "Ready", "True")
            .await?;
        let warning = find_condition(&ready, "Warning").unwrap();
        assert_eq!(
            (&warning["status"], &warning["reason"]),
            (&json!("True"), &json!("OtherRegion"))
        );
        says(message(&ready, "Warning"), &["westeurope", "eastus"]);

        // Not every region may be the same: where Azure says no, it is heard.
        let since = stage.emulator().now().await?;
        for (far_pool, reason) in [("refuse", "Refused"), ("operationFails", "AttachFailed")] {
            stage.set(json!({"otherRegionPool": far_pool})).await?;
            let pool = far(stage, &reason.to_lowercase()[..6]);
            scope.apply(&pool).await?;
            let message = stage.stalled(ATTACHMENT, pool.name(), reason).await?;
            says(&message, &["farpool", "is in the region 'westeurope'"]);
            let seen = stage.scope.asked(since).await?;
            assert_eq!(seen.count("PUT", &["/computes/", pool.name()]), 1, "{seen}");
        }
        Ok(())
    });
}

#[test]
fn a_pool_that_pauses_by_itself_attaches() {
    scenario("at-paused", async |stage| {
        let scope = &stage.scope;
        let pool = without_roles(stage.pool("pool").await?);
        let name = pool.name();
        let pauses = json!({"properties": {"autoPause": {"enabled": true, "delayInMinutes": 5}}});
        let id = stage.world().pool_id(name);
        stage.emulator().put_resource(&id, pauses).await?;
        scope.apply(&pool).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(
            ready["status"]["autoPause"],
            json!({"enabled": true, "delayInMinutes": 5})
        );
        assert_eq!(find_condition(&ready, "Warning"), None, "{ready}");
        Ok(())
    });
}

#[test]
fn a_detachment_under_way_is_followed_across_a_restart() {
    alone("at-leave", async |stage| {
        let scope = &stage.scope;
        let operator = scope.stack().operator();
        let pool = stage.pool("pool").await?;
        let name = pool.name();
        scope.apply(&pool).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        stage.set(json!({"operationSeconds": 20})).await?;
        let since = stage.emulator().now().await?;
        scope.delete(ATTACHMENT, name).await?;
        let what = "Azure is at work on the detachment";
        until(what, PATIENCE, async || {
            let compute = stage.portal.compute(name).await?.context("it is gone")?;
            let state = &compute["properties"]["provisioningState"];
            Ok((state == "Deleting").then_some(()))
        })
        .await?;
        operator.kill()?;
        operator.start().await?;
        let compute = stage.portal.compute(name).await?;
        assert!(
            compute.is_some(),
            "the detachment has outlived the operator"
        );
        scope.reconcile(ATTACHMENT, name).await?;
        stage.detached(name).await?;
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("DELETE", &["/computes/", name]), 1, "{seen}");
        Ok(())
    });
}
