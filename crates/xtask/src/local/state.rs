//! What `up` left running, in a file of its folder.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use azureml_spark_testkit::process::Identity;
use serde::{Deserialize, Serialize};

const FILE: &str = "processes.json";
const LOCK: &str = "lock";

/// Names and identities of the running processes, in the order in which to end them.
#[derive(Serialize, Deserialize)]
pub(super) struct State {
    pub(super) processes: Vec<(String, Identity)>,
}

impl State {
    /// What the last `up` left, if no `down` came after it.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        match fs::read(folder.join(FILE)) {
            Ok(bytes) => {
                Ok(Some(serde_json::from_slice(&bytes).with_context(|| {
                    format!("{}", folder.join(FILE).display())
                })?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        Ok(fs::write(
            folder.join(FILE),
            serde_json::to_string_pretty(self)?,
        )?)
    }

    pub(super) fn forget(folder: &Path) -> Result<()> {
        Ok(fs::remove_file(folder.join(FILE))?)
    }

    /// Names of those that run no more.
    pub(super) fn ended(&self) -> Vec<&str> {
        let ended = self
            .processes
            .iter()
            .filter(|(_, process)| !process.is_running());
        ended.map(|(name, _)| name.as_str()).collect()
    }
}

/// Two commands at once on one folder would see half of each other.
pub(super) fn lock(folder: &Path) -> Result<File> {
    fs::create_dir_all(folder)?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(folder.join(LOCK))?;
    file.lock()?;
    Ok(file)
}

/// Removes what an earlier stack left; refuses a folder that was never a stack's.
pub(super) fn clear(folder: &Path) -> Result<()> {
    let entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    let is = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
    if entries.len() > 1 && !is("control-plane") && !is("logs") {
        bail!(
            "{} holds other files; give an empty folder",
            folder.display()
        );
    }
    for entry in entries {
        let path = entry.path();
        if entry.file_name() == LOCK {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
