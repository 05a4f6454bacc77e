//! What somebody changes in Azure: brought back, told, or left alone.

use std::time::{Duration, Instant};

use anyhow::Result;
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::portal::{Portal, synapse_role};
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition, message};
use serde_json::{Value, json};

use crate::calm::{look, only_doubts, principal, version, versions, writes};
use crate::{ATTACHMENT, LINK, asked, becomes, link, pool, scenario, waits_for};

/// Enough for something that is done each minute.
const LONG: Duration = Duration::from_mins(4);

/// The PUTs of the operator on a compute.
async fn puts(scope: &Scope<'_>, since: u64, name: &str) -> Result<Requests> {
    let seen = asked(scope, since).await?;
    Ok(seen.matching("PUT", &[&format!("/computes/{name}?")]))
}

fn reason<'a>(object: &'a Value, condition: &str) -> &'a str {
    let found = find_condition(object, condition).unwrap();
    found["reason"].as_str().unwrap()
}

/// Waits until the compute has this tag.
async fn tagged(portal: &Portal<'_>, name: &str, key: &str, value: &str) -> Result<()> {
    becomes(&format!("{name} has {key}={value}"), async || {
        let compute = portal.compute(name).await?.unwrap_or_default();
        Ok(compute["tags"][key] == value)
    })
    .await
}

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
        look(scope, ATTACHMENT, name).await?;
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
        look(scope, ATTACHMENT, name).await?;
        assert_eq!(puts(scope, since, name).await?.0.len(), 0);
        let compute = portal.compute(name).await?.unwrap();
        assert_eq!(compute["identity"]["type"], "UserAssigned");
        Ok(())
    });
}

#[test]
fn tags_of_others_are_left_alone() {
    scenario("drift-others", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let manifest = pool(scope).with("/spec/tags/team", "a");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;

        let since = emulator.now().await?;
        portal
            .change_compute(name, |body| body["tags"]["costCenter"] = json!("42"))
            .await?;
        look(scope, ATTACHMENT, name).await?;
        let calm = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(calm["status"]["drift"], Value::Null);
        assert_eq!(puts(scope, since, name).await?.0.len(), 0);

        // Azure replaces all tags: whoever writes theirs has to write those of others, too.
        scope
            .apply(&manifest.clone().with("/spec/tags/team", "b"))
            .await?;
        tagged(portal, name, "team", "b").await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let compute = portal.compute(name).await?.unwrap();
        assert_eq!(compute["tags"]["costCenter"], "42");
        assert_eq!(puts(scope, since, name).await?.0.len(), 1);
        Ok(())
    });
}

#[test]
fn a_tag_that_leaves_the_spec_is_taken_off() {
    scenario("drift-off", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let manifest = pool(scope)
            .with("/spec/tags/team", "a")
            .with("/spec/tags/stage", "test");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        portal
            .change_compute(name, |body| body["tags"]["costCenter"] = json!("42"))
            .await?;

        let since = emulator.now().await?;
        scope
            .apply(&manifest.clone().without("/spec/tags/team"))
            .await?;
        becomes("the tag is gone", async || {
            let compute = portal.compute(name).await?.unwrap_or_default();
            Ok(compute["tags"].get("team").is_none())
        })
        .await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let compute = portal.compute(name).await?.unwrap();
        assert_eq!(compute["tags"]["stage"], "test");
        assert_eq!(compute["tags"]["costCenter"], "42");

        // Without any tag in the spec, what is left is what others have set.
        scope.apply(&manifest.clone().without("/spec/tags")).await?;
        becomes("the other is gone, too", async || {
            let compute = portal.compute(name).await?.unwrap_or_default();
            Ok(compute["tags"].get("stage").is_none())
        })
        .await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let compute = portal.compute(name).await?.unwrap();
        let mut keys: Vec<&str> = compute["tags"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        assert_eq!(keys, ["azureml-spark-operator", "costCenter"]);
        assert_eq!(puts(scope, since, name).await?.0.len(), 2);
        Ok(())
    });
}

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
        look(scope, ATTACHMENT, name).await?;
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
            look(scope, ATTACHMENT, name).await?;
            assert_eq!(puts(scope, since, name).await?.0.len(), 0);

            scope.delete(ATTACHMENT, name).await?;
            becomes("what was ours is taken back", async || {
                let held = portal.synapse_roles_of(principal(&ready)).await?;
                Ok(held.is_empty())
            })
            .await?;
            only_doubts(scope, name).await?;
            assert_eq!(portal.compute(name).await?, Some(theirs));
            let seen = asked(scope, since).await?;
            assert_eq!(seen.count("DELETE", &["/computes/", name]), 0, "{seen}");
        }
        Ok(())
    });
}

