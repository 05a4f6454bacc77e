//! Running commands and steps, with what they are and how long they took.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use azureml_spark_testkit::repository;

/// The cargo that runs us, in the root of the checkout.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(repository::root());
    command
}

/// Runs a command to its end; its output is seen as it comes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("`{program}` does not start"))?;
    if !status.success() {
        let arguments: Vec<_> = command
            .get_args()
            .map(|word| word.to_string_lossy())
            .collect();
        bail!("`{program} {}` failed ({status})", arguments.join(" "));
    }
    Ok(())
}

/// Runs a command to its end and returns its standard output; all that it says is seen only if it fails.
pub(crate) fn quietly(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("`{program}` does not start"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        print!("{said}{}", String::from_utf8_lossy(&output.stderr));
        bail!("`{program}` failed ({})", output.status);
    }
    Ok(said)
}

/// Runs a command to its end and returns its standard output.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let output = output.with_context(|| format!("`{program}` does not start"))?;
    if !output.status.success() {
        bail!("`{program}` failed ({})", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Steps one after the other, all of them, however many fail.
pub(crate) struct Steps {
    results: Vec<(&'static str, Duration, Option<anyhow::Error>)>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self {
            results: Vec::new(),
        }
    }

    /// Runs one step and remembers how it went.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) {
        println!("\n== {name}");
        let begun = Instant::now();
        let error = work().err();
        if let Some(error) = &error {
            println!("{error:#}");
        }
        self.results.push((name, begun.elapsed(), error));
    }

    /// Prints how each step went; an error if one failed.
    pub(crate) fn finish(self) -> Result<()> {
        println!();
        for (name, took, error) in &self.results {
            let word = if error.is_none() { "ok    " } else { "FAILED" };
            println!("{word} {:>6.1} s  {name}", took.as_secs_f64());
        }
        let failed = self
            .results
            .iter()
            .filter(|(_, _, error)| error.is_some())
            .count();
        if failed > 0 {
            bail!("{failed} of {} failed", self.results.len());
        }
        Ok(())
    }
}
