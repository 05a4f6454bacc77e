//! Azure role assignments, by the contract's §8.1.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, Reply};

const CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const PRINCIPAL: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const VERSION: &str = "api-version=2022-04-01";

fn path(scope: &str, n: u32) -> String {
    format!(
        "{scope}/providers/Microsoft.Authorization/roleAssignments/cccccccc-0000-4000-8000-{n:012}?{VERSION}"
    )
}

fn body(azure: &Azure, role: &str, principal: &str, kind: Option<&str>) -> Value {
    let role = format!(
        "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        azure.world().subscription
    );
    json!({"properties": {"roleDefinitionId": role, "principalId": principal, "principalType": kind}})
}

async fn put(azure: &Azure, n: u32, principal: &str) -> Reply {
    let scope = azure.world().storage_arm_id();
    let body = body(azure, CONTRIBUTOR, principal, Some("ServicePrincipal"));
    azure.arm(Method::PUT, &path(&scope, n), Some(body)).await
}

#[tokio::test]
async fn a_new_principal_may_be_looked_up_though_its_type_is_named() {
    let azure = Azure::start(json!({
        "operationSeconds": 0, "principalReplicationSeconds": 60, "namedPrincipal": "lookedUp",
    }))
    .await;
    let compute = azure.attach("synspark").await;
    let principal = compute["identity"]["principalId"].as_str().unwrap();
    let refused = put(&azure, 1, principal).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "PrincipalNotFound")
    );
    azure.set(json!({"namedPrincipal": "believed"})).await;
    assert_eq!(put(&azure, 1, principal).await.status, 201);
}

#[tokio::test]
async fn a_triple_exists_once() {
    let azure = Azure::start(json!({})).await;
    let made = put(&azure, 1, PRINCIPAL).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        made.body["properties"]["scope"],
        azure.world().storage_arm_id()
    );
    assert_eq!(put(&azure, 1, PRINCIPAL).await.status, 200);
    let double = put(&azure, 2, PRINCIPAL).await;
    assert_eq!(
        (double.status.as_u16(), double.code()),
        (409, "RoleAssignmentExists")
    );
    let moved = put(&azure, 1, "aaaaaaaa-0000-4000-8000-000000000002").await;
    assert_eq!(
        (moved.status.as_u16(), moved.code()),
        (400, "RoleAssignmentUpdateNotPermitted")
    );
    let at = path(&azure.world().storage_arm_id(), 1);
    assert_eq!(azure.arm(Method::GET, &at, None).await.status, 200);
    assert_eq!(azure.arm(Method::DELETE, &at, None).await.status, 200);
    assert_eq!(azure.arm(Method::DELETE, &at, None).await.status, 204);
    assert_eq!(
        azure.arm(Method::GET, &at, None).await.code(),
        "RoleAssignmentNotFound"
    );
}

#[tokio::test]
async fn a_list_reaches_up_and_down() {
    let azure = Azure::start(json!({})).await;
    put(&azure, 1, PRINCIPAL).await;
    let storage = azure.world().storage_arm_id();
    let group = storage.split("/providers/").next().unwrap().to_owned();
    let list = |scope: &str, filter: &str| {
        format!(
            "{scope}/providers/microsoft.authorization/roleassignments?{VERSION}&$filter={filter}"
        )
    };
    let rows = [
        (
            list(&storage, &format!("principalId%20eq%20'{PRINCIPAL}'")),
            1,
        ),
        (list(&storage, "principalId%20eq%20'someone'"), 0),
        (list(&group, ""), 1),
        (list(&group, "atScope()"), 0),
        (
            list(&format!("{storage}/blobServices/default"), "atScope()"),
            1,
        ),
        (list(&format!("{storage}2"), ""), 0),
    ];
    for (path, count) in rows {
        let listed = azure.arm(Method::GET, &path, None).await;
        assert_eq!(
            listed.body["value"].as_array().unwrap().len(),
            count,
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_assigned_is_refused() {
    let azure =
        Azure::start(json!({"operationSeconds": 0, "principalReplicationSeconds": 60})).await;
    let scope = azure.world().storage_arm_id();
    let compute = azure.attach("synspark").await;
    let fresh = compute["identity"]["principalId"].as_str().unwrap();
    let synapse_role = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78";
    let rows = [
        (body(&azure, CONTRIBUTOR, fresh, None), "PrincipalNotFound"),
        (
            body(&azure, synapse_role, PRINCIPAL, None),
            "RoleDefinitionDoesNotExist",
        ),
        (
            body(&azure, CONTRIBUTOR, "nobody", None),
            "InvalidPrincipalId",
        ),
        (
            json!({"properties": {}}),
            "InvalidCreateRoleAssignmentRequest",
        ),
    ];
    for (body, code) in rows {
        let reply = azure.arm(Method::PUT, &path(&scope, 1), Some(body)).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, code));
    }
    let named = body(&azure, CONTRIBUTOR, fresh, Some("ServicePrincipal"));
    assert_eq!(
        azure
            .arm(Method::PUT, &path(&scope, 1), Some(named))
            .await
            .status,
        201
    );
}
