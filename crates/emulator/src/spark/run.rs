//! One job from its submission to its end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::arguments::{self, Bindings};
use super::command::{self, LOGGING, LOGGING_FILE, Launch, Program};
use super::log::{Log, STDERR, STDOUT, STREAMED};
use super::process::{self, End, Logs};
use super::{Failure, Places, check_access, conf, default_output, failure, layout};
use crate::aml::codes;
use crate::aml::jobs::{Job, Life, Moment, RunError, Status, at_start};
use crate::settings::Presence;
use crate::state::App;

/// Below the data folder: the copies of code that jobs run in. Its dot keeps it apart from accounts.
const SCRATCH: &str = ".scratch";

/// Starts the job's task. It ends with the job, with the job's cancellation, or with the emulator.
pub(crate) fn start(app: &Arc<App>, name: &str) {
    let Some(job) = app.jobs.get(name) else {
        return;
    };
    let Life::Driven(driven) = &job.life else {
        return;
    };
    let cancel = driven.cancel.clone();
    let app_of_task = Arc::clone(app);
    app.tasks.spawn(move |over| async move {
        let run = Run {
            app: app_of_task,
            job: Arc::clone(&job),
            cancel: cancel.clone(),
        };
        let whole = run.whole();
        tokio::pin!(whole);
        tokio::select! {
            () = &mut whole => {}
            // The emulator stops or is reset: the process has to be gone before this task is.
            () = over.cancelled() => {
                cancel.cancel();
                whole.await;
            }
        }
    });
}

/// Removes what an emulator left that was killed. Called while no job runs.
pub(crate) fn sweep(app: &App) {
    let scratch = app.data_dir.join(SCRATCH);
    if let Err(error) = std::fs::remove_dir_all(&scratch)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "old scratch folders stay");
    }
}

struct Run {
    app: Arc<App>,
    job: Arc<Job>,
    cancel: CancellationToken,
}

impl Run {
    async fn whole(&self) {
        self.step(Status::Queued);
        let turn = tokio::select! {
            turn = self.app.spark.acquire() => turn,
            () = self.cancel.cancelled() => return self.finish(Status::Canceled, None),
        };
        let scratch = self.app.data_dir.join(SCRATCH).join(&self.job.name);
        let outcome = self.in_turn(&scratch).await;
        if let Err(error) = tokio::fs::remove_dir_all(&scratch).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, job = self.job.name, "a job's scratch folder stays");
        }
        drop(turn);
        match outcome {
            Ok(status) => self.finish(status, None),
            Err(failure) => self.finish(Status::Failed, Some(failure)),
        }
    }

    async fn in_turn(&self, scratch: &Path) -> Result<Status, Failure> {
        self.step(Status::Preparing);
        let logs = Arc::new(self.logs().await?);
        let launch = match self.prepare(scratch).await {
            Ok(launch) => launch,
            Err(failure) => {
                tell(&logs, &failure).await;
                return Err(failure);
            }
        };
        self.step(Status::Running);
        let end = process::run(&launch, &logs, &self.cancel).await;
        match end {
            Ok(End::Canceled) => Ok(Status::Canceled),
            Ok(End::Exited(status, _)) if status.success() => {
                self.step(Status::Finalizing);
                Ok(Status::Completed)
            }
            Ok(End::Exited(status, output)) => {
                self.step(Status::Finalizing);
                Err(failure::read(&output, status.code()))
            }
            Err(failure) => {
                tell(&logs, &failure).await;
                Err(failure)
            }
        }
    }

    async fn logs(&self) -> Result<Logs, Failure> {
        let start = async |name: &str| {
            Log::start(&self.app, &self.job.name, name)
                .await
                .map_err(|error| Failure::new(format!("The run's log cannot be written: {error}.")))
        };
        let both = start(STREAMED).await?;
        if self.app.settings().driver_logs == Presence::Absent {
            return Ok(Logs {
                both,
                stdout: None,
                stderr: None,
            });
        }
        let stdout = Some(start(STDOUT).await?);
        let stderr = Some(start(STDERR).await?);
        Ok(Logs {
            both,
            stdout,
            stderr,
        })
    }

    /// Everything that can go wrong before the script starts.
    async fn prepare(&self, scratch: &Path) -> Result<Launch, Failure> {
        check_access(&self.app, &self.job)?;
        at_start(&self.app, &self.job)?;
        let python = self.app.python.clone().ok_or_else(|| {
            Failure::new(
                "The emulator was started without a Python that has PySpark, so it cannot run \
                 scripts: give it --python, or use the runner 'instant'.",
            )
        })?;
        // The command starts in another folder. The path's links stay, as a venv is known by them.
        let python = std::path::absolute(&python).unwrap_or(python);
        let program = program(&self.app, &self.job)?;
        let (app, job, scratch) = (
            Arc::clone(&self.app),
            Arc::clone(&self.job),
            scratch.to_owned(),
        );
        tokio::task::spawn_blocking(move || lay_out(&app, &job, &python, &scratch, &program))
            .await
            .map_err(|error| Failure::new(format!("The code was not laid out: {error}.")))?
    }

    /// Shows a state, unless somebody has asked the job to end or has set its state.
    fn step(&self, status: Status) {
        let now = self.app.clock.now();
        self.app.jobs.advance(&self.job.name, |job| {
            if let Life::Driven(driven) = &mut job.life
                && driven.moment.status != Status::CancelRequested
            {
                driven.moment.status = status;
                if status == Status::Running {
                    driven.moment.started = Some(now);
                }
            }
        });
    }

    fn finish(&self, status: Status, failure: Option<Failure>) {
        let now = self.app.clock.now();
        self.app.jobs.advance(&self.job.name, |job| {
            if let Life::Driven(driven) = &job.life {
                let started = driven.moment.started;
                let error = failure.map(RunError::from);
                job.life = Life::Fixed(Moment {
                    status,
                    started,
                    ended: Some(now),
                    error,
                });
            }
        });
    }
}

