//! The checks before a resource is looked at, and the documents that need none.

use azureml_emulator::{Access, Principal, World};
use reqwest::Method;
use serde_json::json;

use crate::azure::Azure;

const VERSION: &str = "api-version=2025-12-01";

#[tokio::test]
async fn the_workspace_shows_itself_whatever_the_case_of_its_path() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let path = format!("{}?{VERSION}", world.workspace_arm_id());
    for path in [
        path.clone(),
        path.to_uppercase().replace("API-VERSION", "api-version"),
    ] {
        let reply = azure.arm(Method::GET, &path, None).await;
        assert_eq!(reply.status, 200, "{path} {reply:?}");
        assert_eq!(reply.body["name"], world.workspace);
        assert_eq!(reply.body["location"], "eastus");
        let identities = reply.body["identity"]["userAssignedIdentities"]
            .as_object()
            .unwrap();
        let key = world.identity_arm_id(&world.user_assigned_identity);
        let key = key.replace("/resourceGroups/", "/resourcegroups/");
        assert_eq!(
            identities[&key]["clientId"],
            world.identity_client_id(&world.user_assigned_identity)
        );
        let discovery = reply.body["properties"]["discoveryUrl"].as_str().unwrap();
        let services = azure.send(Method::GET, discovery, None, None).await;
        assert_eq!(services.body["api"], azure.emulator.url());
    }
}

#[tokio::test]
async fn tokens_are_checked() {
    let azure = Azure::start(json!({})).await;
    let path = format!("{}?{VERSION}", azure.world().workspace_arm_id());
    let none = azure.send(Method::GET, &path, None, None).await;
    assert_eq!(
        (none.status.as_u16(), none.code()),
        (401, "AuthenticationFailed")
    );
    assert!(
        none.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .contains(&azure.world().tenant)
    );
    let other = azure.token(&azure.synapse_audience()).await;
    let wrong = azure.send(Method::GET, &path, Some(&other), None).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.code()),
        (401, "InvalidAuthenticationTokenAudience")
    );
    let forged = azure.send(Method::GET, &path, Some("a.b.c"), None).await;
    assert_eq!(
        (forged.status.as_u16(), forged.code()),
        (401, "InvalidAuthenticationToken")
    );
    azure.set(json!({"tokenSeconds": 0})).await;
    let old = azure.arm(Method::GET, &path, None).await;
    assert_eq!(
        (old.status.as_u16(), old.code()),
        (401, "ExpiredAuthenticationToken")
    );
}

#[tokio::test]
async fn rights_are_checked_before_anything_exists() {
    let reader = "22222222-2222-4222-8222-000000000200";
    let world = World {
        principals: vec![Principal {
            client_id: reader.to_owned(),
            access: Access::Read,
        }],
        ..World::default()
    };
    let azure = Azure::start_in(world, json!({})).await;
    let world = azure.world();
    let path = format!("{}?{VERSION}", world.workspace_arm_id());
    let token = azure
        .token_of(&world.denied_client_id, &azure.arm_audience())
        .await;
    let refused = azure.send(Method::GET, &path, Some(&token), None).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (403, "AuthorizationFailed")
    );
    let message = refused.body["error"]["message"].as_str().unwrap();
    let start = format!("The client '{}' with object id '", world.denied_client_id);
    assert!(message.starts_with(&start), "{message}");
    assert!(message.contains(&format!(
        "to perform action 'Microsoft.MachineLearningServices/workspaces/read' over scope '{}'",
        world.workspace_arm_id()
    )));
    let elsewhere = path.replace(&world.resource_group, "nowhere");
    let refused = azure
        .send(Method::GET, &elsewhere, Some(&token), None)
        .await;
    assert_eq!(refused.code(), "AuthorizationFailed");

    let token = azure.token_of(reader, &azure.arm_audience()).await;
    assert_eq!(
        azure
            .send(Method::GET, &path, Some(&token), None)
            .await
            .status,
        200
    );
    let compute = azure.compute("synspark");
    let body = azure.attach_body(&world.pool);
    let refused = azure
        .send(Method::PUT, &compute, Some(&token), Some(body))
        .await;
    assert!(
        refused.body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("'Microsoft.MachineLearningServices/workspaces/computes/write'")
    );
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let path = format!("{}?{VERSION}", world.workspace_arm_id());
    let rows = [
        (
            path.replace(&world.subscription, "99999999-0000-4000-8000-000000000000"),
            404,
            "SubscriptionNotFound",
        ),
        (
            path.replace(&world.resource_group, "nowhere"),
            404,
            "ResourceGroupNotFound",
        ),
        (
            path.replace(&world.workspace, "nothing"),
            404,
            "ResourceNotFound",
        ),
        (world.workspace_arm_id(), 400, "MissingApiVersionParameter"),
        (
            format!("{}?api-version=latest", world.workspace_arm_id()),
            400,
            "InvalidApiVersionParameter",
        ),
        (
            format!("{}/widgets?{VERSION}", world.workspace_arm_id()),
            404,
            "InvalidResourceType",
        ),
    ];
    for (path, status, code) in rows {
        let reply = azure.arm(Method::GET, &path, None).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code()),
            (status, code),
            "{path}"
        );
    }
    let compute = azure
        .compute("synspark")
        .replace(&world.workspace, "nothing");
    let body = azure.attach_body(&world.pool);
    let put = azure.arm(Method::PUT, &compute, Some(body.clone())).await;
    assert_eq!(put.code(), "ResourceNotFound");
    azure
        .set(json!({"missingParent": "parentResourceNotFound"}))
        .await;
    let put = azure.arm(Method::PUT, &compute, Some(body)).await;
    assert_eq!(put.code(), "ParentResourceNotFound");
}

