//! The second chance: a shell that outlives us by a moment and ends what we could not.
//!
//! A test binary shares one stack in a `static`, which Rust never drops, and a person may press Ctrl-C or send SIGKILL.
//! The shell reads the processes to watch from a pipe; the pipe ends when we do, however we end.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context as _, Result};

use super::Identity;

/// Newest first, so that clients end before their servers; start times are compared, so that a pid in second use is safe.
const SCRIPT: &str = r#"
started() {
  if [ -r "/proc/$1/stat" ]; then
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return
    set -- ${stat##*) }
    echo "${20}"
  else
    ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' '_' | sed 's/_$//'
  fi
}
signal() {
  for one in $watched; do
    [ "$(started "${one%%:*}")" = "${one#*:}" ] && kill "-$1" "${one%%:*}" 2>/dev/null
  done
}
watched=""
while read -r verb pid start; do
  others=""
  for one in $watched; do
    [ "$one" = "$pid:$start" ] || others="$others $one"
  done
  if [ "$verb" = watch ]; then watched="$pid:$start $others"; else watched=$others; fi
done
signal TERM
sleep 5
signal KILL
"#;

static PIPE: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// Sees to it that a process ends after us.
pub(super) fn watch_over(process: &Identity) -> Result<()> {
    tell("watch", process)
}

/// Lets a process outlive us after all.
pub(super) fn forget(process: &Identity) -> Result<()> {
    tell("forget", process)
}

fn tell(verb: &str, process: &Identity) -> Result<()> {
    let mut pipe = PIPE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if pipe.is_none() {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("sh does not start")?;
        *pipe = shell.stdin.take();
    }
    let pipe = pipe.as_mut().context("the pipe to the reaper is gone")?;
    writeln!(pipe, "{verb} {} {}", process.pid, process.started).context("the reaper is gone")
}
