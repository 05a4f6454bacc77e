//! The hash by which a run is known again: the same for the same wish, in every release and on every cluster.

use serde_json::json;

use super::object::{set, want_with};
use crate::place::Reference;
use crate::spark_job::{Artifact, AttachedPool, Given, Source};

fn hash(change: impl FnOnce(&mut Given)) -> String {
    want_with(change).definition.unwrap().hash()
}

type Change = fn(&mut Given);

#[test]
#[rustfmt::skip]
fn whatever_makes_another_run_makes_another_hash() {
    let first = hash(|_| {});
    let changes: &[(Change, &str)] = &[
        (|g| { g.config_maps.insert("src".into(), Some([("main.py".into(), b"2".to_vec())].into())); }, "content of the code"),
        (|g| { g.config_maps.insert("src".into(), Some([("main.py".into(), b"1".to_vec()), ("x".into(), vec![])].into())); }, "files of the code"),
        (|g| set(g, "code", json!({"asset": "azureml:src:1"})), "asset"),
        (|g| set(g, "code", json!({"asset": "azureml:src@latest"})), "asset"),
        (|g| set(g, "code", json!({"uri": "https://a/b/c"})), "address of the code"),
        (|g| { set(g, "entry", json!({"className": "A"})); set(g, "jars", json!(["https://a/b.jar"])); }, "class"),
        (|g| set(g, "pyFiles", json!(["main.py"])), "Python files"),
        (|g| set(g, "jars", json!(["main.py"])), "jars"),
        (|g| set(g, "files", json!(["main.py"])), "files"),
        (|g| set(g, "archives", json!(["main.py"])), "archives"),
        (|g| set(g, "args", json!("--x")), "arguments"),
        (|g| set(g, "conf", json!({"spark.x": "1"})), "configuration"),
        (|g| set(g, "experimentName", json!("other")), "experiment"),
        (|g| set(g, "inputs", json!({"a": {"value": "5"}})), "inputs"),
        (|g| set(g, "inputs", json!({"a": {"value": "6"}})), "value of an input"),
        (|g| set(g, "inputs", json!({"a": {"type": "uri_file", "path": "abfss://c@a/p"}})), "address of an input"),
        (|g| set(g, "inputs", json!({"a": {"type": "uri_folder", "path": "abfss://c@a/p"}})), "type of an input"),
        (|g| set(g, "outputs", json!({"a": {"type": "uri_folder", "path": "abfss://c@a/p"}})), "outputs"),
        (|g| set(g, "outputs", json!({"a": {"type": "uri_folder", "path": "abfss://c@a/p", "registerAs": {"name": "x"}}})), "asset of an output"),
        (|g| set(g, "driver", json!({"cores": 2, "memory": "2g"})), "driver"),
        (|g| set(g, "executor", json!({"cores": 4, "memory": "28g", "instances": 5})), "executors"),
        (|g| set(g, "dynamicAllocation", json!({"minExecutors": 1, "maxExecutors": 6})), "dynamic allocation"),
        (|g| set(g, "environment", json!({"conda": "dependencies: []"})), "packages"),
        (|g| set(g, "environment", json!({"conda": "dependencies: [numpy]"})), "other packages"),
        (|g| set(g, "environment", json!({"asset": "azureml:e:1"})), "environment"),
        (|g| set(g, "compute", json!({"name": "pool"})), "compute"),
        (|g| set(g, "identity", json!({"type": "UserIdentity"})), "identity"),
        (|g| set(g, "identity", json!({"type": "Managed", "clientId": "c"})), "managed identity"),
    ];
    let mut known = vec![first];
    for (change, what) in changes {
        let hash = hash(change);
        assert_eq!(hash.len(), 64);
        assert!(!known.contains(&hash), "{what}");
        known.push(hash);
    }
}

#[test]
#[rustfmt::skip]
fn whatever_does_not_make_another_run_keeps_the_hash() {
    let first = hash(|_| {});
    let changes: &[(Change, &str)] = &[
        (|_| {}, "nothing"),
        (|g| g.uid = "another".into(), "a restored object finds its run by the hash"),
        (|g| g.namespace = "another".into(), "so does one that is elsewhere"),
        (|g| set(g, "displayName", json!("Titanic")), "labels can be changed while the run is there"),
        (|g| set(g, "description", json!("It sinks.")), "labels"),
        (|g| set(g, "tags", json!({"a": "b"})), "labels"),
        (|g| set(g, "suspend", json!(false)), "how it is steered is not what it is"),
        (|g| set(g, "retry", json!({"maxAttempts": 3})), "how it is steered"),
        (|g| set(g, "activeDeadlineSeconds", json!(60)), "how it is steered"),
        (|g| set(g, "ttlSecondsAfterFinished", json!(60)), "how it is steered"),
        (|g| set(g, "deletionPolicy", json!("Leave")), "how it is steered"),
        (|g| set(g, "azureName", json!("titanic")), "the name is not the run"),
        (|g| set(g, "adoptionPolicy", json!("Never")), "the policy is not the run"),
        (|g| set(g, "experimentName", json!("Default")), "the default, spelt out"),
        (|g| set(g, "identity", json!({"type": "Managed"})), "the default, spelt out"),
        (|g| set(g, "pyFiles", json!([])), "an empty list is none"),
        (|g| set(g, "conf", json!({})), "an empty map is none"),
        (|g| set(g, "code", json!({"configMaps": [{"name": "src", "items": [{"key": "main.py", "path": "main.py"}]}]})), "the files count, not how they are named"),
        (|g| {
            set(g, "code", json!({"sourceRef": {"kind": "Bucket", "name": "b", "path": "x"}}));
            let folder = [("x/main.py".to_owned(), std::sync::Arc::from(&b"1"[..]))].into_iter().collect();
            g.source = Some(Source::Ready(Artifact { revision: "r".into(), digest: "d".into(), folder }));
        }, "the files count, not where they come from"),
        (|g| g.attachment = Some(Reference::Ready(AttachedPool { compute_id: "/Computes/Pool".into(), ..AttachedPool::default() })), "Azure tells ids in several casings (contract §0.1)"),
    ];
    for (change, what) in changes {
        assert_eq!(first, hash(change), "{what}");
    }
}

#[test]
fn the_hash_does_not_change_between_releases() {
    // Runs of an older release are found again by it. A change here makes them somebody else's: a breaking change.
    assert_eq!(
        hash(|_| {}),
        "85ec4d03ebec01a6ab51633f41e472e3cc719fdf208ef41036f9286471a67497"
    );
    let rich = hash(|g| {
        g.config_maps.insert(
            "src".into(),
            Some([("main.py".into(), b"print(1)\n".to_vec())].into()),
        );
        set(g, "args", json!("--rows ${{inputs.rows}}"));
        set(
            g,
            "inputs",
            json!({"rows": {"value": "5"}, "data": {"type": "uri_file", "path": "azureml:titanic:1"}}),
        );
        set(
            g,
            "outputs",
            json!({"out": {"type": "uri_folder", "path": "abfss://c@a/out", "registerAs": {"name": "x", "version": "1"}}}),
        );
        set(g, "environment", json!({"conda": "dependencies: []"}));
        set(
            g,
            "dynamicAllocation",
            json!({"minExecutors": 1, "maxExecutors": 6}),
        );
        set(g, "conf", json!({"spark.sql.shuffle.partitions": "8"}));
    });
    assert_eq!(
        rich,
        "7011c7f581906b1c0442f5f157bd678a99310cf6fba6e9d8b958d83aa1935848"
    );
}
