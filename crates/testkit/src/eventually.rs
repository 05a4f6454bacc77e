//! Waiting for the world to reach a state: on a watch where there is one, else by asking again; always with a deadline.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures::StreamExt as _;
use kube::api::Api;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::watch_object;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long a test waits for a thing that takes seconds on an idle machine, or a grace of 75 s and some seconds: several
/// stacks may share two busy cores. Only a failure waits for all of it.
pub const PATIENCE: Duration = Duration::from_mins(5);
/// How often a thing that cannot be watched is asked.
const LOOK: Duration = Duration::from_millis(100);

/// Watches one object until `holds`, and returns it as it was then (`None` if it does not exist). When the deadline
/// passes, the error shows `what` was waited for and the object as it was last seen.
pub async fn eventually<K>(
    api: &Api<K>,
    name: &str,
    what: &str,
    deadline: Duration,
    mut holds: impl FnMut(Option<&K>) -> bool,
) -> Result<Option<K>>
where
    K: kube::Resource + Clone + Debug + DeserializeOwned + Serialize + Send + 'static,
{
    let mut seen: Option<Option<K>> = None;
    let mut trouble: Option<String> = None;
    let waited = tokio::time::timeout(deadline, async {
        let mut states = std::pin::pin!(watch_object(api.clone(), name).default_backoff());
        while let Some(state) = states.next().await {
            match state {
                Ok(object) if holds(object.as_ref()) => return Some(object),
                Ok(object) => seen = Some(object),
                Err(error) => trouble = Some(error.to_string()),
            }
        }
        None
    })
    .await;
    if let Ok(Some(object)) = waited {
        return Ok(object);
    }
    let last = match seen {
        Some(Some(object)) => serde_norway::to_string(&object)?,
        Some(None) => "it did not exist".to_owned(),
        None => "it was never seen".to_owned(),
    };
    let trouble = trouble
        .map(|text| format!("\nthe watch had trouble: {text}"))
        .unwrap_or_default();
    bail!(
        "not within {} s: {name} {what}{trouble}\nlast seen:\n{last}",
        deadline.as_secs()
    )
}

/// Asks until there is an answer. `ask` returns `None` while there is none yet; its errors are kept for the message
/// and asked past.
pub async fn until<T>(
    what: &str,
    deadline: Duration,
    ask: impl AsyncFn() -> Result<Option<T>>,
) -> Result<T> {
    let begun = Instant::now();
    let mut trouble = String::new();
    while begun.elapsed() < deadline {
        match ask().await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => trouble.clear(),
            Err(error) => trouble = format!(": {error:#}"),
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("not within {} s: {what}{trouble}", deadline.as_secs())
}
