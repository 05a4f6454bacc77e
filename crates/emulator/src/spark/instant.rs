//! The runner `instant` leaves a log too, so that whoever reads logs finds one.

use super::log::{Log, STREAMED};
use crate::aml::jobs::Job;
use crate::state::App;

/// Writes the only line of a job that nothing runs for. Without a log the job is no worse.
pub(crate) async fn leave_log(app: &App, job: &Job) {
    let line = format!(
        "The instant runner takes job {} and runs nothing.\n",
        job.name
    );
    let written = async {
        let log = Log::start(app, &job.name, STREAMED).await?;
        log.write(line.as_bytes()).await
    };
    if let Err(error) = written.await {
        tracing::warn!(%error, job = job.name, "the log of a job cannot be written");
    }
}
