//! Deadlines and further attempts.

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::spark_job::Retry;

use super::invalid;
use super::words::{entries, range};
use crate::machine::Invalid;

/// A year, in seconds.
const YEAR: i64 = 31_536_000;

pub(super) fn check(spec: &SparkJobSpec) -> Result<(), Invalid> {
    let seconds = [
        (
            "spec.activeDeadlineSeconds",
            spec.active_deadline_seconds,
            1,
        ),
        ("spec.startDeadlineSeconds", spec.start_deadline_seconds, 1),
        (
            "spec.ttlSecondsAfterFinished",
            spec.ttl_seconds_after_finished,
            0,
        ),
    ];
    for (field, value, least) in seconds {
        if let Some(value) = value {
            range(field, value, least, YEAR)?;
        }
    }
    spec.retry.as_ref().map_or(Ok(()), retry)
}

fn retry(retry: &Retry) -> Result<(), Invalid> {
    range("spec.retry.maxAttempts", retry.max_attempts, 1, 10)?;
    if let Some(seconds) = retry.backoff_seconds {
        range("spec.retry.backoffSeconds", seconds, 1, 3_600)?;
    }
    let Some(causes) = &retry.causes else {
        return Ok(());
    };
    entries("spec.retry.causes", causes.len(), 1, 3)?;
    let again = causes
        .iter()
        .enumerate()
        .any(|(at, cause)| causes.iter().take(at).any(|before| before == cause));
    if again {
        return Err(invalid("spec.retry.causes", "names one cause twice"));
    }
    Ok(())
}
