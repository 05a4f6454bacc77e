//! `SynapseSparkAttachment`: attach, grant, stay quiet, change in place, detach.

use anyhow::Result;
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use serde_json::json;

use crate::scenario;

const KIND: &str = "SynapseSparkAttachment";

/// The emulator's pool under a name of this scenario's own, since all scenarios share one workspace in Azure.
fn pool(scope: &Scope<'_>) -> Manifest {
    manifest::attachment(
        &scope.unique("pool"),
        WORKSPACE,
        scope.stack().emulator().world(),
    )
}

async fn requests(scope: &Scope<'_>, since: u64) -> Result<Requests> {
    scope.stack().emulator().requests_since(since).await
}

#[test]
fn a_pool_is_attached_with_its_role_and_taken_back() {
    scenario("at-life", async |scope| {
        scope.workspace().await?;
        let portal = Portal::new(scope.stack().emulator())?;
        let since = scope.stack().emulator().now().await?;
        let manifest = pool(scope);
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(KIND, name, "Ready", "True").await?;
        let status = &ready["status"];
        assert_eq!(status["provisioningState"], "Succeeded");
        assert_eq!(status["sparkVersion"], "3.4");
        assert_eq!(status["nodeSize"], "Medium");
        assert_eq!(
            status["autoScale"],
            json!({"enabled": true, "minNodeCount": 3, "maxNodeCount": 10})
        );
        assert_eq!(
            status["autoPause"],
            json!({"enabled": true, "delayInMinutes": 15})
        );
        assert_eq!(status["nodeCount"], 0, "it scales");
        assert_eq!(status["azureName"], name);
        let world = scope.stack().emulator().world();
        let pool_id = status["poolId"].as_str().unwrap();
        assert!(
            pool_id.eq_ignore_ascii_case(&world.pool_id(&world.pool)),
            "{pool_id}"
        );
        let made = portal.compute(name).await?.unwrap();
        // As Azure says it, but for zeros at the end.
        let told = status["createdOn"].as_str().unwrap();
        let created = made["properties"]["createdOn"].as_str().unwrap();
        assert!(created.starts_with(told.trim_end_matches('Z')), "{status}");
        assert_eq!(status["identity"]["type"], "SystemAssigned");
        assert_eq!(status["defaultIdentity"], "SystemAssigned");
        let principal = status["identity"]["principalId"].as_str().unwrap();
        let grants = status["roleAssignments"].as_array().unwrap();
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0]["role"], "SynapseAdministrator");
        assert_eq!(grants[0]["principalId"], principal);
        assert_eq!(grants[0]["scope"], world.pool_scope(&world.pool));
        assert!(
            ready["metadata"]["finalizers"]
                .to_string()
                .contains("spark.azureml.dev/azure")
        );
        let seen = requests(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 1, "{seen}");
        let granted = seen.matching(
            "PUT",
            &["/roleAssignments/", grants[0]["id"].as_str().unwrap()],
        );
        assert_eq!(granted.0.len(), 1, "{seen}");

        scope.delete(KIND, name).await?;
        scope.gone(KIND, name).await?;
        let seen = requests(scope, since).await?;
        let detached = seen.matching(
            "DELETE",
            &["/computes/", name, "underlyingResourceAction=Detach"],
        );
        assert_eq!(detached.0.len(), 1, "{seen}");
        let revoked = seen.matching(
            "DELETE",
            &["/roleAssignments/", grants[0]["id"].as_str().unwrap()],
        );
        assert_eq!(revoked.0.len(), 1, "{seen}");
        assert!(revoked.0[0].number < detached.0[0].number, "{seen}");
        // The pool itself stays: another compute can be made of it.
        let pools = ["/Microsoft.Synapse/workspaces/", "/bigDataPools/"];
        assert_eq!(seen.count("DELETE", &pools), 0, "{seen}");
        let again = scope.unique("again");
        portal.attach(&again, &world.pool_id(&world.pool)).await?;
        portal.detach(&again).await
    });
}

