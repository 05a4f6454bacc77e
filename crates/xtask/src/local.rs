//! `up` and `down`: a stack that stays, for a person to work with.

mod state;

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::{self, Runner, World};
use azureml_spark_testkit::process::end_detached;
use azureml_spark_testkit::stack::{CLOUD, Options, Stack};
use azureml_spark_testkit::tools::Prerequisite;

use state::State;

/// Starts a stack in `folder` and leaves it running; says so if it runs already.
pub(crate) async fn up(folder: &Path) -> Result<()> {
    let _lock = state::lock(folder)?;
    if let Some(state) = State::read(folder)? {
        let ended = state.ended();
        if ended.is_empty() {
            println!("The stack is up.");
            tell(folder);
            return Ok(());
        }
        println!(
            "No longer running: {}. The rest is ended, and a new stack started.",
            ended.join(", ")
        );
        end(folder, &state)?;
    }
    let begun = Instant::now();
    state::clear(folder)?;
    let options = Options {
        emulator: emulator::Options {
            runner: Runner::Spark,
            ..emulator::Options::default()
        },
        ..Options::default()
    };
    let stack = Stack::start_in(folder, options).await?;
    let kubeconfig = folder.join("kubeconfig");
    fs::copy(stack.plane().kubeconfig(), &kubeconfig)?;
    fs::set_permissions(&kubeconfig, fs::Permissions::from_mode(0o600))?;
    write_env(folder, stack.emulator().world())?;
    State {
        processes: stack.detach()?,
    }
    .write(folder)?;
    println!(
        "The stack is up after {:.1} s.",
        begun.elapsed().as_secs_f64()
    );
    tell(folder);
    Ok(())
}

/// Ends the stack of `folder`: exactly the processes that `up` started. Data and logs stay until the next `up`.
pub(crate) fn down(folder: &Path) -> Result<()> {
    if !folder.exists() {
        println!("Nothing is up.");
        return Ok(());
    }
    let _lock = state::lock(folder)?;
    match State::read(folder)? {
        Some(state) => {
            end(folder, &state)?;
            println!(
                "The stack is down. Data and logs stay in {} until the next `up`.",
                folder.display()
            );
        }
        None => println!("Nothing is up."),
    }
    Ok(())
}

fn end(folder: &Path, state: &State) -> Result<()> {
    let processes: Vec<_> = state
        .processes
        .iter()
        .map(|(_, process)| process.clone())
        .collect();
    end_detached(&processes)?;
    State::forget(folder)
}

fn tell(folder: &Path) {
    println!(
        "  . {}    # KUBECONFIG and EMULATOR_* for this shell",
        folder.join("env").display()
    );
    println!("  kubectl get azureml --all-namespaces");
    println!("  logs: {}", folder.join("logs").display());
    if let Err(error) = Prerequisite::Kubectl.check() {
        println!("  {error}");
    }
}

/// Names with `export`, so that what the shell starts sees them. The client secret is among them.
fn write_env(folder: &Path, world: &World) -> Result<()> {
    use std::io::Write as _;
    let path = folder.join("env");
    let mut file = fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    let folder = folder.canonicalize()?;
    let own = [
        (
            "KUBECONFIG".to_owned(),
            folder.join("kubeconfig").display().to_string(),
        ),
        (
            "EMULATOR_CA".to_owned(),
            folder.join("ca.pem").display().to_string(),
        ),
        ("EMULATOR_CLOUD".to_owned(), CLOUD.to_owned()),
    ];
    let emulator = world
        .variables()
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    for (name, value) in own.into_iter().chain(emulator) {
        writeln!(file, "export {name}='{}'", value.replace('\'', r"'\''"))?;
    }
    Ok(())
}
