//! Events tell transitions. They are derived from the conditions before and after a write, and so a restart
//! tells nothing twice, and a thousand equal looks tell nothing at all.

use std::time::Duration;

use azureml_spark_api::condition::ConditionType;
use azureml_spark_api::meta::FIELD_MANAGER;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use crate::metrics::Metrics;

/// Reason of the event that tells of a forced release.
pub(crate) const FORCE_RELEASED: &str = "ForceReleased";
/// Reason of the event on an object that does not fit its type.
pub(crate) const UNPARSABLE: &str = "Unparsable";

/// An event is worth a few seconds at most: a pass must not wait longer for telling than for doing.
const TELL_WITHIN: Duration = Duration::from_secs(5);

/// Something to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It goes as wished.
    Good,
    /// Somebody should know.
    Bad,
}

/// One event to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) tone: Tone,
    pub(crate) reason: String,
    pub(crate) note: String,
}

/// What changed from `old` to `new`, most telling first, one event per reason. `troubled`: the last step failed.
pub(crate) fn news(old: &[Condition], new: &[Condition], troubled: bool) -> Vec<News> {
    let mut all: Vec<(u8, News)> = new
        .iter()
        .filter_map(|now| {
            let before = old.iter().find(|c| c.type_ == now.type_);
            if before.is_some_and(|c| c.status == now.status && c.reason == now.reason) {
                return None;
            }
            let (rank, tone) = weigh(before, now, troubled)?;
            let news = News {
                tone,
                reason: now.reason.clone(),
                note: now.message.clone(),
            };
            Some((rank, news))
        })
        .collect();
    all.sort_by_key(|(rank, _)| *rank);
    let mut told = Vec::<News>::new();
    for (_, one) in all {
        if told.iter().all(|earlier| earlier.reason != one.reason) {
            told.push(one);
        }
    }
    told
}

/// How telling a changed condition is (lower is more), or `None` if another one tells the same.
fn weigh(before: Option<&Condition>, now: &Condition, troubled: bool) -> Option<(u8, Tone)> {
    let is = |kind: ConditionType| now.type_ == kind.as_str();
    let holds = now.status == "True";
    if is(ConditionType::Stalled) || is(ConditionType::Failed) {
        return holds.then_some((0, Tone::Bad));
    }
    if is(ConditionType::Reconciling) {
        let tone = if troubled { Tone::Bad } else { Tone::Good };
        return holds.then_some((4, tone));
    }
    if is(ConditionType::Ready) {
        // Why it is not ready is told by the condition that stands in the way.
        return holds.then_some((3, Tone::Good));
    }
    if !holds {
        // Not yet is no news; not any more is.
        return before
            .is_some_and(|c| c.status == "True")
            .then_some((1, Tone::Bad));
    }
    if is(ConditionType::Warning) {
        return Some((1, Tone::Bad));
    }
    let expected = is(ConditionType::SpecAccepted) || is(ConditionType::ReferencesResolved);
    if expected && before.is_none() {
        return None;
    }
    Some((2, Tone::Good))
}

/// Sends events. Telling never fails a pass: an event that is refused is counted.
#[derive(Clone)]
pub(crate) struct Teller {
    recorder: Recorder,
    metrics: Metrics,
}

impl Teller {
    pub(crate) fn new(client: Client, metrics: Metrics) -> Self {
        Self {
            recorder: Recorder::new(client, Reporter::from(FIELD_MANAGER)),
            metrics,
        }
    }

    pub(crate) async fn tell(&self, about: ObjectReference, news: Vec<News>) {
        // The recorder folds repetitions into a series if the references are equal, versions included.
        let about = ObjectReference {
            resource_version: None,
            ..about
        };
        for one in news {
            let event = Event {
                type_: match one.tone {
                    Tone::Good => EventType::Normal,
                    Tone::Bad => EventType::Warning,
                },
                reason: one.reason,
                note: Some(one.note),
                action: "Reconcile".to_owned(),
                secondary: None,
            };
            let sent =
                tokio::time::timeout(TELL_WITHIN, self.recorder.publish(&event, &about)).await;
            match sent {
                Ok(Ok(())) => self.metrics.told("sent"),
                // A namespace that is being deleted takes no new objects: nobody is left to read it.
                Ok(Err(kube::Error::Api(status)))
                    if status.is_forbidden() || status.is_not_found() =>
                {
                    tracing::debug!(reason = event.reason, %status, "event refused");
                    self.metrics.told("refused");
                }
                Ok(Err(error)) => {
                    tracing::warn!(reason = event.reason, %error, "event not sent");
                    self.metrics.told("failed");
                }
                Err(_) => {
                    tracing::warn!(reason = event.reason, "event not sent in time");
                    self.metrics.told("failed");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
