//! Specs, field by field: words that some rule speaks of, in all places.

use azureml_spark_api::verdict::{Rows, SPARK_JOB_ROWS, patched};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Words that some rule or other speaks of.
const WORDS: &[&str] = &[
    "",
    "a",
    "src",
    "main.py",
    "lib/util.py",
    "../x.py",
    "/x.py",
    "a//b.py",
    "./a.py",
    ".py",
    "a.PY",
    "x#y",
    "azureml:src:1",
    "azureml:src@latest",
    "azureml:src",
    "azureml:",
    "azureml:a:b:c",
    "azureml://datastores/d/paths/p",
    "abfss://c@a/p",
    "abfss:x",
    "wasbs://c@a/p?sig=x",
    "https://a/b/c",
    "https://a/b",
    "https://a/b/c?sig=x",
    "http://a/b/c",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/codes/c/versions/1",
    "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w/data/d/versions/1",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/environments/e/versions/1/",
    "2g",
    "0g",
    "2",
    "g",
    "99999999999p",
    "999999999999g",
    "3.4",
    "3.",
    "v3",
    "standard_e4s_v3",
    "com.example.WordCount",
    "com..A",
    "$a._b",
    "pool",
    "their-pool",
    "their/pool",
    "uri_file",
    "mltable",
    "Managed",
    "UserIdentity",
    "Bucket",
    "GitRepository",
    "Always",
    "Leave",
    "Script",
    "Platform",
    "dependencies: []",
    "- a",
    "a: [",
    "${{inputs.a}}",
    "--x ${{ outputs.b }} ${{",
    "${{inputs.a.b}}",
    "${{}}",
    "}} ${{inputs.b}}",
    "AccountKey=x",
    "é…\u{0}",
];

/// Keys of the maps.
pub(super) const KEYS: &[&str] = &[
    "a",
    "b",
    "_c",
    "1d",
    "a-b",
    "",
    "spark.x",
    "spark.executor.cores",
    "fs.azure.sas.x",
    "team",
];

pub(super) fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => select(WORDS).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => (250_usize..260).prop_map(|n| "x".repeat(n)),
    ]
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0_i64..6,
        2 => select(vec![-1, 10, 11, 256, 257, 3_600, 3_601, 10_000, 10_001, 31_536_000, 31_536_001]),
        1 => any::<i32>().prop_map(i64::from),
        1 => any::<i64>(),
    ]
}

fn text() -> BoxedStrategy<Value> {
    word().prop_map(Value::String).boxed()
}

fn whole() -> BoxedStrategy<Value> {
    number().prop_map(Value::from).boxed()
}

fn flag() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(Value::Bool).boxed()
}

fn one_of(words: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop_oneof![9 => select(words).prop_map(|word| json!(word)), 1 => text()].boxed()
}

fn list(of: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    proptest::collection::vec(of, 0..4)
        .prop_map(Value::Array)
        .boxed()
}

fn map(of: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    proptest::collection::vec((select(KEYS), of), 0..4)
        .prop_map(|entries| {
            entries
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect()
        })
        .boxed()
}

/// An object with some of these fields.
fn fields(all: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let none = Just(Map::new()).boxed();
    all.into_iter()
        .fold(none, |object, (name, value)| {
            (object, proptest::option::of(value))
                .prop_map(move |(mut object, value)| {
                    object.extend(value.map(|value| (name.to_owned(), value)));
                    object
                })
                .boxed()
        })
        .prop_map(Value::Object)
        .boxed()
}

const TYPES: &[&str] = &["uri_file", "uri_folder", "mltable", "custom_model"];

