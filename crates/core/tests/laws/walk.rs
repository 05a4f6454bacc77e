//! One object through many looks, and what must hold after each.

use azureml_spark_api::condition::Condition;
use azureml_spark_core::{Act, Fault, Invalid, Machine, Pass, Trouble, Wake};
use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::conditions;
use crate::times::at;

/// The regular look of an installation; nobody waits for longer without a cause.
pub(crate) const SYNC: SignedDuration = SignedDuration::from_hours(1);

/// What one look found.
#[derive(Clone, Debug)]
pub(crate) struct Look<S> {
    /// So many milliseconds after the one before.
    pub(crate) after: i64,
    pub(crate) seen: S,
    /// What the step met, if there is a step.
    pub(crate) fault: Option<Fault>,
    /// How often in a row, this one included.
    pub(crate) tries: u32,
    pub(crate) deleting: bool,
    /// Which of the wishes people have now.
    pub(crate) wish: usize,
}

/// What a walk needs to know of a kind.
pub(crate) trait Walked:
    Machine<Status: Default + Serialize + DeserializeOwned + std::fmt::Debug>
{
    /// When what is said changes though nothing else does.
    fn deadlines(_: &Self::Memo) -> Vec<Timestamp> {
        Vec::new()
    }
    /// Whether the next look is at something else, so that what this one saw answers no more question.
    fn turns(_: &Self::Memo, _: &Self::Memo) -> bool {
        false
    }
    fn conditions(status: &Self::Status) -> &[Condition];
    /// What must hold of one answer, besides the laws of all kinds.
    fn obeys(
        want: &Self::Want,
        seen: &Self::Seen,
        memo: &Self::Memo,
        moved: &azureml_spark_core::Move<Self>,
    ) -> Result<(), TestCaseError>;
}

/// The laws of one answer.
pub(crate) fn answer<M: Walked<Step: PartialEq>>(
    want: &M::Want,
    seen: &M::Seen,
    memo: &M::Memo,
    now: Timestamp,
) -> Result<M::Memo, TestCaseError> {
    let moved = M::next(want, seen, memo, now);
    M::obeys(want, seen, memo, &moved)?;
    if let Act::Rest(wake) = &moved.act {
        if let Wake::At(time) = wake {
            prop_assert!(*time > now, "a wake in the past");
            prop_assert!(
                time.duration_since(now) <= SYNC,
                "a wake too far away: {time}"
            );
        }
        if M::turns(memo, &moved.memo) || (M::holds(memo) && !M::holds(&moved.memo)) {
            // The engine takes the finalizer off: the next question is another one.
            return Ok(moved.memo);
        }
        let again = M::next(want, seen, &moved.memo, now);
        prop_assert_eq!(
            &again.act,
            &moved.act,
            "calm: asked again, it says something else"
        );
        prop_assert_eq!(
            &again.memo,
            &moved.memo,
            "calm: asked again, it remembers something else"
        );
    }
    Ok(moved.memo)
}

/// The laws of one report.
pub(crate) fn report<M: Walked>(
    want: Result<&M::Want, &Invalid>,
    seen: Option<&M::Seen>,
    memo: &M::Memo,
    trouble: Option<&Trouble>,
    old: &M::Status,
    now: Timestamp,
) -> Result<M::Status, TestCaseError> {
    let pass = |trouble| Pass {
        generation: 3,
        want,
        seen,
        memo,
        trouble,
        paused: false,
    };
    let status = M::report(&pass(trouble), old, now);
    prop_assert_eq!(&M::recall(&status), memo, "the status loses its memo");
    let text = serde_json::to_string(&status).unwrap();
    let back: M::Status = serde_json::from_str(&text).unwrap();
    prop_assert_eq!(&back, &status, "the apiserver keeps another status");
    let set = M::conditions(&status);
    prop_assert_eq!(conditions::wrong(set), None);
    let later = now.checked_add(SignedDuration::from_secs(7)).unwrap();
    let deadlines = M::deadlines(memo);
    let calm_until = |time: Timestamp| !deadlines.iter().any(|at| *at > now && *at <= time);
    if calm_until(later) {
        prop_assert_eq!(
            &M::report(&pass(trouble), &status, later),
            &status,
            "said again, it says something else"
        );
    }
    let [ten, more] = [10, 99].map(|tries| trouble.map(|t| Trouble { tries, ..t.clone() }));
    let some = M::report(&pass(ten.as_ref()), old, now);
    let more = M::report(&pass(more.as_ref()), old, now);
    prop_assert_eq!(some, more, "a count in a status");
    let day = at(86_400_000);
    if !calm_until(day) {
        return Ok(status);
    }
    let other_day = M::report(&pass(trouble), old, day);
    let words = |set: &[Condition]| {
        set.iter()
            .map(|c| (c.reason.clone(), c.message.clone()))
            .collect::<Vec<_>>()
    };
    prop_assert_eq!(
        words(M::conditions(&other_day)),
        words(set),
        "a time in a message"
    );
    Ok(status)
}

/// Drives one object through `looks` as the engine would, and holds every answer and every report to the laws. The last
/// of the wishes is that it goes.
pub(crate) fn walk<M: Walked<Step: PartialEq>>(
    wants: &[M::Want],
    looks: Vec<Look<M::Seen>>,
) -> Result<(), TestCaseError> {
    let mut status = M::Status::default();
    let mut now = at(0);
    let mut going = false;
    for look in looks {
        now = now
            .checked_add(SignedDuration::from_millis(look.after))
            .unwrap();
        going |= look.deleting;
        let last = wants.len() - 1;
        let want = &wants[if going { last } else { look.wish % last }];
        let memo = M::recall(&status);
        answer::<M>(want, &look.seen, &memo, now)?;
        let moved = M::next(want, &look.seen, &memo, now);
        match moved.act {
            Act::Release => return Ok(()),
            Act::Rest(_) => {
                status = report::<M>(Ok(want), Some(&look.seen), &moved.memo, None, &status, now)?;
            }
            Act::Do(_) => {
                status = report::<M>(Ok(want), Some(&look.seen), &moved.memo, None, &status, now)?;
                if let Some(fault) = look.fault {
                    let memo = M::faulted(&moved.memo, &fault, now);
                    let trouble = Trouble {
                        fault,
                        tries: look.tries,
                    };
                    let seen = Some(&look.seen);
                    status = report::<M>(Ok(want), seen, &memo, Some(&trouble), &status, now)?;
                }
            }
        }
    }
    Ok(())
}