#[test]
fn nothing_is_put_when_nothing_differs_and_a_change_is_put_once() {
    scenario("at-change", async |scope| {
        scope.workspace().await?;
        let manifest = pool(scope).with("/spec/tags/team", "a");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(KIND, name, "Ready", "True").await?;
        let version = ready["metadata"]["resourceVersion"].clone();
        let since = scope.stack().emulator().now().await?;
        // An annotation of ours wakes the operator for a look.
        let look = json!({"metadata": {"annotations": {"spark.azureml.dev/reconcile-at": "now"}}});
        scope.patch(KIND, name, look).await?;
        let looked = scope.stack().emulator();
        looked
            .wait_for_requests(
                since,
                "the operator looks",
                azureml_spark_testkit::eventually::PATIENCE,
                |seen| seen.count("GET", &["/computes/", name]) > 0,
            )
            .await?;
        let seen = requests(scope, since).await?;
        assert_eq!(seen.count("PUT", &[name]), 0, "{seen}");
        let calm = scope.get(KIND, name).await?;
        assert_ne!(
            calm["metadata"]["resourceVersion"], version,
            "the annotation is a change"
        );
        assert_eq!(calm["status"], ready["status"], "and the status is none");

        let identity = scope
            .stack()
            .emulator()
            .world()
            .identity_id(&scope.stack().emulator().world().user_assigned_identity);
        let changed = manifest.clone().with("/spec/tags/team", "b").with(
            "/spec/identity",
            json!({"type": "UserAssigned", "userAssignedIdentities": [{"resourceId": identity}]}),
        );
        scope.apply(&changed).await?;
        let ready = scope
            .wait(
                KIND,
                name,
                "has the user-assigned identity, and its role alone",
                |object| {
                    object["status"]["identity"]["type"] == "UserAssigned"
                        && object["status"]["roleAssignments"]
                            .as_array()
                            .is_some_and(|all| all.len() == 1)
                        && find_condition(object, "Ready")
                            .is_some_and(|ready| ready["status"] == "True")
                },
            )
            .await?;
        assert_eq!(ready["status"]["defaultIdentity"], identity.as_str());
        let seen = requests(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 1, "{seen}");
        let body = seen.matching("PUT", &["/computes/", name]).bodies()[0].clone();
        assert_eq!(body["tags"]["team"], "b");
        assert_eq!(body["identity"]["type"], "UserAssigned");
        let grants = ready["status"]["roleAssignments"].as_array().unwrap();
        assert_eq!(
            grants.len(),
            1,
            "the old identity's role is taken back: {grants:?}"
        );
        assert_eq!(
            grants[0]["principalId"],
            ready["status"]["identity"]["userAssigned"][0]["principalId"]
        );
        Ok(())
    });
}

#[test]
fn a_compute_of_somebody_else_is_left_alone() {
    scenario("at-foreign", async |scope| {
        scope.workspace().await?;
        let first = pool(scope);
        let name = first.name();
        scope.apply(&first).await?;
        scope.condition(KIND, name, "Ready", "True").await?;
        let since = scope.stack().emulator().now().await?;
        let second = first
            .clone()
            .with("/metadata/name", scope.unique("other"))
            .with("/spec/azureName", name);
        scope.apply(&second).await?;
        let refused = scope
            .reason(KIND, second.name(), "Stalled", "True", "Conflict")
            .await?;
        assert_eq!(refused.pointer("/metadata/finalizers"), None);
        scope.delete(KIND, second.name()).await?;
        scope.gone(KIND, second.name()).await?;
        let seen = requests(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 0, "{seen}");
        assert_eq!(seen.count("DELETE", &["/computes/", name]), 0, "{seen}");
        Ok(())
    });
}

#[test]
fn a_pool_that_does_not_exist_is_named() {
    scenario("at-nopool", async |scope| {
        scope.workspace().await?;
        let since = scope.stack().emulator().now().await?;
        let nowhere = scope.stack().emulator().world().pool_id("no-such-pool");
        let manifest = pool(scope).with("/spec/pool/resourceId", nowhere);
        scope.apply(&manifest).await?;
        let stalled = scope
            .reason(KIND, manifest.name(), "Stalled", "True", "PoolNotFound")
            .await?;
        let ready = find_condition(&stalled, "Ready").unwrap();
        assert!(
            ready["message"].as_str().unwrap().contains("no-such-pool"),
            "{ready}"
        );
        let seen = requests(scope, since).await?;
        assert_eq!(
            seen.count("PUT", &["/computes/", manifest.name()]),
            0,
            "{seen}"
        );
        Ok(())
    });
}
