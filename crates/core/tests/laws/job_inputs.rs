//! Jobs, runs and memories, as they come.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::spark_job::{CancelCause, DataType, Failure, SubmissionMark};
use azureml_spark_core::Sight;
use azureml_spark_core::place::{Place, Reference, Workspace};
use azureml_spark_core::spark_job::{
    AttachedPool, Cancel, End, Ended, Given, LabelState, Labelled, Memo, Past, Patience, Pinned,
    Run, RunState, Seen, Sighted, Submission,
};
use jiff::SignedDuration;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::material::{assets, compute, identity, made_of, material, produced, source, written};
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
        12 => ready,
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
    let often = |share| proptest::bool::weighted(share);
    let kinds = (often(0.3), often(0.1), often(0.85), any::<bool>());
    (odd(), odd(), odd(), odd(), numbers, option::weighted(0.4, odd()), kinds).prop_map(
        |(memory, args, input, file, (cores, instances, dynamic), azure_name, (serverless, user, usual, items))| {
            let mut spec = json!({
                "workspaceRef": {"name": "ml"},
                "code": {"configMaps": [{"name": "src"}]},
                "entry": {"file": if usual { "main.py".to_owned() } else { file }},
                "driver": {"cores": 1, "memory": "2g"},
                "executor": {"cores": if usual { 4 } else { cores }, "memory": if usual { "28g".to_owned() } else { memory }},
                "compute": {"attachmentRef": {"name": "pool"}},
                "inputs": {(if usual { "rows".to_owned() } else { input }): {"value": "5"}},
                "args": if usual { "--rows ${{inputs.rows}}".to_owned() } else { args },
            });
            if serverless {
                spec["compute"] = json!({"serverless": {"instanceType": "x", "runtimeVersion": "3.4"}});
                spec["identity"] = json!({"type": "Managed"});
            }
            if user {
                spec["identity"] = json!({"type": "UserIdentity"});
            }
            if items {
                spec["code"]["configMaps"][0]["items"] = json!([{"key": "main.py", "path": "main.py"}]);
            }
            if let Some((least, most)) = dynamic.filter(|_| !usual) {
                spec["dynamicAllocation"] = json!({"minExecutors": least, "maxExecutors": most});
            }
            if usual {
                spec["executor"]["instances"] = json!(6);
            } else if let Some(instances) = instances {
                spec["executor"]["instances"] = json!(instances);
            }
            if let Some(name) = azure_name {
                spec["azureName"] = json!(if usual { "nightly".to_owned() } else { name });
            }
            serde_json::from_value(spec).unwrap()
        },
    )
    .boxed()
}

/// How a person may steer, as fields of a spec.
pub(crate) fn steering() -> impl Strategy<Value = Value> {
    let some = |least: i64, most: i64| option::of(least..most);
    let retry = option::of((1_i32..4, 1_i32..100, any::<[bool; 3]>()));
    let policy = option::of(prop_oneof![
        Just("Always"),
        Just("Never"),
        Just("IfIdentical")
    ]);
    let often = || proptest::bool::weighted(0.3);
    (
        often(),
        proptest::bool::weighted(0.15),
        (some(1, 400), some(1, 400), some(0, 400)),
        retry,
        often(),
        policy,
        option::of("[a-z]{1,3}"),
    )
        .prop_map(
            |(suspend, cancel, (active, start, ttl), retry, leave, policy, title)| {
                let mut fields = json!({
                    "suspend": suspend, "cancel": cancel, "activeDeadlineSeconds": active, "startDeadlineSeconds": start,
                    "ttlSecondsAfterFinished": ttl, "adoptionPolicy": policy, "displayName": title,
                });
                if leave {
                    fields["deletionPolicy"] = json!("Leave");
                }
                if let Some((most, wait, named)) = retry {
                    let causes = ["Platform", "Script", "StartDeadline"].into_iter().zip(named);
                    let causes: Vec<_> = causes.filter(|(_, named)| *named).map(|(c, _)| c).collect();
                    fields["retry"] = json!({"maxAttempts": most, "backoffSeconds": wait, "causes": causes});
                }
                fields
            },
        )
    .boxed()
}

