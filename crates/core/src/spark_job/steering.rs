//! How a run is steered: the part of a spec that may change while the run is under way.

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::policy::AdoptionPolicy;
use azureml_spark_api::spark_job::{Retry, RetryCause, RunDeletionPolicy};
use jiff::SignedDuration;

/// Until the second attempt, if the spec does not say.
const BACKOFF_SECONDS: i32 = 30;

/// Longest wait between two attempts.
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_hours(1);

/// What is tried again if the spec does not say.
const CAUSES: [RetryCause; 2] = [RetryCause::Platform, RetryCause::StartDeadline];

/// Most attempts there can be, whatever stands in a spec that came past the schema.
const MOST_ATTEMPTS: usize = 10;

/// How a run is steered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steering {
    /// Whether nothing shall run for now.
    pub suspend: bool,
    /// Whether nothing shall ever run again.
    pub cancel: bool,
    /// From the first start to the last end.
    pub active_deadline: Option<SignedDuration>,
    /// From the submission of an attempt to its start.
    pub start_deadline: Option<SignedDuration>,
    /// From the end to the deletion of the object.
    pub ttl: Option<SignedDuration>,
    /// Whether a live run outlives the object.
    pub leaves: bool,
    /// What to do with a run of the chosen name that is not this object's.
    pub adoption: AdoptionPolicy,
    retry: Option<Retry>,
}

impl Steering {
    /// As a spec says it.
    pub fn of(spec: &SparkJobSpec) -> Self {
        let seconds = |field: Option<i64>| field.map(|n| SignedDuration::from_secs(n.max(0)));
        Self {
            suspend: spec.suspend == Some(true),
            cancel: spec.cancel == Some(true),
            active_deadline: seconds(spec.active_deadline_seconds),
            start_deadline: seconds(spec.start_deadline_seconds),
            ttl: seconds(spec.ttl_seconds_after_finished),
            leaves: spec.deletion_policy == Some(RunDeletionPolicy::Leave),
            adoption: spec.adoption_policy.unwrap_or_default(),
            retry: spec.retry.clone(),
        }
    }

    /// Whether a run of the chosen name is this object's if it has the same definition.
    pub(super) fn compares(&self) -> bool {
        self.adoption == AdoptionPolicy::IfIdentical
    }

    /// How long to wait before the next attempt after `made` attempts of which the last ended for this cause; `None` if
    /// there is no other.
    pub fn again(&self, cause: RetryCause, made: usize) -> Option<SignedDuration> {
        let retry = self.retry.as_ref()?;
        let most = usize::try_from(retry.max_attempts).unwrap_or(0);
        let named = match &retry.causes {
            Some(causes) => causes.contains(&cause),
            None => CAUSES.contains(&cause),
        };
        if !named || made >= most.min(MOST_ATTEMPTS) {
            return None;
        }
        let first = i64::from(retry.backoff_seconds.unwrap_or(BACKOFF_SECONDS).max(1));
        let doublings = u32::try_from(made.saturating_sub(1)).unwrap_or(0);
        let wait = SignedDuration::from_secs(first.saturating_mul(1_i64 << doublings.min(16)));
        Some(wait.min(LONGEST_BACKOFF))
    }
}
