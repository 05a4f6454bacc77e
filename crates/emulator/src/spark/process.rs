//! One `spark-submit`, its output, and its end.

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::Failure;
use super::command::Launch;
use super::log::Log;

/// How long a process may take to end after it was asked to: Spark's shutdown hooks remove its
/// scratch folders, which takes well below a second.
const GRACE: Duration = Duration::from_secs(5);

/// So much of the end of the output is kept to read the failure from.
const TAIL: usize = 64 << 10;

/// Where output goes: the log of both streams, and one of each.
#[derive(Debug)]
pub(crate) struct Logs {
    pub(crate) both: Log,
    pub(crate) stdout: Option<Log>,
    pub(crate) stderr: Option<Log>,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself; with the end of what it wrote.
    Exited(ExitStatus, String),
    /// Because it was asked to.
    Canceled,
}

/// Runs the command in a process group of its own until it ends or is canceled. When this returns,
/// no process of the group is left.
pub(crate) async fn run(
    launch: &Launch,
    logs: &Arc<Logs>,
    cancel: &CancellationToken,
) -> Result<End, Failure> {
    let mut child = Command::new(&launch.program)
        .args(&launch.arguments)
        .current_dir(&launch.folder)
        .env_clear()
        .envs(&launch.environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Failure::new(format!("spark-submit cannot be started: {error}.")))?;
    let group = Group(
        child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)),
    );
    let tail = Arc::new(Mutex::new(VecDeque::new()));
    let stdout = child.stdout.take().map(|stream| {
        let (logs, tail) = (Arc::clone(logs), Arc::clone(&tail));
        tokio::spawn(async move { follow(stream, &logs, logs.stdout.as_ref(), &tail).await })
    });
    let stderr = child.stderr.take().map(|stream| {
        let (logs, tail) = (Arc::clone(logs), Arc::clone(&tail));
        tokio::spawn(async move { follow(stream, &logs, logs.stderr.as_ref(), &tail).await })
    });
    let ended = tokio::select! {
        status = child.wait() => Some(status),
        () = cancel.cancelled() => None,
    };
    if ended.is_none() {
        end(&mut child, &group).await;
    }
    // Whatever the script left running dies with it, which also closes the pipes.
    drop(group);
    for reader in [stdout, stderr].into_iter().flatten() {
        if let Err(error) = reader.await {
            tracing::warn!(%error, "a job's output was not read to its end");
        }
    }
    match ended {
        None => Ok(End::Canceled),
        Some(Ok(status)) => {
            let kept: Vec<u8> = tail.lock().await.iter().copied().collect();
            Ok(End::Exited(
                status,
                String::from_utf8_lossy(&kept).into_owned(),
            ))
        }
        Some(Err(error)) => Err(Failure::new(format!("spark-submit was lost: {error}."))),
    }
}

/// Asks the group to end, and makes it.
async fn end(child: &mut Child, group: &Group) {
    group.signal(Signal::TERM);
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        group.signal(Signal::KILL);
        if let Err(error) = child.wait().await {
            tracing::warn!(%error, "a canceled job was not seen to end");
        }
    }
}

/// The processes of a run. Dropped – at the end, or because the whole emulator was – it leaves none.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0
            && let Err(error) = kill_process_group(group, signal)
            && error != rustix::io::Errno::SRCH
        {
            tracing::warn!(%error, "a job's processes cannot be signalled");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Copies a stream, as it comes, to the logs and to the tail.
async fn follow(
    mut stream: impl AsyncRead + Unpin,
    logs: &Logs,
    own: Option<&Log>,
    tail: &Mutex<VecDeque<u8>>,
) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = match stream.read(&mut buffer).await {
            Ok(0) => return,
            Ok(read) => buffer.get(..read).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "a job's output cannot be read");
                return;
            }
        };
        for log in [Some(&logs.both), own].into_iter().flatten() {
            if let Err(error) = log.write(read).await {
                tracing::warn!(%error, "a job's log cannot be written");
            }
        }
        let mut tail = tail.lock().await;
        tail.extend(read);
        let surplus = tail.len().saturating_sub(TAIL);
        tail.drain(..surplus);
    }
}

#[cfg(test)]
mod tests;
