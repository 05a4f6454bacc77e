//! What the operator wrote, and whether it is done.

use anyhow::Result;
use azureml_spark_testkit::emulator::{Entry, Requests};
use azureml_spark_testkit::eventually::{PATIENCE, eventually, until};
use azureml_spark_testkit::scope::{Scope, find_condition};
use futures::TryStreamExt as _;
use kube::api::{WatchEvent, WatchParams};
use serde_json::Value;

use crate::ATTACHMENT;

/// What the operator has written in Azure since then about any of these names and ids. To ask what somebody may do is a
/// POST and writes nothing.
pub(crate) async fn writes(scope: &Scope<'_>, since: u64, about: &[&str]) -> Result<Requests> {
    let is_about = |entry: &Entry| {
        let body = entry.body.as_ref().map(Value::to_string);
        let text = format!("{} {}", entry.path, body.unwrap_or_default()).to_lowercase();
        about.iter().any(|one| text.contains(&one.to_lowercase()))
    };
    let mut seen = scope.asked(since).await?;
    seen.0.retain(|entry| {
        entry.method != "GET" && !entry.path.contains("checkAccess") && is_about(entry)
    });
    Ok(seen)
}

/// The PUTs of the operator on a compute.
pub(crate) async fn puts(scope: &Scope<'_>, since: u64, name: &str) -> Result<Requests> {
    let seen = scope.asked(since).await?;
    Ok(seen.matching("PUT", &[&format!("/computes/{name}?")]))
}

/// How often an object was written, by anybody, from one of its versions to another.
pub(crate) async fn versions(
    scope: &Scope<'_>,
    kind: &str,
    name: &str,
    from: &str,
    to: &str,
) -> Result<usize> {
    let only = WatchParams::default().fields(&format!("metadata.name={name}"));
    let api = scope.objects(kind);
    let mut events = std::pin::pin!(api.watch(&only, from).await?);
    let mut count = 0;
    while let Some(event) = events.try_next().await? {
        if let WatchEvent::Modified(object) = event {
            count += 1;
            if object.metadata.resource_version.as_deref() == Some(to) {
                return Ok(count);
            }
        }
    }
    anyhow::bail!("the watch ended before version {to} of {name}")
}

/// The version of an object, as the apiserver counts them.
pub(crate) fn version(object: &Value) -> String {
    let version = object["metadata"]["resourceVersion"].as_str();
    version.unwrap().to_owned()
}

/// Waits until a deleted attachment has given up all but its doubts about what may yet appear, or is gone: it says so, and
/// a whole look that has begun after that is over.
pub(crate) async fn only_doubts(scope: &Scope<'_>, name: &str) -> Result<()> {
    let objects = scope.objects(ATTACHMENT);
    for _ in 0..2 {
        let since = scope.stack().emulator().now().await?;
        let what = "has nothing left but doubts";
        let left = eventually(&objects, name, what, PATIENCE, |found| {
            found.is_none_or(|object| {
                let object = serde_json::to_value(object).unwrap_or_default();
                let ready = find_condition(&object, "Ready");
                ready.is_some_and(|one| one["reason"] == "Detaching")
            })
        })
        .await?;
        let Some(object) = left else { return Ok(()) };
        let azure_name = object.data.pointer("/spec/azureName");
        let azure_name = azure_name.and_then(Value::as_str).unwrap_or(name);
        let part = format!("/computes/{azure_name}?");
        // It may go meanwhile, which is as good.
        let asks = scope.reconcile(ATTACHMENT, name).await;
        let looked = until("a look at it, or its end", PATIENCE, async || {
            let gone = objects.get_opt(name).await?.is_none();
            let seen = scope.asked(since).await?;
            Ok((gone || seen.count("GET", &[&part]) > 0).then_some(gone))
        });
        if looked.await? {
            return Ok(());
        }
        asks?;
    }
    Ok(())
}

/// Whether an object carries our finalizer.
pub(crate) fn is_held(object: &Value) -> bool {
    object["metadata"]["finalizers"]
        .to_string()
        .contains("spark.azureml.dev/azure")
}

/// The object id of the compute's own identity, or of a link's.
pub(crate) fn principal(object: &Value) -> &str {
    object["status"]["identity"]["principalId"]
        .as_str()
        .unwrap_or_else(|| panic!("no identity: {object}"))
}
