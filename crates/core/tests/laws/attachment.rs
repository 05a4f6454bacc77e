//! The laws of a `SynapseSparkAttachment`.

use azureml_spark_api::SynapseSparkAttachmentStatus;
use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use azureml_spark_core::attachment::{
    Attachment, Body, Compute, Given, Memo, OWNER_TAG, Pool, Provisioning, Seen, Step, Want,
};
use azureml_spark_core::{Act, Machine, Move, Sight};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::attachment_inputs::{given, memo, seen};
use crate::times::{at, fault};
use crate::walk::{Look, Walked, answer, report, walk};

impl Walked for Attachment {
    fn conditions(status: &SynapseSparkAttachmentStatus) -> &[Condition] {
        &status.conditions
    }

    fn obeys(
        want: &Want,
        seen: &Seen,
        memo: &Memo,
        moved: &Move<Self>,
    ) -> Result<(), TestCaseError> {
        let kept = |memo: &Memo| {
            memo.grants
                .iter()
                .all(|grant| moved.memo.grants.contains(grant))
        };
        let theirs = |compute: &Compute| {
            compute
                .tags
                .get(OWNER_TAG)
                .is_some_and(|owner| owner.split(' ').next() != Some(&want.compute.owner))
        };
        if let Act::Do(step) = &moved.act {
            prop_assert!(
                seen.compute != Sight::Unknown,
                "a step in the dark: {step:?}"
            );
            prop_assert!(want.workspace.is_some(), "a step without a way");
            prop_assert!(
                Attachment::holds(&moved.memo),
                "the object could go away meanwhile"
            );
            prop_assert!(kept(memo), "something is forgotten before a step");
        }
        match &moved.act {
            Act::Do(Step::Attach(Body { tags, .. })) => {
                prop_assert!(!want.deleting);
                prop_assert_eq!(tags.get(OWNER_TAG), want.compute.tags.get(OWNER_TAG));
                prop_assert!(moved.memo.requested.is_some(), "no memory of it");
                let found = seen.compute.present();
                prop_assert!(
                    found.is_some() || seen.pool == Sight::Present(Pool::default()),
                    "attached to nothing"
                );
                prop_assert!(!found.is_some_and(theirs), "another one's compute");
            }
            Act::Do(Step::Grant(grant)) => {
                prop_assert!(
                    !want.deleting && moved.memo.grants.contains(grant),
                    "no memory of it"
                );
                let found = seen.grants.found.present().expect("a grant in the dark");
                prop_assert!(
                    !found
                        .iter()
                        .any(|f| azureml_spark_core::role::same_grant(f, grant)),
                    "granted twice"
                );
            }
            Act::Do(Step::Revoke(grant)) => {
                let found = seen
                    .grants
                    .found
                    .present()
                    .expect("a revocation in the dark");
                prop_assert!(
                    found.iter().any(|f| f.id == grant.id),
                    "taken back though it is not there"
                );
                prop_assert!(moved.memo.grants.contains(grant), "not ours to take");
            }
            Act::Do(Step::Disown(_) | Step::Detach) => {
                prop_assert!(want.deleting);
                prop_assert!(
                    !seen.compute.present().is_some_and(theirs),
                    "another one's compute"
                );
                let left = moved.memo.grants.iter().any(|grant| {
                    seen.grants
                        .found
                        .present()
                        .is_none_or(|found| found.iter().any(|f| f.id == grant.id))
                });
                prop_assert!(!left, "the roles go first");
            }
            Act::Rest(_) => {
                let dark = seen.compute == Sight::Unknown;
                prop_assert!(!dark || kept(memo), "something is forgotten in the dark");
                let held = Attachment::holds(memo);
                prop_assert!(
                    !(dark && held) || Attachment::holds(&moved.memo),
                    "let go in the dark"
                );
            }
            Act::Release => {
                prop_assert!(
                    want.deleting && seen.compute != Sight::Unknown,
                    "released in the dark"
                );
                let dark = !memo.grants.is_empty() && seen.grants.found.present().is_none();
                prop_assert!(!dark, "released with roles on record");
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

    /// At most: one request for the compute, one for each role that is wanted, one for each that is on record.
    #[test]
    fn an_obedient_world_is_soon_at_rest(given in given(), seen in seen(), memo in memo(), now in 0_i64..1_000_000) {
        let Ok(want) = Attachment::want(&given) else { return Ok(()) };
        let principals = want.compute.user_assigned.len().max(1);
        let bound = 1 + want.roles.len() * principals + memo.grants.len();
        let (mut seen, mut memo) = (seen, memo);
        for done in 0.. {
            let moved = Attachment::next(&want, &seen, &memo, at(now));
            let Act::Do(step) = moved.act else { break };
            prop_assert!(done < bound, "still at it: {step:?}");
            obey(&mut seen, &want, &step);
            memo = moved.memo;
        }
    }
}

fn obey(seen: &mut Seen, want: &Want, step: &Step) {
    match step {
        Step::Attach(Body { tags, .. }) => {
            let system = want.compute.identity == AttachmentIdentityType::SystemAssigned;
            let named = want.compute.user_assigned.iter().enumerate();
            seen.compute = Sight::Present(Compute {
                pool_id: want.compute.pool.as_ref().unwrap().to_string(),
                state: Provisioning::Succeeded,
                description: want.compute.description.clone(),
                tags: tags.clone(),
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
            });
        }
        Step::Disown(_) | Step::Detach => seen.compute = Sight::Absent,
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
