//! Two hundred live jobs that share one `ConfigMap`, in a workspace with twenty thousand old runs of other people:
//! one upload, one PUT a job, and looks that cost no more than they may, whatever Azure makes of the filter, the
//! order and the size of a page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod costs;
mod crowd;
mod looks;

use anyhow::Result;
use azureml_spark_testkit::emulator::{self, Requests};
use azureml_spark_testkit::eventually::PATIENCE;
use azureml_spark_testkit::stack::{Options, Stack};
use serde_json::json;

use crate::crowd::{Crowd, Member};

/// Runs of other people.
const OLD: usize = 20_000;
/// Jobs that are live at the same time.
const LIVE: usize = 200;
/// Pages that one look reads of a list that it knows nothing of (`operator::follow`).
const PAGES: usize = 10;
/// Most requests of one look: half of the 25 reads that Azure gives in the second between two looks.
const REQUESTS: usize = 12;

/// Looks that are seen from their first request to their last, for each kind of list.
const WHOLE_LOOKS: usize = 2;

/// What the list of runs may be like.
#[derive(Debug, Clone, Copy)]
struct Listing {
    tag_filter: &'static str,
    type_filter: &'static str,
    order: &'static str,
    filter_place: &'static str,
    page_size: usize,
}

impl Listing {
    /// Everything that is not known about it, in all combinations.
    fn all() -> Vec<Self> {
        let filters = ["honoured", "ignored"];
        let mut all = Vec::new();
        for (tag_filter, type_filter) in filters
            .into_iter()
            .flat_map(|tag| filters.map(|kind| (tag, kind)))
        {
            for order in ["newestFirst", "oldestFirst", "shuffled"] {
                for (page_size, filter_place) in [
                    (100, "beforePaging"),
                    (10, "beforePaging"),
                    (100, "afterPaging"),
                ] {
                    all.push(Self {
                        tag_filter,
                        type_filter,
                        order,
                        filter_place,
                        page_size,
                    });
                }
            }
        }
        all
    }

    /// Whether ten pages show every live run, so that none may be asked for by name.
    fn shows_all(self) -> bool {
        let ours_alone = self.tag_filter == "honoured" && self.filter_place == "beforePaging";
        let ours_first = self.order == "newestFirst";
        (ours_alone || ours_first) && self.page_size * PAGES >= LIVE
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_live_jobs_among_twenty_thousand_old_runs() -> Result<()> {
    let options = Options {
        // They end when the test says so.
        emulator: emulator::Options {
            settings: json!({"instantSeconds": 36_000}),
            ..emulator::Options::default()
        },
        ..Options::default()
    };
    let stack = Stack::start(options).await?;
    let emulator = stack.emulator();
    let seed = json!({"count": OLD, "owner": "somebody-else"});
    assert_eq!(emulator.seed_runs(seed).await?, OLD as u64);

    let scope = stack.scope("crowd").await?;
    scope.workspace().await?;
    let since = emulator.now().await?;
    let crowd = Crowd::gather(&scope, LIVE).await?;
    let begun = emulator.requests_since(since).await?;
    assert_eq!(
        begun.count("POST", &["/startPendingUpload"]),
        1,
        "one upload"
    );
    assert_eq!(begun.count("PUT", &["/codes/"]), 1, "one registration");
    assert_eq!(begun.count("GET", &["/codes/"]), 1, "one search for it");
    assert_eq!(begun.count("PUT", &["/jobs/"]), LIVE, "one PUT a job");
    assert_eq!(
        begun.count("GET", &["/jobs/"]),
        0,
        "followed by listing alone"
    );
    for look in looks::of(&begun) {
        assert!(look.pages + look.reads <= REQUESTS, "{look:?}");
    }

    let listings = Listing::all();
    let mut left = crowd.members();
    for (index, listing) in listings.iter().enumerate() {
        emulator
            .set(json!({
                "listTagFilter": listing.tag_filter, "listJobTypeFilter": listing.type_filter,
                "listOrder": listing.order,
                "listFilterPlace": listing.filter_place, "jobPageSize": listing.page_size,
            }))
            .await?;
        // A look that began before is not judged: those are that begin after this number.
        let since = emulator.now().await?;
        // How far a list is worth reading is learnt within some looks.
        let enough = |seen: &Requests| {
            let looks = looks::of(seen);
            let whole = looks.len().saturating_sub(1);
            let learnt = looks.iter().take(whole).any(|look| look.reads == 0);
            whole >= WHOLE_LOOKS && (learnt || !listing.shows_all())
        };
        let what = format!("{WHOLE_LOOKS} whole looks at {listing:?}");
        emulator
            .wait_for_requests(since, &what, PATIENCE, enough)
            .await?;
        let share = left.len() / (listings.len() - index);
        let ending = left.split_off(left.len() - share);
        crowd.end(&ending).await?;
        let looks = looks::of(&emulator.requests_since(since).await?);
        for look in &looks {
            let requests = look.pages + look.reads;
            assert!(requests <= REQUESTS, "{listing:?}: {look:?}");
        }
        if listing.shows_all() {
            let learnt = looks.iter().skip_while(|look| look.reads > 0);
            let by_name = learnt.filter(|look| look.reads > 0).count();
            assert_eq!(by_name, 0, "{listing:?}: {looks:?}");
        }
    }
    assert_eq!(left, Vec::<Member>::new(), "all have ended");
    let all = emulator.requests_since(0).await?;
    assert_eq!(
        all.count("PUT", &["/jobs/"]),
        LIVE,
        "one PUT a job, to the end"
    );
    assert_eq!(all.count("POST", &["/startPendingUpload"]), 1);
    Ok(())
}
