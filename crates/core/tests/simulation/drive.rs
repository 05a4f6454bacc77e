//! One pass over one object, in the order of the engine's loop.

use azureml_spark_api::condition::Condition;
use azureml_spark_core::{Act, Class, Fault, Invalid, Machine, Move, Pass, Trouble, Wake, backoff};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::apiserver::{Object, Refusal, Store};
use crate::quirk::Quirk;
use crate::world::{Stop, World};

/// Steps of one pass, as in the engine.
const MAX_STEPS: usize = 8;

/// After a step that was done and is asked for again, as in the engine.
const CATCH_UP: i64 = 5_000;

/// A cache is behind by at most this, in milliseconds.
pub(crate) const LAG: i64 = 5_000;

/// An object at rest is looked at again after this, as the installation's default.
pub(crate) const SYNC: i64 = 3_600_000;

pub(crate) type Status<K> = <<K as Kind>::Machine as Machine>::Status;
pub(crate) type Known<K> = Object<<K as Kind>::Spec, Status<K>>;
type Memo<K> = <<K as Kind>::Machine as Machine>::Memo;
type Seen<K> = <<K as Kind>::Machine as Machine>::Seen;
type Want<K> = <<K as Kind>::Machine as Machine>::Want;
type Step<K> = <<K as Kind>::Machine as Machine>::Step;

/// The effectful half of a kind, played against the models.
pub(crate) trait Kind: Sized {
    type Machine: Machine<Status: Default + Serialize + DeserializeOwned>;
    type Spec: Clone;
    fn store(world: &mut World) -> &mut Store<Self::Spec, Status<Self>>;
    fn newest<'w>(world: &'w mut World, uid: &str) -> Option<&'w Known<Self>>;
    fn keep(world: &mut World, written: &Known<Self>);
    fn conditions(status: &Status<Self>) -> &[Condition];
    fn gather(world: &mut World, object: &Known<Self>) -> <Self::Machine as Machine>::Given;
    fn observe(world: &mut World, want: &Want<Self>, memo: &Memo<Self>)
    -> Result<Seen<Self>, Stop>;
    fn execute(
        world: &mut World,
        want: &Want<Self>,
        memo: &Memo<Self>,
        step: Step<Self>,
    ) -> Result<(), Stop>;
    /// What a wrong operator makes of what is remembered.
    fn spoil(_: Quirk, _: &mut Memo<Self>) {}
    /// Whether what this object needs stays; asked once our finalizer is on the object.
    fn hold(_: &World, _: &Known<Self>) -> bool {
        true
    }
    /// Whether nothing was seen in Azure.
    fn saw_nothing(seen: &Seen<Self>) -> bool;
    /// Wakes whoever waits for this change of an object; `None`: it is gone.
    fn wake_others(world: &mut World, before: &Known<Self>, now: Option<&Known<Self>>);
}

/// Why a pass was dropped.
#[derive(Debug)]
enum Drop {
    Crash,
    Refused(Refusal),
}

struct Turn<K: Kind> {
    object: Known<K>,
    memo: Memo<K>,
}

/// When the next pass is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    At(i64),
    Never,
    /// The process has ended.
    Crashed,
}

/// Drives one object once, as a cache shows it.
pub(crate) fn pass<K: Kind>(world: &mut World, name: &str) -> Next {
    let behind = if world.weather.stale > 0 && world.chance.one_in(3) {
        world.chance.millis(0, LAG)
    } else {
        0
    };
    let time = world.now - behind;
    let Some(cached) = K::store(world).cached(name, time).cloned() else {
        return Next::Never;
    };
    // Our own last write stands in for a cache that has not seen it.
    let newest = K::newest(world, &cached.uid).cloned();
    let object = newest
        .filter(|held| held.version > cached.version)
        .unwrap_or(cached);
    let memo = recall::<K>(&object);
    world.tell(|| {
        let held = if object.held.is_some() { ", held" } else { "" };
        let going = if object.deleting.is_some() {
            ", going"
        } else {
            ""
        };
        format!(
            "look at {} v{}{held}{going}: {memo:?}",
            object.uid, object.version
        )
    });
    let uid = object.uid.clone();
    let mut turn = Turn::<K> { object, memo };
    match turn.drive(world) {
        Ok(next) => next,
        Err(Drop::Crash) => Next::Crashed,
        Err(Drop::Refused(Refusal::Gone)) => Next::Never,
        Err(Drop::Refused(Refusal::Stale)) => {
            world.tell(|| "old knowledge; the pass is dropped".to_owned());
            let tries = world.process.failed(&uid, "stale");
            later(world, Class::Retryable, tries)
        }
    }
}

