//! The laws of a `LinkedService`.

use azureml_spark_api::LinkedServiceStatus;
use azureml_spark_api::azure_id;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::linked_service::LinkDeletionPolicy;
use azureml_spark_api::policy::{AdoptionPolicy, DriftPolicy, ManagementPolicy};
use azureml_spark_core::linked_service::{Given, Link, LinkedService, Memo, Seen, Step, Want};
use azureml_spark_core::{Act, Machine, Move, Sight, Wake, role};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::link_inputs::{fault, given, memo, seen, sees_all};
use crate::times::at;
use crate::walk::{Look, Walked, answer, report, walk};

fn leads_there(want: &Want, link: &Link) -> bool {
    azure_id::same(&link.synapse_workspace_id, &want.link.synapse.to_string())
}

/// Nobody could tell whether there is a link.
fn is_dark(seen: &Seen) -> bool {
    seen.link == Sight::Unknown && seen.not_served.is_none()
}

fn keeps(memo: &Memo, moved: &Memo) -> bool {
    let mut grants = memo.record.grants.iter();
    grants.all(|grant| moved.record.grants.contains(grant))
}

/// What must hold of every step.
fn of_any_step(
    want: &Want,
    seen: &Seen,
    memo: &Memo,
    moved: &Memo,
    step: &Step,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(
        want.policies.management,
        ManagementPolicy::Full,
        "who only looks does nothing"
    );
    prop_assert!(!is_dark(seen), "a step in the dark: {step:?}");
    prop_assert!(want.workspace.is_some(), "a step without a way");
    prop_assert!(
        LinkedService::holds(moved),
        "the object could go away meanwhile"
    );
    prop_assert!(keeps(memo, moved), "something is forgotten before a step");
    Ok(())
}

/// What must hold of a link that is used or removed: it leads where it shall, and it is not taken over against the
/// policy.
fn of_our_link(want: &Want, memo: &Memo, link: &Link) -> Result<(), TestCaseError> {
    prop_assert!(leads_there(want, link), "another one's link");
    prop_assert!(
        memo.record.requested.is_some() || want.policies.adoption != AdoptionPolicy::Never,
        "taken over against the policy"
    );
    Ok(())
}

fn of_a_link(want: &Want, seen: &Seen, memo: &Memo, moved: &Memo) -> Result<(), TestCaseError> {
    prop_assert!(!want.deleting);
    prop_assert_eq!(&seen.link, &Sight::Absent);
    prop_assert!(
        moved.record.requested.is_some() && moved.record.since.is_some(),
        "no memory of it"
    );
    let left = want.policies.drift == DriftPolicy::Report && memo.record.was_settled();
    prop_assert!(!left, "brought back though it shall only be told");
    Ok(())
}

fn of_a_grant_or_revocation(
    want: &Want,
    seen: &Seen,
    memo: &Memo,
    moved: &Memo,
    step: &Step,
) -> Result<(), TestCaseError> {
    let found = seen.grants.found.present().expect("a role in the dark");
    let link = seen.link.present();
    let wanted = want.wanted(link.and_then(|link| link.principal_id.as_deref()));
    match step {
        Step::Grant(grant) => {
            of_our_link(want, memo, link.expect("nobody to grant to"))?;
            prop_assert!(!want.deleting && moved.record.grants.contains(grant));
            prop_assert!(wanted.contains(grant), "a role that nobody asked for");
            prop_assert!(
                !found.iter().any(|f| role::same_grant(f, grant)),
                "granted twice"
            );
            let offers = seen
                .grants
                .offers
                .present()
                .expect("not known to be offered");
            let id = role::id(grant.role);
            prop_assert!(offers.iter().any(|offer| offer.role_id == id));
            let left = want.policies.drift == DriftPolicy::Report
                && memo.record.was_settled()
                && memo.record.grants.contains(grant);
            prop_assert!(!left, "brought back though it shall only be told");
        }
        Step::Revoke(grant) => {
            prop_assert!(
                found.iter().any(|f| f.id == grant.id),
                "taken back though it is not there"
            );
            prop_assert!(moved.record.grants.contains(grant), "not ours to take");
            prop_assert!(
                want.deleting || !wanted.contains(grant),
                "taken back though it is wanted"
            );
        }
        Step::Link | Step::Unlink => {}
    }
    Ok(())
}

impl Walked for LinkedService {
    fn deadlines(memo: &Memo) -> Vec<Timestamp> {
        let since = memo.record.since.into_iter();
        since
            .filter_map(|since| since.checked_add(SignedDuration::from_mins(10)).ok())
            .collect()
    }

    fn conditions(status: &LinkedServiceStatus) -> &[Condition] {
        &status.conditions
    }

