//! Two clusters, each with a control plane and an operator of its own, on one Azure. Each operator has credentials of
//! its own, so that the ledger tells what it did from what the other did.
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

use anyhow::Result;
use azureml_spark_testkit::emulator::{self, Emulator};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::repository;
use azureml_spark_testkit::scenario::play;
use azureml_spark_testkit::stack::{Options, RunFolder, Stack};
use serde_json::json;
use tokio::sync::{OnceCell, RwLock};

use crate::cluster::Cluster;

const ATTACHMENT: &str = "SynapseSparkAttachment";
const JOB: &str = "SparkJob";
const LINK: &str = "LinkedService";

/// The second cluster's application; the first has the emulator's usual one.
const SECOND_CLIENT_ID: &str = "22222222-2222-4222-8222-000000000002";

/// Both stacks, and the Azure between them. They end with the process.
struct Pair {
    emulator: Arc<Emulator>,
    first: Stack,
    second: Stack,
    _folder: RunFolder,
}

impl Pair {
    async fn start() -> Result<RwLock<Self>> {
        let folder = RunFolder::new(&repository::runs())?;
        let options = emulator::Options {
            world: json!({"principals": [{"clientId": SECOND_CLIENT_ID, "access": "all"}]}),
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
            emulator,
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
    let usual = &pair.emulator.world().client_id;
    let (first, second) = tokio::try_join!(
        Cluster::open(&pair.first, name, usual),
        Cluster::open(&pair.second, name, SECOND_CLIENT_ID),
    )?;
    let portal = Portal::new(&pair.emulator)?;
    story(&first, &second, &portal).await
}
