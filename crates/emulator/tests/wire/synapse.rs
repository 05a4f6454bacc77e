//! Role assignments of Synapse, by the contract's §7.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, Reply};

const ADMINISTRATOR: &str = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78";
const SPARK_ADMINISTRATOR: &str = "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1";
const PRINCIPAL: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const VERSION: &str = "api-version=2020-12-01";

fn id(n: u32) -> String {
    format!("bbbbbbbb-0000-4000-8000-{n:012}")
}

fn pool_scope(azure: &Azure) -> String {
    let world = azure.world();
    format!(
        "workspaces/{}/bigDataPools/{}",
        world.synapse_workspace, world.pool
    )
}

async fn assign(azure: &Azure, n: u32, role: &str, principal: &str, scope: &str) -> Reply {
    let body = json!({
        "roleId": role, "principalId": principal, "scope": scope, "principalType": "ServicePrincipal",
    });
    azure
        .synapse(
            Method::PUT,
            &format!("/roleAssignments/{}?{VERSION}", id(n)),
            Some(body),
        )
        .await
}

#[tokio::test]
async fn an_assignment_comes_and_goes() {
    let azure = Azure::start(json!({})).await;
    let scope = pool_scope(&azure);
    let made = assign(&azure, 1, ADMINISTRATOR, PRINCIPAL, &scope).await;
    assert_eq!(made.status, 200, "{made:?}");
    let expected = json!({
        "id": id(1), "roleDefinitionId": ADMINISTRATOR, "principalId": PRINCIPAL, "scope": scope,
        "principalType": "ServicePrincipal",
    });
    assert_eq!(made.body, expected);
    let path = format!("/roleAssignments/{}?{VERSION}", id(1));
    assert_eq!(azure.synapse(Method::GET, &path, None).await.body, expected);
    let list = format!("/roleAssignments?{VERSION}&roleId={ADMINISTRATOR}&principalId={PRINCIPAL}");
    let listed = azure.synapse(Method::GET, &list, None).await;
    assert_eq!(listed.body, json!({"count": 1, "value": [expected]}));
    assert_eq!(listed.headers["x-ms-continuation"], "");
    assert_eq!(azure.synapse(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(azure.synapse(Method::DELETE, &path, None).await.status, 204);
    let gone = azure.synapse(Method::GET, &path, None).await;
    assert_eq!(
        (gone.status.as_u16(), gone.code()),
        (404, "RoleAssignmentNotFound")
    );
}

#[tokio::test]
async fn the_type_is_answered_only_if_it_was_sent() {
    let azure = Azure::start(json!({})).await;
    let body =
        json!({"roleId": ADMINISTRATOR, "principalId": PRINCIPAL, "scope": pool_scope(&azure)});
    let path = format!("/roleAssignments/{}?{VERSION}", id(1));
    let made = azure.synapse(Method::PUT, &path, Some(body)).await;
    assert_eq!(made.body.get("principalType"), None);
}

#[tokio::test]
async fn doubles_and_repeats() {
    let azure = Azure::start(json!({})).await;
    let scope = pool_scope(&azure);
    assign(&azure, 1, ADMINISTRATOR, PRINCIPAL, &scope).await;
    assert_eq!(
        assign(&azure, 1, ADMINISTRATOR, PRINCIPAL, &scope)
            .await
            .status,
        200
    );
    let double = assign(&azure, 2, ADMINISTRATOR, PRINCIPAL, &scope).await;
    assert_eq!(
        (double.status.as_u16(), double.code()),
        (409, "RoleAssignmentAlreadyExists")
    );
    let other = assign(&azure, 1, ADMINISTRATOR, &id(9), &scope).await;
    assert_eq!(other.status, 409);
    azure
        .set(json!({"synapseDuplicate": "accept", "synapseRepeat": "refuse"}))
        .await;
    assert_eq!(
        assign(&azure, 2, ADMINISTRATOR, PRINCIPAL, &scope)
            .await
            .status,
        200
    );
    assert_eq!(
        assign(&azure, 2, ADMINISTRATOR, PRINCIPAL, &scope)
            .await
            .status,
        409
    );
}

#[tokio::test]
async fn roles_say_where_they_can_be_assigned() {
    let azure = Azure::start(json!({})).await;
    let pool_takes = |roles: &Value, id: &str| {
        let role = roles
            .as_array()
            .unwrap()
            .iter()
            .find(|role| role["id"] == id)
            .unwrap();
        role["scopes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s.as_str().unwrap().contains("bigDataPools"))
    };
    let path = format!("/roleDefinitions?{VERSION}");
    let roles = azure.synapse(Method::GET, &path, None).await.body;
    assert!(pool_takes(&roles, ADMINISTRATOR) && !pool_takes(&roles, SPARK_ADMINISTRATOR));
    let refused = assign(
        &azure,
        1,
        SPARK_ADMINISTRATOR,
        PRINCIPAL,
        &pool_scope(&azure),
    )
    .await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "InvalidScope")
    );
    azure.set(json!({"sparkAdministratorAtPool": true})).await;
    let roles = azure.synapse(Method::GET, &path, None).await.body;
    assert!(pool_takes(&roles, SPARK_ADMINISTRATOR));
    let made = assign(
        &azure,
        1,
        SPARK_ADMINISTRATOR,
        PRINCIPAL,
        &pool_scope(&azure),
    )
    .await;
    assert_eq!(made.status, 200);
}

#[tokio::test]
async fn nonsense_is_refused() {
    let azure = Azure::start(json!({})).await;
    let scope = pool_scope(&azure);
    let arm_id = azure.world().pool_arm_id(&azure.world().pool);
    let rows = [
        (
            id(7),
            PRINCIPAL.to_owned(),
            scope.clone(),
            "RoleDefinitionNotFound",
        ),
        (
            ADMINISTRATOR.to_owned(),
            PRINCIPAL.to_owned(),
            arm_id,
            "InvalidScope",
        ),
        (
            ADMINISTRATOR.to_owned(),
            "nobody".to_owned(),
            scope,
            "PrincipalNotFound",
        ),
    ];
    for (role, principal, scope, code) in rows {
        let reply = assign(&azure, 1, &role, &principal, &scope).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code()),
            (400, code),
            "{reply:?}"
        );
    }
    let path = format!("/roleAssignments/mine?{VERSION}");
    let body = json!({"roleId": ADMINISTRATOR, "principalId": PRINCIPAL, "scope": "x"});
    assert_eq!(
        azure.synapse(Method::PUT, &path, Some(body)).await.code(),
        "InvalidRoleAssignmentId"
    );
}

