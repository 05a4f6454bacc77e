//! Azure Policy, which lays tags of its own over those of every compute that is written.

use serde_json::{Value, json};

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
        stage.look(ATTACHMENT, name).await?;
        let calm = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(calm["status"]["drift"], Value::Null);
        let seen = stage.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 0, "{seen}");
        Ok(())
    });
}
