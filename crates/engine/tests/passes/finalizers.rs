//! Our finalizer: there while something in Azure needs the object, and only then.

use azureml_spark_api::meta::FINALIZER;
use azureml_spark_engine::finalizer;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;

use crate::house::{House, held};

#[tokio::test]
async fn on_before_the_first_effect_and_off_after_the_end() {
    let house = House::new().await;
    house
        .create(
            "a",
            json!({"metadata": {"finalizers": ["other.example/theirs"]}}),
        )
        .await;
    let toy = house.sees_running("a").await;
    assert!(held(&toy));
    house.end_thing(&toy);
    let toy = house
        .sees("a", "has ended and is free", |toy| !held(toy))
        .await;
    assert!(toy.status.unwrap().ended, "the end was on record first");
    assert_eq!(toy.metadata.finalizers.unwrap(), ["other.example/theirs"]);
    assert_eq!(house.nursery.world().released, ["a"]);
}

#[tokio::test]
async fn not_on_what_never_comes_to_an_effect() {
    let house = House::new().await;
    house.create("a", json!({"spec": {"size": -1}})).await;
    let toy = house
        .sees("a", "is refused", |toy| {
            crate::house::reason(toy, "Stalled") == "InvalidSpec"
        })
        .await;
    assert!(!held(&toy));
    assert_eq!(house.looks("a"), 0, "Azure is not asked about nonsense");
    // Mended in place.
    house.patch("a", json!({"spec": {"size": 1}})).await;
    let toy = house.sees_running("a").await;
    assert_eq!(crate::house::reason(&toy, "Stalled"), "");
}

#[tokio::test]
async fn nothing_begins_while_what_it_needs_is_going_away() {
    let mut house = House::asleep().await;
    house.nursery.world().support_goes = true;
    house.create("a", json!({})).await;
    house.start();
    let toy = house
        .sees("a", "is reported", |toy| toy.status.is_some() && !held(toy))
        .await;
    assert!(!toy.status.unwrap().asked);
    assert!(house.nursery.world().effects.is_empty());
    house.nursery.world().support_goes = false;
    house.wake("a");
    house.sees_running("a").await;
}

#[tokio::test]
async fn taken_away_by_hand_it_comes_back() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    house
        .patch("a", json!({"metadata": {"finalizers": null}}))
        .await;
    house.sees("a", "is held again", held).await;
    assert_eq!(house.nursery.world().effects.len(), 1);
}

#[tokio::test]
async fn what_others_need_is_held_and_let_go() {
    let house = House::asleep().await;
    let secrets: Api<Secret> = Api::namespaced(house.base.client.clone(), &house.namespace);
    assert!(
        !finalizer::hold(&secrets, "s").await.unwrap(),
        "there is none"
    );
    finalizer::let_go(&secrets, "s").await.unwrap();
    let secret = json!({"metadata": {"name": "s", "finalizers": ["other.example/theirs"]}, "stringData": {"key": "x"}});
    let secret = serde_json::from_value(secret).unwrap();
    secrets
        .create(&PostParams::default(), &secret)
        .await
        .unwrap();
    for _ in 0..2 {
        assert!(finalizer::hold(&secrets, "s").await.unwrap());
        let now = secrets.get("s").await.unwrap();
        assert_eq!(
            now.metadata.finalizers.unwrap(),
            ["other.example/theirs", FINALIZER]
        );
        assert_eq!(now.data.unwrap()["key"].0, b"x");
    }
    for _ in 0..2 {
        finalizer::let_go(&secrets, "s").await.unwrap();
        let now = secrets.get("s").await.unwrap();
        assert_eq!(now.metadata.finalizers.unwrap(), ["other.example/theirs"]);
    }
    secrets.delete("s", &DeleteParams::default()).await.unwrap();
    assert!(
        !finalizer::hold(&secrets, "s").await.unwrap(),
        "it is going away"
    );
}
