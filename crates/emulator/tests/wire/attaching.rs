//! Attachments that fail, pools that are far, tags that Azure adds.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, Reply};

async fn put(azure: &Azure, body: &Value) -> Reply {
    azure
        .arm(Method::PUT, &azure.compute("synspark"), Some(body.clone()))
        .await
}

async fn shown(azure: &Azure) -> Value {
    azure
        .arm(Method::GET, &azure.compute("synspark"), None)
        .await
        .body
}

#[tokio::test]
async fn a_pool_of_another_region() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let world = azure.world();
    let mut body = azure.attach_body("farpool");
    let far = format!(
        "{}/bigDataPools/farpool",
        world.synapse_arm_id("far-synapse-ws")
    );
    body["properties"]["resourceId"] = far.clone().into();
    let path = format!("{far}?api-version=2021-06-01");
    assert_eq!(
        azure.arm(Method::GET, &path, None).await.body["location"],
        "westeurope"
    );

    azure.set(json!({"otherRegionPool": "refuse"})).await;
    assert_eq!(put(&azure, &body).await.status, 400);
    azure
        .set(json!({"otherRegionPool": "operationFails"}))
        .await;
    assert_eq!(
        azure.ended(&put(&azure, &body).await).await["status"],
        "Failed"
    );
    let errors = shown(&azure).await["properties"]["provisioningErrors"].clone();
    let message = errors[0]["error"]["message"].as_str().unwrap();
    assert!(message.contains("westeurope"), "{message}");
    azure.set(json!({"otherRegionPool": "accept"})).await;
    assert_eq!(
        azure.ended(&put(&azure, &body).await).await["status"],
        "Succeeded"
    );
    assert_eq!(
        shown(&azure).await["properties"]["properties"]["poolName"],
        "farpool"
    );

    // A pool of the other workspace's name is none of this one.
    let body = azure.attach_body("farpool");
    assert_eq!(put(&azure, &body).await.code(), "BadArgument");
}

#[tokio::test]
async fn an_attachment_fails_for_the_reason_that_is_set() {
    let error = json!({
        "code": "PoolQuotaExceeded", "message": "No cores are left.",
        "details": [{"code": "Cores", "message": "0 of 12"}],
    });
    let azure = Azure::start(json!({"operationSeconds": 0, "attachFails": error})).await;
    let body = azure.attach_body(&azure.world().pool);
    let end = azure.ended(&put(&azure, &body).await).await;
    assert_eq!((&end["status"], &end["error"]), (&json!("Failed"), &error));
    let failed = shown(&azure).await;
    assert_eq!(failed["properties"]["provisioningState"], "Failed");
    assert_eq!(
        failed["properties"]["provisioningErrors"],
        json!([{"error": error}])
    );
    azure.set(json!({"attachFails": null})).await;
    assert_eq!(
        azure.ended(&put(&azure, &body).await).await["status"],
        "Succeeded"
    );
}

#[tokio::test]
async fn one_attachment_can_fail_beside_others() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let mut body = azure.attach_body(&azure.world().pool);
    body["tags"] = json!({"emulator-attach-fails": "PoolBroken: The pool is broken."});
    let end = azure.ended(&put(&azure, &body).await).await;
    assert_eq!(
        end["error"],
        json!({"code": "PoolBroken", "message": "The pool is broken."})
    );
    azure.attach("other").await;
}

#[tokio::test]
async fn a_policy_adds_and_rewrites_tags() {
    let azure = Azure::start(json!({
        "operationSeconds": 0, "policyTags": {"costCenter": "42", "a": "policy"},
    }))
    .await;
    let mut body = azure.attach_body(&azure.world().pool);
    body["tags"] = json!({"a": "mine", "b": "mine"});
    azure.ended(&put(&azure, &body).await).await;
    let expected = json!({"a": "policy", "b": "mine", "costCenter": "42"});
    assert_eq!(shown(&azure).await["tags"], expected);
    body.as_object_mut().unwrap().remove("tags");
    let answer = put(&azure, &body).await;
    assert_eq!(
        answer.body["tags"],
        json!({"a": "policy", "costCenter": "42"})
    );
    azure.set(json!({"policyTags": null})).await;
    assert_eq!(put(&azure, &body).await.body["tags"], Value::Null);
}
