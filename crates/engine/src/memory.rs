//! What the process knows of an object beyond the cache. All of it may be lost: it saves work and time, and
//! nothing is decided by it that the apiserver does not check again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azureml_spark_core::Trouble;
use kube::Resource;

use crate::line::Line;

/// Per object, by uid.
#[derive(Debug)]
pub(crate) struct Memory<O> {
    known: Mutex<HashMap<String, Known<O>>>,
    /// Who waits for a turn.
    pub(crate) line: Line,
}

#[derive(Debug)]
struct Known<O> {
    /// The apiserver's answer to our last write, until the cache has caught up with it.
    newest: Option<Arc<O>>,
    /// Failures in a row, by class.
    tries: BTreeMap<&'static str, u32>,
    /// The last one, and the generation that it hit.
    trouble: Option<(i64, Trouble)>,
}

impl<O> Default for Known<O> {
    fn default() -> Self {
        Self {
            newest: None,
            tries: BTreeMap::new(),
            trouble: None,
        }
    }
}

impl<O: Resource> Memory<O> {
    pub(crate) fn new() -> Self {
        Self {
            known: Mutex::new(HashMap::new()),
            line: Line::default(),
        }
    }

    /// Our last write's answer, if the cache did not have it when it was asked last. A pass that follows on the heels
    /// of another one would else decide on a cache that has not seen the other's writes, only to lose with 409.
    ///
    /// Ask this before the cache: what is let go of here is in the cache by then.
    pub(crate) fn held(&self, object: &O) -> Option<Arc<O>> {
        self.lock().get(uid(object))?.newest.clone()
    }

    /// Lets go of our last write's answer when the cache has something as new.
    pub(crate) fn caught_up(&self, cached: &O) {
        let mut known = self.lock();
        if let Some(entry) = known.get_mut(uid(cached))
            && entry
                .newest
                .as_ref()
                .is_some_and(|held| version(&**held) <= version(cached))
        {
            entry.newest = None;
            if entry.tries.is_empty() {
                known.remove(uid(cached));
            }
        }
    }

    /// Keeps the answer to a write.
    pub(crate) fn wrote(&self, object: &Arc<O>) {
        self.lock()
            .entry(uid(&**object).to_owned())
            .or_default()
            .newest = Some(Arc::clone(object));
    }

    /// Counts a failure, and says how many of this class there were in a row.
    pub(crate) fn failed(&self, object: &O, class: &'static str) -> u32 {
        let mut known = self.lock();
        let tries = known
            .entry(uid(object).to_owned())
            .or_default()
            .tries
            .entry(class)
            .or_default();
        *tries = tries.saturating_add(1);
        *tries
    }

    /// Keeps what is wrong until a success.
    pub(crate) fn troubled(&self, object: &O, trouble: &Trouble) {
        let mut known = self.lock();
        let entry = known.entry(uid(object).to_owned()).or_default();
        entry.trouble = Some((generation(object), trouble.clone()));
    }

    /// What was wrong at the last try, unless the object is not what it was then.
    pub(crate) fn trouble(&self, object: &O) -> Option<Trouble> {
        let known = self.lock();
        let (hit, trouble) = known.get(uid(object))?.trouble.as_ref()?;
        (*hit == generation(object)).then(|| trouble.clone())
    }

    /// Nothing is wrong any more, whatever comes of the next try.
    pub(crate) fn calmed(&self, object: &O) {
        if let Some(entry) = self.lock().get_mut(uid(object)) {
            entry.trouble = None;
        }
    }

    /// Forgets the failures.
    pub(crate) fn succeeded(&self, object: &O) {
        let mut known = self.lock();
        if let Some(entry) = known.get_mut(uid(object)) {
            entry.tries.clear();
            entry.trouble = None;
            if entry.newest.is_none() {
                known.remove(uid(object));
            }
        }
    }

    /// Forgets the object.
    pub(crate) fn forget(&self, object: &O) {
        self.lock().remove(uid(object));
        self.line.forget(object);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known<O>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn uid<O: Resource>(object: &O) -> &str {
    object.meta().uid.as_deref().unwrap_or_default()
}

fn generation<O: Resource>(object: &O) -> i64 {
    object.meta().generation.unwrap_or_default()
}

/// The newer one of two versions of an object.
pub(crate) fn newer<O: Resource>(held: Option<Arc<O>>, cached: Arc<O>) -> Arc<O> {
    held.filter(|held| uid(&**held) == uid(&*cached) && version(&**held) > version(&*cached))
        .unwrap_or(cached)
}

/// Versions of one resource type are numbers that grow (API concepts, "Resource versions", Kubernetes 1.35); a
/// server whose versions are not numbers only costs us a 409 now and then.
fn version<O: Resource>(object: &O) -> Option<u128> {
    object.meta().resource_version.as_ref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;

    fn object(uid: &str, version: &str) -> Arc<ConfigMap> {
        Arc::new(ConfigMap {
            metadata: ObjectMeta {
                uid: Some(uid.to_owned()),
                resource_version: Some(version.to_owned()),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        })
    }

    fn newest(memory: &Memory<ConfigMap>, uid: &str, cached: &str) -> String {
        let cached = object(uid, cached);
        let found = newer(memory.held(&cached), cached);
        found.metadata.resource_version.clone().unwrap()
    }

    #[test]
    fn our_own_write_stands_in_until_the_cache_has_it() {
        let memory = Memory::<ConfigMap>::new();
        memory.wrote(&object("a", "10"));
        assert_eq!(newest(&memory, "a", "9"), "10", "9 < 10 as numbers");
        assert_eq!(newest(&memory, "b", "9"), "9", "another object");
        assert_eq!(newest(&memory, "a", "11"), "11");
        let other = newer(Some(object("a", "10")), object("b", "9"));
        assert_eq!(
            uid(&*other),
            "b",
            "the object of that name is another one by now"
        );
    }

    #[test]
    fn versions_that_are_no_numbers_are_left_to_the_apiserver() {
        let memory = Memory::<ConfigMap>::new();
        memory.wrote(&object("a", "x"));
        assert_eq!(newest(&memory, "a", "w"), "w");
    }

    #[test]
    fn failures_are_counted_by_class_until_a_success() {
        let memory = Memory::<ConfigMap>::new();
        let a = object("a", "1");
        assert_eq!(memory.failed(&a, "retryable"), 1);
        assert_eq!(memory.failed(&a, "retryable"), 2);
        assert_eq!(memory.failed(&a, "throttled"), 1);
        assert_eq!(
            memory.failed(&a, "retryable"),
            3,
            "a fault of another class is no success"
        );
        assert_eq!(memory.failed(&object("b", "1"), "retryable"), 1);
        memory.succeeded(&a);
        assert_eq!(memory.failed(&a, "retryable"), 1);
        memory.forget(&a);
        assert_eq!(memory.failed(&a, "retryable"), 1);
    }

    #[test]
    fn the_cache_frees_what_stood_in_for_it() {
        let memory = Memory::<ConfigMap>::new();
        memory.wrote(&object("a", "10"));
        memory.caught_up(&object("a", "9"));
        assert_eq!(newest(&memory, "a", "9"), "10");
        memory.caught_up(&object("a", "10"));
        assert!(memory.lock().is_empty());
    }

    #[test]
    fn an_object_without_trouble_costs_nothing() {
        let memory = Memory::<ConfigMap>::new();
        let a = object("a", "1");
        memory.failed(&a, "retryable");
        memory.succeeded(&a);
        assert!(memory.lock().is_empty());
    }
}
