//! The contract between decisions and effects: a machine looks at what is wished and what is seen, and
//! names one step. It has no clock, no network and no chance in it, so that every decision can be tested.

use jiff::Timestamp;

use crate::fault::Fault;

/// What is known of one remote thing. `Unknown` must never be treated as `Absent`: a delete that takes
/// silence for absence leaks a running job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Sight<T> {
    /// Nobody looked, or the look said nothing.
    #[default]
    Unknown,
    /// Azure said that it is not there.
    Absent,
    /// It is there, in this state.
    Present(T),
}

impl<T> Sight<T> {
    /// What is there, if it is.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(found) => Some(found),
            Self::Unknown | Self::Absent => None,
        }
    }
}

/// A spec that cannot be carried out however often it is tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Invalid {
    /// The field to change, as in the manifest.
    pub field: String,
    /// The word in the condition.
    pub reason: azureml_spark_api::Reason,
    /// What is wrong and what mends it.
    pub message: String,
}

/// A fault, with what a report needs to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What went wrong.
    pub fault: Fault,
    /// How often in a row faults of this class have hit this object, this one included.
    pub tries: u32,
}

/// Everything that a pass has learnt when it ends.
#[derive(Debug)]
pub struct Pass<'a, M: Machine> {
    /// The generation that was considered.
    pub generation: i64,
    /// The wish.
    pub want: Result<&'a M::Want, &'a Invalid>,
    /// The last look, if there was one.
    pub seen: Option<&'a M::Seen>,
    /// What was remembered.
    pub memo: &'a M::Memo,
    /// What stopped the pass, if something did.
    pub trouble: Option<&'a Trouble>,
    /// Whether a person has asked for a standstill: what `next` named was not done.
    pub paused: bool,
}

/// Every decision that one kind can make.
pub trait Machine: Sized + 'static {
    /// The object and what it refers to, as found.
    type Given: Send + Sync;
    /// The validated wish.
    type Want: Send + Sync;
    /// One look at the world.
    type Seen: Send + Sync;
    /// What must survive a restart; lives in the status.
    type Memo: Clone + PartialEq + std::fmt::Debug + Send + Sync;
    /// One effect, as data.
    type Step: Clone + PartialEq + std::fmt::Debug + Send + Sync;
    /// What is published.
    type Status: Clone + PartialEq + std::fmt::Debug + Send + Sync;

    /// Validates and completes the wish. Fails the same way until the spec or a referenced object changes.
    fn want(given: &Self::Given) -> Result<Self::Want, Invalid>;
    /// Reads back what an earlier pass put into the status.
    fn recall(status: &Self::Status) -> Self::Memo;
    /// Names the next step. Asked again after every step, with a new look.
    fn next(want: &Self::Want, seen: &Self::Seen, memo: &Self::Memo, now: Timestamp) -> Move<Self>;
    /// Draws the consequence of a fault for what is remembered.
    fn faulted(memo: &Self::Memo, fault: &Fault, now: Timestamp) -> Self::Memo;
    /// Whether the object has other things to do than the step that met this fault, and its own time for the next try of
    /// it, if there is one: it is looked at again soon, and does not sleep for as long as the fault's class says. Only for
    /// what [`Machine::faulted`] takes note of.
    fn goes_on(fault: &Fault) -> bool {
        let _ = fault;
        false
    }
    /// The first time at which something is due that has nothing to do with a step that met a fault: the object is looked
    /// at then, however long the fault's class lets it sleep.
    fn due(
        want: &Self::Want,
        seen: &Self::Seen,
        memo: &Self::Memo,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let _ = (want, seen, memo, now);
        None
    }
    /// Whether something in Azure may need this object: it keeps its finalizer while this is so.
    fn holds(memo: &Self::Memo) -> bool;
    /// Says it all in a status. The same inputs give the same bytes.
    fn report(pass: &Pass<'_, Self>, old: &Self::Status, now: Timestamp) -> Self::Status;
}

/// What to remember, and then what to do. The memory is written before the effect.
#[derive(Debug)]
pub struct Move<M: Machine> {
    /// What must be on record before `act` happens.
    pub memo: M::Memo,
    /// What happens next.
    pub act: Act<M::Step>,
}

impl<M: Machine> Move<M> {
    /// Does one step, with this on record.
    pub fn step(memo: M::Memo, step: M::Step) -> Self {
        Self {
            memo,
            act: Act::Do(step),
        }
    }

    /// Rests, with this on record.
    pub fn rest(memo: M::Memo, wake: Wake) -> Self {
        Self {
            memo,
            act: Act::Rest(wake),
        }
    }
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act<S> {
    /// One effect, then look again.
    Do(S),
    /// Nothing to do until then.
    Rest(Wake),
    /// The object is on its way out, and nothing in Azure needs it any more.
    Release,
}

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// When an object or a snapshot changes.
    OnChange,
    /// At this time, or when something changes.
    At(Timestamp),
}
