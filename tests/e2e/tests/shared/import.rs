//! `kubectl azureml import`: what a workspace has already becomes manifests, which are applied, looked at and handed over.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use azureml_spark_testkit::binaries;
use azureml_spark_testkit::emulator::{DENIED_CLIENT_ID, Requests};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::repository;
use azureml_spark_testkit::scope::{SECRET, Scope, WORKSPACE, find_condition};
use azureml_spark_testkit::stack::CLOUD;
use serde_json::json;

use crate::scenario;

const LINK: &str = "LinkedService";
const POOL: &str = "SynapseSparkAttachment";

/// `kubectl` in this scope's namespace, with the plugin on PATH and a service principal in the environment.
fn kubectl(scope: &Scope<'_>, client_id: &str, args: &[&str], input: &str) -> Result<String> {
    let world = scope.stack().emulator().world();
    let plugin = binaries::plugin()?;
    let folder = plugin.parent().context("the plugin is in a folder")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = [folder.to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    let mut child = Command::new("kubectl")
        .args(args)
        .env("PATH", std::env::join_paths(paths)?)
        .env("KUBECONFIG", scope.stack().plane().kubeconfig())
        .env("AZURE_TENANT_ID", &world.tenant)
        .env("AZURE_CLIENT_ID", client_id)
        .env("AZURE_CLIENT_SECRET", &world.client_secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("a way in")?;
    stdin.write_all(input.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(
        output.status.success(),
        "{args:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    Ok(text(&output.stdout))
}

/// The emulator as a cloud in a file, as the plugin reads it.
fn clouds(scope: &Scope<'_>) -> Result<PathBuf> {
    let emulator = scope.stack().emulator();
    let mut cloud = emulator.cloud();
    let fields = cloud.as_object_mut().context("a cloud")?;
    // The chart makes a file of the certificate.
    fields.remove("caCertificate");
    fields.insert("caFile".to_owned(), json!(emulator.ca_file()));
    let file = scope.stack().folder().join(scope.unique("clouds"));
    std::fs::write(&file, json!({CLOUD: cloud}).to_string())?;
    Ok(file)
}

fn import(scope: &Scope<'_>, client_id: &str) -> Result<String> {
    let world = scope.stack().emulator().world();
    let clouds = clouds(scope)?;
    let clouds = clouds.to_str().context("a path")?;
    let args = [
        "azureml",
        "import",
        "workspace",
        "--cloud",
        CLOUD,
        "--clouds",
        clouds,
        "--subscription",
        &world.subscription,
        "--resource-group",
        &world.resource_group,
        "--workspace-name",
        &world.workspace,
        "--name",
        WORKSPACE,
        "--secret",
        SECRET,
        "--namespace",
        scope.namespace(),
    ];
    kubectl(scope, client_id, &args, "")
}

/// The command line of a page, its continued lines joined, without where its output goes.
fn line_of(page: &str) -> Result<String> {
    let text = std::fs::read_to_string(repository::root().join(page))?;
    let joined = text.replace("\\\n", " ");
    let line = joined
        .lines()
        .find(|line| line.starts_with("kubectl azureml import workspace "));
    let line = line.with_context(|| format!("{page} imports nothing"))?;
    let line = line.split(" > ").next().unwrap_or_default();
    Ok(line.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What the README's and the page's command line print, in a shell, with nothing added but what is this stack's: its
/// cloud, and names that the other manifests use.
fn as_written(scope: &Scope<'_>) -> Result<String> {
    let world = scope.stack().emulator().world();
    let line = line_of("README.md")?;
    ensure!(
        line == line_of("docs/import.md")?,
        "two pages, two commands"
    );
    let clouds = clouds(scope)?;
    let plugin = binaries::plugin()?;
    let folder = plugin.parent().context("the plugin is in a folder")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = [folder.to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    let output = Command::new("sh")
        .args(["-euc", &format!("{line} \"$@\""), "sh"])
        .args(["--cloud", CLOUD, "--clouds"])
        .arg(clouds)
        .args(["--name", WORKSPACE, "--secret", SECRET])
        .args(["--namespace", scope.namespace()])
        .env("PATH", std::env::join_paths(paths)?)
        .env("SUBSCRIPTION", &world.subscription)
        .env("AZURE_TENANT_ID", &world.tenant)
        .env("AZURE_CLIENT_ID", &world.client_id)
        .env("AZURE_CLIENT_SECRET", &world.client_secret)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{line}: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The documents about this scenario's own things: all scenarios share one workspace in Azure.
fn ours(text: &str, names: &[&str]) -> String {
    let documents = text.split("\n---\n").filter(|document| {
        document.contains("kind: AzureMLWorkspace")
            || names.iter().any(|name| document.contains(name))
    });
    documents
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n---\n")
}

/// The comments before objects, each line after the other, and the rest.
fn remarks(text: &str) -> (String, String) {
    let (remarks, rest): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.starts_with('#'));
    let remarks = remarks.iter().map(|line| line.trim_start_matches("# "));
    (remarks.collect::<Vec<_>>().join(" "), rest.join("\n"))
}

/// What was written of this name since then, by whoever is no person.
async fn writes(scope: &Scope<'_>, since: u64, part: &str) -> Result<Requests> {
    let emulator = scope.stack().emulator();
    let seen = emulator.requests_since(since).await?;
    let seen = seen.of(&emulator.world().client_id);
    let part = part.to_ascii_lowercase();
    let mut written = seen.0;
    written
        .retain(|entry| entry.method != "GET" && entry.path.to_ascii_lowercase().contains(&part));
    Ok(Requests(written))
}

#[test]
fn what_a_workspace_has_becomes_manifests() {
    scenario("import", async |scope| {
        let emulator = scope.stack().emulator();
        let world = emulator.world();
        let portal = Portal::new(emulator)?;
        let (link, pool) = (scope.unique("My_Link"), scope.unique("Pool"));
        let (link_object, pool_object) = (scope.unique("my-link"), scope.unique("pool"));
        let identity = world.identity_id(&world.user_assigned_identity);
        let location = portal.workspace().await?["location"].clone();
        let linked = portal.put_link(&link, &world.synapse_id()).await?;
        let wish = json!({
            "location": location,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            // Words and numbers that YAML could take for something else than strings.
            "tags": {"on": "yes", "size": "1_000", "lines": "a\nb: c"},
            "properties": {
                "computeType": "SynapseSpark",
                "resourceId": world.pool_id(&world.pool),
                "description": "Nightly: 1 # of 2",
            },
        });
        let attached = portal.put_compute(&pool, &wish).await?;
        let since = emulator.now().await?;

        let text = import(scope, &world.client_id)?;
        // The apiserver takes all of it, other people's things too.
        kubectl(scope, "", &["apply", "--dry-run=server", "-f", "-"], &text)?;
        let manifests = ours(&text, &[&link_object, &pool_object]);
        let written = ours(&as_written(scope)?, &[&link_object, &pool_object]);
        assert_eq!(written, manifests, "with the command line of the pages");
        scope.apply(&manifest::credentials(SECRET, world)).await?;
        kubectl(scope, "", &["apply", "-f", "-"], &manifests)?;

        for (kind, name) in [(LINK, &link_object), (POOL, &pool_object)] {
            let seen = scope
                .reason(kind, name, "Ready", "True", "Observed")
                .await?;
            assert_eq!(seen.pointer("/status/drift"), None, "{seen}");
            assert_eq!(seen.pointer("/metadata/finalizers"), None, "{seen}");
        }
        for (plural, name) in [("linkedservices", &link_object), ("ssa", &pool_object)] {
            let listed = kubectl(
                scope,
                "",
                &["--namespace", scope.namespace(), "get", plural],
                "",
            )?;
            assert!(listed.contains(name.as_str()), "{listed}");
        }
        for part in [&link, &pool] {
            assert_eq!(writes(scope, since, part).await?.0.len(), 0);
        }

        let full = json!({"spec": {"managementPolicy": "Full"}});
        for (kind, name) in [(LINK, &link_object), (POOL, &pool_object)] {
            scope.patch(kind, name, full.clone()).await?;
            let ready = scope.condition(kind, name, "Ready", "True").await?;
            let reason = &find_condition(&ready, "Ready").unwrap()["reason"];
            assert_ne!(reason, "Observed", "{ready}");
            assert_eq!(ready.pointer("/status/roleAssignments"), None, "{ready}");
            assert!(ready["metadata"]["finalizers"].is_array(), "{ready}");
        }
        assert_eq!(portal.link(&link).await?, Some(linked));
        assert_eq!(writes(scope, since, &link).await?.0.len(), 0);

        // All that changes is the mark of the owner.
        let written = writes(scope, since, &pool).await?;
        assert_eq!(
            (written.0.len(), written.count("PUT", &["/computes/"])),
            (1, 1),
            "{written}"
        );
        let taken = portal.compute(&pool).await?.context("the compute")?;
        let owner = taken["tags"]["azureml-spark-operator"].as_str().unwrap();
        assert!(
            owner.ends_with(&format!(" {}/{pool_object}", scope.namespace())),
            "{owner}"
        );
        let mut tags = taken["tags"].clone();
        tags.as_object_mut()
            .unwrap()
            .remove("azureml-spark-operator");
        assert_eq!(tags, attached["tags"]);
        assert_eq!(taken["identity"], attached["identity"]);
        for pointer in ["/properties/description", "/properties/resourceId"] {
            assert_eq!(taken.pointer(pointer), attached.pointer(pointer));
        }

        // Whoever imports it once more is told whose it is, and else sees the same.
        let again = ours(
            &import(scope, &world.client_id)?,
            &[&link_object, &pool_object],
        );
        let (said, objects) = remarks(&again);
        assert!(
            said.contains(&format!("names an owner, '{owner}'")),
            "{said}"
        );
        assert_eq!(objects, remarks(&manifests).1);
        Ok(())
    });
}

#[test]
fn what_may_not_be_read_is_no_empty_workspace() {
    scenario("import-denied", async |scope| {
        let error = import(scope, DENIED_CLIENT_ID).unwrap_err().to_string();
        assert!(error.contains("AuthorizationFailed"), "{error}");
        assert!(!error.contains("kind:"), "{error}");
        Ok(())
    });
}