#[tokio::test]
async fn bodies_are_json() {
    let azure = Azure::start(json!({})).await;
    let token = azure.token(&azure.arm_audience()).await;
    let put = |kind: &'static str, body: &'static str| {
        azure
            .client
            .put(format!(
                "{}{}",
                azure.emulator.url(),
                azure.compute("synspark")
            ))
            .bearer_auth(&token)
            .header("content-type", kind)
            .body(body)
            .send()
    };
    assert_eq!(put("text/plain", "{}").await.unwrap().status(), 415);
    assert_eq!(put("application/json", "{").await.unwrap().status(), 400);
}

#[tokio::test]
async fn answers_carry_ids() {
    let azure = Azure::start(json!({})).await;
    let path = format!("{}?{VERSION}", azure.world().workspace_arm_id());
    let token = azure.token(&azure.arm_audience()).await;
    let reply = azure
        .client
        .get(format!("{}{path}", azure.emulator.url()))
        .bearer_auth(token)
        .header("x-ms-client-request-id", "mine")
        .header("x-ms-return-client-request-id", "true")
        .header("x-ms-correlation-request-id", "together")
        .send()
        .await
        .unwrap();
    assert_eq!(reply.headers()["x-ms-client-request-id"], "mine");
    assert_eq!(reply.headers()["x-ms-correlation-request-id"], "together");
    assert!(reply.headers().contains_key("x-ms-request-id"));
}

#[tokio::test]
async fn the_cloud_describes_itself() {
    let azure = Azure::start(json!({})).await;
    let url = azure.emulator.url();
    let list = azure
        .send(
            Method::GET,
            "/metadata/endpoints?api-version=2019-05-01",
            None,
            None,
        )
        .await;
    assert_eq!(list.body[0]["resourceManager"], format!("{url}/"));
    assert_eq!(
        list.body[0]["authentication"]["loginEndpoint"],
        format!("{url}/")
    );
    assert!(
        list.body[0]["suffixes"]["storage"]
            .as_str()
            .unwrap()
            .starts_with("core.localhost:")
    );
    let one = azure
        .send(
            Method::GET,
            "/metadata/endpoints?api-version=2018-05-01",
            None,
            None,
        )
        .await;
    assert_eq!(one.body["name"], list.body[0]["name"]);
}

#[tokio::test]
async fn pools_are_read() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let path = format!("{}?api-version=2021-06-01", world.pool_arm_id(&world.pool));
    let pool = azure.arm(Method::GET, &path, None).await;
    assert_eq!(pool.body["properties"]["sparkVersion"], "3.4");
    assert_eq!(
        pool.body["properties"]["autoScale"],
        json!({"enabled": true, "minNodeCount": 3, "maxNodeCount": 10})
    );
    let absent = format!("{}?api-version=2021-06-01", world.pool_arm_id("other"));
    assert_eq!(
        azure.arm(Method::GET, &absent, None).await.code(),
        "ResourceNotFound"
    );
}

#[tokio::test]
async fn requests_are_throttled_when_asked_for() {
    let azure = Azure::start(json!({
        "throttle": {"enabled": true, "reads": {"size": 2, "perSecond": 0.01}}
    }))
    .await;
    let path = format!("{}?{VERSION}", azure.world().workspace_arm_id());
    let first = azure.arm(Method::GET, &path, None).await;
    assert_eq!(
        first.headers["x-ms-ratelimit-remaining-subscription-reads"],
        "1"
    );
    assert_eq!(azure.arm(Method::GET, &path, None).await.status, 200);
    let refused = azure.arm(Method::GET, &path, None).await;
    assert_eq!(refused.status, 429);
    assert!(
        refused.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            > 1
    );
}
