//! Attached pools, by the contract's §2 and §0.3.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

#[tokio::test]
async fn attaching_is_an_operation_without_hints() {
    let azure = Azure::start(json!({"operationSeconds": 0.5})).await;
    let world = azure.world();
    let path = azure.compute("synspark");
    let put = azure
        .arm(Method::PUT, &path, Some(azure.attach_body(&world.pool)))
        .await;
    assert_eq!(put.status, 201, "{put:?}");
    assert!(!put.headers.contains_key("retry-after") && !put.headers.contains_key("location"));
    assert_eq!(put.body["properties"]["provisioningState"], "Creating");
    let url = put.headers["azure-asyncoperation"].to_str().unwrap();
    assert!(
        url.contains("/locations/eastus/computeOperationsStatus/"),
        "{url}"
    );
    assert!(
        url.ends_with("?api-version=2023-08-01-preview&service=new"),
        "{url}"
    );

    let meanwhile = azure.arm(Method::GET, &path, None).await;
    assert_eq!(
        meanwhile.body["properties"]["provisioningState"],
        "Creating"
    );
    assert_eq!(
        meanwhile.body["identity"],
        json!({"type": "SystemAssigned"})
    );
    let end = azure.ended(&put).await;
    assert_eq!(
        end,
        json!({"status": "Succeeded", "percentComplete": 100.0})
    );

    let done = azure.arm(Method::GET, &path, None).await.body;
    assert_eq!(
        done["id"],
        format!("{}/computes/synspark", world.workspace_arm_id())
    );
    assert_eq!(done["tags"], json!({"a": "b"}));
    assert_eq!(done["identity"]["tenantId"], world.tenant);
    assert!(done["identity"]["principalId"].is_string());
    let properties = &done["properties"];
    assert_eq!(properties["provisioningState"], "Succeeded");
    assert_eq!(properties["isAttachedCompute"], true);
    assert_eq!(properties["provisioningErrors"], Value::Null);
    assert_eq!(
        properties["properties"],
        json!({
            "autoScaleProperties": {"enabled": true, "minNodeCount": 3, "maxNodeCount": 10},
            "autoPauseProperties": {"enabled": true, "delayInMinutes": 15},
            "sparkVersion": "3.4", "nodeCount": 0, "nodeSize": "Medium",
            "nodeSizeFamily": "MemoryOptimized",
            "subscriptionId": world.subscription, "resourceGroup": world.resource_group,
            "workspaceName": world.workspace, "poolName": world.pool,
        })
    );
}

#[tokio::test]
async fn an_update_flips_to_creating_and_keeps_who_it_is() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let before = azure.attach("synspark").await;
    azure.set(json!({"operationSeconds": 0.3})).await;
    let mut body = azure.attach_body(&azure.world().pool);
    body["tags"] = json!({"c": "d"});
    // The SDK writes the type in this case.
    body["identity"]["type"] = "Systemassigned".into();
    let put = azure
        .arm(Method::PUT, &azure.compute("SynSpark"), Some(body))
        .await;
    assert_eq!(
        (put.status.as_u16(), put.body["name"].as_str()),
        (201, Some("synspark"))
    );
    assert_eq!(put.body["properties"]["provisioningState"], "Creating");
    azure.ended(&put).await;
    let after = azure
        .arm(Method::GET, &azure.compute("synspark"), None)
        .await
        .body;
    assert_eq!(after["identity"], before["identity"]);
    assert_eq!(after["tags"], json!({"c": "d"}));
    assert_eq!(
        after["properties"]["createdOn"],
        before["properties"]["createdOn"]
    );
}

#[tokio::test]
async fn a_new_attachment_is_somebody_else() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let first = azure.attach("synspark").await["identity"]["principalId"].clone();
    let gone = format!(
        "{}&underlyingResourceAction=Detach",
        azure.compute("synspark")
    );
    azure
        .ended(&azure.arm(Method::DELETE, &gone, None).await)
        .await;
    assert_ne!(
        azure.attach("synspark").await["identity"]["principalId"],
        first
    );
}

