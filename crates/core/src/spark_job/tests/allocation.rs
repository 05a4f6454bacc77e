//! How large a run is.

use serde_json::json;

use super::object::{set, want_with};

#[test]
#[rustfmt::skip]
fn the_size_is_that_of_all_executors() {
    type Row = (
        i32,
        i32,
        &'static str,
        Option<(i32, i32)>,
        (&'static str, i64, &'static str),
        &'static str,
    );
    let rows: [Row; 7] = [
        (6, 4, "28g", None, ("6", 24, "168g"), "the example of the contract"),
        (1, 1, "512m", None, ("1", 1, "512m"), "the unit is the spec's"),
        (2, 2, "2T", None, ("2", 4, "4T"), "in its case"),
        (2, 2, "2g", Some((1, 4)), ("1-4", 8, "8g"), "with dynamic allocation at most"),
        (2, 8, "56G", Some((2, 2)), ("2-2", 16, "112G"), "the bounds may meet"),
        (10_000, 256, "99999999999p", None, ("10000", 2_560_000, "999999999990000p"), "no size is too large to be said"),
        (1, 1, "1k", Some((1, 10_000)), ("1-10000", 10_000, "10000k"), "nor too small"),
    ];
    for (instances, cores, memory, dynamic, (executors, all_cores, all_memory), why) in rows {
        let want = want_with(|g| {
            set(
                g,
                "executor",
                json!({"cores": cores, "memory": memory, "instances": instances}),
            );
            if let Some((least, most)) = dynamic {
                set(
                    g,
                    "dynamicAllocation",
                    json!({"minExecutors": least, "maxExecutors": most}),
                );
            }
        });
        let size = (
            want.cluster.executors.as_str(),
            want.cluster.cores,
            want.cluster.memory.as_str(),
        );
        assert_eq!(size, (executors, all_cores, all_memory), "{why}");
    }
}

#[test]
fn dynamic_allocation_begins_with_the_fewest_unless_told_otherwise() {
    let instances = |executor: serde_json::Value, dynamic: bool| {
        let want = want_with(|g| {
            set(g, "executor", executor);
            if dynamic {
                set(
                    g,
                    "dynamicAllocation",
                    json!({"minExecutors": 2, "maxExecutors": 4}),
                );
            }
        });
        want.definition.unwrap().executor.instances
    };
    let without = json!({"cores": 1, "memory": "2g"});
    let with = json!({"cores": 1, "memory": "2g", "instances": 3});
    assert_eq!(
        instances(without, true),
        Some(2),
        "as the SDK does (contract §3.1)"
    );
    assert_eq!(instances(with.clone(), true), Some(3));
    assert_eq!(instances(with, false), Some(3));
}
