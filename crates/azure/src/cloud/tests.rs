//! Tests of the parent module.

use super::*;

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn emulator() -> Cloud {
    serde_json::from_value(serde_json::json!({
        "resourceManager": "https://localhost:8443",
        "resourceManagerAudience": "https://localhost:8443/",
        "activeDirectory": "https://localhost:8443",
        "machineLearningAudience": "https://localhost:8443/aml",
        "synapseAudience": "https://dev.azuresynapse.localhost:8443",
        "synapseSuffix": "dev.azuresynapse.localhost:8443",
        "studio": "https://ml.azure.com",
        "hosts": ["localhost:8443", ".localhost:8443"],
        "caFile": "/tmp/ca.pem",
    }))
    .unwrap()
}

#[test]
fn every_built_in_cloud_is_whole() {
    for name in ["AzurePublic", "AzureUSGovernment", "AzureChina"] {
        let cloud = Cloud::built_in(name).unwrap();
        assert_eq!(cloud.fault(), None, "{name}");
        assert!(!cloud.is_loopback());
    }
    assert_eq!(Cloud::built_in("azurepublic"), None);
}

#[test]
fn requests_stay_within_the_cloud() {
    let cloud = Cloud::built_in("AzurePublic").unwrap();
    let rows = [
        ("https://management.azure.com/subscriptions/s", true, true),
        ("https://MANAGEMENT.azure.com:443/x", true, true),
        ("https://eastus.management.azure.com/x", true, true),
        ("https://eastus.api.azureml.ms/discovery", true, true),
        (
            "https://syn.dev.azuresynapse.net/roleAssignments",
            true,
            true,
        ),
        // Anybody may own an account: no token goes there.
        ("https://acct.blob.core.windows.net/c", true, false),
        ("https://acct.z01.blob.storage.azure.net/c", true, false),
        ("https://management.azure.com.example.org/x", false, false),
        ("https://evilmanagement.azure.com/x", false, false),
        ("https://management.azure.com:8443/x", false, false),
        ("http://management.azure.com/x", false, false),
        ("https://management.azure.com@example.org/x", false, false),
        ("https://me:you@management.azure.com/x", false, false),
        ("https://.api.azureml.ms/x", false, false),
        ("https://169.254.169.254/metadata", false, false),
    ];
    for (text, may_be_asked, may_have_a_token) in rows {
        let Ok(url) = text.parse::<Url>() else {
            assert!(!may_be_asked, "{text}");
            continue;
        };
        assert_eq!(cloud.allows(&url), may_be_asked, "{text}");
        assert_eq!(cloud.allows_token(&url), may_have_a_token, "{text}");
    }
}

#[test]
fn a_cloud_of_ones_own_has_ports() {
    let cloud = emulator().named("emulator");
    assert_eq!(cloud.fault(), None);
    assert!(cloud.is_loopback());
    assert!(cloud.allows_token(&url("https://localhost:8443/x")));
    assert!(cloud.allows_token(&url("https://acct.blob.core.localhost:8443/x")));
    assert!(!cloud.allows_token(&url("https://localhost/x")));
    assert!(!cloud.allows(&url("https://localhost:9443/x")));
}

#[test]
fn faults_name_the_field() {
    let mut plain = emulator();
    plain.active_directory = url("http://localhost:8443");
    assert!(
        plain
            .fault()
            .unwrap()
            .starts_with("activeDirectory must be an https address")
    );
    let mut alone = emulator();
    alone.hosts = vec![".localhost:8443".to_owned()];
    assert!(
        alone
            .fault()
            .unwrap()
            .starts_with("hosts must list localhost:8443")
    );
    let mut no_synapse = emulator();
    no_synapse.hosts = vec!["localhost:8443".to_owned()];
    assert!(no_synapse.fault().unwrap().contains("synapseSuffix"));
}

#[test]
fn a_misspelt_field_is_refused() {
    let mut value = serde_json::to_value(emulator()).unwrap();
    value["resourcemanager"] = "https://x".into();
    assert!(
        serde_json::from_value::<Cloud>(value)
            .unwrap_err()
            .to_string()
            .contains("unknown field")
    );
}