#[tokio::test]
async fn an_identity_can_show_at_once() {
    let azure = Azure::start(
        json!({"operationSeconds": 60, "identityAppears": "immediately", "operationRetryAfter": 7}),
    )
    .await;
    let body = azure.attach_body(&azure.world().pool);
    let put = azure
        .arm(Method::PUT, &azure.compute("synspark"), Some(body))
        .await;
    assert!(put.body["identity"]["principalId"].is_string());
    assert_eq!(put.headers["retry-after"], "7");
}

#[tokio::test]
async fn user_assigned_identities_are_resolved() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let world = azure.world();
    let id = world.identity_arm_id(&world.user_assigned_identity);
    let mut body = azure.attach_body(&world.pool);
    body["identity"] = json!({"type": "Userassigned", "userAssignedIdentities": {id.clone(): {}}});
    let put = azure
        .arm(Method::PUT, &azure.compute("synspark"), Some(body.clone()))
        .await;
    azure.ended(&put).await;
    let done = azure
        .arm(Method::GET, &azure.compute("synspark"), None)
        .await
        .body;
    assert_eq!(
        done["identity"],
        json!({"type": "UserAssigned", "userAssignedIdentities": {
            id.replace("/resourceGroups/", "/resourcegroups/"): {
                "principalId": world.identity_principal_id(&world.user_assigned_identity),
                "clientId": world.identity_client_id(&world.user_assigned_identity),
            }
        }})
    );
    body["identity"] = json!({"type": "UserAssigned", "userAssignedIdentities": {"/no/such": {}}});
    let refused = azure
        .arm(Method::PUT, &azure.compute("synspark"), Some(body.clone()))
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "FailedIdentityOperation")
    );
    azure.set(json!({"unknownIdentity": "accept"})).await;
    let put = azure
        .arm(Method::PUT, &azure.compute("synspark"), Some(body))
        .await;
    assert_eq!(put.status, 201);
}

#[tokio::test]
async fn an_omitted_identity_goes_or_stays() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let before = azure.attach("synspark").await["identity"].clone();
    let mut body = azure.attach_body(&azure.world().pool);
    body.as_object_mut().unwrap().remove("identity");
    azure.set(json!({"omittedIdentity": "keeps"})).await;
    azure
        .ended(
            &azure
                .arm(Method::PUT, &azure.compute("synspark"), Some(body.clone()))
                .await,
        )
        .await;
    let kept = azure
        .arm(Method::GET, &azure.compute("synspark"), None)
        .await
        .body;
    assert_eq!(kept["identity"], before);
    azure.set(json!({"omittedIdentity": "clears"})).await;
    azure
        .ended(
            &azure
                .arm(Method::PUT, &azure.compute("synspark"), Some(body))
                .await,
        )
        .await;
    let cleared = azure
        .arm(Method::GET, &azure.compute("synspark"), None)
        .await
        .body;
    assert_eq!(cleared["identity"], Value::Null);
}

