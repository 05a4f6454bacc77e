//! A fault of Azure is data: it is reported, waited out by its class, and forgotten after a success.

use std::time::Duration;

use azureml_spark_core::{Class, Fault};
use serde_json::json;

use crate::house::{House, fault, reason};
use crate::toy::{PAINT, Step, Toy};

#[tokio::test]
async fn a_passing_fault_is_reported_and_waited_out() {
    let mut house = House::asleep().await;
    house.nursery.world().faults = [fault(Class::Retryable), fault(Class::Retryable)].into();
    house.create("a", json!({})).await;
    house.start();
    let toy = house
        .sees("a", "is in trouble", |toy| {
            reason(toy, "Reconciling") == "AzureUnavailable"
        })
        .await;
    assert!(
        toy.status.unwrap().asked,
        "what was asked for stays on record"
    );
    house.sees_running("a").await;
    assert_eq!(house.steps("a"), [Step::Make; 3]);
    let effects = house.nursery.world().effects.clone();
    let waits: Vec<Duration> = effects.windows(2).map(|w| w[1].at - w[0].at).collect();
    assert!(waits[0] >= Duration::from_millis(500), "{waits:?}");
    assert!(
        waits[1] >= Duration::from_secs(1),
        "longer the second time: {waits:?}"
    );
    house.sees_event("a", "Running").await;
    let told = house.events("a").await;
    assert!(
        told.contains(&("Warning".to_owned(), "AzureUnavailable".to_owned())),
        "{told:?}"
    );
    assert_eq!(
        told.iter().filter(|(_, r)| r == "AzureUnavailable").count(),
        1
    );
}

#[tokio::test]
async fn a_fault_of_one_does_not_slow_another() {
    let mut house = House::asleep().await;
    house.nursery.world().faults = [fault(Class::Terminal)].into();
    house.create("a", json!({})).await;
    house.start();
    house
        .sees("a", "is in trouble", |toy| {
            reason(toy, "Reconciling") == "AzureUnavailable"
        })
        .await;
    house.create("b", json!({})).await;
    house.sees_running("b").await;
    assert_eq!(house.steps("a"), [Step::Make], "for half an hour");
    // A change of the spec is tried at once.
    house.patch("a", json!({"spec": {"size": 2}})).await;
    house.sees_running("a").await;
}

#[tokio::test]
async fn what_keeps_nothing_else_from_going_on_is_not_waited_out() {
    let mut house = House::asleep().await;
    house.nursery.world().unpaintable = Some(Fault {
        op: PAINT,
        ..fault(Class::Terminal)
    });
    house.create("a", json!({"spec": {"size": 3}})).await;
    house.start();
    // Refused for half an hour, and it goes on without.
    house
        .sees("a", "runs without its paint", |toy| {
            let painted = toy.status.as_ref().is_some_and(|status| status.painted);
            painted && reason(toy, "Reconciling") == "Running"
        })
        .await;
    house.sees_event("a", "AzureUnavailable").await;
    house.sees_event("a", "Running").await;
    house.pass("a", 2).await;
    assert_eq!(house.steps("a"), [Step::Make, Step::Paint]);
}

#[tokio::test]
async fn what_is_due_does_not_wait_for_what_was_refused() {
    let mut house = House::asleep().await;
    house.nursery.world().faults = [fault(Class::Terminal)].into();
    house.create("a", json!({"spec": {"size": 5}})).await;
    house.start();
    // Not in half an hour.
    house.sees_running("a").await;
    assert_eq!(house.steps("a"), [Step::Make, Step::Make]);
}

#[tokio::test]
async fn what_is_refused_each_time_is_told_once() {
    let mut house = House::asleep().await;
    // After this fault the toy forgets that it asked, so that each try is put on record again.
    house.nursery.world().faults = [fault(Class::Absent), fault(Class::Absent)].into();
    house.create("a", json!({})).await;
    house.start();
    let in_trouble = |toy: &Toy| reason(toy, "Reconciling") == "AzureUnavailable";
    house
        .sees("a", "is in trouble", |toy| {
            in_trouble(toy) && !toy.status.as_ref().unwrap().asked
        })
        .await;
    house.wake("a");
    house.wake("a");
    house.sees_running("a").await;
    let effects = house.nursery.world().effects.clone();
    let before: Vec<bool> = effects
        .iter()
        .map(|effect| in_trouble(effect.object.as_ref().unwrap()))
        .collect();
    assert_eq!(before, [false, true, true], "while it is tried again");
    house.sees_event("a", "Running").await;
    let told = house.events("a").await;
    let bad = told.iter().filter(|(_, r)| r == "AzureUnavailable");
    assert_eq!(bad.count(), 1, "{told:?}");
}
