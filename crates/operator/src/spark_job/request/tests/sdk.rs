//! The body for a manifest beside the one that Microsoft's SDK sends for the same job (tests/data/sdk of the client), the
//! whole way: from the spec, by what Azure tells of its names, to the submission.

use azureml_spark_api::workspace::ResourceIdentity;
use azureml_spark_core::spark_job::{NamedCompute, Seen, Step};
use azureml_spark_core::{Act, Sight};

use super::*;

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";

/// Something of the workspace of the captures.
fn id(below: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/{below}"
    )
}

fn identity_id() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u1"
    )
}

/// What a row changes of the smallest job, on the attached pool.
fn spec(changes: &Value) -> Value {
    let mut all = json!({
        "displayName": "dn", "experimentName": "dl",
        "driver": {"cores": 1, "memory": "2g"},
        "executor": {"cores": 2, "memory": "2g", "instances": 2},
        "compute": {"attachmentRef": {"name": "synspark"}},
        "identity": {"type": "Managed"},
    });
    for (field, value) in changes.as_object().unwrap() {
        all[field] = value.clone();
    }
    all
}

/// The object, with files of the names that the captures use.
fn object(changes: &Value) -> Given {
    let mut given = given(&spec(changes));
    given.attachment = given.attachment.map(|_| {
        Reference::Ready(AttachedPool {
            compute_id: id("computes/synspark"),
            ..AttachedPool::default()
        })
    });
    if let Some(Some(files)) = given.config_maps.get_mut("src") {
        for name in ["lib/a.py", "lib/b.zip", "conf.json", "venv.tar.gz"] {
            files.insert(name.to_owned(), b"1".to_vec());
        }
    }
    given
}

/// What Azure tells of the names in the captures.
fn seen() -> Seen {
    let there = |below: &str| Sight::Present(id(below));
    let inputs = [
        ("version", "data/d1/versions/3"),
        ("latest", "data/d2/versions/7"),
        ("id", "data/d3/versions/4"),
        ("model", "models/m1/versions/2"),
        ("newest", "models/m2/versions/7"),
    ];
    Seen {
        code: there("codes/c1/versions/1"),
        inputs: inputs
            .map(|(name, below)| (name.to_owned(), there(below)))
            .into(),
        compute: Sight::Present(NamedCompute {
            id: id("computes/theirs"),
            kind: "SynapseSpark".to_owned(),
            identity: Some(ResourceIdentity {
                type_: "SystemAssigned".to_owned(),
                principal_id: Some("p".to_owned()),
                ..ResourceIdentity::default()
            }),
            ..NamedCompute::default()
        }),
        run: Sight::Absent,
        ..Seen::default()
    }
}

fn submitted(changes: &Value, seen: &Seen) -> Value {
    let want = SparkJob::want(&object(changes)).unwrap();
    let definition = want.definition.as_ref().unwrap();
    let moved = SparkJob::next(&want, seen, &Memo::default(), Timestamp::UNIX_EPOCH);
    assert!(
        matches!(moved.act, Act::Do(Step::Submit)),
        "{:?}",
        moved.act
    );
    serde_json::to_value(body(&want, definition, &moved.memo).unwrap()).unwrap()
}

