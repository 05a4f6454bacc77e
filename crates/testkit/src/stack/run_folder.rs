//! A folder per run. It stays after a failure, so that logs can be read; later runs remove those whose process is gone.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::process::Identity;

/// The file that says which process uses the folder.
const OWNER: &str = "owner.json";
/// How long logs of ended processes stay: a whole `cargo xtask test`, which is many processes, and a look at them.
const KEPT: Duration = Duration::from_hours(1);

/// A folder of this process, removed when dropped unless a test is failing.
#[derive(Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// A new one in `parent`; what processes that ended long ago left there is removed.
    pub fn new(parent: &Path) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        std::fs::create_dir_all(parent)?;
        sweep(parent, KEPT)?;
        let pid = std::process::id();
        let next = || format!("{pid}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut path = parent.join(next());
        // Left by an earlier process of the same id.
        while path.exists() {
            path = parent.join(next());
        }
        // Told before the folder has its name: another process that sweeps never sees one without an owner.
        let unnamed = parent.join(format!(".{}", next()));
        std::fs::create_dir_all(&unnamed)?;
        std::fs::write(
            unnamed.join(OWNER),
            serde_json::to_string(&Identity::of(pid)?)?,
        )?;
        std::fs::rename(&unnamed, &path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // What stays is removed by the next run.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

fn sweep(parent: &Path, kept: Duration) -> Result<()> {
    for folder in std::fs::read_dir(parent)? {
        let folder = folder?.path();
        let Ok(owner) = std::fs::read(folder.join(OWNER)) else {
            continue;
        };
        let age = folder
            .join(OWNER)
            .metadata()
            .and_then(|file| file.modified())?
            .elapsed();
        let gone = serde_json::from_slice(&owner).is_ok_and(|one: Identity| !one.is_running())
            && age.is_ok_and(|age| age >= kept);
        if gone {
            // Two that sweep at once may meet here; one of them wins.
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_process_of_the_same_id_left_is_in_nobodys_way() {
        let parent = tempfile::tempdir().unwrap();
        for count in 0..100 {
            let left = parent
                .path()
                .join(format!("{}-{count}", std::process::id()));
            std::fs::create_dir(&left).unwrap();
            std::fs::write(left.join("left"), "").unwrap();
        }
        let new = RunFolder::new(parent.path()).unwrap();
        assert!(!new.path().join("left").exists());
    }

    #[test]
    fn folders_of_ended_processes_are_removed_and_those_of_others_stay() {
        let parent = tempfile::tempdir().unwrap();
        let gone = RunFolder::new(parent.path()).unwrap();
        let ended = Identity {
            pid: std::process::id(),
            started: "0".to_owned(),
        };
        std::fs::write(
            gone.path().join(OWNER),
            serde_json::to_string(&ended).unwrap(),
        )
        .unwrap();
        let foreign = parent.path().join("foreign");
        std::fs::create_dir(&foreign).unwrap();

        let next = RunFolder::new(parent.path()).unwrap();
        let other = RunFolder::new(parent.path()).unwrap();
        assert!(gone.path().exists(), "young: its logs may be wanted");
        sweep(parent.path(), Duration::ZERO).unwrap();
        assert!(!gone.path().exists() && foreign.exists());
        assert!(next.path().exists() && other.path().exists());
        let path = next.path().to_path_buf();
        drop(next);
        assert!(!path.exists());
    }
}
