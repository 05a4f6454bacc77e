//! `cargo xtask check`: what a machine can say about the code without running it.

mod arrows;
mod chart;
mod deny;
mod sources;

use anyhow::Result;

use crate::generate;
use crate::run::{Steps, cargo, run};

/// Runs every check, and fails at the end if one failed.
pub(crate) fn check() -> Result<()> {
    let mut steps = Steps::new();
    steps.step("formatting", || {
        run(cargo().args(["fmt", "--all", "--check"]))
    });
    steps.step("sources", sources::check);
    steps.step("arrows between crates", arrows::check);
    steps.step("generated files", generate::must_be_current);
    steps.step("chart", chart::check);
    steps.step("dependencies", deny::check);
    steps.step("lints", || {
        let clippy = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--quiet",
        ];
        run(cargo().args(clippy).args(["--", "--deny", "warnings"]))
    });
    steps.step("documentation", || {
        let doc = [
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
            "--locked",
            "--quiet",
        ];
        run(cargo().args(doc).env("RUSTDOCFLAGS", "--deny warnings"))
    });
    steps.finish()
}
