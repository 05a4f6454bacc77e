//! The end: of everything at once and in every order, of what others still need, of what is to stay.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{SECRET, Scope, WORKSPACE, message};
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{DeleteParams, ListParams};
use serde_json::{Value, json};

use crate::calm::{principal, writes};
use crate::{ATTACHMENT, END, JOB, LINK, bare_scenario, becomes, link, pool, scenario};

const KIND: &str = "AzureMLWorkspace";

/// A workspace with a link, a pool attached by the link and one by its id, and a live job on each.
struct Everything {
    manifests: Vec<Manifest>,
    link: String,
    pools: [String; 2],
}

impl Everything {
    fn of(scope: &Scope<'_>) -> Self {
        let world = scope.stack().emulator().world();
        let linked = link(scope);
        let by_link =
            manifest::linked_attachment(&scope.unique("by"), WORKSPACE, linked.name(), world);
        let by_id = pool(scope);
        let long = |name, pool| {
            manifest::attached_job(name, WORKSPACE, "src", pool)
                .with("/spec/tags/emulator-instant-seconds", "3600")
        };
        Self {
            link: linked.name().to_owned(),
            pools: [by_link.name().to_owned(), by_id.name().to_owned()],
            manifests: vec![
                manifest::credentials(SECRET, world),
                manifest::workspace(WORKSPACE, SECRET, world),
                manifest::code("src", "main.py", "print('x')\n"),
                long("by-link", by_link.name()),
                long("by-id", by_id.name()),
                linked,
                by_link,
                by_id,
            ],
        }
    }

    /// Waits until all of it is there, and returns what it is in Azure.
    async fn made(self, scope: &Scope<'_>) -> Result<Made> {
        let mut runs = Vec::new();
        for job in ["by-link", "by-id"] {
            let live = scope.condition(JOB, job, "Submitted", "True").await?;
            runs.push(live["status"]["azureName"].as_str().unwrap().to_owned());
        }
        let mut principals = Vec::new();
        for (kind, name) in [
            (LINK, &self.link),
            (ATTACHMENT, &self.pools[0]),
            (ATTACHMENT, &self.pools[1]),
        ] {
            let ready = scope.condition(kind, name, "Ready", "True").await?;
            principals.push(principal(&ready).to_owned());
        }
        Ok(Made {
            all: self,
            runs,
            principals,
        })
    }
}

/// What there was in Azure.
struct Made {
    all: Everything,
    runs: Vec<String>,
    principals: Vec<String>,
}

impl Made {
    /// Fails unless nothing is left of it, in Azure and in the cluster.
    async fn is_gone(&self, scope: &Scope<'_>, portal: &Portal<'_>) -> Result<()> {
        let emulator = scope.stack().emulator();
        for run in &self.runs {
            let status = emulator.run_status(run).await?;
            assert_eq!(status.as_deref(), Some("Canceled"), "{run}");
        }
        for pool in &self.all.pools {
            assert_eq!(portal.compute(pool).await?, None);
        }
        assert_eq!(portal.link(&self.all.link).await?, None);
        for principal in &self.principals {
            let held = portal.synapse_roles_of(principal).await?;
            assert_eq!(held, Vec::<Value>::new());
        }
        for kind in [KIND, LINK, ATTACHMENT, JOB] {
            let left = scope.objects(kind).list(&ListParams::default()).await?;
            assert!(left.items.is_empty(), "{:?}", left.items);
        }
        let secret = scope.api::<Secret>().get_opt(SECRET).await?;
        assert_eq!(secret.map(|found| found.metadata), None);
        let code = scope.api::<ConfigMap>().get_opt("src").await?;
        assert_eq!(code.map(|found| found.metadata), None);
        Ok(())
    }
}

/// A new folder in the stack's, for files of one scenario.
fn folder(scope: &Scope<'_>, name: &str) -> Result<PathBuf> {
    let path = scope.stack().folder().join(scope.unique(name));
    std::fs::create_dir_all(&path)?;
    Ok(path)
}

