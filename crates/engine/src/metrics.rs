//! What is counted. Names begin with `azureml_spark_`; labels come from closed sets, never from objects.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Seconds: from a pass on memory alone to one that waits for several slow answers of Azure.
const PASS_BUCKETS: [f64; 10] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKindAndOutcome {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByClass {
    kind: &'static str,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStep {
    kind: &'static str,
    step: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByState {
    kind: &'static str,
    state: &'static str,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// At rest.
    Rested,
    /// Before a step whose turn with Azure has not come.
    Queued,
    /// By a fault of Azure.
    Faulted,
    /// With a spec that cannot be carried out.
    Refused,
    /// With more steps to do.
    Yielded,
    /// By taking the finalizer off.
    Released,
    /// By trouble on our own side.
    Erred,
}

impl Ended {
    fn as_str(self) -> &'static str {
        match self {
            Self::Rested => "rested",
            Self::Queued => "queued",
            Self::Faulted => "faulted",
            Self::Refused => "refused",
            Self::Yielded => "yielded",
            Self::Released => "released",
            Self::Erred => "erred",
        }
    }
}

/// Everything that is counted. Clones share the counts.
#[derive(Clone)]
pub struct Metrics {
    all: Arc<All>,
}

struct All {
    registry: Mutex<Registry>,
    refresh: Mutex<Vec<Box<dyn Fn() + Send>>>,
    passes: Family<ByKindAndOutcome, Histogram, fn() -> Histogram>,
    steps: Family<ByStep, Counter>,
    faults: Family<ByClass, Counter>,
    errors: Family<ByClass, Counter>,
    writes: Family<ByKindAndOutcome, Counter>,
    events: Family<ByOutcome, Counter>,
    unparsable: Family<ByKind, Counter>,
    watch_errors: Family<ByKind, Counter>,
    objects: Family<ByState, Gauge>,
    polls: Family<ByOutcome, Histogram, fn() -> Histogram>,
    snapshot_age: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn seconds() -> Histogram {
    Histogram::new(PASS_BUCKETS)
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let all = All {
            registry: Mutex::new(Registry::with_prefix("azureml_spark")),
            refresh: Mutex::new(Vec::new()),
            passes: Family::new_with_constructor(seconds),
            steps: Family::default(),
            faults: Family::default(),
            errors: Family::default(),
            writes: Family::default(),
            events: Family::default(),
            unparsable: Family::default(),
            watch_errors: Family::default(),
            objects: Family::default(),
            polls: Family::new_with_constructor(seconds),
            snapshot_age: Gauge::default(),
        };
        let metrics = Self { all: Arc::new(all) };
        metrics.register(|registry| metrics.describe(registry));
        metrics
    }

    fn describe(&self, registry: &mut Registry) {
        let all = &self.all;
        let rows = registry;
        rows.register(
            "pass_seconds",
            "How long a pass over one object took, by how it ended",
            all.passes.clone(),
        );
        rows.register(
            "steps",
            "Effects that were tried, by step",
            all.steps.clone(),
        );
        rows.register(
            "faults",
            "Faults of Azure that ended a pass",
            all.faults.clone(),
        );
        rows.register(
            "pass_errors",
            "Passes that were dropped for trouble on our own side",
            all.errors.clone(),
        );
        rows.register(
            "status_writes",
            "Statuses that were written, or were equal already",
            all.writes.clone(),
        );
        rows.register("events", "Events that were told", all.events.clone());
        rows.register(
            "unparsable_objects",
            "Objects that did not fit their type",
            all.unparsable.clone(),
        );
        rows.register(
            "watch_errors",
            "Watches that broke",
            all.watch_errors.clone(),
        );
        rows.register(
            "objects",
            "Objects by what they report",
            all.objects.clone(),
        );
        rows.register(
            "poll_seconds",
            "How long a batched look took",
            all.polls.clone(),
        );
        rows.register(
            "snapshot_age_seconds",
            "How long ago that live run was seen in Azure which was not seen for longest",
            all.snapshot_age.clone(),
        );
    }

    /// Adds rows of somebody else's; the prefix is put before their names.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self
            .all
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner));
    }

    /// Calls `refresh` before every scrape, to set gauges that are counted when they are asked for.
    pub fn before_scrape(&self, refresh: impl Fn() + Send + 'static) {
        self.all
            .refresh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(refresh));
    }

    /// Everything in the text format of `OpenMetrics`.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let refresh = self
            .all
            .refresh
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for one in refresh.iter() {
            one();
        }
        drop(refresh);
        let registry = self
            .all
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
    }

    pub(crate) fn passed(&self, kind: &'static str, ended: Ended, took: Duration) {
        let labels = ByKindAndOutcome {
            kind,
            outcome: ended.as_str(),
        };
        self.all
            .passes
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    pub(crate) fn stepped(&self, kind: &'static str, step: String, outcome: &'static str) {
        let labels = ByStep {
            kind,
            step,
            outcome,
        };
        self.all.steps.get_or_create(&labels).inc();
    }

    pub(crate) fn faulted(&self, kind: &'static str, class: &'static str) {
        self.all
            .faults
            .get_or_create(&ByClass { kind, class })
            .inc();
    }

    pub(crate) fn erred(&self, kind: &'static str, class: &'static str) {
        self.all
            .errors
            .get_or_create(&ByClass { kind, class })
            .inc();
    }

    pub(crate) fn wrote(&self, kind: &'static str, outcome: &'static str) {
        self.all
            .writes
            .get_or_create(&ByKindAndOutcome { kind, outcome })
            .inc();
    }

    pub(crate) fn told(&self, outcome: &'static str) {
        self.all.events.get_or_create(&ByOutcome { outcome }).inc();
    }

    pub(crate) fn unparsable(&self, kind: &'static str) {
        self.all.unparsable.get_or_create(&ByKind { kind }).inc();
    }

    pub(crate) fn watch_broke(&self, kind: &'static str) {
        self.all.watch_errors.get_or_create(&ByKind { kind }).inc();
    }

    pub(crate) fn objects(&self, kind: &'static str, state: &'static str, count: usize) {
        self.all
            .objects
            .get_or_create(&ByState { kind, state })
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn polled(&self, outcome: &'static str, took: Duration) {
        self.all
            .polls
            .get_or_create(&ByOutcome { outcome })
            .observe(took.as_secs_f64());
    }

    pub(crate) fn snapshot_age(&self, seconds: i64) {
        self.all.snapshot_age.set(seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_prefix_and_gauges_are_fresh() {
        let metrics = Metrics::new();
        metrics.faulted("SparkJob", "throttled");
        metrics.before_scrape({
            let inner = metrics.clone();
            move || inner.objects("SparkJob", "stalled", 3)
        });
        let text = metrics.encode().unwrap();
        assert!(
            text.contains(r#"azureml_spark_faults_total{kind="SparkJob",class="throttled"} 1"#),
            "{text}"
        );
        assert!(
            text.contains(r#"azureml_spark_objects{kind="SparkJob",state="stalled"} 3"#),
            "{text}"
        );
    }

    #[test]
    fn others_can_add_rows() {
        let metrics = Metrics::new();
        let calls: Counter = Counter::default();
        calls.inc();
        metrics.register(|registry| registry.register("azure_calls", "Calls", calls.clone()));
        assert!(
            metrics
                .encode()
                .unwrap()
                .contains("azureml_spark_azure_calls_total 1")
        );
    }
}
