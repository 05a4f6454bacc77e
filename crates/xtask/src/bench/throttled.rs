//! Five thousand jobs of one team under Azure's limits, four times as large so that it takes minutes: how near the drain
//! comes to what the limits allow, and whether anybody else has to wait for it.

mod witness;

use std::time::Duration;

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::Entry;
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use azureml_spark_testkit::stack::CLOUD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Bench;
use super::arrivals::{Arrivals, seconds};
use super::azure;
use super::figure::{Figure, number};
use super::stage::{self, Setting, Stage};
use super::submit::{is_submission, jobs};
use witness::Witness;

/// The only attachment there is.
const ATTACHMENT: &str = "single-pool";
const JOBS: usize = 5_000;
/// How much larger the buckets are than Azure's published ones, in size and in rate.
const TIMES: f64 = 4.0;
/// Azure's published bucket for writes: size, tokens a second (contract §0.4).
const WRITES: (f64, f64) = (200.0, 10.0);
/// And for reads.
const READS: (f64, f64) = (250.0, 25.0);
/// Runs end while others are still being submitted, as they do.
const RUN_SECONDS: u32 = 60;
const WITHIN: Duration = Duration::from_mins(20);

pub(super) async fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    // With fewer jobs the bucket is smaller, or none would wait for it.
    let bucket = |(size, rate): (f64, f64)| json!({"size": (size * TIMES * bench.part).ceil(), "perSecond": rate * TIMES});
    let limits =
        json!({"reads": bucket(READS), "writes": bucket(WRITES), "deletes": bucket(WRITES)});
    let mut throttle = limits.clone();
    if let Some(throttle) = throttle.as_object_mut() {
        throttle.insert("enabled".to_owned(), json!(true));
    }
    let stage = Stage::set(Setting {
        azure: json!({"throttle": throttle, "instantSeconds": RUN_SECONDS, "instantLog": "absent"}),
        values: json!({"clouds": {CLOUD: {"limits": limits}}}),
        ..Setting::default()
    })
    .await?;
    bench.say("everything answers");
    let figures = on(bench, &stage).await;
    stage.end().await?;
    figures
}

async fn on(bench: &Bench, stage: &Stage) -> Result<Vec<Figure>> {
    let count = bench.size(JOBS);
    let (crowd, other) =
        tokio::try_join!(stage.stack().scope("crowd"), stage.stack().scope("other"))?;
    for scope in [&crowd, &other] {
        scope.workspace().await?;
        scope
            .apply(&manifest::code("src", "main.py", "print('one of many')\n"))
            .await?;
    }
    let witness = Witness::of(&crowd);
    let manifests = jobs("job", "src", count, &crowd);
    let mut puts = Arrivals::from_now(stage.emulator(), concerns_us).await?;
    let since = puts.start();
    let before = stage.usage()?;

    let begun = Timestamp::now();
    stage::create(&crowd, &manifests).await?;
    bench.say(&format!("{count} jobs are created"));
    let mut applied = None;
    stage::until("every job is submitted", WITHIN, async || {
        let all = puts.count().await?;
        let submitted = puts
            .seen()
            .iter()
            .filter(|entry| of_the_crowd(entry))
            .count();
        if applied.is_none() && submitted * 2 >= count {
            applied = Some(Timestamp::now());
            stage::create(&other, &others(&other)).await?;
            bench.say(&format!(
                "{submitted} are submitted; somebody else applies a job and an attachment"
            ));
        }
        Ok((submitted >= count && all >= count + 2).then_some(()))
    })
    .await?;
    bench.say("all are submitted");
    let used = stage.usage()?.cpu_seconds - before.cpu_seconds;
    let applied = applied.context("nobody else applied anything")?;
    let after = |holds: &dyn Fn(&Entry) -> bool, from: Timestamp| {
        let entry = puts.seen().iter().rev().find(|entry| holds(entry));
        seconds(from, entry.context("it was not asked for")?)
    };
    let drain = after(&of_the_crowd, begun)?;
    let job = after(
        &|entry| is_submission(entry) && !of_the_crowd(entry),
        applied,
    )?;
    let attachment = after(&is_attachment, applied)?;
    let seen = witness.end();
    let asked = stage.emulator().requests_since(since).await?;
    let refused = asked
        .0
        .iter()
        .filter(|entry| entry.status == Some(429))
        .count();

    let size = (WRITES.0 * TIMES * bench.part).ceil();
    let ideal = ideal(count, size);
    Ok(vec![
        Figure::new("drain", drain, "s")
            .beside("ideal", ideal)
            .note(format!(
                "ideal = ({count} jobs − {size:.0} in the bucket) ÷ {:.0} a second",
                WRITES.1 * TIMES
            )),
        Figure::new("drain ÷ ideal", drain / ideal, "").at_most(1.02),
        Figure::count("answers 429", refused).at_most(0.0),
        Figure::count("jobs that showed an error", seen.troubled())
            .at_most(0.0)
            .note(seen.to_string()),
        Figure::new("another namespace's job waited", job, "s").at_most(2.0),
        Figure::new("an attachment waited", attachment, "s").at_most(2.0),
        Figure::count("ARM writes", azure::writes(&asked))
            .beside("jobs", number(count))
            .note(azure::kinds(&asked)),
        Figure::new("operator's CPU", used * 1e3 / number(count), "ms a job")
            .note("until the last PUT"),
    ])
}

/// How long Azure's bucket alone makes it take: the jobs that find no token in the full bucket, at its rate.
fn ideal(jobs: usize, size: f64) -> f64 {
    (number(jobs) - size) / (WRITES.1 * TIMES)
}

/// Somebody else's.
fn others(scope: &Scope<'_>) -> Vec<manifest::Manifest> {
    let world = scope.stack().emulator().world();
    let job = manifest::serverless_job("single", WORKSPACE, "src", world);
    vec![job, manifest::attachment(ATTACHMENT, WORKSPACE, world)]
}

fn is_attachment(entry: &Entry) -> bool {
    entry.method == "PUT" && entry.path.contains("/computes/")
}

fn of_the_crowd(entry: &Entry) -> bool {
    is_submission(entry) && entry.path.contains("/jobs/job-")
}

fn concerns_us(entry: &Entry) -> bool {
    // A PUT that is refused comes again: what counts is the one that was let through, the last of its path.
    is_submission(entry) || is_attachment(entry)
}

/// Conditions as a person would look for trouble in them.
fn trouble(status: &Value) -> Option<String> {
    let conditions = status.get("conditions")?.as_array()?;
    let text = |one: &Value, field: &str| {
        one.get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let bad = ["Stalled", "Failed", "Warning"];
    let found = conditions
        .iter()
        .find(|one| bad.contains(&text(one, "type").as_str()) && text(one, "status") == "True")?;
    Some(format!("{} {}", text(found, "type"), text(found, "reason")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ideal, trouble};

    #[test]
    fn the_ideal_is_what_the_bucket_allows() {
        assert!((ideal(5_000, 800.0) - 105.0).abs() < 1e-9);
    }

    #[test]
    fn waiting_is_no_trouble_and_being_stalled_is() {
        let status = |kind: &str, reason: &str| {
            json!({"conditions": [
                {"type": "SpecAccepted", "status": "True", "reason": "Accepted"},
                {"type": kind, "status": "True", "reason": reason},
            ]})
        };
        assert_eq!(trouble(&status("Reconciling", "WaitingForBudget")), None);
        assert_eq!(
            trouble(&status("Stalled", "Throttled")).as_deref(),
            Some("Stalled Throttled")
        );
        assert_eq!(trouble(&json!({})), None);
    }
}
