//! Roles that are not wanted any more, while jobs run that may rely on them.

use azureml_spark_api::role::RoleAssignment;

use super::object::{Told, compute, condition, decide, grant, rested, seen, want_with};
use super::report::{said, standing};
use crate::attachment::Given;
use crate::machine::Sight::Present;

type Change = fn(&mut Given);

fn idle(_: &mut Given) {}

fn busy(given: &mut Given) {
    given.users = vec!["SparkJob a".to_owned(), "SparkJob b".to_owned()];
}

/// Before the compute got another identity.
fn both() -> Vec<RoleAssignment> {
    vec![grant("old"), grant("principal")]
}

#[test]
#[rustfmt::skip]
fn no_role_is_taken_from_a_running_job() {
    let (old, new) = (|| vec![grant("old")], || vec![grant("principal")]);
    let rows: Vec<(Change, Vec<_>, Vec<_>, Told, Vec<_>, &str)> = vec![
        (busy, old(), old(), Told::Grant("principal"), vec![grant("principal"), grant("old")], "the new identity has its role as soon as ever"),
        (busy, both(), both(), Told::In(3_600), vec![grant("principal"), grant("old")], "the old one keeps it, on record; the end of the jobs wakes us"),
        (busy, new(), both(), Told::In(3_600), vec![grant("principal"), grant("old")], "also where it is not to be seen"),
        (busy, new(), new(), Told::In(3_600), new(), "nothing is spared"),
        (idle, both(), both(), Told::Revoke("old"), both(), "the jobs have ended"),
        (idle, new(), both(), Told::In(3_600), new(), "and it is forgotten"),
    ];
    for (change, found, recorded, told, kept, why) in rows {
        let look = seen(Present(compute()), &found);
        let (next, memo) = decide(&want_with(change), &look, &rested(change, &recorded));
        assert_eq!((next, memo.record.grants), (told, kept), "{why}");
    }
}

#[test]
fn the_jobs_are_named_and_keep_nothing_from_being_ready() {
    let granted = |change: Change, recorded: &[RoleAssignment]| {
        let look = seen(Present(compute()), &both());
        let status = said(change, &look, &rested(change, recorded));
        assert_eq!(standing(&status), ("Ready", "Ready".to_owned()));
        let granted = condition(&status.conditions, "AccessGranted").unwrap();
        granted.message.clone()
    };
    let message = granted(busy, &both());
    assert!(
        message.ends_with("once these jobs have ended: SparkJob a, SparkJob b"),
        "{message}"
    );
    for (change, recorded) in [(idle as Change, &both()[..]), (busy, &both()[1..])] {
        assert_eq!(granted(change, recorded), "every role is granted");
    }
}
