//! Parsed resource ids. ARM compares them ignoring case and answers in mixed case (contract §0.1),
//! so equality and hashes here ignore case too.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize};

mod asset;
mod pool;
#[cfg(test)]
mod tests;
mod workspace;

pub use asset::{AssetId, AssetKind};
pub use pool::{SparkPoolId, SynapseWorkspaceId};
pub use workspace::WorkspaceId;

/// Why a string is no resource id, in words for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(String);

/// An ARM id as it was written, compared ignoring case and a trailing slash.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct ArmId(String);

impl ArmId {
    /// Takes any text; what Azure returns is compared, not judged.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment, which is the resource's name.
    pub fn name(&self) -> &str {
        self.key().rsplit('/').next().unwrap_or_default()
    }

    /// The path's segments; what is no segment is refused when the request is addressed.
    pub(crate) fn segments(&self) -> Vec<String> {
        let path = self.0.trim_matches('/');
        path.split('/').map(str::to_owned).collect()
    }

    fn key(&self) -> &str {
        self.0.trim_end_matches('/')
    }
}

impl PartialEq for ArmId {
    fn eq(&self, other: &Self) -> bool {
        self.key().eq_ignore_ascii_case(other.key())
    }
}

impl Eq for ArmId {}

impl PartialOrd for ArmId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ArmId {
    fn cmp(&self, other: &Self) -> Ordering {
        lower(self.key()).cmp(lower(other.key()))
    }
}

impl Hash for ArmId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in lower(self.key()) {
            state.write_u8(byte);
        }
    }
}

impl fmt::Display for ArmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ArmId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

fn lower(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().map(|byte| byte.to_ascii_lowercase())
}

/// One segment of a path: not empty, no separator, not a step up the path.
#[derive(Clone, Debug)]
struct Segment(String);

impl Segment {
    fn parse(what: &str, text: &str) -> Result<Self, InvalidId> {
        if crate::request::is_segment(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId(format!(
                "{what} {text:?} is empty or holds a character no name may hold"
            )))
        }
    }
}

impl PartialEq for Segment {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Segment {}

impl PartialOrd for Segment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Segment {
    fn cmp(&self, other: &Self) -> Ordering {
        lower(&self.0).cmp(lower(&other.0))
    }
}

impl Hash for Segment {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in lower(&self.0) {
            state.write_u8(byte);
        }
        state.write_u8(b'/');
    }
}

/// The segments that stand at the pattern's stars, if the rest is the pattern's, ignoring case.
fn names<'a>(id: &'a str, pattern: &str) -> Option<Vec<&'a str>> {
    let segments: Vec<&str> = id.trim_end_matches('/').split('/').collect();
    let pattern: Vec<&str> = pattern.split('/').collect();
    let same_length = segments.len() == pattern.len();
    let pairs = || segments.iter().zip(&pattern);
    let fits = pairs().all(|(is, shall)| *shall == "*" || is.eq_ignore_ascii_case(shall));
    (same_length && fits).then(|| {
        pairs()
            .filter(|(_, shall)| **shall == "*")
            .map(|(is, _)| *is)
            .collect()
    })
}

fn join(segments: &[&str], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for segment in segments {
        write!(f, "/{segment}")?;
    }
    Ok(())
}
