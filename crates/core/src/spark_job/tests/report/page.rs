//! docs/endings.md has a section for each end and for each reason for which a job may stand still, in the words of the
//! conditions.

use std::collections::BTreeSet;

use azureml_spark_api::Reason;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::spark_job::{CancelCause, Failure, RetryCause};
use serde_json::json;

use super::{Change, any, going, say};
use crate::machine::Sight::Present;
use crate::spark_job::tests::object::{
    ago, between, canceled, condition, ended, foreign, past, seen, set, since,
};
use crate::spark_job::{End, Given, Memo, RunState, Seen};
use crate::summary;

const PAGE: &str = include_str!("../../../../../../docs/endings.md");

/// Reasons that need no section: a job that has them is going on, or has come a step further.
const PROGRESS: [Reason; 10] = [
    Reason::Accepted,
    Reason::Resolved,
    Reason::Uploading,
    Reason::Uploaded,
    Reason::EnvironmentRegistering,
    Reason::Submitting,
    Reason::Submitted,
    Reason::Running,
    Reason::Finalizing,
    Reason::Canceling,
];

/// The same: reasons of other kinds, which a job repeats at most in the words of another reason, and one of a condition
/// that is over.
const OTHERS: [Reason; 39] = [
    Reason::Ready,
    Reason::Pending,
    Reason::Resumed,
    Reason::SecretNotFound,
    Reason::SecretInvalid,
    Reason::CloudNotFound,
    Reason::AzureWorkspaceNotFound,
    Reason::PoolNotFound,
    Reason::Attaching,
    Reason::AttachFailed,
    Reason::Attached,
    Reason::Detaching,
    Reason::DetachFailed,
    Reason::InUse,
    Reason::Granting,
    Reason::Granted,
    Reason::NothingToGrant,
    Reason::LinkNotFound,
    Reason::LinkNotReady,
    Reason::SynapseWorkspaceNotFound,
    Reason::Linking,
    Reason::Linked,
    Reason::Unlinking,
    Reason::Unlinked,
    Reason::LinkFrozen,
    Reason::Detached,
    Reason::Drifted,
    Reason::Observed,
    Reason::NotFound,
    Reason::RoleNotAllowed,
    Reason::RoleNotFound,
    Reason::RoleNotAssignable,
    Reason::IdentityNotFound,
    Reason::SparkNotReady,
    Reason::V1LegacyMode,
    Reason::PublicAccessDisabled,
    Reason::PrivateEndpointMissing,
    Reason::OtherRegion,
    Reason::InvalidAnnotation,
];

/// Headings, each a reason or several, and what stands below them as one line.
fn sections() -> Vec<(Vec<&'static str>, String)> {
    let parts = PAGE.split("\n### ").skip(1);
    parts
        .map(|part| {
            let part = part.split("\n## ").next().unwrap();
            let (heading, text) = part.split_once('\n').unwrap();
            let words = text
                .lines()
                .flat_map(|line| line.strip_prefix('>').unwrap_or(line).split_whitespace());
            let text = words.collect::<Vec<_>>().join(" ");
            (heading.split(", ").collect(), text)
        })
        .collect()
}

fn section(word: &str) -> String {
    let found = sections()
        .into_iter()
        .find(|(words, _)| words.contains(&word));
    found
        .unwrap_or_else(|| panic!("docs/endings.md has no section '### {word}'"))
        .1
}

fn must_tell(condition: &Condition) {
    let told = format!(
        "`{}` is `{}`: {}",
        condition.type_, condition.status, condition.message
    );
    let text = section(&condition.reason);
    assert!(text.contains(&told), "{told}\nis not in: {text}");
}

#[test]
fn each_end_is_told_in_its_own_words() {
    for end in End::ALL {
        section(end.as_str());
        if end == End::Suspended {
            continue;
        }
        let mut memo = ended(RunState::Failed);
        let over = memo.ended.as_mut().unwrap();
        over.reason = end;
        over.failure = Some(Failure {
            code: "Azure's code".to_owned(),
            message: "Azure's words".to_owned(),
            log_tail: None,
        });
        let status = say(any, &Seen::default(), &memo);
        let kind = if end == End::Completed {
            "Complete"
        } else {
            "Failed"
        };
        must_tell(condition(&status.conditions, kind).unwrap());
    }
}

#[test]
fn each_end_says_whether_it_is_tried_again() {
    let all = [
        (Some(RetryCause::Script), "`spec.retry.causes: [Script]`"),
        (Some(RetryCause::Platform), "cause `Platform`"),
        (Some(RetryCause::StartDeadline), "cause `StartDeadline`"),
        (None, "no further attempt"),
    ];
    for end in End::ALL.into_iter().filter(|end| *end != End::Suspended) {
        let text = section(end.as_str());
        let (_, again) = text.split_once("- Again: ").unwrap();
        for (cause, words) in all {
            assert_eq!(
                again.contains(words),
                cause == end.cause(),
                "{end:?}: {words}: {again}"
            );
        }
    }
}

#[test]
fn what_lasts_is_told_in_its_own_words() {
    let at = |state: RunState| since(9, state);
    let held: Change = |given: &mut Given| set(given, "suspend", json!(true));
    let named: Change = |given: &mut Given| set(given, "azureName", json!("nightly"));
    let waiting = Memo {
        next_attempt: Some(ago(-30)),
        ..between(vec![past(1, End::NoCapacity)])
    };
    let cancel = |asked: i64, refused: Option<&str>| {
        let mut memo = canceled(900, CancelCause::Asked);
        let cancel = memo.cancel.as_mut().unwrap();
        cancel.asked = ago(asked);
        cancel.refused = refused.map(str::to_owned);
        memo
    };
    let none = Memo::default;
    let unseen = Seen::default;
    let rows: [(Change, Seen, Memo, &str); 10] = [
        (held, unseen(), none(), "Suspended"),
        (held, unseen(), at(RunState::Running), "Suspended"),
        (any, unseen(), waiting, "Reconciling"),
        (any, unseen(), at(RunState::Preparing), "Reconciling"),
        (any, unseen(), at(RunState::Queued), "Reconciling"),
        (any, unseen(), at(RunState::NotResponding), "Reconciling"),
        (any, unseen(), cancel(0, None), "Reconciling"),
        (any, unseen(), cancel(900, Some("Azure's words")), "Stalled"),
        (going, unseen(), none(), "Reconciling"),
        (named, seen(Present(foreign())), none(), "Submitted"),
    ];
    for (change, seen, memo, kind) in rows {
        let status = say(change, &seen, &memo);
        must_tell(condition(&status.conditions, kind).unwrap());
    }
    let paused = summary::paused(true).unwrap();
    assert!(section("Paused").contains(&paused.message));
}

#[test]
fn each_reason_to_stand_still_has_one_section() {
    let mut told = BTreeSet::new();
    for word in sections().into_iter().flat_map(|(words, _)| words) {
        assert!(told.insert(word), "two sections are about {word}");
    }
    for (reason, _) in Reason::ALL {
        let elsewhere = PROGRESS.contains(reason) || OTHERS.contains(reason);
        assert_ne!(
            told.remove(reason.as_str()),
            elsewhere,
            "{reason:?}: a section in docs/endings.md, or a place in a list above, and not both"
        );
    }
    assert!(told.is_empty(), "no reasons: {told:?}");
}
