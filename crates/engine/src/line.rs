//! Who waits for a turn with Azure: such an object is not looked at before its turn, and costs nothing while it waits.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azureml_spark_core::Fault;
use jiff::{SignedDuration, Timestamp};
use kube::Resource;

use crate::memory::uid;

/// A shorter wait is not told: the write would cost the apiserver more than it is worth to a reader.
const WORTH_TELLING: SignedDuration = SignedDuration::from_secs(2);

/// A place in the line for Azure, and then what is given there. Asks nobody but this process.
pub trait Seat: Send + Sync {
    /// Whether the turn has come, or when to ask again.
    fn ask(&self) -> Result<(), Timestamp>;

    /// Gives up the place, or what was given and not used: others have it at once.
    fn leave(&self);
}

/// A step whose turn has not come.
#[derive(Clone)]
pub struct Queued {
    /// What is told of it; its class says when to come back.
    pub fault: Fault,
    /// Where it waits.
    pub seat: Arc<dyn Seat>,
}

impl fmt::Debug for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Queued").field(&self.fault).finish()
    }
}

/// The objects that wait, by uid.
#[derive(Default)]
pub(crate) struct Line(Mutex<HashMap<String, Place>>);

struct Place {
    seat: Arc<dyn Seat>,
    /// Of the object that it was when it began to wait.
    sign: Sign,
    /// When something else is due.
    due: Option<Timestamp>,
    told: bool,
}

/// What is known of an object that may wait.
pub(crate) enum Word {
    /// It waits until then.
    Waits(Timestamp),
    /// It waited, and is not what it was: whether it still wants what it waited for, the pass finds out.
    Changed(Arc<dyn Seat>),
    /// It does not wait.
    Goes,
}

/// What a person has said.
type Sign = (Option<i64>, bool, Vec<(String, String)>);

impl Line {
    /// Waits from now on.
    pub(crate) fn enter<O: Resource>(
        &self,
        object: &O,
        seat: Arc<dyn Seat>,
        due: Option<Timestamp>,
        told: bool,
    ) {
        let place = Place {
            seat,
            sign: sign(object),
            due,
            told,
        };
        self.lock().insert(uid(object).to_owned(), place);
    }

    /// What is known of an object that may wait. Whoever is another than he was, has something else due, or was not told
    /// what he should be, waits no more: the pass finds out.
    pub(crate) fn word<O: Resource>(&self, object: &O, now: Timestamp) -> Word {
        let Some(place) = self.lock().remove(uid(object)) else {
            return Word::Goes;
        };
        if place.sign != sign(object) {
            return Word::Changed(place.seat);
        }
        if place.due.is_some_and(|due| due <= now) {
            return Word::Goes;
        }
        let Err(until) = place.seat.ask() else {
            return Word::Goes;
        };
        if !place.told && is_worth_telling(until, now) {
            return Word::Goes;
        }
        let next = place.due.map_or(until, |due| due.min(until));
        self.lock().insert(uid(object).to_owned(), place);
        Word::Waits(next)
    }

    /// Whether the object waits.
    pub(crate) fn has<O: Resource>(&self, object: &O) -> bool {
        self.lock().contains_key(uid(object))
    }

    /// Forgets the object, for whom nobody waits any more.
    pub(crate) fn forget<O: Resource>(&self, object: &O) {
        let place = self.lock().remove(uid(object));
        if let Some(place) = place {
            place.seat.leave();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Line").field(&self.lock().len()).finish()
    }
}

/// Whether somebody who looks would wonder.
pub(crate) fn is_worth_telling(until: Timestamp, now: Timestamp) -> bool {
    until.duration_since(now) > WORTH_TELLING
}

fn sign<O: Resource>(object: &O) -> Sign {
    let meta = object.meta();
    let words = meta.annotations.iter().flatten();
    let words = words.map(|(key, value)| (key.clone(), value.clone()));
    (
        meta.generation,
        meta.deletion_timestamp.is_some(),
        words.collect(),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use k8s_openapi::api::core::v1::ConfigMap;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn object(generation: i64) -> ConfigMap {
        ConfigMap {
            metadata: ObjectMeta {
                uid: Some("a".to_owned()),
                generation: Some(generation),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        }
    }

    /// Whose turn comes at some time, or has come.
    #[derive(Default)]
    struct Bench {
        turn: Option<Timestamp>,
        asked: AtomicUsize,
        left: AtomicUsize,
    }

    impl Bench {
        fn at(second: i64) -> Arc<Self> {
            Arc::new(Self {
                turn: Some(at(second)),
                ..Self::default()
            })
        }

        fn counts(&self) -> (usize, usize) {
            let read = |count: &AtomicUsize| count.load(Ordering::SeqCst);
            (read(&self.asked), read(&self.left))
        }
    }

    impl Seat for Bench {
        fn ask(&self) -> Result<(), Timestamp> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.turn.map_or(Ok(()), Err)
        }

        fn leave(&self) {
            self.left.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn until(line: &Line, generation: i64, now: i64) -> Option<Timestamp> {
        match line.word(&object(generation), at(now)) {
            Word::Waits(until) => Some(until),
            Word::Changed(_) | Word::Goes => None,
        }
    }

    #[test]
    fn whoever_waits_is_asked_for_and_nothing_else_until_something_changes() {
        let (line, bench) = (Line::default(), Bench::at(100));
        assert_eq!(until(&line, 1, 0), None, "it does not wait");
        line.enter(&object(1), bench.clone(), None, true);
        for now in [0, 50] {
            assert_eq!(until(&line, 1, now), Some(at(100)));
        }
        assert_eq!(bench.counts(), (2, 0));
        let word = line.word(&object(2), at(60));
        assert!(matches!(word, Word::Changed(_)), "the spec is another");
        assert_eq!(until(&line, 1, 60), None, "and so the pass began");
        assert_eq!(
            bench.counts(),
            (2, 0),
            "what becomes of the place, the pass finds out"
        );
    }

    #[test]
    fn a_turn_that_has_come_ends_the_wait() {
        let (line, bench) = (Line::default(), Arc::new(Bench::default()));
        line.enter(&object(1), bench.clone(), None, true);
        assert!(line.has(&object(1)));
        assert_eq!(until(&line, 1, 0), None);
        assert!(!line.has(&object(1)));
        assert_eq!(bench.counts(), (1, 0), "what was given is kept");
    }

    #[test]
    fn what_else_is_due_is_not_slept_through() {
        let (line, bench) = (Line::default(), Bench::at(100));
        line.enter(&object(1), bench, Some(at(10)), true);
        assert_eq!(until(&line, 1, 9), Some(at(10)));
        assert_eq!(until(&line, 1, 10), None);
    }

    #[test]
    fn a_short_wait_that_becomes_a_long_one_is_told() {
        let (line, bench) = (Line::default(), Bench::at(100));
        line.enter(&object(1), bench, None, false);
        assert_eq!(until(&line, 1, 99), Some(at(100)));
        assert_eq!(until(&line, 1, 90), None);
    }

    #[test]
    fn whoever_is_gone_leaves_his_place_to_others() {
        let (line, bench) = (Line::default(), Bench::at(100));
        line.forget(&object(1));
        line.enter(&object(1), bench.clone(), None, true);
        line.forget(&object(1));
        assert_eq!(bench.counts(), (0, 1));
        assert_eq!(until(&line, 1, 0), None);
    }
}
