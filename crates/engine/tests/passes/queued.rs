//! Who waits for his turn costs nothing, has nothing on record, and is told as no failure.

use std::sync::Arc;

use azureml_spark_core::{Class, Fault, WAITING_FOR_BUDGET};
use azureml_spark_testkit::eventually::until;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::house::{House, PATIENCE, fault, held, reason};
use crate::toy::{Step, Toy};

const WRITTEN: &str = r#"azureml_spark_status_writes_total{kind="Toy",outcome="written"}"#;

fn waits(toy: &Toy) -> bool {
    reason(toy, "Reconciling") == "WaitingForBudget"
}

fn in_an_hour() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(1)
}

impl House {
    fn asks(&self) -> usize {
        self.nursery.world().asks
    }

    /// Nobody waits for this one any more.
    async fn has_left(&self, name: &str) {
        until("the place is left", PATIENCE, async || {
            let left = &self.nursery.world().left;
            Ok(left.iter().any(|one| one == name).then_some(()))
        })
        .await
        .unwrap();
    }

    /// Wakes until somebody has asked for its turn again.
    async fn asked_again(&self, name: &str) {
        let before = self.asks();
        self.wake(name);
        until("another question", PATIENCE, async || {
            Ok((self.asks() > before).then_some(()))
        })
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn who_waits_for_his_turn_costs_nothing_until_it_comes() {
    let mut house = House::asleep().await;
    house.nursery.world().turn = Some(in_an_hour());
    house.create("a", json!({})).await;
    house.start();
    let toy = house.sees("a", "waits", waits).await;
    assert!(!held(&toy) && !toy.status.as_ref().unwrap().asked);
    for _ in 0..3 {
        house.asked_again("a").await;
    }
    assert_eq!(house.looks("a"), 1, "a turn is asked for, and nothing else");
    let later = house.toys.get("a").await.unwrap();
    assert_eq!(
        later.metadata.resource_version,
        toy.metadata.resource_version
    );
    assert_eq!(house.counted(WRITTEN), 1);

    house.nursery.world().turn = None;
    house.wake("a");
    house.sees_running("a").await;
    assert_eq!(house.steps("a"), [Step::Make]);
    house.sees_event("a", "Running").await;
    let told = house.events("a").await;
    assert!(
        told.iter()
            .all(|(kind, reason)| kind == "Normal" && reason != "WaitingForBudget"),
        "{told:?}"
    );
}

#[tokio::test]
async fn who_waits_is_looked_at_when_he_wants_something_else() {
    let mut house = House::asleep().await;
    house.nursery.world().turn = Some(in_an_hour());
    for name in ["changed", "deleted"] {
        house.create(name, json!({})).await;
    }
    house.start();
    for name in ["changed", "deleted"] {
        house.sees(name, "waits", waits).await;
    }
    house.patch("changed", json!({"spec": {"size": -1}})).await;
    house
        .sees("changed", "is refused", |toy| {
            reason(toy, "Stalled") == "InvalidSpec"
        })
        .await;
    house.delete("deleted").await;
    house.sees_gone("deleted").await;
    assert_eq!(house.steps("deleted"), [], "nothing was ever asked for");
    house.has_left("changed").await;
    house.has_left("deleted").await;
}

#[tokio::test]
async fn who_goes_while_he_asks_for_his_turn_leaves_no_place_behind() {
    let mut house = House::asleep().await;
    let door = Arc::new(Semaphore::new(0));
    house.nursery.door = Some(Arc::clone(&door));
    house.nursery.world().turn = Some(Timestamp::now());
    house.create("a", json!({})).await;
    house.start();
    until("a look", PATIENCE, async || {
        Ok((house.looks("a") == 1).then_some(()))
    })
    .await
    .unwrap();
    house.delete("a").await;
    let states = ["ready", "reconciling", "stalled", "unknown"];
    until("the cache without it", PATIENCE, async || {
        let row = |state| format!(r#"azureml_spark_objects{{kind="Toy",state="{state}"}}"#);
        let known: u64 = states.iter().map(|state| house.counted(&row(state))).sum();
        Ok((known == 0).then_some(()))
    })
    .await
    .unwrap();
    door.add_permits(1);
    house.has_left("a").await;
}

#[tokio::test]
async fn a_short_wait_is_not_told() {
    let mut house = House::asleep().await;
    // It is over again and again, and never comes.
    house.nursery.world().turn = Some(Timestamp::now());
    house.create("a", json!({})).await;
    house.start();
    until("some questions", PATIENCE, async || {
        Ok((house.asks() >= 3).then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(house.counted(WRITTEN), 0);
    house.nursery.world().turn = None;
    house.sees_running("a").await;
}

#[tokio::test]
async fn azures_refusal_to_take_more_for_now_is_no_failure() {
    let mut house = House::asleep().await;
    let refused = fault(Class::Throttled {
        until: Timestamp::now(),
    });
    house.nursery.world().faults = [refused.clone(), refused].into();
    house.create("a", json!({})).await;
    house.start();
    house.sees_running("a").await;
    assert_eq!(house.steps("a"), [Step::Make; 3]);
    house.sees_event("a", "Running").await;
    let told = house.events("a").await;
    assert!(told.iter().all(|(kind, _)| kind == "Normal"), "{told:?}");
}

#[tokio::test]
async fn what_was_given_for_a_step_that_cannot_be_done_is_given_back() {
    let mut house = House::asleep().await;
    house.nursery.world().support_goes = true;
    house.create("a", json!({})).await;
    house.start();
    house.has_left("a").await;
    assert_eq!(house.steps("a"), []);
}

#[tokio::test]
async fn a_look_that_waits_is_told_only_if_that_takes_long() {
    let mut house = House::asleep().await;
    let waits_for = |seconds| Fault {
        code: WAITING_FOR_BUDGET.to_owned(),
        ..fault(Class::Throttled {
            until: Timestamp::now() + SignedDuration::from_secs(seconds),
        })
    };
    house.nursery.world().blind = Some(waits_for(15));
    house.create("a", json!({})).await;
    house.start();
    house.pass("a", 3).await;
    assert_eq!(house.counted(WRITTEN), 0);
    house.nursery.world().blind = Some(waits_for(3_600));
    house.wake("a");
    house.sees("a", "waits", waits).await;
}
