//! Logs that grow while nothing runs.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

impl Azure {
    /// The text of a log file, empty while there is none.
    async fn text(&self, job: &str, file: &str) -> String {
        let details = self.details(job).await;
        match details["logFiles"][file].as_str() {
            Some(url) => {
                let answer = self.blob(Method::GET, url, &[], b"").await;
                answer.text().await.unwrap()
            }
            None => String::new(),
        }
    }

    async fn grows_to(&self, job: &str, file: &str, line: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let text = self.text(job, file).await;
            if text.contains(line) {
                return text;
            }
            assert!(Instant::now() < deadline, "no {line:?} in {text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn told(code: &str, tags: Value) -> Value {
    let mut body = Azure::job_body(code);
    body["properties"]["tags"] = tags;
    body
}

#[tokio::test]
async fn a_long_run_writes_a_line_now_and_then() {
    let azure = Azure::start(json!({})).await;
    let code = azure.some_code().await;
    let tags = json!({"emulator-instant-seconds": "2", "emulator-log-lines": "6"});
    azure.submit("run-1", told(&code, tags)).await;
    let streamed = "user_logs/std_log.txt";
    azure.grows_to("run-1", streamed, "line 1 of 6\n").await;
    assert_ne!(azure.status("run-1").await, "Completed");
    azure.grows_to("run-1", streamed, "line 6 of 6\n").await;
    azure
        .reaches("run-1", "Completed", Duration::from_secs(10))
        .await;
    let all = azure.text("run-1", streamed).await;
    assert_eq!(all.lines().count(), 7, "{all}");
    let out = azure.text("run-1", "logs/azureml/driver/stdout").await;
    let err = azure.text("run-1", "logs/azureml/driver/stderr").await;
    assert_eq!(out, "line 1 of 6\nline 2 of 6\nline 4 of 6\nline 5 of 6\n");
    assert_eq!(err, "line 3 of 6\nline 6 of 6\n");
}

#[tokio::test]
async fn a_run_that_has_ended_writes_no_more() {
    let azure = Azure::start(json!({"instantLogLines": 1000, "instantSeconds": 20})).await;
    let code = azure.some_code().await;
    azure.set(json!({"cancelSeconds": 0})).await;
    azure.submit("run-1", told(&code, json!({}))).await;
    let streamed = "user_logs/std_log.txt";
    azure.grows_to("run-1", streamed, "line 1 of 1000").await;
    azure.post("jobs/run-1/cancel", None).await;
    assert_eq!(azure.status("run-1").await, "Canceled");
    let then = azure.text("run-1", streamed).await;
    // Long enough for many lines more.
    let tags = json!({"emulator-log-lines": "2", "emulator-instant-seconds": "1"});
    azure.submit("run-2", told(&code, tags)).await;
    azure.grows_to("run-2", streamed, "line 2 of 2").await;
    let now = azure.text("run-1", streamed).await;
    // One line may have been on its way.
    assert!(now.lines().count() <= then.lines().count() + 1, "{now}");
}

#[tokio::test]
async fn a_hand_can_write_into_a_log() {
    let azure = Azure::start(json!({"instantSeconds": 600})).await;
    let code = azure.some_code().await;
    azure.submit("run-1", told(&code, json!({}))).await;
    let path = "/_emulator/jobs/run-1/log";
    for (text, stream) in [("one\n", "stdout"), ("two\n", "stderr")] {
        let written = Some(json!({"text": text, "stream": stream}));
        let reply = azure.send(Method::POST, path, None, written).await;
        assert_eq!(reply.status, 204, "{reply:?}");
    }
    azure.set(json!({"driverLogs": "absent"})).await;
    let written = Some(json!({"text": "three\n"}));
    azure.send(Method::POST, path, None, written).await;
    let all = azure.text("run-1", "user_logs/std_log.txt").await;
    assert!(all.ends_with("one\ntwo\nthree\n"), "{all}");
    assert_eq!(
        azure.text("run-1", "logs/azureml/driver/stdout").await,
        "one\n"
    );
    assert_eq!(
        azure.text("run-1", "logs/azureml/driver/stderr").await,
        "two\n"
    );
    let other = "/_emulator/jobs/other/log";
    let written = Some(json!({"text": "x"}));
    assert_eq!(
        azure.send(Method::POST, other, None, written).await.status,
        404
    );
}
