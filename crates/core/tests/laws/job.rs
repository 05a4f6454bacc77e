//! The laws of a `SparkJob`.

use azureml_spark_api::SparkJobStatus;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::spark_job::SubmissionMark;
use azureml_spark_core::spark_job::{
    CodeChoice, EnvironmentChoice, Given, LabelState, Memo, Run, RunState, Seen, Sighted, SparkJob,
    Step, Want,
};
use azureml_spark_core::{Act, Machine, Move, Sight};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use crate::job_inputs::{ended, given, memo, seen, steered, steering};
use crate::made_of;
use crate::times::{at, fault};
use crate::walk::{Look, Walked, answer, report, walk};

/// Seconds for which an end is held back while what is told with it cannot be read.
const PATIENCE: i64 = 600;

/// Steps from anywhere to rest, in a world that does what it is told: the code, the environment, the run, its labels. On
/// the way out: the cancel.
const STEPS: usize = 4;

impl Walked for SparkJob {
    fn turns(before: &Memo, after: &Memo) -> bool {
        let found = before.submission.is_none() && after.submission.is_some();
        found || before.attempt() != after.attempt()
    }

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
            Act::Do(step) => {
                let over = *step == Step::Expire;
                prop_assert_eq!(moved.memo.ended.is_some(), over, "after the end");
                prop_assert!(!want.deleting || *step == Step::Cancel, "on the way out");
                of_step(want, seen, memo, &moved.memo, step)
            }
            Act::Rest(_) => {
                let dark = seen.run == Sight::Unknown && is_blank(memo);
                let lost = want.held && dark && !want.steering.leaves;
                prop_assert!(
                    !lost || SparkJob::holds(&moved.memo) || want.workspace.is_none(),
                    "let go in the dark"
                );
                Ok(())
            }
            Act::Release => {
                prop_assert!(want.deleting);
                let left = want.steering.leaves && !want.steering.cancel;
                let over = memo.ended.is_some()
                    || (memo.submission.is_none() && !memo.past.is_empty())
                    || seen.run == Sight::Absent
                    || seen
                        .run
                        .present()
                        .is_some_and(|run| run.state.is_end() || !want.owns(run, memo));
                prop_assert!(over || left, "released in the dark");
                Ok(())
            }
        }
    }
}

fn is_blank(memo: &Memo) -> bool {
    memo.submission.is_none() && memo.past.is_empty() && memo.ended.is_none()
}

/// Whether it was about to end at the look before: how long ago that was, the tables tell.
fn lingers(memo: &Memo) -> bool {
    let sighted = memo.sighted.as_ref();
    sighted.is_some_and(|sighted| sighted.state == RunState::Finalizing)
}

