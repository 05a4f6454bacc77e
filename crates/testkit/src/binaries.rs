//! The workspace's own programs, as cargo builds them: `cargo test` builds those of other packages for nobody.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::repository;

/// The operator: package and binary.
const OPERATOR: &str = "azureml-spark-operator";
/// The emulator: package and binary.
const EMULATOR: &str = "azureml-emulator";
/// What people have beside kubectl: package and binary.
const PLUGIN: (&str, &str) = ("azureml-spark-cli", "kubectl-azureml");

/// How they are built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Quickly, for tests.
    #[default]
    Dev,
    /// As people run them: what is measured.
    Release,
}

/// The operator's binary, built now if its sources are newer. `AZUREML_SPARK_OPERATOR_BINARY` names another.
pub fn operator(profile: Profile) -> Result<PathBuf> {
    built("AZUREML_SPARK_OPERATOR_BINARY", OPERATOR, profile)
}

/// The emulator's binary, built now if its sources are newer. `AZUREML_EMULATOR_BINARY` names another.
pub fn emulator(profile: Profile) -> Result<PathBuf> {
    built("AZUREML_EMULATOR_BINARY", EMULATOR, profile)
}

/// The binary that kubectl finds on PATH as `kubectl azureml`, built now if its sources are newer.
/// `KUBECTL_AZUREML_BINARY` names another of that file name.
pub fn plugin() -> Result<PathBuf> {
    built("KUBECTL_AZUREML_BINARY", PLUGIN.1, Profile::Dev)
}

/// Names and paths, or why there are none.
type Built = OnceLock<Result<BTreeMap<String, PathBuf>, String>>;

/// All at once: cargo looks at the sources one time per process, and two tests do not race.
static DEV: Built = OnceLock::new();
static RELEASE: Built = OnceLock::new();

fn built(variable: &str, name: &str, profile: Profile) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let all = match profile {
        Profile::Dev => &DEV,
        Profile::Release => &RELEASE,
    };
    match all.get_or_init(|| build(profile).map_err(|error| format!("{error:#}"))) {
        Ok(paths) => paths
            .get(name)
            .cloned()
            .with_context(|| format!("cargo built no {name}")),
        Err(text) => bail!("{text}"),
    }
}

fn build(profile: Profile) -> Result<BTreeMap<String, PathBuf>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(repository::root())
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(["--package", OPERATOR, "--package", EMULATOR, "--bins"]);
    match profile {
        Profile::Dev => command.args(["--package", PLUGIN.0]),
        Profile::Release => command.arg("--release"),
    };
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo does not start")?;
    if !output.status.success() {
        bail!("the operator, the emulator and the plugin of kubectl do not build");
    }
    Ok(executables(&String::from_utf8_lossy(&output.stdout)))
}

fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    let parsed = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed
        .filter_map(|message| {
            let path = message.get("executable")?.as_str()?.into();
            Some((message.pointer("/target/name")?.as_str()?.to_owned(), path))
        })
        .collect()
}
