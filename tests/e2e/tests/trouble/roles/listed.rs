//! What a list of role assignments shows, and what it does not.

use std::time::Duration;

use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::portal::{azure_role, synapse_role};
use azureml_spark_testkit::scope::{find_condition, message};
use serde_json::{Value, json};

use crate::stage::{Stage, principal, says};
use crate::{ATTACHMENT, Theme, alone, changing};

/// A pool of the scenario's own, attached with user-assigned identities that are known beforehand.
async fn pool_with(stage: &Stage<'_>, what: &str, ids: &[&str]) -> anyhow::Result<Manifest> {
    let ids: Vec<Value> = ids.iter().map(|id| json!({"resourceId": id})).collect();
    let identity = json!({"type": "UserAssigned", "userAssignedIdentities": ids});
    Ok(stage.pool(what).await?.with("/spec/identity", identity))
}

/// Requests of the operator that would make a role assignment of this principal.
async fn granted(stage: &Stage<'_>, since: u64, principal: &str) -> anyhow::Result<usize> {
    let seen = stage
        .scope
        .asked(since)
        .await?
        .matching("PUT", &["/roleAssignments/"]);
    let of = |body: &&&Value| body["principalId"] == principal;
    Ok(seen.bodies().iter().filter(of).count())
}

#[test]
fn a_role_that_the_list_does_not_show_yet_is_not_granted_twice_for_ever() {
    changing(Theme::Roles, "role-list", async |stage| {
        let scope = &stage.scope;
        for repeat in ["accept", "refuse"] {
            stage
                .set(json!({"synapseListSeconds": 4, "synapseRepeat": repeat}))
                .await?;
            let since = stage.emulator().now().await?;
            let pool = stage.pool(repeat).await?;
            let name = pool.name();
            scope.apply(&pool).await?;
            let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
            let id = ready["status"]["roleAssignments"][0]["id"]
                .as_str()
                .unwrap();
            assert!(stage.portal.synapse_role(id).await?.is_some(), "{repeat}");
            let tried = granted(stage, since, principal(&ready)).await?;
            assert!(
                (1..=4).contains(&tried),
                "{repeat}: asked for {tried} times"
            );

            stage.scope.look(ATTACHMENT, name).await?;
            let now = granted(stage, since, principal(&ready)).await?;
            assert_eq!(now, tried, "{repeat}: all is quiet");
        }
        Ok(())
    });
}

#[test]
fn a_duplicate_under_another_id() {
    changing(Theme::Roles, "role-twin", async |stage| {
        let (scope, portal) = (&stage.scope, &stage.portal);
        let mut leaving = Vec::new();
        for duplicate in ["refuse", "accept"] {
            stage
                .set(json!({"synapseDuplicate": duplicate, "synapseListSeconds": 0}))
                .await?;
            let identity = scope.unique(&format!("id-{duplicate}"));
            let (identity, principal) = stage.emulator().make_identity(&identity).await?;
            let (role, who) = (synapse_role::ADMINISTRATOR, principal.as_str());

            // Somebody has granted it already: nothing to do, and nothing to take back.
            let since = stage.emulator().now().await?;
            let pool = pool_with(stage, &duplicate[..3], &[&identity]).await?;
            let name = pool.name();
            let at = stage.world().pool_scope(name);
            let theirs = portal.put_synapse_role(role, who, &at).await?;
            scope.apply(&pool).await?;
            scope.condition(ATTACHMENT, name, "Ready", "True").await?;
            assert_eq!(granted(stage, since, who).await?, 0, "{duplicate}");
            scope.delete(ATTACHMENT, name).await?;
            leaving.push((name.to_owned(), who.to_owned(), at, theirs));

            // The same, and lists do not show it yet: with a second one, or by asking again.
            stage.set(json!({"synapseListSeconds": 4})).await?;
            let since = stage.emulator().now().await?;
            let pool = pool_with(stage, &format!("{}late", &duplicate[..3]), &[&identity]).await?;
            let name = pool.name();
            let at = stage.world().pool_scope(name);
            let theirs = portal.put_synapse_role(role, who, &at).await?;
            scope.apply(&pool).await?;
            let held_back = scope
                .wait(ATTACHMENT, name, "holds back", |object| {
                    let attached = find_condition(object, "Attached");
                    let granted = find_condition(object, "AccessGranted");
                    attached.is_some_and(|one| one["status"] == "True")
                        && granted.is_some_and(|one| one["status"] != "True")
                })
                .await?;
            let ready = find_condition(&held_back, "Ready").unwrap();
            assert_ne!(ready["status"], "True", "{duplicate}: {held_back}");
            scope.condition(ATTACHMENT, name, "Ready", "True").await?;
            let shown = portal.synapse_roles_of(who).await?;
            assert!(!shown.is_empty(), "{duplicate}: relied on as it was listed");
            let tried = granted(stage, since, who).await?;
            assert!(
                (1..=4).contains(&tried),
                "{duplicate}: asked for {tried} times"
            );

            stage.set(json!({"synapseListSeconds": 0})).await?;
            scope.delete(ATTACHMENT, name).await?;
            leaving.push((name.to_owned(), who.to_owned(), at, theirs));
        }
        // Ours goes, if there is one, and theirs stays. All leave at the same time: each takes a while.
        for (name, who, at, theirs) in leaving {
            stage.detached(&name).await?;
            assert!(portal.synapse_role(&theirs).await?.is_some(), "{name}");
            let mut left = portal.synapse_roles_of(&who).await?;
            left.retain(|one| one["scope"] == at && one["id"] != theirs.as_str());
            assert_eq!(left, Vec::<Value>::new(), "{name}");
        }
        Ok(())
    });
}

