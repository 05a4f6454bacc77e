//! What a fault does to what is remembered.

use super::object::{ago, asked, followed, now, trouble};
use crate::machine::Machine;
use crate::spark_job::{Memo, SUBMIT, SparkJob};
use crate::{Class, Fault};

#[test]
#[rustfmt::skip]
fn a_fault_changes_the_memory_only_where_it_tells_something() {
    let until = now();
    let refused = Memo::default();
    let again = asked(0);
    let rows = [
        (Class::Terminal, SUBMIT, asked(9), &refused, "refused for good: no run, and the spec can be mended"),
        (Class::Forbidden, SUBMIT, asked(9), &refused, "refused for want of a right: no run either"),
        (Class::Terminal, SUBMIT, followed(9), &followed(9), "the run was there before: the refusal is about something else"),
        (Class::Unsure, SUBMIT, asked(9), &again, "it may arrive until now: doubts count from here"),
        (Class::Retryable, SUBMIT, asked(9), &asked(9), "asked for again under the same name"),
        (Class::Throttled { until }, SUBMIT, asked(9), &asked(9), "nothing happened yet"),
        (Class::Spreading, SUBMIT, asked(9), &asked(9), "nothing happened yet"),
        (Class::Credential, SUBMIT, asked(9), &asked(9), "nobody was asked"),
        (Class::Terminal, "read the run", asked(9), &asked(9), "a look that is refused says nothing of the run"),
        (Class::Unsure, "cancel the run", followed(9), &followed(9), "the cancel is on record"),
    ];
    for (class, op, memo, expected, why) in rows {
        let fault: Fault = trouble(class, op).fault;
        assert_eq!(SparkJob::faulted(&memo, &fault, now()), *expected, "{why}");
    }
}

#[test]
fn the_object_is_held_from_the_intent_to_the_end() {
    assert!(
        !SparkJob::holds(&Memo::default()),
        "nothing in Azure needs it"
    );
    assert!(SparkJob::holds(&asked(9)), "a run may be there");
    assert!(
        SparkJob::holds(&Memo {
            cancel: Some(ago(3)),
            ..followed(9)
        }),
        "it is not over yet"
    );
    assert!(
        !SparkJob::holds(&super::object::ended(crate::spark_job::RunState::Canceled)),
        "over"
    );
}
