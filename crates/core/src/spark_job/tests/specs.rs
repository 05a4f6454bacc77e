//! Generated specs: whatever comes, `want` answers, and says of a spec alone what the apiserver would say.

use azureml_spark_api::spark_job::DataType;
use azureml_spark_api::verdict::{Judge, Rows, SPARK_JOB_ROWS, patched};
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::object::given;
use crate::machine::{Machine, Sight};
use crate::place::Reference;
use crate::spark_job::pinned::resolve;
use crate::spark_job::{
    Artifact, AttachedPool, Folder, Given, NamedCompute, Pinned, Produced, Seen, Source, SparkJob,
};

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
const KEYS: &[&str] = &[
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

fn word() -> impl Strategy<Value = String> {
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
fn spec() -> impl Strategy<Value = Value> {
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

fn identity() -> impl Strategy<Value = Option<ResourceIdentity>> {
    let user_assigned = proptest::collection::vec(
        (word(), proptest::option::of(word())).prop_map(|(resource_id, client_id)| {
            UserAssignedIdentity {
                resource_id,
                client_id,
                principal_id: None,
            }
        }),
        0..3,
    );
    let words = &["SystemAssigned", "UserAssigned", "None"][..];
    proptest::option::of(
        (select(words), user_assigned).prop_map(|(type_, user_assigned)| ResourceIdentity {
            type_: type_.to_owned(),
            user_assigned,
            ..ResourceIdentity::default()
        }),
    )
}

/// What may be found at the ends of the references.
fn surroundings() -> impl Strategy<Value = Given> {
    let files = || proptest::collection::btree_map(word(), any::<Vec<u8>>(), 0..4);
    let folder = files().prop_map(|files| {
        let files = files.into_iter().map(|(path, bytes)| (path, bytes.into()));
        files.collect::<Folder>()
    });
    let source = prop_oneof![
        3 => folder.prop_map(|folder| Source::Ready(Artifact { revision: "r".to_owned(), digest: "d".to_owned(), folder })),
        1 => word().prop_map(Source::NotReady),
        1 => word().prop_map(Source::Unusable),
        1 => Just(Source::Missing),
    ];
    let produced = prop_oneof![
        3 => word().prop_map(|path| Produced::Done([("a".to_owned(), (DataType::UriFile, path))].into())),
        1 => word().prop_map(|why| Produced::Waiting { why, outputs: ["a".to_owned()].into() }),
        1 => word().prop_map(Produced::Failed),
        1 => Just(Produced::Missing),
    ];
    let pool =
        (proptest::option::of(word()), identity()).prop_map(|(default_identity, identity)| {
            Reference::Ready(AttachedPool {
                compute_id: "/computes/pool".to_owned(),
                default_identity,
                identity,
                spark_version: Some("3.4".to_owned()),
            })
        });
    let attachment = prop_oneof![3 => pool, 1 => word().prop_map(Reference::NotReady), 1 => Just(Reference::Missing)];
    let pinned = (word(), proptest::option::of(word())).prop_map(|(code_id, compute_id)| Pinned {
        code_id,
        compute_id,
        inputs: [("a".to_owned(), (DataType::UriFile, "p".to_owned()))].into(),
        ..Pinned::default()
    });
    (
        proptest::option::of(attachment),
        identity(),
        proptest::collection::btree_map(word(), proptest::option::of(files()), 0..3),
        proptest::option::of(source),
        proptest::collection::btree_map(word(), produced, 0..3),
        proptest::option::weighted(0.1, pinned),
        any::<[bool; 3]>(),
    )
        .prop_map(
            |(
                attachment,
                workspace_identity,
                maps,
                source,
                produced,
                pinned,
                [usual, workspace, deleting],
            )| {
                let mut given = given();
                if !workspace {
                    given.workspace = Reference::NotReady("no".to_owned());
                }
                if !usual {
                    given.config_maps = maps;
                    given.attachment = attachment;
                }
                Given {
                    workspace_identity,
                    source,
                    produced,
                    pinned,
                    deleting: deleting && !usual,
                    ..given
                }
            },
        )
}

fn seen() -> impl Strategy<Value = Seen> {
    let sight = || {
        prop_oneof![
            Just(Sight::Unknown),
            Just(Sight::Absent),
            word().prop_map(Sight::Present)
        ]
    };
    let compute = (word(), identity()).prop_map(|(id, identity)| {
        Sight::Present(NamedCompute {
            id,
            kind: "SynapseSpark".to_owned(),
            identity,
        })
    });
    (
        sight(),
        sight(),
        proptest::collection::btree_map(select(KEYS).prop_map(str::to_owned), sight(), 0..3),
        prop_oneof![3 => compute, 1 => Just(Sight::Absent), 1 => Just(Sight::Unknown)],
    )
        .prop_map(|(code, environment, inputs, compute)| Seen {
            code,
            environment,
            inputs,
            compute,
            ..Seen::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_there_is_an_answer(spec in spec(), given in surroundings(), seen in seen()) {
        let Ok(spec) = serde_json::from_value(spec) else {
            return Ok(());
        };
        let given = Given { spec, ..given };
        let Ok(want) = SparkJob::want(&given) else {
            prop_assert!(!given.deleting, "whatever is wrong, it can be deleted");
            return Ok(());
        };
        prop_assert_eq!(want.workspace.is_none(), given.workspace.ready().is_none());
        match want.definition {
            Ok(definition) => {
                prop_assert_eq!(definition.hash(), SparkJob::want(&given).unwrap().definition.unwrap().hash());
                if let Ok(pinned) = resolve(&definition, &seen) {
                    let again = Given { pinned: Some(pinned.clone()), ..given };
                    let again = SparkJob::want(&again).unwrap().definition;
                    // What was submitted once can be submitted again, and is the same.
                    prop_assert_eq!(again.map(|run| run.hash()), Ok(pinned.definition_hash));
                }
            }
            Err(blocked) => {
                prop_assert!(!blocked.message.is_empty());
                prop_assert!(given.workspace.ready().is_none() || blocked.message.contains("spec.") || blocked.message.contains(" is not ready: "), "{}", blocked.message);
            }
        }
    }
}

#[test]
fn of_a_spec_alone_the_apiserver_says_the_same() {
    let judge = Judge::of("SparkJob").unwrap();
    // `SPECS` raises the number.
    let cases = std::env::var("SPECS").ok().and_then(|n| n.parse().ok());
    let config = ProptestConfig {
        cases: cases.unwrap_or(2_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let verdicts = std::cell::Cell::new([0_u32; 2]);
    proptest!(config, |(spec in spec())| {
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
