//! Where it was measured, and what.

use std::fmt;
use std::fs::read_to_string;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result};
use azureml_spark_testkit::tools;
use serde::Serialize;

use crate::run::{cargo, read};

/// What it ran on: everything on the same cores, the control plane too.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Machine {
    cores: usize,
    cpu: String,
    memory_gib: f64,
    kernel: String,
    /// Processes that wanted a core in the minute before: numbers are good where this is about nothing.
    load_before: f64,
}

impl Machine {
    pub(super) fn read() -> Result<Self> {
        let field = |file: &str, name: &str| -> Result<String> {
            let text = read_to_string(file).with_context(|| format!("{file}: Linux only"))?;
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            Ok(value.map_or_else(
                || "unknown".to_owned(),
                |(_, value)| value.trim().to_owned(),
            ))
        };
        let memory = field("/proc/meminfo", "MemTotal")?;
        let kib: f64 = memory.trim_end_matches(" kB").parse()?;
        let load = read_to_string("/proc/loadavg")?;
        Ok(Self {
            cores: available_parallelism()?.get(),
            cpu: field("/proc/cpuinfo", "model name")?,
            memory_gib: kib / 1024.0 / 1024.0,
            kernel: read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            load_before: load.split_whitespace().next().unwrap_or_default().parse()?,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cores,
            cpu,
            memory_gib,
            kernel,
            load_before,
        } = self;
        write!(
            f,
            "{cores} cores of {cpu}, {memory_gib:.0} GiB, Linux {kernel}, load before: {load_before}"
        )
    }
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Versions {
    operator: String,
    /// With `+` when the checkout had changes on top.
    commit: String,
    rustc: String,
    kube_apiserver: String,
}

impl Versions {
    pub(super) async fn read() -> Result<Self> {
        tokio::task::spawn_blocking(Self::ask).await?
    }

    fn ask() -> Result<Self> {
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command
                .current_dir(azureml_spark_testkit::repository::root())
                .args(arguments);
            // A checkout without history can be measured as well.
            read(&mut command).unwrap_or_default().trim().to_owned()
        };
        let changed = !git(&["status", "--porcelain", "--untracked-files=no"]).is_empty();
        let commit = git(&["rev-parse", "--short", "HEAD"]);
        let rustc = read(cargo().args(["version"]))?;
        let apiserver =
            read(Command::new(tools::control_plane()?).args(["kube-apiserver", "--version"]))?;
        Ok(Self {
            operator: env!("CARGO_PKG_VERSION").to_owned(),
            commit: if changed {
                format!("{commit}+")
            } else {
                commit
            },
            rustc: rustc.trim().to_owned(),
            kube_apiserver: apiserver.trim().to_owned(),
        })
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operator,
            commit,
            rustc,
            kube_apiserver,
        } = self;
        write!(
            f,
            "operator {operator} ({commit}), {rustc}, {kube_apiserver}"
        )
    }
}
