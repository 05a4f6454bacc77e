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
    let mut waiting: BTreeMap<String, Line> = BTreeMap::new();
    let mut streams = Vec::new();
    for object in objects.iter().filter(|object| ours(object)) {
        let title = title(object);
        waiting.insert(title.clone(), Line::default());
        let states = watch_object(scope.objects(object.kind()), object.name()).default_backoff();
        streams.push(Box::pin(states.map(move |state| (title.clone(), state))));
    }
    let mut changes = select_all(streams);
    while !waiting.is_empty() {
        if begun.elapsed() > PATIENCE {
            let names: Vec<_> = waiting.keys().cloned().collect();
            bail!(
                "not settled after {} min: {}",
                PATIENCE.as_secs() / 60,
                names.join(", ")
            );
        }
        let Ok(change) = tokio::time::timeout(STILL, changes.next()).await else {
            // What another object can mend was mended long ago; what is left needs a person.
            waiting.retain(|_, line| line.state != State::Stalled);
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
        let line = Line::of(&object)?;
        if last.text != line.text {
            say(begun, &format!("{title}: {}", line.text));
        }
        if line.state == State::Ended {
            waiting.remove(&title);
        } else {
            *last = line;
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

#[derive(Default, PartialEq, Eq)]
enum State {
    #[default]
    UnderWay,
    /// A person must act, or another object that is on its way.
    Stalled,
    Ended,
}

#[derive(Default)]
struct Line {
    text: String,
    state: State,
}

impl Line {
    fn of(object: &DynamicObject) -> Result<Self> {
        let object = serde_json::to_value(object)?;
        let word = |condition: &str, field: &str| {
            let found = find_condition(&object, condition).and_then(|one| one.get(field));
            found.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let holds = |condition: &str| word(condition, "status") == "True";
        let run = object
            .pointer("/status/state")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let parts = [
            run.to_owned(),
            word("Ready", "reason"),
            word("Ready", "message"),
        ];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let state = if holds("Ready") || holds("Failed") {
            State::Ended
        } else if holds("Stalled") {
            State::Stalled
        } else {
            State::UnderWay
        };
        Ok(Self {
            text: parts.join(" – "),
            state,
        })
    }
}
