//! Roles: granted, taken back, brought back, shared, found, refused.

use std::collections::BTreeSet;

use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::portal::{azure_role, synapse_role};
use azureml_spark_testkit::scope::{Scope, find_condition, message};

use serde_json::{Value, json};

use crate::calm::principal;
use crate::{ATTACHMENT, becomes, pool, scenario};

/// With a storage account that jobs read and write.
fn with_storage(pool: &Manifest, account: &str) -> Manifest {
    let roles = json!(["Contributor", "StorageBlobDataContributor"]);
    pool.clone().with(
        "/spec/grants/storage",
        json!([{"accountId": account, "roles": roles}]),
    )
}

/// What is on record: role and id.
fn record(object: &Value) -> BTreeSet<(&str, &str)> {
    let roles = object["status"]["roleAssignments"].as_array();
    let held = roles.into_iter().flatten();
    held.map(|role| (role["role"].as_str().unwrap(), role["id"].as_str().unwrap()))
        .collect()
}

#[test]
fn roles_on_storage_are_granted_and_taken_back() {
    scenario("role-store", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let account = world.storage_account_id();
        let since = scope.stack().emulator().now().await?;
        let bare = pool(scope);
        let manifest = with_storage(&bare, &account);
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let principal = principal(&ready);
        let held = portal.azure_roles_of(&account, principal).await?;
        let definitions: BTreeSet<&str> = held
            .iter()
            .map(|one| one["properties"]["roleDefinitionId"].as_str().unwrap())
            .map(|id| id.rsplit('/').next().unwrap())
            .collect();
        assert_eq!(
            definitions,
            BTreeSet::from([
                azure_role::CONTRIBUTOR,
                azure_role::STORAGE_BLOB_DATA_CONTRIBUTOR
            ])
        );
        let at_pool = portal.synapse_roles_of(principal).await?;
        assert_eq!(at_pool.len(), 1, "{at_pool:?}");
        let ids: BTreeSet<&str> = held
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .chain(at_pool[0]["id"].as_str())
            .collect();
        let recorded: BTreeSet<&str> = record(&ready).into_iter().map(|(_, id)| id).collect();
        assert_eq!(recorded, ids);
        let seen = scope.asked(since).await?;
        for role in &held {
            let role = role["name"].as_str().unwrap();
            let puts = seen.matching("PUT", &[&account, "/roleAssignments/", role]);
            assert_eq!(puts.0.len(), 1, "{seen}");
            let body = &puts.bodies()[0]["properties"];
            assert_eq!(body["principalType"], "ServicePrincipal");
        }

        // Out of the spec, out of Azure.
        scope.apply(&bare).await?;
        becomes("no role on storage is left", async || {
            let held = portal.azure_roles_of(&account, principal).await?;
            Ok(held.is_empty())
        })
        .await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(portal.synapse_roles_of(principal).await?, at_pool);

        // And with the object.
        scope.apply(&manifest).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(portal.azure_roles_of(&account, principal).await?.len(), 2);
        scope.delete(ATTACHMENT, name).await?;
        becomes("no role is left", async || {
            let on_storage = portal.azure_roles_of(&account, principal).await?;
            let at_pool = portal.synapse_roles_of(principal).await?;
            Ok(on_storage.is_empty() && at_pool.is_empty())
        })
        .await
    });
}

