//! The laws of a `SynapseSparkAttachment`.

use azureml_spark_api::SynapseSparkAttachmentStatus;
use azureml_spark_api::attachment::{AttachmentIdentityType, DeletionPolicy};
use azureml_spark_api::azure_id;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::policy::{AdoptionPolicy, DriftPolicy, ManagementPolicy};
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use azureml_spark_core::attachment::{
    Attachment, Body, Compute, Given, Memo, OWNER_TAG, Provisioning, Seen, Step, Want,
};
use azureml_spark_core::{Act, Machine, Move, Sight, role};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::attachment_inputs::{OURS, given, memo, seen, sees_all};
use crate::times::{at, fault};
use crate::walk::{Look, Walked, answer, report, walk};

/// Whose mark is on it.
fn mark(compute: &Compute) -> Option<&str> {
    compute.tags.get(OWNER_TAG)?.split(' ').next()
}

fn leads_to_the_wish(want: &Want, memo: &Memo, compute: &Compute) -> bool {
    want.pool(memo)
        .is_none_or(|pool| azure_id::same(&compute.pool_id, &pool.to_string()))
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
    prop_assert!(
        seen.compute != Sight::Unknown,
        "a step in the dark: {step:?}"
    );
    prop_assert!(want.workspace.is_some(), "a step without a way");
    prop_assert!(
        Attachment::holds(moved),
        "the object could go away meanwhile"
    );
    prop_assert!(keeps(memo, moved), "something is forgotten before a step");
    Ok(())
}

fn keeps(memo: &Memo, moved: &Memo) -> bool {
    let grants = memo.record.grants.iter();
    let mut kept = grants.map(|grant| moved.record.grants.contains(grant));
    kept.all(|kept| kept) && (moved.owned || !memo.owned)
}

/// What must hold of a compute that is changed: nobody else's, under no policy but `Always`, and that once.
fn of_a_changed_compute(want: &Want, memo: &Memo, found: &Compute) -> Result<(), TestCaseError> {
    prop_assert!(
        leads_to_the_wish(want, memo, found),
        "where a compute leads is never changed"
    );
    match mark(found) {
        Some(uid) if uid == want.compute.owner => {}
        Some(_) => {
            prop_assert_eq!(want.policies.adoption, AdoptionPolicy::Always);
            prop_assert!(!memo.owned && !want.deleting, "taken back");
        }
        None => prop_assert!(
            memo.wish.is_some() || want.policies.adoption != AdoptionPolicy::Never,
            "taken over against the policy"
        ),
    }
    Ok(())
}

fn of_an_attach(
    want: &Want,
    seen: &Seen,
    memo: &Memo,
    moved: &Memo,
    body: &Body,
) -> Result<(), TestCaseError> {
    prop_assert!(!want.deleting);
    prop_assert_eq!(body.tags.get(OWNER_TAG).map(String::as_str), Some(OURS));
    prop_assert_eq!(Some(body.pool.clone()), want.pool(memo));
    prop_assert_eq!(body.identity, want.compute.identity);
    prop_assert_eq!(
        &body.user_assigned,
        &want.compute.user_assigned,
        "less than the full identity"
    );
    prop_assert!(moved.record.requested.is_some(), "no memory of it");
    prop_assert_eq!(&moved.pool, &Some(body.pool.to_string()));
    for key in want.compute.tags.keys().filter(|key| *key != OWNER_TAG) {
        prop_assert!(moved.managed_tags.contains(key), "no memory of the tag");
    }
    match &seen.compute {
        Sight::Present(found) => {
            for (key, value) in &found.tags {
                let kept = body.tags.get(key) == Some(value);
                let ours = want.compute.tags.contains_key(key) || memo.managed_tags.contains(key);
                prop_assert!(kept || ours, "a tag of others is lost: {key}");
            }
            of_a_changed_compute(want, memo, found)?;
        }
        Sight::Absent | Sight::Unknown => {
            prop_assert!(
                matches!(seen.pool, Sight::Present(_)),
                "attached to nothing"
            );
        }
    }
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
    let compute = seen.compute.present();
    let wanted = compute.and_then(|compute| want.wanted(compute, memo));
    match step {
        Step::Grant(grant) => {
            prop_assert!(!want.deleting && moved.record.grants.contains(grant));
            prop_assert!(
                !found.iter().any(|f| role::same_grant(f, grant)),
                "granted twice"
            );
            prop_assert!(wanted.is_some_and(|wanted| wanted.contains(grant)));
        }
        Step::Revoke(grant) => {
            prop_assert!(
                found.iter().any(|f| f.id == grant.id),
                "taken back though it is not there"
            );
            prop_assert!(moved.record.grants.contains(grant), "not ours to take");
            // Whoever swaps one identity for another has the new one's role before the old one's goes, unless Synapse
            // does not give it at all.
            let replaced = wanted.into_iter().flatten().filter(|_| !want.deleting);
            for new in replaced {
                let there = found.iter().any(|f| role::same_grant(f, &new));
                let left = want.policies.drift == DriftPolicy::Report;
                let offered = seen
                    .grants
                    .offers
                    .present()
                    .is_some_and(|offers| offers.len() > 1);
                prop_assert!(there || left || !offered, "neither has the role");
            }
        }
        Step::Attach(_) | Step::Disown(_) | Step::Detach => {}
    }
    Ok(())
}