#[test]
fn roles_on_several_pages() {
    changing(Theme::Roles, "role-pages", async |stage| {
        let (scope, portal) = (&stage.scope, &stage.portal);
        stage.set(json!({"synapsePageSize": 1})).await?;
        let mut identities = Vec::new();
        for word in ["one", "two", "three"] {
            let name = scope.unique(word);
            identities.push(stage.emulator().make_identity(&name).await?);
        }
        let ids: Vec<&str> = identities.iter().map(|(id, _)| id.as_str()).collect();
        let since = stage.emulator().now().await?;
        let pool = pool_with(stage, "pool", &ids).await?;
        let name = pool.name();
        scope.apply(&pool).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let roles = ready["status"]["roleAssignments"].as_array().unwrap();
        assert_eq!(roles.len(), 3, "{roles:?}");
        stage.scope.look(ATTACHMENT, name).await?;
        for (_, principal) in &identities {
            assert_eq!(granted(stage, since, principal).await?, 1);
        }
        let at = stage.world().pool_scope(name);
        let here = async || -> anyhow::Result<usize> {
            let mut all = portal.pool_roles().await?;
            all.retain(|one| one["scope"] == at);
            Ok(all.len())
        };
        assert_eq!(here().await?, 3);

        // Somebody takes away what stands on the last page.
        let last = roles[2]["id"].as_str().unwrap();
        portal.delete_synapse_role(last).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        until("the role is back", Duration::from_mins(1), async || {
            Ok((here().await? == 3).then_some(()))
        })
        .await?;

        scope.delete(ATTACHMENT, name).await?;
        stage.detached(name).await?;
        assert_eq!(here().await?, 0);
        Ok(())
    });
}

#[test]
fn a_role_that_synapse_does_not_give_at_pools_is_named() {
    changing(Theme::Roles, "role-scope", async |stage| {
        let scope = &stage.scope;
        let since = stage.emulator().now().await?;
        let pool = stage.pool("pool").await?.with(
            "/spec/grants/synapseRoles",
            json!(["SynapseApacheSparkAdministrator"]),
        );
        let name = pool.name();
        scope.apply(&pool).await?;
        let message_ = stage.stalled(ATTACHMENT, name, "RoleNotAssignable").await?;
        says(
            &message_,
            &[
                "SynapseApacheSparkAdministrator",
                "workspaces/{workspaceName}",
            ],
        );
        let stalled = scope.get(ATTACHMENT, name).await?;
        assert_eq!(granted(stage, since, principal(&stalled)).await?, 0);
        says(
            message(&stalled, "AccessGranted"),
            &["spec.grants.synapseRoles"],
        );

        // Documentation and service have answered this differently.
        stage.set(json!({"sparkAdministratorAtPool": true})).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(granted(stage, since, principal(&ready)).await?, 1);
        Ok(())
    });
}

#[test]
fn a_role_that_is_said_to_exist_counts_once_it_is_listed() {
    alone("role-said", async |stage| {
        let (scope, portal) = (&stage.scope, &stage.portal);
        let account = stage.world().resource(&format!(
            "Microsoft.Storage/storageAccounts/{}",
            scope.unique("acct")
        ));
        stage.make(&account).await?;
        let identity = scope.unique("id");
        let (identity, who) = stage.emulator().make_identity(&identity).await?;
        let pool = pool_with(stage, "pool", &[&identity]).await?.with(
            "/spec/grants/storage",
            json!([{"accountId": account, "roles": ["Contributor"]}]),
        );
        let name = pool.name();
        let exists = json!({"error": {"code": "RoleAssignmentExists",
            "message": "The role assignment already exists."}});
        let rule = json!({
            "method": "PUT", "path": format!("{account}/providers/Microsoft.Authorization/"), "count": 1000,
            "action": {"kind": "status", "status": 409, "body": exists},
        });
        stage.emulator().inject(rule).await?;
        let since = stage.emulator().now().await?;
        scope.apply(&pool).await?;
        scope
            .wait(ATTACHMENT, name, "tells of the refusal", |object| {
                message(object, "Ready").contains("AssignmentNotSeen")
            })
            .await?;
        let puts = [&*account, "/roleAssignments/"];
        until("it has asked again", PATIENCE, async || {
            let seen = stage.scope.asked(since).await?;
            Ok((seen.count("PUT", &puts) > 1).then_some(()))
        })
        .await?;
        let waiting = scope.get(ATTACHMENT, name).await?;
        for condition in ["AccessGranted", "Ready"] {
            let found = find_condition(&waiting, condition).unwrap();
            assert_ne!(found["status"], "True", "{waiting}");
        }
        assert!(find_condition(&waiting, "Stalled").is_none(), "{waiting}");

        // Now it is to be seen, under the id that somebody else gave it.
        stage.emulator().clear_faults().await?;
        let theirs = portal
            .put_azure_role(azure_role::CONTRIBUTOR, &who, &account)
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let held = portal.azure_roles_of(&account, &who).await?;
        assert_eq!(held.len(), 1, "{held:?}");
        assert_eq!(held[0]["name"], theirs.as_str());
        Ok(())
    });
}
