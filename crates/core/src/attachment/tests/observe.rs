//! `managementPolicy: ObserveOnly`: nothing is done, nothing is held, all is told.

use serde_json::json;

use super::object::{
    POOL, Told, asked, compute, compute_with, decide, grant, marked, rested, seen, set, want_with,
    with_identities,
};
use super::report::{said, standing};
use crate::attachment::{Attachment, Compute, Given, Memo, Provisioning, Seen};
use crate::machine::{Machine, Sight};
use crate::place::Reference;

type Change = fn(&mut Given);

fn only(given: &mut Given) {
    set(given, "managementPolicy", json!("ObserveOnly"));
}

fn going(given: &mut Given) {
    only(given);
    given.held = true;
    given.deleting = true;
    given.users = vec!["SparkJob titanic".to_owned()];
    given.workspace = Reference::Missing;
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn it_only_looks() {
    let failed = compute_with(|c| c.state = Provisioning::Failed("x".into()));
    let working = compute_with(|c| c.state = Provisioning::Working);
    let always: Change = |g| { only(g); set(g, "adoptionPolicy", json!("Always")); };
    let rows: Vec<(Change, Sight<Compute>, Memo, Told, &str)> = vec![
        (only, Absent, Memo::default(), Told::In(3_600), "nothing is attached"),
        (only, Present(compute()), Memo::default(), Told::In(3_600), "no role is granted"),
        (only, Present(compute_with(with_identities)), Memo::default(), Told::In(3_600), "nothing is corrected"),
        (only, Present(failed), Memo::default(), Told::In(3_600), "nothing is tried again"),
        (always, Present(marked(None)), Memo::default(), Told::In(3_600), "nothing is taken over"),
        (only, Present(working), Memo::default(), Told::In(5), "somebody is at it"),
        (only, Unknown, Memo::default(), Told::In(5), "nobody could tell"),
        (|g| { only(g); g.workspace = Reference::Missing; }, Unknown, Memo::default(), Told::OnChange, "the workspace wakes us"),
        (only, Absent, asked(5_000, &[grant("principal")]), Told::In(3_600), "also what was managed before"),
        (going, Present(compute()), asked(5_000, &[grant("principal")]), Told::Release, "it goes at once, and leaves all as it is"),
    ];
    for (change, compute, memo, told, why) in rows {
        let want = want_with(change);
        let (found, after) = decide(&want, &seen(compute, &[]), &memo);
        assert_eq!(found, told, "{why}");
        assert!(want.deleting || !Attachment::holds(&after), "{why}: nothing is held");
        assert!(want.deleting || after.pool.as_deref() == Some(POOL), "{why}: the pool is told");
    }
}

#[test]
#[rustfmt::skip]
fn what_it_says() {
    let ours = [grant("principal")];
    let at = |compute, grants| seen(Present(compute), grants);
    let rows: Vec<(Seen, &str, &str, &str, &str)> = vec![
        (at(compute(), &ours), "Ready", "Observed", "as described", "all is there"),
        (at(marked(None), &ours), "Ready", "Observed", "as described", "a mark is not asked for"),
        (at(marked(Some("their-uid a/b")), &[]), "Ready", "Observed", "as described", "nor is it of interest whose it is, or which roles it has"),
        (at(compute_with(with_identities), &[]), "Ready", "Observed", "identity.type", "what differs is told"),
        (seen(Absent, &[]), "Stalled", "NotFound", "no compute 'pool'", "nobody will make it"),
        (Seen { pool: Absent, ..seen(Absent, &[]) }, "Stalled", "PoolNotFound", "no such Spark pool", "nor the pool"),
        (at(compute_with(|c| c.pool_id = "/their/pool".into()), &[]), "Stalled", "Conflict", "/their/pool", "jobs would run elsewhere"),
        (at(compute_with(|c| c.state = Provisioning::Failed("no capacity".into())), &[]), "Stalled", "AttachFailed", "no capacity", "in Azure's words"),
        (at(compute_with(|c| c.state = Provisioning::Working), &[]), "Reconciling", "Attaching", "Azure", "somebody is at it"),
    ];
    for (look, stands, reason, text, why) in rows {
        let status = said(only, &look, &Memo { pool: Some(POOL.into()), ..Memo::default() });
        assert_eq!(standing(&status), (stands, reason.to_owned()), "{why}");
        let ready = super::object::condition(&status.conditions, "Ready").unwrap();
        assert!(ready.message.contains(text), "{why}: {}", ready.message);
    }
    let status = said(only, &at(compute_with(with_identities), &[]), &Memo::default());
    assert_eq!(status.drift[0].field, "identity.type");
}

#[test]
fn what_is_managed_again_is_found_again() {
    let full: Change = |_| {};
    let ours = [grant("principal")];
    let (_, forgotten) = decide(
        &want_with(only),
        &seen(Present(compute()), &ours),
        &rested(full, &ours),
    );
    let (told, memo) = decide(
        &want_with(full),
        &seen(Present(compute()), &ours),
        &forgotten,
    );
    assert_eq!(told, Told::In(3_600), "by its mark");
    assert_eq!(
        memo.record.grants, ours,
        "and by ids that follow from what they give"
    );
}
