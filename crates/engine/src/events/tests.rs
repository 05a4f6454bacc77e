use azureml_spark_api::Reason;
use azureml_spark_api::condition::{Fact, merge};
use jiff::Timestamp;

use super::*;

fn conditions(facts: &[Fact]) -> Vec<Condition> {
    merge(&[], facts, 1, Timestamp::UNIX_EPOCH)
}

fn told(old: &[Fact], new: &[Fact], troubled: bool) -> Vec<(Tone, String)> {
    news(&conditions(old), &conditions(new), troubled)
        .into_iter()
        .map(|one| (one.tone, one.reason))
        .collect()
}

fn running() -> Vec<Fact> {
    use ConditionType as C;
    vec![
        Fact::no(C::Ready, Reason::Running, "runs"),
        Fact::yes(C::Reconciling, Reason::Running, "runs"),
        Fact::yes(C::SpecAccepted, Reason::Accepted, ""),
        Fact::yes(C::Submitted, Reason::Submitted, "run x"),
    ]
}

#[test]
fn nothing_changed_nothing_told() {
    assert_eq!(told(&running(), &running(), false), []);
    assert_eq!(told(&running(), &running(), true), []);
}

#[test]
fn another_message_is_no_transition() {
    let mut later = running();
    later[1].message = "still runs".to_owned();
    assert_eq!(told(&running(), &later, false), []);
}

#[test]
fn a_milestone_and_its_progress_are_told_once_each() {
    assert_eq!(
        told(&[], &running(), false),
        [
            (Tone::Good, "Submitted".to_owned()),
            (Tone::Good, "Running".to_owned())
        ],
        "SpecAccepted at first sight is no news; Ready says the same as Reconciling"
    );
}

#[test]
fn the_end_is_told_by_its_own_condition() {
    use ConditionType as C;
    let failed = [
        Fact::no(C::Ready, Reason::ScriptFailed, "exit 1"),
        Fact::yes(C::Stalled, Reason::ScriptFailed, "exit 1"),
        Fact::yes(C::Submitted, Reason::Submitted, "run x"),
        Fact::yes(C::Failed, Reason::ScriptFailed, "exit 1"),
    ];
    assert_eq!(
        told(&running(), &failed, false),
        [(Tone::Bad, "ScriptFailed".to_owned())]
    );
    let ended = [
        Fact::yes(C::Ready, Reason::Completed, "done"),
        Fact::yes(C::Submitted, Reason::Submitted, "run x"),
        Fact::yes(C::Complete, Reason::Completed, "done"),
    ];
    assert_eq!(
        told(&running(), &ended, false),
        [(Tone::Good, "Completed".to_owned())]
    );
}

#[test]
fn trouble_on_the_way_is_a_warning() {
    use ConditionType as C;
    let waits = [Fact::yes(C::Reconciling, Reason::AzureUnavailable, "503")];
    assert_eq!(
        told(&running(), &waits, true),
        [(Tone::Bad, "AzureUnavailable".to_owned())]
    );
}

#[test]
fn not_yet_is_no_news_and_not_any_more_is() {
    use ConditionType as C;
    let not = [Fact::no(C::AccessGranted, Reason::Granting, "")];
    let granted = [Fact::yes(C::AccessGranted, Reason::Granted, "")];
    assert_eq!(told(&[], &not, false), []);
    assert_eq!(
        told(&not, &granted, false),
        [(Tone::Good, "Granted".to_owned())]
    );
    assert_eq!(
        told(&granted, &not, false),
        [(Tone::Bad, "Granting".to_owned())]
    );
}

#[test]
fn references_that_resolve_after_all_are_told() {
    use ConditionType as C;
    let missing = [Fact::no(
        C::ReferencesResolved,
        Reason::WorkspaceNotFound,
        "",
    )];
    let there = [Fact::yes(C::ReferencesResolved, Reason::Resolved, "")];
    assert_eq!(told(&[], &there, false), []);
    assert_eq!(
        told(&missing, &there, false),
        [(Tone::Good, "Resolved".to_owned())]
    );
}

#[test]
fn a_warning_is_one_though_all_goes_well() {
    use ConditionType as C;
    let fine = [Fact::yes(C::Ready, Reason::Ready, "fine")];
    let warned = [
        Fact::yes(C::Ready, Reason::Ready, "fine"),
        Fact::yes(C::Warning, Reason::SparkNotReady, "provision it"),
    ];
    assert_eq!(
        told(&fine, &warned, false),
        [(Tone::Bad, "SparkNotReady".to_owned())]
    );
    assert_eq!(told(&warned, &fine, false), []);
}
