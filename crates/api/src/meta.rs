//! The fixed words that tie objects to this operator, and the annotations that people steer it by.

use std::collections::BTreeMap;

use jiff::SignedDuration;

/// Held on an object while something in Azure needs it.
pub const FINALIZER: &str = "spark.azureml.dev/azure";

/// The one owner of what the operator writes.
pub const FIELD_MANAGER: &str = "azureml-spark-operator";

/// Drops the finalizer although Azure was not cleaned up.
pub const FORCE_RELEASE: &str = "spark.azureml.dev/force-release";

/// With the value `true`: observe and report, change nothing, hold deletion.
pub const PAUSED: &str = "spark.azureml.dev/paused";

/// Look now: any change of the value is one look.
pub const RECONCILE_AT: &str = "spark.azureml.dev/reconcile-at";

/// Time between two looks at something that is as it should be, such as `30m`.
pub const SYNC_PERIOD: &str = "spark.azureml.dev/sync-period";

/// Shortest [`SYNC_PERIOD`] that is followed.
pub const SHORTEST_SYNC_PERIOD: SignedDuration = SignedDuration::from_mins(1);

/// Whether a person has asked for a standstill.
pub fn is_paused(annotations: &BTreeMap<String, String>) -> bool {
    annotations.get(PAUSED).is_some_and(|value| value == "true")
}

/// The time between two looks that a person has asked for, at least [`SHORTEST_SYNC_PERIOD`].
///
/// # Errors
/// The value, where it is no duration.
pub fn sync_period(
    annotations: &BTreeMap<String, String>,
) -> Result<Option<SignedDuration>, String> {
    let Some(value) = annotations.get(SYNC_PERIOD) else {
        return Ok(None);
    };
    match value.parse::<SignedDuration>() {
        Ok(period) if period.is_positive() => Ok(Some(period.max(SHORTEST_SYNC_PERIOD))),
        Ok(_) | Err(_) => Err(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotated(key: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(key.to_owned(), value.to_owned())])
    }

    #[test]
    fn only_the_word_true_pauses() {
        assert!(is_paused(&annotated(PAUSED, "true")));
        assert!(!is_paused(&annotated(PAUSED, "false")));
        assert!(!is_paused(&BTreeMap::new()));
    }

    #[test]
    fn a_sync_period_is_written_as_people_write_it_and_has_a_floor() {
        let minutes = |n| Ok(Some(SignedDuration::from_mins(n)));
        assert_eq!(sync_period(&BTreeMap::new()), Ok(None));
        for (value, expected) in [
            ("30m", minutes(30)),
            ("1h30m", minutes(90)),
            ("5s", minutes(1)),
            ("PT2H", minutes(120)),
            ("-1h", Err("-1h".to_owned())),
            ("soon", Err("soon".to_owned())),
        ] {
            assert_eq!(
                sync_period(&annotated(SYNC_PERIOD, value)),
                expected,
                "{value}"
            );
        }
    }
}
