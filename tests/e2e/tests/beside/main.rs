//! Microsoft's SDK changes, by what its own `compute.get` returned, what the running operator keeps: neither trips over
//! the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod sdk;

use anyhow::Result;
use azureml_spark_testkit::emulator;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use azureml_spark_testkit::stack::{Options, Stack};
use serde_json::{Value, json};

use crate::sdk::Sdk;

const KIND: &str = "SynapseSparkAttachment";
const NAME: &str = "synspark";
const PUT: [&str; 1] = ["/computes/synspark"];

/// Makes the operator look, waits until the compute is the operator's wish with these further tags, and the object says
/// so; whatever the person did, one PUT brings it there.
async fn is_brought_back(scope: &Scope<'_>, since: u64, tags: &Value) -> Result<Value> {
    scope.reconcile(KIND, NAME).await?;
    let portal = Portal::new(scope.stack().emulator())?;
    let wished = until("the compute is as wished", PATIENCE, async || {
        let compute = portal.compute(NAME).await?;
        Ok(compute.filter(|compute| {
            compute["identity"]["type"] == "SystemAssigned"
                && compute["properties"]["provisioningState"] == "Succeeded"
                && without_mark(&compute["tags"]) == *tags
        }))
    })
    .await?;
    let principal = wished["identity"]["principalId"].as_str().unwrap();
    let object = scope
        .wait(KIND, NAME, "is ready as wished", |object| {
            let status = &object["status"];
            let ready = find_condition(object, "Ready").is_some_and(|r| r["status"] == "True");
            // One of the identity that is gone may be on record until it cannot appear any more.
            let roles = status["roleAssignments"].as_array();
            ready
                && status["drift"] == Value::Null
                && status["identity"]["principalId"] == principal
                && roles.is_some_and(|all| all.iter().any(|one| one["principalId"] == principal))
        })
        .await?;
    let uid = object["metadata"]["uid"].as_str().unwrap();
    let mark = wished["tags"]["azureml-spark-operator"].as_str().unwrap();
    assert_eq!(mark.split(' ').next(), Some(uid), "{wished}");
    assert_eq!(portal.synapse_roles_of(principal).await?.len(), 1);
    let seen = scope.asked(since).await?;
    assert_eq!(seen.count("PUT", &PUT), 1, "{seen}");
    Ok(object)
}

fn without_mark(tags: &Value) -> Value {
    let mut tags = tags.clone();
    if let Some(tags) = tags.as_object_mut() {
        tags.remove("azureml-spark-operator");
    }
    tags
}

/// What the SDK shows is what the operator wants.
fn shows_the_wish(shown: &Value, object: &Value, tags: &Value) {
    let compute = &shown["compute"];
    assert_eq!(shown["names"], json!([NAME]));
    assert_eq!(compute["state"], "Succeeded");
    assert_eq!(compute["identity"], "system_assigned");
    assert_eq!(
        compute["principalId"],
        object["status"]["identity"]["principalId"]
    );
    assert_eq!(compute["userAssigned"], json!([]));
    assert_eq!(compute["pool"], object["spec"]["pool"]["resourceId"]);
    assert_eq!(without_mark(&compute["tags"]), *tags);
}

#[tokio::test]
async fn the_sdk_changes_identity_and_tags_and_both_stay_sane() -> Result<()> {
    let options = Options {
        emulator: emulator::Options {
            // The client waits 30 s between its polls where no time is named.
            settings: json!({"operationSeconds": 0.2, "operationRetryAfter": 1}),
            ..emulator::Options::default()
        },
        ..Options::default()
    };
    let stack = Stack::start(options).await?;
    let (scope, sdk) = tokio::try_join!(stack.scope("beside"), Sdk::of(&stack))?;
    scope.workspace().await?;
    let wish = manifest::attachment(NAME, WORKSPACE, stack.emulator().world())
        .with("/spec/tags/team", "data");
    scope.apply(&wish).await?;
    scope.condition(KIND, NAME, "Ready", "True").await?;

    told(&scope, &sdk, &wish).await?;
    corrected(&scope, &sdk).await?;
    attached_again(&scope, &sdk).await?;

    // What the object was ever said to be: never somebody else's.
    let events = scope.events(KIND, NAME).await?;
    assert!(
        events.iter().all(|(_, reason, _)| reason != "Conflict"),
        "{events:?}"
    );
    scope.delete(KIND, NAME).await?;
    scope.gone(KIND, NAME).await?;
    Ok(())
}

