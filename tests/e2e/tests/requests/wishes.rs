//! The wishes that the SDK's requests were captured for, as manifests.

use azureml_spark_testkit::emulator::World;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::WORKSPACE;
use serde_json::{Value, json};

pub(crate) fn code() -> Manifest {
    manifest::code("src", "main.py", "print(1)\n").with("/data/a", "x=1\n")
}

fn described(name: &str, world: &World) -> Manifest {
    manifest::attachment(name, WORKSPACE, world)
        .with("/spec/description", "d")
        .with("/spec/tags/a", "b")
}

pub(crate) fn system_assigned(world: &World) -> Manifest {
    // Without a role, so that nothing has to be waited for before it is detached.
    described("synspark", world).with("/spec/grants/synapseRoles", json!([]))
}

pub(crate) fn user_assigned(name: &str, world: &World) -> Manifest {
    let identity = json!({
        "type": "UserAssigned",
        "userAssignedIdentities": [{"resourceId": world.identity_id(&world.user_assigned_identity)}],
    });
    described(name, world).with("/spec/identity", identity)
}

fn job(object: &str, run: &str, compute: &Value) -> Manifest {
    let items = json!([{"key": "main.py", "path": "main.py"}, {"key": "a", "path": "lib/a.py"}]);
    let path = |last: &str| json!({"type": "uri_folder", "path": format!("abfss://c@acct.dfs.core.windows.net/{last}")});
    Manifest::new(
        "SparkJob",
        object,
        json!({
            "workspaceRef": {"name": WORKSPACE},
            "azureName": run,
            "displayName": "dn",
            "experimentName": "dl",
            "code": {"configMaps": [{"name": "src", "items": items}]},
            "entry": {"file": "main.py"},
            "pyFiles": ["lib/a.py"],
            "args": "--i ${{inputs.in1}} --n ${{inputs.n}} --o ${{outputs.out1}}",
            "inputs": {"in1": path("p"), "n": {"value": "5"}},
            "outputs": {"out1": path("o")},
            "conf": {"spark.sql.shuffle.partitions": "8"},
            "driver": {"cores": 1, "memory": "2g"},
            "executor": {"cores": 2, "memory": "2g", "instances": 2},
            "compute": compute,
        }),
    )
}

fn serverless() -> Value {
    json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}})
}

pub(crate) fn attached(run: &str) -> Manifest {
    job(run, run, &json!({"attachmentRef": {"name": "synspark"}}))
}

pub(crate) fn managed(object: &str, run: &str, client: &str) -> Manifest {
    job(object, run, &serverless()).with(
        "/spec/identity",
        json!({"type": "Managed", "clientId": client}),
    )
}

pub(crate) fn as_user(object: &str, run: &str) -> Manifest {
    job(object, run, &serverless())
        .with("/spec/identity/type", "UserIdentity")
        .with(
            "/spec/dynamicAllocation",
            json!({"minExecutors": 1, "maxExecutors": 4}),
        )
        .without("/spec/executor/instances")
}
