//! The chart gives the operator exactly the rights that it uses: the apiserver's audit log is the witness.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::collections::BTreeSet;

use azureml_spark_testkit::access::{Access, asked, granted};
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::flux::{self, from_source};
use azureml_spark_testkit::manifest::{
    attached_job, attachment, code, link, linked_attachment, serverless_job, workspace,
};
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use azureml_spark_testkit::stack::{Options, RELEASE, Stack};
use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::Api;

#[tokio::test]
async fn what_the_role_grants_is_what_the_operator_asks_for() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let scope = stack.scope("rights").await.unwrap();
    live_a_life(&scope).await;

    let roles: Api<ClusterRole> = Api::all(scope.client().clone());
    let granted = granted(&roles.get(RELEASE).await.unwrap());
    // Neither is listed or watched, in no namespace: what is in them is nobody's but who is named in a spec.
    let all_of_them: Vec<&Access> = granted
        .iter()
        .filter(|one| ["configmaps", "secrets"].contains(&one.resource.as_str()))
        .filter(|one| ["list", "watch", "*"].contains(&one.verb.as_str()))
        .collect();
    assert!(all_of_them.is_empty(), "{all_of_them:?}");
    let audit_log = stack.plane().audit_log();
    until("every right is used", PATIENCE, async || {
        let (asked, _) = asked(audit_log)?;
        let idle: BTreeSet<&Access> = granted.difference(&asked).collect();
        let idle: Vec<String> = idle.into_iter().map(Access::to_string).collect();
        anyhow::ensure!(idle.is_empty(), "granted and never asked for: {idle:?}");
        Ok(Some(()))
    })
    .await
    .unwrap();

    let (asked, forbidden) = asked(audit_log).unwrap();
    let beyond: Vec<String> = asked.difference(&granted).map(Access::to_string).collect();
    assert!(beyond.is_empty(), "asked for and not granted: {beyond:?}");
    assert!(forbidden.is_empty(), "refused: {forbidden:?}");
    // A comparison of nothing with nothing would pass, too.
    assert!(granted.len() > 10, "{granted:?}");
}

/// Something of everything that the operator does: references that are missing and come, attachments, one of them by a
/// link, roles that are asked for by others when their objects go, a run, one that goes by itself, an event that repeats, deletions.
async fn live_a_life(scope: &Scope<'_>) {
    let world = scope.stack().emulator().world();
    scope.workspace().await.unwrap();
    let pool = scope.unique("pool");
    scope
        .apply(&attachment(&pool, WORKSPACE, world))
        .await
        .unwrap();
    scope
        .condition("SynapseSparkAttachment", &pool, "Ready", "True")
        .await
        .unwrap();

    let (link_name, linked) = (scope.unique("link"), scope.unique("linked"));
    scope
        .apply(&link(&link_name, WORKSPACE, world))
        .await
        .unwrap();
    scope
        .apply(&linked_attachment(&linked, WORKSPACE, &link_name, world))
        .await
        .unwrap();
    scope
        .condition("SynapseSparkAttachment", &linked, "Ready", "True")
        .await
        .unwrap();

    scope
        .apply(&code("src", "main.py", "print('hello')"))
        .await
        .unwrap();
    scope
        .apply(&serverless_job("run", WORKSPACE, "src", world))
        .await
        .unwrap();
    scope
        .apply(&attached_job("on-pool", WORKSPACE, "src", &pool))
        .await
        .unwrap();
    scope
        .apply(
            &serverless_job("passing", WORKSPACE, "src", world)
                .with("/spec/ttlSecondsAfterFinished", 0),
        )
        .await
        .unwrap();
    scope.gone("SparkJob", "passing").await.unwrap();
    for run in ["run", "on-pool"] {
        scope
            .condition("SparkJob", run, "Complete", "True")
            .await
            .unwrap();
    }

    ask_for_sources(scope).await;

    // Somebody reads a log, and the apiserver is asked whether he may.
    let path = format!(
        "/apis/logs.spark.azureml.dev/v1alpha1/namespaces/{}/sparkjobs/run/log",
        scope.namespace()
    );
    let request = http::Request::get(path).body(Vec::new()).unwrap();
    let log = scope.client().request_text(request).await.unwrap();
    assert!(!log.is_empty());

    // The same trouble twice: the second time the event is counted up, which is a patch.
    let references = async |reason| {
        scope
            .reason("SparkJob", "early", "ReferencesResolved", "False", reason)
            .await
            .unwrap();
    };
    scope
        .apply(&serverless_job("early", "later", "src", world))
        .await
        .unwrap();
    references("WorkspaceNotFound").await;
    scope
        .apply(&workspace("later", "no-such-secret", world))
        .await
        .unwrap();
    references("WorkspaceNotReady").await;
    scope.delete("AzureMLWorkspace", "later").await.unwrap();
    references("WorkspaceNotFound").await;

    for (kind, name) in [
        ("SparkJob", "early"),
        ("SparkJob", "run"),
        ("SparkJob", "on-pool"),
        ("LinkedService", link_name.as_str()),
        ("SynapseSparkAttachment", linked.as_str()),
        ("SynapseSparkAttachment", pool.as_str()),
        ("AzureMLWorkspace", WORKSPACE),
    ] {
        scope.delete(kind, name).await.unwrap();
    }
    scope.gone("SparkJob", "run").await.unwrap();
    scope.gone("SynapseSparkAttachment", &pool).await.unwrap();
    scope.gone("LinkedService", &link_name).await.unwrap();
    scope.gone("AzureMLWorkspace", WORKSPACE).await.unwrap();
}

/// Each kind of Flux, by jobs whose sources are not there.
async fn ask_for_sources(scope: &Scope<'_>) {
    let world = scope.stack().emulator().world();
    flux::install(scope.client()).await.unwrap();
    for kind in ["GitRepository", "OCIRepository", "Bucket"] {
        let name = kind.to_lowercase();
        let job = serverless_job(&name, WORKSPACE, "src", world);
        scope.apply(&from_source(job, kind, "app")).await.unwrap();
        let met = "ReferencesResolved";
        scope
            .reason("SparkJob", &name, met, "False", "SourceNotFound")
            .await
            .unwrap();
        scope.delete("SparkJob", &name).await.unwrap();
    }
}
