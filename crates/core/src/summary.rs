//! The conditions that every kind ends its list with: `Ready`, and while true `Reconciling` or `Stalled`.

use azureml_spark_api::Reason;
use azureml_spark_api::condition::{Condition, ConditionType, Fact, Truth};
use azureml_spark_api::meta::{PAUSED, SYNC_PERIOD};

use crate::fault::Class;
use crate::machine::{Invalid, Trouble};
use crate::place::Blocked;

/// Where an object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As the spec says.
    Ready(Reason, String),
    /// Work or waiting is in hand.
    Reconciling(Reason, String),
    /// A person must act.
    Stalled(Reason, String),
}

impl Standing {
    /// What a fault means for an object: a class that a retry can mend is work in hand, the others need a person.
    pub fn of(trouble: &Trouble) -> Self {
        let fault = &trouble.fault;
        let message = sentence(trouble);
        match fault.class {
            Class::Terminal | Class::Absent => Self::Stalled(Reason::Refused, message),
            Class::Forbidden => Self::Stalled(Reason::Forbidden, message),
            Class::Credential => Self::Stalled(Reason::CredentialsRejected, message),
            Class::Spreading => Self::Reconciling(Reason::Spreading, message),
            Class::Retryable | Class::Unsure => {
                Self::Reconciling(Reason::AzureUnavailable, message)
            }
            // Without times and numbers: they change with every look, and each change would be a write.
            Class::Throttled { .. } if fault.is_in_line() => Self::Reconciling(
                Reason::WaitingForBudget,
                format!(
                    "Azure takes so many requests in a time from these credentials, and others are before this one: could not {} yet",
                    fault.op
                ),
            ),
            Class::Throttled { .. } => Self::Reconciling(
                Reason::WaitingForBudget,
                format!(
                    "Azure asked to wait before the next request: could not {} yet",
                    fault.op
                ),
            ),
        }
    }

    /// What is in hand is in nobody's hand while the object is paused.
    #[must_use]
    pub fn held_up(self, paused: bool) -> Self {
        match self {
            Self::Reconciling(reason, message) if paused => Self::Reconciling(
                reason,
                format!("{message}; the operator does nothing about it while paused"),
            ),
            other => other,
        }
    }

    /// `Ready`, and what is present only while it is true.
    pub fn facts(self) -> Vec<Fact> {
        match self {
            Self::Ready(reason, message) => vec![Fact::yes(ConditionType::Ready, reason, message)],
            Self::Reconciling(reason, message) => vec![
                Fact::no(ConditionType::Ready, reason, message.clone()),
                Fact::yes(ConditionType::Reconciling, reason, message),
            ],
            Self::Stalled(reason, message) => vec![
                Fact::no(ConditionType::Ready, reason, message.clone()),
                Fact::yes(ConditionType::Stalled, reason, message),
            ],
        }
    }
}

/// How often in a row a look may fail in a way that passes before something that was ready is not any more. One lost
/// answer in an hour is no news to whoever relies on it.
const PATIENCE: u32 = 3;

/// What was ready stays so while trouble is young and may pass.
pub fn still_ready(old: &[Condition], trouble: &Trouble) -> Option<Standing> {
    let ready = still_true(old, ConditionType::Ready, trouble)?;
    Some(Standing::Ready(ready.reason, ready.message))
}

/// The same of any condition.
pub fn still_true(old: &[Condition], kind: ConditionType, trouble: &Trouble) -> Option<Fact> {
    let young = trouble.tries <= PATIENCE && !trouble.fault.class.needs_a_person();
    restated(old, kind).filter(|fact| young && fact.truth == Truth::True)
}

/// A fault in one sentence. The request id is left out: it changes with every try, and each change would be a write.
fn sentence(trouble: &Trouble) -> String {
    let fault = &trouble.fault;
    format!("could not {}: {} ({})", fault.op, fault.text, fault.code)
}

/// The condition as it stands, as a fact: a look that failed says nothing new. What is restated decides nothing.
pub fn restated(conditions: &[Condition], kind: ConditionType) -> Option<Fact> {
    let found = conditions.iter().find(|c| c.type_ == kind.as_str())?;
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

/// The first of `facts` that does not hold.
pub fn first_unmet(facts: &[Fact]) -> Option<&Fact> {
    facts.iter().find(|fact| fact.truth != Truth::True)
}

/// What is said of a spec that makes no sense, and of the object.
pub(crate) fn refused(invalid: &Invalid) -> Vec<Fact> {
    let (reason, message) = (invalid.reason, invalid.to_string());
    let refused = Fact::no(ConditionType::SpecAccepted, reason, message.clone());
    let mut facts = vec![refused];
    facts.extend(Standing::Stalled(reason, message).facts());
    facts
}

/// What is said of a spec that makes sense.
pub(crate) fn accepted() -> Fact {
    Fact::yes(
        ConditionType::SpecAccepted,
        Reason::Accepted,
        "the spec makes sense",
    )
}

/// Whether what the spec names is ready; `resolved` says so.
pub(crate) fn references(blocked: Option<&Blocked>, resolved: &str) -> Fact {
    let kind = ConditionType::ReferencesResolved;
    match blocked {
        Some(why) => Fact::no(kind, why.reason, why.message.clone()),
        None => Fact::yes(kind, Reason::Resolved, resolved),
    }
}

/// Says that a person has asked for a standstill; every kind's report adds it to its facts.
pub fn paused(paused: bool) -> Option<Fact> {
    paused.then(|| {
        let message = format!(
            "the annotation {PAUSED} is \"true\": nothing is changed in Azure or taken back, and deletion waits; remove the annotation to go on"
        );
        Fact::yes(ConditionType::Paused, Reason::Paused, message)
    })
}

/// Something that will make jobs fail later, though the object is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The word in the condition.
    pub reason: Reason,
    /// What is wrong and what mends it.
    pub message: String,
}

impl Warning {
    /// A reason in a word and in a sentence.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }

    /// An annotation asks for looks at intervals that are none.
    pub fn of_sync_period(value: &str) -> Self {
        let message =
            format!("metadata.annotations[{SYNC_PERIOD}]: '{value}' is no duration such as 30m");
        Self::new(Reason::InvalidAnnotation, message)
    }
}

/// All warnings in one condition under the reason of the first, or none if there are none.
pub fn warning(warnings: &[Warning]) -> Option<Fact> {
    let first = warnings.first()?;
    let messages: Vec<&str> = warnings.iter().map(|w| w.message.as_str()).collect();
    let message = messages.join("; ");
    Some(Fact::yes(ConditionType::Warning, first.reason, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_share_one_condition_which_goes_with_the_last() {
        let network = Warning::new(Reason::SparkNotReady, "provision it");
        let annotation = Warning::of_sync_period("x");
        let message = format!("provision it; {}", annotation.message);
        let both = warning(&[network, annotation]).unwrap();
        assert_eq!(
            both,
            Fact::yes(ConditionType::Warning, Reason::SparkNotReady, message)
        );
        assert_eq!(warning(&[]), None);
    }

    #[test]
    fn only_what_is_in_hand_is_held_up() {
        let said = |standing: Standing| standing.held_up(true);
        let ready = Standing::Ready(Reason::Ready, "fine".to_owned());
        assert_eq!(said(ready.clone()), ready);
        let going = Standing::Reconciling(Reason::Detaching, "the pool is detached".to_owned());
        assert_eq!(going.clone().held_up(false), going);
        let Standing::Reconciling(reason, message) = said(going) else {
            panic!("it is another standing");
        };
        assert_eq!(reason, Reason::Detaching);
        assert!(message.ends_with("while paused"), "{message}");
    }
}
