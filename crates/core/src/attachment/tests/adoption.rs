//! A compute of that name is there already: whose it is, and what the policy says.

use serde_json::json;

use super::object::{
    OWNER, Told, UID, asked, compute_with, decide, grant, marked, now, seen, set, want_with,
    wished, with_identities,
};
use super::report::said;
use crate::attachment::{ATTACH, Attachment, Compute, Given, Memo};
use crate::machine::{Machine, Sight::Present};
use crate::{Class, Fault};

type Change = fn(&mut Given);

fn if_identical(_: &mut Given) {}

fn always(given: &mut Given) {
    set(given, "adoptionPolicy", json!("Always"));
}

fn never(given: &mut Given) {
    set(given, "adoptionPolicy", json!("Never"));
}

const THEIRS: &str = "their-uid their-team/their-pool";

#[test]
#[rustfmt::skip]
fn whether_it_is_taken() {
    let none = Memo::default;
    let unseen = || Memo { owned: false, ..asked(120, &[]) };
    let same = || marked(None);
    let other = || { let mut c = marked(None); with_identities(&mut c); c };
    let elsewhere = |mark| Compute { pool_id: "/their/pool".into(), ..marked(mark) };
    let rows: Vec<(Change, Compute, Memo, Told, &str)> = vec![
        (if_identical, same(), none(), Told::Attach, "nothing but our mark would change"),
        (always, same(), none(), Told::Attach, "nothing but our mark would change"),
        (never, same(), none(), Told::In(60), "it exists, and that is enough"),
        (if_identical, other(), none(), Told::In(60), "its identity would change"),
        (always, other(), none(), Told::Attach, "it is brought to the spec"),
        (never, other(), none(), Told::In(60), "it exists, and that is enough"),
        (if_identical, marked(Some(THEIRS)), none(), Told::In(60), "it is another one's"),
        (always, marked(Some(THEIRS)), none(), Told::Attach, "it is taken from whoever is named on it"),
        (never, marked(Some(THEIRS)), none(), Told::In(60), "it is another one's"),
        (always, marked(Some(THEIRS)), unseen(), Told::Attach, "asked for, and never seen as ours: the request may have been refused"),
        (always, marked(Some(THEIRS)), asked(120, &[]), Told::In(60), "it was ours and was taken: two that both say Always come to rest"),
        (if_identical, elsewhere(None), none(), Told::In(60), "where it leads is never changed"),
        (always, elsewhere(None), none(), Told::In(60), "under no policy"),
        (always, elsewhere(Some(THEIRS)), none(), Told::In(60), "under no policy"),
        (if_identical, elsewhere(Some(OWNER)), asked(120, &[]), Told::In(60), "nor where it was ours and was attached anew to another pool"),
        (never, same(), asked(120, &[]), Told::Attach, "we asked for it, and the mark was lost"),
        (never, marked(Some(OWNER)), none(), Told::Grant("principal"), "it is ours: only the status was lost"),
        (if_identical, marked(Some(UID)), none(), Told::Grant("principal"), "a mark of an earlier release, with the uid alone"),
        (if_identical, marked(Some("5f2b7a0e x/y")), none(), Told::In(60), "a uid counts as a whole word"),
    ];
    for (change, compute, memo, told, why) in rows {
        let (found, _) = decide(&want_with(change), &seen(Present(compute), &[]), &memo);
        assert_eq!(found, told, "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn a_conflict_says_whose_it_is_and_what_to_do() {
    let rows: Vec<(Change, Compute, Memo, &[&str])> = vec![
        (if_identical, marked(Some(THEIRS)), Memo::default(), &["compute 'pool' belongs to SynapseSparkAttachment their-team/their-pool (uid their-uid)", "Always"]),
        (never, marked(Some(THEIRS)), Memo::default(), &["belongs to SynapseSparkAttachment their-team/their-pool", "choose another spec.azureName"]),
        (always, marked(Some(THEIRS)), asked(120, &[]), &["belongs to SynapseSparkAttachment their-team/their-pool", "taken over from this object"]),
        (if_identical, marked(Some("their-uid")), Memo::default(), &["belongs to the object with uid their-uid"]),
        (never, marked(None), Memo::default(), &["compute 'pool' exists", "Never"]),
        (if_identical, { let mut c = marked(None); with_identities(&mut c); c }, Memo::default(), &["exists and differs in identity.type", "Always"]),
        (always, Compute { pool_id: "/their/pool".into(), ..marked(None) }, Memo::default(), &["leads to /their/pool", "bigDataPools/p"]),
    ];
    for (change, compute, memo, texts) in rows {
        let status = said(change, &seen(Present(compute), &[]), &memo);
        let ready = super::object::condition(&status.conditions, "Stalled").expect("it is stalled");
        assert_eq!(ready.reason, "Conflict");
        for text in texts {
            assert!(ready.message.contains(text), "{text} in {}", ready.message);
        }
        assert!(!status.drift.is_empty(), "the differences are shown");
    }
}

#[test]
fn taking_over_keeps_what_the_spec_does_not_speak_of() {
    use crate::attachment::{Attachment, Step};
    use crate::machine::{Act, Machine};
    let mut found = marked(Some(THEIRS));
    found.tags.insert("cost".into(), "42".into());
    found.description = Some("theirs".into());
    let look = seen(Present(found), &[]);
    let moved = Attachment::next(
        &want_with(always),
        &look,
        &Memo::default(),
        super::object::now(),
    );
    let Act::Do(Step::Attach(body)) = moved.act else {
        panic!("{moved:?}")
    };
    assert_eq!(body.description.as_deref(), Some("theirs"));
    assert_eq!(body.tags["cost"], "42");
    assert_eq!(body.tags[crate::attachment::OWNER_TAG], OWNER);
}

#[test]
#[rustfmt::skip]
fn what_azure_refused_to_make_makes_nothing_ours() {
    use Class::{Absent, Credential, Forbidden, Retryable, Spreading, Terminal, Unsure};
    let asked = |change: Change| Memo { owned: false, managed_tags: vec!["team".into()], ..wished(change, 90) };
    let fault = |class, op| Fault { class, code: "C".into(), op, text: "t".into(), request_id: None, retry_after: None };
    let theirs = || compute_with(|c| {
        c.tags.clear();
        c.description = Some("theirs".into());
    });
    let mine: Change = |g| set(g, "description", json!("mine"));
    let going: Change = |g| { set(g, "description", json!("mine")); g.held = true; g.deleting = true; };
    for (class, op, forgotten) in [
        (Terminal, ATTACH, true),
        (Forbidden, ATTACH, true),
        (Credential, ATTACH, true),
        (Absent, ATTACH, true),
        (Unsure, ATTACH, false),
        (Retryable, ATTACH, false),
        (Spreading, ATTACH, false),
        (Terminal, "grant a role in Synapse", false),
        (Forbidden, "read the attached pool", false),
    ] {
        let memo = Attachment::faulted(&asked(mine), &fault(class, op), now());
        assert_eq!((memo.wish.is_none(), memo.managed_tags.is_empty()), (forgotten, forgotten), "{class:?} of {op}");
        assert!(Attachment::holds(&memo), "an earlier request whose answer was lost may arrive yet");
        let look = seen(Present(theirs()), &[]);
        let later = Memo { record: super::object::asked(900, &[]).record, ..memo };
        let (told, _) = decide(&want_with(mine), &look, &later);
        assert_eq!(told, if forgotten { Told::In(60) } else { Told::Attach }, "{class:?} of {op}: taken over");
        let (told, _) = decide(&want_with(going), &look, &later);
        assert_eq!(told, if forgotten { Told::Release } else { Told::Detach }, "{class:?} of {op}: detached");
    }
    let owned = Memo { owned: true, ..asked(mine) };
    let refused = Attachment::faulted(&owned, &fault(Terminal, ATTACH), now());
    assert_eq!(refused.wish, owned.wish, "it was there: what is refused is a change of it");
    let disowned = Memo { wish: Some("disowned".into()), ..asked(mine) };
    let refused = Attachment::faulted(&disowned, &fault(Terminal, ATTACH), now());
    assert_eq!(refused.wish, disowned.wish, "the same request, to take our mark off");
}

#[test]
fn ours_is_remembered_as_soon_as_it_is_seen() {
    use crate::attachment::Provisioning;
    let mut young = marked(Some(OWNER));
    young.state = Provisioning::Working;
    let memo = Memo {
        owned: false,
        ..wished(if_identical, 5)
    };
    let (told, memo) = decide(&want_with(if_identical), &seen(Present(young), &[]), &memo);
    assert_eq!(
        (told, memo.owned),
        (Told::In(5), true),
        "before Azure is done with it"
    );
    let (_, memo) = decide(
        &want_with(if_identical),
        &seen(Present(marked(Some(THEIRS))), &[grant("principal")]),
        &Memo::default(),
    );
    assert!(!memo.owned);
}
