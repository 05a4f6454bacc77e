//! Two clusters, each with a control plane and an operator of its own, on one Azure. In each scenario each operator has
//! credentials of its own, so that the ledger tells what it did there from what the other did, and from what either did
//! in the scenarios beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod attachments;
mod cluster;
mod jobs;
mod links;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::{self, Emulator};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::repository;
use azureml_spark_testkit::scenario::play;
use azureml_spark_testkit::stack::{Options, RunFolder, Stack};
use serde_json::json;
use tokio::sync::{Mutex, OnceCell, RwLock};

use crate::cluster::Cluster;

const ATTACHMENT: &str = "SynapseSparkAttachment";
const JOB: &str = "SparkJob";
const LINK: &str = "LinkedService";

/// As many applications as operators ask for, in all scenarios.
const APPLICATIONS: usize = 16;

/// Both stacks, and the Azure between them. They end with the process.
struct Pair {
    /// The applications that no operator has yet, by their client ids.
    spare: Mutex<Vec<String>>,
    first: Stack,
    second: Stack,
    _folder: RunFolder,
}

impl Pair {
    async fn start() -> Result<RwLock<Self>> {
        let folder = RunFolder::new(&repository::runs())?;
        let spare: Vec<_> = (0..APPLICATIONS).map(client_id).collect();
        let principal = |id: &String| json!({"clientId": id, "access": "all"});
        let principals: Vec<_> = spare.iter().map(principal).collect();
        let options = emulator::Options {
            world: json!({"principals": principals}),
            settings: json!({"operationSeconds": 0.2}),
            ..emulator::Options::default()
        };
        let emulator = Arc::new(Emulator::start(folder.path(), &options).await?);
        let cluster = || {
            Stack::start(Options {
                beside: Some(emulator.clone()),
                ..Options::default()
            })
        };
        let (first, second) = tokio::try_join!(cluster(), cluster())?;
        Ok(RwLock::new(Self {
            spare: Mutex::new(spare),
            first,
            second,
            _folder: folder,
        }))
    }
}

/// Runs a scenario on both clusters, in a namespace with a ready workspace in each, side by side with others.
fn scenario(name: &str, story: impl Story) {
    play(async { run(&*pair().await?.read().await, name, story).await });
}

/// The same for a scenario that stops an operator: no other runs beside it.
fn scenario_alone(name: &str, story: impl Story) {
    play(async { run(&*pair().await?.write().await, name, story).await });
}

trait Story: AsyncFnOnce(&Cluster<'_>, &Cluster<'_>, &Portal<'_>) -> Result<()> {}
impl<F: AsyncFnOnce(&Cluster<'_>, &Cluster<'_>, &Portal<'_>) -> Result<()>> Story for F {}

async fn pair() -> Result<&'static RwLock<Pair>> {
    static PAIR: OnceCell<RwLock<Pair>> = OnceCell::const_new();
    Box::pin(PAIR.get_or_try_init(Pair::start)).await
}

async fn run(pair: &Pair, name: &str, story: impl Story) -> Result<()> {
    let (one, other) = {
        let mut spare = pair.spare.lock().await;
        spare
            .pop()
            .zip(spare.pop())
            .context("too few applications")?
    };
    let (first, second) = tokio::try_join!(
        Cluster::open(&pair.first, name, &one),
        Cluster::open(&pair.second, name, &other),
    )?;
    let portal = Portal::new(first.emulator())?;
    story(&first, &second, &portal).await
}

fn client_id(number: usize) -> String {
    format!("22222222-2222-4222-8222-{number:012}")
}
