//! When a role of Synapse shows and when it has an effect; workspaces beside each other.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, Reply};

const ADMINISTRATOR: &str = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78";
const PRINCIPAL: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const VERSION: &str = "api-version=2020-12-01";
const ROLE: &str = "/roleAssignments/bbbbbbbb-0000-4000-8000-000000000001?api-version=2020-12-01";

fn grant(scope: &str) -> Value {
    json!({
        "roleId": ADMINISTRATOR, "principalId": PRINCIPAL, "scope": scope,
        "principalType": "ServicePrincipal",
    })
}

fn pool_scope(azure: &Azure) -> String {
    let world = azure.world();
    format!(
        "workspaces/{}/bigDataPools/{}",
        world.synapse_workspace, world.pool
    )
}

async fn ask(azure: &Azure) -> Reply {
    let body = json!({
        "subject": {"principalId": PRINCIPAL},
        "actions": [{"id": "Microsoft.Synapse/workspaces/bigDataPools/useCompute/action", "isDataAction": true}],
        "scope": pool_scope(azure),
    });
    let path = format!("/checkAccessSynapseRbac?{VERSION}");
    azure.synapse(Method::POST, &path, Some(body)).await
}

#[tokio::test]
async fn a_new_assignment_may_be_missing_in_lists() {
    let azure = Azure::start(json!({"synapseListSeconds": 60})).await;
    let scope = pool_scope(&azure);
    azure.synapse(Method::PUT, ROLE, Some(grant(&scope))).await;
    let list = format!("/roleAssignments?{VERSION}&principalId={PRINCIPAL}");
    let count = async || azure.synapse(Method::GET, &list, None).await.body["count"].clone();
    assert_eq!(count().await, 0);
    assert_eq!(azure.synapse(Method::GET, ROLE, None).await.status, 200);
    azure.set(json!({"synapseListSeconds": 0})).await;
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn the_check_may_not_be_there() {
    let azure = Azure::start(json!({})).await;
    azure
        .synapse(Method::PUT, ROLE, Some(grant(&pool_scope(&azure))))
        .await;
    let decision = ask(&azure).await.body["AccessDecisions"][0]["accessDecision"].clone();
    assert_eq!(decision, "Allowed");
    azure.set(json!({"checkAccess": "forbidden"})).await;
    let refused = ask(&azure).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (403, "Unauthorized")
    );
    azure.set(json!({"checkAccess": "notFound"})).await;
    assert_eq!(ask(&azure).await.status, 404);
}

#[tokio::test]
async fn workspaces_keep_their_own_assignments() {
    let azure = Azure::start(json!({})).await;
    let far = "workspaces/far-synapse-ws/bigDataPools/farpool";
    let made = azure.far_synapse(Method::PUT, ROLE, Some(grant(far))).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(azure.synapse(Method::GET, ROLE, None).await.status, 404);
    let here = azure
        .synapse(Method::PUT, ROLE, Some(grant(&pool_scope(&azure))))
        .await;
    assert_eq!(here.status, 200, "{here:?}");
    let kept = azure.far_synapse(Method::GET, ROLE, None).await.body;
    assert_eq!(kept["scope"], far);
    azure.synapse(Method::DELETE, ROLE, None).await;
    assert_eq!(azure.far_synapse(Method::GET, ROLE, None).await.status, 200);
    let list = format!("/roleAssignments?{VERSION}&principalId={PRINCIPAL}");
    assert_eq!(
        azure.synapse(Method::GET, &list, None).await.body["count"],
        0
    );
}

#[tokio::test]
async fn scopes_are_no_arm_ids_and_of_one_workspace() {
    let azure = Azure::start(json!({})).await;
    let pool = azure.world().pool_arm_id(&azure.world().pool);
    for (scope, is_taken) in [
        ("workspaces/yogi-synapse-ws", true),
        (
            "workspaces/YOGI-synapse-ws/bigdatapools/YogiSparkPool",
            true,
        ),
        ("/workspaces/yogi-synapse-ws", false),
        ("workspaces/far-synapse-ws", false),
        ("workspaces/yogi-synapse-ws/bigDataPools/farpool", false),
        (&pool, false),
    ] {
        let reply = azure.synapse(Method::PUT, ROLE, Some(grant(scope))).await;
        assert_eq!(reply.status == 200, is_taken, "{scope} {reply:?}");
        if !is_taken {
            assert_eq!(reply.code(), "InvalidScope", "{scope}");
        }
        azure.synapse(Method::DELETE, ROLE, None).await;
    }
}

#[tokio::test]
async fn a_role_at_a_pool_that_is_gone_means_nothing() {
    let azure = Azure::start(json!({})).await;
    azure
        .synapse(Method::PUT, ROLE, Some(grant(&pool_scope(&azure))))
        .await;
    let id = azure.world().pool_arm_id(&azure.world().pool);
    azure.hand(Method::DELETE, &id, None).await;
    assert_eq!(ask(&azure).await.code(), "InvalidScope");
    azure.hand(Method::PUT, &id, Some(json!({}))).await;
    let decision = ask(&azure).await.body["AccessDecisions"][0]["accessDecision"].clone();
    assert_eq!(decision, "Allowed");
}

#[tokio::test]
async fn a_workspace_made_by_hand_has_administrators() {
    let azure = Azure::start(json!({})).await;
    let id = azure.world().synapse_arm_id("other");
    azure
        .hand(Method::PUT, &id, Some(json!({"location": "northeurope"})))
        .await;
    let pool = format!("{id}/bigDataPools/p1");
    let made = azure.hand(Method::PUT, &pool, Some(json!({}))).await.body;
    assert_eq!(made["location"], "northeurope");
    let url = azure
        .synapse_url()
        .replace(&azure.world().synapse_workspace, "other");
    let token = azure.token(&azure.synapse_audience()).await;
    let body = grant("workspaces/other/bigDataPools/p1");
    let granted = azure
        .send(
            Method::PUT,
            &format!("{url}{ROLE}"),
            Some(&token),
            Some(body),
        )
        .await;
    assert_eq!(granted.status, 200, "{granted:?}");
}