    fn obeys(
        want: &Want,
        seen: &Seen,
        memo: &Memo,
        moved: &Move<Self>,
    ) -> Result<(), TestCaseError> {
        if let Act::Do(step) = &moved.act {
            of_any_step(want, seen, memo, &moved.memo, step)?;
        }
        match &moved.act {
            Act::Do(Step::Link) => of_a_link(want, seen, memo, &moved.memo)?,
            Act::Do(step @ (Step::Grant(_) | Step::Revoke(_))) => {
                of_a_grant_or_revocation(want, seen, memo, &moved.memo, step)?;
            }
            Act::Do(Step::Unlink) => {
                prop_assert!(want.deleting);
                prop_assert_eq!(want.policies.deletion, LinkDeletionPolicy::Unlink);
                let link = seen.link.present().expect("nothing to remove");
                of_our_link(want, memo, link)?;
            }
            Act::Rest(wake) => {
                let dark = is_dark(seen);
                prop_assert!(
                    !dark || keeps(memo, &moved.memo),
                    "something is forgotten in the dark"
                );
                prop_assert!(
                    !LinkedService::holds(memo) || LinkedService::holds(&moved.memo),
                    "let go at rest"
                );
                prop_assert!(
                    *wake != Wake::OnChange || want.deleting || want.workspace.is_none(),
                    "nobody would wake it"
                );
            }
            Act::Release => {
                prop_assert!(want.deleting);
                let stays = want.policies.management == ManagementPolicy::ObserveOnly
                    || want.policies.deletion == LinkDeletionPolicy::Retain;
                prop_assert!(stays || !is_dark(seen), "released in the dark");
                let ours = seen.link.present().filter(|link| leads_there(want, link));
                let left = ours.is_some() && memo.owned && !want.is_kept();
                prop_assert!(stays || !left, "left behind");
            }
        }
        Ok(())
    }
}

fn look() -> impl Strategy<Value = Look<Seen>> {
    let deleting = proptest::bool::weighted(0.1);
    let fault = proptest::option::weighted(0.3, fault());
    (0_i64..120_000, seen(), fault, 1_u32..8, deleting).prop_map(
        |(after, seen, fault, tries, deleting)| Look {
            after,
            seen,
            fault,
            tries,
            deleting,
            wish: 0,
        },
    )
}

/// The same object, as it is and on its way out; only specs that make sense.
fn wants(given: &Given) -> Option<[Want; 2]> {
    let with = |deleting| {
        LinkedService::want(&Given {
            deleting,
            held: given.held || deleting,
            ..given.clone()
        })
    };
    Some([with(false).ok()?, with(true).ok()?])
}

proptest! {
    #[test]
    fn every_wish_is_answered_the_same_way_twice(given in given()) {
        match (LinkedService::want(&given), LinkedService::want(&given)) {
            (Ok(first), Ok(second)) => prop_assert_eq!(first.link, second.link),
            (Err(first), Err(second)) => {
                prop_assert!(!given.deleting, "whatever is wrong, it can be deleted");
                let old = LinkedServiceStatus::default();
                report::<LinkedService>(Err(&first), None, &Memo::default(), None, &old, at(0))?;
                prop_assert_eq!(first, second);
            }
            both => prop_assert!(false, "{both:?}"),
        }
    }

    #[test]
    fn every_question_has_an_answer(given in given(), seen in seen(), memo in memo(), fault in fault(), now in 0_i64..1_000_000) {
        let Ok(want) = LinkedService::want(&given) else { return Ok(()) };
        answer::<LinkedService>(&want, &seen, &memo, at(now))?;
        answer::<LinkedService>(&want, &seen, &LinkedService::faulted(&memo, &fault, at(now)), at(now))?;
    }

    #[test]
    fn what_is_said_is_calm_and_keeps_the_memory(given in given(), looks in proptest::collection::vec(look(), 1..12)) {
        if let Some(wants) = wants(&given) {
            walk::<LinkedService>(&wants, looks)?;
        }
    }

    /// Nothing is taken back that another object needs, and nothing at all while somebody names the link.
    #[test]
    fn others_are_heeded(given in given(), seen in seen(), memo in memo(), now in 0_i64..1_000_000) {
        let Ok(want) = LinkedService::want(&given) else { return Ok(()) };
        let act = LinkedService::next(&want, &seen, &memo, at(now)).act;
        if given.deleting && !given.users.is_empty() {
            prop_assert_eq!(&act, &Act::Rest(Wake::OnChange));
        }
        if let Act::Do(Step::Revoke(grant)) = &act {
            prop_assert!(!given.shared.contains(&grant.id), "another object needs it");
        }
        if act == Act::Do(Step::Unlink) {
            let known = memo.record.grants.iter().filter(|grant| !given.shared.contains(&grant.id));
            for grant in known {
                let found = seen.grants.found.present().expect("removed in the dark");
                prop_assert!(!found.iter().any(|f| f.id == grant.id), "the roles go first");
            }
        }
    }

    /// At most: one request for the link, one for each role that is wanted, one for each that is on record.
    #[test]
    fn an_obedient_world_is_soon_at_rest(given in given(), seen in seen(), memo in memo(), now in 0_i64..1_000_000) {
        let Ok(want) = LinkedService::want(&given) else { return Ok(()) };
        let bound = 1 + want.roles.len() + memo.record.grants.len();
        let (mut seen, mut memo) = (sees_all(seen), memo);
        for done in 0.. {
            let moved = LinkedService::next(&want, &seen, &memo, at(now));
            let Act::Do(step) = moved.act else { break };
            prop_assert!(done < bound, "still at it: {step:?}");
            obey(&mut seen, &want, &step);
            memo = moved.memo;
        }
    }
}

pub(crate) fn obey(seen: &mut Seen, want: &Want, step: &Step) {
    let found = match &mut seen.grants.found {
        Sight::Present(found) => found,
        other => panic!("{other:?}"),
    };
    match step {
        Step::Link => {
            seen.link = Sight::Present(Link {
                synapse_workspace_id: want.link.synapse.to_string(),
                principal_id: Some("principal".to_owned()),
                ..Link::default()
            });
        }
        Step::Unlink => seen.link = Sight::Absent,
        Step::Grant(grant) => found.push(grant.clone()),
        Step::Revoke(grant) => found.retain(|f| f.id != grant.id),
    }
}
