//! `kubectl azureml logs`: people who have no right on Azure, an apiserver that passes on their requests, an operator
//! that ends and comes back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod chart;
mod person;

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::DENIED_CLIENT_ID;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scenario::play;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use azureml_spark_testkit::stack::{CLOUD, Stack};
use serde_json::json;

use crate::person::Person;

const KIND: &str = "SparkJob";

/// Runs a scenario in a namespace of its own on the shared stack.
fn scenario(name: &str, story: impl AsyncFnOnce(&Scope<'_>) -> Result<()>) {
    play(async {
        let scope = Stack::shared().await?.scope(name).await?;
        story(&scope).await
    });
}

/// Applies a job whose runs go on until they are told to end; one that fails is followed by another.
async fn apply(scope: &Scope<'_>, name: &str) -> Result<()> {
    scope.workspace().await?;
    let text = format!("print('{}')\n", scope.namespace());
    scope
        .apply(&manifest::code("src", "main.py", &text))
        .await?;
    let world = scope.stack().emulator().world();
    let job = manifest::serverless_job(name, WORKSPACE, "src", world)
        .with("/spec/tags/emulator-instant-seconds", "600")
        .with(
            "/spec/retry",
            json!({"maxAttempts": 2, "backoffSeconds": 1, "causes": ["Platform", "Script"]}),
        );
    scope.apply(&job).await?;
    Ok(())
}

/// The name of its first run, once that is submitted.
async fn run(scope: &Scope<'_>, name: &str) -> Result<String> {
    attempt(scope, name, 1).await
}

/// The name of one of its runs, once that is submitted.
async fn attempt(scope: &Scope<'_>, name: &str, number: i64) -> Result<String> {
    let submitted = scope
        .wait(KIND, name, "is seen in Azure", |job| {
            let status = &job["status"];
            status["azureId"].is_string() && status["attempt"] == number
        })
        .await?;
    let name = submitted["status"]["azureName"].as_str();
    Ok(name.context("a name in Azure")?.to_owned())
}

/// A run that wrote on both streams and ended well.
async fn ended(scope: &Scope<'_>, name: &str) -> Result<String> {
    apply(scope, name).await?;
    let run = run(scope, name).await?;
    let emulator = scope.stack().emulator();
    for (stream, text) in [
        ("stdout", "| a |  b |\n"),
        ("stderr", "WARN https://a.blob/c?sv=1&sig=abc\n"),
        ("stdout", "the end, without a line's"),
    ] {
        emulator.write_log(&run, stream, text).await?;
    }
    emulator.set_run(&run, "Completed").await?;
    scope.condition(KIND, name, "Complete", "True").await?;
    Ok(run)
}

/// What kubectl prints once the operator answers, which another scenario ends and starts anew: only the plugin asks
/// again by itself.
async fn patiently(person: &Person, args: &[&str]) -> Result<String> {
    let what = format!("kubectl {args:?} is answered");
    until(&what, PATIENCE, async || person.sees(args).await.map(Some)).await
}

#[test]
fn a_run_is_followed_from_before_its_beginning_over_an_operator_that_is_killed_and_one_that_ends() {
    scenario("logs-follow", async |scope| {
        let (operator, emulator) = (scope.stack().operator(), scope.stack().emulator());
        let viewer = Person::with_role(scope, "viewer", Some("view")).await?;
        apply(scope, "live").await?;
        let mut log = viewer.follows(&["azureml", "logs", "sparkjob/live", "-f"])?;
        let run = run(scope, "live").await?;
        emulator.write_log(&run, "stdout", "one\n").await?;
        log.until("one\n").await?;

        operator.kill()?;
        emulator.write_log(&run, "stderr", "two\n").await?;
        operator.start().await?;
        log.until("two\n").await?;

        operator.stop()?;
        operator.start().await?;
        emulator.write_log(&run, "stdout", "three\nfo").await?;
        log.until("three\n").await?;
        emulator.write_log(&run, "stdout", "ur").await?;
        emulator.set_run(&run, "Completed").await?;
        let (out, notes) = log.end().await?;
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[lines.len() - 4..], ["one", "two", "three", "four"]);
        assert!(lines.len() <= 5, "nothing twice: {out}");
        assert!(notes.contains("the log broke off"), "{notes}");
        assert!(notes.ends_with("the run has ended: Completed\n"), "{notes}");
        Ok(())
    });
}

#[test]
fn the_log_of_a_run_that_ended_is_told_whole_or_in_parts() {
    scenario("logs-ended", async |scope| {
        ended(scope, "done").await?;
        let viewer = Person::with_role(scope, "viewer", Some("view")).await?;
        let logs = async |more: &[&str]| {
            let args: Vec<&str> = ["azureml", "logs", "done"]
                .iter()
                .chain(more)
                .copied()
                .collect();
            viewer.sees(&args).await
        };
        let (table, warning) = ("| a |  b |\n", "WARN https://a.blob/c?[signature]\n");
        let end = "the end, without a line's";
        let whole = logs(&[]).await?;
        assert!(
            whole.ends_with(&format!("{table}{warning}{end}")),
            "{whole}"
        );
        assert_eq!(logs(&["-f"]).await?, whole);
        assert_eq!(logs(&["--tail", "2"]).await?, format!("{warning}{end}"));
        assert_eq!(logs(&["--stdout"]).await?, format!("{table}{end}"));
        assert_eq!(logs(&["--stderr", "--attempt", "1"]).await?, warning);
        let error = logs(&["--attempt", "2"]).await.unwrap_err().to_string();
        assert!(
            error.contains("there is no attempt 2, only attempt 1"),
            "{error}"
        );

        // Without the plugin, too.
        let path = format!(
            "/apis/logs.spark.azureml.dev/v1alpha1/namespaces/{}/sparkjobs/done/log?tailLines=2",
            scope.namespace()
        );
        let raw = patiently(&viewer, &["get", "--raw", &path]).await?;
        assert_eq!(raw, format!("{warning}{end}"));
        Ok(())
    });
}

