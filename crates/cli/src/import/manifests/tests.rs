//! What is printed for what Azure answers. A snapshot is read by a person when it changes.

use azureml_spark_api::{AzureMLWorkspace, LinkedService, SynapseSparkAttachment};
use clap::Parser;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Printed, manifests};
use crate::import::What;
use crate::import::args::Args;
use crate::import::found::Found;
use crate::{Cli, Verb};

const GROUP: &str =
    "/subscriptions/6560575d-fa06-4e7d-95fb-f962e74efd7a/resourceGroups/yogi-res-group/providers";

fn args(more: &[&str]) -> Args {
    let line = "kubectl-azureml import workspace --subscription 6560575d-fa06-4e7d-95fb-f962e74efd7a \
                --resource-group yogi-res-group --workspace-name yogi-aml-ws";
    let cli = Cli::try_parse_from(
        line.split(' ')
            .chain(more.iter().copied())
            .filter(|word| !word.is_empty()),
    );
    let Verb::Import(What::Workspace(args)) = cli.unwrap().verb else {
        panic!("another verb");
    };
    *args
}

fn parse<T: DeserializeOwned>(answers: Value) -> Vec<T> {
    serde_json::from_value(answers).unwrap()
}

fn link(name: &str) -> Value {
    json!({"id": format!("{GROUP}/Microsoft.MachineLearningServices/workspaces/yogi-aml-ws/linkedServices/{name}"),
           "name": name, "location": "eastus", "identity": {"type": "SystemAssigned", "principalId": "p"},
           "properties": {"linkType": "Synapse",
                          "linkedServiceResourceId": format!("{GROUP}/Microsoft.Synapse/workspaces/yogi-synapse-ws")}})
}

fn compute(name: &str) -> Value {
    json!({"name": name, "location": "eastus", "tags": {"team": "a"}, "identity": {"type": "SystemAssigned", "principalId": "p"},
           "properties": {"computeType": "SynapseSpark", "provisioningState": "Succeeded",
                          "resourceId": format!("{GROUP}/Microsoft.Synapse/workspaces/yogi-synapse-ws/bigDataPools/pool1")}})
}

/// With one field in another state.
fn but(mut answer: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    answer.pointer_mut(parent).unwrap()[key] = value;
    answer
}

