//! A look by the list of jobs.

use azureml_spark_azure::aml::job::{self, Filter, Listed};
use azureml_spark_core::Fault;
use azureml_spark_core::spark_job::TAG;

use super::Look;
use super::habits::Shown;
use crate::board::Sighting;
use crate::translate;

impl Look<'_> {
    /// Reads pages until every live run was seen, as far as pages have paid, or as the budget goes.
    pub(super) async fn list(&mut self) -> Result<(), Fault> {
        self.follow.counts.listed();
        let habits = &self.follow.habits;
        // One request is left for the run that nobody saw for longest.
        let most = habits.pages(self.place).min(self.left.saturating_sub(1));
        let filter = Filter {
            job_type: Some("Spark"),
            tag: Some(TAG),
        };
        let mut call = job::list(&self.site.id, filter);
        let mut shown = Shown::of(self.unseen.len(), self.left);
        loop {
            let page = match self.site.client.send(call).await {
                Ok(page) => page,
                Err(error) if error.is_waiting() => {
                    // The others are asked for by name: they would never be, if they stood behind this page each time. That
                    // it was not read tells nothing of what it shows.
                    self.failed = true;
                    return Ok(());
                }
                Err(error) => return Err(translate::fault(&error)),
            };
            self.left = self.left.saturating_sub(1);
            shown.page(page.items.iter().filter(|found| self.shows(found)).count());
            match page.next {
                Some(next) if !self.unseen.is_empty() && shown.pages() < most => {
                    call = job::next_page(next);
                }
                _ => break,
            }
        }
        shown.all = self.unseen.is_empty();
        habits.paged(self.place, &shown);
        Ok(())
    }

    /// Takes a listed job in, if it is one that is followed. Only what is new is read as a whole.
    fn shows(&mut self, found: &Listed) -> bool {
        if !self.unseen.contains(&found.name) {
            return false;
        }
        let board = &self.follow.board;
        let state = translate::state(&found.status);
        if board.sighted(self.place, &found.name, &state) == Sighting::New {
            // One that cannot be read is asked for by name.
            let Some(job) = found.job() else {
                return false;
            };
            let run = translate::run(&job, self.site.tenant.as_deref());
            self.wake(board.update(self.place, &found.name, run));
        }
        self.unseen.remove(&found.name)
    }
}
