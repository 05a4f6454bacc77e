//! One row per state of the roles and the record.

use azureml_spark_api::role::{Role, RoleAssignment};

use super::object::{
    CORRECT, Circumstances, POOL, REPORT, admin, ago, asked, blobs, by_hand, found, now, offer,
    settled, shared, spark,
};
use crate::grants::{Next, Record, Seen, give_back, missing, settle, to_check, wants_offers};
use crate::machine::Sight;

#[derive(Debug, PartialEq)]
enum Told {
    Grant(RoleAssignment),
    Revoke(RoleAssignment),
    /// After so many seconds.
    In(i64),
    Settled,
}

fn told(next: Next) -> Told {
    match next {
        Next::Grant(grant) => Told::Grant(grant),
        Next::Revoke(grant) => Told::Revoke(grant),
        Next::Wait(time) => Told::In(time.duration_since(now()).as_secs()),
        Next::Settled => Told::Settled,
    }
}

type Row = (
    Vec<RoleAssignment>,
    Seen,
    Record,
    Circumstances,
    Told,
    Record,
    &'static str,
);

fn check(rows: Vec<Row>) {
    for (wanted, seen, record, at, expected, recorded, why) in rows {
        let (after, next) = settle(&wanted, &seen, record, &at.terms());
        assert_eq!((told(next), after), (expected, recorded), "{why}");
    }
}

fn none() -> Record {
    Record::default()
}

/// Nobody could look at the assignments.
fn dark() -> Seen {
    Seen {
        found: Sight::Unknown,
        ..found(&[])
    }
}

#[test]
#[rustfmt::skip]
fn what_is_missing_is_granted_and_on_record_before() {
    let (one, two) = (admin("one"), admin("two"));
    let unasked = Seen { offers: Sight::Unknown, ..found(&[]) };
    check(vec![
        (vec![one.clone()], dark(), asked(9, &[]), CORRECT, Told::In(5), asked(9, &[]), "silence is no absence"),
        (vec![one.clone()], found(&[]), none(), CORRECT, Told::Grant(one.clone()), asked(0, std::slice::from_ref(&one)), "with the time, from which doubts count"),
        (vec![one.clone(), two.clone()], found(std::slice::from_ref(&one)), none(), CORRECT, Told::Grant(two.clone()), asked(0, &[one.clone(), two.clone()]), "one after the other; what is there by our id is on record again"),
        (vec![one.clone()], found(std::slice::from_ref(&one)), asked(9, &[]), CORRECT, Told::Settled, settled(9, std::slice::from_ref(&one)), "somebody who wishes the same made it: on record, so that it stays when he goes"),
        (vec![one.clone()], found(&[by_hand(&one)]), asked(9, &[]), CORRECT, Told::Settled, settled(9, &[]), "a person gave it: Synapse counts it as one (contract §7), and it is not ours to take"),
        (vec![one.clone()], found(&[by_hand(&two)]), none(), CORRECT, Told::Grant(one.clone()), asked(0, std::slice::from_ref(&one)), "the grant of another identity"),
        (vec![one.clone()], unasked.clone(), asked(9, &[]), CORRECT, Told::In(5), asked(9, &[]), "nobody asked yet what Synapse offers"),
        (vec![blobs("one")], unasked, none(), CORRECT, Told::Grant(blobs("one")), asked(0, &[blobs("one")]), "Azure's own roles need no such question"),
        (vec![], found(&[]), asked(9, &[]), CORRECT, Told::Settled, settled(9, &[]), "nothing is wanted"),
    ]);
}

#[test]
fn a_request_that_is_repeated_does_not_renew_patience() {
    let one = admin("one");
    let record = asked(300, std::slice::from_ref(&one));
    let wanted = [one.clone()];
    let (record, next) = settle(&wanted, &found(&[]), record, &CORRECT.terms());
    assert_eq!(next, Next::Grant(one));
    assert_eq!(
        (record.requested, record.since),
        (Some(now()), Some(ago(300)))
    );
}

