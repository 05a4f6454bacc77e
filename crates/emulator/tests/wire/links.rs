//! Linked services, by the contract's §6, and how they may be gone.

use azureml_emulator::{Link, World};
use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, Reply};

const VERSION: &str = "api-version=2020-09-01-preview";

fn path(azure: &Azure, name: &str) -> String {
    let workspace = azure.world().workspace_arm_id();
    format!("{workspace}/linkedServices/{name}?{VERSION}")
}

fn body(synapse: &str) -> Value {
    json!({
        "name": "link-1", "location": "eastus", "identity": {"type": "SystemAssigned"},
        "properties": {"linkedServiceResourceId": synapse},
    })
}

fn synapse(azure: &Azure) -> String {
    azure
        .world()
        .synapse_arm_id(&azure.world().synapse_workspace)
}

async fn put(azure: &Azure, name: &str) -> Reply {
    let body = body(&synapse(azure));
    azure.arm(Method::PUT, &path(azure, name), Some(body)).await
}

async fn list(azure: &Azure) -> Reply {
    azure
        .arm(Method::GET, &path(azure, "").replace("/?", "?"), None)
        .await
}

#[tokio::test]
async fn a_link_comes_and_goes() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let made = put(&azure, "link-1").await;
    assert_eq!(made.status, 200, "{made:?}");
    let link = &made.body;
    assert_eq!(
        link["id"],
        format!("{}/linkedServices/link-1", world.workspace_arm_id())
    );
    assert_eq!(link["name"], "link-1");
    assert_eq!(
        link["type"],
        "Microsoft.MachineLearningServices/workspaces/linkedServices"
    );
    assert_eq!(link["identity"]["type"], "SystemAssigned");
    assert_eq!(link["identity"]["tenantId"], world.tenant);
    assert!(link["identity"]["principalId"].is_string());
    let properties = &link["properties"];
    assert_eq!(properties["linkedServiceResourceId"], synapse(&azure));
    assert_eq!(properties["linkType"], "Synapse");
    assert!(properties["createdTime"].as_str().unwrap().ends_with('Z'));
    assert_eq!(properties["createdTime"], properties["modifiedTime"]);

    let shown = azure.arm(Method::GET, &path(&azure, "LINK-1"), None).await;
    assert_eq!(shown.body, *link);
    assert_eq!(list(&azure).await.body, json!({"value": [link]}));

    let again = put(&azure, "Link-1").await.body;
    assert_eq!(again["name"], "link-1");
    assert_eq!(again["identity"], link["identity"]);
    assert_eq!(
        again["properties"]["createdTime"],
        properties["createdTime"]
    );

    let gone = azure
        .arm(Method::DELETE, &path(&azure, "link-1"), None)
        .await;
    assert_eq!(gone.status, 200);
    let gone = azure
        .arm(Method::DELETE, &path(&azure, "link-1"), None)
        .await;
    assert_eq!(gone.status, 204);
    let gone = azure.arm(Method::GET, &path(&azure, "link-1"), None).await;
    assert_eq!(
        (gone.status.as_u16(), gone.code()),
        (404, "ResourceNotFound")
    );
    assert_eq!(list(&azure).await.body, json!({"value": []}));
    assert_ne!(
        put(&azure, "link-1").await.body["identity"],
        link["identity"]
    );
}

