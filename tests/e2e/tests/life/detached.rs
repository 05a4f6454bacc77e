//! A pool that somebody detaches, or attaches again to another one.

use azureml_spark_testkit::portal::synapse_role;
use azureml_spark_testkit::scope::{find_condition, message, reason};
use serde_json::json;

use crate::calm::{only_doubts, principal, puts};
use crate::{ATTACHMENT, becomes, pool, scenario, waits_for};

#[test]
fn a_detached_pool_is_attached_again() {
    scenario("drift-lost", async |scope, portal| {
        let manifest = pool(scope).with("/spec/tags/team", "a");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let before = portal.compute(name).await?.unwrap();

        let since = scope.stack().emulator().now().await?;
        portal.detach(name).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        waits_for(scope, since, "PUT", &["/computes/", name]).await?;
        let again = scope
            .wait(ATTACHMENT, name, "is ready with a new identity", |o| {
                let identity = &o["status"]["identity"]["principalId"];
                identity.is_string()
                    && *identity != ready["status"]["identity"]["principalId"]
                    && find_condition(o, "Ready").is_some_and(|one| one["status"] == "True")
            })
            .await?;
        let after = portal.compute(name).await?.unwrap();
        assert_eq!(after["tags"], before["tags"]);
        assert_eq!(portal.synapse_roles_of(principal(&again)).await?.len(), 1);
        becomes("the role of the lost identity is taken back", async || {
            let held = portal.synapse_roles_of(principal(&ready)).await?;
            Ok(held.is_empty())
        })
        .await?;
        assert_eq!(puts(scope, since, name).await?.0.len(), 1);
        Ok(())
    });
}

#[test]
fn a_detached_pool_is_told_where_the_policy_says_so() {
    scenario("drift-gone", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let manifest = pool(scope).with("/spec/driftPolicy", "Report");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;

        let since = scope.stack().emulator().now().await?;
        portal.detach(name).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let told = scope
            .reason(ATTACHMENT, name, "Stalled", "True", "Detached")
            .await?;
        assert_eq!(reason(&told, "Attached"), "Detached");
        assert!(message(&told, "Ready").contains(name), "{told}");
        scope.look(ATTACHMENT, name).await?;
        assert_eq!(portal.compute(name).await?, None);
        assert_eq!(puts(scope, since, name).await?.0.len(), 0);

        // Attached again by hand it counts, without our mark, once the person has also given its identity the role.
        let made = portal.attach(name, &world.pool_id(&world.pool)).await?;
        let holder = made["identity"]["principalId"].as_str().unwrap();
        let scope_of_pool = world.pool_scope(&world.pool);
        portal
            .put_synapse_role(synapse_role::ADMINISTRATOR, holder, &scope_of_pool)
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let back = scope
            .reason(ATTACHMENT, name, "Ready", "True", "Drifted")
            .await?;
        let drift = back["status"]["drift"].as_array().unwrap();
        assert_eq!(drift.len(), 1, "{drift:?}");
        assert_eq!(drift[0]["field"], "tags.azureml-spark-operator");
        assert_eq!(puts(scope, since, name).await?.0.len(), 0);
        Ok(())
    });
}

#[test]
fn a_pool_attached_again_to_another_pool_is_a_conflict_with_both_ids() {
    scenario("drift-other", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let world = emulator.world();
        let other = world.pool_id(&scope.unique("other"));
        emulator.put_resource(&other, json!({})).await?;
        let careful = pool(scope);
        let bold = pool(scope)
            .with("/metadata/name", scope.unique("bold"))
            .with("/spec/adoptionPolicy", "Always");
        for manifest in [&careful, &bold] {
            scope.apply(manifest).await?;
        }
        for manifest in [&careful, &bold] {
            let name = manifest.name();
            let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
            let since = emulator.now().await?;
            portal.detach(name).await?;
            let theirs = portal.attach(name, &other).await?;
            scope.reconcile(ATTACHMENT, name).await?;
            let refused = scope
                .reason(ATTACHMENT, name, "Stalled", "True", "Conflict")
                .await?;
            let said = message(&refused, "Stalled").to_lowercase();
            for id in [world.pool_id(&world.pool), other.clone()] {
                assert!(said.contains(&id.to_lowercase()), "{said}");
            }
            assert_eq!(refused["status"]["drift"][0]["field"], "pool");
            scope.look(ATTACHMENT, name).await?;
            assert_eq!(puts(scope, since, name).await?.0.len(), 0);

            scope.delete(ATTACHMENT, name).await?;
            becomes("what was ours is taken back", async || {
                let held = portal.synapse_roles_of(principal(&ready)).await?;
                Ok(held.is_empty())
            })
            .await?;
            only_doubts(scope, name).await?;
            assert_eq!(portal.compute(name).await?, Some(theirs));
            let seen = scope.asked(since).await?;
            assert_eq!(seen.count("DELETE", &["/computes/", name]), 0, "{seen}");
        }
        Ok(())
    });
}
