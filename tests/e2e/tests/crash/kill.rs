//! `kill -9` while one write is on its way, and a new start.

use std::cell::Cell;

use anyhow::Result;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::stack::Stack;
use serde_json::json;

use crate::effect::{self, Effect};
use crate::life::Life;

/// On which side of the effect the operator dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Never,
    Before,
    After,
}

/// What becomes of the statuses meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Records {
    Kept,
    Erased,
}

pub(crate) struct Kill<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) life: &'a Life<'a>,
    /// Which of its writes.
    pub(crate) index: usize,
    pub(crate) when: When,
    pub(crate) records: Records,
}

impl Kill<'_> {
    /// Has the write held that is to be the last; before the first one happens, so that it is counted. Returns where
    /// the life begins in the ledger.
    pub(crate) async fn prepare(&self) -> Result<u64> {
        let emulator = self.stack.emulator();
        let effect = Effect::ALL[self.index];
        let earlier = Effect::ALL[..self.index]
            .iter()
            .filter(|one| one.counts_with(effect));
        let since = emulator.now().await?;
        let when = if self.when == When::Before {
            "before"
        } else {
            "after"
        };
        emulator
            .inject(json!({
                "method": effect.method(), "path": effect.path(self.life), "skip": earlier.count(), "count": 1,
                // Longer than anybody waits: the connection of the dead ends it.
                "action": {"kind": "delay", "seconds": 600, "when": when},
            }))
            .await?;
        Ok(since)
    }

    /// Waits for that write and strikes.
    pub(crate) async fn strike(&self, since: u64) -> Result<()> {
        let (emulator, operator) = (self.stack.emulator(), self.stack.operator());
        let effect = Effect::ALL[self.index];
        let same = |one: &&Effect| **one == effect;
        let earlier = Effect::ALL[..self.index].iter().filter(same).count();
        let what = format!("write {} ({effect:?}) is on its way", self.index);
        // On its way at two looks: by then a write that waits only for its answer has had its effect.
        let seen_before = Cell::new(false);
        let before = until(&what, PATIENCE, async || {
            let writes = effect::of(&emulator.requests_since(since).await?, self.life);
            let mut alike = writes
                .iter()
                .enumerate()
                .filter(|(_, (one, _))| *one == effect);
            let Some((place, (_, entry))) = alike.nth(earlier) else {
                return Ok(None);
            };
            let held = entry.status.is_none() && seen_before.replace(true);
            let before = writes[..place].iter().map(|(one, _)| *one);
            Ok(held.then(|| early(before)))
        })
        .await?;
        assert_eq!(before, early(Effect::ALL[..self.index].iter().copied()));
        operator.kill()?;
        if self.records == Records::Erased {
            self.erase().await?;
        }
        operator.start().await
    }

    /// Takes their statuses away, as far as the objects are there.
    async fn erase(&self) -> Result<()> {
        let scope = self.life.scope();
        for (kind, name) in self.life.objects() {
            let api = scope.objects(kind);
            if api.get_opt(&name).await?.is_some() {
                scope.erase_status(kind, &name).await?;
            }
        }
        Ok(())
    }
}

/// Those that come in one order: link and pool go when nothing can appear any more, whichever is first.
fn early(effects: impl Iterator<Item = Effect>) -> Vec<Effect> {
    effects.filter(|effect| !effect.is_late()).collect()
}
