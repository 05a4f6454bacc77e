//! `cargo xtask test`: everything that is run.

mod targets;

use std::process::Command;

use anyhow::{Result, ensure};
use azureml_spark_testkit::binaries::Profile;
use azureml_spark_testkit::emulator::{self, Emulator, Runner};
use azureml_spark_testkit::stack::RunFolder;
use azureml_spark_testkit::tools::{self, Prerequisite};
use azureml_spark_testkit::{binaries, control_plane, repository};

use crate::run::{Steps, cargo, run};

/// Tests of one binary at a time; each may have a job and a waiting apiserver of its own.
const MOST_THREADS: usize = 4;

pub(crate) async fn test() -> Result<()> {
    let mut steps = Steps::new();
    steps.step("tools", || {
        Prerequisite::Kubectl.check()?;
        control_plane::prepare()?;
        for tool in [tools::helm, tools::spark_python, tools::sdk_python] {
            tool()?;
        }
        Ok(())
    });
    steps.step("the operator, the emulator and the plugin", || {
        binaries::operator(Profile::Dev).map(drop)
    });
    steps.step("Rust: libraries and programs", others);
    steps.step("Rust: scenarios side by side", waiting);
    steps.step("Rust: examples in the documentation", || {
        run(tests(MOST_THREADS)?.arg("--doc"))
    });
    // Blocking steps and async work do not mix: the emulator is started around the step.
    match sdk_emulator().await {
        Ok((emulator, _folder)) => steps.step("Microsoft's SDK", || sdk(&emulator)),
        Err(error) => steps.step("Microsoft's SDK", || Err(error)),
    }
    steps.finish()
}

/// `cargo test` with what the tests need. Always of the whole workspace: a selection would build the libraries again,
/// with other features.
fn tests(threads: usize) -> Result<Command> {
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .env("RUST_TEST_THREADS", threads.to_string())
        .env("EMULATOR_PYTHON", tools::spark_python()?)
        .env(
            "AZUREML_SPARK_OPERATOR_BINARY",
            binaries::operator(Profile::Dev)?,
        )
        .env("AZUREML_EMULATOR_BINARY", binaries::emulator(Profile::Dev)?)
        .env("KUBECTL_AZUREML_BINARY", binaries::plugin()?);
    Ok(command)
}

fn others() -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut command = tests(cores.min(MOST_THREADS))?;
    command.args(["--lib", "--bins"]);
    for name in targets::others()? {
        command.args(["--test", &name]);
    }
    run(&mut command)
}

/// Together they take hardly longer than the longest lane alone.
fn waiting() -> Result<()> {
    let all: Vec<&str> = targets::waiting().collect();
    run(scenarios(&all, MOST_THREADS)?.arg("--no-run"))?;
    std::thread::scope(|scope| {
        let lanes = targets::LANES.map(|lane| {
            let name = lane.names.join(", ");
            let ended = scope.spawn(move || run(&mut scenarios(lane.names, lane.threads)?));
            (name, ended)
        });
        let mut failed = Vec::new();
        for (name, lane) in lanes {
            match lane.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed.push(format!("{name}: {error:#}")),
                Err(_) => failed.push(format!("{name}: the lane panicked")),
            }
        }
        ensure!(failed.is_empty(), "{}", failed.join("\n"));
        Ok(())
    })
}

fn scenarios(names: &[&str], threads: usize) -> Result<Command> {
    let mut command = tests(threads)?;
    for name in names {
        command.args(["--test", name]);
    }
    Ok(command)
}

async fn sdk_emulator() -> Result<(Emulator, RunFolder)> {
    let folder = RunFolder::new(&repository::runs())?;
    let options = emulator::Options {
        runner: Runner::Spark,
        ..emulator::Options::default()
    };
    Ok((Emulator::start(folder.path(), &options).await?, folder))
}

fn sdk(emulator: &Emulator) -> Result<()> {
    let mut command = Command::new(tools::sdk_python()?);
    command
        .current_dir(repository::root())
        .args(["-m", "pytest", "-p", "no:cacheprovider", "tests/sdk"])
        .envs(emulator.world().variables())
        .env("EMULATOR_CA", emulator.ca_file())
        .env("REQUESTS_CA_BUNDLE", emulator.ca_file())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    run(&mut command)
}
