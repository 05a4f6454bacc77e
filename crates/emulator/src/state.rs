//! The state that all handlers share.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::addresses::Addresses;
use crate::aml::Jobs;
use crate::blob::Blobs;
use crate::clock::{Clock, after};
use crate::fault::Faults;
use crate::ledger::Ledger;
use crate::login::Signer;
use crate::store::Store;
use crate::tasks::Tasks;
use crate::throttle::Throttle;
use crate::{Settings, World};

/// Kind of the records of identities that were made while the emulator ran.
const PRINCIPALS: &str = "principals";

/// Everything behind the server.
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) world: World,
    pub(crate) addresses: Addresses,
    pub(crate) data_dir: PathBuf,
    pub(crate) python: Option<PathBuf>,
    pub(crate) blobs: Blobs,
    pub(crate) jobs: Jobs,
    /// One `spark-submit` at a time: each takes most of a small machine.
    pub(crate) spark: Semaphore,
    pub(crate) signer: Signer,
    pub(crate) ledger: Ledger,
    pub(crate) faults: Faults,
    pub(crate) throttle: Throttle,
    pub(crate) tasks: Tasks,
    settings: RwLock<Settings>,
    initial_settings: Settings,
    store: Mutex<Store>,
}

impl App {
    pub(crate) fn new(
        world: World,
        addresses: Addresses,
        settings: Settings,
        data_dir: PathBuf,
        python: Option<PathBuf>,
    ) -> Self {
        let app = Self {
            clock: Clock,
            blobs: Blobs::new(&data_dir, &world.storage_account_key),
            signer: Signer::new(&world, &addresses),
            jobs: Jobs::default(),
            spark: Semaphore::new(1),
            world,
            addresses,
            python,
            data_dir,
            ledger: Ledger::default(),
            faults: Faults::default(),
            throttle: Throttle::default(),
            tasks: Tasks::default(),
            settings: RwLock::new(settings.clone()),
            initial_settings: settings,
            store: Mutex::default(),
        };
        app.seed();
        app
    }

    /// The resources. Hold the guard for no longer than one look or one change, never over an await.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The settings as they are now.
    pub(crate) fn settings(&self) -> Settings {
        self.settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Lays some over the settings, and returns them all. What somebody else changes at the same moment is not lost.
    pub(crate) fn change_settings(&self, over: &Value) -> Result<Settings, serde_json::Error> {
        let mut settings = self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *settings = settings.merged(over)?;
        Ok(settings.clone())
    }

    /// Remembers when an identity was made.
    pub(crate) fn principal_made(&self, object_id: &str) {
        let at = self.clock.now();
        self.store()
            .put(PRINCIPALS, object_id, serde_json::json!({"madeAt": at}));
    }

    /// Whether the identity was made so recently that the directory's other parts do not know it yet.
    pub(crate) fn is_principal_too_fresh(&self, object_id: &str) -> bool {
        let seconds = self.settings().principal_replication_seconds;
        let made = self.store().get(PRINCIPALS, object_id).and_then(|kept| {
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
            .unwrap_or_else(PoisonError::into_inner) = self.initial_settings.clone();
        self.faults.clear();
        self.ledger.clear();
        self.throttle.clear();
        *self.store() = Store::default();
        self.jobs.clear();
        self.seed();
    }

    fn seed(&self) {
        crate::inventory::seed(self);
        crate::synapse::seed(self);
        crate::arm::links::seed(self);
        crate::aml::seed(self);
    }
}
