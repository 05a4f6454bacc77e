//! What a restart costs: runs that are on record are seen in the list, and none is asked for by its name, but for one that
//! is to be cancelled.

use azureml_spark_testkit::eventually::PATIENCE;
use serde_json::json;

use crate::{JOB, LIST, lists, reaches, submitted};

#[test]
fn live_runs_are_seen_in_the_list_after_a_restart() {
    LIST.play("restarted", async |scope| {
        let (stack, emulator) = (scope.stack(), scope.stack().emulator());
        let mut runs = Vec::new();
        for name in ["first", "second", "third"] {
            let run = submitted(scope, name).await?;
            reaches(scope, name, &run, "Running").await?;
            runs.push((name, run));
        }
        let before = emulator.now().await?;
        let two = |seen: &_| lists(seen) >= 2;
        emulator
            .wait_for_requests(before, "looks before it", PATIENCE, two)
            .await?;
        stack.operator().kill()?;
        let since = emulator.now().await?;
        for (_, run) in &runs {
            emulator.set_run(run, "NotResponding").await?;
        }
        stack.operator().start().await?;
        for (name, run) in &runs {
            reaches(scope, name, run, "NotResponding").await?;
        }
        let seen = emulator.requests_since(since).await?;
        assert_eq!(seen.count("GET", &["/jobs/"]), 0, "{seen}");
        assert!(lists(&seen) >= 1, "{seen}");

        // Where the list does not answer, a cancel does not wait for it.
        stack.operator().kill()?;
        let since = emulator.now().await?;
        let broken = json!({"method": "GET", "path": "/jobs[?]", "count": 100_000,
            "action": {"kind": "status", "status": 503, "body": {}}});
        emulator.inject(broken).await?;
        scope
            .patch(JOB, "first", json!({"spec": {"cancel": true}}))
            .await?;
        stack.operator().start().await?;
        let (_, first) = &runs[0];
        let asked = |seen: &azureml_spark_testkit::emulator::Requests| {
            seen.count("POST", &[first, "/cancel"]) == 1
        };
        emulator
            .wait_for_requests(since, "it is cancelled", PATIENCE, asked)
            .await?;
        let seen = emulator.requests_since(since).await?;
        assert!(seen.count("GET", &["/jobs/", first]) >= 1, "{seen}");
        emulator.clear_faults().await?;
        for (name, run) in &runs[1..] {
            reaches(scope, name, run, "Running").await?;
        }
        Ok(())
    });
}
