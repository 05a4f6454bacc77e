//! Many jobs of one namespace, and what was ever seen of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use azureml_spark_testkit::emulator::{Emulator, Requests};
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{SECRET, Scope, WORKSPACE};
use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::{DynamicObject, WatchEvent, WatchParams};
use serde_json::Value;
use tokio::task::JoinHandle;

pub(crate) const JOB: &str = "SparkJob";
/// Requests of ours in flight.
const AT_ONCE: usize = 16;

/// Reasons of conditions that held at some time, by object: `Reconciling/WaitingForBudget`.
type Seen = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

pub(crate) struct Crowd<'a> {
    pub(crate) scope: &'a Scope<'a>,
    pub(crate) names: Vec<String>,
    seen: Seen,
    watch: JoinHandle<Result<()>>,
}

impl Drop for Crowd<'_> {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl<'a> Crowd<'a> {
    /// Applies the jobs, and watches them from the first moment on. Their workspace is applied with them: it need not be
    /// ready, since nobody may be there to look at it.
    pub(crate) async fn gather(scope: &'a Scope<'a>, count: usize) -> Result<Self> {
        found(scope).await?;
        let names: Vec<String> = (0..count).map(|number| format!("job-{number}")).collect();
        let seen = Seen::default();
        let watch = tokio::spawn(watch(scope.objects(JOB), Arc::clone(&seen)));
        futures::stream::iter(&names)
            .map(async |name: &String| scope.apply(&job(scope, name)).await.map(drop))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        Ok(Self {
            scope,
            names,
            seen,
            watch,
        })
    }

    /// The jobs that have ever said so.
    pub(crate) fn said(&self, what: &str) -> BTreeSet<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let said = seen.iter().filter(|(_, reasons)| reasons.contains(what));
        said.map(|(name, _)| name.clone()).collect()
    }

    /// Waits until some job has said so.
    pub(crate) async fn some_says(&self, what: &str) -> Result<()> {
        until(what, PATIENCE, async || {
            Ok((!self.said(what).is_empty()).then_some(()))
        })
        .await
    }

    /// Waits until every job has its run.
    pub(crate) async fn submitted(&self) -> Result<()> {
        futures::stream::iter(&self.names)
            .map(async |name: &String| {
                let scope = self.scope;
                scope
                    .condition(JOB, name, "Submitted", "True")
                    .await
                    .map(drop)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Fails if any job but this one, which was cancelled, has ever shown an error, or an event has told of one.
    pub(crate) async fn shows_no_trouble(&self, but: &str) -> Result<()> {
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        assert_eq!(seen.len(), self.names.len(), "all are seen");
        for (name, reasons) in seen.iter().filter(|(name, _)| *name != but) {
            let bad = |said: &&String| {
                said.starts_with("Stalled/") || said.ends_with("/AzureUnavailable")
            };
            assert_eq!(reasons.iter().find(bad), None, "{name}: {reasons:?}");
        }
        for name in self.names.iter().filter(|name| *name != but) {
            for (kind, reason, note) in self.scope.events(JOB, name).await? {
                assert_eq!(kind, "Normal", "{name}: {reason}: {note}");
                assert_ne!(
                    reason, "WaitingForBudget",
                    "{name}: an event for each that waits"
                );
            }
        }
        Ok(())
    }
}

/// What jobs of a namespace need.
pub(crate) async fn found(scope: &Scope<'_>) -> Result<()> {
    let world = scope.stack().emulator().world();
    scope.apply(&manifest::credentials(SECRET, world)).await?;
    scope
        .apply(&manifest::workspace(WORKSPACE, SECRET, world))
        .await?;
    scope
        .apply(&manifest::code("src", "main.py", "print('one of many')\n"))
        .await?;
    Ok(())
}

pub(crate) fn job(scope: &Scope<'_>, name: &str) -> Manifest {
    let world = scope.stack().emulator().world();
    manifest::serverless_job(name, WORKSPACE, "src", world)
}

/// The submissions that Azure has heard of.
pub(crate) async fn submissions(emulator: &Emulator) -> Result<Requests> {
    let all = emulator.requests_since(0).await?;
    Ok(all.matching("PUT", &["/jobs/"]))
}

async fn watch(api: kube::Api<DynamicObject>, seen: Seen) -> Result<()> {
    let mut changes = api
        .watch(&WatchParams::default().timeout(290), "0")
        .await?
        .boxed();
    while let Some(change) = changes.try_next().await? {
        if let WatchEvent::Added(job) | WatchEvent::Modified(job) = change {
            let conditions = job
                .data
                .pointer("/status/conditions")
                .and_then(Value::as_array);
            let held = conditions
                .into_iter()
                .flatten()
                .filter(|one| one["status"] == "True");
            let words = held.map(|one| format!("{}/{}", text(&one["type"]), text(&one["reason"])));
            let name = job.metadata.name.unwrap_or_default();
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.entry(name).or_default().extend(words);
        }
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
