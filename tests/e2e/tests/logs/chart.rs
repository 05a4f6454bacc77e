//! What the chart makes of its value `logs`: a certificate that upgrades keep, and nothing at all if it is switched off.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use azureml_spark_testkit::access::{asked, granted};
use azureml_spark_testkit::binaries::{self, Profile};
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::operator::{Launch, Operator};
use azureml_spark_testkit::repository;
use azureml_spark_testkit::scenario::play;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use azureml_spark_testkit::stack::{NAMESPACE, Options, RELEASE, Stack};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Secret, Service};
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use kube::Api;
use serde_json::{Value, json};

use crate::person::Person;
use crate::{KIND, ended};

/// Service, Secret and `ClusterRole` of the logs.
const LOGS: &str = "azureml-spark-operator-logs";
const API_SERVICE: &str = "v1alpha1.logs.spark.azureml.dev";

/// What is asked for in both states of the release.
const LOG: [&str; 5] = ["azureml", "logs", "done", "--tail", "1"];

#[test]
fn an_upgrade_keeps_the_certificate_and_without_logs_nothing_of_them_is_left() {
    play(async {
        // Its own: others need the logs.
        let stack = Stack::start(Options::default()).await?;
        let scope = stack.scope("logs-chart").await?;
        let viewer = Person::with_role(&scope, "viewer", Some("view")).await?;
        kept(&scope, &viewer).await?;
        left_out(&scope, &viewer).await
    });
}

async fn kept(scope: &Scope<'_>, viewer: &Person) -> Result<()> {
    ended(scope, "done").await?;
    let log = viewer.sees(&LOG).await?;
    assert_eq!(log, "the end, without a line's");
    let made = certificate(scope).await?;
    assert_eq!(
        made.keys().collect::<Vec<_>>(),
        ["ca.crt", "tls.crt", "tls.key"]
    );
    let trusted = api_service(scope).await?.context("an APIService")?;
    assert_eq!(authority(&trusted), made.get("ca.crt"));

    let annotations = json!({"cert.example/owner": "data-team"});
    upgrade(
        scope,
        &json!({"logs": {"apiService": {"annotations": annotations}}}),
    )?;
    let upgraded = api_service(scope).await?.context("an APIService")?;
    let told = upgraded.metadata.annotations.clone().unwrap_or_default();
    assert_eq!(
        told.get("cert.example/owner").map(String::as_str),
        Some("data-team")
    );
    assert_eq!(certificate(scope).await?, made);
    assert_eq!(authority(&upgraded), authority(&trusted));
    // The operator that was there, and the one that a new pod would be.
    assert_eq!(viewer.sees(&LOG).await?, log);
    scope.stack().operator().stop()?;
    let (_, next) = deployed(scope, "upgraded").await?;
    next.start().await?;
    assert_eq!(viewer.sees(&LOG).await?, log);
    next.stop()
}

async fn left_out(scope: &Scope<'_>, viewer: &Person) -> Result<()> {
    upgrade(scope, &json!({"logs": {"enabled": false}}))?;
    let client = || scope.client().clone();
    let secrets: Api<Secret> = Api::namespaced(client(), NAMESPACE);
    let services: Api<Service> = Api::namespaced(client(), NAMESPACE);
    let roles: Api<ClusterRole> = Api::all(client());
    assert!(secrets.get_opt(LOGS).await?.is_none());
    assert!(services.get_opt(LOGS).await?.is_none());
    assert!(roles.get_opt(LOGS).await?.is_none());
    assert!(api_service(scope).await?.is_none());
    let rights = granted(&roles.get(RELEASE).await?);
    let rights: Vec<String> = rights.iter().map(ToString::to_string).collect();
    assert!(
        rights.iter().any(|one| one.contains("events")),
        "{rights:?}"
    );
    assert!(
        !rights
            .iter()
            .any(|one| one.contains("subjectaccessreviews")),
        "{rights:?}"
    );

    // With no operator at all a namespace goes, which it does not while an API is missing.
    let empty = scope.stack().scope("logs-none").await?;
    empty.delete_namespace().await?;

    let (launch, operator) = deployed(scope, "without").await?;
    let of_logs = launch.arguments.iter().find(|one| one.contains("--logs"));
    assert_eq!(of_logs, None);
    assert!(!launch.environment.keys().any(|name| name.contains("LOGS")));
    operator.start().await?;
    let world = scope.stack().emulator().world();
    let job = manifest::serverless_job("unread", WORKSPACE, "src", world);
    scope.apply(&job).await?;
    scope.condition(KIND, "unread", "Complete", "True").await?;
    let (_, forbidden) = asked(scope.stack().plane().audit_log())?;
    assert!(forbidden.is_empty(), "{forbidden:?}");

    // Whoever has all rights is told what is missing, and who had this one by a role that is gone.
    let everywhere = [&LOG, ["--namespace", scope.namespace()].as_slice()].concat();
    for (person, words) in [
        (
            &Person::administrator(scope),
            "this cluster serves no logs of jobs",
        ),
        (
            viewer,
            "if there is none of that name, the chart has logs.enabled=false",
        ),
    ] {
        until(words, PATIENCE, async || {
            let said = person.sees(&everywhere).await;
            let refusal = said.err().context("it is still told")?.to_string();
            ensure!(refusal.contains(words), refusal);
            Ok(Some(()))
        })
        .await?;
    }
    Ok(())
}

/// `helm upgrade` with the values of the release, and others over them.
fn upgrade(scope: &Scope<'_>, values: &Value) -> Result<()> {
    let chart = repository::chart();
    let chart = chart.to_str().context("a path in UTF-8")?;
    let release = ["upgrade", RELEASE, chart, "--namespace", NAMESPACE];
    let arguments = [release.as_slice(), &["--reuse-values"]].concat();
    scope.stack().helm().run(&arguments, Some(values)).map(drop)
}

/// The operator as the release has it now, not yet started.
async fn deployed(scope: &Scope<'_>, folder: &str) -> Result<(Launch, Operator)> {
    let folder = scope.stack().folder().join(folder);
    std::fs::create_dir_all(folder.join("logs"))?;
    let launch = Launch::prepare(scope.stack().plane(), NAMESPACE, RELEASE, &folder).await?;
    let operator = Operator::new(binaries::operator(Profile::Dev)?, launch.clone(), &folder)?;
    Ok((launch, operator))
}

async fn certificate(scope: &Scope<'_>) -> Result<BTreeMap<String, ByteString>> {
    let secrets: Api<Secret> = Api::namespaced(scope.client().clone(), NAMESPACE);
    secrets.get(LOGS).await?.data.context("a certificate")
}

async fn api_service(scope: &Scope<'_>) -> Result<Option<APIService>> {
    let services: Api<APIService> = Api::all(scope.client().clone());
    Ok(services.get_opt(API_SERVICE).await?)
}

fn authority(service: &APIService) -> Option<&ByteString> {
    service.spec.as_ref()?.ca_bundle.as_ref()
}
