//! The chart: it lints, renders with everything off and with everything on, and refuses values that cannot be meant.

use anyhow::{Result, bail};
use azureml_spark_testkit::helm::Helm;
use azureml_spark_testkit::repository;
use serde_json::{Value, json};

pub(super) fn check() -> Result<()> {
    let home = repository::runs().join("helm");
    std::fs::create_dir_all(&home)?;
    let (helm, chart) = (Helm::offline(&home)?, repository::chart());
    let render = |values: &Value| helm.template("release", "somewhere", &chart, values);
    let count = |values: &Value, kind: &str| -> Result<usize> {
        let objects = render(values)?;
        Ok(objects
            .iter()
            .filter(|one| one.get("kind") == Some(&json!(kind)))
            .count())
    };

    helm.lint(&chart, &everything())?;
    for (kind, bare, full) in [
        ("Deployment", 1, 1),
        ("ClusterRole", 2, 2),
        ("ClusterRoleBinding", 1, 1),
        ("ServiceAccount", 1, 1),
        ("ConfigMap", 1, 1),
        // Its own certificate, unless one is brought.
        ("Secret", 1, 0),
        ("Service", 2, 2),
        ("APIService", 1, 1),
        ("ServiceMonitor", 0, 1),
        ("NetworkPolicy", 0, 1),
    ] {
        let (seen_bare, seen_full) = (count(&json!({}), kind)?, count(&everything(), kind)?);
        if (seen_bare, seen_full) != (bare, full) {
            bail!("{kind}: {seen_bare} and {seen_full} rendered, not {bare} and {full}");
        }
    }
    check_injected(&render)?;
    check_without_logs(&render)?;
    for (wrong, word) in refused() {
        match render(&wrong) {
            Ok(_) => bail!("the chart accepts {wrong}"),
            Err(error) if error.to_string().contains(word) => {}
            Err(error) => bail!("{wrong} is refused without a word of {word}: {error}"),
        }
    }
    Ok(())
}

/// A certificate whose authority others put into the `APIService`.
fn check_injected(render: &impl Fn(&Value) -> Result<Vec<Value>>) -> Result<()> {
    let annotations = json!({"cert-manager.io/inject-ca-from": "somewhere/logs"});
    let objects = render(&json!({"logs": {
        "certificate": {"secretName": "mine"},
        "apiService": {"annotations": annotations},
    }}))?;
    let service = objects
        .iter()
        .find(|one| one.get("kind") == Some(&json!("APIService")));
    let at = |path: &str| service.and_then(|one| one.pointer(path));
    if at("/metadata/annotations") != Some(&annotations) || at("/spec/caBundle").is_some() {
        bail!("not an APIService into which an authority is injected: {service:?}");
    }
    Ok(())
}

/// `logs.enabled: false` leaves out the port, the `APIService`, and every right and file for it.
fn check_without_logs(render: &impl Fn(&Value) -> Result<Vec<Value>>) -> Result<()> {
    let values = |enabled: bool| json!({"networkPolicy": {"enabled": true}, "logs": {"enabled": enabled, "externalName": "localhost"}});
    let words = ["logs", "APIService", "subjectaccessreviews"];
    let (with, without) = (render(&values(true))?, render(&values(false))?);
    for word in words {
        let has = |objects: &[Value]| objects.iter().any(|one| one.to_string().contains(word));
        if !has(&with) || has(&without) {
            bail!("'{word}' is not rendered with logs, or rendered without");
        }
    }
    Ok(())
}

fn cloud() -> Value {
    json!({
        "resourceManager": "https://management.example",
        "resourceManagerAudience": "https://management.example/",
        "activeDirectory": "https://login.example",
        "machineLearningAudience": "https://ml.example",
        "synapseAudience": "https://dev.synapse.example",
        "synapseSuffix": "dev.synapse.example",
        "studio": "https://ml.example",
        "hosts": ["management.example", "login.example", ".dev.synapse.example"],
    })
}

fn with(mut cloud: Value, field: &str, value: Value) -> Value {
    if let Some(fields) = cloud.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
    cloud
}

fn everything() -> Value {
    let pem = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
    json!({
        "clouds": {
            "plain": with(cloud(), "storageHosts", json!([".blob.example"])),
            "indexed": with(cloud(), "studioIndex", json!("https://studio.example/api")),
            "slow": with(cloud(), "limits", json!({"writes": {"size": 20, "perSecond": 0.5}})),
            "inline": with(cloud(), "caCertificate", json!(pem)),
            "secret": with(cloud(), "caSecretRef", json!({"name": "ca", "key": "ca.crt"})),
        },
        "operatorIdentity": {"namespaces": ["team-a", "team-b"]},
        "grants": {"allowedRoles": []},
        "retiredRuntimes": [],
        "notRespondingSeconds": 60,
        "cancelStuckSeconds": 30,
        "tellStatesAfterSeconds": 60,
        "azureBudgetPercent": 50,
        "follow": "index",
        "sources": {"flux": {"enabled": false}, "artifactHosts": ["artifacts.example:8080"]},
        "azure": {"workloadIdentity": {"clientId": "c", "tenantId": "t"}},
        "imagePullSecrets": [{"name": "registry"}],
        "metrics": {"serviceMonitor": {"enabled": true, "labels": {"release": "prometheus"}}},
        "networkPolicy": {"enabled": true},
        "logs": {"aggregateTo": ["view"], "certificate": {"secretName": "mine", "caBundle": pem}},
        "podLabels": {"a": "b"},
        "podAnnotations": {"a": "b"},
        "serviceAccount": {"annotations": {"a": "b"}},
        "nodeSelector": {"a": "b"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "high",
    })
}

/// Values, and the word that the refusal must hold.
fn refused() -> [(Value, &'static str); 15] {
    let both = with(
        cloud(),
        "caCertificate",
        json!("-----BEGIN CERTIFICATE-----"),
    );
    let both = with(both, "caSecretRef", json!({"name": "ca", "key": "ca.crt"}));
    [
        (json!({"pollSecond": 5}), "pollSecond"),
        (json!({"pollSeconds": 0}), "pollSeconds"),
        (json!({"logFormat": "xml"}), "logFormat"),
        (json!({"follow": "both"}), "follow"),
        (json!({"azureBudgetPercent": 0}), "azureBudgetPercent"),
        (
            json!({"clouds": {"mine": with(cloud(), "limits", json!({"writes": {"size": 20}}))}}),
            "perSecond",
        ),
        (
            json!({"clouds": {"mine": {"resourceManager": "https://a"}}}),
            "activeDirectory",
        ),
        (
            json!({"clouds": {"mine": with(cloud(), "resourceManager", json!("http://a"))}}),
            "resourceManager",
        ),
        (json!({"clouds": {"mine": both}}), "mine"),
        (
            json!({"logs": {"certificate": {"secretName": "mine"}}}),
            "caBundle",
        ),
        (
            json!({"logs": {"certificate": {"caBundle": "-----BEGIN CERTIFICATE-----"}}}),
            "secretName",
        ),
        (
            json!({"sources": {"artifactHosts": ["http://artifacts.example"]}}),
            "artifactHosts",
        ),
        (
            json!({"grants": {"allowedRoles": ["Owner"]}}),
            "allowedRoles",
        ),
        (
            json!({"operatorIdentity": {"namespaces": ["No_Namespace"]}}),
            "namespaces",
        ),
        (
            json!({"metrics": {"service": {"enabled": false}, "serviceMonitor": {"enabled": true}}}),
            "metrics.service.enabled",
        ),
    ]
}
