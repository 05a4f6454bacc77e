//! How a person steers the operator by annotations on one object.

use azureml_spark_api::meta;
use azureml_spark_core::summary::Warning;
use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The time between two looks at an object: its own, or else the installation's. An annotation that makes no sense is
/// not followed, and is told of.
pub(crate) fn sync_period(
    object: &ObjectMeta,
    installation: SignedDuration,
) -> (SignedDuration, Option<Warning>) {
    let asked = object.annotations.as_ref().map(meta::sync_period);
    match asked.unwrap_or(Ok(None)) {
        Ok(period) => (period.unwrap_or(installation), None),
        Err(value) => (installation, Some(Warning::of_sync_period(&value))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use azureml_spark_api::Reason;

    use super::*;

    fn asked(value: &str) -> (SignedDuration, Option<Warning>) {
        let meta = ObjectMeta {
            annotations: Some(BTreeMap::from([(meta::SYNC_PERIOD.into(), value.into())])),
            ..ObjectMeta::default()
        };
        sync_period(&meta, SignedDuration::from_hours(1))
    }

    #[test]
    fn an_object_may_be_looked_at_more_or_less_often_than_the_others() {
        let hour = SignedDuration::from_hours(1);
        assert_eq!(sync_period(&ObjectMeta::default(), hour), (hour, None));
        assert_eq!(asked("30m"), (SignedDuration::from_mins(30), None));
        assert_eq!(asked("24h"), (SignedDuration::from_hours(24), None));
    }

    #[test]
    fn what_makes_no_sense_is_not_followed_and_told() {
        let (period, warning) = asked("often");
        assert_eq!(period, SignedDuration::from_hours(1));
        let warning = warning.unwrap();
        assert_eq!(warning.reason, Reason::InvalidAnnotation);
        assert_eq!(
            warning.message,
            "metadata.annotations[spark.azureml.dev/sync-period]: 'often' is no duration such as 30m"
        );
    }
}
