//! Studio's index of runs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, Reply};

impl Azure {
    fn entities(&self) -> String {
        let world = self.world();
        let (url, ws) = (self.studio_url(), world.workspace_arm_id());
        format!("{url}/api/{}/index/v1.0{ws}/entities", world.location)
    }

    async fn index(&self, question: Value) -> Reply {
        let token = self.token(&format!("{}/aml", self.emulator.url())).await;
        let url = self.entities();
        self.send(Method::POST, &url, Some(&token), Some(question))
            .await
    }
}

/// As Microsoft's fleet client asks (contract §13).
fn question(states: &[&str]) -> Value {
    let filter = |field, values: Value| json!({"field": field, "operator": "eq", "values": values});
    json!({
        "filters": [
            filter("type", json!(["runs"])),
            filter("annotations/archived", json!(["false"])),
            filter("properties/experimentName", json!(["exp"])),
            filter("annotations/status", json!(states)),
        ],
        "order": [{"field": "properties/creationContext/createdTime", "direction": "Asc"}],
        "pageSize": 2,
        "continuationToken": null,
        "includeTotalResultCount": true,
        "freeTextSearch": "",
        "searchBuilder": "AppendPrefix",
    })
}

fn names(reply: &Reply) -> Vec<&str> {
    assert_eq!(reply.status, 200, "{reply:?}");
    let entries = reply.body["value"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["entityObjectId"].as_str().unwrap())
        .collect()
}

async fn azure() -> Azure {
    let azure = Azure::start(json!({"instantSeconds": 36_000})).await;
    let code = azure.some_code().await;
    for name in ["one", "two", "three"] {
        azure.submit(name, Azure::job_body(&code)).await;
    }
    azure
}

async fn set_run(azure: &Azure, name: &str, status: &str) {
    let path = format!("/_emulator/jobs/{name}");
    let body = json!({"status": status});
    let reply = azure.send(Method::POST, &path, None, Some(body)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn it_filters_by_state_in_words_with_spaces() {
    let azure = azure().await;
    set_run(&azure, "one", "Completed").await;
    set_run(&azure, "two", "CancelRequested").await;
    set_run(&azure, "three", "Running").await;
    let live = azure
        .index(question(&["Cancel requested", "Running"]))
        .await;
    assert_eq!(names(&live), ["dcid.two", "dcid.three"]);
    assert_eq!(live.body["continuationToken"], Value::Null);
    assert_eq!(
        live.body["value"][0]["annotations"]["status"],
        "Cancel requested"
    );
    let ended = azure.index(question(&["Completed"])).await;
    assert_eq!(names(&ended), ["dcid.one"]);
    let words_of_jobs = azure.index(question(&["CancelRequested"])).await;
    assert_eq!(names(&words_of_jobs), Vec::<&str>::new());
}

#[tokio::test]
async fn its_pages_hold_everything_once() {
    let azure = azure().await;
    for name in ["one", "two", "three"] {
        set_run(&azure, name, "Running").await;
    }
    let first = azure.index(question(&["Running"])).await;
    assert_eq!(names(&first), ["dcid.one", "dcid.two"]);
    let mut next = question(&["Running"]);
    next["continuationToken"] = first.body["continuationToken"].clone();
    let second = azure.index(next.clone()).await;
    assert_eq!(names(&second), ["dcid.three"]);
    assert_eq!(second.body["continuationToken"], Value::Null);
    next["continuationToken"] = json!("made up");
    assert_eq!(azure.index(next).await.status, 400);
    let mut large = question(&["Running"]);
    large["pageSize"] = json!(101);
    assert_eq!(azure.index(large).await.status, 400);
}

#[tokio::test]
async fn it_is_late_when_it_is_told_to_be() {
    let azure = azure().await;
    azure.set(json!({"indexSeconds": 3_600})).await;
    let states = ["Starting", "Preparing", "Queued", "Running"];
    assert_eq!(
        names(&azure.index(question(&states)).await),
        Vec::<&str>::new()
    );
    azure.set(json!({"indexSeconds": 0})).await;
    assert_eq!(
        names(&azure.index(question(&states)).await).len(),
        2,
        "a page"
    );
}

#[tokio::test]
async fn it_has_a_token_a_host_and_limits_of_its_own() {
    let azure = azure().await;
    let empty = json!({"size": 1, "perSecond": 0.001});
    azure
        .set(json!({"throttle": {"enabled": true, "reads": empty, "writes": empty}}))
        .await;
    for _ in 0..5 {
        assert_eq!(azure.index(question(&["Running"])).await.status, 200);
    }
    let url = azure.entities();
    let arm = azure.token(&azure.arm_audience()).await;
    let refused = azure
        .send(Method::POST, &url, Some(&arm), Some(question(&[])))
        .await;
    assert_eq!(refused.status, 401);
    let elsewhere = url.replace("ml.azure.localhost", "localhost");
    let aml = azure.token(&format!("{}/aml", azure.emulator.url())).await;
    let missing = azure
        .send(Method::POST, &elsewhere, Some(&aml), Some(question(&[])))
        .await;
    assert_eq!(missing.status, 404);
    let far = url.replace("/api/eastus/", "/api/mars/");
    let missing = azure
        .send(Method::POST, &far, Some(&aml), Some(question(&[])))
        .await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn it_breaks_in_the_ways_that_were_seen() {
    let azure = azure().await;
    for (answer, status) in [
        ("unavailable", 503),
        ("throttled", 429),
        ("notFound", 404),
        ("html", 200),
    ] {
        azure.set(json!({"indexAnswer": answer})).await;
        let reply = azure.index(question(&["Running"])).await;
        assert_eq!(reply.status, status, "{answer}");
        let is_page = reply.headers["content-type"] == "text/html";
        assert_eq!(
            is_page,
            ["unavailable", "html"].contains(&answer),
            "{reply:?}"
        );
    }
}