fn of_leaving(
    want: &Want,
    seen: &Seen,
    memo: &Memo,
    moved: &Memo,
    step: &Step,
) -> Result<(), TestCaseError> {
    let Sight::Present(found) = &seen.compute else {
        return Err(TestCaseError::fail("nothing is there"));
    };
    prop_assert!(want.deleting);
    of_a_changed_compute(want, memo, found)?;
    match step {
        Step::Disown(body) => {
            prop_assert_eq!(want.policies.deletion, DeletionPolicy::Retain);
            prop_assert_eq!(mark(found), Some(want.compute.owner.as_str()));
            let mut tags = found.tags.clone();
            tags.remove(OWNER_TAG);
            prop_assert_eq!(&body.tags, &tags, "more than our mark");
            prop_assert_eq!(&body.description, &found.description);
        }
        Step::Detach => {
            prop_assert_eq!(want.policies.deletion, DeletionPolicy::Detach);
            let left =
                seen.grants.found.present().is_some_and(|there| {
                    moved.record.grants.iter().any(|grant| {
                        !want.shares(&grant.id) && there.iter().any(|f| f.id == grant.id)
                    })
                });
            prop_assert!(!left, "the roles go first");
        }
        Step::Attach(_) | Step::Grant(_) | Step::Revoke(_) => {}
    }
    Ok(())
}

impl Walked for Attachment {
    fn deadlines(memo: &Memo) -> Vec<Timestamp> {
        let pending = memo.pending.map(|asked| asked.since);
        let all = memo.record.since.into_iter().chain(pending);
        all.filter_map(|since| since.checked_add(SignedDuration::from_mins(10)).ok())
            .collect()
    }

    fn conditions(status: &SynapseSparkAttachmentStatus) -> &[Condition] {
        &status.conditions
    }