/// The spec with this steering.
pub(crate) fn steered(spec: &SparkJobSpec, steering: &Value) -> SparkJobSpec {
    let mut all = serde_json::to_value(spec).unwrap();
    for (field, value) in steering.as_object().unwrap() {
        all[field] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

pub(crate) fn given() -> impl Strategy<Value = Given> {
    let attachment = option::weighted(
        0.9,
        prop_oneof![
            12 => option::of(text()).prop_map(|default_identity| Reference::Ready(AttachedPool {
                compute_id: "/computes/pool".to_owned(),
                default_identity,
                ..AttachedPool::default()
            })),
            1 => text().prop_map(Reference::NotReady),
            1 => Just(Reference::Missing),
        ],
    );
    let files = prop_oneof![
        6 => Just(BTreeMap::from([
            ("main.py".to_owned(), b"1".to_vec()),
            ("conda.yaml".to_owned(), b"dependencies: []".to_vec()),
        ])),
        1 => proptest::collection::btree_map(odd(), any::<Vec<u8>>(), 0..3),
    ];
    let maps = option::weighted(0.9, option::weighted(0.9, files));
    let pinned = (option::weighted(0.2, pinned()), any::<bool>());
    let seconds = || prop_oneof![1_i64..5, 60_i64..90_000].prop_map(SignedDuration::from_secs);
    let patience =
        (seconds(), seconds(), seconds()).prop_map(|(cancel, silence, passing)| Patience {
            cancel,
            silence,
            passing,
        });
    let named = (source(), produced(), option::weighted(0.2, identity()));
    (
        (spec(), steering(), material()),
        workspace(),
        attachment,
        (maps, named),
        pinned,
        patience,
        (any::<bool>(), any::<bool>()),
    )
        .prop_map(
            |(
                (spec, steering, material),
                workspace,
                attachment,
                (files, (source, produced, workspace_identity)),
                (pinned, begun),
                patience,
                (held, deleting),
            )| {
                Given {
                    namespace: "team".to_owned(),
                    name: "titanic".to_owned(),
                    uid: "the-uid".to_owned(),
                    spec: steered(&made_of(&spec, &material), &steering),
                    workspace,
                    attachment,
                    workspace_identity,
                    config_maps: files
                        .map(|files| ("src".to_owned(), files))
                        .into_iter()
                        .collect(),
                    source,
                    produced,
                    retired: BTreeSet::new(),
                    patience,
                    pinned,
                    begun,
                    held: held || deleting,
                    deleting,
                }
            },
        )
        .boxed()
}

fn pinned() -> impl Strategy<Value = Pinned> {
    let hash = prop_oneof![Just("a-hash".to_owned()), text()];
    (hash, option::of(text()), option::of(text())).prop_map(
        |(definition_hash, environment_id, identity_id)| Pinned {
            definition_hash,
            code_id: "/codes/1".to_owned(),
            environment_id,
            inputs: BTreeMap::from([(
                "data".to_owned(),
                (DataType::UriFile, "azureml://x".to_owned()),
            )]),
            compute_id: Some("/computes/pool".to_owned()),
            identity_id,
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
        option::of(1_i32..4),
        option::of(text()),
        option::of(text()),
    )
        .prop_map(
            |(state, owner, definition_hash, (started, ended), attempt, code_id, studio_url)| Run {
                azure_id: "/jobs/x".to_owned(),
                state,
                owner,
                definition_hash,
                held_by: None,
                attempt,
                code_id,
                studio_url,
                started,
                ended,
            },
        )
        .boxed()
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
        sight(Just("/environments/1".to_owned())),
        sight(run()),
        sight(failure()),
        any::<bool>(),
        sight(text()),
        (assets(), sight(compute()), sight(written())),
    )
        .prop_map(
            |(code, environment, run, failure, log_pending, labels, named)| {
                let seen = Seen {
                    code,
                    environment,
                    run,
                    failure,
                    log_pending,
                    labels,
                    inputs: named.0,
                    compute: named.1,
                    ..Seen::default()
                };
                Seen {
                    outputs: named.2,
                    ..seen
                }
            },
        )
        .boxed()
}

fn end() -> impl Strategy<Value = End> {
    proptest::sample::select(End::ALL.to_vec())
}

pub(crate) fn ended() -> impl Strategy<Value = Ended> {
    let note = option::weighted(0.2, text());
    (state(), second(), end(), note, option::of(failure()))
        .prop_map(|(state, at, reason, note, failure)| Ended {
            state,
            at,
            reason,
            note,
            failure,
        })
        .boxed()
}

fn past() -> impl Strategy<Value = Past> {
    (1_i32..20, state(), option::of(second()), second(), end())
        .prop_map(|(attempt, state, started, ended, reason)| Past {
            attempt,
            azure_name: format!("titanic-{attempt}"),
            state,
            started,
            ended,
            reason,
        })
        .boxed()
}

fn cancel() -> impl Strategy<Value = Cancel> {
    let why = prop_oneof![
        Just(CancelCause::Asked),
        Just(CancelCause::Suspend),
        Just(CancelCause::Deadline),
        Just(CancelCause::StartDeadline),
        Just(CancelCause::NotResponding),
        Just(CancelCause::Deleted),
    ];
    let refusal = (option::of(text()), option::of(second()));
    (why, second(), second(), any::<i32>(), refusal).prop_map(
        |(why, since, asked, tries, (refused, refused_at))| Cancel {
            why,
            since,
            asked,
            tries,
            refused,
            refused_at,
        },
    )
}

fn submission() -> impl Strategy<Value = Submission> {
    let hash = prop_oneof![Just("a-hash".to_owned()), Just(String::new())];
    let marks = any::<[bool; 3]>();
    let mark = option::of(prop_oneof![
        Just(SubmissionMark::Repeated),
        Just(SubmissionMark::Refused),
        Just(SubmissionMark::Last),
        Just(SubmissionMark::Exists),
    ]);
    let flags = (marks, mark);
    (any::<i32>(), second(), hash, flags, option::of(second()))
        .prop_map(
            |(
                attempt,
                requested,
                definition_hash,
                ([seen_by_azure, found, foreign], mark),
                started,
            )| {
                Submission {
                    attempt,
                    requested,
                    definition_hash,
                    seen_by_azure,
                    found,
                    foreign,
                    mark,
                    started,
                }
            },
        )
        .boxed()
}

fn labelled() -> impl Strategy<Value = Labelled> {
    let state = prop_oneof![
        Just(LabelState::Sending),
        Just(LabelState::Sent),
        Just(LabelState::Refused)
    ];
    let times = (option::of(second()), option::of(second()));
    (text(), state, times).prop_map(|(hash, state, (again, since))| Labelled {
        hash,
        state,
        again,
        since,
    })
}

/// Whatever may stand in a status, also by somebody's hand.
pub(crate) fn memo() -> impl Strategy<Value = Memo> {
    let sighted = (state(), second()).prop_map(|(state, since)| Sighted { state, since });
    (
        option::of(submission()),
        (option::of(pinned()), option::of(text())),
        proptest::collection::vec(past(), 0..4),
        option::of(sighted),
        option::of(cancel()),
        option::of(second()),
        option::weighted(0.2, ended()),
        option::of(labelled()),
        option::weighted(0.3, second()),
    )
        .prop_map(
            |(submission, (pinned, first), past, sighted, cancel, started, ended, labels, next)| {
                Memo {
                    submission,
                    // What is known whole is not known in part.
                    first: first.filter(|_| pinned.is_none()),
                    pinned,
                    past,
                    sighted,
                    cancel,
                    started,
                    ended,
                    labels,
                    next_attempt: next,
                }
            },
        )
        .boxed()
}