fn identity(name: &str) -> String {
    format!("{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
}

fn user_assigned(names: &[&str]) -> Value {
    let ids = names
        .iter()
        .map(|name| (identity(name), json!({"principalId": "p"})));
    json!({"type": "UserAssigned", "userAssignedIdentities": ids.collect::<serde_json::Map<_, _>>()})
}

fn found(links: &[Value], computes: &[Value]) -> Found {
    Found {
        links: parse(links.into()),
        computes: parse(computes.into()),
        unseen: Vec::new(),
    }
}

fn print(found: &Found, args: &Args) -> Printed {
    let printed = manifests(found, args).unwrap();
    for document in serde_norway::Deserializer::from_str(&printed.text) {
        let object = serde_norway::Value::deserialize(document).unwrap();
        let readable = match object["kind"].as_str() {
            Some("AzureMLWorkspace") => {
                serde_norway::from_value::<AzureMLWorkspace>(object).is_ok()
            }
            Some("LinkedService") => serde_norway::from_value::<LinkedService>(object).is_ok(),
            Some("SynapseSparkAttachment") => {
                serde_norway::from_value::<SynapseSparkAttachment>(object).is_ok()
            }
            _ => false,
        };
        assert!(readable, "{}", printed.text);
    }
    printed
}

#[test]
fn a_workspace_with_a_link_and_two_pools() {
    let links = [link("synapselink1")];
    let described = but(
        compute("my-pool"),
        "/properties/description",
        json!("Nightly wrangling: team a"),
    );
    let other = but(
        compute("Pool2"),
        "/identity",
        user_assigned(&["yogi-managed-id"]),
    );
    let printed = print(&found(&links, &[other, described]), &args(&[]));
    assert_eq!(printed.warnings, [""; 0]);
    assert_eq!(
        printed.summary,
        "1 link and 2 attached Spark pools of workspace yogi-aml-ws"
    );
    insta::assert_snapshot!(printed.text);
}

#[test]
fn to_be_taken_over_in_another_cloud_as_the_operator_itself() {
    let args = args(&[
        "--management-policy",
        "Full",
        "--operators-identity",
        "--cloud",
        "AzureChina",
        "--name",
        "prod",
        "-n",
        "team",
    ]);
    let printed = print(&found(&[link("my_Link")], &[compute("my-pool")]), &args);
    insta::assert_snapshot!(printed.text);
}

#[test]
fn an_empty_workspace() {
    let printed = print(&Found::default(), &args(&["--secret", "mine"]));
    insta::assert_snapshot!(printed.text);
}

#[test]
fn what_is_in_the_way_of_taking_over_is_said() {
    let failed = but(
        compute("failed"),
        "/properties/provisioningState",
        json!("Failed"),
    );
    let error = json!([{"error": {"code": "SynapseWorkspaceNotFound", "message": "…"}}]);
    let computes = [
        but(failed, "/properties/provisioningErrors", error),
        but(
            compute("busy"),
            "/properties/provisioningState",
            json!("Updating"),
        ),
        but(
            compute("owned"),
            "/tags/azureml-spark-operator",
            json!("4f1c team/pool"),
        ),
        but(
            compute("several"),
            "/identity",
            user_assigned(&["b-id", "A-id"]),
        ),
        but(
            compute("tagged"),
            "/tags",
            json!({"on": "yes", "size": "1_000", "lines": "a\nb: c", "none": ""}),
        ),
    ];
    let printed = print(&found(&[], &computes), &args(&[]));
    insta::assert_snapshot!(printed.text);
    insta::assert_snapshot!(printed.warnings.join("\n"), @r"
    compute 'busy': Azure says Updating: import it again when that has ended
    compute 'failed': Azure says that it Failed (SynapseWorkspaceNotFound): with managementPolicy Full it is asked for anew
    compute 'owned': its tag 'azureml-spark-operator' names an owner, '4f1c team/pool': another object can take it over only with adoptionPolicy Always
    ");
}

#[test]
fn what_a_manifest_cannot_say_is_left_out_and_told() {
    let tags = |n: usize| {
        (0..n)
            .map(|n| (format!("t{n}"), json!("v")))
            .collect::<serde_json::Map<_, _>>()
    };
    let at = |pointer: &str, value: Value| but(compute("pool"), pointer, value);
    for (compute, why) in [
        (at("/name", json!("a")), "spec.azureName"),
        (at("/name", json!("seventeen-letters")), "spec.azureName"),
        (at("/name", json!("two\n- lines")), "spec.azureName"),
        (at("/tags", tags(41).into()), "it has 41 tags"),
        (at("/tags/long", json!("x".repeat(257))), "its tag 'long'"),
        (
            at("/properties/description", json!("x".repeat(1001))),
            "its description",
        ),
        (
            at("/properties/resourceId", json!("/subscriptions/s")),
            "no Synapse Spark pool",
        ),
        (
            at("/properties/resourceId", Value::Null),
            "no Synapse Spark pool",
        ),
        (
            at("/properties/provisioningState", json!("Deleting")),
            "being detached",
        ),
        (at("/identity/type", json!("None")), "of type None"),
        (at("/identity", Value::Null), "of type None"),
        (
            at("/identity/type", json!("SystemAssigned,UserAssigned")),
            "of type SystemAssigned,UserAssigned",
        ),
        (
            at("/identity", user_assigned(&[])),
            "0 user-assigned identities",
        ),
        (
            at(
                "/identity",
                user_assigned(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]),
            ),
            "11 user-assigned identities",
        ),
        (
            at("/identity", user_assigned(&[&"x".repeat(512)])),
            "longer than 512",
        ),
    ] {
        let printed = print(&found(&[], &[compute]), &args(&[]));
        let [warning] = printed.warnings.as_slice() else {
            panic!("{why}: {:?}", printed.warnings)
        };
        assert!(
            warning.starts_with("left out: compute '") && warning.contains(why),
            "{warning}"
        );
        assert!(
            printed.text.contains("# Left out: compute '"),
            "{}",
            printed.text
        );
        assert!(
            !printed.text.contains("kind: SynapseSparkAttachment"),
            "{}",
            printed.text
        );
    }
    for (link, why) in [
        (but(link("link"), "/name", json!("_l")), "spec.azureName"),
        (
            but(
                link("link"),
                "/properties/linkedServiceResourceId",
                json!("/x"),
            ),
            "no Synapse workspace",
        ),
        (
            but(link("link"), "/properties", Value::Null),
            "no Synapse workspace",
        ),
    ] {
        let printed = print(&found(&[link], &[]), &args(&[]));
        assert!(
            printed.warnings.concat().contains(why),
            "{:?}",
            printed.warnings
        );
        assert!(
            !printed.text.contains("kind: LinkedService"),
            "{}",
            printed.text
        );
    }
}

/// At the very bounds of the schema, the owner's tag not counted.
#[test]
fn what_a_manifest_just_can_say_is_printed() {
    let mut tags: serde_json::Map<_, _> = (0..40)
        .map(|n| (format!("t{n}"), json!("x".repeat(256))))
        .collect();
    tags.insert("azureml-spark-operator".to_owned(), json!("uid"));
    let full = but(compute("sixteen-letters1"), "/tags", tags.into());
    let full = but(full, "/properties/description", json!("ü".repeat(1000)));
    let printed = print(&found(&[], &[full]), &args(&[]));
    assert!(
        printed.text.contains("kind: SynapseSparkAttachment"),
        "{}",
        printed.text
    );
    assert!(!printed.text.contains("azureml-spark-operator: uid"));
}

#[test]
fn the_order_in_which_azure_answers_makes_no_difference() {
    let (links, computes) = (
        [link("b-link"), link("A-link")],
        [compute("bb"), compute("AA"), compute("a-pool")],
    );
    let there = print(&found(&links, &computes), &args(&[])).text;
    let (mut links, mut computes) = (links, computes);
    links.reverse();
    computes.reverse();
    assert_eq!(there, print(&found(&links, &computes), &args(&[])).text);
}

#[test]
fn what_could_not_be_seen_is_told_in_both_places() {
    let found = Found {
        unseen: vec!["Azure does not serve links here".to_owned()],
        ..Found::default()
    };
    let printed = print(&found, &args(&[]));
    assert_eq!(printed.warnings, ["Azure does not serve links here"]);
    assert!(
        printed
            .text
            .contains("# Not seen: Azure does not serve links here.")
    );
}
