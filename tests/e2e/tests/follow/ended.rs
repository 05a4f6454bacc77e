//! Nobody is asked about a run that has ended: not while others of its workspace go on, not when its object is looked at, and
//! not by an operator that starts anew.

use azureml_spark_testkit::eventually::PATIENCE;
use serde_json::json;

use crate::{JOB, LIST, ends, lists, submitted};

/// Looks that are waited for each time.
const LOOKS: usize = 3;

#[test]
fn nobody_is_asked_about_a_run_that_has_ended() {
    LIST.play("ended", async |scope| {
        let (stack, emulator) = (scope.stack(), scope.stack().emulator());
        let over = submitted(scope, "over").await?;
        let live = submitted(scope, "live").await?;
        ends(scope, "over", &over).await?;

        let since = emulator.now().await?;
        let what = "looks at the one that goes on";
        let looks = |seen: &_| lists(seen) >= LOOKS;
        emulator
            .wait_for_requests(since, what, PATIENCE, looks)
            .await?;
        scope.reconcile(JOB, "over").await?;
        scope.observed(JOB, "over").await?;

        stack.operator().kill()?;
        let restarted = emulator.now().await?;
        stack.operator().start().await?;
        emulator
            .wait_for_requests(restarted, what, PATIENCE, looks)
            .await?;
        scope
            .patch(JOB, "live", json!({"spec": {"cancel": true}}))
            .await?;
        scope
            .reason(JOB, "live", "Failed", "True", "Canceled")
            .await?;

        let all = emulator.requests_since(since).await?;
        assert_eq!(all.count("GET", &[&over]), 0, "{all}");
        assert_eq!(all.count("POST", &[&over]), 0, "{all}");
        // To show that the one that goes on would have been seen by its name.
        assert_eq!(all.count("POST", &[&live]), 1, "{all}");
        Ok(())
    });
}
