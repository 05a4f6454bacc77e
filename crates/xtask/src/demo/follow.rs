//! Telling what happens while it happens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::scope::{Scope, find_condition};
use futures::StreamExt as _;
use futures::stream::select_all;
use kube::api::DynamicObject;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::watch_object;
use serde_json::Value;

/// Two Spark jobs, one after the other, on a slow machine.
const PATIENCE: Duration = Duration::from_mins(10);
/// How often a person is told that nothing has changed.
const STILL: Duration = Duration::from_secs(10);

/// Follows the objects of our kinds until each is Ready or has failed for good.
pub(super) async fn until_settled(scope: &Scope<'_>, objects: &[Manifest]) -> Result<()> {
    let begun = Instant::now();
    let mut waiting: BTreeMap<String, String> = BTreeMap::new();
    let mut streams = Vec::new();
    for object in objects.iter().filter(|object| ours(object)) {
        let title = title(object);
        waiting.insert(title.clone(), String::new());
        let states = watch_object(scope.objects(object.kind()), object.name()).default_backoff();
        streams.push(Box::pin(states.map(move |state| (title.clone(), state))));
    }
    let mut changes = select_all(streams);
    while !waiting.is_empty() {
        if begun.elapsed() > PATIENCE {
            bail!(
                "after {} min not settled: {waiting:?}",
                PATIENCE.as_secs() / 60
            );
        }
        let Ok(change) = tokio::time::timeout(STILL, changes.next()).await else {
            let names: Vec<_> = waiting.keys().cloned().collect();
            say(begun, &format!("… {}", names.join(", ")));
            continue;
        };
        let Some((title, state)) = change else {
            bail!("the watch ended")
        };
        // A broken watch is taken up again by itself.
        let Ok(Some(object)) = state else { continue };
        let Some(last) = waiting.get_mut(&title) else {
            continue;
        };
        let line = summary(&object)?;
        if *last != line.text {
            say(begun, &format!("{title}: {}", line.text));
            last.clone_from(&line.text);
        }
        if line.settled {
            waiting.remove(&title);
        }
    }
    println!();
    Ok(())
}

/// Whether an object is of one of our kinds.
pub(super) fn ours(object: &Manifest) -> bool {
    !matches!(object.kind(), "ConfigMap" | "Secret")
}

/// Kind and name.
pub(super) fn title(object: &Manifest) -> String {
    format!("{} {}", object.kind(), object.name())
}

fn say(begun: Instant, text: &str) {
    println!("{:>4} s  {text}", begun.elapsed().as_secs());
}

struct Line {
    text: String,
    settled: bool,
}

fn summary(object: &DynamicObject) -> Result<Line> {
    let object = serde_json::to_value(object)?;
    let word = |condition: &str, field: &str| {
        let found = find_condition(&object, condition).and_then(|one| one.get(field));
        found.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let state = object
        .pointer("/status/state")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let ready = word("Ready", "status") == "True";
    let stalled = word("Stalled", "status") == "True";
    let (reason, message) = (word("Ready", "reason"), word("Ready", "message"));
    let parts = [state, &reason, &message].map(str::to_owned);
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Ok(Line {
        text: parts.join(" – "),
        settled: ready || stalled,
    })
}
