//! The kinds of failure there are, as data: a machine decides by the class, a person reads the text.

use jiff::Timestamp;

/// The code of a request that was not sent, because its turn has not come.
pub const WAITING_FOR_BUDGET: &str = "WaitingForBudget";

/// One failed look or step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What can be done about it.
    pub class: Class,
    /// The most telling code of Azure's answer (`JobPropertyImmutable`), or our own word for it.
    pub code: String,
    /// What was tried, in words (`read the workspace`).
    pub op: &'static str,
    /// What Azure said, bounded and free of secrets.
    pub text: String,
    /// What Azure's support asks for.
    pub request_id: Option<String>,
    /// Seconds for which Azure asked to leave it alone. What it asked for all requests is in the class.
    pub retry_after: Option<u32>,
}

impl Fault {
    /// Whether nothing went wrong: it is not sent yet, because others are before it.
    pub fn is_in_line(&self) -> bool {
        matches!(self.class, Class::Throttled { .. }) && self.code == WAITING_FOR_BUDGET
    }
}

/// What can be done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Trying again gives the same answer: somebody must change something.
    Terminal,
    /// Roles and identities take minutes to reach every server (contract §7, §8.1).
    Spreading,
    /// A passing trouble.
    Retryable,
    /// Azure asked for silence until then.
    Throttled {
        /// No request of this scope before this time.
        until: Timestamp,
    },
    /// A write was sent and its answer lost: look before anything else.
    Unsure,
    /// The thing that was asked for, or its parent, is not there.
    Absent,
    /// The caller may not do this.
    Forbidden,
    /// No token could be had.
    Credential,
}

impl Class {
    /// The word in metrics: a closed set.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Spreading => "spreading",
            Self::Retryable => "retryable",
            Self::Throttled { .. } => "throttled",
            Self::Unsure => "unsure",
            Self::Absent => "absent",
            Self::Forbidden => "forbidden",
            Self::Credential => "credential",
        }
    }

    /// When the next request may go, if Azure wants no more of them before. That is no failure.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Throttled { until } => Some(until),
            _ => None,
        }
    }

    /// Whether a person has to act before a retry can help.
    pub fn needs_a_person(self) -> bool {
        matches!(
            self,
            Self::Terminal | Self::Forbidden | Self::Credential | Self::Absent
        )
    }
}
