//! Everything that was ever written, as raw JSON: resources by kind and name.
//!
//! Names keep the case they were written in and compare without it (contract §0.1). Every write keeps
//! the state before it, so that a stale read can be answered with it.

use std::collections::BTreeMap;

use serde_json::Value;

tokio::task_local! {
    /// Set for the length of one read that a fault rule wants stale.
    pub(crate) static STALE: bool;
}

/// One resource, now and before its latest write.
#[derive(Clone, Debug, Default)]
struct Slot {
    now: Option<Value>,
    before: Option<Value>,
}

/// The resources of one kind (`"computes"`, `"jobs"`, …), by name.
#[derive(Debug, Default)]
pub(crate) struct Store {
    kinds: BTreeMap<&'static str, BTreeMap<String, Slot>>,
}

impl Slot {
    fn seen(&self) -> Option<&Value> {
        if STALE.try_with(|stale| *stale).unwrap_or(false) {
            self.before.as_ref()
        } else {
            self.now.as_ref()
        }
    }
}

impl Store {
    /// The resource, as the current request may see it.
    pub(crate) fn get(&self, kind: &'static str, name: &str) -> Option<&Value> {
        self.kinds
            .get(kind)?
            .get(&name.to_ascii_lowercase())?
            .seen()
    }

    /// Writes the resource; the state before becomes what a stale read sees.
    pub(crate) fn put(&mut self, kind: &'static str, name: &str, value: Value) {
        let slot = self.slot(kind, name);
        slot.before = slot.now.replace(value);
    }

    /// Keeps a resource that was there all along, for a stale read too.
    pub(crate) fn found(&mut self, kind: &'static str, name: &str, value: Value) {
        let slot = self.slot(kind, name);
        slot.before = Some(value.clone());
        slot.now = Some(value);
    }

    /// Changes the resource in place, if it is there; counts as a write.
    pub(crate) fn update(
        &mut self,
        kind: &'static str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) {
        let slot = self.slot(kind, name);
        slot.before.clone_from(&slot.now);
        if let Some(value) = &mut slot.now {
            change(value);
        }
    }

    /// Removes the resource and says what it was.
    pub(crate) fn remove(&mut self, kind: &'static str, name: &str) -> Option<Value> {
        let slot = self.slot(kind, name);
        slot.before = slot.now.take();
        slot.before.clone()
    }

    /// All resources of the kind in the order of their names, as the current request may see them.
    pub(crate) fn list(&self, kind: &'static str) -> impl Iterator<Item = (&str, &Value)> {
        self.kinds
            .get(kind)
            .into_iter()
            .flatten()
            .filter_map(|(name, slot)| Some((name.as_str(), slot.seen()?)))
    }

    fn slot(&mut self, kind: &'static str, name: &str) -> &mut Slot {
        self.kinds
            .entry(kind)
            .or_default()
            .entry(name.to_ascii_lowercase())
            .or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{STALE, Store};

    #[test]
    fn names_compare_without_case() {
        let mut store = Store::default();
        store.put("computes", "Pool-A", json!(1));
        assert_eq!(store.get("computes", "pool-a"), Some(&json!(1)));
        assert_eq!(store.get("jobs", "pool-a"), None);
    }

    #[test]
    fn a_stale_read_sees_the_state_before_the_latest_write() {
        let mut store = Store::default();
        store.put("computes", "a", json!(1));
        STALE.sync_scope(true, || assert_eq!(store.get("computes", "a"), None));
        store.update("computes", "a", |value| *value = json!(2));
        STALE.sync_scope(true, || {
            assert_eq!(store.get("computes", "a"), Some(&json!(1)));
        });
        assert_eq!(store.remove("computes", "a"), Some(json!(2)));
        assert_eq!(store.get("computes", "a"), None);
        STALE.sync_scope(true, || {
            assert_eq!(
                store.list("computes").collect::<Vec<_>>(),
                vec![("a", &json!(2))]
            );
        });
    }
}
