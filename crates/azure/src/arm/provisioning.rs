//! How far Azure is with a resource.

use serde::{Deserialize, Deserializer};

/// `provisioningState`. Compared ignoring case (contract §0.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvisioningState {
    /// Azure says that it does not know.
    Unknown,
    /// A change is under way.
    Updating,
    /// Being made; a compute says so after an update, too (contract §2.3).
    Creating,
    /// Being taken away.
    Deleting,
    /// Done.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Stopped by somebody.
    Canceled,
    /// A word that is not known here; in progress, as everything but the three ends is.
    Other(String),
}

impl ProvisioningState {
    /// Whether Azure has finished, one way or another: exactly `Succeeded`, `Failed` and
    /// `Canceled` (contract §0.3).
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }

    fn parse(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "unknown" => Self::Unknown,
            "updating" => Self::Updating,
            "creating" => Self::Creating,
            "deleting" => Self::Deleting,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "canceled" => Self::Canceled,
            _ => Self::Other(word.to_owned()),
        }
    }

    /// The word, in Azure's spelling.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown => "Unknown",
            Self::Updating => "Updating",
            Self::Creating => "Creating",
            Self::Deleting => "Deleting",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
            Self::Other(word) => word,
        }
    }
}

impl Default for ProvisioningState {
    /// A missing state means that all is done (contract §0.3).
    fn default() -> Self {
        Self::Succeeded
    }
}

impl<'de> Deserialize<'de> for ProvisioningState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Option::<String>::deserialize(deserializer)?;
        Ok(word.as_deref().map(Self::parse).unwrap_or_default())
    }
}
