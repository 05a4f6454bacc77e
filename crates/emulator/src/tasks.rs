//! Work that outlives the request that started it. All of it ends at a reset and at the end.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The running tasks. A task is told to end through its token and is then waited for, so whatever
/// process it started must be gone when it returns.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    current: Mutex<Generation>,
}

#[derive(Clone, Debug, Default)]
struct Generation {
    cancel: CancellationToken,
    tracker: TaskTracker,
}

impl Tasks {
    /// Starts a task; its token says when it has to end.
    pub(crate) fn spawn<F>(&self, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let generation = self.current();
        generation.tracker.spawn(task(generation.cancel.clone()));
    }

    /// Ends all tasks that run now and waits for them; later ones belong to a new generation.
    pub(crate) async fn end(&self) {
        let old = std::mem::take(&mut *self.current.lock().unwrap_or_else(PoisonError::into_inner));
        old.cancel.cancel();
        old.tracker.close();
        old.tracker.wait().await;
    }

    /// Tells all tasks that run now to end, without waiting.
    pub(crate) fn cancel(&self) {
        self.current().cancel.cancel();
    }

    fn current(&self) -> Generation {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
