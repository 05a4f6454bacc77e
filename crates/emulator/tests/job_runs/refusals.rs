//! What a new job may not be.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;
use crate::studio::chain;

/// Changes one field of a good body: the path in it, and the value, or null to leave it out.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(&format!("/properties{parent}")).unwrap();
    match value {
        Value::Null => drop(parent.as_object_mut().unwrap().remove(key)),
        value => parent[key] = value,
    }
    body
}

#[tokio::test]
async fn a_job_that_makes_no_sense_is_a_user_error() {
    let azure = Azure::start(json!({})).await;
    let code = azure.some_code().await;
    let good = Azure::job_body(&code);
    let rows = [
        ("/jobType", json!("Command"), "Command"),
        ("/jobType", Value::Null, "jobType"),
        ("/codeId", Value::Null, "codeId"),
        ("/entry", Value::Null, "entry"),
        ("/entry/file", json!(""), "entry.file"),
        (
            "/entry/sparkJobEntryType",
            json!("Other"),
            "sparkJobEntryType",
        ),
        ("/resources", Value::Null, "Exactly one"),
        ("/computeId", json!("/x/computes/c"), "Exactly one"),
        (
            "/resources/instanceType",
            json!("standard_d2_v2"),
            "instanceType",
        ),
        ("/resources/runtimeVersion", Value::Null, "runtimeVersion"),
        ("/conf/spark.driver.cores", json!(1), "must be a text"),
        (
            "/conf/spark.driver.memory",
            Value::Null,
            "spark.driver.memory is required",
        ),
        (
            "/conf/spark.dynamicAllocation.minExecutors",
            json!("1"),
            "minExecutors",
        ),
        (
            "/conf/spark.dynamicAllocation.enabled",
            json!("True"),
            "minExecutors is required",
        ),
        ("/inputs/n/value", Value::Null, "inputs.n"),
        ("/outputs/out/mode", json!("ReadWriteMount"), "Direct only"),
        ("/tags/mine", json!("x".repeat(1001)), "mine"),
        ("/displayName", json!("x".repeat(257)), "displayName"),
        ("/pyFiles", json!("a.py"), "pyFiles"),
        (
            "/jars",
            json!(["a.jar", "a.jar"]),
            "jars names a file twice",
        ),
        (
            "/inputs/n/jobInputType",
            json!("csv"),
            "unknown jobInputType",
        ),
        (
            "/outputs/out/jobOutputType",
            json!("literal"),
            "unknown jobOutputType",
        ),
    ];
    for (pointer, value, words) in rows {
        let reply = azure
            .put("jobs/run-1", with(good.clone(), pointer, value))
            .await;
        assert_eq!(reply.status, 400, "{pointer}: {reply:?}");
        assert_eq!(reply.body["error"]["code"], "UserError", "{pointer}");
        let message = reply.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{pointer}: {message}");
    }
    assert_eq!(azure.put("jobs/-bad.name", good.clone()).await.status, 400);
    assert_eq!(azure.get("jobs/run-1").await.status, 404);
    assert_eq!(azure.put("jobs/run-1", good).await.status, 201);
}

#[tokio::test]
async fn a_job_that_names_what_is_not_there_is_a_404_on_a_write() {
    let azure = Azure::start(json!({})).await;
    let code = azure.some_code().await;
    let good = Azure::job_body(&code);
    let other = json!("22222222-2222-4222-8222-222222222222");
    let rows = [
        (
            with(good.clone(), "/codeId", json!(format!("{code}0"))),
            "CodeNotFound",
        ),
        (azure.attached_body(&code, "nowhere"), "ComputeNotFound"),
        (
            with(good.clone(), "/identity", Value::Null),
            "UserAssignedIdentityNotFound",
        ),
        (
            with(good.clone(), "/identity/clientId", other),
            "UserAssignedIdentityNotFound",
        ),
        (
            with(good.clone(), "/identity/identityType", json!("AMLToken")),
            "UserAssignedIdentityNotFound",
        ),
    ];
    for (body, code) in rows {
        let reply = azure.put("jobs/run-1", body).await;
        assert_eq!(reply.status, 404, "{code}: {reply:?}");
        assert_eq!(reply.body["error"]["code"], "UserError", "{code}");
        assert_eq!(chain(&reply.body), ["NotFound", code]);
    }
    let absent = azure.get("jobs/run-1").await;
    assert_eq!(
        (absent.status.as_u16(), chain(&absent.body)),
        (404, vec!["NotFound".to_owned(), "JobNotFound".to_owned()])
    );
}

#[tokio::test]
async fn unknown_references_can_be_left_to_the_run() {
    let settings =
        json!({"unknownCode": "jobFails", "unknownCompute": "jobFails", "instantSeconds": 0});
    let azure = Azure::start(settings).await;
    let body = azure.attached_body("/no/such/code", "nowhere");
    azure.submit("run-1", body).await;
    assert_eq!(azure.status("run-1").await, "Failed");
    let error = azure.details("run-1").await["error"]["error"]["message"].to_string();
    assert!(error.contains("nowhere"), "{error}");
}

#[tokio::test]
async fn jobs_of_a_user_need_a_second_token() {
    let azure = Azure::start(json!({})).await;
    let code = azure.some_code().await;
    let body = with(
        Azure::job_body(&code),
        "/identity/identityType",
        json!("UserIdentity"),
    );
    assert_eq!(azure.put("jobs/run-1", body.clone()).await.status, 400);
    let arm = azure.token(&azure.arm_audience()).await;
    let put = |second: String| {
        let url = format!("{}{}", azure.emulator.url(), azure.ws("jobs/run-1"));
        let request = azure
            .client
            .put(url)
            .bearer_auth(&arm)
            .header("x-azureml-token", second);
        request.json(&body).send()
    };
    assert_eq!(put(arm.clone()).await.unwrap().status(), 401);
    let second = azure.token(&format!("{}/aml", azure.emulator.url())).await;
    assert_eq!(put(second).await.unwrap().status(), 201);
    azure.set(json!({"missingAmlToken": "accept"})).await;
    assert_eq!(azure.put("jobs/run-2", body).await.status, 201);
}

#[tokio::test]
async fn a_principal_without_a_role_sees_nothing() {
    let azure = Azure::start(json!({})).await;
    let denied = azure.world().denied_client_id.clone();
    let token = azure.token_of(&denied, &azure.arm_audience()).await;
    for path in [azure.ws("jobs"), azure.ws("jobs/run-1")] {
        let reply = azure.send(Method::GET, &path, Some(&token), None).await;
        assert_eq!(reply.status, 403);
        assert_eq!(reply.body["error"]["code"], "AuthorizationFailed");
    }
}
