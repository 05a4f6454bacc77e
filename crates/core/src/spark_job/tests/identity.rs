//! As whom a run runs, and what is told before it is submitted.

use azureml_spark_api::Reason;
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use serde_json::{Value, json};

use super::object::{set, want_with};
use crate::place::{Blocked, Reference};
use crate::spark_job::{AttachedPool, Given, IdentityChoice};

fn identities(type_: &str, ids: &[&str]) -> ResourceIdentity {
    ResourceIdentity {
        type_: type_.to_owned(),
        user_assigned: ids
            .iter()
            .map(|id| UserAssignedIdentity {
                resource_id: format!("/ids/{id}"),
                client_id: Some(format!("client-{id}")),
                principal_id: None,
            })
            .collect(),
        ..ResourceIdentity::default()
    }
}

fn managed(client_id: Option<&str>, resource_id: Option<&str>) -> IdentityChoice {
    IdentityChoice::Managed {
        client_id: client_id.map(str::to_owned),
        resource_id: resource_id.map(str::to_owned),
    }
}

fn check(
    found: Result<IdentityChoice, Blocked>,
    expected: Result<IdentityChoice, &str>,
    why: &str,
) {
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{why}"),
        (Err(blocked), Err(text)) => {
            assert_eq!(blocked.reason, Reason::IdentityNotAttached, "{why}");
            assert!(blocked.message.contains(text), "{why}: {}", blocked.message);
            assert!(blocked.message.len() < 1_024, "{why}");
        }
        (found, _) => panic!("{why}: {found:?}"),
    }
}

#[test]
#[rustfmt::skip]
fn on_an_attachment_the_identity_is_one_of_the_attachments() {
    type Row<'a> = (Value, Option<&'a str>, Option<ResourceIdentity>, Result<IdentityChoice, &'a str>, &'a str);
    let system = || Some(identities("SystemAssigned", &[]));
    let one = || Some(identities("UserAssigned", &["a"]));
    let two = || Some(identities("UserAssigned", &["a", "b"]));
    let mend = "add its resource id to spec.identity.userAssignedIdentities of SynapseSparkAttachment 'pool'";
    let rows: Vec<Row<'_>> = vec![
        (json!(null), None, system(), Ok(managed(None, None)), "the system-assigned identity needs no name"),
        (json!(null), None, None, Ok(managed(None, None)), "nobody can tell: Azure will"),
        (json!(null), Some("/ids/a"), two(), Ok(managed(None, Some("/ids/a"))), "of several, Azure would choose by chance (contract §2.1)"),
        (json!({"type": "Managed"}), Some("/ids/a"), two(), Ok(managed(None, Some("/ids/a"))), "Managed alone means the pool's own"),
        (json!(null), None, one(), Ok(managed(None, Some("/ids/a"))), "the only one is meant"),
        (json!(null), None, two(), Err("has no identity of its own but a, b, among which Azure would choose by chance: name one by spec.identity.resourceId"), "which of the two would be chance"),
        (json!(null), None, Some(identities("None", &[])), Err("SynapseSparkAttachment 'pool' has no identity that the run could run as: add the resource id of one to"), "there is none"),
        (json!({"type": "Managed", "resourceId": "/ids/b"}), Some("/ids/a"), two(), Ok(managed(None, Some("/ids/b"))), "what is named is taken"),
        (json!({"type": "Managed", "resourceId": "/IDS/B/"}), None, two(), Ok(managed(None, Some("/IDS/B/"))), "in any casing (contract §0.1)"),
        (json!({"type": "Managed", "clientId": "CLIENT-b"}), None, two(), Ok(managed(Some("CLIENT-b"), None)), "by either name"),
        (json!({"type": "Managed", "resourceId": "/ids/c"}), None, two(), Err("spec.identity.resourceId: the identity '/ids/c' is not attached to SynapseSparkAttachment 'pool', which has a, b:"), "Azure would refuse it minutes later"),
        (json!({"type": "Managed", "resourceId": "/ids/c"}), None, two(), Err(mend), "and how it is mended"),
        (json!({"type": "Managed", "clientId": "c"}), None, system(), Err("spec.identity.clientId: the identity 'c' is not attached to SynapseSparkAttachment 'pool', which has no user-assigned identity"), "the same by its client id"),
        (json!({"type": "Managed", "clientId": "c"}), None, None, Ok(managed(Some("c"), None)), "nobody can tell: Azure will"),
        (json!({"type": "UserIdentity"}), None, system(), Ok(IdentityChoice::User), "the credentials are the workspace's own"),
    ];
    for (identity, default, attached, expected, why) in rows {
        let want = want_with(|g| {
            g.attachment = Some(Reference::Ready(AttachedPool {
                compute_id: "/computes/pool".into(),
                default_identity: default.map(str::to_owned),
                identity: attached,
                ..AttachedPool::default()
            }));
            if !identity.is_null() {
                set(g, "identity", identity);
            }
        });
        let told = want.identity.clone();
        let found = want.definition.map(|definition| definition.identity);
        if let Ok(choice) = &found {
            let told = told.unwrap();
            let expected = match choice {
                IdentityChoice::User => ("UserIdentity", None, None),
                IdentityChoice::Managed { client_id, resource_id } => ("Managed", client_id.clone(), resource_id.clone()),
            };
            assert_eq!((told.type_.as_str(), told.client_id, told.resource_id), expected, "it is spelt out: {why}");
        }
        check(found, expected, why);
    }
}

