//! Sends events. Telling never fails a pass: an event that is refused is counted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azureml_spark_api::meta::FIELD_MANAGER;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;

use super::{News, Tone};
use crate::clock::Clock;
use crate::jitter;
use crate::metrics::Metrics;

/// An event is worth a few seconds at most: a pass must not wait longer for telling than for doing.
const TELL_WITHIN: Duration = Duration::from_secs(5);

/// Events that are remembered, so that a repetition is counted on the first one: few are ever repeated, and each job has
/// three of its own. kube's `Recorder` remembers those of six minutes, and goes through all of them for each.
const REMEMBERED: usize = 256;

/// After so long a repetition is an event of its own, as with client-go's recorders.
const SERIES: Duration = Duration::from_mins(6);

/// Sends events.
#[derive(Clone)]
pub(crate) struct Teller {
    client: Client,
    metrics: Metrics,
    clock: Clock,
    told: Arc<Mutex<VecDeque<Told>>>,
}

/// An event that was sent.
#[derive(Clone, Debug)]
struct Told {
    /// Hash of what makes it the same event.
    what: u64,
    name: String,
    count: i32,
    last: Timestamp,
}

impl Teller {
    pub(crate) fn new(client: Client, metrics: Metrics, clock: Clock) -> Self {
        Self {
            client,
            metrics,
            clock,
            told: Arc::default(),
        }
    }

    pub(crate) async fn tell(&self, about: ObjectReference, news: Vec<News>) {
        // Of no version: the second telling of the same is about another one.
        let about = ObjectReference {
            resource_version: None,
            ..about
        };
        for one in news {
            let reason = one.reason.clone();
            let sent = tokio::time::timeout(TELL_WITHIN, self.send(&about, one)).await;
            match sent {
                Ok(Ok(())) => self.metrics.told("sent"),
                // A namespace that is being deleted takes no new objects: nobody is left to read it.
                Ok(Err(kube::Error::Api(status)))
                    if status.is_forbidden() || status.is_not_found() =>
                {
                    tracing::debug!(reason, %status, "event refused");
                    self.metrics.told("refused");
                }
                Ok(Err(error)) => {
                    tracing::warn!(reason, %error, "event not sent");
                    self.metrics.told("failed");
                }
                Err(_) => {
                    tracing::warn!(reason, "event not sent in time");
                    self.metrics.told("failed");
                }
            }
        }
    }

    async fn send(&self, about: &ObjectReference, news: News) -> Result<(), kube::Error> {
        let namespace = about.namespace.as_deref().unwrap_or("default");
        let api: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        let now = self.clock.now();
        let bad = news.tone == Tone::Bad;
        let what = jitter::seed(&(&about.uid, &about.name, &about.kind, &news.reason, bad));
        if let Some(again) = self.again(what, now) {
            let series = json!({"count": again.count, "lastObservedTime": MicroTime(now)});
            let patch = Patch::Merge(json!({"series": series}));
            let params = PatchParams::default();
            match api.patch_metadata(&again.name, &params, &patch).await {
                // The apiserver keeps events for an hour, or less.
                Err(kube::Error::Api(status)) if status.is_not_found() => {}
                sent => return sent.map(drop),
            }
        }
        let event = event(about, news, now);
        let name = event.metadata.name.clone().unwrap_or_default();
        api.create(&PostParams::default(), &event).await?;
        self.remember(Told {
            what,
            name,
            count: 1,
            last: now,
        });
        Ok(())
    }

    /// The event that this one repeats, with this one counted.
    fn again(&self, what: u64, now: Timestamp) -> Option<Told> {
        let mut told = self.lock();
        let known = told.iter_mut().find(|known| known.what == what)?;
        let young = now.duration_since(known.last).unsigned_abs() < SERIES;
        (known.count, known.last) = (known.count.saturating_add(1), now);
        young.then(|| known.clone())
    }

    fn remember(&self, one: Told) {
        let mut told = self.lock();
        told.retain(|known| known.what != one.what);
        while told.len() >= REMEMBERED {
            told.pop_front();
        }
        told.push_back(one);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn event(about: &ObjectReference, news: News, now: Timestamp) -> Event {
    let object = about.name.as_deref().unwrap_or_default();
    Event {
        metadata: ObjectMeta {
            // The same scheme as everybody's.
            name: Some(format!("{object}.{:x}", now.as_nanosecond())),
            namespace: about.namespace.clone(),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(now)),
        regarding: Some(about.clone()),
        reason: Some(news.reason),
        note: Some(news.note),
        action: Some("Reconcile".to_owned()),
        type_: Some(match news.tone {
            Tone::Good => "Normal".to_owned(),
            Tone::Bad => "Warning".to_owned(),
        }),
        reporting_controller: Some(FIELD_MANAGER.to_owned()),
        reporting_instance: Some(FIELD_MANAGER.to_owned()),
        ..Event::default()
    }
}
