//! What goes wrong around links, attachments, roles and runs: Azure refuses, loses, delays, or is not as it should be. One
//! stack as in `shared`. Most scenarios change the emulator for all: those of one theme run one after another and leave
//! it as it was. Those that would disturb everybody have a stack of their own, one after another, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod attaching;
mod leaving;
mod links;
mod network;
mod policies;
mod roles;
mod runs;
mod stage;
mod workspaces;

use std::panic::{AssertUnwindSafe, resume_unwind};

use anyhow::Result;
use azureml_spark_testkit::emulator;
use azureml_spark_testkit::scenario;
use azureml_spark_testkit::stack::{Options, Stack};
use futures::FutureExt as _;
use serde_json::json;
use tokio::sync::{Mutex, OnceCell, Semaphore};

use crate::stage::Stage;

const LINK: &str = "LinkedService";
const ATTACHMENT: &str = "SynapseSparkAttachment";

/// The roles that this installation lets anybody grant: all but `SynapseContributor` and `Reader`.
const ALLOWED_ROLES: [&str; 6] = [
    "SynapseAdministrator",
    "SynapseApacheSparkAdministrator",
    "SynapseComputeOperator",
    "Contributor",
    "StorageBlobDataContributor",
    "StorageBlobDataReader",
];

/// Most scenarios at a time that touch only what is their own: they wait for seconds of Azure's, not for a core. One of
/// each theme, and one that is alone, play beside them.
const MOST: usize = 5;

/// The stacks of this binary. They end with the process.
static SHARED: OnceCell<Stack> = OnceCell::const_new();
static DISTURBED: OnceCell<Stack> = OnceCell::const_new();

/// What a scenario changes in the emulator for all. It disturbs nobody who is about something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    Links,
    Computes,
    Network,
    Roles,
    Workspace,
}

impl Theme {
    fn lock(self) -> &'static Mutex<()> {
        static LINKS: Mutex<()> = Mutex::const_new(());
        static COMPUTES: Mutex<()> = Mutex::const_new(());
        static NETWORK: Mutex<()> = Mutex::const_new(());
        static ROLES: Mutex<()> = Mutex::const_new(());
        static WORKSPACE: Mutex<()> = Mutex::const_new(());
        match self {
            Self::Links => &LINKS,
            Self::Computes => &COMPUTES,
            Self::Network => &NETWORK,
            Self::Roles => &ROLES,
            Self::Workspace => &WORKSPACE,
        }
    }
}

/// Runs a scenario that touches only what is its own.
fn scenario(name: &str, story: impl AsyncFnOnce(&Stage<'_>) -> Result<()>) {
    static TURNS: Semaphore = Semaphore::const_new(MOST);
    scenario::play(async {
        let _turn = TURNS.acquire().await?;
        play(&SHARED, name, story).await
    });
}

/// Runs a scenario that changes the emulator for all in this respect.
fn changing(theme: Theme, name: &str, story: impl AsyncFnOnce(&Stage<'_>) -> Result<()>) {
    holding(&[theme], name, story);
}

/// The same for one that counts how often something is asked for: news of the workspace wakes everybody who names it, so
/// nobody changes the workspace meanwhile.
fn undisturbed(theme: Theme, name: &str, story: impl AsyncFnOnce(&Stage<'_>) -> Result<()>) {
    holding(&[theme, Theme::Network, Theme::Workspace], name, story);
}

/// Runs a scenario while nobody else changes anything in these respects. Whoever takes several takes them in one order.
fn holding(themes: &[Theme], name: &str, story: impl AsyncFnOnce(&Stage<'_>) -> Result<()>) {
    scenario::play(async {
        let mut held = Vec::new();
        for theme in themes {
            held.push(theme.lock().lock().await);
        }
        play(&SHARED, name, story).await
    });
}

/// Runs a scenario on a stack on which no other one runs: it ends the operator's process, or lets the emulator refuse
/// what everybody asks for, or takes all that is refused back.
fn alone(name: &str, story: impl AsyncFnOnce(&Stage<'_>) -> Result<()>) {
    static ALONE: Mutex<()> = Mutex::const_new(());
    scenario::play(async {
        let _alone = ALONE.lock().await;
        play(&DISTURBED, name, story).await
    });
}

/// In a namespace of its own with a workspace that is ready. What it has changed for all is put back however it ends.
async fn play(
    stack: &'static OnceCell<Stack>,
    name: &str,
    story: impl AsyncFnOnce(&Stage<'_>) -> Result<()>,
) -> Result<()> {
    let stage = Stage::set_up(stack.get_or_try_init(start).await?, name).await?;
    let ended = AssertUnwindSafe(story(&stage)).catch_unwind().await;
    stage.tidy_up().await?;
    ended.unwrap_or_else(|panic| resume_unwind(panic))
}

async fn start() -> Result<Stack> {
    let options = Options {
        // Azure at its fastest: who is about the length of things sets it.
        emulator: emulator::Options {
            settings: json!({"operationSeconds": 0, "instantSeconds": 0.2}),
            ..emulator::Options::default()
        },
        values: json!({
            "grants": {"allowedRoles": ALLOWED_ROLES},
            "notRespondingSeconds": 2,
            "cancelStuckSeconds": 2,
        }),
        ..Options::default()
    };
    Stack::start(options).await
}