fn recall<K: Kind>(object: &Known<K>) -> Memo<K> {
    match &object.status {
        Some(status) => K::Machine::recall(status),
        None => K::Machine::recall(&Status::<K>::default()),
    }
}

fn later(world: &World, class: Class, tries: u32) -> Next {
    Next::At(backoff::until(class, tries, 7, world.time()).as_millisecond())
}

impl<K: Kind> Turn<K> {
    fn drive(&mut self, world: &mut World) -> Result<Next, Drop> {
        if self.object.deleting.is_some() && self.object.held.is_none() {
            return Ok(Next::Never);
        }
        let given = K::gather(world, &self.object);
        let want = match K::Machine::want(&given) {
            Ok(want) => want,
            Err(invalid) => {
                let memo = self.memo.clone();
                self.report(world, Err(&invalid), None, &memo, None)?;
                return Ok(Next::At(world.now + SYNC));
            }
        };
        let (mut before, mut done) = (None, None);
        for _ in 0..MAX_STEPS {
            let seen = match K::observe(world, &want, &self.memo) {
                Ok(seen) => seen,
                Err(Stop::Crash) => return Err(Drop::Crash),
                Err(Stop::Fault(fault)) => {
                    return self.trouble(world, &want, before.as_ref(), fault);
                }
            };
            let now = world.time();
            let Move { mut memo, act } = K::Machine::next(&want, &seen, &self.memo, now);
            K::spoil(world.quirk, &mut memo);
            let hasty = world.quirk == Quirk::AbsenceIsBelieved
                && self.object.deleting.is_some()
                && K::saw_nothing(&seen);
            match act {
                _ if hasty => return self.release(world),
                Act::Do(step) if done.as_ref() == Some(&step) => {
                    let memo = self.memo.clone();
                    let again = Timestamp::from_millisecond(world.now + CATCH_UP).unwrap();
                    return self.rest(world, &want, &seen, memo, Wake::At(again));
                }
                Act::Do(step) => {
                    if world.quirk == Quirk::NoWriteAhead {
                        self.memo = memo.clone();
                    } else {
                        if !self.hold(world, &memo)? {
                            let memo = self.memo.clone();
                            self.report(world, Ok(&want), Some(&seen), &memo, None)?;
                            return Ok(Next::At(world.now + SYNC));
                        }
                        self.remember(world, &want, &seen, memo)?;
                    }
                    match K::execute(world, &want, &self.memo, step.clone()) {
                        Ok(()) => done = Some(step),
                        Err(Stop::Crash) => return Err(Drop::Crash),
                        Err(Stop::Fault(fault)) => {
                            return self.undone(world, &want, &seen, &step, fault);
                        }
                    }
                }
                Act::Rest(wake) => return self.rest(world, &want, &seen, memo, wake),
                Act::Release => return self.release(world),
            }
            before = Some(seen);
        }
        Ok(Next::At(world.now + 1_000))
    }

    fn hold(&mut self, world: &mut World, next: &Memo<K>) -> Result<bool, Drop> {
        let already = self.object.held.is_some() && K::Machine::holds(&self.memo);
        if !K::Machine::holds(next) || self.object.deleting.is_some() || already {
            return Ok(true);
        }
        let fresh = self.object.held.is_none();
        self.finalizer(world, true)?;
        let held = K::hold(world, &self.object);
        if !held && fresh && !K::Machine::holds(&self.memo) {
            self.finalizer(world, false)?;
        }
        Ok(held)
    }

    fn remember(
        &mut self,
        world: &mut World,
        want: &Want<K>,
        seen: &Seen<K>,
        memo: Memo<K>,
    ) -> Result<(), Drop> {
        if memo != self.memo {
            self.report(world, Ok(want), Some(seen), &memo, None)?;
            self.memo = memo;
        }
        Ok(())
    }

