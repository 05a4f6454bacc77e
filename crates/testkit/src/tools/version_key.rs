//! What tells one version of a tool from the next, as part of a folder's name.

use std::fmt::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// A version, or the first 12 digits of the SHA-256 of the files that define one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VersionKey(String);

impl VersionKey {
    /// A version by its number.
    pub(super) fn of_version(version: &str) -> Self {
        Self(version.to_owned())
    }

    /// The version that these files of `folder` define together.
    pub(super) fn of_files(folder: &Path, files: &[&str]) -> Result<Self> {
        let mut digest = Sha256::new();
        for file in files {
            let path = folder.join(file);
            let content = std::fs::read(&path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            digest.update(file.as_bytes());
            digest.update(content.len().to_le_bytes());
            digest.update(content);
        }
        let mut key = String::new();
        for byte in digest.finalize().iter().take(6) {
            write!(key, "{byte:02x}")?;
        }
        Ok(Self(key))
    }
}

impl fmt::Display for VersionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
