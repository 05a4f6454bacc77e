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

/// Somebody else's words, of bounded length.
pub(super) fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}
