use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

impl Azure {
    /// Names on each page of a list.
    async fn pages(&self, query: &str) -> Vec<Vec<String>> {
        let mut url = self.ws(&format!("jobs{query}"));
        let mut pages = Vec::new();
        loop {
            let page = self.arm(Method::GET, &url, None).await;
            assert_eq!(page.status, 200, "{page:?}");
            let jobs = page.body["value"].as_array().unwrap();
            pages.push(
                jobs.iter()
                    .map(|job| job["name"].as_str().unwrap().to_owned())
                    .collect(),
            );
            match page.body.get("nextLink").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut url),
                None => return pages,
            }
        }
    }

    async fn seed_runs(&self, seed: Value) {
        let reply = self
            .send(
                Method::POST,
                "/_emulator/seed-runs",
                None,
                Some(seed.clone()),
            )
            .await;
        assert_eq!(reply.body["added"], seed["count"], "{reply:?}");
    }
}

/// Five old runs of others and two of ours, three on a page.
async fn workspace(settings: Value) -> Azure {
    let azure = Azure::start(json!({"instantSeconds": 600, "jobPageSize": 3})).await;
    azure.set(settings).await;
    azure
        .seed_runs(json!({"count": 5, "tags": {"theirs": "1"}}))
        .await;
    let code = azure.some_code().await;
    azure.submit("ours-1", Azure::job_body(&code)).await;
    azure.submit("ours-2", Azure::job_body(&code)).await;
    azure
}

#[tokio::test]
async fn filters_narrow_the_list_where_they_are_honoured() {
    let azure = workspace(json!({})).await;
    assert_eq!(azure.pages("?tag=mine").await, [["ours-2", "ours-1"]]);
    assert_eq!(azure.pages("?tag=nobody").await, [Vec::<String>::new()]);
    let spark: Vec<String> = azure.pages("?jobType=Spark").await.concat();
    assert_eq!(spark.len(), 4, "{spark:?}");
    assert_eq!(
        azure
            .pages("?jobType=spark&tag=theirs")
            .await
            .concat()
            .len(),
        2
    );

    azure
        .set(json!({"listTagFilter": "ignored", "listJobTypeFilter": "ignored"}))
        .await;
    let pages = azure.pages("?tag=mine&jobType=Spark").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
}

#[tokio::test]
async fn the_order_is_a_setting_and_no_page_repeats() {
    let azure = workspace(json!({})).await;
    let newest = azure.pages("").await;
    assert_eq!(newest[0], ["ours-2", "ours-1", "old-run-000004"]);
    azure.set(json!({"listOrder": "oldestFirst"})).await;
    let oldest = azure.pages("").await.concat();
    let reversed: Vec<String> = newest.concat().into_iter().rev().collect();
    assert_eq!(oldest, reversed);
    azure.set(json!({"listOrder": "shuffled"})).await;
    let shuffled = azure.pages("").await.concat();
    assert_ne!(shuffled, oldest);
    assert_eq!(BTreeSet::from_iter(shuffled), BTreeSet::from_iter(oldest));
}

#[tokio::test]
async fn pages_may_be_empty_and_go_on() {
    let azure = workspace(json!({"listFilterPlace": "afterPaging", "emptyFirstPage": true})).await;
    let pages = azure.pages("?tag=theirs").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 3, 1]);
}

#[tokio::test]
async fn archived_runs_are_a_view_of_their_own() {
    let azure = workspace(json!({"jobPageSize": 100})).await;
    let path = "experiments/exp/runs/ours-1";
    let reply = azure
        .history(Method::PATCH, path, Some(json!({"hidden": true})))
        .await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let count = async |view: &str| azure.pages(view).await.concat().len();
    assert_eq!(count("").await, 6);
    assert_eq!(count("?listViewType=ActiveOnly").await, 6);
    assert_eq!(count("?listViewType=All").await, 7);
    assert_eq!(
        azure.pages("?listViewType=ArchivedOnly").await,
        [["ours-1"]]
    );
    assert_eq!(azure.get("jobs?listViewType=Some").await.status, 400);
    assert_eq!(azure.get("jobs?%24skip=made-up").await.status, 400);
}

#[tokio::test]
async fn twenty_thousand_old_runs_do_not_slow_a_page() {
    let azure = Azure::start(json!({"instantSeconds": 600})).await;
    azure
        .seed_runs(json!({"count": 20_000, "owner": "other"}))
        .await;
    let code = azure.some_code().await;
    azure.submit("ours", Azure::job_body(&code)).await;
    for settings in [
        json!({"listOrder": "newestFirst"}),
        json!({"listOrder": "oldestFirst"}),
        json!({"listOrder": "shuffled"}),
        json!({"listTagFilter": "ignored"}),
    ] {
        azure.set(settings.clone()).await;
        let begun = Instant::now();
        let page = azure.get("jobs?tag=mine").await;
        let took = begun.elapsed();
        assert!(!page.body["value"].as_array().unwrap().is_empty());
        // An unoptimised build on a busy machine; a walk that renders all of them takes seconds.
        assert!(took < Duration::from_secs(2), "{settings}: {took:?}");
    }
}