#[tokio::test]
async fn three_versions_know_links_and_no_other() {
    let azure = Azure::start(json!({})).await;
    for (version, status) in [
        ("2020-04-01-preview", 404),
        ("2020-06-01", 404),
        ("2020-09-01-preview", 404),
        ("2025-12-01", 400),
    ] {
        let path = path(&azure, "link-1").replace("2020-09-01-preview", version);
        let reply = azure.arm(Method::GET, &path, None).await;
        assert_eq!(reply.status, status, "{version}");
        if status == 400 {
            assert_eq!(reply.code(), "NoRegisteredProviderFound");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_linked_is_refused() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let try_put = async |name: &str, body: Value| {
        azure
            .arm(Method::PUT, &path(&azure, name), Some(body))
            .await
    };
    let own = body(&synapse(&azure));
    assert_eq!(
        try_put("a", own.clone()).await.code(),
        "InvalidLinkedServiceName"
    );
    let absent = body(&world.synapse_arm_id("nothing"));
    assert_eq!(
        try_put("link-1", absent.clone()).await.code(),
        "BadArgument"
    );
    let pool = body(&world.pool_arm_id(&world.pool));
    assert_eq!(try_put("link-1", pool).await.status, 400);
    assert_eq!(
        try_put("link-1", json!({"properties": {}})).await.status,
        400
    );
    let mut kind = own.clone();
    kind["properties"]["linkType"] = "Databricks".into();
    assert_eq!(try_put("link-1", kind).await.status, 400);

    assert_eq!(try_put("link-1", own.clone()).await.status, 200);
    let far = body(&world.synapse_arm_id("far-synapse-ws"));
    assert_eq!(try_put("link-1", far.clone()).await.status, 400);
    azure
        .set(json!({
            "changedLink": "accept", "unknownLinkedWorkspace": "accept", "linkName": "any",
            "secondLink": "refuse",
        }))
        .await;
    let moved = try_put("link-1", far.clone()).await;
    assert_eq!(
        moved.body["properties"]["linkedServiceResourceId"],
        far["properties"]["linkedServiceResourceId"]
    );
    assert_eq!(try_put("a", absent).await.status, 200);
    let second = try_put("link-2", far).await;
    assert_eq!((second.status.as_u16(), second.code()), (409, "Conflict"));
}

#[tokio::test]
async fn answers_to_writes_can_be_others() {
    let azure = Azure::start(json!({
        "linkPut": "created", "linkDeleted": "noContent", "absentLink": "notFound",
    }))
    .await;
    assert_eq!(put(&azure, "link-1").await.status, 201);
    assert_eq!(put(&azure, "link-1").await.status, 200);
    let delete = async || {
        azure
            .arm(Method::DELETE, &path(&azure, "link-1"), None)
            .await
            .status
    };
    assert_eq!(delete().await, 204);
    assert_eq!(delete().await, 404);
}

#[tokio::test]
async fn no_link_can_be_made_and_old_ones_live_on() {
    let azure = Azure::start(json!({})).await;
    let far = azure.world().synapse_arm_id("far-synapse-ws");
    let seeds = json!([{"name": "old-link"}, {"name": "far-link", "linkedServiceResourceId": far}]);
    let seeded = azure
        .send(Method::POST, "/_emulator/seed-links", None, Some(seeds))
        .await;
    assert_eq!(seeded.status, 200, "{seeded:?}");
    for (choice, status, code) in [
        ("noRegisteredProvider", 400, "NoRegisteredProviderFound"),
        ("invalidResourceType", 404, "InvalidResourceType"),
        ("badRequest", 400, "OperationNotSupported"),
        ("forbidden", 403, "Forbidden"),
        ("notAllowed", 405, "MethodNotAllowed"),
        ("conflict", 409, "Conflict"),
        ("gone", 410, "Gone"),
        ("notFound", 404, "NotFound"),
    ] {
        azure.set(json!({"linkCreation": choice})).await;
        let refused = put(&azure, "link-1").await;
        assert_eq!((refused.status.as_u16(), refused.code()), (status, code));
        assert_eq!(put(&azure, "old-link").await.status, 200, "{choice}");
    }
    let all = list(&azure).await.body;
    let names: Vec<&str> = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["far-link", "old-link"]);
    assert_eq!(
        all["value"][0]["properties"]["linkedServiceResourceId"],
        far
    );
    let gone = azure
        .arm(Method::DELETE, &path(&azure, "old-link"), None)
        .await;
    assert_eq!(gone.status, 200);
}

#[tokio::test]
async fn links_can_be_unknown_altogether() {
    let azure = Azure::start(json!({})).await;
    put(&azure, "link-1").await;
    for (choice, status, code) in [
        ("noRegisteredProvider", 400, "NoRegisteredProviderFound"),
        ("invalidResourceType", 404, "InvalidResourceType"),
        ("invalidApiVersion", 400, "InvalidApiVersionParameter"),
        ("notFound", 404, "NotFound"),
    ] {
        azure.set(json!({"linkedServicesServed": choice})).await;
        for method in [Method::GET, Method::DELETE] {
            let reply = azure.arm(method, &path(&azure, "link-1"), None).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (status, code));
        }
        assert_eq!(put(&azure, "link-1").await.code(), code);
        assert_eq!(list(&azure).await.code(), code);
    }
    azure.set(json!({"linkedServicesServed": "served"})).await;
    let shown = azure.arm(Method::GET, &path(&azure, "link-1"), None).await;
    assert_eq!(shown.status, 200);
}

#[tokio::test]
async fn a_world_can_have_links() {
    let world = World {
        links: vec![Link {
            name: "old-link".to_owned(),
            linked_service_resource_id: None,
        }],
        ..World::default()
    };
    let azure = Azure::start_in(world, json!({"linkCreation": "gone"})).await;
    let stale = json!({"path": "old-link", "action": {"kind": "stale"}});
    azure.fault(stale).await;
    for _ in 0..2 {
        let shown = azure
            .arm(Method::GET, &path(&azure, "old-link"), None)
            .await;
        assert_eq!(
            shown.body["properties"]["linkedServiceResourceId"],
            synapse(&azure)
        );
    }
}

#[tokio::test]
async fn a_links_identity_takes_a_role_once_it_is_known() {
    let azure = Azure::start(json!({"principalReplicationSeconds": 60})).await;
    let link = put(&azure, "link-1").await.body;
    let grant = json!({
        "roleId": "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78",
        "principalId": link["identity"]["principalId"],
        "scope": format!("workspaces/{}", azure.world().synapse_workspace),
        "principalType": "ServicePrincipal",
    });
    let role = "/roleAssignments/bbbbbbbb-0000-4000-8000-000000000001?api-version=2020-12-01";
    let refused = azure.synapse(Method::PUT, role, Some(grant.clone())).await;
    assert_eq!(refused.code(), "PrincipalNotFound");
    azure.set(json!({"principalReplicationSeconds": 0})).await;
    let granted = azure.synapse(Method::PUT, role, Some(grant)).await;
    assert_eq!(granted.status, 200, "{granted:?}");
}

#[tokio::test]
async fn an_update_without_identity_does_as_with_computes() {
    let azure = Azure::start(json!({"omittedIdentity": "keeps"})).await;
    let link = put(&azure, "link-1").await.body;
    let mut bare = body(&synapse(&azure));
    bare.as_object_mut().unwrap().remove("identity");
    let path = path(&azure, "link-1");
    let kept = azure.arm(Method::PUT, &path, Some(bare.clone())).await;
    assert_eq!(kept.body["identity"], link["identity"]);
    azure.set(json!({"omittedIdentity": "clears"})).await;
    let cleared = azure.arm(Method::PUT, &path, Some(bare)).await;
    assert_eq!(cleared.body["identity"], Value::Null);
}
