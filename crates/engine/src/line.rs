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

/// Asks whether the turn has come, or when to ask again. Asks nobody but this process.
pub type Ask = Arc<dyn Fn() -> Result<(), Timestamp> + Send + Sync>;

/// A step whose turn has not come.
#[derive(Clone)]
pub struct Queued {
    /// What is told of it; its class says when to come back.
    pub fault: Fault,
    /// Asks again.
    pub ask: Ask,
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
    ask: Ask,
    /// Of the object that it was when it began to wait.
    sign: Sign,
    /// When something else is due.
    due: Option<Timestamp>,
    told: bool,
}

/// What a person has said.
type Sign = (Option<i64>, bool, Vec<(String, String)>);

impl Line {
    /// Waits from now on.
    pub(crate) fn enter<O: Resource>(
        &self,
        object: &O,
        ask: Ask,
        due: Option<Timestamp>,
        told: bool,
    ) {
        let place = Place {
            ask,
            sign: sign(object),
            due,
            told,
        };
        self.lock().insert(uid(object).to_owned(), place);
    }

    /// When to look at it again, if it still waits, is what it was, nothing else is due, and what should be told was.
    /// Otherwise it waits no more: the pass finds out.
    pub(crate) fn until<O: Resource>(&self, object: &O, now: Timestamp) -> Option<Timestamp> {
        let place = self.lock().remove(uid(object))?;
        if place.sign != sign(object) || place.due.is_some_and(|due| due <= now) {
            return None;
        }
        let until = (place.ask)().err()?;
        if !place.told && is_worth_telling(until, now) {
            return None;
        }
        let next = place.due.map_or(until, |due| due.min(until));
        self.lock().insert(uid(object).to_owned(), place);
        Some(next)
    }

    /// Forgets the object.
    pub(crate) fn forget<O: Resource>(&self, object: &O) {
        self.lock().remove(uid(object));
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

    /// Whose turn comes at 100.
    fn ask(asked: &Arc<AtomicUsize>) -> Ask {
        let asked = Arc::clone(asked);
        Arc::new(move || {
            asked.fetch_add(1, Ordering::SeqCst);
            Err(at(100))
        })
    }

    #[test]
    fn whoever_waits_is_asked_for_and_nothing_else_until_something_changes() {
        let (line, asked) = (Line::default(), Arc::default());
        assert_eq!(line.until(&object(1), at(0)), None, "it does not wait");
        line.enter(&object(1), ask(&asked), None, true);
        for now in [at(0), at(50)] {
            assert_eq!(line.until(&object(1), now), Some(at(100)));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert_eq!(line.until(&object(2), at(60)), None, "the spec is another");
        assert_eq!(
            line.until(&object(1), at(60)),
            None,
            "and so the pass began"
        );
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_turn_that_has_come_ends_the_wait() {
        let line = Line::default();
        line.enter(&object(1), Arc::new(|| Ok(())), None, true);
        assert_eq!(line.until(&object(1), at(0)), None);
        assert!(line.lock().is_empty());
    }

    #[test]
    fn what_else_is_due_is_not_slept_through() {
        let (line, asked) = (Line::default(), Arc::default());
        line.enter(&object(1), ask(&asked), Some(at(10)), true);
        assert_eq!(line.until(&object(1), at(9)), Some(at(10)));
        assert_eq!(line.until(&object(1), at(10)), None);
    }

    #[test]
    fn a_short_wait_that_becomes_a_long_one_is_told() {
        let (line, asked) = (Line::default(), Arc::default());
        line.enter(&object(1), ask(&asked), None, false);
        assert_eq!(line.until(&object(1), at(99)), Some(at(100)));
        assert_eq!(line.until(&object(1), at(90)), None);
        line.enter(&object(1), ask(&asked), None, false);
        line.forget(&object(1));
        assert_eq!(line.until(&object(1), at(99)), None);
    }
}
