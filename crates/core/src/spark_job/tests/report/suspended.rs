//! The condition `Suspended`, as on a `batch/v1` Job.

use azureml_spark_api::SparkJobStatus;
use azureml_spark_api::spark_job::CancelCause;
use serde_json::json;

use super::{Change, any, say_after};
use crate::machine::Sight;
use crate::spark_job::tests::object::{
    asked, between, canceled, condition, ended, foreign, past, seen, set, since,
};
use crate::spark_job::{End, Memo, RunState, Seen};

/// What is wished and remembered, and what is said then.
type Row = (Change, Memo, Option<(&'static str, &'static str)>);

#[test]
#[rustfmt::skip]
fn it_is_said_once_there_is_something_to_say() {
    let held: Change = |g| set(g, "suspend", json!(true));
    let mut status = SparkJobStatus::default();
    let steps: [Row; 8] = [
        (any, Memo::default(), None),
        (held, Memo::default(), Some(("True", "Suspended"))),
        (any, asked(5), Some(("False", "Resumed"))),
        (any, since(5, RunState::Running), Some(("False", "Resumed"))),
        (held, canceled(5, CancelCause::Suspend), Some(("False", "Suspending"))),
        (held, between(vec![past(1, End::Suspended)]), Some(("True", "Suspended"))),
        (any, between(vec![past(1, End::Suspended)]), Some(("False", "Resumed"))),
        (held, ended(RunState::Completed), Some(("False", "Resumed"))),
    ];
    let unknown: Change = |g| {
        set(g, "suspend", json!(true));
        set(g, "azureName", json!("nightly"));
        g.config_maps.clear();
    };
    let seen = seen(Sight::Present(foreign()));
    let told = say_after(unknown, &seen, &Memo::default(), &status);
    let found = condition(&told.conditions, "Suspended").unwrap();
    assert_eq!(
        found.reason, "Suspending",
        "a run is there that may be this one"
    );
    for (number, (change, memo, expected)) in steps.into_iter().enumerate() {
        status = say_after(change, &Seen::default(), &memo, &status);
        let found = condition(&status.conditions, "Suspended");
        let found = found.map(|c| (c.status.as_str(), c.reason.as_str()));
        assert_eq!(found, expected, "step {number}");
    }
}