#[test]
#[rustfmt::skip]
fn what_synapse_does_not_offer_is_not_tried() {
    let at = |scopes: &[&str]| Seen {
        offers: Sight::Present(vec![offer(Role::SynapseApacheSparkAdministrator, scopes)]),
        ..found(&[])
    };
    let workspace = "workspaces/{workspaceName}";
    let pool = "/workspaces/{workspaceName}/bigDataPools/{bigDataPoolName}/";
    let (there, here) = (spark("workspaces/syn"), spark(POOL));
    let grants = |grant: &RoleAssignment| (Told::Grant(grant.clone()), asked(0, std::slice::from_ref(grant)));
    let stuck = || (Told::In(60), none());
    for (grant, seen, (next, record), why) in [
        (&there, at(&[workspace]), grants(&there), "at the workspace"),
        (&here, at(&[workspace]), stuck(), "at the workspace only"),
        (&here, at(&[workspace, pool]), grants(&here), "at pools, too"),
        (&there, at(&[pool]), stuck(), "at pools only"),
        (&here, at(&["workspaces/SYN/BIGDATAPOOLS/P"]), grants(&here), "at this very pool"),
        (&here, at(&["workspaces/syn/bigDataPools/other"]), stuck(), "at another pool"),
        (&here, at(&[]), grants(&here), "it does not say where: Synapse's own refusal will tell"),
        (&admin("one"), at(&[workspace, pool]), stuck(), "not this role"),
        (&here, Seen { offers: Sight::Absent, ..found(&[]) }, stuck(), "no role at all"),
    ] {
        check(vec![(vec![grant.clone()], seen, none(), CORRECT, next, record, why)]);
    }
    let (one, gone) = (blobs("one"), blobs("gone"));
    check(vec![
        (vec![here.clone(), one.clone()], at(&[workspace]), none(), CORRECT, Told::Grant(one.clone()), asked(0, std::slice::from_ref(&one)), "the others are granted all the same"),
        (vec![here.clone()], Seen { found: Sight::Present(vec![gone.clone()]), ..at(&[workspace]) }, asked(900, std::slice::from_ref(&gone)), CORRECT, Told::Revoke(gone.clone()), asked(900, &[gone]), "and what is not wanted any more goes"),
        (vec![here], at(&[workspace]), asked(900, &[]), CORRECT, Told::In(60), asked(900, &[]), "not settled"),
    ]);
}

#[test]
#[rustfmt::skip]
fn what_is_not_wanted_any_more_is_taken_back_if_it_is_ours_alone() {
    let (one, old) = (admin("one"), admin("old"));
    let both = [one.clone(), old.clone()];
    let wanted = || vec![one.clone()];
    let first = std::slice::from_ref(&one);
    check(vec![
        (wanted(), found(std::slice::from_ref(&old)), settled(900, std::slice::from_ref(&old)), CORRECT, Told::Grant(one.clone()), asked(0, &[old.clone(), one.clone()]), "first the new one"),
        (wanted(), found(&both), settled(900, &both), CORRECT, Told::Revoke(old.clone()), settled(900, &both), "then the old one, still on record"),
        (wanted(), found(first), settled(900, &both), CORRECT, Told::Settled, settled(900, first), "gone"),
        (wanted(), found(first), settled(70, &both), CORRECT, Told::In(5), settled(70, &both), "not while it may only be too young to be seen"),
        (wanted(), found(&[one.clone(), by_hand(&old)]), settled(900, first), CORRECT, Told::Settled, settled(900, first), "what somebody else gave stays"),
        (wanted(), found(&[one.clone(), by_hand(&old)]), settled(900, &both), CORRECT, Told::Settled, settled(900, first), "also where we had given the same"),
        (wanted(), found(&both), settled(900, &both), shared(&old), Told::Settled, settled(900, first), "another object needs it, and takes it back in the end"),
        (wanted(), found(first), settled(70, &both), shared(&old), Told::Settled, settled(70, first), "nor need its absence be waited for"),
        (wanted(), found(&both), settled(900, &both), REPORT, Told::Revoke(old.clone()), settled(900, &both), "a change of the spec is always applied"),
    ]);
}

#[test]
#[rustfmt::skip]
fn what_was_taken_away_outside_comes_back_or_is_told() {
    let (one, two) = (admin("one"), admin("two"));
    let ours = std::slice::from_ref(&one);
    let wanted = || vec![one.clone()];
    let again = || (Told::Grant(one.clone()), Record { requested: Some(now()), ..asked(0, ours) });
    for (at, record, (next, after), why) in [
        (CORRECT, settled(900, ours), again(), "it is made again"),
        (REPORT, settled(900, ours), (Told::Settled, settled(900, ours)), "it is left so"),
        (REPORT, asked(0, ours), again(), "it was never seen: the request may have failed"),
        (REPORT, settled(900, &[]), again(), "it is a new wish"),
        (REPORT, settled(900, std::slice::from_ref(&two)), (Told::Grant(one.clone()), asked(0, &[two.clone(), one.clone()])), "that of another identity does not count"),
    ] {
        check(vec![(wanted(), found(&[]), record, at, next, after, why)]);
    }
}

