//! Fetches artifacts beside the passes of jobs: a host that is slow keeps nobody but those who wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azureml_spark_core::spark_job::Folder;
use azureml_spark_engine::Wakes;
use tokio::task::JoinSet;

use super::kept::{Job, Kept, Look, Promise, UNUSED_FOR};
use super::object::Announced;
use super::refusal::{Failure, Refusal};
use super::slots::{Slot, Slots};
use super::{fetch, unpack};

/// Most artifacts that are fetched and unpacked at the same time: each may take [`fetch::LIMIT`], and what it unpacks to.
const AT_ONCE: usize = 2;

/// Between two looks whether jobs have let go of what they held.
const ROOM_LOOK: Duration = Duration::from_secs(1);

/// Gives what is kept, and begins what is not. Dropping it ends what was begun.
pub(super) struct Fetcher {
    work: Arc<Work>,
    tasks: Mutex<JoinSet<()>>,
}

struct Work {
    http: reqwest::Client,
    kept: Kept,
    slots: Slots,
    wakes: Wakes<Job>,
}

impl Fetcher {
    /// Sends nothing.
    pub(super) fn new(wakes: Wakes<Job>) -> Result<Self, reqwest::Error> {
        let work = Work {
            http: fetch::client()?,
            kept: Kept::default(),
            slots: Slots::new(AT_ONCE),
            wakes,
        };
        Ok(Self {
            work: Arc::new(work),
            tasks: Mutex::default(),
        })
    }

    /// The files of an artifact, at once; or why there are none yet, and the job is woken when there may be.
    pub(super) fn get(&self, announced: &Announced, job: &Job) -> Result<Folder, Refusal> {
        match self.work.kept.look(announced, job) {
            Look::Known(known) => known,
            Look::Begins(says) => {
                let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
                while tasks.try_join_next().is_some() {}
                tasks.spawn(Arc::clone(&self.work).run(announced.clone()));
                Err(says)
            }
        }
    }
}

impl Work {
    async fn run(self: Arc<Self>, announced: Announced) {
        let (slot, promise) = self.room(&announced).await;
        let outcome = self.fetch(&announced).await;
        let waiting = self.kept.finish(&announced, outcome);
        drop((promise, slot));
        for job in waiting {
            self.wakes.wake(job);
        }
        // Nobody may look again: what is not used goes all the same.
        while self.kept.keeps(&announced) {
            tokio::time::sleep(UNUSED_FOR).await;
        }
    }

    /// Waits for a turn at which there is room for the largest folder. Without room, others have the turn.
    async fn room(&self, announced: &Announced) -> (Slot<'_>, Promise<'_>) {
        loop {
            let slot = self.slots.take(&announced.origin()).await;
            if let Some(promise) = self.kept.promise(unpack::LIMITS.bytes) {
                return (slot, promise);
            }
            drop(slot);
            tokio::time::sleep(ROOM_LOOK).await;
        }
    }

    async fn fetch(&self, announced: &Announced) -> Result<Folder, Failure> {
        // While this waited for its turn, another may have found out.
        if let Some(why) = self.kept.failure_of(&announced.origin()) {
            return Err(Failure::Artifact(why));
        }
        let archive = fetch::fetch(&self.http, announced).await?;
        let unpacked =
            tokio::task::spawn_blocking(move || unpack::unpack(&archive, &unpack::LIMITS)).await;
        let unpacked =
            unpacked.map_err(|_| Refusal::passing("its archive could not be unpacked now"))?;
        Ok(unpacked?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::kept::ROOM;
    use super::*;

    /// What the chart says beside its memory limit.
    #[test]
    fn all_that_is_held_has_a_bound() {
        assert_eq!(ROOM.bytes + AT_ONCE * fetch::LIMIT, 512 << 20);
        // Some is left for what jobs hold.
        const { assert!(ROOM.bytes > AT_ONCE * unpack::LIMITS.bytes) };
    }
}