#[test]
fn a_role_removed_by_hand_comes_back() {
    scenario("role-back", async |scope, portal| {
        let account = scope.stack().emulator().world().storage_account_id();
        let manifest = with_storage(&pool(scope), &account);
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let principal = principal(&ready);
        let on_storage = portal.azure_roles_of(&account, principal).await?;
        let at_pool = portal.synapse_roles_of(principal).await?;
        assert_eq!((on_storage.len(), at_pool.len()), (2, 1));

        let ids = |roles: &[Value], field: &str| -> BTreeSet<String> {
            let ids = roles.iter().map(|one| one[field].as_str().unwrap());
            ids.map(str::to_owned).collect()
        };
        portal
            .delete_synapse_role(at_pool[0]["id"].as_str().unwrap())
            .await?;
        portal
            .delete_azure_role(&account, on_storage[0]["name"].as_str().unwrap())
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        becomes("the roles are back under their names", async || {
            let now_on_storage = portal.azure_roles_of(&account, principal).await?;
            let now_at_pool = portal.synapse_roles_of(principal).await?;
            Ok(ids(&now_on_storage, "name") == ids(&on_storage, "name")
                && ids(&now_at_pool, "id") == ids(&at_pool, "id"))
        })
        .await?;
        let again = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(record(&again), record(&ready));
        Ok(())
    });
}

#[test]
fn a_role_removed_by_hand_is_told_where_the_policy_says_so() {
    scenario("role-told", async |scope, portal| {
        let manifest = pool(scope).with("/spec/driftPolicy", "Report");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let principal = principal(&ready);
        let held = portal.synapse_roles_of(principal).await?;

        let since = scope.stack().emulator().now().await?;
        portal
            .delete_synapse_role(held[0]["id"].as_str().unwrap())
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let told = scope
            .reason(ATTACHMENT, name, "AccessGranted", "False", "Drifted")
            .await?;
        assert!(
            message(&told, "AccessGranted").contains("SynapseAdministrator"),
            "{told}"
        );
        scope
            .reason(ATTACHMENT, name, "Stalled", "True", "Drifted")
            .await?;
        assert_eq!(
            portal.synapse_roles_of(principal).await?,
            Vec::<Value>::new()
        );

        // Given back by hand, under whatever id, it counts.
        let world = scope.stack().emulator().world();
        let at_pool = world.pool_scope(&world.pool);
        portal
            .put_synapse_role(synapse_role::ADMINISTRATOR, principal, &at_pool)
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        scope
            .condition(ATTACHMENT, name, "AccessGranted", "True")
            .await?;
        let seen = scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 0, "{seen}");
        let role = held[0]["id"].as_str().unwrap();
        assert_eq!(seen.count("PUT", &["/roleAssignments/", role]), 0, "{seen}");
        Ok(())
    });
}

#[test]
fn a_shared_role_outlives_the_first_of_two_attachments() {
    scenario("role-share", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let (identity, principal) = emulator.make_identity(&scope.unique("both")).await?;
        let elsewhere = scope.stack().scope("role-share-too").await?;
        elsewhere.workspace().await?;
        let of = |scope: &Scope<'_>| {
            pool(scope).with(
                "/spec/identity",
                json!({"type": "UserAssigned", "userAssignedIdentities": [{"resourceId": identity}]}),
            )
        };
        let (first, second) = (of(scope), of(&elsewhere));
        let since = emulator.now().await?;
        scope.apply(&first).await?;
        elsewhere.apply(&second).await?;
        let one = scope
            .condition(ATTACHMENT, first.name(), "Ready", "True")
            .await?;
        let other = elsewhere
            .condition(ATTACHMENT, second.name(), "Ready", "True")
            .await?;
        assert_eq!(record(&one), record(&other), "one role for both");
        let held = portal.synapse_roles_of(&principal).await?;
        assert_eq!(held.len(), 1, "{held:?}");
        let role = held[0]["id"].as_str().unwrap();

        scope.delete(ATTACHMENT, first.name()).await?;
        becomes("the first is detached", async || {
            Ok(portal.compute(first.name()).await?.is_none())
        })
        .await?;
        assert_eq!(portal.synapse_roles_of(&principal).await?, held);
        let seen = scope.asked(since).await?;
        assert_eq!(
            seen.count("DELETE", &["/roleAssignments/", role]),
            0,
            "{seen}"
        );
        let stays = elsewhere.get(ATTACHMENT, second.name()).await?;
        assert_eq!(find_condition(&stays, "Ready").unwrap()["status"], "True");

        elsewhere.delete(ATTACHMENT, second.name()).await?;
        becomes("the last one takes the role back", async || {
            Ok(portal.synapse_roles_of(&principal).await?.is_empty())
        })
        .await
    });
}

