//! Looks at what nobody has changed: when they come, and that nothing comes of them.

use std::time::{Duration, Instant};

use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{WORKSPACE, find_condition, message};
use serde_json::json;

use crate::calm::{version, versions, writes};
use crate::{ATTACHMENT, LINK, link, pool, scenario};

/// Enough for something that is done each minute.
const LONG: Duration = Duration::from_mins(4);

#[test]
fn where_all_is_equal_nothing_is_written() {
    scenario("drift-none", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let world = emulator.world();
        let (one, first) = emulator.make_identity(&scope.unique("one")).await?;
        let (two, second) = emulator.make_identity(&scope.unique("two")).await?;
        let linked = link(scope);
        let by_link =
            manifest::linked_attachment(&scope.unique("by"), WORKSPACE, linked.name(), world);
        // Azure answers in a casing of its own, and knows no order of identities.
        let account = format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Storage/storageAccounts/{}",
            world.subscription,
            world.resource_group.to_uppercase(),
            world.storage_account.to_uppercase()
        );
        let full = pool(scope)
            .with("/spec/description", "as it should be")
            .with("/spec/tags/team", "a")
            .with(
                "/spec/identity",
                json!({"type": "UserAssigned", "userAssignedIdentities": [
                    {"resourceId": two.to_lowercase()},
                    {"resourceId": one},
                ]}),
            )
            .with(
                "/spec/grants/storage",
                json!([{"accountId": account, "roles": ["StorageBlobDataContributor"]}]),
            );
        let all = [
            (LINK, linked.name()),
            (ATTACHMENT, by_link.name()),
            (ATTACHMENT, full.name()),
        ];
        for manifest in [&linked, &by_link, &full] {
            scope.apply(manifest).await?;
        }
        let mut about = vec![first, second];
        for (kind, name) in all {
            let ready = scope.condition(kind, name, "Ready", "True").await?;
            about.push(name.to_owned());
            let roles = ready["status"]["roleAssignments"].as_array().unwrap();
            about.extend(
                roles
                    .iter()
                    .map(|role| role["id"].as_str().unwrap().to_owned()),
            );
        }
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        // One more look each, after which everything has been said.
        for (kind, name) in all {
            scope.look(kind, name).await?;
        }

        let since = emulator.now().await?;
        let computes = [
            portal.compute(by_link.name()).await?,
            portal.compute(full.name()).await?,
        ];
        for (kind, name) in all {
            let from = version(&scope.get(kind, name).await?);
            for _ in 0..3 {
                scope.look(kind, name).await?;
            }
            let last = scope.get(kind, name).await?;
            let count = versions(scope, kind, name, &from, &version(&last)).await?;
            assert_eq!(count, 6, "{name}: only the annotations");
        }
        let written = writes(scope, since, &about).await?;
        assert!(written.0.is_empty(), "{written}");
        assert_eq!(
            computes,
            [
                portal.compute(by_link.name()).await?,
                portal.compute(full.name()).await?,
            ]
        );
        Ok(())
    });
}

#[test]
fn a_sync_period_of_its_own_is_followed_or_refused_clearly() {
    scenario("drift-sync", async |scope, _| {
        let often = pool(scope).with(
            "/metadata/annotations/spark.azureml.dev~1sync-period",
            "often",
        );
        let short = pool(scope)
            .with("/metadata/name", scope.unique("short"))
            .with("/metadata/annotations/spark.azureml.dev~1sync-period", "1s");
        let (often, short) = (&often, &short);
        scope.apply(often).await?;
        scope.apply(short).await?;
        let warned = scope
            .reason(
                ATTACHMENT,
                often.name(),
                "Warning",
                "True",
                "InvalidAnnotation",
            )
            .await?;
        let said = message(&warned, "Warning");
        assert!(
            said.contains("sync-period") && said.contains("'often'"),
            "{said}"
        );
        let ready = scope
            .condition(ATTACHMENT, often.name(), "Ready", "True")
            .await?;
        assert!(find_condition(&ready, "Warning").is_some(), "{ready}");
        scope
            .annotate(ATTACHMENT, often.name(), "sync-period", "30m")
            .await?;
        scope
            .wait(ATTACHMENT, often.name(), "is warned of no more", |o| {
                find_condition(o, "Warning").is_none()
            })
            .await?;

        // Whoever asks for less than a minute gets a minute.
        let name = short.name();
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(find_condition(&ready, "Warning"), None);
        scope.look(ATTACHMENT, name).await?;
        let begun = Instant::now();
        let since = scope.stack().emulator().now().await?;
        let emulator = scope.stack().emulator();
        emulator
            .wait_for_requests(since, "a look that nobody asked for", LONG, |seen| {
                seen.count("GET", &["/computes/", name]) > 0
            })
            .await?;
        let waited = begun.elapsed();
        assert!(waited > Duration::from_secs(50), "{waited:?}");
        Ok(())
    });
}