/// What must hold of every step.
fn of_step(
    want: &Want,
    seen: &Seen,
    memo: &Memo,
    moved: &Memo,
    step: &Step,
) -> Result<(), TestCaseError> {
    let may_begin = !want.steering.suspend && !want.steering.cancel && want.definition.is_ok();
    match step {
        Step::UploadCode => {
            prop_assert_eq!(&seen.code, &Sight::Absent, "an upload of what may be there");
            prop_assert!(may_begin && memo.pinned.is_none());
            let definition = want.definition.as_ref().unwrap();
            let theirs = matches!(definition.code, CodeChoice::Asset(_));
            prop_assert!(!theirs, "code that others register");
            made_of::prepared(definition, seen)?;
        }
        Step::RegisterEnvironment => {
            prop_assert_eq!(&seen.environment, &Sight::Absent, "one that may be there");
            prop_assert!(may_begin && memo.pinned.is_none());
            let definition = want.definition.as_ref().unwrap();
            let packages = definition.environment.as_ref().expect("of nothing");
            let theirs = matches!(packages, EnvironmentChoice::Asset(_));
            prop_assert!(!theirs, "packages that others register");
            made_of::prepared(definition, seen)?;
        }
        Step::Submit => {
            prop_assert!(may_begin, "held, cancelled, or nothing to submit");
            of_submission(want, seen, memo, moved)?;
        }
        Step::Cancel => {
            let run = seen.run.present().expect("a cancel in the dark");
            prop_assert!(want.owns(run, memo), "not ours to cancel");
            prop_assert!(
                !run.state.is_end() && (run.state != RunState::Finalizing || lingers(memo)),
                "it would be refused"
            );
            let cancel = moved.cancel.as_ref().expect("no memory of it");
            let asked = want.steering.cancel || want.steering.suspend || want.deleting;
            let timed = want.steering.active_deadline.is_some()
                || want.steering.start_deadline.is_some()
                || run.state == RunState::NotResponding;
            let begun = memo.cancel.is_some();
            prop_assert!(asked || timed || begun, "nobody wants {:?}", cancel.why);
        }
        Step::Relabel => {
            let run = seen.run.present().expect("labels in the dark");
            prop_assert!(want.owns(run, memo) && !run.state.is_end());
            let labels = moved.labels.as_ref().expect("no memory of them");
            prop_assert_eq!(&labels.hash, &want.labels.hash());
            let later = labels.again.is_some();
            prop_assert!(
                labels.state == LabelState::Sending
                    || (labels.state == LabelState::Refused && later)
            );
            let before = memo.labels.as_ref();
            let has = before.is_some_and(|l| l.hash == labels.hash && l.state == LabelState::Sent);
            let known = memo.submission.as_ref().is_some_and(|s| s.seen_by_azure);
            let theirs = !known && run.owner.as_deref() != Some(want.owner.as_str());
            // One that it had before its status was lost has the labels of then.
            let sent = memo.pinned.as_ref().map(|pinned| &pinned.definition_hash);
            let older = !known && sent.is_some() && sent != run.definition_hash.as_ref();
            prop_assert!(!has || theirs || older, "a write of what is there");
        }
        Step::Expire => {
            prop_assert!(want.steering.ttl.is_some() && !want.held);
        }
    }
    Ok(())
}

fn of_submission(want: &Want, seen: &Seen, memo: &Memo, moved: &Memo) -> Result<(), TestCaseError> {
    prop_assert!(seen.run.present().is_none(), "a run beside a run");
    prop_assert!(
        seen.run == Sight::Absent || !want.may_have_run(memo),
        "a run in the dark"
    );
    let on_record = moved.submission.as_ref().expect("no memory of it");
    let pinned = moved
        .pinned
        .as_ref()
        .expect("no memory of what it runs with");
    prop_assert_eq!(&on_record.definition_hash, &pinned.definition_hash);
    match &memo.pinned {
        Some(before) => prop_assert_eq!(before, pinned, "another run than the first"),
        None => made_of::pinned(want.definition.as_ref().unwrap(), seen, pinned)?,
    }
    if let Some(first) = memo.first.as_ref().filter(|_| !memo.past.is_empty()) {
        let same = memo.pinned.is_some() || *first == pinned.definition_hash;
        prop_assert!(same, "another run than the one that was found");
    }
    let mark = memo.submission.as_ref().and_then(|s| s.mark);
    prop_assert!(
        mark != Some(SubmissionMark::Refused),
        "asked for again before it is known what came of it"
    );
    prop_assert!(SparkJob::holds(moved), "the object could go away meanwhile");
    prop_assert_eq!(
        on_record.attempt,
        memo.attempt(),
        "another name than was looked for"
    );
    prop_assert_eq!(&memo.past, &moved.past, "an attempt is forgotten");
    let seen_before = memo.submission.as_ref().is_some_and(|s| s.seen_by_azure);
    prop_assert!(
        !seen_before,
        "a second run in the place of one that was there"
    );
    Ok(())
}

fn look() -> impl Strategy<Value = Look<Seen>> {
    let deleting = proptest::bool::weighted(0.1);
    let fault = proptest::option::weighted(0.3, fault());
    (
        0_i64..120_000,
        seen(),
        fault,
        1_u32..8,
        deleting,
        0_usize..3,
    )
        .prop_map(|(after, seen, fault, tries, deleting, wish)| Look {
            after,
            seen,
            fault,
            tries,
            deleting,
            wish,
        })
}

