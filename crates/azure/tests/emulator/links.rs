//! Links, and how Azure may refuse them.

use azureml_spark_azure::arm::identity::IdentityType;
use azureml_spark_azure::arm::linked_service::{self, LinkedService, NewLink};
use azureml_spark_azure::operation::Deletion;
use azureml_spark_azure::{Class, Error, WorkspaceId};
use serde_json::json;

use crate::stage::{Stage, quick};

const NAME: &str = "link-1";

fn wish(stage: &Stage) -> NewLink {
    NewLink {
        location: stage.emulator.world().location.clone(),
        synapse_workspace: stage.pool.workspace().clone(),
    }
}

async fn link(stage: &Stage) -> Result<LinkedService, Error> {
    let call = linked_service::put(&stage.workspace, NAME, &wish(stage));
    stage.client.send(call).await
}

async fn look(stage: &Stage) -> Result<Option<LinkedService>, Error> {
    let call = linked_service::get(&stage.workspace, NAME);
    stage.client.find(call).await
}

async fn unlink(stage: &Stage) -> Result<Deletion, Error> {
    let call = linked_service::delete(&stage.workspace, NAME);
    stage.client.send(call).await
}

#[tokio::test]
async fn a_link_from_its_wish_to_its_end() {
    let stage = Stage::new(quick()).await;
    for setting in [
        json!({"linkPut": "ok", "linkDeleted": "ok", "absentLink": "noContent"}),
        json!({"linkPut": "created", "linkDeleted": "noContent", "absentLink": "notFound"}),
    ] {
        stage.set(setting).await;
        assert_eq!(look(&stage).await.unwrap(), None);
        let made = link(&stage).await.unwrap();
        assert_eq!(made.name, NAME);
        let target = stage.pool.workspace().to_arm_id();
        assert_eq!(made.properties.linked_service_resource_id, target);
        let seen = look(&stage).await.unwrap().unwrap();
        assert_eq!(seen.identity.kind, IdentityType::SystemAssigned);
        assert!(seen.identity.principal_id.is_some());
        let call = linked_service::list(&stage.workspace);
        let all = stage.client.send(call).await.unwrap();
        assert_eq!((all.items, all.unreadable), (vec![seen], 0));
        for _ in 0..2 {
            assert_eq!(unlink(&stage).await.unwrap(), Deletion::Done);
        }
    }
}

#[tokio::test]
async fn a_creation_may_be_refused_for_good_or_for_now() {
    let stage = Stage::new(quick()).await;
    for (how, frozen) in [
        ("noRegisteredProvider", true),
        ("invalidResourceType", true),
        ("badRequest", true),
        ("notAllowed", true),
        ("gone", true),
        ("notFound", true),
        ("forbidden", false),
        ("conflict", false),
    ] {
        stage.set(json!({"linkCreation": how})).await;
        let refused = link(&stage).await.unwrap_err();
        assert_eq!(refused.is_link_frozen(), frozen, "{how}: {refused:?}");
        assert_eq!(look(&stage).await.unwrap(), None, "{how}");
    }
}

#[tokio::test]
async fn what_is_not_served_is_neither_there_nor_absent() {
    let stage = Stage::new(quick()).await;
    link(&stage).await.unwrap();
    for how in [
        "noRegisteredProvider",
        "invalidResourceType",
        "invalidApiVersion",
    ] {
        stage.set(json!({"linkedServicesServed": how})).await;
        let refusals = [
            look(&stage).await.unwrap_err(),
            link(&stage).await.unwrap_err(),
            unlink(&stage).await.unwrap_err(),
        ];
        for refused in refusals {
            assert!(refused.is_not_served(), "{how}: {refused:?}");
            assert!(refused.is_link_frozen(), "{how}: {refused:?}");
            assert_eq!(refused.class, Class::Terminal, "{how}");
        }
    }
}

#[tokio::test]
async fn a_missing_workspace_is_no_frozen_link() {
    let stage = Stage::new(quick()).await;
    let world = stage.emulator.world();
    let absent = WorkspaceId::new(&world.subscription, &world.resource_group, "absent").unwrap();
    for parent in ["resourceNotFound", "parentResourceNotFound"] {
        stage.set(json!({"missingParent": parent})).await;
        let call = linked_service::put(&absent, NAME, &wish(&stage));
        let refused = stage.client.send(call).await.unwrap_err();
        assert!(!refused.is_link_frozen(), "{refused:?}");
        assert_eq!(refused.status, Some(404));
    }
}
