//! A person stops the operator by an annotation: it looks and tells, and changes nothing.

use azureml_spark_api::meta::{FINALIZER, FORCE_RELEASE, PAUSED, RECONCILE_AT};
use azureml_spark_core::Class;
use azureml_spark_testkit::eventually::until;
use serde_json::{Value, json};

use crate::house::{House, PATIENCE, fault, held, reason};
use crate::toy::{Step, Toy};

fn annotated(key: &str, value: Option<&str>) -> Value {
    json!({"metadata": {"annotations": {key: value}}})
}

async fn sees_paused(house: &House, name: &str) -> Toy {
    let paused = |toy: &Toy| reason(toy, "Paused") == "Paused";
    house.sees(name, "is paused", paused).await
}

#[tokio::test]
async fn nothing_begins_until_the_annotation_goes() {
    let house = House::new().await;
    house.create("a", annotated(PAUSED, Some("true"))).await;
    let toy = sees_paused(&house, "a").await;
    assert_eq!(
        reason(&toy, "Reconciling"),
        "Submitting",
        "the facts are told"
    );
    house.pass("a", 3).await;
    let later = house.toys.get("a").await.unwrap();
    assert!(!held(&later), "no finalizer");
    assert!(!later.status.as_ref().unwrap().asked, "no memo");
    assert_eq!(
        later.metadata.resource_version,
        toy.metadata.resource_version
    );
    assert!(house.nursery.world().effects.is_empty());
    house.patch("a", annotated(PAUSED, None)).await;
    let toy = house.sees_running("a").await;
    assert_eq!(reason(&toy, "Paused"), "");
    assert_eq!(house.steps("a"), [Step::Make]);
}

#[tokio::test]
async fn deletion_waits_and_goes_on() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    house.patch("a", annotated(PAUSED, Some("true"))).await;
    let toy = sees_paused(&house, "a").await;
    assert_eq!(reason(&toy, "Reconciling"), "Running");
    house.delete("a").await;
    house.pass("a", 3).await;
    let toy = house.toys.get("a").await.unwrap();
    assert!(toy.metadata.deletion_timestamp.is_some() && held(&toy));
    assert_eq!(house.steps("a"), [Step::Make]);
    house.patch("a", annotated(PAUSED, None)).await;
    house.sees_gone("a").await;
    assert_eq!(house.steps("a"), [Step::Make, Step::Unmake]);
}

#[tokio::test]
async fn what_has_ended_meanwhile_stays_held() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    house.patch("a", annotated(PAUSED, Some("true"))).await;
    let toy = sees_paused(&house, "a").await;
    house.end_thing(&toy);
    house.pass("a", 3).await;
    let toy = house.toys.get("a").await.unwrap();
    assert!(held(&toy) && !toy.status.unwrap().ended);
    assert!(house.nursery.world().released.is_empty());
    house.patch("a", annotated(PAUSED, None)).await;
    house
        .sees("a", "has ended and is free", |toy| !held(toy))
        .await;
}

#[tokio::test]
async fn a_release_waits_though_nothing_is_left_to_undo() {
    let mut house = House::asleep().await;
    let mut extra = annotated(PAUSED, Some("true"));
    extra["metadata"]["finalizers"] = json!([FINALIZER]);
    house.create("a", extra).await;
    house.delete("a").await;
    house.start();
    house.pass("a", 3).await;
    assert!(held(&house.toys.get("a").await.unwrap()));
    house.patch("a", annotated(PAUSED, None)).await;
    house.sees_gone("a").await;
}

#[tokio::test]
async fn a_lost_finalizer_is_not_put_back_before_its_time() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    house.patch("a", annotated(PAUSED, Some("true"))).await;
    sees_paused(&house, "a").await;
    house
        .patch("a", json!({"metadata": {"finalizers": null}}))
        .await;
    house.pass("a", 3).await;
    assert!(!held(&house.toys.get("a").await.unwrap()));
    house.patch("a", annotated(PAUSED, None)).await;
    house.sees("a", "is held again", held).await;
}

#[tokio::test]
async fn a_failed_look_is_told_and_forgets_nothing() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    house.patch("a", annotated(PAUSED, Some("true"))).await;
    sees_paused(&house, "a").await;
    // Without the annotation this class of fault takes the memo and the finalizer away.
    house.nursery.world().blind = Some(fault(Class::Absent));
    house.pass("a", 2).await;
    let troubled = |toy: &Toy| reason(toy, "Reconciling") == "AzureUnavailable";
    let toy = house.sees("a", "is in trouble", troubled).await;
    assert!(held(&toy) && toy.status.unwrap().asked);
    house.patch("a", annotated(PAUSED, None)).await;
    house.sees("a", "is free", |toy| !held(toy)).await;
}

#[tokio::test]
async fn a_look_can_be_asked_for() {
    let house = House::new().await;
    house.create("a", annotated(PAUSED, Some("true"))).await;
    sees_paused(&house, "a").await;
    let before = house.looks("a");
    house.patch("a", annotated(RECONCILE_AT, Some("now"))).await;
    until("another look", PATIENCE, async || {
        Ok((house.looks("a") > before).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn force_is_stronger() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    house.patch("a", annotated(PAUSED, Some("true"))).await;
    sees_paused(&house, "a").await;
    house.delete("a").await;
    house
        .patch("a", annotated(FORCE_RELEASE, Some("true")))
        .await;
    house.sees_gone("a").await;
    assert_eq!(house.steps("a"), [Step::Make]);
    house.sees_event("a", "ForceReleased").await;
}
