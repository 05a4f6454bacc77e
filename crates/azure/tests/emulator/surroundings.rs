//! What surrounds an attachment: the workspace's identities, other computes, the Synapse workspace
//! with its private endpoints, and whether a grant has taken effect.

use azureml_spark_azure::arm::identity::{self, IdentityType};
use azureml_spark_azure::arm::{compute, synapse_workspace, workspace};
use azureml_spark_azure::synapse::{private_endpoint, rbac};
use azureml_spark_azure::{ArmId, Error};
use serde_json::json;

use crate::stage::{Stage, eventually, pool_scope, quick};

const USE_COMPUTE: &str = "Microsoft.Synapse/workspaces/bigDataPools/useCompute/action";

#[tokio::test]
async fn a_workspace_is_given_an_identity_beside_those_it_has() {
    for how in ["ok", "accepted"] {
        for others in ["merges", "replaces"] {
            let stage = Stage::new(quick()).await;
            stage
                .set(json!({"workspacePatch": how, "workspaceIdentities": others}))
                .await;
            let world = stage.emulator.world();
            let own = ArmId::new(world.identity_arm_id(&world.user_assigned_identity));
            let new = ArmId::new(world.identity_arm_id("second"));
            stage.change(&new, json!({})).await;

            let look = async || {
                let call = workspace::get(&stage.workspace);
                stage.client.send(call).await.unwrap()
            };
            let before = look().await;
            assert!(before.identity.user_assigned_identities.contains_key(&own));
            let kind = before.identity.kind.with_user_assigned();
            let ids = [own.clone(), new.clone()];
            let call = workspace::attach_identities(&stage.workspace, &before.location, kind, &ids);
            let operation = stage.client.send(call).await.unwrap();
            assert_eq!(operation.is_some(), how == "accepted");
            eventually("the workspace has both identities", async || {
                let now = look().await.identity;
                let has = |id| now.user_assigned_identities.contains_key(id);
                (has(&own) && has(&new)).then_some(())
            })
            .await;
            assert_eq!(
                look().await.identity.kind,
                IdentityType::SystemAndUserAssigned
            );
        }
    }
}

#[tokio::test]
async fn computes_are_listed_page_by_page() {
    let stage = Stage::new(quick()).await;
    stage.set(json!({"computePageSize": 1})).await;
    for name in ["pool-a", "pool-b"] {
        stage.attach(name).await;
    }
    let mut page = stage
        .client
        .send(compute::list(&stage.workspace))
        .await
        .unwrap();
    let mut names = Vec::new();
    loop {
        let pools = page.items.iter().filter(|one| one.is_synapse_spark());
        names.extend(pools.map(|one| one.name.clone()));
        let Some(next) = page.next else { break };
        page = stage.client.send(compute::next_page(next)).await.unwrap();
    }
    assert_eq!(names, ["pool-a", "pool-b"]);
}

#[tokio::test]
async fn a_user_assigned_identity_is_there_or_not() {
    let stage = Stage::new(quick()).await;
    let world = stage.emulator.world();
    let name = &world.user_assigned_identity;
    let id = ArmId::new(world.identity_arm_id(name));
    let found = stage
        .client
        .find(identity::get(&id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, id);
    let principal = world.identity_principal_id(name);
    assert_eq!(found.properties.principal_id, Some(principal));
    let absent = ArmId::new(world.identity_arm_id("absent"));
    assert_eq!(
        stage.client.find(identity::get(&absent)).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_synapse_workspace_and_its_way_to_storage() {
    let stage = Stage::new(quick()).await;
    let synapse = stage.pool.workspace();
    let look = async || {
        let call = synapse_workspace::get(synapse);
        stage.client.find(call).await.unwrap().unwrap()
    };
    let open = look().await;
    assert_eq!(open.id, synapse.to_arm_id());
    assert!(!open.has_managed_network() && !open.is_public_access_disabled());
    assert!(open.location.is_some());

    let closed = json!({"properties": {
        "publicNetworkAccess": "Disabled", "managedVirtualNetwork": "default",
    }});
    stage.change(synapse, closed).await;
    let closed = look().await;
    assert!(closed.has_managed_network() && closed.is_public_access_disabled());

    let storage = ArmId::new(stage.emulator.world().storage_arm_id());
    for (name, group, status) in [("a", "dfs", "Approved"), ("b", "blob", "Pending")] {
        let id = format!("{synapse}/managedVirtualNetworks/default/managedPrivateEndpoints/{name}");
        let endpoint = json!({"properties": {
            "privateLinkResourceId": storage,
            "groupId": group,
            "connectionState": {"status": status},
        }});
        stage.change(id, endpoint).await;
    }
    stage.set(json!({"endpointPageSize": 1})).await;
    let mut page = stage
        .client
        .send(private_endpoint::list(synapse.name()))
        .await
        .unwrap();
    let mut seen = Vec::new();
    loop {
        for one in &page.items {
            assert_eq!(one.properties.private_link_resource_id, storage);
            seen.push((one.properties.group_id.clone(), one.is_approved()));
        }
        let Some(next) = page.next else { break };
        let call = private_endpoint::next_page(next);
        page = stage.client.send(call).await.unwrap();
    }
    assert_eq!(seen, [("dfs".to_owned(), true), ("blob".to_owned(), false)]);
}

#[tokio::test]
async fn a_grant_is_seen_to_take_effect() {
    let stage = Stage::new(quick()).await;
    let compute = stage.attach("my-pool").await;
    let principal = compute.identity.principal_id.unwrap();
    let ask = async || -> Result<Vec<bool>, Error> {
        let synapse = stage.pool.workspace().name();
        let scope = pool_scope(&stage.pool);
        let call = rbac::check_access(synapse, &principal, &scope, &[USE_COMPUTE]);
        let decisions = stage.client.send(call).await?;
        assert_eq!(decisions[0].action_id, USE_COMPUTE);
        Ok(decisions.iter().map(rbac::Decision::is_allowed).collect())
    };
    assert_eq!(ask().await.unwrap(), [false]);
    stage.grant(&principal).await;
    eventually("the grant takes effect", async || {
        (ask().await.unwrap() == [true]).then_some(())
    })
    .await;
    for (how, status) in [("forbidden", 403), ("notFound", 404)] {
        stage.set(json!({"checkAccess": how})).await;
        assert_eq!(ask().await.unwrap_err().status, Some(status), "{how}");
    }
}
