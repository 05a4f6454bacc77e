//! Runs that are asked for by name.

use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};

use azureml_spark_azure::aml::job;
use azureml_spark_core::{Class, Fault};
use futures::{StreamExt as _, stream};

use super::{Look, wake};
use crate::translate;

/// Runs of one workspace that are asked for at the same time: a hundred, one after the other, would take longer than a
/// look may.
const AT_ONCE: usize = 4;

impl Look<'_> {
    /// A run that was not seen is unknown until its own route says that it is not there. One that cannot be read keeps
    /// no other from being.
    pub(super) async fn read(&mut self, names: Vec<String>) -> Result<(), Fault> {
        let (site, board) = (self.site, &self.follow.board);
        // Nobody else is asked for, while the answers that are on their way are waited for.
        let enough = AtomicBool::new(false);
        let mut answers = stream::iter(names)
            .take_while(|_| ready(!enough.load(Ordering::Relaxed)))
            .map(async |name: String| {
                let found = site.client.find(job::get(&site.id, &name)).await;
                (name, found)
            })
            .buffer_unordered(AT_ONCE);
        let (mut heard, mut fault) = (false, None);
        while let Some((name, found)) = answers.next().await {
            self.left = self.left.saturating_sub(1);
            if matches!(&found, Err(error) if error.is_waiting()) {
                // As far as the budget goes. It has a place in the line until the next look.
                enough.store(true, Ordering::Relaxed);
                (heard, self.failed) = (true, true);
                continue;
            }
            match found.map_err(|error| translate::fault(&error)) {
                Ok(Some(found)) => {
                    heard = true;
                    let run = translate::run(&found, site.tenant.as_deref());
                    wake(self.news, board.update(self.place, &name, run));
                }
                Ok(None) => {
                    heard = true;
                    wake(self.news, board.forget(self.place, &name));
                }
                Err(refused) => {
                    // All would hear that.
                    let rest = matches!(refused.class, Class::Throttled { .. });
                    enough.fetch_or(rest, Ordering::Relaxed);
                    fault = fault.or(Some(refused));
                }
            }
        }
        match fault {
            Some(fault) if !heard => Err(fault),
            fault => {
                self.failed |= fault.is_some();
                Ok(())
            }
        }
    }
}
