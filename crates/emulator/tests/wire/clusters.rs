//! Clusters: kept, never started.

use reqwest::Method;
use serde_json::json;

use crate::azure::Azure;

#[tokio::test]
async fn a_cluster_comes_changes_and_goes() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let path = azure.compute("cpu-cluster");
    let body = json!({
        "location": "eastus",
        "properties": {"computeType": "AmlCompute", "properties": {
            "vmSize": "STANDARD_D2_V2",
            "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT120S"},
        }},
    });
    let put = azure.arm(Method::PUT, &path, Some(body.clone())).await;
    assert_eq!(put.status, 201, "{put:?}");
    // Recorded: null in the first answer, an empty map later.
    assert_eq!(put.body["tags"], json!(null));
    azure.ended(&put).await;
    let done = azure.arm(Method::GET, &path, None).await.body;
    assert_eq!(done["tags"], json!({}));
    assert_eq!(done["properties"]["isAttachedCompute"], false);
    assert_eq!(
        done["properties"]["properties"]["allocationState"],
        "Steady"
    );
    assert_eq!(done["properties"]["properties"]["vmPriority"], "Dedicated");

    let scale =
        json!({"minNodeCount": 1, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT5M"});
    let rescale = json!({"properties": {"properties": {"scaleSettings": scale}}});
    assert_eq!(
        azure
            .arm(Method::PATCH, &path, Some(rescale.clone()))
            .await
            .status,
        200
    );
    let done = azure.arm(Method::GET, &path, None).await.body;
    assert_eq!(done["properties"]["properties"]["scaleSettings"], scale);

    let delete = format!("{path}&underlyingResourceAction=Delete");
    let gone = azure.arm(Method::DELETE, &delete, None).await;
    assert_eq!(gone.status, 202);
    azure.ended(&gone).await;
    assert_eq!(azure.arm(Method::GET, &path, None).await.status, 404);

    azure.attach("synspark").await;
    let refused = azure
        .arm(Method::PATCH, &azure.compute("synspark"), Some(rescale))
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "UnsupportedOperation")
    );
    let no_size = json!({"location": "eastus", "properties": {"computeType": "AmlCompute"}});
    assert_eq!(
        azure.arm(Method::PUT, &path, Some(no_size)).await.code(),
        "BadArgument"
    );
}
