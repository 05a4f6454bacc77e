//! `LinkedService`: made, taken over, looked at, lost and found, left.

use azureml_spark_testkit::manifest;
use azureml_spark_testkit::portal::synapse_role;
use azureml_spark_testkit::scope::{WORKSPACE, find_condition, message};
use serde_json::{Value, json};

use crate::calm::look;
use crate::{ATTACHMENT, END, LINK, asked, becomes, link, scenario, waits_for};

fn principal(link: &Value) -> &str {
    link["identity"]["principalId"].as_str().unwrap()
}

fn is_same(id: &Value, other: &str) -> bool {
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

        let seen = asked(scope, since).await?;
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
        let seen = asked(scope, since).await?;
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
        let seen = asked(scope, since).await?;
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
            let seen = asked(scope, since).await?;
            assert_eq!(seen.count("PUT", &["/linkedServices/", &name]), 0, "{seen}");
        }
        Ok(())
    });
}

#[test]
fn an_attachment_takes_its_pool_from_a_link() {
    scenario("link-pool", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let manifest = link(scope);
        let linked =
            manifest::linked_attachment(&scope.unique("pool"), WORKSPACE, manifest.name(), world);
        scope.apply(&linked).await?;
        let waiting = scope
            .reason(
                ATTACHMENT,
                linked.name(),
                "ReferencesResolved",
                "False",
                "LinkNotFound",
            )
            .await?;
        assert!(
            message(&waiting, "ReferencesResolved").contains(manifest.name()),
            "{waiting}"
        );

        scope.apply(&manifest).await?;
        let ready = scope
            .condition(ATTACHMENT, linked.name(), "Ready", "True")
            .await?;
        let id = world.pool_id(&world.pool);
        assert!(is_same(&ready["status"]["poolId"], &id));
        let compute = portal.compute(linked.name()).await?.unwrap();
        assert!(is_same(&compute["properties"]["resourceId"], &id));
        let principal = ready["status"]["identity"]["principalId"].as_str().unwrap();
        let held = portal.synapse_roles_of(principal).await?;
        assert_eq!(held[0]["scope"], world.pool_scope(&world.pool), "{held:?}");
        Ok(())
    });
}

#[test]
fn a_link_waits_for_its_attachments_and_names_them() {
    scenario("link-wait", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let manifest = link(scope);
        let name = manifest.name();
        let linked = manifest::linked_attachment(&scope.unique("pool"), WORKSPACE, name, world);
        scope.apply(&manifest).await?;
        scope.apply(&linked).await?;
        scope
            .condition(ATTACHMENT, linked.name(), "Ready", "True")
            .await?;
        let made = portal.link(name).await?.unwrap();

        let since = scope.stack().emulator().now().await?;
        scope.delete(LINK, name).await?;
        let waiting = scope.reason(LINK, name, "Ready", "False", "InUse").await?;
        assert!(
            message(&waiting, "Ready").contains(linked.name()),
            "{waiting}"
        );
        assert_eq!(portal.link(name).await?, Some(made.clone()));

        scope.delete(ATTACHMENT, linked.name()).await?;
        scope.gone(LINK, name).await?;
        scope.gone(ATTACHMENT, linked.name()).await?;
        assert_eq!(portal.link(name).await?, None);
        assert_eq!(portal.compute(linked.name()).await?, None);
        assert_eq!(
            portal.synapse_roles_of(principal(&made)).await?,
            Vec::<Value>::new()
        );
        let seen = asked(scope, since).await?;
        let unlinked = seen.matching("DELETE", &["/linkedServices/", name]);
        let detached = seen.matching("DELETE", &["/computes/", linked.name()]);
        assert_eq!((unlinked.0.len(), detached.0.len()), (1, 1), "{seen}");
        assert!(detached.0[0].number < unlinked.0[0].number, "{seen}");
        Ok(())
    });
}

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
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/linkedServices/", name]), 0, "{seen}");
        Ok(())
    });
}

#[test]
fn a_retained_link_stays() {
    scenario("link-stay", async |scope, portal| {
        let manifest = link(scope).with("/spec/deletionPolicy", "Retain");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(LINK, name, "Ready", "True").await?;
        let made = portal.link(name).await?.unwrap();
        let held = portal.synapse_roles_of(principal(&made)).await?;
        assert_eq!(held.len(), 1, "{held:?}");

        let since = scope.stack().emulator().now().await?;
        scope.delete(LINK, name).await?;
        scope.gone(LINK, name).await?;
        assert_eq!(portal.link(name).await?, Some(made.clone()));
        assert_eq!(portal.synapse_roles_of(principal(&made)).await?, held);
        let seen = asked(scope, since).await?;
        assert_eq!(
            seen.count("DELETE", &["/linkedServices/", name]),
            0,
            "{seen}"
        );
        assert_eq!(seen.count("PUT", &["/linkedServices/", name]), 0, "{seen}");
        let role = held[0]["id"].as_str().unwrap();
        assert_eq!(
            seen.count("DELETE", &["/roleAssignments/", role]),
            0,
            "{seen}"
        );
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
        look(scope, LINK, name).await?;

        // Deleted, it takes its own role back and leaves what is theirs.
        scope.delete(LINK, name).await?;
        scope.gone_within(END, LINK, name).await?;
        assert_eq!(portal.link(name).await?, Some(theirs));
        let held = portal.synapse_roles_of(principal(&ours)).await?;
        assert_eq!(held, Vec::<Value>::new());
        let seen = asked(scope, since).await?;
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
        look(scope, LINK, name).await?;
        let held = portal.synapse_roles_of(holder).await?;
        assert_eq!(held, Vec::<Value>::new());
        Ok(())
    });
}

#[test]
fn a_link_of_two_objects_goes_with_the_last() {
    scenario("link-twins", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let elsewhere = scope.stack().scope("link-twins-too").await?;
        elsewhere.workspace().await?;
        let manifest = link(scope);
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(LINK, name, "Ready", "True").await?;
        elsewhere.apply(&manifest).await?;
        elsewhere.condition(LINK, name, "Ready", "True").await?;
        let made = portal.link(name).await?.unwrap();
        let held = portal.synapse_roles_of(principal(&made)).await?;
        assert_eq!(held.len(), 1, "one role for both: {held:?}");
        let role = held[0]["id"].as_str().unwrap();

        // The one that made it goes first.
        let since = emulator.now().await?;
        scope.delete(LINK, name).await?;
        scope.gone_within(END, LINK, name).await?;
        look(&elsewhere, LINK, name).await?;
        elsewhere.condition(LINK, name, "Ready", "True").await?;
        assert_eq!(portal.link(name).await?, Some(made.clone()));
        assert_eq!(portal.synapse_roles_of(principal(&made)).await?, held);
        let seen = asked(scope, since).await?;
        for part in [name, role] {
            assert_eq!(seen.count("DELETE", &[part]), 0, "{seen}");
            assert_eq!(seen.count("PUT", &[part]), 0, "{seen}");
        }

        elsewhere.delete(LINK, name).await?;
        elsewhere.gone_within(END, LINK, name).await?;
        assert_eq!(portal.link(name).await?, None);
        let held = portal.synapse_roles_of(principal(&made)).await?;
        assert_eq!(held, Vec::<Value>::new());
        let seen = asked(scope, since).await?;
        let unlinked = seen.count("DELETE", &["/linkedServices/", name]);
        assert_eq!(unlinked, 1, "{seen}");
        Ok(())
    });
}
