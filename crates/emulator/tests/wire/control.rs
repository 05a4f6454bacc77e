//! The ledger, the settings, the reset.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

#[tokio::test]
async fn the_ledger_tells_what_was_asked() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let world = azure.world();
    let body = azure.attach_body(&world.pool);
    azure
        .arm(Method::PUT, &azure.compute("synspark"), Some(body.clone()))
        .await;
    let all = azure.requests(0).await;
    let login = &all[0];
    assert_eq!(
        login["path"],
        format!("/{}/oauth2/v2.0/token", world.tenant)
    );
    assert_eq!(
        (&login["status"], &login["body"], &login["caller"]),
        (&json!(200), &Value::Null, &Value::Null)
    );
    let put = &all[1];
    assert_eq!(put["number"], 2);
    assert_eq!(put["method"], "PUT");
    assert_eq!(put["path"], azure.compute("synspark"));
    assert_eq!(put["status"], 201);
    assert_eq!(put["caller"], world.client_id);
    assert_eq!(put["apiVersion"], "2023-08-01-preview");
    assert_eq!(put["body"], body);
    assert!(put["time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(azure.requests(2).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_ledger_holds_no_secret() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let token = azure.token(&azure.arm_audience()).await;
    let path = format!(
        "{}?api-version=2025-12-01&sig=signature%3D",
        world.workspace_arm_id()
    );
    let body =
        json!({"properties": {"credentials": {"key": "account-key"}, "clientSecret": "s3cret"}});
    azure
        .send(Method::PUT, &path, Some(&token), Some(body))
        .await;
    let text = serde_json::to_string(&azure.requests(0).await).unwrap();
    for secret in [
        world.client_secret.as_str(),
        &token,
        "signature",
        "account-key",
        "s3cret",
    ] {
        assert!(!text.contains(secret), "{secret} stands in the ledger");
    }
    assert!(text.contains("sig=REDACTED"));
}

#[tokio::test]
async fn a_reset_takes_everything_back() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    azure.attach("synspark").await;
    azure
        .fault(json!({"path": "/computes", "action": {"kind": "status", "status": 500}}))
        .await;
    let last = azure.requests(0).await.last().unwrap()["number"]
        .as_u64()
        .unwrap();
    let reset = azure
        .send(Method::POST, "/_emulator/reset", None, None)
        .await;
    assert_eq!(reset.status, 204);
    assert_eq!(azure.requests(0).await, Vec::<Value>::new());
    let gone = azure
        .arm(Method::GET, &azure.compute("synspark"), None)
        .await;
    assert_eq!(gone.status, 404);
    assert!(azure.requests(0).await[0]["number"].as_u64().unwrap() > last);
    let settings = azure
        .send(Method::GET, "/_emulator/settings", None, None)
        .await;
    assert_eq!(settings.body["operationSeconds"], 0.5);
    assert_eq!(settings.body["runner"], "instant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn settings_that_are_changed_at_once_are_all_changed() {
    const NAMES: [&str; 4] = [
        "operationSeconds",
        "instantSeconds",
        "cancelSeconds",
        "synapseRoleSeconds",
    ];
    let azure = Azure::start(json!({})).await;
    for round in 1..=100 {
        let value = f64::from(round);
        join_all(NAMES.map(|name| azure.set(json!({name: value})))).await;
        let settings = azure
            .send(Method::GET, "/_emulator/settings", None, None)
            .await;
        for name in NAMES {
            assert_eq!(settings.body[name], value, "{name} in round {round}");
        }
    }
}

#[tokio::test]
async fn unknown_settings_and_faults_are_refused() {
    let azure = Azure::start(json!({})).await;
    let put = azure
        .send(
            Method::PUT,
            "/_emulator/settings",
            None,
            Some(json!({"operationSecond": 1})),
        )
        .await;
    assert_eq!((put.status.as_u16(), put.code()), (400, "InvalidSettings"));
    let rule = json!({"path": "/", "action": {"kind": "explode"}});
    let post = azure
        .send(Method::POST, "/_emulator/faults", None, Some(rule))
        .await;
    assert_eq!((post.status.as_u16(), post.code()), (400, "InvalidFault"));
    let rule = json!({"path": "/", "action": {"kind": "stale"}});
    azure.fault(rule).await;
    let left = azure
        .send(Method::GET, "/_emulator/faults", None, None)
        .await;
    assert_eq!(left.body.as_array().unwrap().len(), 1);
    let other = json!({"path": "/other", "action": {"kind": "stale"}});
    azure.fault(other).await;
    azure
        .send(Method::DELETE, "/_emulator/faults?path=/other", None, None)
        .await;
    let left = azure
        .send(Method::GET, "/_emulator/faults", None, None)
        .await;
    assert_eq!(left.body.as_array().unwrap().len(), 1, "only that one");
    assert_eq!(left.body[0]["path"], "/");
    assert_eq!(
        azure
            .send(Method::DELETE, "/_emulator/faults", None, None)
            .await
            .status,
        204
    );
    let left = azure
        .send(Method::GET, "/_emulator/faults", None, None)
        .await;
    assert_eq!(left.body, json!([]));
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let config = azureml_emulator::Config {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..azureml_emulator::Config::default()
    };
    let refused = azureml_emulator::Emulator::start(config)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.to_string(), "0.0.0.0 is not a loopback address");
}

#[tokio::test]
async fn it_ends_when_told() {
    let azure = Azure::start(json!({})).await;
    let Azure {
        emulator, client, ..
    } = azure;
    let url = format!("{}/_emulator/health", emulator.url());
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    emulator.stop().await;
    assert!(client.get(&url).send().await.unwrap_err().is_connect());
}
