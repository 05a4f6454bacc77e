"""Submit, follow, stream, download, update, archive and cancel Spark jobs."""

import time

import pytest
from azure.ai.ml import Input, Output, spark
from azure.ai.ml.entities import (
    ManagedIdentityConfiguration,
    SparkResourceConfiguration,
    UserIdentityConfiguration,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

SIZES = {
    "driver_cores": 1,
    "driver_memory": "1g",
    "executor_cores": 1,
    "executor_memory": "1g",
}
SERVERLESS = SparkResourceConfiguration(instance_type="standard_e4s_v3", runtime_version="3.4")
ENDED = {"Completed", "Failed", "Canceled"}


@pytest.fixture
def code(tmp_path):
    """A folder whose content no other test has, so that its code is new."""
    folder = tmp_path / "src"
    (folder / "lib").mkdir(parents=True)
    (folder / "main.py").write_text(f"import sys\n# {time.time_ns()}\nprint('args', sys.argv[1:])\n")
    (folder / "lib" / "a.py").write_text("x = 1\n")
    return folder


def job(code, **fields):
    fields = {"executor_instances": 1, "experiment_name": "wrangling"} | SIZES | fields
    return spark(code=str(code), entry={"file": "main.py"}, display_name="dn", **fields)


def follow(ml, name, seconds=120):
    """The states that are seen until the job has ended."""
    states = []
    deadline = time.monotonic() + seconds
    while not states or states[-1] not in ENDED:
        assert time.monotonic() < deadline, f"{name} goes on: {states}"
        state = ml.jobs.get(name).status
        if not states or states[-1] != state:
            states.append(state)
        time.sleep(0.1)
    return states


def test_new_code_and_known_code_on_the_pool(ml, emulator, attached, code):
    start = emulator.last()
    first = ml.jobs.create_or_update(job(code, compute=attached, py_files=["lib/a.py"]))
    asked = [method for method, path in emulator.asked(start) if "blob" not in path]
    assert first.status in {"NotStarted", "Starting", "Queued", "Preparing", "Running"}
    entries = emulator.requests(start)
    paths = [entry["path"] for entry in entries]
    assert any("startPendingUpload" in path for path in paths)
    assert any("sig=REDACTED" in path for path in paths) and "sig=" not in str(paths).replace("sig=REDACTED", "")
    assert asked.count("POST") == 1
    (put,) = [entry for entry in entries if "/jobs/" in entry["path"] and entry["method"] == "PUT"]
    assert put["apiVersion"] == "2023-04-01-preview"
    assert put["body"]["properties"]["conf"]["spark.executor.instances"] == "1"
    assert follow(ml, first.name)[-1] == "Completed"

    start = emulator.last()
    second = ml.jobs.create_or_update(job(code, compute=attached))
    paths = [path for _, path in emulator.asked(start)]
    assert not any("startPendingUpload" in path for path in paths), "known code is not uploaded again"
    assert second.code == first.code
    assert {job.name for job in ml.jobs.list()} == {first.name, second.name}


def test_serverless_with_each_identity(ml, emulator, code):
    client_id = ml.workspaces.get(emulator.workspace).identity.user_assigned_identities[0].client_id
    for identity in (
        ManagedIdentityConfiguration(client_id=client_id),
        UserIdentityConfiguration(),
    ):
        start = emulator.last()
        made = ml.jobs.create_or_update(job(code, resources=SERVERLESS, identity=identity))
        assert made.resources.instance_type == "standard_e4s_v3"
        (put,) = [
            entry
            for entry in emulator.requests(start)
            if "/jobs/" in entry["path"] and entry["method"] == "PUT"
        ]
        assert "computeId" not in put["body"]["properties"]
        assert follow(ml, made.name)[-1] == "Completed"


def test_serverless_with_an_identity_that_the_workspace_lacks_is_refused(ml, code):
    # Without any, the client fills in the user's.
    stranger = ManagedIdentityConfiguration(client_id="99999999-0000-4000-8000-000000000000")
    with pytest.raises(HttpResponseError, match="User assigned identity") as refused:
        ml.jobs.create_or_update(job(code, resources=SERVERLESS, identity=stranger))
    assert refused.value.status_code == 404


def test_dynamic_allocation(ml, emulator, attached, code):
    start = emulator.last()
    made = ml.jobs.create_or_update(
        job(
            code,
            compute=attached,
            executor_instances=None,
            dynamic_allocation_enabled=True,
            dynamic_allocation_min_executors=1,
            dynamic_allocation_max_executors=3,
        )
    )
    (put,) = [
        entry
        for entry in emulator.requests(start)
        if "/jobs/" in entry["path"] and entry["method"] == "PUT"
    ]
    conf = put["body"]["properties"]["conf"]
    assert conf["spark.dynamicAllocation.enabled"] == "True"
    assert conf["spark.executor.instances"] == "1"
    assert follow(ml, made.name)[-1] == "Completed"


def test_without_the_role_the_job_fails(ml, emulator, code):
    from azure.ai.ml.entities import IdentityConfiguration, SynapseSparkCompute

    compute = SynapseSparkCompute(
        name="norole", resource_id=emulator.pool_id, identity=IdentityConfiguration(type="SystemAssigned")
    )
    ml.compute.begin_create_or_update(compute).result()
    made = ml.jobs.create_or_update(job(code, compute="norole"))
    assert follow(ml, made.name)[-1] == "Failed"


def test_stream_and_download(ml, emulator, attached, code, tmp_path, capsys):
    for output in ("present", "absent"):
        emulator.set(defaultOutput=output)
        made = ml.jobs.create_or_update(job(code, compute=attached))
        ml.jobs.stream(made.name)
        printed = capsys.readouterr().out
        assert f"RunId: {made.name}" in printed
        assert "instant runner" in printed, printed
        assert ml.jobs.get(made.name).status == "Completed"
    emulator.set(defaultOutput="present")
    ml.jobs.download(made.name, download_path=tmp_path / "down", all=True)
    logs = list((tmp_path / "down").rglob("std_log*.txt"))
    assert logs and "instant runner" in logs[0].read_text()


def test_update_and_archive(ml, attached, code):
    made = ml.jobs.create_or_update(job(code, compute=attached, tags={"a": "b"}))
    follow(ml, made.name)
    changed = ml.jobs.update(made.name, display_name="other", description="why", tags={"c": "d"})
    assert (changed.display_name, changed.description) == ("other", "why")
    assert changed.tags["a"] == "b" and changed.tags["c"] == "d"
    ml.jobs.archive(made.name)
    assert made.name not in {job.name for job in ml.jobs.list()}
    from azure.ai.ml.constants import ListViewType

    assert made.name in {job.name for job in ml.jobs.list(list_view_type=ListViewType.ARCHIVED_ONLY)}
    ml.jobs.restore(made.name)
    assert made.name in {job.name for job in ml.jobs.list()}


def test_cancel(ml, emulator, attached, code):
    emulator.set(instantSeconds=600, cancelSeconds=0.2)
    made = ml.jobs.create_or_update(job(code, compute=attached))
    ml.jobs.begin_cancel(made.name).result()
    assert follow(ml, made.name)[-1] == "Canceled"


def test_a_name_is_used_once(ml, attached, code):
    made = ml.jobs.create_or_update(job(code, compute=attached, name="the-name"))
    follow(ml, made.name)
    with pytest.raises(HttpResponseError, match="already exists"):
        ml.jobs.create_or_update(job(code, compute=attached, name="the-name", args="--other"))


def test_what_does_not_exist(ml):
    with pytest.raises(ResourceNotFoundError, match="not found"):
        ml.jobs.get("nothing")


def test_inputs_and_outputs_travel(ml, emulator, attached, code):
    start = emulator.last()
    root = "azureml://datastores/workspaceblobstore/paths"
    made = ml.jobs.create_or_update(
        job(
            code,
            compute=attached,
            inputs={
                "raw": Input(type="uri_file", path=f"{root}/raw/titanic.csv", mode="direct"),
                "n": 5,
            },
            outputs={"clean": Output(type="uri_folder", path=f"{root}/clean/", mode="direct")},
            args="--in ${{inputs.raw}} --n ${{inputs.n}} --out ${{outputs.clean}}",
            identity=ManagedIdentityConfiguration(),
        )
    )
    (put,) = [
        entry
        for entry in emulator.requests(start)
        if "/jobs/" in entry["path"] and entry["method"] == "PUT"
    ]
    sent = put["body"]["properties"]
    assert sent["identity"] == {"identityType": "Managed"}
    assert sent["inputs"]["n"] == {"jobInputType": "literal", "value": "5"}
    back = ml.jobs.get(made.name)
    assert back.inputs["raw"].path.endswith("/raw/titanic.csv")
    assert back.outputs["clean"].path.endswith("/clean/")
    assert back.args == sent["args"]
