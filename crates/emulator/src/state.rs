//! The state that all handlers share.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use crate::addresses::Addresses;
use crate::clock::Clock;
use crate::fault::Faults;
use crate::ledger::Ledger;
use crate::login::Signer;
use crate::store::Store;
use crate::tasks::Tasks;
use crate::throttle::Throttle;
use crate::{Settings, World};

/// Everything behind the server.
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) world: World,
    pub(crate) addresses: Addresses,
    pub(crate) data_dir: PathBuf,
    pub(crate) python: Option<PathBuf>,
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
            signer: Signer::new(&world, &addresses),
            world,
            addresses,
            data_dir,
            python,
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
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the settings.
    pub(crate) fn set_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Back to the state of the start; blobs stay, as they are a person's files.
    pub(crate) async fn reset(&self) {
        self.tasks.end().await;
        self.set_settings(self.initial_settings.clone());
        self.faults.clear();
        self.ledger.clear();
        self.throttle.clear();
        *self.store() = Store::default();
        self.seed();
    }

    fn seed(&self) {
        crate::synapse::seed(self);
        crate::aml::seed(self);
    }
}
