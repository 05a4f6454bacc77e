"""Attach, list, show, update and detach a Spark pool; a cluster beside it."""

import pytest
from azure.ai.ml.entities import (
    AmlCompute,
    IdentityConfiguration,
    ManagedIdentityConfiguration,
    SynapseSparkCompute,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from conftest import client_of


def pool(emulator, **fields):
    return SynapseSparkCompute(name="synspark", resource_id=emulator.pool_id, **fields)


def test_attach(ml, emulator):
    start = emulator.last()
    identity = IdentityConfiguration(type="SystemAssigned")
    done = ml.compute.begin_attach(
        pool(emulator, identity=identity, tags={"a": "b"}, description="d")
    ).result()
    assert done.provisioning_state == "Succeeded"
    assert done.identity.type == "system_assigned"
    assert done.identity.principal_id
    assert done.identity.tenant_id == emulator.tenant
    assert done.tags == {"a": "b"}
    assert done.resource_id == emulator.pool_id
    assert (done.spark_version, done.node_family, done.node_size) == ("3.4", "MemoryOptimized", "Medium")
    assert (done.scale_settings.auto_scale_enabled, done.scale_settings.min_node_count) == (True, 3)
    assert (done.auto_pause_settings.auto_pause_enabled, done.auto_pause_settings.delay_in_minutes) == (True, 15)
    asked = emulator.asked(start)
    compute = f"{emulator.workspace_id}/computes/synspark"
    polls = [call for call in asked if "/computeOperationsStatus/" in call[1]]
    assert polls and all(method == "GET" for method, _ in polls)
    rest = [call for call in asked if call not in polls]
    assert rest == [("GET", emulator.workspace_id), ("PUT", compute), ("GET", compute)]
    put = next(entry for entry in emulator.requests(start) if entry["method"] == "PUT")
    assert put["apiVersion"] == "2023-08-01-preview"
    # The client writes the type of an identity in a case of its own.
    assert put["body"]["identity"]["type"].lower() == "systemassigned"
    assert "properties" not in put["body"]["properties"]


def test_show_list_update_detach(ml, emulator, attached):
    assert ml.compute.get(attached).name == attached
    assert [compute.name for compute in ml.compute.list()] == [attached]
    before = ml.compute.get(attached)

    before.tags = {"team": "data"}
    after = ml.compute.begin_create_or_update(before).result()
    assert after.tags == {"team": "data"}
    assert after.identity.principal_id == before.identity.principal_id

    identity = IdentityConfiguration(
        type="UserAssigned",
        user_assigned_identities=[ManagedIdentityConfiguration(resource_id=emulator.identity_id)],
    )
    after = ml.compute.begin_create_or_update(pool(emulator, identity=identity)).result()
    assert after.identity.type == "user_assigned"
    (assigned,) = after.identity.user_assigned_identities
    assert assigned.resource_id.lower() == emulator.identity_id.lower()
    # This version of the client leaves the ids as the service names them.
    assert assigned["clientId"] and assigned["principalId"]
    assert not after.tags

    ml.compute.begin_delete(attached, action="Detach").result()
    assert list(ml.compute.list()) == []
    with pytest.raises(ResourceNotFoundError):
        ml.compute.get(attached)


def test_many_computes_come_in_pages(ml, emulator):
    emulator.set(operationSeconds=0, computePageSize=2, emptyFirstPage=True)
    names = ["pool-a", "pool-b", "pool-c"]
    for name in names:
        compute = SynapseSparkCompute(name=name, resource_id=emulator.pool_id)
        ml.compute.begin_create_or_update(compute).result()
    assert [compute.name for compute in ml.compute.list()] == names


def test_an_unknown_pool_fails(ml, emulator):
    compute = SynapseSparkCompute(name="synspark", resource_id=f"{emulator.pool_id}x")
    with pytest.raises(HttpResponseError, match="could not be found"):
        ml.compute.begin_create_or_update(compute).result()
    failed = ml.compute.get("synspark")
    assert failed.provisioning_state == "Failed"
    assert failed.provisioning_errors == "BadRequest"


def test_the_default_deletion_of_a_pool_is_refused(ml, attached):
    with pytest.raises(HttpResponseError, match="can only be detached"):
        ml.compute.begin_delete(attached).result()
    assert ml.compute.get(attached).provisioning_state == "Succeeded"


def test_a_throttled_request_is_repeated(ml, emulator, attached):
    emulator.fault(path="/computes/", method="GET", action={"kind": "status", "status": 429, "retryAfter": 1})
    start = emulator.last()
    assert ml.compute.get(attached).name == attached
    assert [entry["status"] for entry in emulator.requests(start)] == [429, 200]


def test_a_cluster(ml):
    cluster = AmlCompute(name="cpu-cluster", size="STANDARD_D2_V2", min_instances=0, max_instances=2)
    done = ml.compute.begin_create_or_update(cluster).result()
    assert (done.provisioning_state, done.size, done.max_instances) == ("Succeeded", "STANDARD_D2_V2", 2)
    cluster.max_instances = 4
    assert ml.compute.begin_create_or_update(cluster).result().max_instances == 4
    ml.compute.begin_delete("cpu-cluster").result()
    with pytest.raises(ResourceNotFoundError):
        ml.compute.get("cpu-cluster")


def test_the_workspace_and_its_datastore(ml, emulator):
    workspace = ml.workspaces.get(emulator.workspace)
    assert workspace.location == "eastus"
    assert workspace.discovery_url == f"{emulator.url}/discovery"
    datastore = ml.datastores.get_default()
    assert datastore.name == "workspaceblobstore"
    assert (datastore.account_name, datastore.container_name) == (emulator.storage_account, emulator.container)


def test_a_missing_workspace_and_no_right(ml, emulator):
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        client_of(emulator, emulator.credential(), workspace="nothing").compute.get("synspark")
    denied = "22222222-2222-4222-8222-000000000403"
    with pytest.raises(HttpResponseError, match="AuthorizationFailed") as refused:
        client_of(emulator, emulator.credential(client_id=denied)).compute.get("synspark")
    assert refused.value.status_code == 403
