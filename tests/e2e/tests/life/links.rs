//! `LinkedService`: made, taken over, only looked at, refused.

use azureml_spark_testkit::portal::synapse_role;
use azureml_spark_testkit::scope::{find_condition, message};
use serde_json::{Value, json};

use crate::{LINK, link, scenario};

/// The object id of the identity of a link as Azure shows it.
pub(crate) fn principal(link: &Value) -> &str {
    link["identity"]["principalId"].as_str().unwrap()
}

/// Whether two ids of Azure are one, whatever their casing.
pub(crate) fn is_same(id: &Value, other: &str) -> bool {
    id.as_str().unwrap().eq_ignore_ascii_case(other)
}

#[test]
fn a_link_is_made_and_its_identity_granted() {
    scenario("link-made", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let since = scope.stack().emulator().now().await?;
        let manifest = link(scope);
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(LINK, name, "Ready", "True").await?;
        for condition in ["Linked", "AccessGranted"] {
            assert_eq!(find_condition(&ready, condition).unwrap()["status"], "True");
        }
        assert!(
            ready["metadata"]["finalizers"]
                .to_string()
                .contains("spark.azureml.dev/azure")
        );
        let made = portal.link(name).await?.unwrap();
        let status = &ready["status"];
        assert_eq!(status["azureName"], name);
        assert!(is_same(&status["azureId"], made["id"].as_str().unwrap()));
        assert_eq!(status["identity"]["principalId"], principal(&made));
        // As Azure says it, but for zeros at the end.
        let created = made["properties"]["createdTime"].as_str().unwrap();
        let told = status["createdTime"].as_str().unwrap();
        assert!(created.starts_with(told.trim_end_matches('Z')), "{status}");

        let held = portal.synapse_roles_of(principal(&made)).await?;
        assert_eq!(held.len(), 1, "{held:?}");
        assert_eq!(
            held[0]["roleDefinitionId"],
            synapse_role::SPARK_ADMINISTRATOR
        );
        assert_eq!(held[0]["scope"], world.synapse_scope());
        assert_eq!(
            status["roleAssignments"],
            json!([{
                "role": "SynapseApacheSparkAdministrator",
                "scope": world.synapse_scope(),
                "principalId": principal(&made),
                "id": held[0]["id"],
            }])
        );

        let seen = scope.asked(since).await?;
        let puts = seen.matching("PUT", &["/linkedServices/", name]);
        assert_eq!(puts.0.len(), 1, "{seen}");
        let body = puts.bodies()[0];
        assert_eq!(body["identity"], json!({"type": "SystemAssigned"}));
        assert!(is_same(
            &body["properties"]["linkedServiceResourceId"],
            &world.synapse_id()
        ));
        Ok(())
    });
}

#[test]
fn an_existing_link_is_taken_over_without_a_write() {
    scenario("link-found", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let manifest = link(scope);
        let name = manifest.name();
        let old = portal.put_link(name, &world.synapse_id()).await?;
        let since = scope.stack().emulator().now().await?;
        scope.apply(&manifest).await?;
        let ready = scope.condition(LINK, name, "Ready", "True").await?;
        assert_eq!(ready["status"]["identity"]["principalId"], principal(&old));
        assert_eq!(portal.link(name).await?, Some(old.clone()));
        let held = portal.synapse_roles_of(principal(&old)).await?;
        assert_eq!(held.len(), 1, "{held:?}");
        let seen = scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/linkedServices/", name]), 0, "{seen}");

        // Somebody who wants none but their own does not get it.
        let other = link(scope)
            .with("/metadata/name", scope.unique("never"))
            .with("/spec/azureName", name)
            .with("/spec/adoptionPolicy", "Never");
        scope.apply(&other).await?;
        scope
            .reason(LINK, other.name(), "Stalled", "True", "Conflict")
            .await?;
        scope.delete(LINK, other.name()).await?;
        scope.gone(LINK, other.name()).await?;
        assert_eq!(portal.link(name).await?, Some(old));
        Ok(())
    });
}

#[test]
fn a_link_that_is_only_observed_is_never_touched() {
    scenario("link-look", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let since = scope.stack().emulator().now().await?;
        let manifest = link(scope).with("/spec/managementPolicy", "ObserveOnly");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope
            .reason(LINK, name, "Linked", "False", "NotFound")
            .await?;

        let made = portal.put_link(name, &world.synapse_id()).await?;
        scope.reconcile(LINK, name).await?;
        let ready = scope.condition(LINK, name, "Linked", "True").await?;
        assert_eq!(ready["status"]["identity"]["principalId"], principal(&made));
        scope.condition(LINK, name, "Ready", "True").await?;

        portal.delete_link(name).await?;
        scope.reconcile(LINK, name).await?;
        scope
            .reason(LINK, name, "Linked", "False", "NotFound")
            .await?;

        let again = portal.put_link(name, &world.synapse_id()).await?;
        scope.reconcile(LINK, name).await?;
        let ready = scope.condition(LINK, name, "Ready", "True").await?;
        assert_eq!(
            ready.pointer("/metadata/finalizers"),
            None,
            "nothing in Azure is its own"
        );
        scope.delete(LINK, name).await?;
        scope.gone(LINK, name).await?;
        assert_eq!(portal.link(name).await?, Some(again.clone()));
        for principal in [principal(&made), principal(&again)] {
            assert_eq!(
                portal.synapse_roles_of(principal).await?,
                Vec::<Value>::new()
            );
        }
        let seen = scope.asked(since).await?;
        for method in ["PUT", "DELETE", "PATCH", "POST"] {
            assert_eq!(seen.count(method, &["/linkedServices/", name]), 0, "{seen}");
        }
        Ok(())
    });
}

#[test]
fn a_link_to_another_synapse_workspace_is_a_conflict_with_both_ids() {
    scenario("link-other", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let far = world.resource("Microsoft.Synapse/workspaces/far-synapse-ws");
        let since = scope.stack().emulator().now().await?;
        for policy in ["IfIdentical", "Always"] {
            let name = scope.unique(&format!("link-{}", policy.to_lowercase()));
            let manifest = link(scope)
                .with("/metadata/name", name.clone())
                .with("/spec/adoptionPolicy", policy);
            let theirs = portal.put_link(&name, &far).await?;
            scope.apply(&manifest).await?;
            let refused = scope
                .reason(LINK, &name, "Stalled", "True", "Conflict")
                .await?;
            let said = message(&refused, "Stalled").to_lowercase();
            for id in [far.to_lowercase(), world.synapse_id().to_lowercase()] {
                assert!(said.contains(&id), "{policy}: {said}");
            }
            assert_eq!(refused["status"]["drift"].as_array().unwrap().len(), 1);
            scope.delete(LINK, &name).await?;
            scope.gone(LINK, &name).await?;
            assert_eq!(portal.link(&name).await?, Some(theirs), "{policy}");
            let seen = scope.asked(since).await?;
            assert_eq!(seen.count("PUT", &["/linkedServices/", &name]), 0, "{seen}");
        }
        Ok(())
    });
}