fn of_code() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    let item = fields(vec![("key", text()), ("path", text())]);
    let config_map = fields(vec![("name", text()), ("items", list(item))]);
    let source = fields(vec![
        (
            "kind",
            one_of(&["GitRepository", "OCIRepository", "Bucket"]),
        ),
        ("name", text()),
        ("path", text()),
    ]);
    let code = fields(vec![
        ("configMaps", list(config_map)),
        ("asset", text()),
        ("uri", text()),
        ("sourceRef", source),
    ]);
    let key = fields(vec![("name", text()), ("key", text())]);
    let environment = fields(vec![
        ("asset", text()),
        ("conda", text()),
        ("condaConfigMapKeyRef", key),
    ]);
    vec![
        ("code", code),
        (
            "entry",
            fields(vec![("file", text()), ("className", text())]),
        ),
        ("pyFiles", list(text())),
        ("jars", list(text())),
        ("files", list(text())),
        ("archives", list(text())),
        ("environment", environment),
    ]
}

fn of_data() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    let from = fields(vec![("name", text()), ("output", text())]);
    let input = fields(vec![
        ("type", one_of(TYPES)),
        ("path", text()),
        ("value", text()),
        ("fromJob", from),
    ]);
    let asset = fields(vec![("name", text()), ("version", text())]);
    let output = fields(vec![
        ("type", one_of(TYPES)),
        ("path", text()),
        ("registerAs", asset),
    ]);
    vec![
        ("args", text()),
        ("inputs", map(input)),
        ("outputs", map(output)),
        ("conf", map(text())),
        ("tags", map(text())),
    ]
}

fn of_compute() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    let serverless = fields(vec![("instanceType", text()), ("runtimeVersion", text())]);
    let compute = fields(vec![
        ("attachmentRef", fields(vec![("name", text())])),
        ("name", text()),
        ("serverless", serverless),
    ]);
    let identity = fields(vec![
        ("type", one_of(&["Managed", "UserIdentity"])),
        ("clientId", text()),
        ("resourceId", text()),
    ]);
    let dynamic = fields(vec![("minExecutors", whole()), ("maxExecutors", whole())]);
    let driver = vec![("cores", whole()), ("memory", text())];
    let mut executor = driver.clone();
    executor.push(("instances", whole()));
    vec![
        ("compute", compute),
        ("identity", identity),
        ("driver", fields(driver)),
        ("executor", fields(executor)),
        ("dynamicAllocation", dynamic),
    ]
}

fn of_steering() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    let causes = list(one_of(&["Platform", "Script", "StartDeadline"]));
    let retry = fields(vec![
        ("maxAttempts", whole()),
        ("backoffSeconds", whole()),
        ("causes", causes),
    ]);
    vec![
        ("azureName", text()),
        (
            "adoptionPolicy",
            one_of(&["IfIdentical", "Always", "Never"]),
        ),
        ("displayName", text()),
        ("experimentName", text()),
        ("description", text()),
        ("suspend", flag()),
        ("cancel", flag()),
        ("activeDeadlineSeconds", whole()),
        ("startDeadlineSeconds", whole()),
        ("ttlSecondsAfterFinished", whole()),
        ("deletionPolicy", one_of(&["Cancel", "Leave"])),
        ("retry", retry),
    ]
}

/// A valid spec in which some fields are others: one, as a slip of the pen would have it, or many.
pub(super) fn spec() -> impl Strategy<Value = Value> {
    let all: Vec<(&'static str, BoxedStrategy<Value>)> =
        [of_code(), of_data(), of_compute(), of_steering()]
            .into_iter()
            .flatten()
            .collect();
    let change = proptest::strategy::Union::new(all.into_iter().map(|(name, value)| {
        // Laid over what is there, or in its place.
        (value, any::<bool>())
            .prop_map(move |(value, over)| (name, value, over))
            .boxed()
    }));
    let rows: Rows = serde_norway::from_str(SPARK_JOB_ROWS).unwrap();
    let rows: Vec<Value> = rows
        .create
        .iter()
        .filter(|row| row.refused.is_none())
        .map(|row| patched(&rows.spec, &[&row.patch]))
        .collect();
    (select(rows), proptest::collection::vec(change, 0..4)).prop_map(|(mut spec, changes)| {
        for (name, value, over) in changes {
            if over {
                spec = patched(&spec, &[&json!({ name: value })]);
            } else {
                spec[name] = value;
            }
        }
        spec
    })
}
