//! The person in Studio and the portal, against the emulator alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

use azureml_spark_testkit::emulator::{Emulator, Options, PERSON_CLIENT_ID};
use azureml_spark_testkit::portal::{Portal, azure_role, synapse_role};
use azureml_spark_testkit::repository;
use azureml_spark_testkit::stack::RunFolder;
use serde_json::{Value, json};

#[tokio::test]
async fn a_person_attaches_links_grants_and_takes_it_all_back() {
    let run = RunFolder::new(&repository::runs()).unwrap();
    let options = Options {
        // Every list has several pages.
        settings: json!({"computePageSize": 1, "synapsePageSize": 1, "emptyFirstPage": true}),
        ..Options::default()
    };
    let emulator = Emulator::start(run.path(), &options).await.unwrap();
    let world = emulator.world();
    let portal = Portal::new(&emulator).unwrap();
    let pool = world.pool_id(&world.pool);

    for name in ["one", "two"] {
        portal.attach(name, &pool).await.unwrap();
    }
    assert_eq!(portal.computes().await.unwrap().len(), 2);
    let (identity, principal) = emulator.make_identity("somebody").await.unwrap();
    let changed = portal.change_compute("one", |body| {
        body["tags"] = json!({"team": "a"});
        body["identity"] =
            json!({"type": "UserAssigned", "userAssignedIdentities": {&identity: {}}});
    });
    let changed = changed.await.unwrap();
    assert_eq!(changed["tags"]["team"], "a");
    assert_eq!(changed["identity"]["type"], "UserAssigned");
    assert_eq!(changed["properties"]["resourceId"], pool.as_str());
    portal.detach("one").await.unwrap();
    assert_eq!(portal.compute("one").await.unwrap(), None);

    let link = portal.put_link("link", &world.synapse_id()).await.unwrap();
    assert_eq!(portal.links().await.unwrap(), [link]);
    portal.delete_link("link").await.unwrap();
    assert_eq!(portal.link("link").await.unwrap(), None);

    let scope = world.pool_scope(&world.pool);
    let mut ids = Vec::new();
    for role in [synapse_role::ADMINISTRATOR, COMPUTE_OPERATOR] {
        let id = portal.put_synapse_role(role, &principal, &scope).await;
        ids.push(id.unwrap());
    }
    assert_eq!(portal.synapse_roles_of(&principal).await.unwrap().len(), 2);
    assert_eq!(portal.pool_roles().await.unwrap().len(), 2);
    for id in &ids {
        assert!(portal.synapse_role(id).await.unwrap().is_some());
        portal.delete_synapse_role(id).await.unwrap();
        assert_eq!(portal.synapse_role(id).await.unwrap(), None);
    }

    let account = world.storage_account_id();
    let id = portal.put_azure_role(azure_role::CONTRIBUTOR, &principal, &account);
    let id = id.await.unwrap();
    let held = portal.azure_roles_of(&account, &principal).await.unwrap();
    assert_eq!(held[0]["name"], id.as_str());
    portal.delete_azure_role(&account, &id).await.unwrap();
    let held = portal.azure_roles_of(&account, &principal).await.unwrap();
    assert_eq!(held, Vec::<Value>::new());

    let own = world.identity_id(&world.user_assigned_identity);
    let attached = portal.workspace_identities().await.unwrap();
    assert_eq!(attached, [own.to_lowercase()]);
    emulator.remove_resource(&identity).await.unwrap();

    let seen = emulator.requests_since(0).await.unwrap();
    assert!(seen.count("PUT", &["/computes/one"]) > 0, "{seen}");
    let others = seen.0.len() - seen.of(PERSON_CLIENT_ID).0.len();
    let logins = seen.count("POST", &["/oauth2/v2.0/token"]);
    assert_eq!(others, logins, "all is done in the person's name: {seen}");
}

/// Synapse Compute Operator (contract §7).
const COMPUTE_OPERATOR: &str = "e3844cc7-4670-42cb-9349-9bdac1ee7881";
