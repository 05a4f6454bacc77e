//! The requests that Microsoft's SDK builds, as data: every one is understood.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

/// What stands for the placeholders of the data.
struct Names {
    fixed: Vec<(&'static str, String)>,
    upload: String,
    signature: String,
}

impl Names {
    fn of(azure: &Azure) -> Self {
        let world = azure.world();
        let identity = &world.user_assigned_identity;
        Self {
            fixed: vec![
                ("{WORKSPACE}", world.workspace_arm_id()),
                ("{POOL}", world.pool_arm_id(&world.pool)),
                ("{IDENTITY}", world.identity_arm_id(identity)),
                ("{IDENTITY_CLIENT_ID}", world.identity_client_id(identity)),
            ],
            upload: String::new(),
            signature: String::new(),
        }
    }

    fn fill(&self, text: &str) -> String {
        let text = text
            .replace("{UPLOAD}", &self.upload)
            .replace("{SIGNATURE}", &self.signature);
        self.fixed
            .iter()
            .fold(text, |text, (name, value)| text.replace(name, value))
    }

    /// Each upload has a container of its own.
    fn learn(&mut self, body: &Value) {
        let uri = body.pointer("/blobReferenceForConsumption/credential/sasUri");
        if let Some((upload, signature)) =
            uri.and_then(Value::as_str).and_then(|u| u.split_once('?'))
        {
            upload.clone_into(&mut self.upload);
            signature.clone_into(&mut self.signature);
        }
    }
}

async fn send(azure: &Azure, names: &Names, request: &Value) -> (u16, Value) {
    let url = names.fill(request["url"].as_str().unwrap());
    let signed = url.contains("sig=");
    let url = if url.starts_with('/') {
        format!("{}{url}", azure.emulator.url())
    } else {
        url
    };
    let method: Method = request["method"].as_str().unwrap().parse().unwrap();
    let mut sending = azure.client.request(method, url);
    if !signed {
        sending = sending.bearer_auth(azure.token(&azure.arm_audience()).await);
    }
    if request["userToken"] == true {
        let audience = format!("{}/aml", azure.emulator.url());
        sending = sending.header("x-azureml-token", azure.token(&audience).await);
    }
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        sending = sending.header(name, value.as_str().unwrap());
    }
    sending = match &request["body"] {
        Value::Null if signed => sending.body(String::new()),
        Value::Null => sending,
        Value::String(text) => sending.body(text.clone()),
        json => {
            let filled: Value = serde_json::from_str(&names.fill(&json.to_string())).unwrap();
            sending.json(&filled)
        }
    };
    let answer = sending.send().await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn every_request_of_the_sdk_is_understood() {
    let azure = Azure::start(json!({"operationSeconds": 0, "instantSeconds": 60})).await;
    let data: Value = serde_json::from_str(include_str!("../data/sdk-requests.json")).unwrap();
    let mut names = Names::of(&azure);
    let mut count = 0;
    for case in data["cases"].as_array().unwrap() {
        for request in case["requests"].as_array().unwrap() {
            let (status, body) = send(&azure, &names, request).await;
            assert_eq!(
                status, request["status"],
                "{} {request:#} {body:#}",
                case["case"]
            );
            names.learn(&body);
            count += 1;
        }
    }
    assert_eq!(count, 50);
}