#[test]
#[rustfmt::skip]
fn a_grant_is_followed_until_it_has_an_effect() {
    let one = admin("one");
    let ours = std::slice::from_ref(&one);
    let with = |powerless| Seen { powerless, ..found(ours) };
    let out = || Sight::Present(vec!["ONE".to_owned()]);
    let wanted = || vec![one.clone()];
    let since = |asked: i64, since: i64| Record { since: Some(ago(since)), ..settled(asked, ours) };
    check(vec![
        (wanted(), with(out()), since(30, 30), CORRECT, Told::In(15), since(30, 30), "it takes minutes"),
        (wanted(), with(out()), since(30, 600), CORRECT, Told::In(60), since(30, 600), "by then a person has to look"),
        (wanted(), with(out()), settled(900, ours), CORRECT, Told::In(15), since(900, 0), "patience begins when it is noticed"),
        (wanted(), with(Sight::Present(vec!["two".to_owned()])), asked(30, ours), CORRECT, Told::Settled, settled(30, ours), "nobody of ours"),
        (wanted(), with(Sight::Unknown), asked(30, ours), CORRECT, Told::Settled, settled(30, ours), "what cannot be checked is believed"),
        (wanted(), Seen { powerless: out(), ..found(&[]) }, settled(900, ours), REPORT, Told::Settled, settled(900, ours), "taken away, and left so: no effect is awaited"),
        (vec![blobs("one")], Seen { powerless: out(), ..found(&[blobs("one")]) }, asked(30, &[blobs("one")]), CORRECT, Told::Settled, settled(30, &[blobs("one")]), "Synapse knows nothing of storage"),
    ]);
}

#[test]
#[rustfmt::skip]
fn on_the_way_out_everything_of_ours_alone_is_taken_back() {
    let (one, two) = (admin("one"), blobs("one"));
    let both = [one.clone(), two.clone()];
    for (seen, record, at, expected, why) in [
        (dark(), settled(900, &[]), CORRECT, Told::Settled, "nothing is on record"),
        (dark(), settled(900, &both), CORRECT, Told::In(5), "silence is no absence"),
        (found(&both), settled(900, &both), CORRECT, Told::Revoke(one.clone()), "one"),
        (found(&both[1..]), settled(900, &both), CORRECT, Told::Revoke(two.clone()), "after the other"),
        (found(&[]), settled(900, &both), CORRECT, Told::Settled, "all are gone"),
        (found(&[]), settled(70, &both), CORRECT, Told::In(5), "one may only be too young to be seen"),
        (found(&[by_hand(&one)]), settled(900, &both), CORRECT, Told::Settled, "what somebody else gave stays"),
        (found(&both), settled(900, &both), shared(&one), Told::Revoke(two.clone()), "another object needs the first"),
        (found(&both[..1]), settled(70, &both[..1]), shared(&one), Told::Settled, "nor is it waited for"),
        (dark(), settled(900, &both[..1]), shared(&one), Told::Settled, "nor looked at"),
    ] {
        assert_eq!(told(give_back(&seen, &record, &at.terms())), expected, "{why}");
    }
}

#[test]
fn whoever_looks_is_told_what_at() {
    let (one, two) = (admin("one"), blobs("two"));
    let wanted = [one.clone(), spark(POOL), two.clone()];
    assert_eq!(missing(&wanted, &[by_hand(&one)]), [&spark(POOL), &two]);
    assert!(wants_offers(&wanted, &[]));
    assert!(
        !wants_offers(&wanted, &wanted[..2]),
        "only a role of Azure is missing"
    );
    assert!(
        to_check(&wanted, &wanted[1..]).is_empty(),
        "not before it is there"
    );
    let checks = to_check(&wanted, &wanted[..2]);
    assert_eq!(checks.len(), 1, "once, whatever the number of roles");
    assert_eq!((checks[0].principal_id, checks[0].scope), ("one", POOL));
}
