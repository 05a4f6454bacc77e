//! One row per state of the link, its roles and the memory, while it shall go.

use super::object::{
    Told, asked, by_hand, decide, elsewhere, going, grant, link, never, now, observing, roleless,
    seen, set, settled, unserved, want_with,
};
use crate::linked_service::{Given, Memo, Seen};
use crate::machine::Sight;
use crate::place::Reference;

type Change = fn(&mut Given);
type Row = (Change, Seen, Memo, Told, &'static str);

fn check(rows: Vec<Row>) {
    for (change, seen, memo, told, why) in rows {
        let (found, _) = decide(&want_with(change), &seen, &memo);
        assert_eq!(found, told, "{why}");
    }
}

fn used(given: &mut Given) {
    going(given);
    given.users = vec!["SynapseSparkAttachment pool".to_owned()];
}

fn shared_by_a_twin(given: &mut Given) {
    going(given);
    given.twins = vec!["other/link".to_owned()];
}

fn retaining(given: &mut Given) {
    going(given);
    set(given, "deletionPolicy", serde_json::json!("Retain"));
}

fn stranded(given: &mut Given) {
    going(given);
    given.workspace = Reference::Missing;
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn the_roles_go_and_then_the_link() {
    let ours = || vec![grant("principal")];
    let there = |grants: &[_]| seen(Present(link()), grants);
    let shared: Change = |g| {
        going(g);
        g.shared = [grant("principal").id].into();
    };
    let roleless: Change = |g| { going(g); roleless(g); };
    let twin: Change = |g| {
        shared_by_a_twin(g);
        g.shared = [grant("principal").id].into();
    };
    check(vec![
        (used, there(&ours()), settled(900, &ours()), Told::OnChange, "attachments still name it; their end wakes us"),
        (stranded, seen(Unknown, &[]), settled(900, &ours()), Told::OnChange, "nothing can be asked without the workspace"),
        (going, seen(Unknown, &[]), settled(900, &[]), Told::In(5), "silence never becomes absence"),
        (going, there(&ours()), settled(900, &ours()), Told::Revoke("principal"), "roles first: afterwards its identity cannot be found"),
        (going, there(&[]), settled(900, &ours()), Told::Unlink, "then the link"),
        (going, there(&[by_hand("principal")]), settled(900, &[]), Told::Unlink, "what somebody else gave stays"),
        (going, there(&[]), asked(74, &ours()), Told::In(1), "the role may only be too young to be seen"),
        (roleless, there(&[]), asked(74, &[]), Told::Unlink, "without a role there is nothing to wait for"),
        (shared, there(&ours()), settled(900, &ours()), Told::Unlink, "another object needs the role"),
        (twin, there(&ours()), settled(900, &ours()), Told::Release, "another object keeps the link and the role"),
        (shared_by_a_twin, there(&ours()), settled(900, &ours()), Told::Revoke("principal"), "it asks for no role"),
        (shared_by_a_twin, there(&[]), settled(900, &ours()), Told::Release, "it keeps the link"),
        (going, seen(Absent, &[]), settled(900, &ours()), Told::Release, "all is gone"),
        (going, seen(Absent, &ours()), settled(900, &ours()), Told::Revoke("principal"), "a role may outlive its link"),
        (going, seen(Absent, &[]), asked(74, &[]), Told::In(1), "the answer may be older than the link"),
        (going, seen(Absent, &[]), asked(75, &[]), Told::Release, "nothing came of the request"),
        (going, unserved(&[]), settled(900, &[]), Told::Release, "what is not served is not there"),
        (going, unserved(&ours()), settled(900, &ours()), Told::Revoke("principal"), "its roles may be"),
    ]);
    let blind = Seen { grants: crate::grants::Seen::default(), ..there(&[]) };
    check(vec![(going, blind, settled(900, &ours()), Told::In(5), "nobody could tell which roles there are")]);
}

#[test]
#[rustfmt::skip]
fn what_shall_stay_stays() {
    let ours = || vec![grant("principal")];
    let there = || seen(Present(link()), &ours());
    let observed: Change = |g| { going(g); observing(g); };
    check(vec![
        (observed, there(), settled(900, &ours()), Told::Release, "it only looks"),
        (observed, Seen::default(), settled(900, &ours()), Told::Release, "whatever there is"),
        (retaining, there(), settled(900, &ours()), Told::Release, "link and roles stay"),
        (|g| { retaining(g); g.workspace = Reference::Missing; }, Seen::default(), settled(900, &ours()), Told::Release, "nothing need be asked"),
        (|g| { retaining(g); g.users = vec!["SynapseSparkAttachment pool".into()]; }, there(), settled(900, &ours()), Told::OnChange, "attachments still name the object"),
    ]);
}

#[test]
#[rustfmt::skip]
fn what_is_another_ones_stays() {
    let never: Change = |g| { going(g); never(g); };
    let never_asked: Change = |g| g.deleting = true;
    let there = |grants: &[_]| seen(Present(link()), grants);
    check(vec![
        (going, seen(elsewhere(), &[]), settled(900, &[]), Told::Release, "it leads to another Synapse workspace"),
        (going, seen(elsewhere(), &[]), asked(74, &[]), Told::In(1), "it may be the one that was there before ours"),
        (going, seen(elsewhere(), &[grant("old")]), settled(900, &[grant("old")]), Told::Revoke("old"), "a role of ours goes all the same"),
        (never, there(&[]), Memo::default(), Told::Release, "this object did not make it"),
        (never, there(&[]), settled(900, &[]), Told::Unlink, "it did"),
        (never_asked, there(&[]), Memo::default(), Told::Release, "we never asked for it"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_lost_status_is_found_again() {
    let none = Memo::default;
    let ours = || vec![grant("principal")];
    let there = |grants: &[_]| seen(Present(link()), grants);
    check(vec![
        (going, there(&ours()), none(), Told::Revoke("principal"), "by an id that nobody else makes"),
        (going, there(&[]), none(), Told::In(75), "a role of its identity may be too young to be seen"),
        (|g| { going(g); roleless(g); }, there(&[]), none(), Told::Unlink, "it would have been taken over"),
        (going, seen(Absent, &[]), none(), Told::In(75), "held, and nothing on record: doubts begin now"),
        (going, seen(Unknown, &[]), none(), Told::In(5), "nobody could tell"),
        (going, unserved(&[]), none(), Told::In(75), "nor here"),
    ]);
    let (_, memo) = decide(&want_with(going), &there(&ours()), &none());
    assert_eq!(
        (memo.record.requested, memo.record.grants),
        (Some(now()), ours()),
        "on record again before anything is taken"
    );
}
