//! The operator as a process that is what the chart's Deployment would run: its arguments, its environment, its
//! mounted files, its `ServiceAccount`'s token and nothing else.

mod launch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::eventually::until;
use crate::process::{Identity, Process};

pub use launch::Launch;

/// How long it may take until its caches are filled; it takes 0.2 s.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// The operator, running or not.
#[derive(Debug)]
pub struct Operator {
    program: PathBuf,
    launch: Launch,
    folder: PathBuf,
    log: PathBuf,
    process: Mutex<Option<Process>>,
    http: reqwest::Client,
}

impl Operator {
    /// Not yet started. Its log will be `folder/logs/operator.log`, one for all starts.
    pub fn new(program: PathBuf, launch: Launch, folder: &Path) -> Result<Self> {
        // Plain HTTP on the loopback interface: no certificates to load, no proxy to ask.
        let http = reqwest::Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self {
            program,
            launch,
            folder: folder.to_path_buf(),
            log: folder.join("logs/operator.log"),
            process: Mutex::new(None),
            http,
        })
    }

    /// One more process of the same Deployment, not yet started, with its log below `folder`: for a moment, the one that
    /// was thought dead runs beside its successor.
    pub fn twin(&self, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder.join("logs"))?;
        Self::new(self.program.clone(), self.launch.beside()?, folder)
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&self) -> Result<()> {
        self.start_with(&BTreeMap::new())?;
        self.wait_until_ready().await
    }

    /// Starts it with more variables than the Deployment has, and does not wait: it may be told to end at once.
    pub fn start_with(&self, variables: &BTreeMap<String, String>) -> Result<()> {
        if self.is_running()? {
            bail!("the operator runs already");
        }
        let mut command = Command::new(&self.program);
        command
            .args(&self.launch.arguments)
            .env_clear()
            .envs(&self.launch.environment)
            .envs(variables)
            // The log is a file, whatever our own output is.
            .env("NO_COLOR", "1")
            .current_dir(&self.folder);
        *self.lock() = Some(Process::start("operator", command, &self.log)?);
        Ok(())
    }

    /// Waits until `/readyz` says so.
    pub async fn wait_until_ready(&self) -> Result<()> {
        let ready = until("the operator is ready", READY_WITHIN, async || {
            if !self.is_running()? {
                // Not worth waiting for: it does not come back by itself.
                return Ok(Some(false));
            }
            self.probe("/readyz").await?;
            Ok(Some(true))
        });
        match ready.await {
            Ok(true) => Ok(()),
            Ok(false) => bail!("the operator ended:\n{}", self.log_tail(30)),
            Err(error) => bail!("{error:#}\n{}", self.log_tail(30)),
        }
    }

    /// Whether it runs now.
    pub fn is_running(&self) -> Result<bool> {
        match self.lock().as_mut() {
            Some(process) => Ok(process.ended()?.is_none()),
            None => Ok(false),
        }
    }

    /// Waits until it has ended by itself, and says how.
    pub async fn wait_for_end(&self, deadline: Duration) -> Result<std::process::ExitStatus> {
        until("the operator ends", deadline, async || {
            self.lock()
                .as_mut()
                .context("the operator was never started")?
                .ended()
        })
        .await
    }

    /// Ends it as a crash would: SIGKILL.
    pub fn kill(&self) -> Result<()> {
        self.lock()
            .as_mut()
            .context("the operator was never started")?
            .kill()
            .map(drop)
    }

    /// Ends it in good order: SIGTERM.
    pub fn stop(&self) -> Result<()> {
        self.lock()
            .as_mut()
            .map_or(Ok(()), |process| process.stop().map(drop))
    }

    /// Which process it is.
    pub fn identity(&self) -> Option<Identity> {
        self.lock()
            .as_ref()
            .map(|process| process.identity().clone())
    }

    /// Lets it outlive us.
    pub(crate) fn detach(&self) -> Result<Option<Identity>> {
        self.lock().as_mut().map(Process::detach).transpose()
    }

    /// Its metrics, in Prometheus' text format.
    pub async fn metrics(&self) -> Result<String> {
        self.probe("/metrics").await
    }

    /// The answer of its probe server, which must be a good one.
    pub async fn probe(&self, path: &str) -> Result<String> {
        let url = format!("http://{}{path}", self.launch.probe);
        let answer = self
            .http
            .get(&url)
            .timeout(Duration::from_secs(10))
            .send()
            .await?;
        Ok(answer.error_for_status()?.text().await?)
    }

    /// The file that holds its output.
    pub fn log(&self) -> &Path {
        &self.log
    }

    fn log_tail(&self, lines: usize) -> String {
        self.lock()
            .as_ref()
            .map(|process| process.log_tail(lines))
            .unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