    fn obeys(
        want: &Want,
        seen: &Seen,
        memo: &Memo,
        moved: &Move<Self>,
    ) -> Result<(), TestCaseError> {
        let after = &moved.memo;
        let observes = want.policies.management == ManagementPolicy::ObserveOnly;
        match &moved.act {
            Act::Do(step) => {
                of_any_step(want, seen, memo, after, step)?;
                match step {
                    Step::Attach(body) => of_an_attach(want, seen, memo, after, body)?,
                    Step::Grant(_) | Step::Revoke(_) => {
                        of_a_grant_or_revocation(want, seen, memo, after, step)?;
                    }
                    Step::Disown(_) | Step::Detach => {
                        of_leaving(want, seen, memo, after, step)?;
                    }
                }
            }
            Act::Rest(_) if observes => {
                prop_assert!(!Attachment::holds(after), "who only looks holds nothing");
            }
            Act::Rest(_) => {
                let dark = seen.compute == Sight::Unknown;
                prop_assert!(!dark || keeps(memo, after), "forgotten in the dark");
                let held = Attachment::holds(memo);
                prop_assert!(
                    !(dark && held) || Attachment::holds(after),
                    "let go in the dark"
                );
            }
            Act::Release if observes => prop_assert!(want.deleting),
            Act::Release => {
                prop_assert!(
                    want.deleting && seen.compute != Sight::Unknown,
                    "released in the dark"
                );
                let takes_back = want.policies.deletion == DeletionPolicy::Detach;
                let mut ours = memo.record.grants.iter().filter(|g| !want.shares(&g.id));
                let dark = ours.next().is_some() && seen.grants.found.present().is_none();
                prop_assert!(!(takes_back && dark), "released with roles on record");
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
        Attachment::want(&Given {
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
        match (Attachment::want(&given), Attachment::want(&given)) {
            (Ok(first), Ok(second)) => prop_assert_eq!(first.compute, second.compute),
            (Err(first), Err(second)) => {
                prop_assert!(!given.deleting, "whatever is wrong, it can be deleted");
                let old = SynapseSparkAttachmentStatus::default();
                report::<Attachment>(Err(&first), None, &Memo::default(), None, &old, at(0))?;
                prop_assert_eq!(first, second);
            }
            both => prop_assert!(false, "{both:?}"),
        }
    }

    #[test]
    fn every_question_has_an_answer(given in given(), seen in seen(), memo in memo(), fault in fault(), now in 0_i64..1_000_000) {
        let Ok(want) = Attachment::want(&given) else { return Ok(()) };
        answer::<Attachment>(&want, &seen, &memo, at(now))?;
        answer::<Attachment>(&want, &seen, &Attachment::faulted(&memo, &fault, at(now)), at(now))?;
    }

    #[test]
    fn what_is_said_is_calm_and_keeps_the_memory(given in given(), looks in proptest::collection::vec(look(), 1..12)) {
        if let Some(wants) = wants(&given) {
            walk::<Attachment>(&wants, looks)?;
        }
    }

    #[test]
    fn an_obedient_world_is_soon_at_rest(given in given(), seen in seen(), memo in memo(), now in 0_i64..1_000_000) {
        let Ok(want) = Attachment::want(&given) else { return Ok(()) };
        obeyed(&want, seen, memo, at(now))?;
    }

    /// What somebody does in Azure once all was as the spec says is told, and nothing is done about it.
    #[test]
    fn drift_that_is_only_told_is_left(given in given(), first in seen(), drifted in seen()) {
        let mut given = given;
        given.spec.drift_policy = Some(DriftPolicy::Report);
        given.spec.management_policy = None;
        given.deleting = false;
        let Ok(want) = Attachment::want(&given) else { return Ok(()) };
        let first = Seen { compute: Sight::Absent, ..sees_all(first) };
        let (seen, memo) = obeyed(&want, first, Memo::default(), at(0))?;
        let settled = Attachment::next(&want, &seen, &memo, at(100_000)).memo;
        if !settled.record.was_settled() { return Ok(()) }
        let moved = Attachment::next(&want, &drifted, &settled, at(200_000));
        if let Act::Do(step) = moved.act {
            let new = match &step {
                Step::Grant(grant) => !settled.record.grants.contains(grant),
                Step::Revoke(grant) => {
                    let compute = drifted.compute.present().unwrap();
                    !want.wanted(compute, &settled).unwrap().contains(grant)
                }
                Step::Attach(_) | Step::Disown(_) | Step::Detach => false,
            };
            prop_assert!(new, "it does something about it: {step:?}");
        }
    }
}

/// Carries out every step, and counts: at most one request for the compute, one for each role that is wanted, and one for
/// each that is on record.
fn obeyed(
    want: &Want,
    seen: Seen,
    memo: Memo,
    now: Timestamp,
) -> Result<(Seen, Memo), TestCaseError> {
    let principals = want.compute.user_assigned.len().max(1);
    let on_storage: usize = want.storage.iter().map(|wish| wish.roles.len()).sum();
    let bound = 1 + (want.roles.len() + on_storage) * principals + memo.record.grants.len();
    let (mut seen, mut memo) = (seen, memo);
    for done in 0.. {
        let moved = Attachment::next(want, &seen, &memo, now);
        let Act::Do(step) = moved.act else { break };
        prop_assert!(done < bound, "still at it: {step:?}");
        obey(&mut seen, &step);
        memo = moved.memo;
    }
    Ok((seen, memo))
}

pub(crate) fn obey(seen: &mut Seen, step: &Step) {
    match step {
        Step::Attach(body) | Step::Disown(body) => seen.compute = Sight::Present(put(body)),
        Step::Detach => seen.compute = Sight::Absent,
        Step::Grant(grant) => {
            if let Sight::Present(found) = &mut seen.grants.found {
                found.push(grant.clone());
            }
        }
        Step::Revoke(grant) => {
            if let Sight::Present(found) = &mut seen.grants.found {
                found.retain(|f| f.id != grant.id);
            }
        }
    }
}

fn put(body: &Body) -> Compute {
    let system = body.identity == AttachmentIdentityType::SystemAssigned;
    let named = body.user_assigned.iter().enumerate();
    Compute {
        pool_id: body.pool.to_string(),
        state: Provisioning::Succeeded,
        description: body.description.clone(),
        tags: body.tags.clone(),
        identity: ResourceIdentity {
            type_: if system {
                "SystemAssigned"
            } else {
                "UserAssigned"
            }
            .to_owned(),
            principal_id: system.then(|| "principal".to_owned()),
            tenant_id: None,
            user_assigned: named
                .map(|(number, id)| UserAssignedIdentity {
                    resource_id: id.clone(),
                    client_id: None,
                    principal_id: Some(format!("principal-{number}")),
                })
                .collect(),
        },
        ..Compute::default()
    }
}