/// The SDK's, without what says only that it is a job of Spark.
fn theirs(capture: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../azure/tests/data/sdk/jobs");
    let text = std::fs::read_to_string(format!("{folder}/{capture}.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let put = all
        .into_iter()
        .find(|one| one["method"] == "PUT" && one["url"].as_str().unwrap().contains("/jobs/"));
    let mut body = put.unwrap()["body"]["properties"].take();
    assert_eq!(
        body.as_object_mut().unwrap().remove("jobType"),
        Some(json!("Spark"))
    );
    body
}

/// Ours holds besides which object it belongs to, in a tag and in properties.
fn check(capture: &str, changes: &Value, seen: &Seen) {
    let mut ours = submitted(changes, seen);
    ours["properties"] = json!({});
    let tags = ours["tags"].as_object_mut().unwrap();
    assert!(tags.remove(TAG).is_some());
    assert_eq!(ours, theirs(capture), "{capture}");
}

fn serverless() -> Value {
    json!({"serverless": {"instanceType": "standard_e8s_v3", "runtimeVersion": "3.4"}})
}

fn as_user(mut changes: Value) -> Value {
    changes["identity"] = json!({"type": "UserIdentity"});
    changes["compute"] = serverless();
    changes
}

#[test]
fn where_it_runs_and_as_whom() {
    let named = |identity: Value| json!({"identity": identity});
    for (capture, changes) in [
        ("smallest", json!({"displayName": "job1"})),
        ("compute-id", json!({"compute": {"name": "theirs"}})),
        (
            "identity-client-id",
            named(json!({"type": "Managed", "clientId": "cid"})),
        ),
        (
            "identity-resource-id",
            named(json!({"type": "Managed", "resourceId": identity_id()})),
        ),
        (
            "identity-user-attached",
            named(json!({"type": "UserIdentity"})),
        ),
        (
            "identity-system-serverless",
            json!({"compute": serverless()}),
        ),
    ] {
        check(capture, &changes, &seen());
    }
}

#[test]
fn what_it_is_made_of() {
    let nine = Seen {
        code: Sight::Present(id("codes/c9/versions/2")),
        ..seen()
    };
    let nine_asset = json!({"code": {"asset": id("codes/c9/versions/2")}});
    check("code-id", &nine_asset, &nine);
    for (capture, changes) in [
        (
            "class",
            json!({"entry": {"className": "com.example.Main"}, "jars": ["app.jar"]}),
        ),
        (
            "files",
            json!({
                "pyFiles": ["lib/a.py", "lib/b.zip"],
                "jars": ["app.jar", "abfss://c@acct.dfs.core.windows.net/j.jar"],
                "files": ["conf.json"], "archives": ["venv.tar.gz#venv"],
            }),
        ),
        (
            "labels",
            json!({"description": "what it does", "tags": {"team": "data", "empty": ""}}),
        ),
    ] {
        check(capture, &changes, &seen());
    }
    for (capture, asset, version) in [
        ("environment", "azureml:e1:3".to_owned(), "3"),
        ("environment-id", id("environments/e1/versions/3"), "3"),
        ("environment-latest", "azureml:e1@latest".to_owned(), "7"),
    ] {
        let registered = Seen {
            environment: Sight::Present(id(&format!("environments/e1/versions/{version}"))),
            ..seen()
        };
        let changes = as_user(json!({"environment": {"asset": asset}}));
        check(capture, &changes, &registered);
    }
}

#[test]
fn how_large_it_is_and_what_it_reads() {
    let data = |type_: &str, path: &str| json!({"type": type_, "path": path});
    for (capture, changes) in [
        (
            "conf",
            json!({
                "args": "--text 'a b'",
                "conf": {
                    "spark.sql.shuffle.partitions": "8", "spark.speculation": "true", "spark.ui.enabled": "True",
                    "spark.jars.packages": "a:b:1,c:d:2",
                },
                "executor": {"cores": 2, "memory": "2g", "instances": 3},
                "dynamicAllocation": {"minExecutors": 1, "maxExecutors": 5},
            }),
        ),
        (
            "dynamic",
            as_user(json!({
                "executor": {"cores": 2, "memory": "2g"},
                "dynamicAllocation": {"minExecutors": 1, "maxExecutors": 5},
            })),
        ),
        (
            "data-assets",
            json!({"inputs": {
                "version": data("uri_file", "azureml:d1:3"), "latest": data("uri_folder", "azureml:d2@latest"),
                "id": data("mltable", &id("data/d3/versions/4")), "model": data("mlflow_model", "azureml:m1:2"),
                "newest": data("custom_model", "azureml:m2@latest"),
            }}),
        ),
    ] {
        check(capture, &changes, &seen());
    }
}
