//! Why a source gives nothing that can be used.

/// Most characters of somebody else's words that are passed on.
const QUOTED: usize = 512;

/// In words for a condition: the same trouble, the same words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is likely to pass by itself.
    Passing(String),
    /// A person has to do something; the words say what.
    Lasting(String),
}

impl Refusal {
    pub(super) fn passing(why: impl Into<String>) -> Self {
        Self::Passing(why.into())
    }

    pub(super) fn lasting(why: impl Into<String>) -> Self {
        Self::Lasting(why.into())
    }
}

/// Whose trouble it is that nothing came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The host's: it has it with all that it serves.
    Host(Refusal),
    /// The artifact's.
    Artifact(Refusal),
}

impl Failure {
    pub(super) fn into_refusal(self) -> Refusal {
        match self {
            Self::Host(refusal) | Self::Artifact(refusal) => refusal,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Artifact(refusal)
    }
}

/// Somebody else's words, of bounded length.
pub(super) fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}
