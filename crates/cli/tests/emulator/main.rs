//! The program against the emulator: what it prints for what stands there, and how it fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod stage;

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_api::{AzureMLWorkspace, LinkedService, SynapseSparkAttachment, azure_id};
use azureml_spark_azure::ArmId;
use azureml_spark_azure::arm::compute::{self, ComputeIdentity};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::stage::{Stage, objects, refused, said};

fn object<T: DeserializeOwned>(text: &str, kind: &str, name: &str) -> T {
    let object = objects(text).remove(&(kind.to_owned(), name.to_owned()));
    serde_norway::from_value(object.unwrap_or_else(|| panic!("no {kind} {name}: {text}"))).unwrap()
}

#[tokio::test]
async fn links_and_pools_are_printed_as_they_are() {
    // So small that the list of computes has several pages, the first one empty.
    let settings = json!({"operationSeconds": 0.1, "computePageSize": 1, "emptyFirstPage": true});
    let stage = Stage::new(&["synapse_Link"], settings).await;
    let world = stage.emulator.world();
    let tags = [("on", "yes"), ("azureml-spark-operator", "uid team/pool")];
    let system = stage
        .attach(
            "Pool-One",
            ComputeIdentity::SystemAssigned,
            &tags,
            Some("A: b\n"),
        )
        .await;
    let mine = world.identity_arm_id(&world.user_assigned_identity);
    let identity = ComputeIdentity::UserAssigned(vec![ArmId::new(&mine)]);
    stage.attach("pool-two", identity, &[], None).await;

    let (text, notes) = said(&stage.import(&["--namespace", "team"]).await);
    assert_eq!(objects(&text).len(), 4, "{text}");
    let workspace: AzureMLWorkspace = object(&text, "AzureMLWorkspace", "ml");
    assert_eq!(workspace.spec.workspace_name, world.workspace);
    assert_eq!(workspace.spec.cloud.as_deref(), Some("emulator"));
    assert_eq!(workspace.metadata.namespace.as_deref(), Some("team"));

    let link: LinkedService = object(&text, "LinkedService", "synapse-link");
    assert_eq!(link.spec.azure_name.as_deref(), Some("synapse_Link"));
    let synapse = world.synapse_arm_id(&world.synapse_workspace);
    assert!(azure_id::same(&link.spec.synapse_workspace_id, &synapse));
    assert_eq!(link.spec.grants.unwrap().synapse_roles.unwrap(), []);

    let one: SynapseSparkAttachment = object(&text, "SynapseSparkAttachment", "pool-one");
    assert_eq!(one.spec.azure_name.as_deref(), Some("Pool-One"));
    let pool = one.spec.pool.resource_id.unwrap();
    assert!(azure_id::same(&pool, &world.pool_arm_id(&world.pool)));
    assert_eq!(one.spec.description.as_deref(), Some("A: b\n"));
    assert_eq!(
        one.spec.tags.unwrap(),
        [("on".to_owned(), "yes".to_owned())].into()
    );
    assert_eq!(
        one.spec.identity.unwrap().type_,
        AttachmentIdentityType::SystemAssigned
    );
    assert_eq!(one.spec.grants.unwrap().synapse_roles.unwrap(), []);
    assert_eq!(
        one.spec.management_policy,
        Some(ManagementPolicy::ObserveOnly)
    );
    assert!(notes.contains("compute 'Pool-One': its tag"), "{notes}");

    let two: SynapseSparkAttachment = object(&text, "SynapseSparkAttachment", "pool-two");
    let ids = two.spec.identity.unwrap().user_assigned_identities.unwrap();
    assert!(azure_id::same(&ids[0].resource_id, &mine) && ids.len() == 1);
    assert_eq!((two.spec.azure_name, two.spec.tags), (None, None));

    assert_eq!(said(&stage.import(&["--namespace", "team"]).await).0, text);
    let call = compute::get(&stage.workspace, "Pool-One");
    assert_eq!(stage.client.send(call).await.unwrap(), system);
}

#[tokio::test]
async fn without_links_the_rest_is_printed_all_the_same() {
    for refusal in [
        "noRegisteredProvider",
        "invalidResourceType",
        "invalidApiVersion",
        "notFound",
    ] {
        let settings = json!({"operationSeconds": 0.1, "linkedServicesServed": refusal});
        let stage = Stage::new(&["link"], settings).await;
        stage
            .attach("pool", ComputeIdentity::SystemAssigned, &[], None)
            .await;
        let (text, notes) = said(&stage.import(&[]).await);
        assert!(
            notes.contains("warning: Azure does not serve links here"),
            "{refusal}: {notes}"
        );
        assert!(
            text.contains("# Not seen: Azure does not serve links here"),
            "{refusal}: {text}"
        );
        let kinds: Vec<String> = objects(&text).into_keys().map(|(kind, _)| kind).collect();
        assert_eq!(
            kinds,
            ["AzureMLWorkspace", "SynapseSparkAttachment"],
            "{refusal}"
        );
        let (_, notes) = said(&stage.import(&["--no-links"]).await);
        assert!(!notes.contains("warning"), "{refusal}: {notes}");
    }
}

#[tokio::test]
async fn a_failure_is_a_sentence_and_prints_nothing() {
    let stage = Stage::new(&[], json!({})).await;
    let world = stage.emulator.world();
    let (us, denied) = (&world.client_id, &world.denied_client_id);
    for (client_id, workspace, more, sentence) in [
        (
            us,
            "absent",
            vec![],
            "there is no workspace /subscriptions/",
        ),
        (
            denied,
            "yogi-aml-ws",
            vec![],
            "the workspace cannot be read: AuthorizationFailed",
        ),
        (
            &"22222222-2222-4222-8222-000000000000".to_owned(),
            "yogi-aml-ws",
            vec![],
            "no login to Azure",
        ),
        (
            us,
            "yogi-aml-ws",
            vec!["--cloud", "Mars"],
            "--cloud: 'Mars' is neither built in",
        ),
    ] {
        let output = stage.import_as(client_id, workspace, &more).await;
        let (out, notes) = refused(&output);
        assert_eq!(out, "");
        assert!(
            notes.starts_with("error: ") && notes.contains(sentence),
            "{notes}"
        );
    }
}
