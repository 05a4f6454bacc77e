//! The budget in the words of the other sides: what is counted of it, and what a pass is told that has to wait.

use std::sync::{Arc, Mutex, PoisonError};

use azureml_spark_azure::{self as azure, Budget, Call, Client, Effect};
use azureml_spark_core::place::Place;
use azureml_spark_engine::{Metrics, Queued, Seat};
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::access::Access;
use crate::translate;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByEffect {
    effect: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    op: &'static str,
    outcome: &'static str,
}

/// Shows the budget in the metrics, as it is when they are read.
pub(crate) fn show(budget: &Budget, metrics: &Metrics) {
    let tokens = Family::<ByEffect, Gauge>::default();
    let waiting = Family::<ByEffect, Gauge>::default();
    let requests = Family::<ByOutcome, Counter>::default();
    metrics.register(|rows| {
        rows.register(
            "azure_tokens",
            "Requests that Azure takes at once, of the subscription and principal that have the fewest left",
            tokens.clone(),
        );
        rows.register(
            "azure_waiting",
            "Requests that wait for their turn",
            waiting.clone(),
        );
        rows.register(
            "azure_requests",
            "Requests to Azure by what became of them; those that were not sent are waiting",
            requests.clone(),
        );
    });
    let budget = budget.clone();
    // Two scrapes at once would add the same requests twice.
    let one_by_one = Mutex::new(());
    metrics.before_scrape(move || {
        let _turn = one_by_one.lock().unwrap_or_else(PoisonError::into_inner);
        for reading in budget.read() {
            let effect = ByEffect {
                effect: word(reading.effect),
            };
            tokens.get_or_create(&effect).set(whole(reading.tokens));
            let count = i64::try_from(reading.waiting).unwrap_or(i64::MAX);
            waiting.get_or_create(&effect).set(count);
        }
        for count in budget.counts() {
            let labels = ByOutcome {
                op: count.op,
                outcome: count.outcome,
            };
            let counter = requests.get_or_create(&labels);
            counter.inc_by(count.times.saturating_sub(counter.get()));
        }
    });
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Write => "write",
        Effect::Delete => "delete",
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "it saturates, and a bucket holds hundreds"
)]
fn whole(tokens: f64) -> i64 {
    tokens.floor() as i64
}

/// Has a token kept for a call by which a step begins, or says when its turn comes, under the words that the machine looks
/// for.
pub(crate) fn admit<T>(
    access: &Arc<Access>,
    place: &Place,
    client: &Client,
    op: &'static str,
    call: &Call<T>,
) -> Result<Option<Arc<dyn Seat>>, Box<Queued>> {
    let (access, place, own) = (Arc::clone(access), place.clone(), client.clone());
    claim(client, op, call, move || access.keeps(&place, &own))
}

fn claim<T>(
    client: &Client,
    op: &'static str,
    call: &Call<T>,
    holds: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<Option<Arc<dyn Seat>>, Box<Queued>> {
    let seat = |place| -> Arc<dyn Seat> { Arc::new(Chair { place, holds }) };
    match client.claim(call) {
        Ok(place) => Ok(place.map(seat)),
        Err(waiting) => Err(Box::new(Queued {
            fault: translate::fault_of(op)(waiting.error()),
            seat: seat(waiting.place().clone()),
        })),
    }
}

/// A place in the line of a principal.
struct Chair<F> {
    place: azure::Place,
    /// Whether it is still the principal by which the request would go.
    holds: F,
}

impl<F: Fn() -> bool + Send + Sync> Seat for Chair<F> {
    fn ask(&self) -> Result<(), Timestamp> {
        if (self.holds)() {
            return self.place.ask();
        }
        // The pass finds out whose turn it is now.
        self.place.leave();
        Ok(())
    }

    fn leave(&self) {
        self.place.leave();
    }
}

#[cfg(test)]
mod tests {
    use azureml_spark_azure::aml::job;
    use azureml_spark_azure::{Cloud, Credential, Options, Rank, Transport, WorkspaceId};
    use azureml_spark_core::spark_job::SUBMIT;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Of a cloud that takes two writes and then none for long.
    fn client(budget: &Budget) -> Client {
        let mut cloud = Cloud::built_in("AzurePublic").unwrap();
        (cloud.limits.writes.size, cloud.limits.writes.per_second) = (2.0, 0.01);
        let transport = Transport::new(cloud).unwrap();
        let credential =
            Credential::client_secret(&transport, "t", "c", &"s".to_owned().into()).unwrap();
        let options = Options {
            budget: budget.clone(),
            ..Options::default()
        };
        Client::new(transport, credential, options).ranked(Rank::Urgent)
    }

    #[test]
    fn what_waits_is_told_as_no_failure_and_shown() {
        let budget = Budget::default();
        let client = client(&budget);
        let workspace = WorkspaceId::new("s", "g", "w").unwrap();
        let holds = Arc::new(AtomicBool::new(true));
        let claim = |name: &str| {
            let holds = Arc::clone(&holds);
            let holds = move || holds.load(Ordering::SeqCst);
            claim(&client, SUBMIT, &job::cancel(&workspace, name), holds)
        };
        let first = claim("a").ok().flatten().unwrap();
        claim("b").ok().flatten().unwrap();
        let queued = claim("c").err().unwrap();
        assert!(queued.fault.is_in_line(), "{:?}", queued.fault);
        assert_eq!(queued.fault.op, SUBMIT);
        let again = queued.seat.ask().unwrap_err();
        assert!(
            queued
                .fault
                .class
                .until()
                .is_some_and(|until| again >= until - jiff::SignedDuration::from_secs(1))
        );

        let metrics = Metrics::new();
        show(&budget, &metrics);
        let text = metrics.encode().unwrap();
        for row in [
            r#"azureml_spark_azure_tokens{effect="write"} 0"#,
            r#"azureml_spark_azure_waiting{effect="write"} 1"#,
        ] {
            assert!(text.contains(row), "{row} in {text}");
        }

        first.leave();
        queued.seat.ask().unwrap();
        let queued = claim("d").err().unwrap();
        queued.seat.ask().unwrap_err();
        holds.store(false, Ordering::SeqCst);
        queued.seat.ask().unwrap();
        let writes = budget.read();
        assert_eq!(writes[0].waiting, 0, "at the desk of the old credentials");
    }
}
