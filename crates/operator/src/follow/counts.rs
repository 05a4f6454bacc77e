//! How runs were followed, for those who watch the operator.

use azureml_spark_engine::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BySource {
    source: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByWhy {
    why: &'static str,
}

/// Why the index was left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It asked to wait.
    Throttled,
    /// There is none at that address.
    NotServed,
    /// It answered something that is no list of runs.
    Unreadable,
    /// It broke, or could not be reached.
    Unavailable,
    /// It refused us, or cannot be asked at all.
    Refused,
    /// Its runs have no names.
    Nameless,
    /// It never shows what is live.
    Blind,
}

impl Why {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::NotServed => "notServed",
            Self::Unreadable => "unreadable",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::Nameless => "nameless",
            Self::Blind => "blind",
        }
    }
}

pub(super) struct Counts {
    looks: Family<BySource, Counter>,
    fallbacks: Family<ByWhy, Counter>,
}

impl Counts {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let counts = Self {
            looks: Family::default(),
            fallbacks: Family::default(),
        };
        metrics.register(|rows| {
            rows.register(
                "follow_looks",
                "Looks at the live runs of a workspace, by whom was asked",
                counts.looks.clone(),
            );
            rows.register(
                "index_fallbacks",
                "How often Studio's index was left alone for some minutes, and why",
                counts.fallbacks.clone(),
            );
        });
        counts
    }

    pub(super) fn listed(&self) {
        self.count("list");
    }

    pub(super) fn indexed(&self) {
        self.count("index");
    }

    pub(super) fn fell_back(&self, why: Why) {
        let why = why.as_str();
        self.fallbacks.get_or_create(&ByWhy { why }).inc();
    }

    fn count(&self, source: &'static str) {
        self.looks.get_or_create(&BySource { source }).inc();
    }
}
