//! What holds of every set of conditions.

use azureml_spark_api::condition::{Condition, MESSAGE_LIMIT};

/// What is wrong with a set of conditions, if something is.
pub(crate) fn wrong(conditions: &[Condition]) -> Option<String> {
    let count = |kind: &str| conditions.iter().filter(|c| c.type_ == kind).count();
    let holds = |kind: &str| {
        conditions
            .iter()
            .any(|c| c.type_ == kind && c.status == "True")
    };
    if count("Ready") != 1 {
        return Some(format!("{} conditions Ready", count("Ready")));
    }
    if conditions.iter().any(|c| count(&c.type_) > 1) {
        return Some("a condition stands there twice".to_owned());
    }
    let standings = [holds("Ready"), holds("Reconciling"), holds("Stalled")];
    if standings.iter().filter(|standing| **standing).count() != 1 {
        return Some("not exactly one of Ready, Reconciling and Stalled".to_owned());
    }
    let abnormal = |c: &&Condition| {
        [
            "Reconciling",
            "Stalled",
            "Complete",
            "Failed",
            "Warning",
            "Paused",
        ]
        .contains(&&*c.type_)
    };
    if let Some(c) = conditions
        .iter()
        .filter(abnormal)
        .find(|c| c.status != "True")
    {
        return Some(format!("{} is there and not true", c.type_));
    }
    if holds("Complete") && (holds("Failed") || !holds("Ready")) {
        return Some("complete, and yet not well".to_owned());
    }
    if holds("Suspended") && (holds("Complete") || holds("Failed")) {
        return Some("held, and yet over".to_owned());
    }
    if holds("Failed") && !holds("Stalled") {
        return Some("failed, and nobody is told to act".to_owned());
    }
    conditions.iter().find_map(|c| {
        if c.message.is_empty() || c.message.len() > MESSAGE_LIMIT {
            return Some(format!(
                "{} has a message of {} bytes",
                c.type_,
                c.message.len()
            ));
        }
        if c.last_transition_time.0.subsec_nanosecond() != 0 {
            return Some(format!("{} has a time with a fraction", c.type_));
        }
        None
    })
}
