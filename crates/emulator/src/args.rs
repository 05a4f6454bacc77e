//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::{Config, Emulator, Runner, Settings, World, environment};

/// An emulator of Azure Machine Learning and Synapse, for Spark.
#[derive(Debug, Parser)]
#[command(name = "azureml-emulator", version, about)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the emulator can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer requests until SIGTERM or Ctrl-C.
    #[command(after_long_help = SERVE)]
    Serve(Serve),
    /// Print what exists when `--world` names no file, in the form of that file.
    World,
    /// Print all settings with their defaults, in the form of the file of `--settings`.
    Settings,
}

impl Command {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Serve(serve) => serve.run().await,
            Self::World => print(&serde_norway::to_string(&World::default())?),
            Self::Settings => print(&serde_norway::to_string(&Settings::default())?),
        }
    }
}

const SERVE: &str = "\
One HTTPS server answers for all of these, told apart by host and path:
  https://localhost:PORT                                login, resource manager, run history
  https://localhost:PORT/metadata/endpoints             the cloud's endpoints
  https://WORKSPACE.dev.azuresynapse.localhost:PORT     roles of the Synapse workspace
  https://ACCOUNT.blob.core.localhost:PORT              blob storage
  https://localhost:PORT/_emulator/requests?since=N     what was asked, without secrets
  https://localhost:PORT/_emulator/settings             GET, PUT: runner, timing, what is not known of Azure
  https://localhost:PORT/_emulator/faults               GET, POST, DELETE: requests that go wrong on purpose
  https://localhost:PORT/_emulator/reset                POST: back to the start

Once it answers, it prints one line: ready https://localhost:PORT

With Microsoft's Python client, after `set -a; . ENV_FILE`:
  export REQUESTS_CA_BUNDLE=CA_DIR/ca.pem
  credential = ClientSecretCredential(EMULATOR_TENANT, EMULATOR_CLIENT_ID, EMULATOR_CLIENT_SECRET,
      authority=EMULATOR_URL, disable_instance_discovery=True)
  MLClient(credential, EMULATOR_SUBSCRIPTION, EMULATOR_RESOURCE_GROUP, EMULATOR_WORKSPACE,
      enable_telemetry=False, cloud=\"Emulator\", cloud_metadata={
          \"azure_portal\": EMULATOR_URL, \"resource_manager\": EMULATOR_URL + \"/\",
          \"active_directory\": EMULATOR_URL + \"/\", \"aml_resource_id\": EMULATOR_URL + \"/aml\",
          \"storage_endpoint\": \"core.localhost:PORT\", \"registry_discovery_endpoint\": EMULATOR_URL + \"/\"})

Names below `localhost` have to lead to 127.0.0.1; where the system does not do that, name the storage account's
host in /etc/hosts. Inputs and outputs of jobs are plain files: DATA_DIR/ACCOUNT/CONTAINER/PATH.

A job on the pool needs a role for the identity of its compute (PUT /roleAssignments/GUID on the Synapse host), as
in Azure. What is known of Azure and what is a guess: docs/fidelity.md.";

/// Settings of `serve`.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Where to listen: a loopback address; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
    /// Folder for blobs, as plain files, and for the scratch folders of jobs.
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Write the certificate that clients have to trust into this folder, as ca.pem.
    #[arg(long, value_name = "DIR")]
    pub ca_dir: Option<PathBuf>,
    /// YAML file that says what exists at the start; what it leaves out has a default.
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// YAML or JSON file with settings, as `PUT /_emulator/settings` takes them.
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// How submitted jobs are run.
    #[arg(long, value_enum, default_value_t = Runner::Spark)]
    pub runner: Runner,
    /// A Python with PySpark in it.
    #[arg(long, value_name = "PATH", env = "EMULATOR_PYTHON")]
    pub python: Option<PathBuf>,
    /// Write names, ids and the client secret into this file, to be sourced by a shell.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

impl Serve {
    /// Serves until it is told to end.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let config = Config {
            listen: self.listen,
            data_dir: self.data_dir.clone(),
            python: self.python.clone(),
            runner: self.runner,
            world: read::<World>(self.world.as_ref())?,
            settings: read::<Settings>(self.settings.as_ref())?,
        };
        let emulator = Emulator::start(config).await?;
        if let Some(folder) = &self.ca_dir {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("making {}", folder.display()))?;
            std::fs::write(folder.join("ca.pem"), emulator.ca_pem())
                .with_context(|| format!("writing ca.pem into {}", folder.display()))?;
        }
        if let Some(file) = &self.env_file {
            let lines = environment::lines(emulator.url(), emulator.world(), emulator.data_dir());
            write_private(file, &lines).with_context(|| format!("writing {}", file.display()))?;
        }
        announce(emulator.url())?;
        tokio::select! {
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        emulator.stop().await;
        Ok(())
    }
}

fn read<T: serde::de::DeserializeOwned + Default>(file: Option<&PathBuf>) -> anyhow::Result<T> {
    let Some(file) = file else {
        return Ok(T::default());
    };
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    serde_norway::from_str(&text).with_context(|| format!("understanding {}", file.display()))
}

/// The file holds a secret, so nobody else may read it.
fn write_private(file: &PathBuf, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    out.write_all(text.as_bytes())
}

fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

/// The one line on standard output; whoever started the emulator waits for it.
fn announce(url: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready {url}")?;
    out.flush()
}
