//! What a job is made of: code, packages, data and compute, and what is found of it in the cluster and in Azure.

use std::collections::BTreeMap;
use std::sync::Arc;

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::spark_job::DataType;
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use azureml_spark_core::Sight;
use azureml_spark_core::spark_job::{Artifact, NamedCompute, Produced, Source, Written};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::times::text;

const ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/codes/app/versions/1";

/// Everything that a spec may name besides the `ConfigMap` with its code, as fields of a spec.
pub(crate) fn material() -> impl Strategy<Value = Value> {
    let code = option::weighted(
        0.6,
        proptest::sample::select(vec![
            json!({"asset": "azureml:app@latest"}),
            json!({"asset": "azureml:app:1"}),
            json!({"asset": ID}),
            json!({"uri": "https://account.blob.core.windows.net/container/app"}),
            json!({"sourceRef": {"kind": "GitRepository", "name": "app"}}),
            json!({"sourceRef": {"kind": "Bucket", "name": "app", "path": "jobs"}}),
        ]),
    );
    let environment = option::weighted(
        0.4,
        proptest::sample::select(vec![
            json!({"asset": "azureml:packages@latest"}),
            json!({"conda": "dependencies: []"}),
            json!({"conda": "- no mapping"}),
            json!({"condaConfigMapKeyRef": {"name": "src", "key": "conda.yaml"}}),
            json!({"condaConfigMapKeyRef": {"name": "other", "key": "conda.yaml"}}),
        ]),
    );
    let inputs = option::weighted(
        0.5,
        proptest::sample::subsequence(
            vec![
                (
                    "data",
                    json!({"type": "uri_file", "path": "azureml:rows@latest"}),
                ),
                (
                    "folder",
                    json!({"type": "uri_folder", "path": "abfss://c@a.dfs.core.windows.net/in"}),
                ),
                (
                    "clean",
                    json!({"fromJob": {"name": "first", "output": "clean"}}),
                ),
            ],
            1..=3,
        ),
    );
    let outputs = option::weighted(
        0.4,
        proptest::sample::select(vec![
            json!({}),
            json!({"name": "o"}),
            json!({"name": "o", "version": "2"}),
        ]),
    );
    let theirs = proptest::bool::weighted(0.15);
    (code, environment, inputs, outputs, theirs)
        .prop_map(|(code, environment, inputs, outputs, theirs)| {
            let mut fields = Map::new();
            fields.extend(code.map(|code| ("code".to_owned(), code)));
            fields.extend(environment.map(|environment| ("environment".to_owned(), environment)));
            if theirs {
                fields.insert("compute".to_owned(), json!({"name": "theirs"}));
            }
            if let Some(inputs) = inputs {
                let inputs = inputs
                    .into_iter()
                    .map(|(name, input)| (name.to_owned(), input));
                fields.insert("inputs".to_owned(), Value::Object(inputs.collect()));
            }
            if let Some(asset) = outputs {
                let mut output =
                    json!({"type": "uri_folder", "path": "abfss://c@a.dfs.core.windows.net/out"});
                if asset.get("name").is_some() {
                    output["registerAs"] = asset;
                }
                fields.insert("outputs".to_owned(), json!({"o": output}));
            }
            Value::Object(fields)
        })
        .boxed()
}

/// The spec with this material; inputs that it has stay.
pub(crate) fn made_of(spec: &SparkJobSpec, material: &Value) -> SparkJobSpec {
    let mut all = serde_json::to_value(spec).unwrap();
    for (field, value) in material.as_object().unwrap() {
        match (all.get_mut(field), value) {
            (Some(Value::Object(before)), Value::Object(more)) if field == "inputs" => {
                before.extend(more.clone());
            }
            _ => all[field] = value.clone(),
        }
    }
    serde_json::from_value(all).unwrap()
}

/// What a Flux source gives.
pub(crate) fn source() -> impl Strategy<Value = Option<Source>> {
    let files = vec(
        proptest::sample::select(vec!["main.py", "jobs/main.py", "jobs/other.py"]),
        0..3,
    );
    let ready = (text(), text(), files).prop_map(|(revision, digest, files)| {
        let content: Arc<[u8]> = Arc::from(b"1".as_slice());
        let files = files
            .into_iter()
            .map(|path| (path.to_owned(), Arc::clone(&content)));
        Source::Ready(Artifact {
            revision,
            digest,
            folder: files.collect(),
        })
    });
    option::weighted(
        0.9,
        prop_oneof![
            4 => ready,
            1 => Just(Source::Missing),
            1 => text().prop_map(Source::NotReady),
            1 => text().prop_map(Source::Unusable),
        ],
    )
}

/// What the job `first` has written, if it is there and has.
pub(crate) fn produced() -> impl Strategy<Value = BTreeMap<String, Produced>> {
    let names = || prop_oneof![3 => Just("clean".to_owned()), 1 => text()];
    let done = btree_map(names(), text(), 0..3).prop_map(|outputs| {
        let outputs = outputs.into_iter();
        Produced::Done(
            outputs
                .map(|(name, address)| (name, (DataType::UriFolder, address)))
                .collect(),
        )
    });
    let waiting = (text(), btree_set(names(), 0..3))
        .prop_map(|(why, outputs)| Produced::Waiting { why, outputs });
    let first = prop_oneof![
        4 => done,
        2 => waiting,
        1 => Just(Produced::Missing),
        1 => text().prop_map(Produced::Failed),
        1 => vec(text(), 1..4).prop_map(Produced::Circular),
    ];
    option::weighted(0.9, first).prop_map(|first| {
        first
            .map(|it| ("first".to_owned(), it))
            .into_iter()
            .collect()
    })
}

/// The identities of a workspace or a compute.
pub(crate) fn identity() -> impl Strategy<Value = ResourceIdentity> {
    let attached = vec((text(), option::of(text())), 0..3);
    (option::of(text()), attached).prop_map(|(principal_id, attached)| ResourceIdentity {
        type_: "SystemAssigned,UserAssigned".to_owned(),
        principal_id,
        tenant_id: None,
        user_assigned: attached
            .into_iter()
            .map(|(resource_id, client_id)| UserAssignedIdentity {
                resource_id,
                client_id,
                principal_id: None,
            })
            .collect(),
    })
}

/// The pool behind a compute.
const POOL: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/w/bigDataPools/p";

/// The compute that this cluster does not manage.
pub(crate) fn compute() -> impl Strategy<Value = NamedCompute> {
    let kind = prop_oneof![4 => Just("SynapseSpark".to_owned()), 1 => text()];
    (kind, option::of(identity())).prop_map(|(kind, identity)| NamedCompute {
        id: "/computes/theirs".to_owned(),
        kind,
        identity,
        pool: Some(POOL.to_owned()),
    })
}

/// What is found of the data assets that are inputs.
pub(crate) fn assets() -> impl Strategy<Value = BTreeMap<String, Sight<String>>> {
    let data = crate::job_inputs::sight(text());
    option::weighted(0.8, data)
        .prop_map(|data| data.map(|it| ("data".to_owned(), it)).into_iter().collect())
}

/// What Azure tells of outputs.
pub(crate) fn written() -> impl Strategy<Value = BTreeMap<String, Written>> {
    let written = (option::of(text()), option::of((text(), text())))
        .prop_map(|(path, asset)| Written { path, asset });
    btree_map(
        prop_oneof![3 => Just("o".to_owned()), 1 => text()],
        written,
        0..3,
    )
}
