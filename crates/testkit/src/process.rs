//! Processes that we start, and end: exactly those, by pid and start time.

mod identity;
mod reaper;

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

pub use identity::Identity;

/// How long a process may take to end in good order before it is killed.
const GRACE: Duration = Duration::from_secs(15);
/// How often an ending process is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A running process, with its output in a file. It ends when this is dropped, and also when we are killed, unless it
/// is [detached](Process::detach).
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    child: Child,
    identity: Identity,
    detached: bool,
}

impl Process {
    /// Starts `command` in a process group of its own, so that Ctrl-C in a terminal reaches us alone, and appends
    /// its output to `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("the log {} cannot be written", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| {
                format!(
                    "{name} does not start: {}",
                    OsStr::to_string_lossy(command.get_program())
                )
            })?;
        let identity = Identity::of(child.id())?;
        reaper::watch_over(&identity)?;
        Ok(Self {
            name: name.to_owned(),
            log: log.to_path_buf(),
            child,
            identity,
            detached: false,
        })
    }

    /// What the process is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that holds its output.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Lets it outlive us: its [`Identity`] is what ends it later, with [`end_detached`].
    pub fn detach(&mut self) -> Result<Identity> {
        reaper::forget(&self.identity)?;
        self.detached = true;
        Ok(self.identity.clone())
    }

    /// Its pid and start time.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// An error with the end of its log, if it has ended.
    pub fn must_run(&mut self) -> Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} ended ({status}):\n{}", self.name, self.log_tail(30));
        }
        Ok(())
    }

    /// The last `lines` of its output.
    pub fn log_tail(&self, lines: usize) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        all.get(all.len().saturating_sub(lines)..)
            .unwrap_or_default()
            .join("\n")
    }

    /// Ends it as a crash would: SIGKILL, no chance to clean up.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.child.kill()?;
        Ok(self.child.wait()?)
    }

    /// Ends it in good order: SIGTERM, and SIGKILL if it has not ended after 15 s.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        self.identity.signal(Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < GRACE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(LOOK);
        }
        self.kill()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.detached {
            // Nobody is left to tell: the reaper is the second chance.
            let _ = self.stop();
        }
    }
}

/// Ends processes that an earlier command left running, in the given order; those that have gone are skipped.
pub fn end_detached(processes: &[Identity]) -> Result<()> {
    for process in processes {
        process.signal(Signal::TERM);
        let asked = Instant::now();
        while process.is_running() && asked.elapsed() < GRACE {
            std::thread::sleep(LOOK);
        }
        process.signal(Signal::KILL);
        while process.is_running() {
            if asked.elapsed() > GRACE * 2 {
                bail!("process {} does not end", process.pid);
            }
            std::thread::sleep(LOOK);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
