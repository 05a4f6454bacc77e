//! What is said, in conditions and fields.

mod ends;
mod fields;
mod page;
mod roles;
mod stands;
mod suspended;
mod warnings;

use azureml_spark_api::SparkJobStatus;

use super::object::{now, pass, want_with};
use crate::machine::Machine;
use crate::spark_job::{Given, Memo, Seen, SparkJob};

type Change = fn(&mut Given);

fn say(change: Change, seen: &Seen, memo: &Memo) -> SparkJobStatus {
    say_after(change, seen, memo, &SparkJobStatus::default())
}

fn say_after(change: Change, seen: &Seen, memo: &Memo, old: &SparkJobStatus) -> SparkJobStatus {
    let want = want_with(change);
    let status = SparkJob::report(&pass(&want, Some(seen), memo), old, now());
    assert_eq!(
        SparkJob::recall(&status),
        *memo,
        "the status keeps the memory"
    );
    status
}

fn any(_: &mut Given) {}

fn going(given: &mut Given) {
    given.held = true;
    given.deleting = true;
}
