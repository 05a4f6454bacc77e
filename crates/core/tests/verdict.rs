//! The apiserver and `want` about the same specs: what the spec alone can tell, both tell. `SPECS` raises the number of
//! specs, `SPECS_FROM` leaves out those before it, `SPEC` judges one and shows it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "a test: a panic is a failed test with a place in it"
)]

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::verdict::{Judge, spec};
use azureml_spark_core::Machine;
use azureml_spark_core::place::Reference;
use azureml_spark_core::spark_job::{Given, Patience, SparkJob};
use serde_json::{Value, json};

/// Specs of an ordinary run: some seconds in a debug build.
const SPECS: u64 = 10_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Nothing is there but the spec.
fn alone(spec: SparkJobSpec) -> Given {
    Given {
        namespace: "team".to_owned(),
        name: "job".to_owned(),
        uid: "the-uid".to_owned(),
        spec,
        workspace: Reference::Missing,
        attachment: None,
        workspace_identity: None,
        config_maps: BTreeMap::new(),
        source: None,
        produced: BTreeMap::new(),
        retired: BTreeSet::new(),
        patience: Patience::default(),
        pinned: None,
        begun: false,
        held: false,
        deleting: false,
    }
}

/// What is wrong with it by `want`; a spec that does not even have the right types never gets there.
fn wrong(spec: &Value) -> Option<String> {
    match serde_json::from_value(spec.clone()) {
        Ok(spec) => SparkJob::want(&alone(spec))
            .err()
            .map(|invalid| invalid.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

fn object(spec: &Value) -> Value {
    json!({
        "apiVersion": "spark.azureml.dev/v1alpha1",
        "kind": "SparkJob",
        "metadata": {"name": "job"},
        "spec": spec,
    })
}

#[test]
fn the_apiserver_and_the_operator_agree() {
    if let Some(number) = number("SPEC") {
        agreed(number..=number, true);
        return;
    }
    let first = number("SPECS_FROM").unwrap_or(0);
    let end = number("SPECS").unwrap_or(SPECS);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let accepted: u64 = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let numbers = (first..end).skip(worker).step_by(threads);
                scope.spawn(move || agreed(numbers, false))
            })
            .collect();
        let accepted = workers.into_iter().map(|worker| worker.join().unwrap());
        accepted.sum()
    });
    println!(
        "{accepted} of {} specs are accepted",
        end.saturating_sub(first)
    );
}

/// How many of these specs are accepted by both; the others are refused by both.
fn agreed(numbers: impl Iterator<Item = u64>, shown: bool) -> u64 {
    let judge = Judge::of("SparkJob").unwrap();
    let mut accepted = 0;
    for number in numbers {
        let spec = spec(number);
        let faults = judge.faults(&object(&spec), None);
        let wrong = wrong(&spec);
        if shown {
            println!("{spec:#}\n{faults:#?}\n{wrong:#?}");
        }
        assert_eq!(
            faults.is_empty(),
            wrong.is_none(),
            "SPEC={number}: the apiserver says {faults:?}, the operator {wrong:?}"
        );
        accepted += u64::from(faults.is_empty());
    }
    accepted
}
