//! One row per state of the compute, its roles and the memory, while it shall go.

use azureml_spark_api::policy::AdoptionPolicy;
use azureml_spark_api::role::RoleAssignment;

use super::object::{
    Told, asked, by_hand, compute, compute_with, decide, grant, now, seen, want_with,
};
use crate::attachment::{Compute, Given, Memo, OWNER_TAG, Provisioning, Seen};
use crate::grants;
use crate::machine::Sight;
use crate::place::Reference;

type Change = fn(&mut Given);
type Row = (
    Change,
    Sight<Compute>,
    Vec<RoleAssignment>,
    Memo,
    Told,
    &'static str,
);

fn check(rows: Vec<Row>) {
    for (change, compute, grants, memo, told, why) in rows {
        let (found, _) = decide(&want_with(change), &seen(compute, &grants), &memo);
        assert_eq!(found, told, "{why}");
    }
}

fn going(given: &mut Given) {
    given.held = true;
    given.deleting = true;
}

fn taking_nothing_over(given: &mut Given) {
    going(given);
    given.spec.adoption_policy = Some(AdoptionPolicy::Never);
}

fn used(given: &mut Given) {
    going(given);
    given.users = vec!["SparkJob titanic".to_owned()];
}

fn roleless(given: &mut Given) {
    going(given);
    super::object::set(given, "grants", serde_json::json!({"synapseRoles": []}));
}

fn stranded(given: &mut Given) {
    going(given);
    given.workspace = Reference::Missing;
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn the_roles_go_and_then_the_compute() {
    let ours = || vec![grant("principal")];
    let deleting = || Present(compute_with(|c| c.state = Provisioning::Deleting));
    check(vec![
        (used, Present(compute()), ours(), asked(900, &ours()), Told::OnChange, "jobs still run here; their end wakes us"),
        (stranded, Unknown, vec![], asked(900, &ours()), Told::OnChange, "nothing can be asked without the workspace"),
        (going, Unknown, vec![], asked(900, &[]), Told::In(5), "silence never becomes absence"),
        (going, Present(compute()), ours(), asked(900, &ours()), Told::Revoke("principal"), "roles first: afterwards its identity cannot be found"),
        (going, Present(compute()), vec![], asked(900, &ours()), Told::Detach, "then the compute"),
        (going, Present(compute()), vec![by_hand("principal")], asked(900, &[]), Told::Detach, "what somebody else gave stays"),
        (going, Present(compute()), vec![], asked(74, &ours()), Told::In(1), "the role may only be too young to be seen"),
        (roleless, Present(compute()), vec![], asked(74, &[]), Told::Detach, "without a role there is nothing to wait for"),
        (going, deleting(), vec![], asked(900, &ours()), Told::In(5), "Azure is at work"),
        (going, Absent, vec![], asked(900, &ours()), Told::Release, "all is gone"),
        (going, Absent, ours(), asked(900, &ours()), Told::Revoke("principal"), "a role may outlive its compute"),
        (going, Absent, vec![], asked(74, &[]), Told::In(1), "the answer may be older than the compute"),
        (going, Absent, vec![], asked(75, &[]), Told::Release, "nothing came of the request"),
        (going, Absent, vec![], asked(74, &ours()), Told::In(1), "the role may only be too young to be seen"),
        (going, Present(compute_with(|c| c.state = Provisioning::Failed("x".into()))), vec![], asked(900, &[]), Told::Detach, "a failed compute is there too"),
    ]);
    let blind = Seen {
        grants: grants::Seen::default(), ..seen(Present(compute()), &[]) };
    assert_eq!(
        decide(&want_with(going), &blind, &asked(900, &ours())).0,
        Told::In(5),
        "nobody could tell which roles there are"
    );
}

#[test]
#[rustfmt::skip]
fn what_is_another_ones_stays() {
    let tagged = || {
        Present(compute_with(|c| {
            c.tags.insert(OWNER_TAG.into(), "another".into());
        }))
    };
    let untagged = || Present(compute_with(|c| c.tags.clear()));
    let elsewhere = || {
        Present(compute_with(|c| {
            c.tags.clear();
            c.pool_id = "/other".into();
        }))
    };
    check(vec![
        (going, tagged(), vec![], asked(900, &[]), Told::Release, "by its tag"),
        (going, tagged(), vec![], asked(74, &[]), Told::In(1), "it may be the one that was there before ours"),
        (going, elsewhere(), vec![], asked(900, &[]), Told::Release, "it leads to another pool"),
        (going, untagged(), vec![], Memo { wish: None, ..asked(900, &[]) }, Told::Release, "we never asked for it"),
        (going, untagged(), vec![], Memo::default(), Told::In(75), "held, and nothing on record: it may be ours, as it was before it was taken over"),
        (going, untagged(), vec![], asked(900, &[]), Told::Detach, "we asked for it, and the tag was lost"),
        (going, tagged(), vec![grant("old")], asked(900, &[grant("old")]), Told::Revoke("old"), "a role of ours goes all the same"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_lost_status_is_found_again() {
    let none = Memo::default;
    let ours = || vec![grant("principal")];
    let untagged = || Present(compute_with(|c| c.tags.clear()));
    check(vec![
        (going, Present(compute()), ours(), none(), Told::Revoke("principal"), "by an id that nobody else makes"),
        (going, Present(compute()), vec![], none(), Told::In(75), "a role of its identity may be too young to be seen"),
        (roleless, Present(compute()), vec![], none(), Told::Detach, "by its tag"),
        (going, Absent, vec![], none(), Told::In(75), "held, and nothing on record: doubts begin now"),
        (going, Unknown, vec![], none(), Told::In(5), "nobody could tell"),
        (going, untagged(), ours(), none(), Told::Revoke("principal"), "it may have been about to be taken over: the mark was on its way, and the role there"),
        (taking_nothing_over, untagged(), ours(), none(), Told::In(75), "it never was"),
        (going, untagged(), ours(), Memo { wish: None, ..asked(900, &[]) }, Told::Release, "what it led to is on record, and that it was never asked for"),
    ]);
    let (_, memo) = decide(
        &want_with(going),
        &seen(Present(compute()), &ours()),
        &none(),
    );
    assert_eq!(
        (memo.record.requested, memo.record.grants),
        (Some(now()), ours()),
        "on record again before anything is taken"
    );
}