#[tokio::test]
async fn a_new_identity_is_unknown_for_a_while() {
    let azure =
        Azure::start(json!({"operationSeconds": 0, "principalReplicationSeconds": 60})).await;
    let compute = azure.attach("synspark").await;
    let principal = compute["identity"]["principalId"].as_str().unwrap();
    let refused = assign(&azure, 1, ADMINISTRATOR, principal, &pool_scope(&azure)).await;
    assert_eq!(refused.code(), "PrincipalNotFound");
    azure.set(json!({"principalReplicationSeconds": 0})).await;
    assert_eq!(
        assign(&azure, 1, ADMINISTRATOR, principal, &pool_scope(&azure))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn lists_go_on_by_header() {
    let azure = Azure::start(json!({"synapsePageSize": 2})).await;
    for n in 1..=4 {
        assign(&azure, n, ADMINISTRATOR, &id(n), &pool_scope(&azure)).await;
    }
    let token = azure.token(&azure.synapse_audience()).await;
    let url = format!(
        "{}/roleAssignments?{VERSION}&scope={}",
        azure.synapse_url(),
        pool_scope(&azure)
    );
    let mut continuation = String::new();
    let mut counts = Vec::new();
    loop {
        let page = azure
            .client
            .get(&url)
            .bearer_auth(&token)
            .header("x-ms-continuation", &continuation)
            .send()
            .await
            .unwrap();
        continuation = page.headers()["x-ms-continuation"]
            .to_str()
            .unwrap()
            .to_owned();
        let body: Value = page.json().await.unwrap();
        assert_eq!(body["count"], body["value"].as_array().unwrap().len());
        counts.push(body["count"].as_u64().unwrap());
        if continuation.is_empty() {
            break;
        }
    }
    assert_eq!(counts, [2, 2]);
}

#[tokio::test]
async fn only_an_administrator_grants() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let token = azure
        .token_of(&world.denied_client_id, &azure.synapse_audience())
        .await;
    let url = format!("{}/roleAssignments?{VERSION}", azure.synapse_url());
    let refused = azure.send(Method::GET, &url, Some(&token), None).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (403, "Unauthorized")
    );
    let arm = azure.token(&azure.arm_audience()).await;
    assert_eq!(
        azure.send(Method::GET, &url, Some(&arm), None).await.status,
        401
    );
    assert_eq!(azure.send(Method::GET, &url, None, None).await.status, 401);
    let main = azure.token(&azure.synapse_audience()).await;
    let bare = url.split('?').next().unwrap();
    let refused = azure.send(Method::GET, bare, Some(&main), None).await;
    assert_eq!(refused.code(), "MissingApiVersionParameter");
    let elsewhere = url.replace(&world.synapse_workspace, "other");
    assert_eq!(
        azure
            .send(Method::GET, &elsewhere, Some(&token), None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn access_can_be_asked_for() {
    let azure = Azure::start(json!({})).await;
    assign(&azure, 1, ADMINISTRATOR, PRINCIPAL, &pool_scope(&azure)).await;
    let ask = async |principal: &str, scope: &str| {
        let body = json!({
            "subject": {"principalId": principal},
            "actions": [{"id": "Microsoft.Synapse/workspaces/bigDataPools/useCompute/action", "isDataAction": true}],
            "scope": scope,
        });
        let path = format!("/checkAccessSynapseRbac?{VERSION}");
        let reply = azure.synapse(Method::POST, &path, Some(body)).await;
        reply.body["AccessDecisions"][0]["accessDecision"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let pool = pool_scope(&azure);
    assert_eq!(ask(PRINCIPAL, &pool).await, "Allowed");
    assert_eq!(ask(&id(9), &pool).await, "NotAllowed");
    let workspace = format!("workspaces/{}", azure.world().synapse_workspace);
    assert_eq!(ask(PRINCIPAL, &workspace).await, "NotAllowed");
    azure.set(json!({"synapseRoleSeconds": 60})).await;
    assert_eq!(ask(PRINCIPAL, &pool).await, "NotAllowed");
}
