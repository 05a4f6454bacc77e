//! Nothing happens in Azure that is not on record, and nobody acts on old knowledge.

use std::sync::Arc;

use azureml_spark_api::meta::FINALIZER;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::house::{House, held};
use crate::toy::{Step, Toy};

#[tokio::test]
async fn finalizer_then_references_then_memo_then_effect() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    let world = house.nursery.world();
    let [effect] = &world.effects[..] else {
        panic!("one effect, not {:?}", world.effects)
    };
    let at_that_moment = effect.object.as_ref().unwrap();
    assert!(held(at_that_moment), "the finalizer was there");
    assert!(
        at_that_moment.status.as_ref().unwrap().asked,
        "the memo was there"
    );
    assert_eq!(world.held, ["a"], "once, and it found our finalizer there");
}

#[tokio::test]
async fn who_knows_less_than_the_apiserver_does_nothing() {
    for finalizers in [json!([]), json!([FINALIZER])] {
        let mut house = House::asleep().await;
        // Somebody writes between our look and our write: the finalizer's in the first round, the memo's in the second.
        house.nursery.world().meddle = 1;
        house
            .create("a", json!({"metadata": {"finalizers": finalizers}}))
            .await;
        house.start();
        house.sees_running("a").await;
        let world = house.nursery.world();
        assert_eq!(world.effects.len(), 1);
        assert_eq!(
            world.effects[0].looks_before, 2,
            "the first pass was dropped"
        );
        drop(world);
        assert_eq!(
            house.counted(r#"azureml_spark_pass_errors_total{kind="Toy",class="stale"}"#),
            1
        );
    }
}

#[tokio::test]
async fn a_pass_on_the_heels_of_another_knows_what_that_one_wrote() {
    let mut house = House::asleep().await;
    let names: Vec<String> = (0..20).map(|n| format!("toy-{n}")).collect();
    for name in &names {
        // Telling takes time, in which the cache would catch up.
        house.create(name, json!({"spec": {"size": 7}})).await;
    }
    house.start();
    let asked = |toy: &Toy| toy.status.as_ref().is_some_and(|s| s.asked) && held(toy);
    let ended = |toy: &Toy| toy.status.as_ref().is_some_and(|s| s.ended) && !held(toy);
    for name in &names {
        let toy = house.sees(name, "is made", asked).await;
        house.pass(name, 1).await;
        // The next pass begins when this one has taken the finalizer off, before the watch tells.
        house.nursery.world().restless = 3;
        house.end_thing(&toy);
        house.sees(name, "has ended", ended).await;
        house.pass(name, 1).await;
    }
    for name in &names {
        assert_eq!(house.steps(name), [Step::Make]);
    }
    assert_eq!(
        house.counted(r#"azureml_spark_pass_errors_total{kind="Toy",class="stale"}"#),
        0
    );
}

#[tokio::test]
async fn a_restart_after_the_write_ahead_finds_its_way() {
    let mut house = House::asleep().await;
    house
        .create("a", json!({"metadata": {"finalizers": [FINALIZER]}}))
        .await;
    let status = json!({"status": {"asked": true, "ended": false}});
    let patch = kube::api::Patch::Merge(&status);
    house
        .toys
        .patch_status("a", &kube::api::PatchParams::default(), &patch)
        .await
        .unwrap();
    house.start();
    house.sees_running("a").await;
    assert_eq!(house.steps("a"), [Step::Make]);
}

#[tokio::test]
async fn an_erased_status_is_written_again_and_nothing_is_made_twice() {
    let house = House::new().await;
    house.create("a", json!({})).await;
    house.sees_running("a").await;
    let nothing = json!({"status": null});
    let patch = kube::api::Patch::Merge(&nothing);
    house
        .toys
        .patch_status("a", &kube::api::PatchParams::default(), &patch)
        .await
        .unwrap();
    house.wake("a");
    let toy = house.sees_running("a").await;
    assert!(held(&toy));
    assert_eq!(house.steps("a"), [Step::Make]);
}

#[tokio::test]
async fn an_orderly_end_lets_the_step_under_way_end() {
    let mut house = House::asleep().await;
    let gate = Arc::new(Semaphore::new(0));
    house.nursery.gate = Some(Arc::clone(&gate));
    house.create("a", json!({})).await;
    house.create("b", json!({"spec": {"size": -1}})).await;
    house.start();
    house
        .sees("a", "is asked for", |toy| {
            toy.status.as_ref().is_some_and(|s| s.asked)
        })
        .await;
    let mut ending = house.shut_down();
    tokio::task::yield_now().await;
    assert!(!ending.is_finished());
    gate.add_permits(1);
    tokio::time::timeout(crate::house::PATIENCE, &mut ending)
        .await
        .expect("it ends")
        .unwrap();
    let toy = house.toys.get("a").await.unwrap();
    assert_eq!(
        crate::house::reason(&toy, "Reconciling"),
        "Running",
        "reported"
    );
}
