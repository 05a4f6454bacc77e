//! One row per state of the link, its roles and the memory, while it shall be there.

use azureml_spark_api::role::RoleAssignment;

use super::object::{
    Told, ago, any, asked, by_hand, decide, elsewhere, grant, link, never, now, observing,
    reporting, roleless, seen, set, settled, unserved, want_with,
};
use crate::grants::Record;
use crate::linked_service::{Given, LINK, Link, LinkedService, Memo, Seen};
use crate::machine::{Machine, Sight};
use crate::place::Reference;
use crate::{Class, Fault};

type Change = fn(&mut Given);
type Row = (Change, Seen, Memo, Told, &'static str);

fn check(rows: Vec<Row>) {
    for (change, seen, memo, told, why) in rows {
        let (found, _) = decide(&want_with(change), &seen, &memo);
        assert_eq!(found, told, "{why}");
    }
}

fn there(grants: &[RoleAssignment]) -> Seen {
    seen(Present(link()), grants)
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn towards_a_link_with_roles() {
    let none = Memo::default;
    let ours = || vec![grant("principal")];
    let without_principal = Link { principal_id: None, ..link() };
    let nothing = || seen(Absent, &[]);
    check(vec![
        (|g| g.workspace = Reference::Missing, seen(Unknown, &[]), none(), Told::OnChange, "the workspace wakes us"),
        (|g| g.workspace = Reference::NotReady("x".into()), seen(Unknown, &[]), none(), Told::OnChange, "the workspace wakes us"),
        (any, seen(Unknown, &[]), none(), Told::In(5), "silence is no absence"),
        (any, seen(Unknown, &[]), settled(5_000, &[]), Told::In(5), "nor does it become one"),
        (any, nothing(), none(), Told::Link, "nothing there yet"),
        (any, nothing(), asked(5, &[]), Told::Link, "the name makes it the same link"),
        (any, seen(Present(without_principal), &[]), asked(5, &[]), Told::In(5), "the identity may appear late"),
        (any, there(&[]), asked(5, &[]), Told::Grant("principal"), "its identity needs the role"),
        (any, there(&ours()), asked(5, &ours()), Told::In(3_600), "all is well"),
        (any, there(&[by_hand("principal")]), asked(5, &[]), Told::In(3_600), "somebody has granted it"),
        (any, there(&[by_hand("old")]), asked(5, &[]), Told::Grant("principal"), "the grant of another identity"),
        (any, there(&[grant("principal"), grant("old")]), settled(900, &[grant("principal"), grant("old")]), Told::Revoke("old"), "a link that was made again has another identity"),
        (roleless, there(&[]), asked(5, &[]), Told::In(3_600), "no role was asked for"),
        (roleless, there(&ours()), asked(900, &ours()), Told::Revoke("principal"), "no role is asked for any more"),
        (any, unserved(&[]), none(), Told::In(1_800), "Azure serves no links here: never hot"),
    ]);
    let blind = Seen { grants: crate::grants::Seen::default(), ..there(&[]) };
    check(vec![(any, blind, asked(5, &[]), Told::In(5), "nobody could tell which roles there are")]);
}

#[test]
#[rustfmt::skip]
fn what_is_there_already_is_taken_over_or_left() {
    let always: Change = |g| set(g, "adoptionPolicy", serde_json::json!("Always"));
    let none = Memo::default;
    check(vec![
        (any, there(&[]), none(), Told::Grant("principal"), "it is as this spec says"),
        (always, there(&[]), none(), Told::Grant("principal"), "it is as this spec says"),
        (never, there(&[]), none(), Told::In(60), "this object did not make it"),
        (never, there(&[]), settled(900, &[]), Told::Grant("principal"), "it did"),
        (never, seen(Absent, &[]), none(), Told::Link, "nothing is there"),
        (any, seen(elsewhere(), &[]), none(), Told::In(60), "it leads to another Synapse workspace"),
        (always, seen(elsewhere(), &[]), none(), Told::In(60), "whatever the policy"),
        (any, seen(elsewhere(), &[]), settled(900, &[]), Told::In(60), "also if we had asked"),
    ]);
    let (_, memo) = decide(&want_with(any), &there(&[grant("principal")]), &none());
    assert_eq!(
        memo,
        settled(0, &[grant("principal")]),
        "ours from now on, with the role that it relies on"
    );
    let (_, memo) = decide(&want_with(never), &there(&[]), &none());
    assert_eq!(memo, none(), "not ours");
}

#[test]
#[rustfmt::skip]
fn what_was_removed_outside_comes_back_or_is_told() {
    let ours = || vec![grant("principal")];
    check(vec![
        (any, seen(Absent, &[]), settled(900, &ours()), Told::Link, "it is made again"),
        (reporting, seen(Absent, &[]), settled(900, &ours()), Told::In(3_600), "it is left so"),
        (reporting, seen(Absent, &[]), asked(900, &[]), Told::Link, "it was never seen: the request may have failed"),
        (reporting, seen(Absent, &[]), Memo::default(), Told::Link, "never asked for"),
        (any, there(&[]), settled(900, &ours()), Told::Grant("principal"), "the role is given again"),
        (reporting, there(&[]), settled(900, &ours()), Told::In(3_600), "it is left so"),
        (reporting, there(&[]), settled(900, &[grant("old")]), Told::Grant("principal"), "another link, with another identity"),
    ]);
}

#[test]
#[rustfmt::skip]
fn whoever_only_looks_does_nothing() {
    let ours = || vec![grant("principal")];
    check(vec![
        (observing, seen(Unknown, &[]), Memo::default(), Told::In(5), "silence"),
        (observing, seen(Absent, &[]), Memo::default(), Told::In(3_600), "nothing there"),
        (observing, there(&[]), Memo::default(), Told::In(3_600), "a role is missing"),
        (observing, there(&[grant("old")]), settled(900, &[grant("old")]), Told::In(3_600), "one is too many"),
        (observing, seen(elsewhere(), &[]), Memo::default(), Told::In(3_600), "it leads elsewhere"),
        (observing, unserved(&[]), Memo::default(), Told::In(1_800), "Azure serves no links here"),
        (|g| { observing(g); g.workspace = Reference::Missing; }, Seen::default(), Memo::default(), Told::OnChange, "the workspace wakes us"),
    ]);
    for memo in [Memo::default(), settled(900, &ours())] {
        let (_, after) = decide(&want_with(observing), &there(&ours()), &memo);
        assert_eq!(after, memo, "it may be managed again");
    }
}

#[test]
fn requests_and_roles_are_on_record_before_they_are_made() {
    let (_, memo) = decide(&want_with(any), &seen(Absent, &[]), &Memo::default());
    assert_eq!(memo, asked(0, &[]));
    let (_, memo) = decide(&want_with(any), &there(&[]), &settled(500, &[]));
    assert_eq!(
        memo,
        asked(0, &[grant("principal")]),
        "with the time, from which doubts count"
    );
    let (_, memo) = decide(
        &want_with(any),
        &seen(Absent, &[]),
        &asked(500, &[grant("old")]),
    );
    assert_eq!(
        memo.record,
        Record {
            requested: Some(now()),
            ..asked(500, &[grant("old")]).record
        },
        "nothing is forgotten, nor since when it is tried"
    );
}

#[test]
fn a_lost_status_is_found_again() {
    let held: Change = |g| g.held = true;
    let all = [grant("principal")];
    let (told, memo) = decide(&want_with(held), &there(&all), &Memo::default());
    assert_eq!((told, memo), (Told::In(3_600), settled(0, &all)));
    let blocked: Change = |g| {
        g.held = true;
        g.workspace = Reference::Missing;
    };
    for (change, look, why) in [
        (blocked, Seen::default(), "nothing can be asked"),
        (held, seen(Unknown, &[]), "nobody could tell"),
        (
            held,
            seen(elsewhere(), &[]),
            "the answer may be older than ours",
        ),
        (held, unserved(&[]), "nobody can tell"),
    ] {
        let (_, memo) = decide(&want_with(change), &look, &Memo::default());
        let doubted = Memo {
            owned: false,
            ..asked(0, &[])
        };
        assert_eq!(memo, doubted, "{why}: the finalizer stays");
    }
    let held_never: Change = |g| {
        never(g);
        g.held = true;
    };
    let (_, memo) = decide(&want_with(held_never), &there(&[]), &Memo::default());
    assert_eq!(memo, Memo::default(), "it would pass for ours from then on");
    let (_, memo) = decide(&want_with(any), &seen(Unknown, &[]), &Memo::default());
    assert!(
        !LinkedService::holds(&memo),
        "what never began holds nothing"
    );
}

#[test]
fn a_link_that_is_refused_is_not_this_objects() {
    let fault = |class, op| Fault {
        class,
        code: "Code".into(),
        op,
        text: "t".into(),
        request_id: None,
        retry_after: None,
    };
    let given = vec![grant("principal")];
    let roles_alone = Memo {
        record: Record {
            grants: given.clone(),
            ..Record::default()
        },
        owned: false,
    };
    for class in [Class::Terminal, Class::Forbidden, Class::Absent] {
        let refused = fault(class, LINK);
        let after = |memo| LinkedService::faulted(&memo, &refused, now());
        assert_eq!(after(asked(50, &[])), Memo::default(), "{class:?}");
        assert_eq!(after(asked(50, &given)), roles_alone, "{class:?}");
    }
    let late = Memo {
        record: Record {
            since: Some(ago(50)),
            ..asked(0, &[]).record
        },
        owned: true,
    };
    for (class, op, expected, why) in [
        (Class::Terminal, "read the link", asked(50, &[]), "a look"),
        (
            Class::Retryable,
            LINK,
            asked(50, &[]),
            "it may be tried again",
        ),
        (Class::Unsure, LINK, late, "it may arrive until now"),
    ] {
        let after = LinkedService::faulted(&asked(50, &[]), &fault(class, op), now());
        assert_eq!(after, expected, "{why}");
    }
}

#[test]
fn what_was_refused_or_forgotten_does_not_pass_for_ours() {
    // Blocked for a while with our finalizer, which others may have put there; then somebody's link is seen.
    let held_never = |given: &mut Given| {
        given.held = true;
        never(given);
    };
    let blocked = |given: &mut Given| {
        held_never(given);
        given.workspace = Reference::NotReady("why".to_owned());
    };
    let (_, memo) = decide(&want_with(blocked), &Seen::default(), &Memo::default());
    assert!(LinkedService::holds(&memo), "nobody can tell");
    let there = seen(Sight::Present(link()), &[]);
    let (told, memo) = decide(&want_with(held_never), &there, &memo);
    assert_eq!((told, memo.owned), (Told::In(60), false));
}
