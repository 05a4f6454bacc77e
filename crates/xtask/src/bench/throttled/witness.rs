//! What the jobs of a namespace ever said, seen from beside.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::Scope;
use futures::StreamExt as _;
use kube::Api;
use kube::api::DynamicObject;
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::trouble;

/// Watches until it is ended.
pub(super) struct Witness {
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<JoinHandle<()>>,
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Jobs by what was wrong with them.
    troubles: BTreeMap<String, BTreeSet<String>>,
    /// Jobs by why they were not ready.
    waits: BTreeMap<String, BTreeSet<String>>,
}

impl Witness {
    /// Of the jobs of a namespace, and of the events about them.
    pub(super) fn of(scope: &Scope<'_>) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (jobs, events) = (Arc::clone(&seen), Arc::clone(&seen));
        let resource = manifest::resource("events.k8s.io/v1", "Event");
        let tasks = vec![
            tokio::spawn(each(scope.objects("SparkJob"), move |object| {
                locked(&jobs).look(object);
            })),
            tokio::spawn(each(
                Api::namespaced_with(scope.client().clone(), scope.namespace(), &resource),
                move |event| locked(&events).hear(event),
            )),
        ];
        Self { seen, tasks }
    }

    /// Ends it, and says what it saw.
    pub(super) fn end(self) -> Seen {
        for task in &self.tasks {
            task.abort();
        }
        locked(&self.seen).clone()
    }
}

async fn each(api: Api<DynamicObject>, see: impl Fn(&DynamicObject)) {
    let states = watcher(api, watcher::Config::default())
        .default_backoff()
        .touched_objects();
    let mut states = std::pin::pin!(states);
    while let Some(state) = states.next().await {
        if let Ok(object) = state {
            see(&object);
        }
    }
}

fn locked(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    fn look(&mut self, object: &DynamicObject) {
        let name = object.metadata.name.clone().unwrap_or_default();
        let Some(status) = object.data.get("status") else {
            return;
        };
        if let Some(trouble) = trouble(status) {
            self.troubles
                .entry(trouble)
                .or_default()
                .insert(name.clone());
        }
        let conditions = status.get("conditions").and_then(Value::as_array);
        let waiting = conditions.into_iter().flatten().find(|one| {
            let is = |field: &str, word: &str| one.get(field).and_then(Value::as_str) == Some(word);
            is("type", "Reconciling") && is("status", "True")
        });
        let reason = waiting.and_then(|one| one.get("reason")?.as_str());
        if let Some(reason) = reason {
            self.waits
                .entry(reason.to_owned())
                .or_default()
                .insert(name);
        }
    }

    fn hear(&mut self, event: &DynamicObject) {
        let text = |pointer: &str| {
            event
                .data
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        if text("/type") == "Warning" {
            let trouble = format!("event {}", text("/reason"));
            let about = text("/regarding/name").to_owned();
            self.troubles.entry(trouble).or_default().insert(about);
        }
    }

    /// How many jobs were ever in trouble.
    pub(super) fn troubled(&self) -> usize {
        let all: BTreeSet<&String> = self.troubles.values().flatten().collect();
        all.len()
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |all: &BTreeMap<String, BTreeSet<String>>| {
            let words = all
                .iter()
                .map(|(word, jobs)| format!("{} {word}", jobs.len()));
            words.collect::<Vec<_>>().join(", ")
        };
        write!(f, "waiting: {}", words(&self.waits))?;
        if !self.troubles.is_empty() {
            write!(f, "; in trouble: {}", words(&self.troubles))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Seen;

    #[test]
    fn a_job_in_trouble_counts_once_however_often_it_says_so() {
        let mut seen = Seen::default();
        let job = |kind: &str, reason: &str| {
            serde_json::from_value(json!({
                "apiVersion": "v1", "kind": "SparkJob", "metadata": {"name": "a"},
                "status": {"conditions": [{"type": kind, "status": "True", "reason": reason}]},
            }))
            .unwrap()
        };
        seen.look(&job("Reconciling", "WaitingForBudget"));
        assert_eq!(
            (seen.troubled(), seen.to_string().as_str()),
            (0, "waiting: 1 WaitingForBudget")
        );
        seen.look(&job("Stalled", "Throttled"));
        seen.look(&job("Stalled", "Throttled"));
        let event = json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"},
            "type": "Warning", "reason": "Throttled", "regarding": {"name": "a"},
        });
        seen.hear(&serde_json::from_value(event).unwrap());
        assert_eq!(seen.troubled(), 1);
        assert!(
            seen.to_string()
                .ends_with("in trouble: 1 Stalled Throttled, 1 event Throttled"),
            "{seen}"
        );
    }
}
