//! A job that could be submitted at once, and runs of it; each row of a table changes one thing.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::Reason;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::spark_job::CancelCause;
use jiff::Timestamp;
use serde_json::json;

use crate::machine::{Machine, Pass, Sight};
use crate::place::{Place, Reference, Workspace};
use crate::spark_job::{
    AttachedPool, Cancel, End, Ended, Given, LabelState, Labelled, Memo, Past, Patience, Pinned,
    Run, RunState, Seen, Sighted, SparkJob, Submission, Want,
};
use crate::{Class, Fault, Trouble};

pub(super) const UID: &str = "5f2b7a0e-0000-4000-8000-000000000001";

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Now, in every table.
pub(super) fn now() -> Timestamp {
    at(1_000_000)
}

/// So many seconds before now.
pub(super) fn ago(seconds: i64) -> Timestamp {
    at(1_000_000 - seconds)
}

pub(super) fn given() -> Given {
    let spec = json!({
        "workspaceRef": {"name": "ml"},
        "code": {"configMaps": [{"name": "src"}]},
        "entry": {"file": "main.py"},
        "driver": {"cores": 1, "memory": "2g"},
        "executor": {"cores": 4, "memory": "28g", "instances": 6},
        "compute": {"attachmentRef": {"name": "pool"}},
    });
    Given {
        namespace: "team".to_owned(),
        name: "titanic".to_owned(),
        uid: UID.to_owned(),
        spec: serde_json::from_value(spec).unwrap(),
        workspace: Reference::Ready(Workspace {
            place: Place {
                namespace: "team".to_owned(),
                name: "ml".to_owned(),
            },
            azure_id: "/workspaces/ml".to_owned(),
            location: "eastus".to_owned(),
            storage_account_id: None,
            operators_identity: false,
        }),
        attachment: Some(Reference::Ready(AttachedPool {
            compute_id: "/computes/pool".to_owned(),
            ..AttachedPool::default()
        })),
        workspace_identity: None,
        config_maps: [(
            "src".to_owned(),
            Some([("main.py".to_owned(), b"1".to_vec())].into()),
        )]
        .into(),
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

pub(super) fn given_with(change: impl FnOnce(&mut Given)) -> Given {
    let mut given = given();
    change(&mut given);
    given
}

pub(super) fn want_with(change: impl FnOnce(&mut Given)) -> Want {
    SparkJob::want(&given_with(change)).unwrap()
}

/// Another spec field, by its JSON pointer.
pub(super) fn set(given: &mut Given, field: &str, value: serde_json::Value) {
    let mut spec = serde_json::to_value(&given.spec).unwrap();
    spec[field] = value;
    given.spec = serde_json::from_value(spec).unwrap();
}

/// What the spec means in the tables.
pub(super) fn meant() -> Pinned {
    let want = want_with(|_| {});
    Pinned {
        definition_hash: want.definition.unwrap().hash(),
        code_id: "/codes/1".to_owned(),
        compute_id: Some("/computes/pool".to_owned()),
        ..Pinned::default()
    }
}

/// The intent to submit, as old as this; not seen in Azure yet.
pub(super) fn asked(seconds: i64) -> Memo {
    let pinned = meant();
    Memo {
        submission: Some(Submission {
            attempt: 1,
            requested: ago(seconds),
            definition_hash: pinned.definition_hash.clone(),
            seen_by_azure: false,
            found: false,
            foreign: false,
            mark: None,
            started: None,
        }),
        labels: Some(Labelled {
            hash: want_with(|_| {}).labels.hash(),
            state: LabelState::Sent,
            again: None,
            since: None,
        }),
        pinned: Some(pinned),
        ..Memo::default()
    }
}

/// The same, and the run has been seen since.
pub(super) fn followed(seconds: i64) -> Memo {
    let mut memo = asked(seconds);
    memo.submission.as_mut().unwrap().seen_by_azure = true;
    memo
}

/// The same, in this state for so many seconds.
pub(super) fn since(seconds: i64, state: RunState) -> Memo {
    Memo {
        sighted: Some(Sighted {
            state,
            since: ago(seconds),
        }),
        ..followed(seconds)
    }
}

/// The same, started so many seconds ago.
pub(super) fn started(seconds: i64) -> Memo {
    let mut memo = since(seconds, RunState::Running);
    memo.started = Some(ago(seconds));
    memo.submission.as_mut().unwrap().started = Some(ago(seconds));
    memo
}

/// The same, with a cancel that was asked for once, so many seconds ago.
pub(super) fn canceled(seconds: i64, why: CancelCause) -> Memo {
    Memo {
        cancel: Some(Cancel {
            why,
            since: ago(seconds),
            asked: ago(seconds),
            tries: 1,
            refused: None,
            refused_at: None,
        }),
        ..since(900, RunState::Running)
    }
}

/// One attempt that is over.
pub(super) fn past(attempt: i32, reason: End) -> Past {
    Past {
        attempt,
        azure_name: want_with(|_| {}).run_name(attempt),
        state: match reason {
            End::Suspended => RunState::Canceled,
            _ => RunState::Failed,
        },
        started: None,
        ended: ago(60),
        reason,
    }
}

/// Between two attempts.
pub(super) fn between(past: Vec<Past>) -> Memo {
    Memo {
        past,
        pinned: Some(meant()),
        ..Memo::default()
    }
}

pub(super) fn ended(state: RunState) -> Memo {
    Memo {
        ended: Some(Ended {
            reason: End::of(&state, Some(CancelCause::Asked), None).unwrap(),
            state,
            at: ago(5),
            note: None,
            failure: None,
        }),
        started: Some(ago(257)),
        ..followed(600)
    }
}

pub(super) fn run(state: RunState) -> Run {
    Run {
        azure_id: "/jobs/titanic".to_owned(),
        state,
        owner: Some(UID.to_owned()),
        definition_hash: Some(meant().definition_hash),
        attempt: Some(1),
        held_by: None,
        code_id: Some("/codes/1".to_owned()),
        studio_url: None,
        started: None,
        ended: None,
    }
}

/// Somebody else's run under our name.
pub(super) fn foreign() -> Run {
    Run {
        owner: Some("another".to_owned()),
        definition_hash: Some("another".to_owned()),
        ..run(RunState::Running)
    }
}

pub(super) fn seen(run: Sight<Run>) -> Seen {
    Seen {
        code: Sight::Present("/codes/1".to_owned()),
        run,
        ..Seen::default()
    }
}

pub(super) fn trouble(class: Class, op: &'static str) -> Trouble {
    Trouble {
        fault: Fault {
            class,
            code: "Code".to_owned(),
            op,
            text: "it did not work".to_owned(),
            request_id: Some("a-request".to_owned()),
            retry_after: None,
        },
        tries: 1,
    }
}

pub(super) fn condition<'c>(conditions: &'c [Condition], kind: &str) -> Option<&'c Condition> {
    conditions.iter().find(|c| c.type_ == kind)
}

/// Which of the three it is, and why.
pub(super) fn standing(conditions: &[Condition]) -> (&'static str, String) {
    let holds = |kind: &str| condition(conditions, kind).is_some_and(|c| c.status == "True");
    let standing = match (holds("Ready"), holds("Reconciling"), holds("Stalled")) {
        (true, false, false) => "Ready",
        (false, true, false) => "Reconciling",
        (false, false, true) => "Stalled",
        all => panic!("{all:?} in {conditions:#?}"),
    };
    let ready = condition(conditions, "Ready").unwrap();
    (standing, ready.reason.clone())
}

pub(super) fn pass<'a>(
    want: &'a Want,
    seen: Option<&'a Seen>,
    memo: &'a Memo,
) -> Pass<'a, SparkJob> {
    Pass {
        generation: 1,
        want: Ok(want),
        seen,
        memo,
        trouble: None,
        paused: false,
    }
}

pub(super) fn word(reason: Reason) -> String {
    reason.as_str().to_owned()
}
