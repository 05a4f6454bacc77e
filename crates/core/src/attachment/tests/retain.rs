//! `deletionPolicy: Retain`: our mark goes, and nothing else.

use azureml_spark_api::attachment::AttachmentIdentityType;
use serde_json::json;

use super::object::{
    Told, asked, compute, compute_with, decide, grant, marked, now, seen, set, want_with,
    with_identities,
};
use super::report::{said, standing};
use crate::attachment::{Attachment, Compute, Given, Memo, Provisioning, Step};
use crate::machine::{Act, Machine, Sight};
use crate::place::Reference;

type Change = fn(&mut Given);

fn going(given: &mut Given) {
    set(given, "deletionPolicy", json!("Retain"));
    given.held = true;
    given.deleting = true;
}

fn used(given: &mut Given) {
    going(given);
    given.users = vec!["SparkJob titanic".to_owned()];
}

fn stranded(given: &mut Given) {
    going(given);
    given.workspace = Reference::Missing;
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn the_mark_goes_and_all_else_stays() {
    let ours = || asked(900, &[grant("principal")]);
    let disowned = |seconds| Memo { wish: Some("disowned".into()), ..asked(seconds, &[grant("principal")]) };
    let at = |state| Present(compute_with(|c| c.state = state));
    let unmarked = |state| { let mut c = marked(None); c.state = state; Present(c) };
    let elsewhere = || Present(Compute { pool_id: "/their/pool".into(), ..compute() });
    let rows: Vec<(Change, Sight<Compute>, Memo, Told, &str)> = vec![
        (used, Present(compute()), ours(), Told::OnChange, "jobs still run here; their end wakes us"),
        (stranded, Unknown, ours(), Told::OnChange, "nothing can be asked without the workspace"),
        (going, Unknown, ours(), Told::In(5), "silence never becomes absence"),
        (going, Present(compute()), ours(), Told::Disown, "so that another object may take it over"),
        (going, at(Provisioning::Failed("x".into())), ours(), Told::Disown, "a failed compute is there too"),
        (going, at(Provisioning::Working), ours(), Told::In(5), "Azure is at work"),
        (going, at(Provisioning::Deleting), ours(), Told::In(5), "it goes, whoever wanted that"),
        (going, Present(compute()), asked(74, &[]), Told::In(1), "what is seen may be older than the last request"),
        (going, Present(compute()), disowned(74), Told::In(1), "the mark may be gone already"),
        (going, Present(compute()), disowned(75), Told::Disown, "the request was lost"),
        (going, unmarked(Provisioning::Working), disowned(0), Told::Release, "it is gone; Azure may finish alone"),
        (going, unmarked(Provisioning::Succeeded), disowned(0), Told::Release, "it is gone"),
        (going, unmarked(Provisioning::Succeeded), asked(74, &[]), Told::In(1), "ours may be too young to be seen"),
        (going, unmarked(Provisioning::Succeeded), ours(), Told::Release, "nothing is to be taken off"),
        (going, Present(marked(Some("their-uid a/b"))), ours(), Told::Release, "it is another one's by now"),
        (going, elsewhere(), ours(), Told::Release, "what leads elsewhere is not touched"),
        (going, Absent, ours(), Told::Release, "it is gone"),
        (going, Absent, asked(74, &[]), Told::In(1), "it may be too young to be seen"),
        (going, Absent, Memo::default(), Told::In(75), "held, and nothing on record: doubts begin now"),
    ];
    for (change, compute, memo, told, why) in rows {
        let (found, _) = decide(&want_with(change), &seen(compute, &[grant("principal")]), &memo);
        assert_eq!(found, told, "{why}");
    }
}

#[test]
fn it_is_put_as_it_is_found() {
    let want = want_with(|g| {
        going(g);
        set(g, "description", json!("the spec's"));
    });
    let found = compute_with(|c| {
        with_identities(c);
        c.description = Some("as found".into());
        c.tags.insert("cost".into(), "42".into());
    });
    let look = seen(Present(found), &[]);
    let moved = Attachment::next(&want, &look, &asked(900, &[]), now());
    let Act::Do(Step::Disown(body)) = moved.act else {
        panic!("{moved:?}")
    };
    assert_eq!(body.description.as_deref(), Some("as found"));
    assert_eq!(body.tags, [("cost".to_owned(), "42".to_owned())].into());
    assert_eq!(body.identity, AttachmentIdentityType::UserAssigned);
    assert_eq!(body.user_assigned, ["/IDENTITIES/TWO", "/identities/one"]);
    assert_eq!(
        moved.memo.record.requested,
        Some(now()),
        "on record before the request"
    );
    assert_eq!(moved.memo.wish.as_deref(), Some("disowned"));
}

#[test]
fn it_says_that_it_goes() {
    let status = said(going, &seen(Present(compute()), &[]), &asked(900, &[]));
    assert_eq!(standing(&status), ("Reconciling", "Detaching".to_owned()));
}
