//! At rest nothing is written, and only transitions are told.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn looking_again_writes_nothing() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    let toy = house.sees_running("a").await;
    house.pass("a", 4).await;
    let later = house.toys.get("a").await.unwrap();
    assert_eq!(
        toy.metadata.resource_version,
        later.metadata.resource_version
    );
    assert!(house.counted(r#"azureml_spark_status_writes_total{kind="Toy",outcome="equal"}"#) >= 3);
    assert_eq!(
        house.counted(r#"azureml_spark_status_writes_total{kind="Toy",outcome="written"}"#),
        2,
        "the memo before the effect, and the report after it"
    );
}

#[tokio::test]
async fn our_own_writes_wake_nobody() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    // Passes over another object, so that an unwished wake of the first had its time.
    house.create("b", json!({})).await;
    house.sees_running("b").await;
    house.pass("b", 5).await;
    assert_eq!(house.looks("a"), 2, "before the effect and after it");
    // An annotation of ours is news, another one is not.
    house
        .patch(
            "a",
            json!({"metadata": {"annotations": {"example.com/x": "1"}}}),
        )
        .await;
    house
        .patch(
            "a",
            json!({"metadata": {"annotations": {"spark.azureml.dev/reconcile-at": "1"}}}),
        )
        .await;
    let again =
        azureml_spark_testkit::eventually::until("a look", crate::house::PATIENCE, async || {
            Ok((house.looks("a") > 2).then_some(()))
        });
    again.await.unwrap();
    house.pass("b", 5).await;
    assert_eq!(house.looks("a"), 3);
}

#[tokio::test]
async fn events_tell_transitions_once_and_a_restart_tells_nothing() {
    let mut house = House::new().await;
    house.create("a", json!({})).await;
    let toy = house.sees_running("a").await;
    house.pass("a", 3).await;
    house.end_thing(&toy);
    house.sees_event("a", "Completed").await;
    let normal = |reason: &str| ("Normal".to_owned(), reason.to_owned());
    // Not that it was about to be made: it was, in the same pass.
    let told = [normal("Running"), normal("Completed")];
    assert_eq!(house.events("a").await, told);
    house.stop().await;
    house.start();
    // One that is at rest is not looked at for the start's sake.
    house.create("b", json!({})).await;
    house.sees_running("b").await;
    house.pass("a", 3).await;
    assert_eq!(house.events("a").await, told);
}

#[tokio::test]
async fn an_object_that_cannot_be_read_stops_nobody() {
    let mut house = House::asleep().await;
    house.create("odd", json!({"spec": {"size": "many"}})).await;
    house.create("a", json!({})).await;
    house.start();
    house.sees_running("a").await;
    house
        .create("odder", json!({"spec": {"size": "more"}}))
        .await;
    house.create("b", json!({})).await;
    house.sees_running("b").await;
    for name in ["odd", "odder"] {
        house.sees_event(name, "Unparsable").await;
        assert_eq!(house.events(name).await.len(), 1);
    }
    assert_eq!(
        house.counted(r#"azureml_spark_unparsable_objects_total{kind="Toy"}"#),
        2
    );
    // It is mended in place, and driven then.
    house.patch("odd", json!({"spec": {"size": 3}})).await;
    house.sees_running("odd").await;
}
