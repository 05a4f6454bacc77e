//! How each tool is built.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Progress;

/// The release in `tests/control-plane/go.mod`. Without it in the binary, kubectl and helm cannot read the version.
const KUBERNETES: &str = "1.36.3";

pub(super) fn control_plane(source: &Path, into: &Path, progress: &Progress) -> Result<()> {
    let mut parts = KUBERNETES.split('.');
    let (major, minor) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let version = "k8s.io/component-base/version";
    let flags = format!(
        "-s -w -X {version}.gitVersion=v{KUBERNETES} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
    );
    go_build(source, ".", &flags, &into.join("control-plane"), progress)
}

pub(super) fn helm(source: &Path, into: &Path, progress: &Progress) -> Result<()> {
    go_build(
        source,
        "helm.sh/helm/v4/cmd/helm",
        "-s -w",
        &into.join("helm"),
        progress,
    )
}

fn go_build(
    source: &Path,
    package: &str,
    linker_flags: &str,
    binary: &Path,
    progress: &Progress,
) -> Result<()> {
    let mut command = Command::new("go");
    command
        .current_dir(source)
        .env("CGO_ENABLED", "0")
        // A go.work above the checkout, or flags meant for other code, must not change what is built.
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .args([
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags",
            linker_flags,
            "-o",
        ])
        .arg(binary)
        .arg(package);
    progress.run(&mut command)
}

pub(super) fn python(source: &Path, into: &Path, progress: &Progress) -> Result<()> {
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(into);
    progress.run(&mut venv)?;
    progress.say("the environment is made, packages are being installed");
    let mut install = Command::new(into.join("bin/python"));
    install
        .args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "--quiet",
            "-r",
        ])
        .arg(source.join("requirements.txt"));
    progress.run(&mut install)
}

pub(super) fn cargo_deny(version: &str, into: &Path, progress: &Progress) -> Result<()> {
    let scratch = tempfile::tempdir().context("no temporary folder")?;
    let mut command = Command::new(env!("CARGO"));
    command
        // Outside the checkout: its target folder, toolchain file and aliases are for our own crates.
        .current_dir(scratch.path())
        .env("CARGO_TARGET_DIR", scratch.path())
        .args([
            "install",
            "cargo-deny",
            "--locked",
            "--debug",
            "--version",
            version,
            "--root",
        ])
        .arg(into);
    progress.run(&mut command)
}
