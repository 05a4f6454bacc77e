//! Computes and the workspace.

use std::collections::BTreeMap;

use azureml_spark_azure::arm::compute::{self, ComputeIdentity, SynapseSpark};
use azureml_spark_azure::arm::workspace;
use azureml_spark_azure::{ArmId, SparkPoolId};

use crate::compare::{SUBSCRIPTION, assert_same, sdk, workspace_id};

fn attachment(identity: ComputeIdentity) -> SynapseSpark {
    SynapseSpark {
        location: "eastus".into(),
        pool: SparkPoolId::new(SUBSCRIPTION, "rg", "syn", "pool").unwrap(),
        description: Some("d".into()),
        identity,
        tags: BTreeMap::from([("a".into(), "b".into())]),
    }
}

#[test]
fn attach_with_an_identity_of_its_own() {
    let call = compute::put(
        &workspace_id(),
        "synspark",
        &attachment(ComputeIdentity::SystemAssigned),
    );
    assert_same(
        &call.request,
        &sdk("compute-attach-system", "PUT", "/computes/"),
    );
}

#[test]
fn attach_with_a_given_identity() {
    let identity = ArmId::new(
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u1",
    );
    let wish = attachment(ComputeIdentity::UserAssigned(vec![identity]));
    let call = compute::put(&workspace_id(), "synspark", &wish);
    assert_same(
        &call.request,
        &sdk("compute-attach-user-assigned", "PUT", "/computes/"),
    );
}

#[test]
fn look_at_and_detach_a_compute() {
    let call = compute::get(&workspace_id(), "synspark");
    assert_same(&call.request, &sdk("compute-get", "GET", "/computes/"));
    let call = compute::detach(&workspace_id(), "synspark");
    assert_same(
        &call.request,
        &sdk("compute-detach", "DELETE", "/computes/"),
    );
}

#[test]
fn look_at_a_workspace() {
    let call = workspace::get(&workspace_id());
    assert_same(
        &call.request,
        &sdk("workspace-get", "GET", "/workspaces/ws?"),
    );
}
