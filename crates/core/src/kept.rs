//! What stays said when a look failed: it tells nothing new about Azure.

use azureml_spark_api::Reason;
use azureml_spark_api::condition::{Condition, ConditionType, Fact, Truth};

/// These conditions as they stand, as facts.
pub(crate) fn kept(old: &[Condition], kinds: &[ConditionType]) -> Vec<Fact> {
    kinds
        .iter()
        .map(|kind| {
            restated(old, *kind)
                .unwrap_or_else(|| Fact::unknown(*kind, Reason::Pending, "not looked at yet"))
        })
        .collect()
}

/// The condition as it stands, as a fact. What is restated decides nothing.
pub(crate) fn restated(old: &[Condition], kind: ConditionType) -> Option<Fact> {
    let found = old.iter().find(|c| c.type_ == kind.as_str())?;
    let truth = [Truth::True, Truth::False, Truth::Unknown]
        .into_iter()
        .find(|truth| truth.as_str() == found.status)?;
    let (reason, _) = Reason::ALL
        .iter()
        .find(|(reason, _)| reason.as_str() == found.reason)?;
    Some(Fact {
        kind,
        truth,
        reason: *reason,
        message: found.message.clone(),
    })
}
