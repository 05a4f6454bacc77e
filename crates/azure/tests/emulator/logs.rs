//! The output of a run, read while it grows.

use std::time::Duration;

use azureml_emulator::Settings;
use azureml_spark_azure::aml::job::{self, JobIdentity, JobStatus};
use azureml_spark_azure::aml::log::{Event, Pace, Position, Reader, Wanted, Wish};
use azureml_spark_azure::aml::run;
use azureml_spark_azure::arm::workspace;
use azureml_spark_azure::{Class, Client};
use serde_json::{Value, json};

use crate::stage::{Stage, client, eventually, quick, serverless, spark_job};

const RUN: &str = "run-1";

/// A run that goes on until it is told to end.
struct Live {
    stage: Stage,
    http: reqwest::Client,
}

impl Live {
    async fn start(settings: Settings) -> Self {
        let stage = Stage::new(settings).await;
        let pem = stage.emulator.ca_pem().as_bytes();
        let certificates = reqwest::Certificate::from_pem_bundle(pem).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_merge(certificates)
            .no_proxy()
            .build()
            .unwrap();
        let job = spark_job(
            stage.code().await,
            serverless(),
            Some(JobIdentity::UserIdentity),
        );
        let put = job::put(&stage.workspace, RUN, &job);
        stage.client.send(put).await.unwrap();
        Self { stage, http }
    }

