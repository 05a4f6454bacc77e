//! What is over costs nothing, and what is at rest no more after a restart than before.

use azureml_spark_api::meta::FINALIZER;
use azureml_spark_testkit::eventually::until;
use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::house::{House, PATIENCE, held, reason};
use crate::toy::{DUE, Toy};

/// Passes over another object, so that an unwished look of the first had its time.
async fn meanwhile(house: &House, other: &str) {
    house.create(other, json!({})).await;
    house.sees_running(other).await;
    house.pass(other, 5).await;
}

async fn over(house: &House, size: i64) -> Toy {
    house.create("a", json!({"spec": {"size": size}})).await;
    let toy = house.sees_running("a").await;
    house.end_thing(&toy);
    let ended = |toy: &Toy| reason(toy, "Ready") == "Completed" && !held(toy);
    house.sees("a", "is over", ended).await
}

async fn looked_at_again(house: &House, before: usize) {
    until("a look", PATIENCE, async || {
        Ok((house.looks("a") > before).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_over_is_looked_at_by_nobody() {
    let mut house = House::new().await;
    let toy = over(&house, 9).await;
    let looks = house.looks("a");
    house.wake("a");
    meanwhile(&house, "b").await;
    assert_eq!(house.looks("a"), looks, "not even for a wake");
    house.stop().await;
    house.start();
    meanwhile(&house, "c").await;
    assert_eq!(house.looks("a"), looks, "nor after a restart");
    let later = house.toys.get("a").await.unwrap();
    assert_eq!(
        later.metadata.resource_version,
        toy.metadata.resource_version
    );
}

#[tokio::test]
async fn another_spec_of_it_is_looked_at_with_all_that_it_is() {
    let house = House::new().await;
    let before = over(&house, 9).await;
    house.patch("a", json!({"spec": {"size": 8}})).await;
    let seen = |toy: &Toy| {
        let status = toy.status.as_ref().unwrap();
        status.observed_generation == toy.metadata.generation
    };
    let after = house.sees("a", "is looked at", seen).await;
    let since = |toy: &Toy| {
        toy.status.as_ref().unwrap().conditions[0]
            .last_transition_time
            .clone()
    };
    assert_eq!(
        since(&after),
        since(&before),
        "what it said before was known"
    );
}

#[tokio::test]
async fn a_status_that_it_loses_is_found_again() {
    let house = House::new().await;
    over(&house, 9).await;
    let nothing = Patch::Merge(json!({"status": null}));
    let params = PatchParams::default();
    house
        .toys
        .patch_status("a", &params, &nothing)
        .await
        .unwrap();
    let ended = |toy: &Toy| reason(toy, "Ready") == "Completed";
    house.sees("a", "says it again", ended).await;
}

#[tokio::test]
async fn what_is_due_is_read_again_and_not_written_from_what_the_cache_keeps() {
    let mut house = House::new().await;
    over(&house, 9).await;
    // A start fills the cache anew.
    house.stop().await;
    house.start();
    meanwhile(&house, "b").await;
    let looks = house.looks("a");
    let due = json!({"metadata": {"annotations": {DUE: Timestamp::UNIX_EPOCH.to_string()}}});
    let patched = house.patch("a", due).await;
    looked_at_again(&house, looks).await;
    house.pass("a", 2).await;
    let later = house.toys.get("a").await.unwrap();
    assert_eq!(
        later.metadata.resource_version,
        patched.metadata.resource_version
    );
}

#[tokio::test]
async fn what_is_at_rest_keeps_its_pace_through_a_restart() {
    let mut house = House::new().await;
    over(&house, 1).await;
    house.create("live", json!({})).await;
    house.sees_running("live").await;
    house.stop().await;
    let (at_rest, live) = (house.looks("a"), house.looks("live"));
    house.start();
    until("the live one is looked at", PATIENCE, async || {
        Ok((house.looks("live") > live).then_some(()))
    })
    .await
    .unwrap();
    meanwhile(&house, "b").await;
    assert_eq!(house.looks("a"), at_rest);
    let now = json!({"metadata": {"annotations": {"spark.azureml.dev/reconcile-at": "1"}}});
    house.patch("a", now).await;
    looked_at_again(&house, at_rest).await;
}

#[tokio::test]
async fn what_is_over_has_its_own_time_through_a_restart() {
    let mut house = House::new().await;
    over(&house, 9).await;
    house.stop().await;
    let before = house.looks("a");
    let due = json!({"metadata": {"annotations": {DUE: Timestamp::UNIX_EPOCH.to_string()}}});
    house.patch("a", due).await;
    house.start();
    looked_at_again(&house, before).await;
}

#[tokio::test]
async fn a_finalizer_that_was_lost_while_nobody_was_there_is_put_back() {
    let mut house = House::new().await;
    house.create("a", json!({"spec": {"size": 4}})).await;
    let runs = |toy: &Toy| reason(toy, "Ready") == "Running";
    house.sees("a", "runs", runs).await;
    house.stop().await;
    let lost = house
        .patch("a", json!({"metadata": {"finalizers": null}}))
        .await;
    assert!(!held(&lost));
    house.start();
    house.sees("a", "is held again", held).await;
}

#[tokio::test]
async fn one_that_is_held_for_nobody_is_let_go_after_a_restart() {
    let mut house = House::new().await;
    over(&house, 1).await;
    house.stop().await;
    let held_by_hand = json!({"metadata": {"finalizers": [FINALIZER]}});
    assert!(held(&house.patch("a", held_by_hand).await));
    house.start();
    house.sees("a", "is let go", |toy| !held(toy)).await;
}

#[tokio::test]
async fn a_look_that_was_asked_for_while_nobody_was_there_is_taken() {
    let mut house = House::new().await;
    over(&house, 1).await;
    house.stop().await;
    let before = house.looks("a");
    let now = json!({"metadata": {"annotations": {"spark.azureml.dev/reconcile-at": "1"}}});
    house.patch("a", now).await;
    house.start();
    looked_at_again(&house, before).await;
}
