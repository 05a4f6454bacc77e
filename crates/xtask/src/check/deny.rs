//! Licences, sources, duplicates and, where the database can be had, advisories.

use std::process::{Command, Stdio};

use anyhow::Result;
use azureml_spark_testkit::{repository, tools};

use crate::run::run;

const ADVISORIES: &str = "https://github.com/RustSec/advisory-db";

pub(super) fn check() -> Result<()> {
    let mut command = Command::new(tools::cargo_deny()?);
    command.current_dir(repository::root());
    command.args([
        "--locked",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]);
    if advisories_can_be_had() {
        command.arg("advisories");
    } else {
        println!("advisories: {ADVISORIES} cannot be reached, not looked at");
    }
    run(&mut command)
}

fn advisories_can_be_had() -> bool {
    let asked = Command::new("git")
        .args([
            "-c",
            "http.lowSpeedLimit=1000",
            "-c",
            "http.lowSpeedTime=10",
        ])
        .args(["ls-remote", "--exit-code", ADVISORIES, "HEAD"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}
