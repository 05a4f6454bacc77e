//! What is worth knowing although the run goes on.

use super::{any, say};
use crate::spark_job::tests::object::{condition, ended, now, since};
use crate::spark_job::{LabelState, Memo, RunState, Seen};

#[test]
fn a_run_with_another_definition_is_told_as_such() {
    let mut memo: Memo = since(9, RunState::Running);
    let calm = say(any, &Seen::default(), &memo);
    assert!(condition(&calm.conditions, "Warning").is_none());
    memo.submission.as_mut().unwrap().foreign = true;
    let status = say(any, &Seen::default(), &memo);
    let warning = condition(&status.conditions, "Warning").unwrap();
    assert_eq!(warning.reason, "Conflict");
    assert!(warning.message.contains("adoptionPolicy"));
}

#[test]
fn labels_that_are_refused_are_told_with_what_mends_it() {
    let mut memo: Memo = since(9, RunState::Running);
    let labels = memo.labels.as_mut().unwrap();
    labels.state = LabelState::Refused;
    let said = |memo: &Memo| {
        let status = say(any, &Seen::default(), memo);
        let warning = condition(&status.conditions, "Warning").unwrap();
        (warning.reason.clone(), warning.message.clone())
    };
    let (reason, message) = said(&memo);
    assert_eq!(reason, "Refused");
    assert!(message.contains("change them"), "{message}");
    memo.labels.as_mut().unwrap().again = Some(now());
    let (reason, message) = said(&memo);
    assert_eq!(reason, "Forbidden");
    assert!(message.contains("AzureML Data Scientist"), "{message}");
    let over = Memo {
        labels: memo.labels,
        ..ended(RunState::Completed)
    };
    let status = say(any, &Seen::default(), &over);
    assert_eq!(
        condition(&status.conditions, "Warning"),
        None,
        "it has ended"
    );
}

#[test]
fn what_the_definition_warns_of_is_told_too() {
    let old: super::Change = |g| {
        crate::spark_job::tests::object::set(
            g,
            "compute",
            serde_json::json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.2"}}),
        );
        crate::spark_job::tests::object::set(g, "identity", serde_json::json!({"type": "Managed"}));
        g.retired = ["3.2".to_owned()].into();
    };
    let status = say(old, &Seen::default(), &Memo::default());
    let warning = condition(&status.conditions, "Warning").unwrap();
    assert_eq!(warning.reason, "RetiredRuntime");
}