/// The same object, as it is steered by and by, and on its way out; only specs that make sense.
fn wants(given: &Given, steerings: &[Value]) -> Option<Vec<Want>> {
    let with = |deleting, steering: Option<&Value>| {
        SparkJob::want(&Given {
            deleting,
            held: given.held || deleting,
            spec: steering.map_or_else(|| given.spec.clone(), |s| steered(&given.spec, s)),
            ..given.clone()
        })
    };
    let begun = std::iter::once(None).chain(steerings.iter().map(Some));
    let mut all: Vec<Want> = begun
        .map(|steering| with(false, steering).ok())
        .collect::<Option<_>>()?;
    all.push(with(true, steerings.last()).ok()?);
    Some(all)
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
    fn what_is_said_is_calm_and_keeps_the_memory(
        given in given(), steerings in proptest::collection::vec(steering(), 2), looks in proptest::collection::vec(look(), 1..16),
    ) {
        if let Some(wants) = wants(&given, &steerings) {
            walk::<SparkJob>(&wants, looks)?;
        }
    }

    #[test]
    fn a_run_that_ended_is_never_asked_about_again(given in given(), seen in seen(), memo in memo(), ended in ended()) {
        let memo = Memo { ended: Some(ended), ..memo };
        let Ok(want) = SparkJob::want(&given) else { return Ok(()) };
        let moved = SparkJob::next(&want, &seen, &memo, at(0));
        prop_assert!(matches!(moved.act, Act::Rest(_) | Act::Release | Act::Do(Step::Expire)));
        prop_assert_eq!(&moved.memo, &memo);
        prop_assert!(!SparkJob::holds(&memo));
    }

    #[test]
    fn an_end_waits_for_its_words(
        given in given(), seen in seen(), memo in memo(), failed in any::<bool>(), since in option::of(0_i64..1_200),
    ) {
        let Ok(want) = SparkJob::want(&given) else { return Ok(()) };
        let now = 2_000;
        let state = if failed { RunState::Failed } else { RunState::Completed };
        let mine = Run { state: state.clone(), ..mine(&want, &memo) };
        let seen = Seen { run: Sight::Present(mine), ..seen };
        let sighted = since.map(|ago| Sighted { state, since: at((now - ago) * 1_000) });
        let memo = Memo { sighted, ended: None, ..memo };
        let moved = SparkJob::next(&want, &seen, &memo, at(now * 1_000)).memo;
        let over = moved.ended.is_some() || moved.past != memo.past;
        let untold = if failed {
            seen.failure == Sight::Unknown || seen.log_pending
        } else {
            want.registers() && seen.outputs == Sight::Unknown
        };
        let patient = since.is_none_or(|ago| ago < PATIENCE);
        prop_assert!(!(over && untold && patient) || want.deleting, "told before it is known: {moved:?}");
        prop_assert!(over || untold || want.deleting, "held back for nothing");
    }

    #[test]
    fn an_obedient_world_is_soon_at_rest(given in given(), seen in seen(), memo in memo(), now in 0_i64..1_000_000) {
        let Ok(want) = SparkJob::want(&given) else { return Ok(()) };
        let (mut seen, mut memo) = (seen, memo);
        for done in 0.. {
            let moved = SparkJob::next(&want, &seen, &memo, at(now));
            let Act::Do(step) = moved.act else { break };
            prop_assert!(done < STEPS, "still at it: {step:?}");
            if step == Step::Expire {
                return Ok(());
            }
            obey(&mut seen, &want, &moved.memo, &step);
            memo = moved.memo;
        }
    }
}

/// The run of the current attempt, just submitted.
fn mine(want: &Want, memo: &Memo) -> Run {
    Run {
        azure_id: "/jobs/x".to_owned(),
        state: RunState::NotStarted,
        owner: Some(want.owner.clone()),
        definition_hash: memo.submission.as_ref().map(|s| s.definition_hash.clone()),
        attempt: Some(memo.attempt()),
        held_by: None,
        code_id: None,
        studio_url: None,
        started: None,
        ended: None,
    }
}

pub(crate) fn obey(seen: &mut Seen, want: &Want, memo: &Memo, step: &Step) {
    match step {
        Step::UploadCode => seen.code = Sight::Present("/codes/1".to_owned()),
        Step::RegisterEnvironment => {
            seen.environment = Sight::Present("/environments/1".to_owned());
        }
        Step::Relabel => seen.labels = Sight::Present(want.labels.hash()),
        Step::Expire => {}
        Step::Submit => {
            seen.run = Sight::Present(mine(want, memo));
        }
        Step::Cancel => {
            if let Sight::Present(run) = &mut seen.run {
                run.state = RunState::CancelRequested;
            }
        }
    }
}
