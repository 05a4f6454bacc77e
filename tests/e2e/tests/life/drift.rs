//! What somebody changes in Azure: brought back, told, or left alone.

use azureml_spark_testkit::scope::{find_condition, message, reason};
use serde_json::{Value, json};

use crate::calm::{principal, puts};
use crate::{ATTACHMENT, pool, scenario, tagged};

#[test]
fn tags_and_identity_changed_in_azure_are_brought_back() {
    scenario("drift-back", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let manifest = pool(scope)
            .with("/spec/tags/team", "a")
            .with("/spec/description", "ours");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let before = portal.compute(name).await?.unwrap();

        let (theirs, _) = emulator.make_identity(&scope.unique("theirs")).await?;
        let since = emulator.now().await?;
        portal
            .change_compute(name, |body| {
                // With all tags replaced, the mark of the owner is lost as well.
                body["tags"] = json!({"team": "b"});
                body["identity"] =
                    json!({"type": "UserAssigned", "userAssignedIdentities": {theirs: {}}});
                body["properties"]["description"] = json!("theirs");
            })
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let seen = scope
            .wait(ATTACHMENT, name, "shows what differs", |o| {
                o["status"]["drift"].is_array()
            })
            .await?;
        assert_eq!(reason(&seen, "Attached"), "Attaching", "{seen}");
        tagged(portal, name, "team", "a").await?;
        let again = scope
            .wait(ATTACHMENT, name, "is ready without drift", |o| {
                let ready = find_condition(o, "Ready").is_some_and(|one| one["status"] == "True");
                ready && o["status"]["drift"].is_null()
            })
            .await?;
        let after = portal.compute(name).await?.unwrap();
        assert_eq!(after["tags"], before["tags"], "the owner's mark included");
        assert_eq!(after["properties"]["description"], "ours");
        assert_eq!(after["identity"]["type"], "SystemAssigned");
        assert_eq!(puts(scope, since, name).await?.0.len(), 1, "once");
        // An identity of its own that was taken away comes back as another one.
        assert_ne!(principal(&again), principal(&ready));
        assert_eq!(
            portal.synapse_roles_of(principal(&again)).await?.len(),
            1,
            "{again}"
        );
        Ok(())
    });
}

#[test]
fn drift_is_told_and_left_where_the_policy_says_so() {
    scenario("drift-told", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let manifest = pool(scope)
            .with("/spec/tags/team", "a")
            .with("/spec/driftPolicy", "Report");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;

        let since = emulator.now().await?;
        portal
            .change_compute(name, |body| body["tags"]["team"] = json!("b"))
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let told = scope
            .reason(ATTACHMENT, name, "Ready", "True", "Drifted")
            .await?;
        assert_eq!(reason(&told, "Attached"), "Drifted");
        assert!(message(&told, "Attached").contains("tags.team"), "{told}");
        assert_eq!(
            told["status"]["drift"],
            json!([{"field": "tags.team", "desired": "a", "observed": "b"}])
        );
        assert_eq!(find_condition(&told, "Stalled"), None);
        scope.look(ATTACHMENT, name).await?;
        assert_eq!(puts(scope, since, name).await?.0.len(), 0);

        // Changed back in Azure, there is nothing to tell.
        portal
            .change_compute(name, |body| body["tags"]["team"] = json!("a"))
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let back = scope
            .reason(ATTACHMENT, name, "Ready", "True", "Ready")
            .await?;
        assert_eq!(back["status"]["drift"], Value::Null);

        // What the user changes is applied, with all of the spec.
        portal
            .change_compute(name, |body| body["tags"]["team"] = json!("b"))
            .await?;
        let changed = manifest.clone().with("/spec/description", "new");
        scope.apply(&changed).await?;
        tagged(portal, name, "team", "a").await?;
        let ready = scope
            .wait(ATTACHMENT, name, "is ready as described", |o| {
                let ready = find_condition(o, "Ready");
                ready.is_some_and(|one| {
                    one["reason"] == "Ready"
                        && one["observedGeneration"] == o["metadata"]["generation"]
                })
            })
            .await?;
        assert_eq!(ready["status"]["drift"], Value::Null);
        let put = puts(scope, since, name).await?;
        assert_eq!(put.0.len(), 1, "{put}");
        assert_eq!(put.bodies()[0]["properties"]["description"], "new");
        Ok(())
    });
}

#[test]
fn an_identity_changed_outside_is_told_and_stops_what_is_ready() {
    scenario("drift-id", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let manifest = pool(scope).with("/spec/driftPolicy", "Report");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let (theirs, _) = emulator.make_identity(&scope.unique("theirs")).await?;
        let since = emulator.now().await?;
        portal
            .change_compute(name, |body| {
                body["identity"] = json!({"type": "UserAssigned",
                    "userAssignedIdentities": {theirs.as_str(): {}}});
            })
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let told = scope
            .reason(ATTACHMENT, name, "Stalled", "True", "Drifted")
            .await?;
        assert_eq!(
            told["status"]["drift"][0],
            json!({"field": "identity.type", "desired": "SystemAssigned", "observed": "UserAssigned"})
        );
        assert_eq!(reason(&told, "Attached"), "Drifted");
        assert_eq!(reason(&told, "AccessGranted"), "Drifted");
        scope.look(ATTACHMENT, name).await?;
        assert_eq!(puts(scope, since, name).await?.0.len(), 0);
        let compute = portal.compute(name).await?.unwrap();
        assert_eq!(compute["identity"]["type"], "UserAssigned");
        Ok(())
    });
}
