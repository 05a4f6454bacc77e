//! The clouds that may be named: the built-in ones and those of a settings file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::cloud::Cloud;
use crate::error::Error;
use crate::transport::Transport;

#[cfg(test)]
mod tests;

/// A way to each cloud, by name.
#[derive(Clone, Debug)]
pub struct Clouds(HashMap<String, Transport>);

/// What is wrong with the settings file, named by the flag that gives it.
#[derive(Debug, thiserror::Error)]
pub enum CloudsError {
    /// There is no reading it.
    #[error("--clouds: cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no map of clouds.
    #[error("--clouds: {} is not name → endpoints", path.display())]
    NotClouds {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_norway::Error,
    },
    /// It describes a cloud that needs no description.
    #[error("--clouds: {0} is built in")]
    BuiltIn(String),
    /// One of its clouds is wrong.
    #[error("--clouds: {name}: {fault}")]
    Fault {
        /// The cloud.
        name: String,
        /// What is wrong.
        fault: String,
    },
    /// There is no way to one of its clouds, for example because its CA file cannot be read.
    #[error("--clouds: {name}: {error}")]
    NoWay {
        /// The cloud.
        name: String,
        /// Why.
        error: Error,
    },
}

impl Clouds {
    /// The cloud of whoever names none.
    pub const DEFAULT: &str = "AzurePublic";

    /// The built-in clouds, and those of a settings file (YAML: name → endpoints). Sends nothing.
    pub fn load(settings: Option<&Path>) -> Result<Self, CloudsError> {
        let mut clouds = match settings {
            None => HashMap::new(),
            Some(path) => read(path)?,
        };
        for cloud in Cloud::all_built_in() {
            if let Some(theirs) = clouds.insert(cloud.name.clone(), cloud) {
                return Err(CloudsError::BuiltIn(theirs.name));
            }
        }
        let ways = clouds.into_iter().map(|(name, cloud)| {
            if let Some(fault) = cloud.fault() {
                return Err(CloudsError::Fault { name, fault });
            }
            match Transport::new(cloud) {
                Ok(way) => Ok((name, way)),
                Err(error) => Err(CloudsError::NoWay { name, error }),
            }
        });
        ways.collect::<Result<_, _>>().map(Self)
    }

    /// The way to a cloud.
    pub fn get(&self, name: &str) -> Option<&Transport> {
        self.0.get(name)
    }
}

fn read(path: &Path) -> Result<HashMap<String, Cloud>, CloudsError> {
    let text = std::fs::read_to_string(path).map_err(|source| CloudsError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let clouds: HashMap<String, Cloud> =
        serde_norway::from_str(&text).map_err(|source| CloudsError::NotClouds {
            path: path.to_owned(),
            source,
        })?;
    let named = clouds
        .into_iter()
        .map(|(name, cloud)| (name.clone(), cloud.named(name)));
    Ok(named.collect())
}
