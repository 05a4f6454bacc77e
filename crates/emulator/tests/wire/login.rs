//! What MSAL and `azure_identity` ask of a login server.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn discovery_leads_to_the_token_endpoint() {
    let azure = Azure::start(json!({})).await;
    let tenant = &azure.world().tenant;
    let url = azure.emulator.url();
    let path = format!("/{tenant}/v2.0/.well-known/openid-configuration");
    let found = azure.send(Method::GET, &path, None, None).await;
    assert_eq!(found.status, 200);
    assert_eq!(
        found.body["token_endpoint"],
        format!("{url}/{tenant}/oauth2/v2.0/token")
    );
    assert_eq!(found.body["issuer"], format!("{url}/{tenant}/v2.0"));
    let instance = azure
        .send(
            Method::GET,
            "/common/discovery/instance?api-version=1.1",
            None,
            None,
        )
        .await;
    assert_eq!(
        instance.body["tenant_discovery_endpoint"],
        format!("{url}/{tenant}/v2.0/.well-known/openid-configuration")
    );
    let other = "/99999999-0000-4000-8000-000000000000/v2.0/.well-known/openid-configuration";
    let refused = azure.send(Method::GET, other, None, None).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["error"], "invalid_tenant");
}

#[tokio::test]
async fn a_token_says_who_and_what_for() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    for (audience, expected) in [
        (azure.arm_audience(), azure.arm_audience()),
        (azure.emulator.url().to_owned(), azure.arm_audience()),
        (
            format!("{}/aml", azure.emulator.url()),
            format!("{}/aml", azure.emulator.url()),
        ),
        (azure.synapse_audience(), azure.synapse_audience()),
    ] {
        let claims = claims(&azure.token(&audience).await);
        assert_eq!(claims["aud"], expected, "{audience}");
        assert_eq!(claims["appid"], world.client_id);
        assert_eq!(claims["tid"], world.tenant);
        assert_eq!(claims["oid"], claims["sub"]);
        assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() == 3599);
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_as_entra_does() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let scope = format!("{}/.default", azure.emulator.url());
    let ask = |client: &str, secret: &str, scope: &str| {
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", client.to_owned()),
            ("client_secret", secret.to_owned()),
            ("scope", scope.to_owned()),
        ]
    };
    let rows = [
        (
            ask(&world.client_id, "wrong", &scope),
            401,
            "invalid_client",
            7_000_215,
        ),
        (
            ask(&world.client_id, "", &scope),
            401,
            "invalid_client",
            7_000_218,
        ),
        (
            ask("99999999-0000-4000-8000-000000000000", "wrong", &scope),
            400,
            "unauthorized_client",
            700_016,
        ),
        (
            ask(
                &world.client_id,
                &world.client_secret,
                "https://graph.microsoft.com/.default",
            ),
            400,
            "invalid_resource",
            500_011,
        ),
        (ask("", "", &scope), 400, "invalid_request", 900_144),
    ];
    for (form, status, error, number) in rows {
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let reply = azure.login(&form).await;
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(reply.body["error"], error);
        assert_eq!(reply.body["error_codes"], json!([number]));
        let text = reply.body["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{number}: ")), "{text}");
        assert!(!text.contains(&world.client_secret));
    }
    let other = "/99999999-0000-4000-8000-000000000000/oauth2/v2.0/token";
    let reply = azure
        .login_at(other, &[("grant_type", "client_credentials")])
        .await;
    assert_eq!(reply.body["error_codes"], json!([90002]));
}

#[tokio::test]
async fn the_older_endpoint_takes_a_resource() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let path = format!("/{}/oauth2/token", world.tenant);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &world.client_id),
        ("client_secret", &world.client_secret),
        ("resource", &azure.arm_audience()),
    ];
    let reply = azure.login_at(&path, &form).await;
    assert_eq!(
        claims(reply.body["access_token"].as_str().unwrap())["aud"],
        azure.arm_audience()
    );
}