    async fn control(&self, what: &str, body: Value) {
        let url = format!("{}/_emulator/jobs/{what}", self.stage.emulator.url());
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    async fn writes(&self, text: &str, stream: &str) {
        self.control(
            &format!("{RUN}/log"),
            json!({"text": text, "stream": stream}),
        )
        .await;
    }

    async fn ends(&self) {
        self.control(RUN, json!({"status": "Completed"})).await;
    }

    async fn looks(&self) -> usize {
        self.requests("/details").await
    }

    async fn requests(&self, path: &str) -> usize {
        let url = format!("{}/_emulator/requests?since=0", self.stage.emulator.url());
        let requests: Vec<Value> = self
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let is_one = |one: &&Value| one["path"].as_str().unwrap().contains(path);
        requests.iter().filter(is_one).count()
    }

    async fn reader(&self, wish: Wish) -> Reader {
        self.reader_of(RUN, &self.stage.client, wish).await
    }

    async fn reader_of(&self, run: &str, client: &Client, wish: Wish) -> Reader {
        let (own, ws) = (&self.stage.client, &self.stage.workspace);
        let workspace = own.send(workspace::get(ws)).await.unwrap();
        let discovery = workspace.properties.discovery_url.unwrap();
        let api = own.send(run::discover(discovery)).await.unwrap();
        Reader::new(client.clone(), ws.clone(), api, run.to_owned(), wish)
    }
}

fn wish(wanted: Wanted, follow: bool) -> Wish {
    Wish {
        wanted,
        follow,
        tail: None,
        from: Position::default(),
        pace: Pace {
            read: Duration::from_millis(20),
            details: Duration::from_millis(100),
        },
    }
}

fn long() -> Settings {
    Settings {
        instant_seconds: 600.0,
        ..quick()
    }
}

/// Lines, until they hold this.
async fn until(reader: &mut Reader, last: &str) -> String {
    let mut all = String::new();
    while !all.ends_with(last) {
        match tokio::time::timeout(Duration::from_secs(20), reader.next()).await {
            Ok(Ok(Event::Lines { text, .. })) => all += &text,
            other => panic!("{other:?} after {all:?}"),
        }
    }
    all
}

/// Everything to the end, and the state then.
async fn rest(reader: &mut Reader) -> (String, JobStatus) {
    let mut all = String::new();
    loop {
        match reader.next().await.unwrap() {
            Event::Lines { text, .. } => all += &text,
            Event::End(status) => return (all, status),
        }
    }
}

#[tokio::test]
async fn a_log_is_read_as_it_grows_and_again_from_where_it_was() {
    let live = Live::start(long()).await;
    let mut reader = live.reader(wish(Wanted::All, true)).await;
    live.writes("one\n", "stdout").await;
    until(&mut reader, "one\n").await;
    live.writes("two\nthr", "stderr").await;
    assert_eq!(until(&mut reader, "two\n").await, "two\n");
    let there = reader.position();
    live.writes("ee https://a.blob/c?sv=1&sig=abc ||\n", "stdout")
        .await;
    let third = "three https://a.blob/c?[signature] ||\n";
    assert_eq!(until(&mut reader, "||\n").await, third);

    // Another reader, as after a restart; what is written without an end is told at the end.
    let from = there.to_string().parse().unwrap();
    let mut other = live
        .reader(Wish {
            from,
            ..wish(Wanted::All, true)
        })
        .await;
    assert_eq!(until(&mut other, "||\n").await, third);
    live.writes("end", "stdout").await;
    live.ends().await;
    for reader in [&mut reader, &mut other] {
        let end = (String::from("end"), JobStatus::Completed);
        assert_eq!(rest(reader).await, end);
        assert_eq!(
            reader.next().await.unwrap(),
            Event::End(JobStatus::Completed)
        );
    }
}

#[tokio::test]
async fn each_stream_is_read_by_itself() {
    let live = Live::start(long()).await;
    live.writes("one\n", "stdout").await;
    live.writes("two\n", "stderr").await;
    for (wanted, expected) in [(Wanted::Stdout, "one\n"), (Wanted::Stderr, "two\n")] {
        let mut reader = live.reader(wish(wanted, true)).await;
        assert_eq!(until(&mut reader, expected).await, expected);
        // Who does not follow is not kept waiting by a run that goes on.
        let mut reader = live.reader(wish(wanted, false)).await;
        let (text, status) = rest(&mut reader).await;
        assert!(text == expected && !status.is_terminal(), "{text} {status}");
    }
}

#[tokio::test]
async fn a_long_log_is_read_whole_or_its_last_lines() {
    let live = Live::start(long()).await;
    let one = |n: usize| format!("line {n} of many, each as long as this one is\n");
    let lines = |from: usize, to: usize| (from..to).map(one).collect::<Vec<_>>().concat();
    for part in 0..4 {
        live.writes(&lines(part * 5_000, (part + 1) * 5_000), "stdout")
            .await;
    }
    live.ends().await;
    let mut whole = live.reader(wish(Wanted::Stdout, false)).await;
    assert_eq!(rest(&mut whole).await.0, lines(0, 20_000));
    // The second is more than one read holds.
    for tail in [3, 15_000, 50_000] {
        let wish = Wish {
            tail: Some(tail as u64),
            ..wish(Wanted::Stdout, true)
        };
        let mut reader = live.reader(wish).await;
        let expected = lines(20_000_usize.saturating_sub(tail), 20_000);
        let (text, _) = rest(&mut reader).await;
        assert!(text == expected, "{tail}: {} bytes", text.len());
    }
}

#[tokio::test]
async fn an_address_that_ended_is_asked_for_again() {
    let settings = Settings {
        signature_seconds: 2,
        ..long()
    };
    let live = Live::start(settings).await;
    live.writes("one\n", "stdout").await;
    let mut wish = wish(Wanted::Stdout, true);
    wish.pace.details = Duration::from_hours(1);
    let mut reader = live.reader(wish).await;
    assert_eq!(until(&mut reader, "one\n").await, "one\n");
    let reading = tokio::spawn(async move { until(&mut reader, "two\n").await });
    eventually("fresh addresses", async || {
        (live.looks().await > 1).then_some(())
    })
    .await;
    live.writes("two\n", "stdout").await;
    assert_eq!(reading.await.unwrap(), "two\n");
}

#[tokio::test]
async fn storage_that_asks_for_rest_gets_it_and_loses_no_line() {
    let live = Live::start(long()).await;
    live.writes("one\n", "stdout").await;
    let mut reader = live.reader(wish(Wanted::Stdout, true)).await;
    assert_eq!(until(&mut reader, "one\n").await, "one\n");
    let action = json!({"kind": "status", "status": 503, "retryAfter": 1, "body": {}});
    let rule = json!({"method": "GET", "path": "driver/stdout", "count": 2, "action": action});
    let url = format!("{}/_emulator/faults", live.stage.emulator.url());
    let answer = live.http.post(url).json(&rule).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    live.writes("two\n", "stdout").await;
    let asked = std::time::Instant::now();
    assert_eq!(until(&mut reader, "two\n").await, "two\n");
    assert!(
        asked.elapsed() > Duration::from_secs(2),
        "each refusal named a second"
    );
}

#[tokio::test]
async fn what_may_not_be_read_or_is_not_there_is_said_at_once() {
    let live = Live::start(long()).await;
    let world = live.stage.emulator.world();
    let denied = client(
        &live.stage.cloud,
        world,
        &world.denied_client_id,
        &world.client_secret,
    );
    let mut reader = live.reader_of(RUN, &denied, wish(Wanted::All, true)).await;
    assert_eq!(reader.next().await.unwrap_err().class, Class::Forbidden);
    let own = live.stage.client.clone();
    let mut reader = live
        .reader_of("no-run", &own, wish(Wanted::All, false))
        .await;
    assert_eq!(reader.next().await.unwrap_err().class, Class::Absent);
}

#[tokio::test]
async fn a_position_inside_of_a_line_shows_nothing_of_it() {
    let live = Live::start(long()).await;
    let first = "one https://a.blob/c?sv=1&sig=s3cret two\n";
    live.writes(first, "stdout").await;
    live.writes("three\n", "stdout").await;
    for stdout in 1..=first.len() as u64 {
        let from = Position {
            stdout,
            ..Position::default()
        };
        let mut reader = live
            .reader(Wish {
                from,
                ..wish(Wanted::Stdout, false)
            })
            .await;
        assert_eq!(rest(&mut reader).await.0, "three\n", "{stdout}");
    }
}

#[tokio::test]
async fn a_stream_that_grows_leaves_room_for_the_other_and_for_rest() {
    let live = Live::start(long()).await;
    live.writes("x\n", "stdout").await;
    live.writes("x\n", "stderr").await;
    let from = Position {
        stdout: 2,
        stderr: 2,
        ..Position::default()
    };
    let mut wish = wish(Wanted::All, true);
    wish.pace.read = Duration::from_millis(300);
    wish.pace.details = Duration::from_hours(1);
    let mut reader = live.reader(Wish { from, ..wish }).await;
    let writing = async {
        live.writes("error\n", "stderr").await;
        for _ in 0..40 {
            live.writes("one\n", "stdout").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        live.writes("last\n", "stderr").await;
    };
    let (all, ()) = tokio::join!(until(&mut reader, "last\n"), writing);
    let (before, behind) = all.split_once("error\n").unwrap();
    assert!(before.len() < behind.len(), "{all}");
    let reads = live.requests("driver/stdout").await;
    assert!(reads < 20, "{reads} reads of what grew for two seconds");
}

#[tokio::test]
async fn an_address_that_is_refused_again_and_again_is_told() {
    let live = Live::start(long()).await;
    live.writes("one\n", "stdout").await;
    let action = json!({"kind": "status", "status": 403, "body": {}});
    let rule = json!({"method": "GET", "path": "driver/stdout", "count": 50, "action": action});
    let url = format!("{}/_emulator/faults", live.stage.emulator.url());
    let answer = live.http.post(url).json(&rule).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    let mut reader = live.reader(wish(Wanted::Stdout, true)).await;
    let error = reader.next().await.unwrap_err();
    assert_eq!((error.class, error.op), (Class::Forbidden, "log.read"));
    assert_eq!(live.looks().await, 2);
}