#[test]
#[rustfmt::skip]
fn on_serverless_compute_the_identity_is_one_of_the_workspace() {
    type Row<'a> = (Value, Option<ResourceIdentity>, Result<IdentityChoice, &'a str>, &'a str);
    let rows: Vec<Row<'_>> = vec![
        (json!({"type": "Managed"}), Some(identities("SystemAssigned,UserAssigned", &["a"])), Ok(managed(None, None)), "Azure takes the workspace's, as for the SDK"),
        (json!({"type": "Managed"}), Some(identities("SystemAssigned", &[])), Err("the workspace of AzureMLWorkspace 'ml' has no user-assigned identity, and a managed identity on serverless compute must be one: add the resource id of one to spec.attachUserAssignedIdentities of AzureMLWorkspace 'ml'"), "the system-assigned one is none that serverless Spark can use"),
        (json!({"type": "Managed"}), None, Ok(managed(None, None)), "nobody can tell: Azure will"),
        (json!({"type": "Managed", "resourceId": "/ids/a"}), Some(identities("UserAssigned", &["a"])), Ok(managed(None, Some("/ids/a"))), "what is named is taken"),
        (json!({"type": "Managed", "clientId": "client-a"}), Some(identities("UserAssigned", &["a"])), Ok(managed(Some("client-a"), None)), "by either name"),
        (json!({"type": "Managed", "clientId": "client-b"}), Some(identities("UserAssigned", &["a"])), Err("spec.identity.clientId: the identity 'client-b' is not attached to the workspace of AzureMLWorkspace 'ml', which has a: add its resource id to spec.attachUserAssignedIdentities"), "Azure would refuse it with UserAssignedIdentityNotFound (contract §0.2)"),
        (json!({"type": "UserIdentity"}), Some(identities("SystemAssigned", &[])), Ok(IdentityChoice::User), "that is no managed identity"),
    ];
    for (identity, workspace, expected, why) in rows {
        let want = want_with(|g| {
            g.attachment = None;
            g.workspace_identity = workspace;
            set(g, "compute", json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}}));
            set(g, "identity", identity);
        });
        check(want.definition.map(|definition| definition.identity), expected, why);
    }
}

#[test]
fn nobody_becomes_the_operator() {
    for compute in [
        json!({"attachmentRef": {"name": "pool"}}),
        json!({"name": "their-pool"}),
        json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}}),
    ] {
        let operators = |g: &mut Given| {
            set(g, "compute", compute.clone());
            set(g, "identity", json!({"type": "UserIdentity"}));
            if let Reference::Ready(workspace) = &mut g.workspace {
                workspace.operators_identity = true;
            }
        };
        for again in [false, true] {
            let want = want_with(|g| {
                operators(g);
                g.pinned = again.then(crate::spark_job::Pinned::default);
            });
            let blocked = want.definition.unwrap_err();
            assert_eq!(blocked.reason, Reason::IdentityNotAllowed, "{compute}");
            assert!(
                blocked
                    .message
                    .contains("UserIdentity would be the operator's own identity"),
                "{compute}"
            );
        }
    }
}
