//! Generated specs: whatever comes, `want` answers, and says of a spec alone what the apiserver would say.

mod fields;
mod surroundings;

use azureml_spark_api::verdict::Judge;
use fields::spec;
use proptest::prelude::*;
use serde_json::json;
use surroundings::{seen, surroundings};

use super::object::given;
use crate::machine::Machine;
use crate::spark_job::pinned::resolve;
use crate::spark_job::{Given, SparkJob};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn whatever_comes_there_is_an_answer() {
    let answers = std::cell::RefCell::new(std::collections::BTreeMap::<&str, u32>::new());
    let count = |answer| *answers.borrow_mut().entry(answer).or_default() += 1;
    proptest!(config(4_000), |(spec in spec(), given in surroundings(), seen in seen())| {
        let Ok(spec) = serde_json::from_value(spec) else {
            return Ok(());
        };
        let given = Given { spec, ..given };
        let Ok(want) = SparkJob::want(&given) else {
            prop_assert!(!given.deleting, "whatever is wrong, it can be deleted");
            count("invalid");
            return Ok(());
        };
        prop_assert_eq!(want.workspace.is_none(), given.workspace.ready().is_none());
        let definition = match want.definition {
            Ok(definition) => definition,
            Err(blocked) => {
                let says = blocked.message.contains("spec.") || blocked.message.contains(" is not ready: ");
                prop_assert!(says, "{}", blocked.message);
                count("blocked");
                return Ok(());
            }
        };
        count("defined");
        let hash = definition.hash();
        prop_assert_eq!(&hash, &SparkJob::want(&given).unwrap().definition.unwrap().hash());
        if let Ok(pinned) = resolve(&definition, &seen) {
            count("resolved");
            prop_assert_eq!(&hash, &pinned.definition_hash);
            // What was submitted once can be submitted again, and is the same, whatever has become of the names.
            let again = Given {
                pinned: Some(pinned),
                config_maps: [].into(),
                source: None,
                produced: [].into(),
                ..given
            };
            let again = SparkJob::want(&again).unwrap().definition;
            prop_assert_eq!(again.map(|run| run.hash()), Ok(hash));
        }
    });
    for answer in ["invalid", "blocked", "defined", "resolved"] {
        let times = answers.borrow().get(answer).copied().unwrap_or_default();
        assert!(times > 50, "{answer} only {times} times says little");
    }
}

#[test]
fn of_a_spec_alone_the_apiserver_says_the_same() {
    let judge = Judge::of("SparkJob").unwrap();
    // `SPECS` raises the number.
    let cases = std::env::var("SPECS").ok().and_then(|n| n.parse().ok());
    let verdicts = std::cell::Cell::new([0_u32; 2]);
    proptest!(config(cases.unwrap_or(2_000)), |(spec in spec())| {
        let object = json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SparkJob", "metadata": {"name": "job"}, "spec": spec,
        });
        let faults = judge.faults(&object, None);
        let wanted = serde_json::from_value(spec.clone())
            .map_err(|error| error.to_string())
            .and_then(|spec| {
                let want = SparkJob::want(&Given { spec, ..given() });
                want.map(|_| ()).map_err(|invalid| invalid.to_string())
            });
        // A conda text is told to be none by a program alone.
        let conda = matches!(&wanted, Err(text) if text.starts_with("spec.environment.conda:"));
        prop_assert!(faults.is_empty() == wanted.is_ok() || conda, "{spec:#}: {faults:?} and {wanted:?}");
        let [accepted, refused] = verdicts.get();
        verdicts.set(if faults.is_empty() { [accepted + 1, refused] } else { [accepted, refused + 1] });
    });
    let [accepted, refused] = verdicts.get();
    assert!(
        accepted > 200 && refused > 200,
        "{accepted} accepted and {refused} refused say little"
    );
}
