//! Deletion is the same machine with another wish.

use azureml_spark_api::meta::{FINALIZER, FORCE_RELEASE};
use azureml_spark_core::Class;
use azureml_spark_testkit::eventually::eventually;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;

use crate::house::{House, PATIENCE, fault};
use crate::toy::Step;

#[tokio::test]
async fn what_was_made_is_unmade_before_the_object_goes() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    house.delete("a").await;
    house.sees_gone("a").await;
    let world = house.nursery.world();
    assert!(world.things.is_empty());
    let unmade = &world.effects[1];
    assert_eq!(unmade.step, Step::Unmake);
    assert!(unmade.object.is_some(), "the object was still there");
    assert_eq!(world.released, ["a"]);
}

#[tokio::test]
async fn an_object_that_goes_without_our_finalizer_is_left_alone() {
    let mut house = House::asleep().await;
    house
        .create(
            "a",
            json!({"metadata": {"finalizers": ["other.example/theirs"]}}),
        )
        .await;
    house.delete("a").await;
    house.start();
    // A second object shows that passes are made.
    house.create("b", json!({})).await;
    house.sees_running("b").await;
    house.wake("a");
    house.pass("b", 2).await;
    assert_eq!(house.looks("a"), 0);
    let toy = house.toys.get("a").await.unwrap();
    assert_eq!(toy.metadata.finalizers.unwrap(), ["other.example/theirs"]);
    assert!(toy.status.is_none());
}

#[tokio::test]
async fn a_holder_keeps_it() {
    let mut house = House::asleep().await;
    house.nursery.world().holders = true;
    house
        .create("a", json!({"metadata": {"finalizers": [FINALIZER]}}))
        .await;
    house.delete("a").await;
    house.start();
    house.pass("a", 3).await;
    house.toys.get("a").await.unwrap();
    house.nursery.world().holders = false;
    house.wake("a");
    house.sees_gone("a").await;
}

#[tokio::test]
async fn force_lets_go_and_says_what_stays() {
    let mut house = House::asleep().await;
    house.nursery.world().stuck = Some(fault(Class::Forbidden));
    house.create("a", json!({})).await;
    house.start();
    house.sees_running("a").await;
    // Without deletion the annotation does nothing.
    house
        .patch(
            "a",
            json!({"metadata": {"annotations": {FORCE_RELEASE: "true"}}}),
        )
        .await;
    house.pass("a", 2).await;
    house
        .patch(
            "a",
            json!({"metadata": {"annotations": {FORCE_RELEASE: null}}}),
        )
        .await;
    house.delete("a").await;
    house.sees_event("a", "AzureUnavailable").await;
    house
        .toys
        .get("a")
        .await
        .expect("what cannot be unmade keeps its object");
    house
        .patch(
            "a",
            json!({"metadata": {"annotations": {FORCE_RELEASE: "true"}}}),
        )
        .await;
    house.sees_gone("a").await;
    house.sees_event("a", "ForceReleased").await;
    let world = house.nursery.world();
    assert_eq!(world.things.len(), 1, "it was not cleaned up");
    assert_eq!(world.released, ["a"], "what only it held is free");
}

#[tokio::test]
async fn a_namespace_ends_clean() {
    let house = House::new().await;
    for name in ["a", "b", "c"] {
        house.create(name, json!({})).await;
    }
    for name in ["a", "b", "c"] {
        house.sees_running(name).await;
    }
    let namespaces: Api<Namespace> = Api::all(house.base.client.clone());
    namespaces
        .delete(&house.namespace, &DeleteParams::default())
        .await
        .unwrap();
    eventually(&namespaces, &house.namespace, "is gone", PATIENCE, |n| {
        n.is_none()
    })
    .await
    .unwrap();
    assert!(house.nursery.world().things.is_empty());
    let errors = house.base.metrics.encode().unwrap();
    for class in ["apiserver", "silent", "bug"] {
        assert!(
            !errors.contains(&format!(r#"pass_errors_total{{kind="Toy",class="{class}""#)),
            "{errors}"
        );
    }
}