/// Writes a failure of the emulator's own into the log, where people look first.
async fn tell(logs: &Logs, failure: &Failure) {
    if let Err(error) = logs.both.write(format!("{failure}\n").as_bytes()).await {
        tracing::warn!(%error, "a job's log cannot be written");
    }
}

/// Copies the code and builds the command.
fn lay_out(
    app: &App,
    job: &Job,
    python: &Path,
    scratch: &Path,
    program: &Program,
) -> Result<Launch, Failure> {
    let code = job.text("codeId").unwrap_or_default();
    let asset = codes::find(app, code)
        .ok_or_else(|| Failure::new(format!("Code asset {code} was not found.")))?;
    let uri = asset
        .pointer("/properties/codeUri")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let made: std::io::Result<PathBuf> = (|| {
        // What is left of an emulator that was killed is no code of this job.
        if scratch.exists() {
            std::fs::remove_dir_all(scratch)?;
        }
        std::fs::create_dir_all(scratch.join("tmp"))?;
        std::fs::write(scratch.join(LOGGING_FILE), LOGGING)?;
        Ok(scratch.join("code"))
    })();
    let folder =
        made.map_err(|error| Failure::new(format!("The scratch folder cannot be made: {error}.")))?;
    layout::lay_out(&app.data_dir, &Places::new(app).find(uri)?, &folder)?;
    command::build(python, scratch, program, &conf::bound(&texts(job, "conf")))
}

/// What the job says about its program, with its arguments resolved.
fn program(app: &App, job: &Job) -> Result<Program, Failure> {
    let entry = |field: &str| {
        job.sent
            .get("entry")
            .and_then(|entry| entry.get(field))
            .and_then(Value::as_str)
    };
    let bindings = bindings(app, job)?;
    let places = Places::new(app);
    let words = arguments::words(job.text("args").unwrap_or_default(), &bindings)?
        .into_iter()
        .map(|word| places.local_or_same(word))
        .collect::<Result<_, _>>()?;
    let files = |field: &str| -> Result<Vec<String>, Failure> {
        let paths = job
            .texts(field)
            .into_iter()
            .map(|file| places.local_or_same(file));
        checked(paths.collect::<Result<_, _>>()?)
    };
    Ok(Program {
        file: entry("file").map(str::to_owned),
        class: entry("className").map(str::to_owned),
        py_files: files("pyFiles")?,
        jars: files("jars")?,
        files: files("files")?,
        archives: files("archives")?,
        words,
        variables: texts(job, "environmentVariables"),
    })
}

/// Paths are joined by commas for `spark-submit`, so none may hold one.
fn checked(paths: Vec<String>) -> Result<Vec<String>, Failure> {
    match paths.iter().find(|path| path.contains(',')) {
        Some(path) => Err(Failure::new(format!("The path '{path}' holds a comma."))),
        None => Ok(paths),
    }
}

fn bindings(app: &App, job: &Job) -> Result<Bindings, Failure> {
    let places = Places::new(app);
    let mut bindings = Bindings::default();
    for (name, input) in job.object("inputs") {
        let text = |field: &str| input.get(field).and_then(Value::as_str).unwrap_or_default();
        let value = if text("jobInputType") == "literal" {
            text("value").to_owned()
        } else {
            places.local(text("uri"))?
        };
        bindings.inputs.insert(name.clone(), value);
    }
    for (name, output) in job.object("outputs") {
        let uri = output
            .get("uri")
            .and_then(Value::as_str)
            .filter(|uri| !uri.is_empty());
        let uri = uri.map_or_else(|| default_output(&job.name, name), str::to_owned);
        bindings.outputs.insert(name.clone(), places.local(&uri)?);
    }
    Ok(bindings)
}

fn texts(job: &Job, field: &str) -> BTreeMap<String, String> {
    job.object(field)
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}