#[tokio::test]
async fn an_unknown_pool_fails_early_or_late() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let body = azure.attach_body("nopool");
    let put = azure
        .arm(Method::PUT, &azure.compute("synspark"), Some(body.clone()))
        .await;
    assert_eq!(put.status, 201);
    let end = azure.ended(&put).await;
    assert_eq!(
        (&end["status"], &end["error"]["code"]),
        (&json!("Failed"), &json!("BadRequest"))
    );
    let failed = azure
        .arm(Method::GET, &azure.compute("synspark"), None)
        .await
        .body;
    assert_eq!(failed["properties"]["provisioningState"], "Failed");
    let errors = failed["properties"]["provisioningErrors"]
        .as_array()
        .unwrap();
    assert!(
        errors[0]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("nopool")
    );

    azure.set(json!({"unknownPool": "refuse"})).await;
    let refused = azure
        .arm(Method::PUT, &azure.compute("other"), Some(body))
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "BadRequest")
    );
    assert_eq!(
        azure
            .arm(Method::GET, &azure.compute("other"), None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    azure.attach("synspark").await;
    let good = azure.attach_body(&azure.world().pool);
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let rows = [
        (
            "synspark",
            with("/location", Value::Null),
            "LocationRequired",
        ),
        (
            "synspark",
            with("/location", "westus".into()),
            "LocationMismatch",
        ),
        (
            "synspark",
            with("/properties/resourceId", Value::Null),
            "BadArgument",
        ),
        (
            "synspark",
            with("/properties/resourceId", "/other".into()),
            "BadArgument",
        ),
        (
            "synspark",
            with("/properties/computeType", "AmlCompute".into()),
            "ComputeTypeMismatch",
        ),
        (
            "other",
            with("/properties/computeType", "Kubernetes".into()),
            "UnsupportedComputeType",
        ),
        (
            "synspark",
            with("/identity/type", "Mine".into()),
            "InvalidIdentityType",
        ),
        (
            "synspark",
            with("/identity/type", "UserAssigned".into()),
            "InvalidIdentityValues",
        ),
        ("under_score", good.clone(), "InvalidComputeName"),
        ("seventeen-letters", good.clone(), "InvalidComputeName"),
    ];
    for (name, body, code) in rows {
        let reply = azure
            .arm(Method::PUT, &azure.compute(name), Some(body))
            .await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, code), "{name}");
    }
    azure
        .set(json!({"computeName": "any", "changedResourceId": "accept"}))
        .await;
    let put = azure
        .arm(
            Method::PUT,
            &azure.compute("seventeen-letters"),
            Some(good.clone()),
        )
        .await;
    assert_eq!(put.status, 201);
    let moved = with("/properties/resourceId", "/other".into());
    assert_eq!(
        azure
            .arm(Method::PUT, &azure.compute("synspark"), Some(moved))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn detaching_is_an_operation_too() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    azure.attach("synspark").await;
    let path = azure.compute("synspark");
    let bare = azure.arm(Method::DELETE, &path, None).await;
    assert_eq!((bare.status.as_u16(), bare.code()), (400, "BadArgument"));
    let delete = format!("{path}&underlyingResourceAction=Delete");
    assert_eq!(azure.arm(Method::DELETE, &delete, None).await.status, 400);
    azure.set(json!({"operationSeconds": 0.3})).await;
    let detach = format!("{path}&underlyingResourceAction=detach");
    let going = azure.arm(Method::DELETE, &detach, None).await;
    assert_eq!((going.status.as_u16(), &going.body), (202, &Value::Null));
    let meanwhile = azure.arm(Method::GET, &path, None).await;
    assert_eq!(
        meanwhile.body["properties"]["provisioningState"],
        "Deleting"
    );
    assert_eq!(azure.ended(&going).await["status"], "Succeeded");
    let gone = azure.arm(Method::GET, &path, None).await;
    assert_eq!(
        (gone.status.as_u16(), gone.code()),
        (404, "ResourceNotFound")
    );
    assert_eq!(azure.arm(Method::DELETE, &detach, None).await.status, 404);
    azure.set(json!({"absentCompute": "noContent"})).await;
    assert_eq!(azure.arm(Method::DELETE, &detach, None).await.status, 204);
}

#[tokio::test]
async fn a_second_write_waits_or_goes_through() {
    let azure = Azure::start(json!({"operationSeconds": 60})).await;
    let body = azure.attach_body(&azure.world().pool);
    let path = azure.compute("synspark");
    assert_eq!(
        azure
            .arm(Method::PUT, &path, Some(body.clone()))
            .await
            .status,
        201
    );
    assert_eq!(
        azure
            .arm(Method::PUT, &path, Some(body.clone()))
            .await
            .status,
        201
    );
    azure.set(json!({"writeDuringOperation": "refuse"})).await;
    let refused = azure.arm(Method::PUT, &path, Some(body)).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "Conflict"));
}

#[tokio::test]
async fn lists_have_pages() {
    let azure =
        Azure::start(json!({"operationSeconds": 0, "computePageSize": 2, "emptyFirstPage": true}))
            .await;
    for name in ["aa", "bb", "cc"] {
        azure.attach(name).await;
    }
    let mut at = azure.compute("").replace("/computes/?", "/computes?");
    let mut pages = Vec::new();
    loop {
        let page = azure.arm(Method::GET, &at, None).await;
        assert_eq!(page.status, 200, "{page:?}");
        let names: Vec<String> = page.body["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|compute| compute["name"].as_str().unwrap().to_owned())
            .collect();
        pages.push(names);
        let Some(next) = page.body["nextLink"].as_str() else {
            break;
        };
        at = next.to_owned();
    }
    assert_eq!(pages, [vec![], vec!["aa", "bb"], vec!["cc"]]);
}
