//! How a spec names something that is registered in the workspace.

use std::fmt;

use serde::Serialize;

/// What names of assets begin with, as the Azure CLI writes them.
const PREFIX: &str = "azureml:";

/// A registered code, environment or data asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum AssetName {
    /// By its resource id.
    Id(String),
    /// One version of it.
    Version {
        /// The asset.
        name: String,
        /// Its version.
        version: String,
    },
    /// The version that is the latest at the first submission.
    Latest {
        /// The asset.
        name: String,
    },
}

impl AssetName {
    /// Whether it may be another thing tomorrow.
    pub(super) fn moves(&self) -> bool {
        matches!(self, Self::Latest { .. })
    }

    /// From `azureml:name:version`, `azureml:name@latest` or a resource id, with or without `azureml:` before it.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX).unwrap_or(text);
        if rest.starts_with("//") {
            return None;
        }
        if rest.starts_with('/') {
            return Some(Self::Id(rest.to_owned()));
        }
        if rest.len() == text.len() {
            return None;
        }
        if let Some(name) = rest.strip_suffix("@latest") {
            return is_name(name).then(|| Self::Latest {
                name: name.to_owned(),
            });
        }
        let (name, version) = rest.split_once(':')?;
        (is_name(name) && is_name(version)).then(|| Self::Version {
            name: name.to_owned(),
            version: version.to_owned(),
        })
    }
}

/// Contract §10; versions of assets are words of the same letters, and may have dots.
fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

impl fmt::Display for AssetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => f.write_str(id),
            Self::Version { name, version } => write!(f, "{PREFIX}{name}:{version}"),
            Self::Latest { name } => write!(f, "{PREFIX}{name}@latest"),
        }
    }
}
