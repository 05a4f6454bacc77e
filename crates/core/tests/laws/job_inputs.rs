//! Jobs, runs and memories, as they come.

use std::collections::BTreeMap;

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::spark_job::Failure;
use azureml_spark_core::Sight;
use azureml_spark_core::place::{Place, Reference, Workspace};
use azureml_spark_core::spark_job::{
    AttachedPool, Ended, Given, Memo, Run, RunState, Seen, Submission,
};
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use crate::times::{second, text};

pub(crate) fn workspace() -> impl Strategy<Value = Reference<Workspace>> {
    let ready = any::<bool>().prop_map(|operators_identity| {
        Reference::Ready(Workspace {
            place: Place {
                namespace: "team".to_owned(),
                name: "ml".to_owned(),
            },
            azure_id: "/workspaces/ml".to_owned(),
            location: "eastus".to_owned(),
            storage_account_id: None,
            operators_identity,
        })
    });
    prop_oneof![
        6 => ready,
        1 => text().prop_map(Reference::NotReady),
        1 => Just(Reference::Missing),
    ]
}

/// What an object may say that came past no schema.
fn odd() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,5}",
        "\\PC{0,8}",
        "[0-9]{1,25}[kKmMgGtTpPé]?",
        Just("main.py".to_owned()),
        "(\\$\\{\\{ ?[a-z.]{0,12} ?\\}?\\}? ?){1,3}",
    ]
}

fn spec() -> impl Strategy<Value = SparkJobSpec> {
    let numbers = (
        any::<i32>(),
        option::of(any::<i32>()),
        option::of((any::<i32>(), any::<i32>())),
    );
    (odd(), odd(), odd(), odd(), numbers, option::of(odd()), any::<[bool; 4]>()).prop_map(
        |(memory, args, input, file, (cores, instances, dynamic), azure_name, [serverless, user, usual, items])| {
            let mut spec = json!({
                "workspaceRef": {"name": "ml"},
                "code": {"configMaps": [{"name": "src"}]},
                "entry": {"file": if usual { "main.py".to_owned() } else { file }},
                "driver": {"cores": 1, "memory": "2g"},
                "executor": {"cores": cores, "memory": if usual { "28g".to_owned() } else { memory }},
                "compute": {"attachmentRef": {"name": "pool"}},
                "inputs": {(if usual { "rows".to_owned() } else { input }): {"value": "5"}},
                "args": if usual { "--rows ${{inputs.rows}}".to_owned() } else { args },
            });
            if serverless {
                spec["compute"] = json!({"serverless": {"instanceType": "x", "runtimeVersion": "3.4"}});
            }
            if user {
                spec["identity"] = json!({"type": "UserIdentity"});
            }
            if items {
                spec["code"]["configMaps"][0]["items"] = json!([{"key": "main.py", "path": "main.py"}]);
            }
            if let Some((least, most)) = dynamic {
                spec["dynamicAllocation"] = json!({"minExecutors": least, "maxExecutors": most});
            }
            if usual {
                spec["executor"]["instances"] = json!(6);
            } else if let Some(instances) = instances {
                spec["executor"]["instances"] = json!(instances);
            }
            if let Some(name) = azure_name {
                spec["azureName"] = json!(name);
            }
            serde_json::from_value(spec).unwrap()
        },
    )
}

pub(crate) fn given() -> impl Strategy<Value = Given> {
    let attachment = option::of(prop_oneof![
        4 => option::of(text()).prop_map(|default_identity| Reference::Ready(AttachedPool {
            compute_id: "/computes/pool".to_owned(),
            default_identity,
        })),
        1 => text().prop_map(Reference::NotReady),
        1 => Just(Reference::Missing),
    ]);
    let files = prop_oneof![
        6 => Just(BTreeMap::from([("main.py".to_owned(), b"1".to_vec())])),
        1 => proptest::collection::btree_map(odd(), any::<Vec<u8>>(), 0..3),
    ];
    let maps = option::weighted(0.9, option::weighted(0.9, files));
    (
        spec(),
        workspace(),
        attachment,
        maps,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(spec, workspace, attachment, files, held, deleting)| Given {
                namespace: "team".to_owned(),
                name: "titanic".to_owned(),
                uid: "the-uid".to_owned(),
                spec,
                workspace,
                attachment,
                config_maps: files
                    .map(|files| ("src".to_owned(), files))
                    .into_iter()
                    .collect(),
                held: held || deleting,
                deleting,
            },
        )
}

fn state() -> impl Strategy<Value = RunState> {
    let words = [
        "NotStarted",
        "Starting",
        "Provisioning",
        "Preparing",
        "Queued",
        "Running",
        "Finalizing",
        "CancelRequested",
        "Completed",
        "Failed",
        "Canceled",
        "NotResponding",
        "Paused",
        "Unknown",
    ];
    proptest::sample::select(words.to_vec()).prop_map(RunState::parse)
}

fn failure() -> impl Strategy<Value = Failure> {
    let code = prop_oneof![Just("UserError".to_owned()), text()];
    (code, text(), option::of(text())).prop_map(|(code, message, log_tail)| Failure {
        code,
        message,
        log_tail,
    })
}

fn run() -> impl Strategy<Value = Run> {
    let owner = prop_oneof![4 => Just(Some("the-uid".to_owned())), 1 => Just(None), 1 => Just(Some("another".to_owned()))];
    let hash = prop_oneof![
        Just(None),
        Just(Some("a-hash".to_owned())),
        Just(Some(String::new()))
    ];
    let times = (option::of(second()), option::of(second()));
    (
        state(),
        owner,
        hash,
        times,
        option::of(text()),
        option::of(text()),
    )
        .prop_map(
            |(state, owner, definition_hash, (started, ended), code_id, studio_url)| Run {
                azure_id: "/jobs/x".to_owned(),
                state,
                owner,
                definition_hash,
                code_id,
                studio_url,
                started,
                ended,
            },
        )
}

pub(crate) fn sight<T: std::fmt::Debug + Clone>(
    present: impl Strategy<Value = T>,
) -> impl Strategy<Value = Sight<T>> {
    prop_oneof![
        1 => Just(()).prop_map(|()| Sight::Unknown),
        1 => Just(()).prop_map(|()| Sight::Absent),
        3 => present.prop_map(Sight::Present),
    ]
}

pub(crate) fn seen() -> impl Strategy<Value = Seen> {
    (
        sight(Just("/codes/1".to_owned())),
        sight(run()),
        sight(failure()),
    )
        .prop_map(|(code, run, failure)| Seen { code, run, failure })
}

pub(crate) fn ended() -> impl Strategy<Value = Ended> {
    (state(), second(), option::of(failure())).prop_map(|(state, at, failure)| Ended {
        state,
        at,
        failure,
    })
}

/// Whatever may stand in a status, also by somebody's hand.
pub(crate) fn memo() -> impl Strategy<Value = Memo> {
    let hash = prop_oneof![Just("a-hash".to_owned()), Just(String::new())];
    let submission = (any::<i32>(), second(), hash, any::<bool>()).prop_map(
        |(attempt, requested, definition_hash, seen_by_azure)| Submission {
            attempt,
            requested,
            definition_hash,
            code_id: "/codes/1".to_owned(),
            seen_by_azure,
        },
    );
    (
        option::of(submission),
        option::of(second()),
        option::of(second()),
        option::weighted(0.2, ended()),
    )
        .prop_map(|(submission, cancel, started, ended)| Memo {
            submission,
            cancel,
            started,
            ended,
        })
}