/// With `driftPolicy: Report` the change stays and is told, and without it is corrected after all.
async fn told(scope: &Scope<'_>, sdk: &Sdk<'_>, wish: &Manifest) -> Result<()> {
    let emulator = scope.stack().emulator();
    scope
        .apply(&wish.clone().with("/spec/driftPolicy", "Report"))
        .await?;
    scope.condition(KIND, NAME, "Ready", "True").await?;
    let since = emulator.now().await?;
    let theirs = json!({"team": "sdk", "cost-center": "42"});
    let changed = sdk.run("change", NAME, &[&theirs.to_string()]).await?;
    assert_eq!(changed["compute"]["identity"], "user_assigned");
    assert_eq!(without_mark(&changed["compute"]["tags"]), theirs);
    scope.reconcile(KIND, NAME).await?;
    let object = scope
        .reason(KIND, NAME, "Attached", "True", "Drifted")
        .await?;
    let drift = object["status"]["drift"].as_array().unwrap();
    let of = |field: &str| {
        let found = drift.iter().find(|one| one["field"] == field);
        let found = found.unwrap_or_else(|| panic!("no {field} in {drift:?}"));
        (found["desired"].as_str(), found["observed"].as_str())
    };
    assert_eq!(of("tags.team"), (Some("data"), Some("sdk")));
    let identities = (Some("SystemAssigned"), Some("UserAssigned"));
    assert_eq!(of("identity.type"), identities);
    assert_eq!(drift.len(), 2, "{drift:?}");
    // Other identities than the roles were given to: jobs cannot be trusted to run.
    let ready = find_condition(&object, "Ready").unwrap();
    assert_eq!(ready["status"], "False", "{ready}");
    assert_eq!(ready["reason"], "Drifted", "{ready}");
    assert_eq!(sdk.run("show", NAME, &[]).await?, changed);
    let seen = scope.asked(since).await?;
    assert_eq!(seen.count("PUT", &PUT), 0, "{seen}");

    let since = emulator.now().await?;
    scope.apply(wish).await?;
    let tags = json!({"team": "data", "cost-center": "42"});
    let object = is_brought_back(scope, since, &tags).await?;
    shows_the_wish(&sdk.run("show", NAME, &[]).await?, &object, &tags);
    Ok(())
}

/// With `driftPolicy: Correct` the operator brings back what its spec names, and leaves the rest. The client's PUT
/// replaces all tags, the mark of the owner among them: the object knows its compute all the same.
async fn corrected(scope: &Scope<'_>, sdk: &Sdk<'_>) -> Result<()> {
    let since = scope.stack().emulator().now().await?;
    let theirs = json!({"made-by": "sdk"});
    let shown = sdk.run("replace", NAME, &[&theirs.to_string()]).await?;
    assert_eq!(shown["compute"]["identity"], "user_assigned");
    assert_eq!(shown["compute"]["tags"], theirs);
    let tags = json!({"team": "data", "made-by": "sdk"});
    let object = is_brought_back(scope, since, &tags).await?;
    shows_the_wish(&sdk.run("show", NAME, &[]).await?, &object, &tags);
    Ok(())
}

/// The SDK detaches the pool, and the operator attaches it again.
async fn attached_again(scope: &Scope<'_>, sdk: &Sdk<'_>) -> Result<()> {
    let since = scope.stack().emulator().now().await?;
    let shown = sdk.run("detach", NAME, &[]).await?;
    assert_eq!(shown, json!({"compute": null, "names": []}));
    let tags = json!({"team": "data"});
    let object = is_brought_back(scope, since, &tags).await?;
    shows_the_wish(&sdk.run("show", NAME, &[]).await?, &object, &tags);
    Ok(())
}