    fn rest(
        &mut self,
        world: &mut World,
        want: &Want<K>,
        seen: &Seen<K>,
        memo: Memo<K>,
        wake: Wake,
    ) -> Result<Next, Drop> {
        let holds = K::Machine::holds(&memo);
        let going = self.object.deleting.is_some();
        if holds && self.object.held.is_none() && !going {
            self.finalizer(world, true)?;
        }
        self.report(world, Ok(want), Some(seen), &memo, None)?;
        self.memo = memo;
        if !holds && self.object.held.is_some() && !going {
            self.finalizer(world, false)?;
        }
        world.process.succeeded(&self.object.uid);
        world.tell(|| format!("{} rests: {wake:?}", self.object.name));
        Ok(Next::At(match wake {
            Wake::OnChange => world.now + SYNC,
            Wake::At(time) => time.as_millisecond(),
        }))
    }

    fn trouble(
        &mut self,
        world: &mut World,
        want: &Want<K>,
        seen: Option<&Seen<K>>,
        fault: Fault,
    ) -> Result<Next, Drop> {
        let class = fault.class;
        let tries = world.process.failed(&self.object.uid, class.as_str());
        let memo = K::Machine::faulted(&self.memo, &fault, world.time());
        world.tell(|| format!("{}: {:?} at {}", self.object.name, class, fault.op));
        let trouble = Trouble { fault, tries };
        self.report(world, Ok(want), seen, &memo, Some(&trouble))?;
        self.memo = memo;
        Ok(later(world, class, tries))
    }

    fn undone(
        &mut self,
        world: &mut World,
        want: &Want<K>,
        seen: &Seen<K>,
        step: &Step<K>,
        fault: Fault,
    ) -> Result<Next, Drop> {
        let goes_on = K::Machine::goes_on(&fault);
        let later = self.trouble(world, want, Some(seen), fault)?;
        let due = K::Machine::due(want, seen, &self.memo, world.time());
        let later = match (later, due) {
            (Next::At(time), Some(due)) => Next::At(time.min(due.as_millisecond())),
            (later, _) => later,
        };
        if !goes_on {
            return Ok(later);
        }
        match K::Machine::next(want, seen, &self.memo, world.time()).act {
            Act::Do(again) if again == *step => Ok(later),
            Act::Do(_) | Act::Rest(_) | Act::Release => Ok(Next::At(world.now + 1_000)),
        }
    }

    fn release(&mut self, world: &mut World) -> Result<Next, Drop> {
        world.tell(|| format!("{} is released", self.object.name));
        self.finalizer(world, false)?;
        Ok(Next::Never)
    }

    fn report(
        &mut self,
        world: &mut World,
        want: Result<&Want<K>, &Invalid>,
        seen: Option<&Seen<K>>,
        memo: &Memo<K>,
        trouble: Option<&Trouble>,
    ) -> Result<(), Drop> {
        let pass = Pass {
            generation: self.object.generation,
            want,
            seen,
            memo,
            trouble,
            paused: false,
        };
        let fallback = Status::<K>::default();
        let old = self.object.status.as_ref();
        let new = K::Machine::report(&pass, old.unwrap_or(&fallback), world.time());
        if old == Some(&new) {
            return Ok(());
        }
        if K::Machine::recall(&new) != *memo {
            world.break_rule(format!("a status loses its memo {memo:?}"));
        }
        if let Some(what) = crate::conditions::wrong(K::conditions(&new)) {
            world.break_rule(format!("{}: {what}", self.object.name));
        }
        world.status_writes.push(world.now);
        self.put(world, |object| object.status = Some(new))
    }

    fn finalizer(&mut self, world: &mut World, on: bool) -> Result<(), Drop> {
        if self.object.held.is_some() == on {
            return Ok(());
        }
        let now = world.now;
        self.put(world, |object| object.held = on.then_some(now))
    }

    fn put(&mut self, world: &mut World, change: impl FnOnce(&mut Known<K>)) -> Result<(), Drop> {
        world.meanwhile();
        if world.crashes() {
            return Err(Drop::Crash);
        }
        let now = world.now;
        let left = K::store(world)
            .write(now, &self.object, change)
            .map_err(Drop::Refused)?;
        K::wake_others(world, &self.object, left.as_ref());
        world.look_for_leaks();
        if world.crashes() {
            return Err(Drop::Crash);
        }
        let Some(left) = left else {
            return Err(Drop::Refused(Refusal::Gone));
        };
        K::keep(world, &left);
        self.object = left;
        Ok(())
    }
}
