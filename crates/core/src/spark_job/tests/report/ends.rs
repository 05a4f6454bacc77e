//! How it ended.

use azureml_spark_api::spark_job::Failure;

use super::{any, say};
use crate::machine::Sight::{Absent, Present};
use crate::spark_job::tests::object::{ago, between, condition, ended, past, run, seen, standing};
use crate::spark_job::{End, Ended, Memo, RunState, Seen};

fn over(reason: End) -> Memo {
    let state = match reason {
        End::Completed => RunState::Completed,
        End::Lost => RunState::Lost,
        End::Canceled
        | End::CanceledOutside
        | End::DeadlineExceeded
        | End::StartDeadlineExceeded
        | End::NotResponding
        | End::Suspended => RunState::Canceled,
        _ => RunState::Failed,
    };
    let failure = (state == RunState::Failed).then(|| Failure {
        code: "UserError".into(),
        message: "KeyError: 'Age'".into(),
        log_tail: None,
    });
    let memo = ended(state.clone());
    Memo {
        ended: Some(Ended {
            state,
            at: ago(5),
            reason,
            note: None,
            failure,
        }),
        ..memo
    }
}

#[test]
fn each_end_has_a_reason_of_its_own() {
    for reason in End::ALL {
        if reason == End::Suspended {
            continue;
        }
        let well = reason == End::Completed;
        let (kind, stands) = if well {
            ("Complete", "Ready")
        } else {
            ("Failed", "Stalled")
        };
        for seen in [
            Seen::default(),
            seen(Absent),
            seen(Present(run(RunState::Running))),
        ] {
            let status = say(any, &seen, &over(reason));
            assert_eq!(
                standing(&status.conditions),
                (stands, reason.as_str().to_owned())
            );
            let ends: Vec<_> = ["Complete", "Failed"]
                .into_iter()
                .filter(|kind| condition(&status.conditions, kind).is_some())
                .collect();
            assert_eq!(ends, [kind], "{reason:?}");
            let submitted = condition(&status.conditions, "Submitted").unwrap();
            assert_eq!(submitted.status, "True", "{reason:?}");
            assert_eq!(status.end_reason.as_deref(), Some(reason.as_str()));
        }
    }
}

#[test]
fn the_words_of_azure_are_told() {
    for reason in [
        End::ScriptFailed,
        End::PlatformFailed,
        End::QuotaExceeded,
        End::NoCapacity,
        End::ImageFailed,
        End::IdentityFailed,
    ] {
        let status = say(any, &Seen::default(), &over(reason));
        let failed = condition(&status.conditions, "Failed").unwrap();
        assert!(failed.message.contains("KeyError: 'Age'"), "{reason:?}");
    }
    let status = say(any, &Seen::default(), &over(End::ScriptFailed));
    assert_eq!(status.duration.as_deref(), Some("4m12s"));
    assert_eq!(status.failure.unwrap().code, "UserError");
}

#[test]
fn what_never_ran_ends_too() {
    let memo = Memo {
        ended: Some(Ended {
            state: RunState::Canceled,
            at: ago(5),
            reason: End::Canceled,
            note: None,
            failure: None,
        }),
        ..Memo::default()
    };
    let status = say(any, &Seen::default(), &memo);
    assert_eq!(
        standing(&status.conditions),
        ("Stalled", "Canceled".to_owned())
    );
    let submitted = condition(&status.conditions, "Submitted").unwrap();
    assert_eq!(submitted.status, "False");
    assert_eq!((status.azure_id, status.duration), (None, None));
}

#[test]
fn earlier_attempts_are_pointed_to() {
    let memo = Memo {
        past: between(vec![past(1, End::NoCapacity)]).past,
        ..over(End::Completed)
    };
    let status = say(any, &Seen::default(), &memo);
    let complete = condition(&status.conditions, "Complete").unwrap();
    assert!(complete.message.contains("status.attempts"));
    assert_eq!(status.attempts[0].reason, "NoCapacity");
}

#[test]
fn why_there_was_no_further_attempt_is_told() {
    let mut memo = Memo {
        past: between(vec![past(1, End::NoCapacity)]).past,
        submission: None,
        ..over(End::NoCapacity)
    };
    memo.ended.as_mut().unwrap().note = Some("Azure refuses the next one: no".to_owned());
    let status = say(any, &Seen::default(), &memo);
    let failed = condition(&status.conditions, "Failed").unwrap();
    assert_eq!(failed.reason, "NoCapacity");
    assert!(failed.message.contains("attempt 1 ended (NoCapacity)"));
    assert!(failed.message.contains("Azure refuses the next one: no"));
    assert_eq!(status.attempt, Some(1));
}
