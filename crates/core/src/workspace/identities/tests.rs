//! Tables: what a workspace has, what it shall have, and what is asked for.

use std::collections::BTreeMap;

use azureml_spark_api::AzureMLWorkspaceStatus;
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use jiff::{SignedDuration, Timestamp};

use super::super::tests::{facts, given, now, trouble};
use super::super::{ATTACH_IDENTITIES, Facts, Given, Memo, Seen, Step, Workspace};
use crate::machine::{Act, Machine, Move, Sight, Wake};
use crate::{Class, Fault};

const ETL: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/etl-identity";
const ETL_OF_AZURE: &str = "/subscriptions/S/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/ETL-identity";
const WEB: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web-identity";

fn having(kind: &str, ids: &[&str]) -> Facts {
    let user_assigned = ids.iter().map(|id| UserAssignedIdentity {
        resource_id: (*id).to_owned(),
        ..UserAssignedIdentity::default()
    });
    Facts {
        identity: Some(ResourceIdentity {
            type_: kind.to_owned(),
            user_assigned: user_assigned.collect(),
            ..ResourceIdentity::default()
        }),
        ..facts()
    }
}

fn wishing(ids: &[&str]) -> Given {
    Given {
        identities: ids.iter().map(ToString::to_string).collect(),
        ..given()
    }
}

fn found(facts: Facts, identities: &[(&str, Sight<()>)]) -> Seen {
    let identities = identities
        .iter()
        .map(|(id, sight)| ((*id).to_owned(), *sight));
    Seen {
        workspace: Sight::Present(facts),
        identities: identities.collect::<BTreeMap<_, _>>(),
    }
}

fn asked(seconds_ago: i64) -> Memo {
    Memo {
        requested: Some(now() - SignedDuration::from_secs(seconds_ago)),
        ..Memo::default()
    }
}

fn decide(given: &Given, seen: &Seen, memo: &Memo) -> Move<Workspace> {
    Workspace::next(&Workspace::want(given).unwrap(), seen, memo, now())
}

/// What is asked for: with an identity of its own or not, and the ids.
fn request(given: &Given, seen: &Seen) -> Option<(bool, Vec<String>)> {
    match decide(given, seen, &Memo::default()).act {
        Act::Do(Step::AttachIdentities {
            location,
            system_assigned,
            ids,
        }) => {
            assert_eq!(location, "eastus", "a change names the region");
            Some((system_assigned, ids))
        }
        _ => None,
    }
}

fn in_seconds(seconds: i64) -> Act<Step> {
    Act::Rest(Wake::At(now() + SignedDuration::from_secs(seconds)))
}

const HOUR: i64 = 3_600;