#[test]
fn the_same_role_under_another_id_is_relied_on_and_left() {
    scenario("role-found", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let world = emulator.world();
        let account = world.storage_account_id();
        let (identity, principal) = emulator.make_identity(&scope.unique("id")).await?;
        let at_pool = world.pool_scope(&world.pool);
        let in_synapse = portal
            .put_synapse_role(synapse_role::ADMINISTRATOR, &principal, &at_pool)
            .await?;
        let on_storage = portal
            .put_azure_role(azure_role::CONTRIBUTOR, &principal, &account)
            .await?;

        let since = emulator.now().await?;
        let manifest = pool(scope)
            .with(
                "/spec/identity",
                json!({"type": "UserAssigned", "userAssignedIdentities": [{"resourceId": identity}]}),
            )
            .with(
                "/spec/grants/storage",
                json!([{"accountId": account, "roles": ["Contributor"]}]),
            );
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(
            find_condition(&ready, "AccessGranted").unwrap()["status"],
            "True"
        );

        // Not wanted any more, they are not ours to take back.
        let none = manifest
            .clone()
            .with("/spec/grants", json!({"synapseRoles": []}));
        scope.apply(&none).await?;
        scope
            .reason(ATTACHMENT, name, "AccessGranted", "True", "NothingToGrant")
            .await?;
        scope.delete(ATTACHMENT, name).await?;
        becomes("the pool is detached", async || {
            Ok(portal.compute(name).await?.is_none())
        })
        .await?;
        let ids = |roles: &[Value], field: &str| -> Vec<String> {
            let ids = roles.iter().map(|one| one[field].as_str().unwrap());
            ids.map(str::to_owned).collect()
        };
        let held = portal.synapse_roles_of(&principal).await?;
        assert_eq!(ids(&held, "id"), [in_synapse.as_str()]);
        let held = portal.azure_roles_of(&account, &principal).await?;
        assert_eq!(ids(&held, "name"), [on_storage.as_str()]);
        let seen = scope.asked(since).await?;
        for id in [in_synapse, on_storage] {
            let taken = seen.count("DELETE", &["/roleAssignments/", &id]);
            assert_eq!(taken, 0, "{seen}");
        }
        Ok(())
    });
}

#[test]
fn a_role_that_synapse_does_not_give_at_the_pool_is_refused_clearly() {
    scenario("role-scope", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let role = "SynapseApacheSparkAdministrator";
        let manifest = pool(scope).with("/spec/grants/synapseRoles", json!([role]));
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let refused = scope
            .reason(ATTACHMENT, name, "Stalled", "True", "RoleNotAssignable")
            .await?;
        let said = message(&refused, "Stalled");
        for part in [role, &world.pool_scope(&world.pool)] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(
            find_condition(&refused, "Attached").unwrap()["status"],
            "True"
        );
        assert_eq!(
            portal.synapse_roles_of(principal(&refused)).await?,
            Vec::<Value>::new()
        );

        let mended = manifest
            .clone()
            .with("/spec/grants/synapseRoles", json!(["SynapseAdministrator"]));
        scope.apply(&mended).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let held = portal.synapse_roles_of(principal(&ready)).await?;
        assert_eq!(held.len(), 1, "{held:?}");

        // No role is a wish, too, and not the absence of one.
        let none = manifest
            .clone()
            .with("/spec/grants/synapseRoles", json!([]));
        scope.apply(&none).await?;
        scope
            .reason(ATTACHMENT, name, "AccessGranted", "True", "NothingToGrant")
            .await?;
        becomes("the role is taken back", async || {
            let held = portal.synapse_roles_of(principal(&ready)).await?;
            Ok(held.is_empty())
        })
        .await
    });
}
