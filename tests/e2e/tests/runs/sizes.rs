//! How large a run is: what Azure is asked for, and what people see of it.

use serde_json::json;

use super::kubectl::kubectl;
use super::{asked, azure_name, ends_well, job, scenario, sent};
use crate::JOB;

#[test]
fn the_size_of_a_run_is_in_its_status_and_in_a_column() {
    scenario("sizes", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let fixed = job(scope, "fixed").with(
            "/spec/executor",
            json!({"cores": 4, "memory": "28g", "instances": 6}),
        );
        let moving = job(scope, "moving")
            .with("/spec/executor", json!({"cores": 2, "memory": "512m"}))
            .with(
                "/spec/dynamicAllocation",
                json!({"minExecutors": 1, "maxExecutors": 5}),
            );
        // With a number of executors, dynamic allocation begins with that.
        let begun = moving
            .clone()
            .with("/metadata/name", "begun")
            .with("/spec/executor/instances", 3);
        let rows = [
            (
                fixed,
                json!({"executors": "6", "cores": 24, "memory": "168g"}),
                "6",
            ),
            (
                moving,
                json!({"executors": "1-5", "cores": 10, "memory": "2560m"}),
                "1",
            ),
            (
                begun,
                json!({"executors": "1-5", "cores": 10, "memory": "2560m"}),
                "3",
            ),
        ];
        for (manifest, ..) in &rows {
            scope.apply(manifest).await?;
        }
        for (manifest, cluster, instances) in &rows {
            let name = manifest.name();
            let done = ends_well(scope, name).await?;
            assert_eq!(done["status"]["cluster"], *cluster, "{name}");
            let seen = asked(scope, since).await?;
            let conf = &sent(&seen, &azure_name(&done))["conf"];
            assert_eq!(conf["spark.executor.instances"], *instances, "{conf}");
            let dynamic = conf.get("spark.dynamicAllocation.maxExecutors");
            assert_eq!(dynamic.is_some(), name != "fixed", "{conf}");

            let table = kubectl(scope, &["get", JOB, name]).await?;
            let [head, row] = table.lines().collect::<Vec<_>>()[..] else {
                panic!("{table}");
            };
            // Columns are as wide as what stands in them, so that their beginnings tell.
            let at = head.find("CORES").unwrap_or_else(|| panic!("{table}"));
            let cores = row[at..].split_whitespace().next();
            assert_eq!(
                cores,
                Some(cluster["cores"].to_string().as_str()),
                "{table}"
            );
        }
        Ok(())
    });
}

#[test]
fn a_size_that_makes_no_sense_is_refused_at_once() {
    scenario("size-refused", async |scope, _| {
        let moving = json!({"minExecutors": 2, "maxExecutors": 4});
        let dynamic = job(scope, "no").with("/spec/dynamicAllocation", moving);
        for (manifest, field) in [
            (
                dynamic.clone().with("/spec/executor/instances", 5),
                "spec.executor.instances",
            ),
            (
                dynamic.with("/spec/dynamicAllocation/maxExecutors", 1),
                "spec.dynamicAllocation",
            ),
            (
                job(scope, "no").without("/spec/executor/instances"),
                "spec.executor.instances",
            ),
            (
                job(scope, "no").with("/spec/executor/memory", "28q"),
                "spec.executor.memory",
            ),
        ] {
            let refused = scope.refusal(&manifest).await?;
            assert!(refused.contains(field), "{field}: {refused}");
        }
        Ok(())
    });
}
