//! What is said of each state.

use azureml_spark_api::Reason;
use azureml_spark_api::condition::Truth;
use azureml_spark_api::role::{Role, RoleAssignment};

use super::object::{
    CORRECT, Circumstances, OBSERVE, POOL, REPORT, admin, asked, blobs, found, now, offer, settled,
    spark,
};
use crate::grants::{
    GRANT_IN_SYNAPSE, GRANT_ON_STORAGE, Record, Seen, differences, fact, faulted, unmet,
};
use crate::machine::{Sight, Trouble};
use crate::summary::Standing;
use crate::{Class, Fault};

use Truth::{False, True, Unknown};

type Row = (
    Option<Vec<RoleAssignment>>,
    Seen,
    Record,
    Circumstances,
    Truth,
    Reason,
    &'static str,
    &'static str,
);

#[test]
#[rustfmt::skip]
fn whether_the_roles_are_granted() {
    let one = admin("one");
    let ours = std::slice::from_ref(&one);
    let wanted = || Some(vec![one.clone()]);
    let out = || Seen { powerless: Sight::Present(vec!["one".into()]), ..found(ours) };
    let unchecked = || Seen { powerless: Sight::Unknown, ..found(ours) };
    let dark = Seen { found: Sight::Unknown, ..found(&[]) };
    let narrow = || Seen {
        offers: Sight::Present(vec![offer(Role::SynapseApacheSparkAdministrator, &["workspaces/{workspaceName}"])]),
        ..found(&[])
    };
    let rows: Vec<Row> = vec![
        (None, found(&[]), asked(9, &[]), CORRECT, Unknown, Reason::Pending, "identity", "Azure has not made it"),
        (Some(vec![]), dark.clone(), asked(9, &[]), CORRECT, True, Reason::NothingToGrant, "no role", "whoever could not look"),
        (wanted(), dark, asked(9, &[]), CORRECT, Unknown, Reason::Pending, "not looked at", "nobody could tell"),
        (wanted(), found(&[]), asked(9, &[]), CORRECT, False, Reason::Granting, "SynapseAdministrator at workspaces/syn/bigDataPools/p for one", "in hand"),
        (wanted(), found(&[]), settled(900, ours), CORRECT, False, Reason::Granting, "for one", "taken away, and it comes back"),
        (wanted(), found(&[]), settled(900, ours), REPORT, False, Reason::Drifted, "spec.driftPolicy", "taken away, and left so"),
        (Some(vec![one.clone(), blobs("one")]), found(&[]), settled(900, ours), REPORT, False, Reason::Granting, "StorageBlobDataContributor", "a new wish beside it is granted"),
        (wanted(), found(&[]), Record::default(), OBSERVE, False, Reason::Observed, "SynapseAdministrator", "not ours to grant"),
        (Some(vec![spark(POOL)]), narrow(), asked(9, &[]), CORRECT, False, Reason::RoleNotAssignable, "only at workspaces/{workspaceName}", "not at this scope"),
        (wanted(), narrow(), asked(9, &[]), CORRECT, False, Reason::RoleNotFound, "SynapseAdministrator", "no such role"),
        (Some(vec![one.clone(), spark(POOL)]), Seen { found: Sight::Present(ours.to_vec()), ..narrow() }, asked(9, ours), CORRECT, False, Reason::RoleNotAssignable, POOL, "one of two"),
        (wanted(), found(ours), asked(9, ours), CORRECT, True, Reason::Granted, "every role is granted", "all is well"),
        (wanted(), out(), asked(9, ours), CORRECT, False, Reason::Spreading, "one", "no effect yet"),
        (wanted(), out(), Record::default(), OBSERVE, False, Reason::Observed, "one", "no effect, and not ours to wait for"),
        (wanted(), unchecked(), asked(9, ours), CORRECT, True, Reason::Granted, "does not let us check", "believed"),
        (Some(vec![blobs("one")]), Seen { powerless: Sight::Unknown, ..found(&[blobs("one")]) }, asked(9, ours), CORRECT, True, Reason::Granted, "every role is granted", "nothing is to be checked"),
    ];
    for (wanted, seen, record, at, truth, reason, words, why) in rows {
        let fact = fact(wanted.as_deref(), &seen, &record, &at.terms());
        assert_eq!((fact.truth, fact.reason), (truth, reason), "{why}");
        assert!(fact.message.contains(words), "{why}: {}", fact.message);
    }
}

