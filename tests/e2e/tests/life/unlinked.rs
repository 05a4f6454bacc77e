//! A link that somebody removes or leads elsewhere, or whose role they take.

use azureml_spark_testkit::scope::{find_condition, message};
use serde_json::Value;

use crate::links::principal;
use crate::{END, LINK, becomes, link, scenario, waits_for};

#[test]
fn a_link_removed_outside_is_made_again() {
    scenario("link-lost", async |scope, portal| {
        let manifest = link(scope);
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(LINK, name, "Ready", "True").await?;
        let first = portal.link(name).await?.unwrap();

        let since = scope.stack().emulator().now().await?;
        portal.delete_link(name).await?;
        scope.reconcile(LINK, name).await?;
        waits_for(scope, since, "PUT", &["/linkedServices/", name]).await?;
        let second = portal.link(name).await?.unwrap();
        assert_ne!(principal(&first), principal(&second), "a new identity");
        let other = principal(&second);
        scope
            .wait(LINK, name, "is ready with the new identity", |o| {
                o["status"]["identity"]["principalId"] == other
                    && find_condition(o, "Ready").is_some_and(|ready| ready["status"] == "True")
            })
            .await?;
        assert_eq!(portal.synapse_roles_of(other).await?.len(), 1);
        becomes("the former identity's role is taken back", async || {
            Ok(portal.synapse_roles_of(principal(&first)).await?.is_empty())
        })
        .await
    });
}

#[test]
fn a_removed_link_is_told_where_the_policy_says_so() {
    scenario("link-told", async |scope, portal| {
        let manifest = link(scope).with("/spec/driftPolicy", "Report");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(LINK, name, "Ready", "True").await?;

        let since = scope.stack().emulator().now().await?;
        portal.delete_link(name).await?;
        scope.reconcile(LINK, name).await?;
        scope
            .reason(LINK, name, "Linked", "False", "Unlinked")
            .await?;
        scope
            .reason(LINK, name, "Stalled", "True", "Unlinked")
            .await?;
        assert_eq!(portal.link(name).await?, None);

        // Back in Studio, it is back here.
        let world = scope.stack().emulator().world();
        portal.put_link(name, &world.synapse_id()).await?;
        scope.reconcile(LINK, name).await?;
        scope.condition(LINK, name, "Linked", "True").await?;
        let seen = scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/linkedServices/", name]), 0, "{seen}");
        Ok(())
    });
}

#[test]
fn a_link_led_elsewhere_after_it_was_ours_is_left_there() {
    scenario("link-led", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let far = world.resource("Microsoft.Synapse/workspaces/far-synapse-ws");
        let manifest = link(scope);
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(LINK, name, "Ready", "True").await?;
        let ours = portal.link(name).await?.unwrap();

        let since = scope.stack().emulator().now().await?;
        portal.delete_link(name).await?;
        let theirs = portal.put_link(name, &far).await?;
        scope.reconcile(LINK, name).await?;
        let refused = scope
            .reason(LINK, name, "Stalled", "True", "Conflict")
            .await?;
        let said = message(&refused, "Stalled").to_lowercase();
        for id in [far.to_lowercase(), world.synapse_id().to_lowercase()] {
            assert!(said.contains(&id), "{said}");
        }
        scope.look(LINK, name).await?;

        // Deleted, it takes its own role back and leaves what is theirs.
        scope.delete(LINK, name).await?;
        scope.gone_within(END, LINK, name).await?;
        assert_eq!(portal.link(name).await?, Some(theirs));
        let held = portal.synapse_roles_of(principal(&ours)).await?;
        assert_eq!(held, Vec::<Value>::new());
        let seen = scope.asked(since).await?;
        for method in ["PUT", "DELETE"] {
            assert_eq!(seen.count(method, &["/linkedServices/", name]), 0, "{seen}");
        }
        Ok(())
    });
}

#[test]
fn a_links_role_removed_by_hand_comes_back_or_is_told() {
    scenario("link-role", async |scope, portal| {
        let correct = link(scope);
        let report = link(scope)
            .with("/metadata/name", scope.unique("told"))
            .with("/spec/driftPolicy", "Report");
        let mut taken = Vec::new();
        for manifest in [&correct, &report] {
            scope.apply(manifest).await?;
        }
        for manifest in [&correct, &report] {
            let name = manifest.name();
            scope.condition(LINK, name, "Ready", "True").await?;
            let made = portal.link(name).await?.unwrap();
            let held = portal.synapse_roles_of(principal(&made)).await?;
            let role = held[0]["id"].as_str().unwrap().to_owned();
            portal.delete_synapse_role(&role).await?;
            scope.reconcile(LINK, name).await?;
            taken.push((principal(&made).to_owned(), role));
        }
        let (holder, role) = &taken[0];
        becomes("the role is back under its id", async || {
            let held = portal.synapse_roles_of(holder).await?;
            Ok(held.len() == 1 && held[0]["id"] == role.as_str())
        })
        .await?;
        scope
            .condition(LINK, correct.name(), "Ready", "True")
            .await?;

        let (holder, _) = &taken[1];
        let name = report.name();
        let told = scope
            .reason(LINK, name, "AccessGranted", "False", "Drifted")
            .await?;
        let said = message(&told, "AccessGranted");
        assert!(said.contains("SynapseApacheSparkAdministrator"), "{said}");
        scope
            .reason(LINK, name, "Stalled", "True", "Drifted")
            .await?;
        scope.look(LINK, name).await?;
        let held = portal.synapse_roles_of(holder).await?;
        assert_eq!(held, Vec::<Value>::new());
        Ok(())
    });
}
