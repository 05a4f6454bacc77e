//! The laws of a `SparkJob`.

use azureml_spark_api::SparkJobStatus;
use azureml_spark_api::condition::Condition;
use azureml_spark_core::spark_job::{Given, Memo, Run, RunState, Seen, SparkJob, Step, Want};
use azureml_spark_core::{Act, Machine, Move, Sight};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::job_inputs::{ended, given, memo, seen};
use crate::times::{at, fault};
use crate::walk::{Look, Walked, answer, report, walk};

/// Steps from anywhere to rest, in a world that does what it is told: the code, the run. On the way out: the cancel.
const STEPS: usize = 2;

impl Walked for SparkJob {
    fn conditions(status: &SparkJobStatus) -> &[Condition] {
        &status.conditions
    }

    fn obeys(
        want: &Want,
        seen: &Seen,
        memo: &Memo,
        moved: &Move<Self>,
    ) -> Result<(), TestCaseError> {
        match &moved.act {
            Act::Do(Step::UploadCode) => {
                prop_assert_eq!(&seen.code, &Sight::Absent, "an upload of what may be there");
                prop_assert!(want.definition.is_ok() && !want.deleting);
            }
            Act::Do(Step::Submit) => {
                let definition = want.definition.as_ref().expect("nothing to submit");
                prop_assert!(seen.code.present().is_some(), "a run before its code");
                prop_assert!(seen.run.present().is_none(), "a run beside a run");
                prop_assert!(
                    seen.run == Sight::Absent || !want.may_have_run(memo),
                    "a run in the dark"
                );
                prop_assert!(
                    !want.deleting && memo.ended.is_none(),
                    "a run after the end"
                );
                let on_record = moved.memo.submission.as_ref().expect("no memory of it");
                prop_assert_eq!(&on_record.definition_hash, &definition.hash());
                prop_assert!(
                    SparkJob::holds(&moved.memo),
                    "the object could go away meanwhile"
                );
                let seen_before = memo.submission.as_ref().is_some_and(|s| s.seen_by_azure);
                prop_assert!(
                    !seen_before,
                    "a second run in the place of one that was there"
                );
            }
            Act::Do(Step::Cancel) => {
                prop_assert!(want.deleting && memo.ended.is_none());
                let run = seen.run.present().expect("a cancel in the dark");
                prop_assert!(
                    want.owns(run, memo) && !run.state.is_end(),
                    "not ours to cancel"
                );
                prop_assert!(moved.memo.cancel.is_some(), "no memory of it");
            }
            Act::Rest(_) => {
                let dark = seen.run == Sight::Unknown;
                let lost = want.held && memo.ended.is_none() && dark;
                prop_assert!(
                    !lost || SparkJob::holds(&moved.memo) || want.workspace.is_none(),
                    "let go in the dark"
                );
            }
            Act::Release => {
                prop_assert!(want.deleting);
                let over = memo.ended.is_some()
                    || seen.run == Sight::Absent
                    || seen
                        .run
                        .present()
                        .is_some_and(|run| run.state.is_end() || !want.owns(run, memo));
                prop_assert!(over, "released in the dark");
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
        SparkJob::want(&Given {
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
        let first = SparkJob::want(&given);
        let second = SparkJob::want(&given);
        match (first, second) {
            (Ok(first), Ok(second)) => {
                prop_assert_eq!(first.azure_name, second.azure_name);
                prop_assert_eq!(first.definition, second.definition);
            }
            (Err(first), Err(second)) => {
                prop_assert!(!given.deleting, "whatever is wrong, it can be deleted");
                let status = report::<SparkJob>(Err(&first), None, &Memo::default(), None, &SparkJobStatus::default(), at(0))?;
                prop_assert!(status.conditions.iter().any(|c| c.type_ == "Stalled"));
                prop_assert_eq!(first, second);
            }
            both => prop_assert!(false, "{both:?}"),
        }
    }

    #[test]
    fn every_question_has_an_answer(given in given(), seen in seen(), memo in memo(), fault in fault(), now in 0_i64..1_000_000) {
        let Ok(want) = SparkJob::want(&given) else { return Ok(()) };
        answer::<SparkJob>(&want, &seen, &memo, at(now))?;
        answer::<SparkJob>(&want, &seen, &SparkJob::faulted(&memo, &fault, at(now)), at(now))?;
    }

    #[test]
    fn what_is_said_is_calm_and_keeps_the_memory(given in given(), looks in proptest::collection::vec(look(), 1..12)) {
        if let Some(wants) = wants(&given) {
            walk::<SparkJob>(&wants, looks)?;
        }
    }

    #[test]
    fn a_run_that_ended_is_never_asked_about_again(given in given(), seen in seen(), memo in memo(), ended in ended()) {
        let memo = Memo { ended: Some(ended), ..memo };
        let Ok(want) = SparkJob::want(&given) else { return Ok(()) };
        let moved = SparkJob::next(&want, &seen, &memo, at(0));
        prop_assert!(matches!(moved.act, Act::Rest(_) | Act::Release));
        prop_assert!(!SparkJob::holds(&memo));
    }

    #[test]
    fn an_obedient_world_is_soon_at_rest(given in given(), seen in seen(), memo in memo(), now in 0_i64..1_000_000) {
        let Ok(want) = SparkJob::want(&given) else { return Ok(()) };
        let (mut seen, mut memo) = (seen, memo);
        for done in 0.. {
            let moved = SparkJob::next(&want, &seen, &memo, at(now));
            let Act::Do(step) = moved.act else { break };
            prop_assert!(done < STEPS, "still at it: {step:?}");
            obey(&mut seen, &want, &moved.memo, &step);
            memo = moved.memo;
        }
    }
}

fn obey(seen: &mut Seen, want: &Want, memo: &Memo, step: &Step) {
    match step {
        Step::UploadCode => seen.code = Sight::Present("/codes/1".to_owned()),
        Step::Submit => {
            seen.run = Sight::Present(Run {
                azure_id: "/jobs/x".to_owned(),
                state: RunState::NotStarted,
                owner: Some(want.owner.clone()),
                definition_hash: memo.submission.as_ref().map(|s| s.definition_hash.clone()),
                code_id: None,
                studio_url: None,
                started: None,
                ended: None,
            });
        }
        Step::Cancel => {
            if let Sight::Present(run) = &mut seen.run {
                run.state = RunState::CancelRequested;
            }
        }
    }
}
