//! From a manifest to the body of its submission, one row per kind of job.

mod sdk;

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_core::Machine;
use azureml_spark_core::place::{Place, Reference, Workspace};
use azureml_spark_core::spark_job::{AttachedPool, Given, Patience, SparkJob, Submission};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

const POOL: &str = "/workspaces/w/computes/pool";
const IDENTITY: &str = "/identities/one";

fn given(changes: &Value) -> Given {
    let mut spec = json!({
        "workspaceRef": {"name": "ml"},
        "code": {"configMaps": [{"name": "src"}]},
        "entry": {"file": "main.py"},
        "driver": {"cores": 4, "memory": "28g"},
        "executor": {"cores": 4, "memory": "28g", "instances": 2},
        "compute": {"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}},
        "identity": {"type": "Managed"},
    });
    for (field, value) in changes.as_object().unwrap() {
        spec[field] = value.clone();
    }
    let file = |path: &str| (path.to_owned(), b"1".to_vec());
    let files = ["main.py", "lib.zip", "app.jar", "a.txt", "b.tgz"].map(file);
    Given {
        namespace: "team".into(),
        name: "titanic".into(),
        uid: "a-uid".into(),
        spec: serde_json::from_value(spec).unwrap(),
        workspace: Reference::Ready(Workspace {
            place: Place {
                namespace: "team".into(),
                name: "ml".into(),
            },
            azure_id: "/workspaces/w".into(),
            location: "eastus".into(),
            storage_account_id: None,
            operators_identity: false,
        }),
        attachment: changes["compute"]["attachmentRef"].is_object().then(|| {
            Reference::Ready(AttachedPool {
                compute_id: POOL.into(),
                default_identity: Some(IDENTITY.into()),
                ..AttachedPool::default()
            })
        }),
        workspace_identity: None,
        config_maps: [("src".to_owned(), Some(BTreeMap::from(files)))].into(),
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

fn pinned() -> Pinned {
    Pinned {
        definition_hash: "a-hash".into(),
        code_id: "/codes/1".into(),
        ..Pinned::default()
    }
}

/// The second attempt, on record.
fn on_record(pinned: Pinned) -> Memo {
    Memo {
        submission: Some(Submission {
            attempt: 2,
            requested: Timestamp::UNIX_EPOCH,
            definition_hash: pinned.definition_hash.clone(),
            seen_by_azure: false,
            found: false,
            foreign: false,
            mark: None,
            started: None,
        }),
        pinned: Some(pinned),
        ..Memo::default()
    }
}

fn sent(changes: &Value, pinned: Pinned) -> Value {
    let want = SparkJob::want(&given(changes)).unwrap();
    let definition = want.definition.as_ref().unwrap();
    let body = body(&want, definition, &on_record(pinned)).unwrap();
    serde_json::to_value(body).unwrap()
}

/// Changes to a plain job, what is on record, fields of the body, and why.
type Row = (Value, Pinned, Value, &'static str);

fn check(rows: impl IntoIterator<Item = Row>) {
    for (changes, pinned, expected, why) in rows {
        let found = sent(&changes, pinned);
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&found[field], value, "{why}: {field}");
        }
    }
}

#[test]
fn a_plain_job_is_the_whole_of_this() {
    let found = sent(&json!({}), pinned());
    let expected = json!({
        "displayName": "titanic", "experimentName": "Default", "isArchived": false,
        "tags": {"azureml-spark-operator": "team/titanic"},
        "properties": {
            "azureml-spark-operator.owner": "a-uid", "azureml-spark-operator.definition": "a-hash",
            "azureml-spark-operator.attempt": "2",
        },
        "codeId": "/codes/1", "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "main.py"},
        "identity": {"identityType": "Managed"},
        "conf": {
            "spark.driver.cores": "4", "spark.driver.memory": "28g", "spark.executor.cores": "4",
            "spark.executor.memory": "28g", "spark.executor.instances": "2",
        },
        "inputs": {}, "outputs": {},
        "resources": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"},
    });
    assert_eq!(found, expected);
}

#[test]
fn each_kind_of_job_is_sent_as_it_is_meant() {
    let on = |compute: Value| {
        let mut changes = json!({});
        changes["compute"] = compute;
        changes
    };
    let rows: [Row; 7] = [
        (
            json!({
                "entry": {"className": "com.example.Main"}, "jars": ["app.jar"], "pyFiles": ["lib.zip"],
                "files": ["a.txt", "abfss://c@a/b.txt"], "archives": ["b.tgz#b"], "args": "--x 1",
            }),
            pinned(),
            json!({
                "entry": {"sparkJobEntryType": "SparkJobScalaEntry", "className": "com.example.Main"},
                "jars": ["app.jar"], "pyFiles": ["lib.zip"], "files": ["a.txt", "abfss://c@a/b.txt"],
                "archives": ["b.tgz#b"], "args": "--x 1",
            }),
            "a class with all that it needs",
        ),
        (
            json!({"environment": {"asset": "azureml:AzureML-x@latest"}}),
            Pinned {
                environment_id: Some("azureml:AzureML-x@latest".into()),
                ..pinned()
            },
            json!({"environmentId": "azureml:AzureML-x@latest"}),
            "an environment",
        ),
        (
            on(json!({"attachmentRef": {"name": "pool"}})),
            Pinned {
                compute_id: Some(POOL.into()),
                identity_id: Some(IDENTITY.into()),
                ..pinned()
            },
            json!({
                "computeId": POOL, "resources": null,
                "identity": {"identityType": "Managed", "resourceId": IDENTITY},
            }),
            "an attachment, as its first identity",
        ),
        (
            on(json!({"name": "theirs"})),
            Pinned {
                compute_id: Some("/computes/theirs".into()),
                identity_id: Some("/identities/only".into()),
                ..pinned()
            },
            json!({
                "computeId": "/computes/theirs",
                "identity": {"identityType": "Managed", "resourceId": "/identities/only"},
            }),
            "a compute of somebody else, as the identity that it has",
        ),
        (
            json!({"identity": {"type": "Managed", "clientId": "a-client"}}),
            pinned(),
            json!({"identity": {"identityType": "Managed", "clientId": "a-client"}}),
            "an identity by its client id",
        ),
        (
            json!({"identity": {"type": "UserIdentity"}}),
            pinned(),
            json!({"identity": {"identityType": "UserIdentity"}}),
            "whoever submits",
        ),
        (
            json!({
                "displayName": "Titanic", "description": "who lived", "tags": {"team": "a"},
                "experimentName": "ships", "conf": {"spark.x": "y"},
                "executor": {"cores": 4, "memory": "28g"},
                "dynamicAllocation": {"minExecutors": 1, "maxExecutors": 6},
            }),
            pinned(),
            json!({
                "displayName": "Titanic", "description": "who lived", "experimentName": "ships",
                "tags": {"team": "a", "azureml-spark-operator": "team/titanic"},
                "conf": {
                    "spark.x": "y", "spark.driver.cores": "4", "spark.driver.memory": "28g",
                    "spark.executor.cores": "4", "spark.executor.memory": "28g", "spark.executor.instances": "1",
                    "spark.dynamicAllocation.enabled": "True", "spark.dynamicAllocation.minExecutors": "1",
                    "spark.dynamicAllocation.maxExecutors": "6",
                },
            }),
            "labels and sizes",
        ),
    ];
    check(rows);
}

#[test]
fn data_is_sent_by_address() {
    let rows: [Row; 2] = [
        (
            json!({"inputs": {
                "n": {"value": "5"}, "data": {"type": "mltable", "path": "azureml:titanic@latest"},
                "model": {"type": "mlflow_model", "path": "azureml:m:1"},
            }}),
            Pinned {
                inputs: [
                    (
                        "data".to_owned(),
                        (DataType::Mltable, "/data/titanic/versions/3".to_owned()),
                    ),
                    (
                        "model".to_owned(),
                        (DataType::MlflowModel, "/models/m/versions/1".to_owned()),
                    ),
                ]
                .into(),
                ..pinned()
            },
            json!({"inputs": {
                "n": {"jobInputType": "literal", "value": "5"},
                "data": {"jobInputType": "mltable", "uri": "/data/titanic/versions/3", "mode": "Direct"},
                "model": {"jobInputType": "mlflow_model", "uri": "/models/m/versions/1", "mode": "Direct"},
            }}),
            "names of data are the ids that they meant",
        ),
        (
            json!({"outputs": {
                "out": {"type": "uri_file", "path": "abfss://c@a/o", "registerAs": {"name": "o", "version": "2"}},
                "model": {"type": "custom_model", "path": "azureml://datastores/d/paths/m"},
            }}),
            pinned(),
            json!({"outputs": {
                "out": {
                    "jobOutputType": "uri_file", "uri": "abfss://c@a/o", "mode": "Direct",
                    "assetName": "o", "assetVersion": "2",
                },
                "model": {"jobOutputType": "custom_model", "uri": "azureml://datastores/d/paths/m", "mode": "Direct"},
            }}),
            "outputs",
        ),
    ];
    check(rows);
}

#[test]
fn nothing_is_sent_of_which_the_names_are_not_on_record() {
    let inputs = json!({"inputs": {"data": {"type": "uri_file", "path": "azureml:x:1"}}});
    for changes in [json!({"compute": {"name": "theirs"}}), inputs] {
        let want = SparkJob::want(&given(&changes)).unwrap();
        let definition = want.definition.as_ref().unwrap();
        let fault = body(&want, definition, &on_record(pinned())).unwrap_err();
        assert_eq!(fault.code, "NotReady");
        assert!(body(&want, definition, &Memo::default()).is_err());
    }
}