#[test]
fn where_all_is_equal_nothing_is_written() {
    scenario("drift-none", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let world = emulator.world();
        let (one, first) = emulator.make_identity(&scope.unique("one")).await?;
        let (two, second) = emulator.make_identity(&scope.unique("two")).await?;
        let linked = link(scope);
        let by_link =
            manifest::linked_attachment(&scope.unique("by"), WORKSPACE, linked.name(), world);
        // Azure answers in a casing of its own, and knows no order of identities.
        let account = format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Storage/storageAccounts/{}",
            world.subscription,
            world.resource_group.to_uppercase(),
            world.storage_account.to_uppercase()
        );
        let full = pool(scope)
            .with("/spec/description", "as it should be")
            .with("/spec/tags/team", "a")
            .with(
                "/spec/identity",
                json!({"type": "UserAssigned", "userAssignedIdentities": [
                    {"resourceId": two.to_lowercase()},
                    {"resourceId": one},
                ]}),
            )
            .with(
                "/spec/grants/storage",
                json!([{"accountId": account, "roles": ["StorageBlobDataContributor"]}]),
            );
        let all = [
            (LINK, linked.name()),
            (ATTACHMENT, by_link.name()),
            (ATTACHMENT, full.name()),
        ];
        for manifest in [&linked, &by_link, &full] {
            scope.apply(manifest).await?;
        }
        let mut about = vec![first, second];
        for (kind, name) in all {
            let ready = scope.condition(kind, name, "Ready", "True").await?;
            about.push(name.to_owned());
            let roles = ready["status"]["roleAssignments"].as_array().unwrap();
            about.extend(
                roles
                    .iter()
                    .map(|role| role["id"].as_str().unwrap().to_owned()),
            );
        }
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        // One more look each, after which everything has been said.
        for (kind, name) in all {
            look(scope, kind, name).await?;
        }

        let since = emulator.now().await?;
        let computes = [
            portal.compute(by_link.name()).await?,
            portal.compute(full.name()).await?,
        ];
        for (kind, name) in all {
            let from = version(&scope.get(kind, name).await?);
            for _ in 0..3 {
                look(scope, kind, name).await?;
            }
            let last = scope.get(kind, name).await?;
            let count = versions(scope, kind, name, &from, &version(&last)).await?;
            assert_eq!(count, 6, "{name}: only the annotations");
        }
        let written = writes(scope, since, &about).await?;
        assert!(written.0.is_empty(), "{written}");
        assert_eq!(
            computes,
            [
                portal.compute(by_link.name()).await?,
                portal.compute(full.name()).await?,
            ]
        );
        Ok(())
    });
}

#[test]
fn a_sync_period_of_its_own_is_followed_or_refused_clearly() {
    scenario("drift-sync", async |scope, _| {
        let often = pool(scope).with(
            "/metadata/annotations/spark.azureml.dev~1sync-period",
            "often",
        );
        let short = pool(scope)
            .with("/metadata/name", scope.unique("short"))
            .with("/metadata/annotations/spark.azureml.dev~1sync-period", "1s");
        let (often, short) = (&often, &short);
        scope.apply(often).await?;
        scope.apply(short).await?;
        let warned = scope
            .reason(
                ATTACHMENT,
                often.name(),
                "Warning",
                "True",
                "InvalidAnnotation",
            )
            .await?;
        let said = message(&warned, "Warning");
        assert!(
            said.contains("sync-period") && said.contains("'often'"),
            "{said}"
        );
        let ready = scope
            .condition(ATTACHMENT, often.name(), "Ready", "True")
            .await?;
        assert!(find_condition(&ready, "Warning").is_some(), "{ready}");
        scope
            .annotate(ATTACHMENT, often.name(), "sync-period", "30m")
            .await?;
        scope
            .wait(ATTACHMENT, often.name(), "is warned of no more", |o| {
                find_condition(o, "Warning").is_none()
            })
            .await?;

        // Whoever asks for less than a minute gets a minute.
        let name = short.name();
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(find_condition(&ready, "Warning"), None);
        look(scope, ATTACHMENT, name).await?;
        let begun = Instant::now();
        let since = scope.stack().emulator().now().await?;
        let emulator = scope.stack().emulator();
        emulator
            .wait_for_requests(since, "a look that nobody asked for", LONG, |seen| {
                seen.count("GET", &["/computes/", name]) > 0
            })
            .await?;
        let waited = begun.elapsed();
        assert!(waited > Duration::from_secs(50), "{waited:?}");
        Ok(())
    });
}
