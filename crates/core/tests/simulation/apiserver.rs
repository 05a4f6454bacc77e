//! A model of the apiserver: versions, finalizers, deletion, and caches that lag behind.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::history::History;

/// One write in so many goes through JSON: it is most of the work.
const WIRE_LOOK: u64 = 8;

#[derive(Clone, Debug)]
pub(crate) struct Object<S, T> {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) spec: S,
    pub(crate) status: Option<T>,
    pub(crate) generation: i64,
    pub(crate) version: u64,
    /// Since when it has carried our finalizer.
    pub(crate) held: Option<i64>,
    /// Since when it has been on its way out.
    pub(crate) deleting: Option<i64>,
}

/// Why a write did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Stale,
    Gone,
}

#[derive(Debug)]
pub(crate) struct Store<S, T> {
    objects: BTreeMap<String, History<Option<Object<S, T>>>>,
    versions: u64,
}

impl<S: Clone, T: Clone + PartialEq + Serialize + DeserializeOwned> Store<S, T> {
    pub(crate) fn new() -> Self {
        Self {
            objects: BTreeMap::new(),
            versions: 0,
        }
    }

    pub(crate) fn create(&mut self, now: i64, name: &str, spec: S) {
        self.versions += 1;
        let object = Object {
            name: name.to_owned(),
            uid: format!("{name}-uid-{}", self.versions),
            spec,
            status: None,
            generation: 1,
            version: self.versions,
            held: None,
            deleting: None,
        };
        self.put(now, name, Some(object));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Object<S, T>> {
        self.objects.get(name)?.last().as_ref()
    }

    /// What a cache shows that stands at `time`.
    pub(crate) fn cached(&self, name: &str, time: i64) -> Option<&Object<S, T>> {
        self.objects.get(name)?.at(time)?.as_ref()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Object<S, T>> {
        self.objects.values().filter_map(|h| h.last().as_ref())
    }

    pub(crate) fn by_uid(&self, uid: &str) -> Option<&Object<S, T>> {
        self.all().find(|object| object.uid == uid)
    }

    /// Whether any version of the object had this.
    pub(crate) fn ever(&self, uid: &str, had: impl Fn(&Object<S, T>) -> bool) -> bool {
        self.anybody_ever(|object| object.uid == uid && had(object))
    }

    /// Whether any version of any object had this, also of one that is gone.
    pub(crate) fn anybody_ever(&self, had: impl Fn(&Object<S, T>) -> bool) -> bool {
        let mut all = self.objects.values().flat_map(History::all).flatten();
        all.any(had)
    }

    /// Every version of an object of this name that a cache may have shown since `time`.
    pub(crate) fn versions_since(
        &self,
        name: &str,
        time: i64,
    ) -> impl Iterator<Item = &Object<S, T>> {
        let history = self.objects.get(name).into_iter();
        history.flat_map(move |h| h.since(time)).flatten()
    }

    /// The most that any version of the object had of something.
    pub(crate) fn most_ever(&self, uid: &str, of: impl Fn(&Object<S, T>) -> usize) -> usize {
        let all = self.objects.values().flat_map(History::all).flatten();
        all.filter(|o| o.uid == uid).map(of).max().unwrap_or(0)
    }

    /// How often the object has become like this.
    pub(crate) fn turns(&self, uid: &str, is: impl Fn(&Object<S, T>) -> bool) -> usize {
        let all = self.objects.values().flat_map(History::all).flatten();
        let (mut turns, mut was) = (0, false);
        for object in all.filter(|o| o.uid == uid) {
            turns += usize::from(is(object) && !was);
            was = is(object);
        }
        turns
    }

    /// A write for exactly the version that was read, as the operator makes them.
    pub(crate) fn write(
        &mut self,
        now: i64,
        known: &Object<S, T>,
        change: impl FnOnce(&mut Object<S, T>),
    ) -> Result<Option<Object<S, T>>, Refusal> {
        match self.get(&known.name) {
            Some(live) if live.uid != known.uid => Err(Refusal::Gone),
            Some(live) if live.version != known.version => Err(Refusal::Stale),
            Some(_) => Ok(self.change(now, &known.name, change)),
            None => Err(Refusal::Gone),
        }
    }

    /// A change by anybody, whatever the version. The answer is what is left: `None` once the object is gone.
    pub(crate) fn change(
        &mut self,
        now: i64,
        name: &str,
        change: impl FnOnce(&mut Object<S, T>),
    ) -> Option<Object<S, T>> {
        let mut object = self.get(name)?.clone();
        change(&mut object);
        self.versions += 1;
        object.version = self.versions;
        if self.versions.is_multiple_of(WIRE_LOOK) {
            object.status = object.status.map(|status| through_json(&status));
        }
        let left = (object.deleting.is_none() || object.held.is_some()).then_some(object);
        self.put(now, name, left.clone());
        left
    }

    fn put(&mut self, now: i64, name: &str, object: Option<Object<S, T>>) {
        match self.objects.get_mut(name) {
            Some(history) => history.set(now, object),
            None => {
                self.objects
                    .insert(name.to_owned(), History::new(now, object));
            }
        }
    }
}

/// As it comes back from etcd.
fn through_json<T: PartialEq + Serialize + DeserializeOwned>(status: &T) -> T {
    let text = serde_json::to_string(status).unwrap();
    let back: T = serde_json::from_str(&text).unwrap();
    assert!(
        back == *status,
        "a status changes on its way through JSON: {text}"
    );
    back
}
