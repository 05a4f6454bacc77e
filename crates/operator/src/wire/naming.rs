//! Which objects name which, kept by the watch: to look through all of them at each change would be the square of their
//! number at every start.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azureml_spark_engine::{Source, Watched};
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;

/// Namespace and name.
type Key = (String, String);

/// The objects of a kind by the names that they name, of their own namespace.
#[derive(Clone, Default)]
pub(super) struct Naming(Arc<Mutex<Both>>);

#[derive(Default)]
struct Both {
    by_name: HashMap<Key, BTreeSet<String>>,
    names: HashMap<Key, Vec<String>>,
}

impl Naming {
    /// Kept up to date by every change of the objects that name others.
    pub(super) fn kept_by<T: Watched>(
        source: &mut Source<T>,
        names: fn(&T) -> Vec<String>,
    ) -> Self {
        let naming = Self::default();
        let kept = naming.clone();
        source.on_change(move |change| {
            if let Some(object) = change.object() {
                kept.set(key(object), change.now.map(names).unwrap_or_default());
            }
        });
        naming
    }

    /// Those that name this one.
    pub(super) fn of<O: Watched, T: Watched>(&self, named: &O) -> Vec<ObjectRef<T>> {
        let key = key(named);
        let all = self.lock();
        let found = all.by_name.get(&key).into_iter().flatten();
        found
            .map(|name| ObjectRef::new(name).within(&key.0))
            .collect()
    }

    fn set(&self, who: Key, names: Vec<String>) {
        let mut all = self.lock();
        let before = all.names.remove(&who).unwrap_or_default();
        if names.is_empty() && before.is_empty() {
            return;
        }
        let (namespace, own) = who;
        for name in before {
            let key = (namespace.clone(), name);
            if let Some(found) = all.by_name.get_mut(&key) {
                found.remove(&own);
                if found.is_empty() {
                    all.by_name.remove(&key);
                }
            }
        }
        for name in &names {
            let key = (namespace.clone(), name.clone());
            all.by_name.entry(key).or_default().insert(own.clone());
        }
        if !names.is_empty() {
            all.names.insert((namespace, own), names);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Both> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key<O: ResourceExt>(object: &O) -> Key {
    (object.namespace().unwrap_or_default(), object.name_any())
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::core::ObjectMeta;

    use super::*;

    fn object(namespace: &str, name: &str) -> ConfigMap {
        ConfigMap {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        }
    }

    fn those(naming: &Naming, name: &str) -> Vec<String> {
        let all: Vec<ObjectRef<ConfigMap>> = naming.of(&object("n", name));
        all.into_iter().map(|one| one.name).collect()
    }

    #[test]
    fn what_is_named_is_known_until_it_is_named_no_more() {
        let naming = Naming::default();
        let set = |namespace: &str, name: &str, names: &[&str]| {
            let names = names.iter().map(ToString::to_string).collect();
            naming.set(key(&object(namespace, name)), names);
        };
        set("n", "a", &["x", "y"]);
        set("n", "b", &["x"]);
        set("other", "c", &["x"]);
        assert_eq!(those(&naming, "x"), ["a", "b"]);
        assert_eq!(those(&naming, "y"), ["a"]);
        set("n", "a", &["y"]);
        assert_eq!(those(&naming, "x"), ["b"]);
        set("n", "a", &[]);
        set("n", "b", &[]);
        assert_eq!(those(&naming, "y"), [""; 0]);
        assert_eq!(
            naming.lock().names.len(),
            1,
            "nothing is left of who names nobody"
        );
        assert_eq!(naming.lock().by_name.len(), 1);
    }
}
