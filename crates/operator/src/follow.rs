//! Follows every live run of a workspace with one listing, or by Studio's index.
//!
//! Azure ML has no filter by state, and a workspace may hold tens of thousands of old runs of other people
//! (contract §13). So the listing is narrowed to our tag, read only until every live run was seen, and never
//! further than pays; runs that were not seen are asked for one by one. What a look may cost is bounded.

mod allowance;
mod counts;
mod habits;
mod index;
mod list;
mod read;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use azureml_spark_api::SparkJob;
use azureml_spark_azure::Rank;
use azureml_spark_core::Fault;
use azureml_spark_core::place::Place;
use azureml_spark_engine::{BatchSource, Metrics, Wakes};
use clap::ValueEnum;
use kube::runtime::reflector::ObjectRef;

use crate::access::{Access, Site};
use crate::args::Args;
use crate::board::Board;

use counts::Counts;
use habits::Habits;

/// Who is asked first which runs are live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FollowBy {
    /// The list of jobs.
    List,
    /// Studio's index, and the list of jobs for some minutes whenever that does not answer.
    Index,
}

/// The source of the poller: a shard is a workspace.
pub(crate) struct Follow {
    access: Arc<Access>,
    board: Board,
    period: Duration,
    /// Of what Azure gives, as much as this operator may use.
    percent: u8,
    by: FollowBy,
    habits: Habits,
    counts: Counts,
}

impl Follow {
    pub(crate) fn new(access: &Arc<Access>, board: &Board, args: &Args, metrics: &Metrics) -> Self {
        Self {
            access: Arc::clone(access),
            board: board.clone(),
            period: args.poll(),
            percent: args.azure_budget_percent,
            by: args.follow,
            habits: Habits::default(),
            counts: Counts::new(metrics),
        }
    }
}

impl BatchSource for Follow {
    type Shard = Place;
    type Key = ObjectRef<SparkJob>;

    fn due(&self, place: &Place) -> Option<Duration> {
        let due = self.board.any_live(place).then_some(self.period);
        if due.is_none() {
            self.habits.forget(place);
        }
        due
    }

    fn age(&self, place: &Place) -> Option<Duration> {
        self.board.age(place)
    }

    async fn look(&self, place: &Place, news: &Wakes<Self::Key>) -> Result<(), Fault> {
        let live: HashSet<String> = self.board.live(place).into_iter().collect();
        if live.is_empty() {
            return Ok(());
        }
        let looked = match self.access.site(place).await {
            Ok(site) => {
                let site = Site {
                    client: site.client.ranked(Rank::Follow),
                    ..site
                };
                let mut look = Look {
                    left: allowance::of(
                        site.client.cloud().limits.reads,
                        self.percent,
                        self.period,
                        self.board.places(),
                    ),
                    follow: self,
                    place,
                    site: &site,
                    news,
                    unseen: live,
                    failed: false,
                };
                look.look().await.map(|()| look.failed)
            }
            Err(fault) => Err(fault),
        };
        if *looked.as_ref().unwrap_or(&true) {
            // Whoever was not seen for some periods looks for itself, and tells its user what is in the way.
            wake(news, self.board.unseen(place));
        }
        looked.map(drop)
    }
}

fn wake(news: &Wakes<ObjectRef<SparkJob>>, jobs: impl IntoIterator<Item = ObjectRef<SparkJob>>) {
    for job in jobs {
        news.wake(job);
    }
}

/// One look at a workspace.
struct Look<'a> {
    follow: &'a Follow,
    place: &'a Place,
    site: &'a Site,
    news: &'a Wakes<ObjectRef<SparkJob>>,
    /// The live runs that this look has not shown yet.
    unseen: HashSet<String>,
    /// How many requests to Resource Manager it may still make.
    left: usize,
    /// Whether a run could not be asked for, while others could, or a request waits for its turn.
    failed: bool,
}

impl Look<'_> {
    async fn look(&mut self) -> Result<(), Fault> {
        let board = &self.follow.board;
        // The index tells states, and nothing else of a run: the list tells it all of those that are awaited.
        let by_index = self.follow.by == FollowBy::Index && !board.awaits_any(self.place);
        if by_index && self.follow.habits.asks_index(self.place) {
            match self.by_index().await? {
                None => return Ok(()),
                Some(why) => self.shut_index(&why),
            }
        }
        self.list().await?;
        let unseen = self.unseen.iter().cloned();
        let names = board.longest_unseen(self.place, unseen, self.left);
        self.read(names).await
    }

    fn wake(&self, jobs: impl IntoIterator<Item = ObjectRef<SparkJob>>) {
        wake(self.news, jobs);
    }
}

#[cfg(test)]
mod tests;
