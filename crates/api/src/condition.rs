//! The vocabulary of conditions and the rules by which a new set replaces an old one.
//!
//! The words are those that `kubectl wait`, Argo CD and Flux know: `Ready` sums up, `Reconciling` and
//! `Stalled` exist only while they are true (kstatus), `Complete` and `Failed` mean on a `SparkJob`
//! what they mean on a `batch/v1` Job.

use jiff::Timestamp;
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// Longest message that is written, in bytes. Longer text is cut at a character.
pub const MESSAGE_LIMIT: usize = 1024;

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConditionType {
    /// The summary: everything below that this kind owns holds.
    Ready,
    /// Work or waiting is in hand; present only while true.
    Reconciling,
    /// A person must act; present only while true.
    Stalled,
    /// The spec makes sense on its own.
    SpecAccepted,
    /// Every object that the spec names exists and is ready.
    ReferencesResolved,
    /// The workspace can be read with its credentials: what lives in it goes on, whatever else is in hand.
    Reachable,
    /// The identity holds the roles that the spec asks for.
    AccessGranted,
    /// The Synapse workspace is linked as described.
    Linked,
    /// The Spark pool is attached to the workspace as described.
    Attached,
    /// The code of a job is registered in the workspace.
    CodeUploaded,
    /// The run exists in the workspace.
    Submitted,
    /// The run ended well; present only then.
    Complete,
    /// The run ended otherwise; present only then.
    Failed,
    /// `spec.suspend` holds the run, and nothing of it is going on; false while the run is still being cancelled for it,
    /// and once it has been taken back, as on a `batch/v1` Job.
    Suspended,
    /// Something will make jobs fail, though this object is as it should be; present only while true.
    Warning,
    /// An annotation keeps the operator from changing anything; present only while true.
    Paused,
}

impl ConditionType {
    /// The word in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::SpecAccepted => "SpecAccepted",
            Self::ReferencesResolved => "ReferencesResolved",
            Self::Reachable => "Reachable",
            Self::AccessGranted => "AccessGranted",
            Self::Linked => "Linked",
            Self::Attached => "Attached",
            Self::CodeUploaded => "CodeUploaded",
            Self::Submitted => "Submitted",
            Self::Complete => "Complete",
            Self::Failed => "Failed",
            Self::Suspended => "Suspended",
            Self::Warning => "Warning",
            Self::Paused => "Paused",
        }
    }
}

/// Whether a fact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody could tell.
    Unknown,
}

impl Truth {
    /// The word in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// One fact that a report states; [`merge`] gives it its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub kind: ConditionType,
    /// Whether it holds.
    pub truth: Truth,
    /// One word from [`crate::Reason`].
    pub reason: crate::Reason,
    /// For people: no secrets, times or counters, which would make every look a write.
    pub message: String,
}

impl Fact {
    /// A fact that holds.
    pub fn yes(kind: ConditionType, reason: crate::Reason, message: impl Into<String>) -> Self {
        Self {
            kind,
            truth: Truth::True,
            reason,
            message: message.into(),
        }
    }

    /// A fact that does not hold.
    pub fn no(kind: ConditionType, reason: crate::Reason, message: impl Into<String>) -> Self {
        Self {
            kind,
            truth: Truth::False,
            reason,
            message: message.into(),
        }
    }

    /// A fact that nobody could tell.
    pub fn unknown(kind: ConditionType, reason: crate::Reason, message: impl Into<String>) -> Self {
        Self {
            kind,
            truth: Truth::Unknown,
            reason,
            message: message.into(),
        }
    }
}

/// Puts `facts` in the place of `old`: what is not stated any more is gone, and
/// `lastTransitionTime` moves only where the status flips.
pub fn merge(old: &[Condition], facts: &[Fact], generation: i64, now: Timestamp) -> Vec<Condition> {
    facts
        .iter()
        .map(|fact| {
            let before = old
                .iter()
                .find(|c| c.type_ == fact.kind.as_str() && c.status == fact.truth.as_str());
            Condition {
                type_: fact.kind.as_str().to_owned(),
                status: fact.truth.as_str().to_owned(),
                reason: fact.reason.as_str().to_owned(),
                message: cut(&fact.message).to_owned(),
                observed_generation: Some(generation),
                last_transition_time: before.map_or_else(
                    || Time(whole_second(now)),
                    |c| c.last_transition_time.clone(),
                ),
            }
        })
        .collect()
}

/// Cuts a time to the second: the apiserver keeps no more, and what is compared later must not hold more.
pub fn whole_second(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

fn cut(message: &str) -> &str {
    if message.len() <= MESSAGE_LIMIT {
        return message;
    }
    let end = (0..=MESSAGE_LIMIT)
        .rev()
        .find(|i| message.is_char_boundary(*i))
        .unwrap_or(0);
    message.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_time_moves_only_when_the_status_flips() {
        let first = merge(
            &[],
            &[Fact::no(ConditionType::Ready, Reason::Running, "a")],
            1,
            at(10),
        );
        let same = merge(
            &first,
            &[Fact::no(ConditionType::Ready, Reason::Queued, "b")],
            2,
            at(20),
        );
        assert_eq!(same[0].last_transition_time.0, at(10));
        assert_eq!(same[0].reason, "Queued");
        let flipped = merge(
            &same,
            &[Fact::yes(ConditionType::Ready, Reason::Completed, "c")],
            2,
            at(30),
        );
        assert_eq!(flipped[0].last_transition_time.0, at(30));
    }

    #[test]
    fn what_is_not_stated_is_gone_and_long_text_is_cut_at_a_character() {
        let old = merge(
            &[],
            &[Fact::yes(ConditionType::Stalled, Reason::Forbidden, "x")],
            1,
            at(1),
        );
        let new = merge(
            &old,
            &[Fact::yes(
                ConditionType::Ready,
                Reason::Ready,
                "é".repeat(600),
            )],
            1,
            at(2),
        );
        assert_eq!(new.len(), 1);
        assert_eq!(new[0].message.len(), MESSAGE_LIMIT);
    }
}