/// Writes each manifest into a file of its own; JSON is YAML.
fn write(folder: &Path, manifests: &[Manifest]) -> Result<()> {
    for manifest in manifests {
        let file = format!("{}-{}.yaml", manifest.kind(), manifest.name());
        std::fs::write(folder.join(file), manifest.0.to_string())?;
    }
    Ok(())
}

async fn kubectl(scope: &Scope<'_>, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("kubectl");
    command
        .args(["--namespace", scope.namespace()])
        .args(arguments)
        .env("KUBECONFIG", scope.stack().plane().kubeconfig());
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    ensure!(
        output.status.success(),
        "kubectl {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

async fn helm(scope: &Scope<'_>, arguments: &[&str]) -> Result<()> {
    let helm = scope.stack().helm().clone();
    let all: Vec<String> = arguments
        .iter()
        .chain(&["--namespace", scope.namespace()])
        .map(ToString::to_string)
        .collect();
    tokio::task::spawn_blocking(move || {
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        helm.run(&all, None).map(drop)
    })
    .await?
}

#[test]
fn all_files_deleted_at_once_end_clean() {
    bare_scenario("leave-files", async |scope, portal| {
        let folder = folder(scope, "files")?;
        let path = folder.to_str().context("the folder's name")?;
        let all = Everything::of(scope);
        write(&folder, &all.manifests)?;
        kubectl(scope, &["apply", "--filename", path]).await?;
        let made = all.made(scope).await?;
        let timeout = format!("--timeout={}s", END.as_secs());
        kubectl(scope, &["delete", "--filename", path, &timeout]).await?;
        made.is_gone(scope, portal).await
    });
}

#[test]
fn an_uninstalled_chart_ends_clean() {
    bare_scenario("leave-chart", async |scope, portal| {
        let chart = folder(scope, "chart")?;
        let path = chart.to_str().context("the folder's name")?;
        let templates = chart.join("templates");
        std::fs::create_dir_all(&templates)?;
        let about = json!({"apiVersion": "v2", "name": "application", "version": "1.0.0"});
        std::fs::write(chart.join("Chart.yaml"), about.to_string())?;
        let all = Everything::of(scope);
        write(&templates, &all.manifests)?;
        helm(scope, &["install", "application", path]).await?;
        let made = all.made(scope).await?;
        let timeout = format!("{}s", END.as_secs());
        let uninstall = ["uninstall", "application", "--wait", "--timeout", &timeout];
        helm(scope, &uninstall).await?;
        made.is_gone(scope, portal).await
    });
}

/// Deletes a workspace, its link and the attachment by that in one order, and waits for the end of all.
async fn ends_in_order(scope: &Scope<'_>, portal: &Portal<'_>, order: [&str; 3]) -> Result<()> {
    let world = scope.stack().emulator().world();
    scope.workspace().await?;
    let linked = link(scope);
    let by_link =
        manifest::linked_attachment(&scope.unique("pool"), WORKSPACE, linked.name(), world);
    scope.apply(&linked).await?;
    scope.apply(&by_link).await?;
    let name_of = |kind: &str| match kind {
        LINK => linked.name().to_owned(),
        ATTACHMENT => by_link.name().to_owned(),
        _ => WORKSPACE.to_owned(),
    };
    let mut principals = Vec::new();
    for kind in [LINK, ATTACHMENT] {
        let ready = scope
            .condition(kind, &name_of(kind), "Ready", "True")
            .await?;
        principals.push(principal(&ready).to_owned());
    }
    let needed_by = |kind: &str| match kind {
        KIND => vec![LINK, ATTACHMENT],
        LINK => vec![ATTACHMENT],
        _ => Vec::new(),
    };
    for (index, kind) in order.into_iter().enumerate() {
        scope.delete(kind, &name_of(kind)).await?;
        // What others need waits for those that are not asked to go yet, and names them.
        let staying: Vec<&str> = needed_by(kind)
            .into_iter()
            .filter(|other| order[index..].contains(other))
            .collect();
        if staying.is_empty() {
            continue;
        }
        let what = format!("waits for {staying:?}");
        scope
            .wait(kind, &name_of(kind), &what, |object| {
                let said = message(object, "Ready");
                staying
                    .iter()
                    .all(|other| said.contains(&format!("{other} {}", name_of(other))))
            })
            .await?;
    }
    let ends = order.map(|kind| {
        let name = name_of(kind);
        async move { scope.gone_within(END, kind, &name).await }
    });
    try_join_all(ends).await?;
    assert_eq!(portal.compute(by_link.name()).await?, None, "{order:?}");
    assert_eq!(portal.link(linked.name()).await?, None, "{order:?}");
    for principal in principals {
        let held = portal.synapse_roles_of(&principal).await?;
        assert_eq!(held, Vec::<Value>::new(), "{order:?}");
    }
    // The last to need the Secret has let go of it.
    let secret = scope.api::<Secret>().get(SECRET).await?;
    assert_eq!(secret.metadata.finalizers, None, "{order:?}");
    Ok(())
}

#[test]
fn every_order_of_deletion_ends_clean() {
    bare_scenario("leave-order", async |scope, portal| {
        let orders = [
            [KIND, LINK, ATTACHMENT],
            [KIND, ATTACHMENT, LINK],
            [LINK, KIND, ATTACHMENT],
            [LINK, ATTACHMENT, KIND],
            [ATTACHMENT, KIND, LINK],
            [ATTACHMENT, LINK, KIND],
        ];
        let mut scopes = Vec::new();
        for index in 0..orders.len() {
            let name = format!("leave-order-{index}");
            scopes.push(scope.stack().scope(&name).await?);
        }
        let ends = scopes.iter().zip(orders);
        let ends = ends.map(|(scope, order)| ends_in_order(scope, portal, order));
        try_join_all(ends).await.map(drop)
    });
}

#[test]
fn a_secret_deleted_first_outlives_a_job_deleted_last() {
    bare_scenario("leave-last", async |scope, portal| {
        let all = Everything::of(scope);
        for manifest in &all.manifests {
            scope.apply(manifest).await?;
        }
        let made = all.made(scope).await?;
        let secrets = scope.api::<Secret>();
        let now = DeleteParams::default();
        secrets.delete(SECRET, &now).await?;
        scope.delete(KIND, WORKSPACE).await?;
        scope.delete(LINK, &made.all.link).await?;
        for pool in &made.all.pools {
            scope.delete(ATTACHMENT, pool).await?;
        }
        for pool in &made.all.pools {
            scope
                .reason(ATTACHMENT, pool, "Ready", "False", "InUse")
                .await?;
        }
        let held = secrets.get(SECRET).await?.metadata;
        assert!(held.deletion_timestamp.is_some(), "{held:?}");
        for run in &made.runs {
            let status = scope.stack().emulator().run_status(run).await?;
            assert_ne!(status.as_deref(), Some("Canceled"), "{run}");
        }

        scope.api::<ConfigMap>().delete("src", &now).await?;
        for job in ["by-link", "by-id"] {
            scope.delete(JOB, job).await?;
        }
        let ends = [
            (JOB, "by-link"),
            (JOB, "by-id"),
            (ATTACHMENT, &made.all.pools[0]),
            (ATTACHMENT, &made.all.pools[1]),
            (LINK, &made.all.link),
            (KIND, WORKSPACE),
        ];
        let ends = ends.map(|(kind, name)| scope.gone_within(END, kind, name));
        try_join_all(ends).await?;
        becomes("the Secret is gone", async || {
            Ok(secrets.get_opt(SECRET).await?.is_none())
        })
        .await?;
        made.is_gone(scope, portal).await
    });
}

#[test]
fn an_attachment_waits_for_its_live_jobs_and_names_them() {
    scenario("leave-jobs", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let pool = pool(scope);
        let name = pool.name();
        scope
            .apply(&manifest::code("src", "main.py", "print('x')\n"))
            .await?;
        scope.apply(&pool).await?;
        let mut runs = Vec::new();
        for job in ["one", "two"] {
            let live = manifest::attached_job(job, WORKSPACE, "src", name)
                .with("/spec/tags/emulator-instant-seconds", "3600");
            scope.apply(&live).await?;
        }
        for job in ["one", "two"] {
            let live = scope.condition(JOB, job, "Submitted", "True").await?;
            runs.push(live["status"]["azureName"].as_str().unwrap().to_owned());
        }
        let made = portal.compute(name).await?;

        let since = emulator.now().await?;
        scope.delete(ATTACHMENT, name).await?;
        let waiting = scope
            .reason(ATTACHMENT, name, "Ready", "False", "InUse")
            .await?;
        let said = message(&waiting, "Ready");
        assert!(
            said.contains("SparkJob one") && said.contains("SparkJob two"),
            "{said}"
        );
        assert_eq!(portal.compute(name).await?, made);

        // One ends by itself, the other is deleted.
        emulator.set_run(&runs[0], "Completed").await?;
        scope.condition(JOB, "one", "Complete", "True").await?;
        scope.reconcile(ATTACHMENT, name).await?;
        scope
            .wait(ATTACHMENT, name, "waits for the other", |o| {
                let said = message(o, "Ready");
                said.contains("SparkJob two") && !said.contains("SparkJob one")
            })
            .await?;
        assert_eq!(portal.compute(name).await?, made);
        let role = waiting["status"]["roleAssignments"][0]["id"]
            .as_str()
            .unwrap();
        let written = writes(scope, since, &[name, role]).await?;
        assert!(written.0.is_empty(), "{written}");
        scope.delete(JOB, "two").await?;
        becomes("its role is taken back", async || {
            let held = portal.synapse_roles_of(principal(&waiting)).await?;
            Ok(held.is_empty())
        })
        .await?;
        let ended = emulator.run_status(&runs[1]).await?;
        assert_eq!(ended.as_deref(), Some("Canceled"));
        Ok(())
    });
}

#[test]
fn a_retained_compute_can_be_taken_over() {
    scenario("leave-stay", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let manifest = pool(scope)
            .with("/spec/tags/team", "a")
            .with("/spec/deletionPolicy", "Retain");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let before = portal.compute(name).await?.unwrap();
        let roles = portal.synapse_roles_of(principal(&ready)).await?;
        assert_eq!(roles.len(), 1, "{roles:?}");
        let role = roles[0]["id"].as_str().unwrap();

        let since = emulator.now().await?;
        scope.delete(ATTACHMENT, name).await?;
        scope.gone_within(END, ATTACHMENT, name).await?;
        becomes("the compute is at rest", async || {
            let compute = portal.compute(name).await?.unwrap_or_default();
            Ok(compute["properties"]["provisioningState"] == "Succeeded")
        })
        .await?;
        let after = portal.compute(name).await?.unwrap();
        assert_eq!(after["tags"], json!({"team": "a"}), "no mark any more");
        assert_eq!(after["identity"], before["identity"]);
        assert_eq!(portal.synapse_roles_of(principal(&ready)).await?, roles);
        let written = writes(scope, since, &[name, role]).await?;
        assert_eq!(written.count("PUT", &["/computes/", name]), 1, "{written}");
        assert_eq!(written.0.len(), 1, "{written}");

        // Whoever describes it as it is has it, and takes it back in the end.
        let heir = manifest
            .clone()
            .without("/spec/deletionPolicy")
            .with("/metadata/name", scope.unique("heir"))
            .with("/spec/azureName", name);
        scope.apply(&heir).await?;
        let taken = scope
            .condition(ATTACHMENT, heir.name(), "Ready", "True")
            .await?;
        assert_eq!(
            taken["status"]["roleAssignments"],
            ready["status"]["roleAssignments"]
        );
        assert_eq!(portal.synapse_roles_of(principal(&ready)).await?, roles);
        scope.delete(ATTACHMENT, heir.name()).await?;
        becomes("its role is taken back", async || {
            let held = portal.synapse_roles_of(principal(&ready)).await?;
            Ok(held.is_empty())
        })
        .await
    });
}
