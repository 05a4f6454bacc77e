//! The runner `instant` leaves a log too, so that whoever reads logs finds one.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::log::{STREAMED, Stream, append, folder};
use crate::aml::jobs::{Job, STARTED};
use crate::clock::after;
use crate::state::App;

/// Writes the only line of a job that nothing runs for. Without a log the job is no worse.
pub(crate) async fn leave_log(app: &App, job: &Job) {
    let line = format!(
        "The instant runner takes job {} and runs nothing.\n",
        job.name
    );
    // One task for all of it: a run costs little else.
    let path = folder(app, &job.name).join(STREAMED);
    let written = tokio::task::spawn_blocking(move || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, line)
    });
    if let Err(error) = written.await.map_err(std::io::Error::other).flatten() {
        tracing::warn!(%error, job = job.name, "the log of a job cannot be written");
    }
}

/// Lines that a run writes while it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    /// When the job was made.
    pub(crate) from: Timestamp,
    /// How long it takes.
    pub(crate) seconds: f64,
    pub(crate) count: u32,
}

/// Starts writing the lines, one after the other from the start of the run to shortly before its end. It ends
/// with the run: a run that never starts writes none, one that is canceled no more.
pub(crate) fn grow_log(app: &Arc<App>, name: &str, lines: Lines) {
    if lines.count == 0 {
        return;
    }
    let (app_of_task, name) = (Arc::clone(app), name.to_owned());
    app.tasks
        .spawn(move |over| async move { grow(&app_of_task, &name, lines, &over).await });
}

async fn grow(app: &App, name: &str, lines: Lines, over: &CancellationToken) {
    for line in 0..lines.count {
        let part = STARTED + (0.9 - STARTED) * f64::from(line) / f64::from(lines.count);
        let due = after(lines.from, lines.seconds * part);
        let left = due.duration_since(app.clock.now());
        let left = Duration::try_from(left).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = over.cancelled() => return,
        }
        let Some(job) = app.jobs.get(name) else {
            return;
        };
        let moment = job.life.at(app.clock.now());
        if moment.started.is_none() || moment.status.is_end() {
            return;
        }
        // Every third line goes where warnings go.
        let stream = if line % 3 == 2 {
            Stream::Error
        } else {
            Stream::Output
        };
        let text = format!("line {} of {}\n", line + 1, lines.count);
        if let Err(error) = append(app, name, stream, &text).await {
            tracing::warn!(%error, name, "the log of a job cannot be written");
            return;
        }
    }
}