#[test]
#[rustfmt::skip]
fn what_is_missing_is_asked_for_beside_what_is_there() {
    use Sight::{Absent, Present, Unknown};
    type Row<'r> = (&'r [&'r str], Facts, &'r [(&'r str, Sight<()>)], Option<(bool, &'r [&'r str])>, &'r str);
    let rows: Vec<Row<'_>> = vec![
        (&[], having("SystemAssigned", &[]), &[], None, "nothing is wished"),
        (&[ETL], having("SystemAssigned", &[]), &[(ETL, Present(()))], Some((true, &[ETL])), "its own identity stays"),
        (&[ETL], having("systemassigned", &[]), &[(ETL, Present(()))], Some((true, &[ETL])), "in any casing"),
        (&[ETL], having("None", &[]), &[(ETL, Present(()))], Some((false, &[ETL])), "it had none at all"),
        (&[ETL], facts(), &[(ETL, Present(()))], Some((false, &[ETL])), "nor said so"),
        (&[ETL], having("UserAssigned", &[WEB]), &[(ETL, Present(()))], Some((false, &[WEB, ETL])), "others stay"),
        (&[ETL], having("UserAssigned", &[ETL_OF_AZURE]), &[], None, "ids are the same in any casing"),
        (&[ETL, ETL_OF_AZURE], having("None", &[]), &[(ETL, Present(()))], Some((false, &[ETL])), "wished twice is wished once"),
        (&[ETL], having("None", &[]), &[(ETL, Absent)], None, "there is no such identity"),
        (&[ETL, WEB], having("None", &[]), &[(ETL, Absent), (WEB, Present(()))], Some((false, &[WEB])), "one that is missing does not stand in another's way"),
        (&[ETL], having("None", &[]), &[(ETL, Unknown)], Some((false, &[ETL])), "who may not look may attach it all the same"),
        (&[], having("UserAssigned", &[WEB]), &[], None, "what left the list stays"),
    ];
    for (wished, facts, identities, expected, why) in rows {
        let made = request(&wishing(wished), &found(facts, identities));
        let expected = expected.map(|(own, ids)| (own, ids.iter().map(ToString::to_string).collect()));
        assert_eq!(made, expected, "{why}");
    }
    let mut identity = having("SomethingNew", &[]);
    identity.identity.as_mut().unwrap().principal_id = Some("p".to_owned());
    let (own, _) = request(&wishing(&[ETL]), &found(identity, &[])).unwrap();
    assert!(own, "who has an object id has an identity of its own, whatever it is called");
}

#[test]
fn it_is_on_record_before_it_is_asked_for_and_holds_nothing() {
    let seen = found(having("None", &[]), &[(ETL, Sight::Present(()))]);
    let given = Given {
        holders: vec!["SparkJob titanic".to_owned()],
        ..wishing(&[ETL])
    };
    let moved = decide(&given, &seen, &Memo::default());
    assert!(matches!(moved.act, Act::Do(_)));
    assert_eq!(
        moved.memo,
        Memo {
            requested: Some(now()),
            needed: false
        }
    );
    let want = Workspace::want(&given).unwrap();
    let pass = crate::Pass {
        generation: 1,
        want: Ok(&want),
        seen: Some(&seen),
        memo: &moved.memo,
        trouble: None,
        paused: false,
    };
    let status = Workspace::report(&pass, &AzureMLWorkspaceStatus::default(), now());
    assert_eq!(
        Workspace::recall(&status),
        moved.memo,
        "or the engine refuses the step"
    );
    let later = decide(&given, &seen, &moved.memo);
    assert!(matches!(later.act, Act::Rest(_)));
    assert!(
        Workspace::holds(&later.memo),
        "whoever needs it still counts"
    );
}

#[test]
#[rustfmt::skip]
fn it_is_not_asked_for_again_and_again() {
    let missing = || found(having("None", &[]), &[(ETL, Sight::Present(()))]);
    let shown = || found(having("UserAssigned", &[ETL_OF_AZURE]), &[]);
    let nowhere = || found(having("None", &[]), &[(ETL, Sight::Absent)]);
    let rows: [(Seen, Memo, Option<Act<Step>>, &str); 9] = [
        (missing(), Memo::default(), None, "at once"),
        (missing(), asked(0), Some(in_seconds(5)), "it takes some seconds"),
        (missing(), asked(10), Some(in_seconds(10)), "ever less often"),
        (missing(), asked(40), Some(in_seconds(35)), "to the end of the time that it may take"),
        (missing(), asked(74), Some(in_seconds(1)), "an absence is doubted"),
        (missing(), asked(75), None, "it has not come: once more"),
        (shown(), asked(10), Some(in_seconds(HOUR)), "it is there"),
        (nowhere(), asked(10), Some(in_seconds(300)), "nobody tells when it is created"),
        (shown(), Memo::default(), Some(in_seconds(HOUR)), "somebody else did it"),
    ];
    for (seen, memo, expected, why) in rows {
        let moved = decide(&wishing(&[ETL]), &seen, &memo);
        match expected {
            Some(act) => assert_eq!(moved.act, act, "{why}"),
            None => assert!(matches!(moved.act, Act::Do(_)), "{why}: {:?}", moved.act),
        }
    }
    let often = Given { sync_period: SignedDuration::from_mins(2), ..wishing(&[ETL]) };
    assert_eq!(decide(&often, &nowhere(), &Memo::default()).act, in_seconds(120), "the object's own period is shorter");
}

#[test]
fn what_is_on_its_way_out_or_cannot_be_read_gets_nothing() {
    let leaving = Given {
        deleting: true,
        holders: vec!["SparkJob titanic".to_owned()],
        ..wishing(&[ETL])
    };
    for (given, seen, why) in [
        (leaving, Seen::default(), "it goes"),
        (wishing(&[ETL]), Seen::default(), "not looked at"),
        (
            wishing(&[ETL]),
            Seen {
                workspace: Sight::Absent,
                ..Seen::default()
            },
            "not there",
        ),
    ] {
        let act = decide(&given, &seen, &Memo::default()).act;
        assert!(matches!(act, Act::Rest(_)), "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn a_refused_request_is_forgotten_and_a_doubtful_one_is_waited_for() {
    let other = "read the workspace";
    let rows: [(&str, Class, Option<i64>, &str); 5] = [
        (ATTACH_IDENTITIES, Class::Forbidden, None, "it was not done"),
        (ATTACH_IDENTITIES, Class::Retryable, None, "to ask twice does no harm"),
        (ATTACH_IDENTITIES, Class::Unsure, Some(0), "it may have been done just now"),
        (other, Class::Forbidden, Some(30), "a look says nothing of it"),
        (other, Class::Unsure, Some(30), "a look says nothing of it"),
    ];
    for (op, class, ago, why) in rows {
        let fault = Fault { op, ..trouble(class).fault };
        let requested = Workspace::faulted(&asked(30), &fault, now()).requested;
        assert_eq!(requested, ago.and_then(|ago| asked(ago).requested), "{why}");
    }
}

#[test]
fn a_time_that_lies_ahead_ends_too() {
    let ahead: Timestamp = now() + SignedDuration::from_secs(600);
    assert_eq!(
        super::in_hand(Some(ahead), now()),
        Some(now() + super::FIRST_LOOK)
    );
}

#[test]
fn what_is_wished_next_does_not_wait_for_what_is_there() {
    let shown = found(having("UserAssigned", &[ETL]), &[]);
    let moved = decide(&wishing(&[ETL]), &shown, &asked(3));
    assert_eq!(moved.memo.requested, None);
    let unseen = Seen::default();
    let moved = decide(&wishing(&[ETL]), &unseen, &asked(3));
    assert_eq!(moved.memo, asked(3), "nobody has looked");
}
