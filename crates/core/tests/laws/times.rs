//! Times and faults, as they come.

use azureml_spark_core::{Class, Fault};
use jiff::Timestamp;
use proptest::prelude::*;

/// Walks begin here.
pub(crate) const BEGIN: i64 = 1_700_000_000;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(BEGIN * 1_000 + millis).unwrap()
}

/// Whole seconds around the beginning.
pub(crate) fn second() -> impl Strategy<Value = Timestamp> {
    (-1_000_i64..1_000).prop_map(|second| at(second * 1_000))
}

pub(crate) fn fault() -> impl Strategy<Value = Fault> {
    let class = prop_oneof![
        Just(Class::Terminal),
        Just(Class::Spreading),
        Just(Class::Retryable),
        second().prop_map(|until| Class::Throttled { until }),
        Just(Class::Unsure),
        Just(Class::Absent),
        Just(Class::Forbidden),
        Just(Class::Credential),
    ];
    let op = prop_oneof![
        Just(azureml_spark_core::spark_job::SUBMIT),
        Just(azureml_spark_core::spark_job::CANCEL),
        Just(azureml_spark_core::spark_job::RELABEL),
        Just("read the run"),
        Just("attach the pool")
    ];
    (class, op, text(), text()).prop_map(|(class, op, code, text)| Fault {
        class,
        code,
        op,
        text,
        request_id: None,
        retry_after: None,
    })
}

/// Short or long, with characters of several bytes; never empty.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z ]{1,30}",
        "\\PC{1,40}",
        (1_usize..900).prop_map(|length| "é€".repeat(length))
    ]
}