#[test]
fn each_attempt_has_a_log_of_its_own() {
    scenario("logs-attempts", async |scope| {
        let emulator = scope.stack().emulator();
        let viewer = Person::with_role(scope, "viewer", Some("view")).await?;
        apply(scope, "twice").await?;
        let mut log = viewer.follows(&["azureml", "logs", "twice", "-f"])?;
        let first = run(scope, "twice").await?;
        emulator.write_log(&first, "stdout", "first\n").await?;
        log.until("first\n").await?;
        emulator.set_run(&first, "Failed").await?;
        let (_, notes) = log.end().await?;
        assert!(notes.ends_with("the run has ended: Failed\n"), "{notes}");

        let second = attempt(scope, "twice", 2).await?;
        assert_ne!(first, second);
        emulator.write_log(&second, "stdout", "second\n").await?;
        let mut log = viewer.follows(&["azureml", "logs", "twice", "-f"])?;
        log.until("second\n").await?;
        emulator.set_run(&second, "Completed").await?;
        let (out, _) = log.end().await?;
        assert!(!out.contains("first"), "{out}");
        let earlier = ["azureml", "logs", "twice", "--attempt", "1", "--tail", "1"];
        assert_eq!(viewer.sees(&earlier).await?, "first\n");
        Ok(())
    });
}

#[test]
fn who_may_not_is_told_which_right_is_missing() {
    scenario("logs-refused", async |scope| {
        let run = ended(scope, "secret").await?;
        let logs = [
            "azureml",
            "logs",
            "secret",
            "--namespace",
            scope.namespace(),
        ];
        let stranger = Person::with_role(scope, "stranger", None).await?;
        // Whoever may read elsewhere may not read here.
        let elsewhere = scope.stack().scope("logs-elsewhere").await?;
        let neighbour = Person::with_role(&elsewhere, "neighbour", Some("view")).await?;
        let since = scope.stack().emulator().now().await?;
        for person in [stranger, neighbour] {
            let error = person.sees(&logs).await.unwrap_err().to_string();
            assert!(
                error.contains("cannot get resource \"sparkjobs/log\""),
                "{error}"
            );
            assert!(
                error.contains("the ClusterRole azureml-spark-operator-logs"),
                "{error}"
            );
        }
        let seen = scope.stack().emulator().requests_since(since).await?;
        // Others read their logs meanwhile.
        assert_eq!(seen.count("GET", &[&run, "/details"]), 0, "{seen}");
        // Nor does a wrong name say more to them, or less to those who may.
        let viewer = Person::with_role(scope, "viewer", Some("view")).await?;
        let error = viewer
            .sees(&["azureml", "logs", "nothing"])
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("\"nothing\" not found"),
            "{error}"
        );
        Ok(())
    });
}

#[test]
fn a_log_is_read_from_azure_itself_by_whoever_may() {
    scenario("logs-direct", async |scope| {
        ended(scope, "done").await?;
        let emulator = scope.stack().emulator();
        let mut cloud = emulator.cloud();
        let fields = cloud.as_object_mut().context("a cloud")?;
        // The chart makes a file of the certificate.
        fields.remove("caCertificate");
        fields.insert("caFile".to_owned(), json!(emulator.ca_file()));
        let file = scope.stack().folder().join(scope.unique("clouds"));
        std::fs::write(&file, json!({CLOUD: cloud}).to_string())?;
        let clouds = file.to_str().context("a path")?;
        let direct = [
            "azureml", "logs", "done", "--stdout", "--direct", "--clouds", clouds,
        ];

        let editor = Person::with_role(scope, "editor", Some("cluster-admin")).await?;
        let us = editor.logged_in_as(emulator.world(), &emulator.world().client_id);
        assert!(us.sees(&direct).await?.starts_with("| a |  b |\n"));
        let denied = us.logged_in_as(emulator.world(), DENIED_CLIENT_ID);
        let error = denied.sees(&direct).await.unwrap_err().to_string();
        assert!(error.contains("AuthorizationFailed"), "{error}");
        Ok(())
    });
}

#[test]
fn the_api_stands_in_nobodys_way() {
    scenario("logs-api", async |scope| {
        ended(scope, "done").await?;
        let admin = Person::with_role(scope, "admin", Some("cluster-admin")).await?;
        let names = admin
            .sees(&["get", "sparkjobs", "--output", "name"])
            .await?;
        assert_eq!(names, "sparkjob.spark.azureml.dev/done\n");
        let everywhere = Person::administrator(scope);
        let groups = patiently(&everywhere, &["api-versions"]).await?;
        assert!(
            groups.contains("logs.spark.azureml.dev/v1alpha1\n"),
            "{groups}"
        );
        let kinds = patiently(&everywhere, &["api-resources", "--output", "name"]).await?;
        assert!(!kinds.contains("logs.spark.azureml.dev"), "{kinds}");
        // A namespace goes only when every API can be listed.
        scope.delete_namespace().await
    });
}
