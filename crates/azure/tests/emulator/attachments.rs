//! Workspaces, attachments and roles.

use azureml_spark_azure::arm::compute::{self, ComputeIdentity};
use azureml_spark_azure::arm::provisioning::ProvisioningState;
use azureml_spark_azure::arm::{pool, role_assignment, workspace};
use azureml_spark_azure::operation::Deletion;
use azureml_spark_azure::synapse::rbac;
use azureml_spark_azure::{ArmId, Class, WorkspaceId};

use crate::stage::{ADMINISTRATOR, Stage, client, eventually, pool_scope, quick};

#[tokio::test]
async fn an_attachment_from_its_wish_to_its_end() {
    let stage = Stage::new(quick()).await;
    let (client, ws) = (&stage.client, &stage.workspace);
    assert_eq!(
        client.find(compute::get(ws, "my-pool")).await.unwrap(),
        None
    );
    let compute = stage.attach("my-pool").await;
    assert!(compute.is_synapse_spark());
    assert_eq!(
        compute.properties.provisioning_state,
        ProvisioningState::Succeeded
    );
    assert_eq!(compute.properties.resource_id, Some(stage.pool.to_arm_id()));
    assert_eq!(compute.tags["team"], "a");
    let facts = client
        .send(pool::get(&stage.pool))
        .await
        .unwrap()
        .properties;
    assert_eq!(
        compute.properties.properties.spark_version,
        facts.spark_version
    );
    assert!(facts.spark_version.is_some());

    let principal = compute
        .identity
        .principal_id
        .expect("a system-assigned identity");
    let synapse = stage.pool.workspace().name();
    let scope = pool_scope(&stage.pool);
    let roles = client.send(rbac::role_definitions(synapse)).await.unwrap();
    assert!(roles.iter().any(|role| role.id == ADMINISTRATOR));
    let made = stage.grant(&principal).await;
    let filter = rbac::Filter {
        principal_id: Some(&principal),
        ..rbac::Filter::default()
    };
    let listed = client
        .send(rbac::list(synapse, &filter, None))
        .await
        .unwrap()
        .value;
    assert!(
        listed
            .iter()
            .any(|one| one.role_definition_id == ADMINISTRATOR
                && one.principal_id == principal
                && one.scope == scope),
        "{listed:?}"
    );
    assert_eq!(
        client
            .send(rbac::delete(synapse, &made.id, &scope))
            .await
            .unwrap(),
        Deletion::Done
    );
    assert_eq!(
        client
            .send(rbac::delete(synapse, &made.id, &scope))
            .await
            .unwrap(),
        Deletion::Done
    );

    client.send(compute::detach(ws, "my-pool")).await.unwrap();
    eventually("the compute is gone", async || {
        client
            .find(compute::get(ws, "my-pool"))
            .await
            .unwrap()
            .is_none()
            .then_some(())
    })
    .await;
    assert_eq!(
        client.send(compute::detach(ws, "my-pool")).await.unwrap(),
        Deletion::Done
    );
}

#[tokio::test]
async fn an_identity_given_in_another_casing_is_the_same() {
    let stage = Stage::new(quick()).await;
    let world = stage.emulator.world();
    let id = ArmId::new(world.identity_arm_id(&world.user_assigned_identity));
    let wish = stage.attachment(ComputeIdentity::UserAssigned(vec![id.clone()]));
    let call = compute::put(&stage.workspace, "uai-pool", &wish);
    stage.client.send(call).await.unwrap();
    let compute = stage
        .client
        .send(compute::get(&stage.workspace, "uai-pool"))
        .await
        .unwrap();
    assert!(
        compute.identity.user_assigned_identities.contains_key(&id),
        "{:?}",
        compute.identity
    );
}

#[tokio::test]
async fn wrong_credentials_no_access_and_no_workspace_are_three_things() {
    let stage = Stage::new(quick()).await;
    let world = stage.emulator.world();
    let wrong = client(&stage.cloud, world, &world.client_id, "wrong");
    let error = wrong
        .send(workspace::get(&stage.workspace))
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Credential, "AADSTS7000215")
    );
    let denied = client(
        &stage.cloud,
        world,
        &world.denied_client_id,
        &world.client_secret,
    );
    let error = denied
        .send(workspace::get(&stage.workspace))
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Forbidden, "AuthorizationFailed")
    );
    let absent = WorkspaceId::new(&world.subscription, &world.resource_group, "absent").unwrap();
    let error = stage
        .client
        .send(workspace::get(&absent))
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Absent, "ResourceNotFound")
    );
}

#[tokio::test]
async fn a_storage_role_is_given_once_and_taken_back() {
    let stage = Stage::new(quick()).await;
    let world = stage.emulator.world();
    let scope = ArmId::new(world.storage_arm_id());
    let role =
        role_assignment::definition(&world.subscription, "ba92f5b4-2d11-453d-a403-e96b0029c9fe");
    let principal = world.identity_principal_id(&world.user_assigned_identity);
    let id = role_assignment::id(&scope, &principal, &role);
    let wish = role_assignment::NewRoleAssignment::to_service_principal(role.clone(), &principal);
    for _ in 0..2 {
        stage
            .client
            .send(role_assignment::put(&scope, id, &wish))
            .await
            .unwrap();
    }
    let other = uuid::Uuid::new_v4();
    let error = stage
        .client
        .send(role_assignment::put(&scope, other, &wish))
        .await
        .unwrap_err();
    assert!(error.is_role_assignment_exists(), "{error:?}");
    let page = stage
        .client
        .send(role_assignment::list(&scope, &principal))
        .await
        .unwrap();
    assert!(page.items.iter().any(|one| {
        one.name.eq_ignore_ascii_case(&id.to_string())
            && one.properties.is_for(&scope, &principal, &role)
    }));
    let look = || role_assignment::get(&scope, &id.to_string());
    let seen = stage.client.find(look()).await.unwrap().unwrap();
    assert!(seen.properties.is_for(&scope, &principal, &role));
    let gone = stage
        .client
        .send(role_assignment::delete(&scope, &id.to_string()))
        .await
        .unwrap();
    assert_eq!(gone, Deletion::Done);
    assert_eq!(stage.client.find(look()).await.unwrap(), None);
}