#[test]
fn what_is_missing_is_a_difference() {
    let wanted = [admin("one"), blobs("two")];
    let fields = |seen: &Seen| {
        differences(Some(&wanted), seen)
            .into_iter()
            .map(|d| (d.field, d.desired.unwrap(), d.observed))
            .collect::<Vec<_>>()
    };
    let all = fields(&found(&[]));
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].0, "grants.synapseRoles");
    assert_eq!(all[0].1, format!("SynapseAdministrator at {POOL} for one"));
    assert_eq!((all[1].0.as_str(), &all[1].2), ("grants.storage", &None));
    assert_eq!(fields(&found(&wanted)), []);
    let dark = Seen::default();
    assert_eq!(fields(&dark), [], "nobody could tell");
    assert_eq!(differences(None, &found(&[])), []);
}

/// Which of the two it is, and why.
fn word(standing: &Standing) -> (&'static str, Reason) {
    match standing {
        Standing::Ready(reason, _) => ("Ready", *reason),
        Standing::Reconciling(reason, _) => ("Reconciling", *reason),
        Standing::Stalled(reason, _) => ("Stalled", *reason),
    }
}

#[test]
fn who_has_to_act() {
    let one = admin("one");
    let ours = std::slice::from_ref(&one);
    let out = Seen {
        powerless: Sight::Present(vec!["one".into()]),
        ..found(ours)
    };
    let none = Seen {
        offers: Sight::Present(Vec::new()),
        ..found(&[])
    };
    let since = |seconds| asked(seconds, ours);
    for (seen, record, at, expected, why) in [
        (
            found(&[]),
            since(9),
            CORRECT,
            ("Reconciling", Reason::Granting),
            "in hand",
        ),
        (
            out.clone(),
            since(599),
            CORRECT,
            ("Reconciling", Reason::Spreading),
            "it takes minutes",
        ),
        (
            out,
            since(600),
            CORRECT,
            ("Stalled", Reason::Forbidden),
            "not that many",
        ),
        (
            none,
            since(9),
            CORRECT,
            ("Stalled", Reason::RoleNotFound),
            "another role must be named",
        ),
        (
            found(&[]),
            settled(900, ours),
            REPORT,
            ("Stalled", Reason::Drifted),
            "somebody took it away",
        ),
    ] {
        let fact = fact(Some(ours), &seen, &record, &at.terms());
        assert_eq!(word(&unmet(&fact, &record, now())), expected, "{why}");
    }
}

#[test]
fn a_fault_that_should_have_passed_needs_a_person() {
    let trouble = |class, op| Trouble {
        fault: Fault {
            class,
            code: "Code".into(),
            op,
            text: "t".into(),
            request_id: None,
            retry_after: None,
        },
        tries: 1,
    };
    let check = |class, op, record: &Record, expected| {
        let standing = faulted(&trouble(class, op), record, now());
        assert_eq!(word(&standing), expected, "{class:?} {op} {record:?}");
    };
    let (young, old) = (asked(599, &[]), asked(600, &[]));
    let spreads = ("Reconciling", Reason::Spreading);
    let forbidden = ("Stalled", Reason::Forbidden);
    for op in [GRANT_IN_SYNAPSE, GRANT_ON_STORAGE] {
        check(Class::Spreading, op, &young, spreads);
        check(Class::Spreading, op, &old, forbidden);
        check(Class::Spreading, op, &settled(900, &[]), spreads);
        check(Class::Forbidden, op, &young, spreads);
        check(Class::Forbidden, op, &old, forbidden);
        let down = ("Reconciling", Reason::AzureUnavailable);
        check(Class::Retryable, op, &old, down);
        check(Class::Terminal, op, &young, ("Stalled", Reason::Refused));
    }
    check(Class::Forbidden, "read the roles", &young, forbidden);
}
