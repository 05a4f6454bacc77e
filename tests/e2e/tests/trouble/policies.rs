//! Azure Policy, which lays tags of its own over those of every compute that is written.

use std::time::Instant;

use azureml_spark_testkit::scope::{find_condition, message};
use serde_json::{Value, json};

use crate::stage::says;
use crate::{ATTACHMENT, Theme, changing};

#[test]
fn a_tag_that_a_policy_adds_is_no_drift() {
    changing(Theme::Computes, "policy-adds", async |stage| {
        let scope = &stage.scope;
        stage
            .set(json!({"policyTags": {"costCenter": "42"}}))
            .await?;
        let pool = stage.pool("pool").await?.with("/spec/tags/team", "a");
        let name = pool.name();
        scope.apply(&pool).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(ready["status"]["drift"], Value::Null);
        let compute = stage.portal.compute(name).await?.unwrap();
        assert_eq!(compute["tags"]["costCenter"], "42");

        let since = stage.emulator().now().await?;
        stage.scope.look(ATTACHMENT, name).await?;
        let calm = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(calm["status"]["drift"], Value::Null);
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 0, "{seen}");
        Ok(())
    });
}

#[test]
fn a_tag_that_a_policy_rewrites_is_told_and_not_fought_over() {
    changing(Theme::Computes, "policy-sets", async |stage| {
        let scope = &stage.scope;
        let key = scope.unique("team");
        stage.set(json!({"policyTags": {&key: "policy"}})).await?;
        let tag = format!("/spec/tags/{key}");
        let pool = stage.pool("pool").await?.with(&tag, "a");
        let name = pool.name();
        let (begun, since) = (Instant::now(), stage.emulator().now().await?);
        scope.apply(&pool).await?;
        // The roles are granted all the same: nothing else differs in the end.
        let difference =
            json!({"field": format!("tags.{key}"), "desired": "a", "observed": "policy"});
        let what = "tells what Azure does not keep, and that roles are granted";
        let told = scope
            .wait(ATTACHMENT, name, what, |object| {
                object["status"]["drift"] == json!([difference])
                    && find_condition(object, "AccessGranted")
                        .is_some_and(|granted| granted["status"] == "True")
            })
            .await?;
        says(message(&told, "Attached"), &[&format!("tags.{key}")]);
        for _ in 0..3 {
            stage.scope.look(ATTACHMENT, name).await?;
        }
        let seen = stage.scope.asked(since).await?;
        let puts = seen.count("PUT", &["/computes/", name]);
        // At most one a minute, from the first on.
        let most = usize::try_from(begun.elapsed().as_secs() / 60)? + 1;
        assert!((1..=most).contains(&puts), "{puts} of {most}: {seen}");

        // With the policy's own word in the spec, there is peace.
        scope.apply(&pool.clone().with(&tag, "policy")).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(ready["status"]["drift"], Value::Null);
        Ok(())
    });
}
