//! The state that all handlers share, and the part of it that each Azure ML workspace has for itself.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::addresses::Addresses;
use crate::aml::Jobs;
use crate::blob::Blobs;
use crate::clock::{Clock, after};
use crate::fault::Faults;
use crate::ledger::Ledger;
use crate::login::Signer;
use crate::operation::Open;
use crate::store::Store;
use crate::tasks::Tasks;
use crate::throttle::Throttle;
use crate::{Settings, World};

/// Kind of the records of identities that were made while the emulator ran.
const PRINCIPALS: &str = "principals";

/// Everything behind the server as one Azure ML workspace sees it. Clones share all of it.
#[derive(Clone)]
pub(crate) struct App {
    shared: Arc<Shared>,
    /// The world, with the workspace in it that this is about.
    pub(crate) world: Arc<World>,
    pub(crate) jobs: Arc<Jobs>,
    /// Operations on the workspace and its computes that have not ended.
    pub(crate) operations: Arc<Open>,
    store: Arc<Mutex<Store>>,
}

/// What there is once, however many workspaces there are.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) addresses: Addresses,
    pub(crate) data_dir: PathBuf,
    pub(crate) python: Option<PathBuf>,
    pub(crate) blobs: Blobs,
    /// One `spark-submit` at a time: each takes most of a small machine.
    pub(crate) spark: Semaphore,
    pub(crate) signer: Signer,
    pub(crate) ledger: Ledger,
    pub(crate) faults: Faults,
    pub(crate) throttle: Throttle,
    pub(crate) tasks: Tasks,
    /// Asked for several times in each request: handed out, not copied.
    settings: RwLock<Arc<Settings>>,
    initial_settings: Arc<Settings>,
    /// The resource group beside its Azure ML workspaces.
    group: Mutex<Store>,
    /// The first one is the one that examples use.
    workspaces: Vec<Workspace>,
}

/// What one Azure ML workspace has for itself.
#[derive(Clone)]
struct Workspace {
    world: Arc<World>,
    jobs: Arc<Jobs>,
    operations: Arc<Open>,
    store: Arc<Mutex<Store>>,
}

impl Workspace {
    fn new(world: World) -> Self {
        Self {
            world: Arc::new(world),
            jobs: Arc::default(),
            operations: Arc::default(),
            store: Arc::default(),
        }
    }
}

/// Handlers need not know what is shared.
impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl App {
    pub(crate) fn new(
        world: World,
        addresses: Addresses,
        settings: Settings,
        data_dir: PathBuf,
        python: Option<PathBuf>,
    ) -> Self {
        let settings = Arc::new(settings);
        let others = world.other_workspaces.iter();
        let worlds: Vec<World> = others.map(|name| world.seen_from(name)).collect();
        let first = Workspace::new(world);
        let world = &first.world;
        let shared = Arc::new(Shared {
            clock: Clock,
            blobs: Blobs::new(&data_dir, &world.storage_account_key),
            signer: Signer::new(world, &addresses),
            spark: Semaphore::new(1),
            addresses,
            python,
            data_dir,
            ledger: Ledger::default(),
            faults: Faults::default(),
            throttle: Throttle::default(),
            tasks: Tasks::default(),
            settings: RwLock::new(Arc::clone(&settings)),
            initial_settings: settings,
            group: Mutex::default(),
            workspaces: std::iter::once(first.clone())
                .chain(worlds.into_iter().map(Workspace::new))
                .collect(),
        });
        let app = Self::of(shared, first);
        app.seed();
        app
    }

    fn of(shared: Arc<Shared>, workspace: Workspace) -> Self {
        let Workspace {
            world,
            jobs,
            operations,
            store,
        } = workspace;
        Self {
            shared,
            world,
            jobs,
            operations,
            store,
        }
    }

    /// The same as each of the workspaces sees it; the first one is the world's own.
    pub(crate) fn workspaces(&self) -> impl Iterator<Item = Self> {
        let all = self.shared.workspaces.iter();
        all.map(|one| Self::of(Arc::clone(&self.shared), one.clone()))
    }

    /// The same as the workspace of this name sees it.
    pub(crate) fn in_workspace(&self, name: &str) -> Option<Self> {
        self.workspaces()
            .find(|app| app.world.workspace.eq_ignore_ascii_case(name))
    }

    /// The resources of the workspace. Hold the guard for no longer than one look or one change, never over an await.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The resources of the group, and who may use them; as [`App::store`].
    pub(crate) fn group(&self) -> MutexGuard<'_, Store> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The settings as they are now.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        let settings = self.settings.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&settings)
    }

    /// Lays some over the settings, and returns them all. What somebody else changes at the same moment is not lost.
    pub(crate) fn change_settings(&self, over: &Value) -> Result<Arc<Settings>, serde_json::Error> {
        let mut settings = self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *settings = Arc::new(settings.merged(over)?);
        Ok(Arc::clone(&settings))
    }

    /// Remembers when an identity was made.
    pub(crate) fn principal_made(&self, object_id: &str) {
        let at = self.clock.now();
        self.group()
            .put(PRINCIPALS, object_id, serde_json::json!({"madeAt": at}));
    }

    /// Whether the identity was made so recently that the directory's other parts do not know it yet.
    pub(crate) fn is_principal_too_fresh(&self, object_id: &str) -> bool {
        let seconds = self.settings().principal_replication_seconds;
        let made = self.group().get(PRINCIPALS, object_id).and_then(|kept| {
            kept.get("madeAt")
                .and_then(serde_json::Value::as_str)?
                .parse::<jiff::Timestamp>()
                .ok()
        });
        made.is_some_and(|made| after(made, seconds) > self.clock.now())
    }

    /// Back to the state of the start; blobs stay, as they are a person's files.
    pub(crate) async fn reset(&self) {
        self.tasks.end().await;
        *self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::clone(&self.initial_settings);
        self.faults.clear();
        self.ledger.clear();
        self.throttle.clear();
        *self.group() = Store::default();
        for app in self.workspaces() {
            *app.store() = Store::default();
            app.operations.clear();
            app.jobs.clear();
        }
        self.seed();
    }

    fn seed(&self) {
        for app in self.workspaces() {
            crate::inventory::seed(&app);
            crate::synapse::seed(&app);
            crate::arm::links::seed(&app);
            crate::aml::seed(&app);
        }
    }
}
