//! Which process exactly: pids are used again, a pid with its start time is not.

use std::process::Command;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// A process, by pid and start time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its process id.
    pub pid: u32,
    /// When it started, in the words of the system: ticks since boot on Linux, a date elsewhere.
    pub started: String,
}

impl Identity {
    /// The process that has `pid` now, also when it has ended and nobody has asked how.
    pub fn of(pid: u32) -> Result<Self> {
        let (started, _) = look(pid).with_context(|| format!("no process has the pid {pid}"))?;
        Ok(Self { pid, started })
    }

    /// Whether this very process still runs.
    pub fn is_running(&self) -> bool {
        look(self.pid)
            .is_some_and(|(started, state)| started == self.started && state == State::Running)
    }

    /// Sends a signal, if this very process still runs.
    pub(super) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_running()) {
            // A process that ended between the two lines is what was wanted.
            let _ = kill_process(pid, signal);
        }
    }
}

#[derive(PartialEq, Eq)]
enum State {
    Running,
    /// Ended, and its parent has not asked how: a zombie.
    Ended,
}

/// The start time of a process, and whether it still runs.
fn look(pid: u32) -> Option<(String, State)> {
    if let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        // proc_pid_stat(5): the name in parentheses may hold spaces, so count behind it: field 3 is the state, 22 the start.
        let mut behind = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        let state = if behind.next()? == "Z" {
            State::Ended
        } else {
            State::Running
        };
        return Some((behind.nth(18)?.to_owned(), state));
    }
    let listed = Command::new("ps")
        .args(["-o", "lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let words = String::from_utf8_lossy(&listed.stdout);
    let started = words.split_ascii_whitespace().collect::<Vec<_>>().join("_");
    (!started.is_empty()).then_some((started, State::Running))
}
