//! Follows every live run of a workspace with one listing.
//!
//! Azure ML has no filter by state, and a workspace may hold tens of thousands of old runs of other people
//! (contract §13). So the listing is narrowed to our tag, read only until every live run was seen, and never
//! further than some pages; runs that were not seen are asked for one by one, some per look.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use azureml_spark_api::SparkJob;
use azureml_spark_azure::aml::job::{self, Filter};
use azureml_spark_core::Fault;
use azureml_spark_core::place::Place;
use azureml_spark_core::spark_job::TAG;
use azureml_spark_engine::{BatchSource, Wakes};
use kube::runtime::reflector::ObjectRef;

use crate::access::{Access, Site};
use crate::board::Board;
use crate::translate;

/// Most pages that one look reads: at 10 s a look this is a twentieth of what ARM gives (contract §0.4: 25 reads/s).
const PAGES: usize = 10;

/// Most runs that one look asks for by name, for the same reason.
const READS: usize = 20;

/// The source of the poller: a shard is a workspace.
pub(crate) struct Follow {
    pub(crate) access: Arc<Access>,
    pub(crate) board: Board,
    pub(crate) period: Duration,
}

impl BatchSource for Follow {
    type Shard = Place;
    type Key = ObjectRef<SparkJob>;

    fn due(&self, place: &Place) -> Option<Duration> {
        self.board.any_live(place).then_some(self.period)
    }

    async fn look(&self, place: &Place, news: &Wakes<Self::Key>) -> Result<(), Fault> {
        let looked = self.look_at(place, news).await;
        if looked.is_err() {
            // Whoever was not seen for some periods looks for itself, and tells its user what is in the way.
            for job in self.board.unseen(place) {
                news.wake(job);
            }
        }
        looked
    }
}

impl Follow {
    async fn look_at(&self, place: &Place, news: &Wakes<ObjectRef<SparkJob>>) -> Result<(), Fault> {
        let site = self.access.site(place).await?;
        let mut unseen: HashSet<String> = self.board.live(place).into_iter().collect();
        self.list(&site, place, &mut unseen, news).await?;
        self.read(&site, place, unseen, news).await
    }

    async fn list(
        &self,
        site: &Site,
        place: &Place,
        unseen: &mut HashSet<String>,
        news: &Wakes<ObjectRef<SparkJob>>,
    ) -> Result<(), Fault> {
        let filter = Filter {
            job_type: Some("Spark"),
            tag: Some(TAG),
        };
        let mut call = job::list(&site.id, filter);
        for _ in 0..PAGES {
            let page = site
                .client
                .send(call)
                .await
                .map_err(|error| translate::fault(&error))?;
            for found in &page.items {
                if unseen.remove(&found.name) {
                    let run = translate::run(found, site.tenant.as_deref());
                    for job in self.board.update(place, &found.name, run) {
                        news.wake(job);
                    }
                }
            }
            match page.next {
                Some(next) if !unseen.is_empty() => call = job::next_page(next),
                _ => break,
            }
        }
        Ok(())
    }

    /// A run that was not seen is unknown until its own route says that it is not there.
    async fn read(
        &self,
        site: &Site,
        place: &Place,
        unseen: HashSet<String>,
        news: &Wakes<ObjectRef<SparkJob>>,
    ) -> Result<(), Fault> {
        for name in self.board.longest_unseen(place, unseen, READS) {
            let found = site.client.find(job::get(&site.id, &name)).await;
            let turned = match found.map_err(|error| translate::fault(&error))? {
                Some(found) => {
                    let run = translate::run(&found, site.tenant.as_deref());
                    self.board.update(place, &name, run)
                }
                None => self.board.forget(place, &name),
            };
            for job in turned {
                news.wake(job);
            }
        }
        Ok(())
    }
}
