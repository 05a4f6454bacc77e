//! Tags: ours, those that others set, and those that leave the spec.

use serde_json::{Value, json};

use crate::calm::puts;
use crate::{ATTACHMENT, becomes, pool, scenario, tagged};

#[test]
fn tags_of_others_are_left_alone() {
    scenario("drift-others", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let manifest = pool(scope).with("/spec/tags/team", "a");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;

        let since = emulator.now().await?;
        portal
            .change_compute(name, |body| body["tags"]["costCenter"] = json!("42"))
            .await?;
        scope.look(ATTACHMENT, name).await?;
        let calm = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(calm["status"]["drift"], Value::Null);
        assert_eq!(puts(scope, since, name).await?.0.len(), 0);

        // Azure replaces all tags: whoever writes theirs has to write those of others, too.
        scope
            .apply(&manifest.clone().with("/spec/tags/team", "b"))
            .await?;
        tagged(portal, name, "team", "b").await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let compute = portal.compute(name).await?.unwrap();
        assert_eq!(compute["tags"]["costCenter"], "42");
        assert_eq!(puts(scope, since, name).await?.0.len(), 1);
        Ok(())
    });
}

#[test]
fn a_tag_that_leaves_the_spec_is_taken_off() {
    scenario("drift-off", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let manifest = pool(scope)
            .with("/spec/tags/team", "a")
            .with("/spec/tags/stage", "test");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        portal
            .change_compute(name, |body| body["tags"]["costCenter"] = json!("42"))
            .await?;

        let since = emulator.now().await?;
        scope
            .apply(&manifest.clone().without("/spec/tags/team"))
            .await?;
        becomes("the tag is gone", async || {
            let compute = portal.compute(name).await?.unwrap_or_default();
            Ok(compute["tags"].get("team").is_none())
        })
        .await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let compute = portal.compute(name).await?.unwrap();
        assert_eq!(compute["tags"]["stage"], "test");
        assert_eq!(compute["tags"]["costCenter"], "42");

        // Without any tag in the spec, what is left is what others have set.
        scope.apply(&manifest.clone().without("/spec/tags")).await?;
        becomes("the other is gone, too", async || {
            let compute = portal.compute(name).await?.unwrap_or_default();
            Ok(compute["tags"].get("stage").is_none())
        })
        .await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let compute = portal.compute(name).await?.unwrap();
        let mut keys: Vec<&str> = compute["tags"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        assert_eq!(keys, ["azureml-spark-operator", "costCenter"]);
        assert_eq!(puts(scope, since, name).await?.0.len(), 2);
        Ok(())
    });
}
