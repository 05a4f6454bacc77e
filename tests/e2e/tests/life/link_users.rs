//! Who relies on a link: attachments, other objects, and whoever comes after it was let go.

use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{WORKSPACE, message};
use serde_json::Value;

use crate::links::{is_same, principal};
use crate::{ATTACHMENT, END, LINK, link, scenario};

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
        let seen = scope.asked(since).await?;
        let unlinked = seen.matching("DELETE", &["/linkedServices/", name]);
        let detached = seen.matching("DELETE", &["/computes/", linked.name()]);
        assert_eq!((unlinked.0.len(), detached.0.len()), (1, 1), "{seen}");
        assert!(detached.0[0].number < unlinked.0[0].number, "{seen}");
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
        let seen = scope.asked(since).await?;
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
        elsewhere.look(LINK, name).await?;
        elsewhere.condition(LINK, name, "Ready", "True").await?;
        assert_eq!(portal.link(name).await?, Some(made.clone()));
        assert_eq!(portal.synapse_roles_of(principal(&made)).await?, held);
        let seen = scope.asked(since).await?;
        for part in [name, role] {
            assert_eq!(seen.count("DELETE", &[part]), 0, "{seen}");
            assert_eq!(seen.count("PUT", &[part]), 0, "{seen}");
        }

        elsewhere.delete(LINK, name).await?;
        elsewhere.gone_within(END, LINK, name).await?;
        assert_eq!(portal.link(name).await?, None);
        let held = portal.synapse_roles_of(principal(&made)).await?;
        assert_eq!(held, Vec::<Value>::new());
        let seen = scope.asked(since).await?;
        let unlinked = seen.count("DELETE", &["/linkedServices/", name]);
        assert_eq!(unlinked, 1, "{seen}");
        Ok(())
    });
}
