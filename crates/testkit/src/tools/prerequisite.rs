//! What a machine must have already, and how to get it.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// A program that we do not bring along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prerequisite {
    /// Builds the control plane and helm.
    Go,
    /// Runs `PySpark` and the SDK.
    Python,
    /// Runs Spark.
    Java,
    /// Talks to the stack that `up` leaves running.
    Kubectl,
}

impl Prerequisite {
    /// An error that names what is missing and how to get it.
    pub fn check(self) -> Result<()> {
        let (program, arguments, advice) = self.about();
        let started = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match started {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => bail!(
                "`{program} {}` failed ({status}); needed: {advice}",
                arguments.join(" ")
            ),
            Err(_) => bail!("`{program}` is not on the PATH; needed: {advice}"),
        }
    }

    fn about(self) -> (&'static str, &'static [&'static str], &'static str) {
        match self {
            Self::Go => (
                "go",
                &["version"],
                "Go 1.26 or later, from https://go.dev/dl/",
            ),
            Self::Python => (
                "python3",
                &[
                    "-c",
                    "import ensurepip, sys, venv; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 12))",
                ],
                "Python 3.9 to 3.12 with venv (Debian, Ubuntu: apt-get install python3-venv)",
            ),
            Self::Java => (
                "java",
                &["-version"],
                "Java 17 (Debian, Ubuntu: apt-get install openjdk-17-jre-headless)",
            ),
            Self::Kubectl => (
                "kubectl",
                &["version", "--client"],
                "kubectl, https://kubernetes.io/docs/tasks/tools/",
            ),
        }
    }
}
