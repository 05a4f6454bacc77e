//! A person with Microsoft's `azure-ai-ml`: `tests/sdk/beside.py`, under an application of the person's own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use azureml_spark_testkit::emulator::{Emulator, PERSON_CLIENT_ID};
use azureml_spark_testkit::eventually::until;
use azureml_spark_testkit::process::Process;
use azureml_spark_testkit::stack::Stack;
use azureml_spark_testkit::{repository, tools};
use serde_json::Value;
use tokio::sync::Mutex;

/// Seconds on an idle machine, most of them to load the client.
const WITHIN: Duration = Duration::from_mins(3);

/// The client, ready to be run.
pub(crate) struct Sdk<'a> {
    emulator: &'a Emulator,
    python: PathBuf,
    folder: PathBuf,
    count: AtomicU32,
}

impl<'a> Sdk<'a> {
    pub(crate) async fn of(stack: &'a Stack) -> Result<Self> {
        let python = tokio::task::spawn_blocking(tools::sdk_python).await??;
        let folder = stack.folder().join("sdk");
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            emulator: stack.emulator(),
            python,
            folder,
            count: AtomicU32::new(0),
        })
    }

    /// Runs one action of the script, and returns the compute and the names of all computes as the client shows them
    /// after it.
    pub(crate) async fn run(&self, action: &str, name: &str, more: &[&str]) -> Result<Value> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let out = self.folder.join(format!("{number}-{action}.json"));
        let log = self.folder.join(format!("{number}-{action}.log"));
        let ca = self.emulator.ca_file();
        let mut command = Command::new(&self.python);
        command
            .arg(repository::root().join("tests/sdk/beside.py"))
            .arg(&out)
            .args([action, name])
            .args(more)
            .envs(self.emulator.world().variables())
            .env("EMULATOR_CLIENT_ID", PERSON_CLIENT_ID)
            .env("EMULATOR_CA", ca)
            .env("REQUESTS_CA_BUNDLE", ca)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let process = Mutex::new(Process::start("the SDK", command, &log)?);
        let status = until(&format!("the SDK's {action} ends"), WITHIN, async || {
            process.lock().await.ended()
        })
        .await?;
        let process = process.into_inner();
        ensure!(status.success(), "{status}:\n{}", process.log_tail(40));
        Ok(serde_json::from_slice(&std::fs::read(&out)?)?)
    }
}
