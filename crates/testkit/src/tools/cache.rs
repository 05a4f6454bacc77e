//! The cache: a folder per tool and version that is there whole or not at all.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{Prerequisite, Progress, VersionKey};

/// A program and how it comes to be.
pub(super) struct Tool<'a> {
    pub(super) name: &'static str,
    pub(super) key: VersionKey,
    /// For people who wait: what is built, and how long that takes on two cores.
    pub(super) what: &'static str,
    pub(super) needs: &'a [Prerequisite],
    /// The program inside the folder.
    pub(super) program: &'static str,
    #[expect(clippy::type_complexity, reason = "named once, read once")]
    pub(super) build: Box<dyn Fn(&Path, &Progress) -> Result<()> + 'a>,
}

/// The folder that holds all tools: `$XDG_CACHE_HOME/azureml-spark-operator`, else `~/.cache/azureml-spark-operator`.
pub fn folder() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty());
    let base = match base {
        Some(folder) => PathBuf::from(folder),
        None => std::env::home_dir()
            .context("neither XDG_CACHE_HOME nor HOME is set")?
            .join(".cache"),
    };
    Ok(base.join("azureml-spark-operator"))
}

/// The path of the tool's program, built now if it is not there.
pub(super) fn ensure(tool: &Tool<'_>) -> Result<PathBuf> {
    ensure_in(&folder()?, tool)
}

pub(super) fn ensure_in(cache: &Path, tool: &Tool<'_>) -> Result<PathBuf> {
    let home = cache.join(format!("{}-{}", tool.name, tool.key));
    let program = home.join(tool.program);
    if program.exists() {
        return Ok(program);
    }
    fs::create_dir_all(cache)
        .with_context(|| format!("the cache folder {} cannot be made", cache.display()))?;
    let progress = Progress::begin(tool.what);
    let _only_builder = lock(&cache.join(format!("{}.lock", tool.name)), &progress)?;
    if program.exists() {
        return Ok(program);
    }
    for need in tool.needs {
        need.check()?;
    }
    let building = cache.join(format!(".{}-{}-building", tool.name, tool.key));
    remove(&building)?;
    fs::create_dir_all(&building)?;
    (tool.build)(&building, &progress).with_context(|| format!("{} cannot be built", tool.name))?;
    if !building.join(tool.program).exists() {
        bail!("{} was built, but {} is not there", tool.name, tool.program);
    }
    move_scripts(&building, &home)?;
    remove(&home)?;
    fs::rename(&building, &home)?;
    progress.end();
    Ok(program)
}

/// The lock ends with the file handle, so also with a builder that was killed.
fn lock(path: &Path, progress: &Progress) -> Result<File> {
    let file = File::options().create(true).append(true).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress.say("another process builds it; waiting for that");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    Ok(file)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Scripts of a Python environment carry its path in their first line: they are told the path that comes.
fn move_scripts(building: &Path, home: &Path) -> Result<()> {
    let (Some(old), Some(new)) = (building.to_str(), home.to_str()) else {
        bail!("the cache folder's path is not UTF-8");
    };
    let Ok(scripts) = fs::read_dir(building.join("bin")) else {
        return Ok(());
    };
    for script in scripts {
        let script = script?.path();
        if script.is_symlink() {
            continue;
        }
        if let Ok(text) = fs::read_to_string(&script)
            && text.contains(old)
        {
            fs::write(&script, text.replace(old, new))?;
        }
    }
    Ok(())
}
