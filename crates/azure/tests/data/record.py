"""Records the requests that Microsoft's SDK for Azure ML builds, without Azure: `sdk/` beside this file.

    python -m venv venv && venv/bin/pip install azure-ai-ml==1.35.2 azure-identity
    cd "$(mktemp -d)" && venv/bin/python …/crates/azure/tests/data/record.py …/crates/azure/tests/data/sdk

The SDK is unchanged and runs as it is, in this process; below it, the one function that would put a request on the wire
answers instead. So the requests are real and the answers prove nothing. Nothing leaves the machine, the tokens are made
up and are not written down. Run it outside a git repository: the SDK adds the repository's address to its jobs.

Older files there (`compute-*`, `job-cancel`, `job-list`, `job-stream`, `spark-*`, `workspace-get`) were captured the same
way by another program, and are left alone.
"""

import base64
import io
import json
import os
import sys
import time
import types
import urllib.parse

import requests
import urllib3
from requests.adapters import HTTPAdapter

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
WS = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
    "/Microsoft.MachineLearningServices/workspaces/ws"
)
IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
    "/Microsoft.ManagedIdentity/userAssignedIdentities/u1"
)
CODE = f"{WS}/codes/c1/versions/1"
KEPT = {"accept", "content-type", "x-azureml-token"}

recorded = []


def answer_to(method, path, query, body):
    """Just enough for the SDK to go on."""
    versioned = lambda properties: {
        "id": path,
        "name": path.rsplit("/", 1)[1],
        "type": "t",
        "properties": properties,
        "systemData": {"createdAt": "2023-03-01T10:00:00Z"},
    }
    if path == "/discovery":
        return {"api": "https://eastus.api.azureml.ms"}
    if path.startswith("/history/") and path.endswith("/rundata"):
        data = f"azureml://locations/eastus/workspaces/{SUBSCRIPTION}/data/azureml_job1_output_data_out1/versions/1"
        return {"runMetadata": {"runId": "job1", "outputs": {"out1": {"assetId": data, "type": "uri_folder"}}}}
    if path.startswith("/data/"):
        return {"values": {id: {"uri": "azureml://datastores/d/paths/p", "type": "uri_folder"} for id in body["values"]}}
    if path.startswith("/history/"):
        return {"value": [], "runId": "job1"}
    if path == WS:
        properties = {"discoveryUrl": "https://eastus.api.azureml.ms/discovery", "workspaceId": SUBSCRIPTION}
        return {"id": WS, "name": "ws", "location": "eastus", "properties": properties}
    if method == "GET" and path.endswith("/versions"):
        # The newest version, or the code of the hash that was asked for.
        id = CODE if "hash" in query else f"{path}/7"
        found = {"codeUri": "https://acct.blob.core.windows.net:443/c/src", "isAnonymous": False, "properties": {}}
        found = found if "hash" in query else {"image": "img", "isAnonymous": False, "modelUri": "azureml://x/y", "flavors": {}}
        return {"value": [{"id": id, "name": id.rsplit("/", 1)[1], "type": "t", "properties": found}]}
    if method == "GET" and "/jobs/" in path:
        return versioned({
            "jobType": "Spark", "codeId": CODE, "experimentName": "dl", "status": "Completed",
            "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "main.py"},
            "conf": {f"spark.{key}": "1" for key in ("driver.cores", "driver.memory", "executor.cores",
                                                      "executor.memory", "executor.instances")},
            "resources": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"},
            "inputs": {}, "outputs": {}, "services": {}, "tags": {}, "properties": {},
        })
    if method == "GET" and "/codes/" in path:
        return versioned({"codeUri": "https://acct.blob.core.windows.net:443/c/src", "properties": {}})
    if method == "GET" and path.startswith(f"{WS}/data/"):
        if "/versions/" in path:
            return versioned({"dataType": "uri_folder", "dataUri": "azureml://datastores/d/paths/p"})
        return versioned({"dataType": "uri_folder", "latestVersion": "7", "nextVersion": "8"})
    if method == "GET" and "/environments/" in path:
        return versioned({"image": "img", "condaFile": "name: x"})
    if method == "GET":
        return versioned({"modelUri": "azureml://x/y", "flavors": {}})
    return versioned((body or {}).get("properties", {}))


def send(self, request, **_):
    url = urllib.parse.urlsplit(request.url)
    content = request.body.read() if hasattr(request.body, "read") else request.body
    if isinstance(content, bytes):
        content = content.decode()
    body = json.loads(content) if content else None
    headers = {name: value for name, value in request.headers.items() if name.lower() in KEPT}
    for name in headers:
        if name.lower() == "x-azureml-token":
            claims = headers[name].split(".")[1]
            audience = json.loads(base64.urlsafe_b64decode(claims + "=="))["aud"]
            headers[name] = f"<AAD token aud={audience}>"
    recorded.append({
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "arm_auth": "Authorization" in request.headers,
        "body": body,
    })
    answer = json.dumps(answer_to(request.method, url.path, urllib.parse.parse_qs(url.query), body)).encode()
    response = requests.Response()
    response.status_code = 201 if request.method == "PUT" else 200
    response.headers["Content-Type"] = "application/json"
    response.url = request.url
    response.request = request
    response.connection = self
    response.raw = urllib3.HTTPResponse(
        body=io.BytesIO(answer), status=response.status_code, headers=response.headers, preload_content=False
    )
    return response


HTTPAdapter.send = send


class Credential:
    """Tokens that name their audience, as the SDK checks it, and are worth nothing."""

    def get_token(self, *scopes, **_):
        audience = scopes[0].removesuffix("/.default")
        claims = base64.urlsafe_b64encode(json.dumps({"aud": audience, "exp": 4102444800}).encode()).decode().rstrip("=")
        return types.SimpleNamespace(token=f"e30.{claims}.e30", expires_on=int(time.time()) + 3600)


from azure.ai.ml import Input, MLClient, Output, load_job, spark  # noqa: E402
from azure.ai.ml.entities import (  # noqa: E402
    Environment,
    ManagedIdentityConfiguration,
    SparkJob,
    SparkJobEntry,
    SparkJobEntryType,
    UserIdentityConfiguration,
)
from azure.ai.ml._restclient.runhistory import RunHistoryClient  # noqa: E402
from azure.ai.ml.operations._job_ops_helper import get_job_output_uris_from_dataplane  # noqa: E402
from azure.ai.ml.entities._job.spark_job_entry_mixin import SparkJobEntryMixin  # noqa: E402

os.makedirs("src/lib", exist_ok=True)
for name, text in {"src/main.py": "print(1)\n", "src/lib/a.py": "x=1\n"}.items():
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)

ml = MLClient(Credential(), SUBSCRIPTION, "rg", "ws", enable_telemetry=False)

SIZE = {"driver_cores": 1, "driver_memory": "2g", "executor_cores": 2, "executor_memory": "2g"}
STATIC = SIZE | {"executor_instances": 2}
DYNAMIC = SIZE | {
    "dynamic_allocation_enabled": True, "dynamic_allocation_min_executors": 1, "dynamic_allocation_max_executors": 5,
}
SERVERLESS = {"resources": {"instance_type": "standard_e8s_v3", "runtime_version": "3.4"}}
ATTACHED = {"compute": "synspark"}
ABFSS = "abfss://c@acct.dfs.core.windows.net"


def job(**fields):
    defaults = {"code": "src", "entry": {"file": "main.py"}, "experiment_name": "dl", "display_name": "dn"}
    made = spark(**(defaults | fields))
    made.name = "job1"
    return made


def data(kind, path):
    return Input(type=kind, path=path, mode="direct")


def output(kind, path=None, **asset):
    return Output(type=kind, path=path, mode="direct", **asset)


def of_class():
    """The SDK's own model of an entry by class, whose check it leaves out: it says that classes are not supported."""
    made = job(**ATTACHED, **STATIC, jars=["app.jar"])
    made.entry = SparkJobEntry(entry="com.example.Main", type=SparkJobEntryType.SPARK_JOB_CLASS_ENTRY)
    check = SparkJobEntryMixin._validate_entry
    SparkJobEntryMixin._validate_entry = lambda _: None
    try:
        submit(made)
    finally:
        SparkJobEntryMixin._validate_entry = check


def config(text):
    """A job of the SDK's own tests (sdk/ml/azure-ai-ml/tests/test_configs/spark_job), the folder of its code aside."""
    with open("job.yml", "w", encoding="utf-8") as file:
        file.write(text)
    made = load_job("job.yml")
    made.name, made.experiment_name = "job1", "dl"
    return made


def submit(made):
    ml.jobs.create_or_update(made)


TEST_CONF = """
conf: {spark.driver.cores: 1, spark.driver.memory: 2g, spark.executor.cores: 2, spark.executor.memory: 2g,
  spark.executor.instances: %s}
"""
TEST_DYNAMIC = """
conf: {spark.driver.cores: 1, spark.driver.memory: 2g, spark.executor.cores: 2, spark.executor.memory: 2g,
  spark.executor.instances: 1, spark.dynamicAllocation.enabled: True, spark.dynamicAllocation.minExecutors: 1,
  spark.dynamicAllocation.maxExecutors: 5}
"""



def artifacts():
    """The client that the SDK carries for run history; the SDK itself reads logs in another way."""
    made = RunHistoryClient(Credential(), base_url="https://eastus.api.azureml.ms")
    return made.run_artifacts


def with_inputs(inputs):
    """By the SDK's entity and its REST client: the way in between, `spark()`, turns models into empty texts."""
    made = SparkJob(
        name="job1", code=CODE, entry={"file": "main.py"}, experiment_name="dl", display_name="dn",
        identity=ManagedIdentityConfiguration(), inputs=inputs, outputs={}, compute=f"{WS}/computes/synspark", **STATIC)
    ml.jobs._resolve_job_inputs(made.inputs.values(), ".")
    ml.jobs._create_or_update_with_different_version_api(rest_job_resource=made._to_rest_object())


def outputs():
    return get_job_output_uris_from_dataplane(
        "job1", ml.jobs._runs_operations, ml.jobs._dataset_dataplane_operations, ml.jobs._model_dataplane_operations)


WISHES = {
    # Jobs of the SDK's own tests.
    "jobs/config-test": lambda: submit(config(
        'type: spark\ncode: ./src\ndescription: "simply the best"\nenvironment: azureml:condaenv:1\n'
        "compute: azureml:douglassynapse\nentry: {file: main.py}" + TEST_DYNAMIC)),
    "jobs/config-hobo": lambda: submit(config(
        'type: spark\ncode: ./src\ndescription: "simply the best"\n'
        "resources: {instance_type: standard_e8s_v3, runtime_version: 3.4}\nentry: {file: main.py}" + TEST_DYNAMIC)),
    "jobs/config-inputs-outputs": lambda: submit(config(
        "type: spark\ncode: ./src\nentry: {file: main.py}\ninputs:\n  input1: {type: uri_file, mode: direct,\n"
        "    path: https://azuremlexamples.blob.core.windows.net/datasets/iris.csv}\n  sample_rate: 0.01\n"
        "outputs:\n  output1: {type: uri_file, mode: direct}\n"
        "args: >-\n  --input1 ${{inputs.input1}}\n  --output2 ${{outputs.output1}}\n"
        "  --my_sample_rate ${{inputs.sample_rate}}\n"
        "resources: {instance_type: standard_e8s_v3, runtime_version: 3.2}\n"
        "environment: azureml:AzureML-sklearn-0.24-ubuntu18.04-py37-cpu:1" + TEST_CONF % 4)),
    "jobs/config-word-count": lambda: submit(config(
        'type: spark\ncode: ./src\ndescription: "submit a hobo spark job testing inputs"\n'
        "resources: {instance_type: standard_e8s_v3, runtime_version: 3.2}\nentry: {file: main.py}\n"
        "inputs:\n  input1: {type: uri_file, mode: direct,\n"
        "    path: azureml://datastores/workspaceblobstore/paths/simpleshakespeare.txt}" + TEST_CONF % 2)),
    # Every field.
    "jobs/smallest": lambda: submit(job(display_name=None, **ATTACHED, **STATIC)),
    "jobs/class": of_class,
    "jobs/files": lambda: submit(job(
        **ATTACHED, **STATIC, py_files=["lib/a.py", "lib/b.zip"], jars=["app.jar", f"{ABFSS}/j.jar"],
        files=["conf.json"], archives=["venv.tar.gz#venv"])),
    "jobs/inputs": lambda: with_inputs({
        "file": data("uri_file", "wasbs://c@acct.blob.core.windows.net/f.csv"),
        "folder": data("uri_folder", f"{ABFSS}/p/"),
        "table": data("mltable", "azureml://datastores/workspaceblobstore/paths/t/"),
        "custom": data("custom_model", f"azureml:/{WS}/datastores/d/paths/m"),
        "mlflow": data("mlflow_model", "https://acct.blob.core.windows.net/c/m"),
        "triton": data("triton_model", f"{ABFSS}/m"),
        "text": "a b", "whole": 5, "broken": 0.5, "yes": True,
    }),
    "jobs/data-assets": lambda: with_inputs({
        "version": data("uri_file", "azureml:d1:3"),
        "latest": data("uri_folder", "d2@latest"),
        "id": data("mltable", f"{WS}/data/d3/versions/4"),
        "model": data("mlflow_model", "azureml:m1:2"),
        "newest": data("custom_model", "m2@latest"),
    }),
    "jobs/outputs": lambda: submit(job(**ATTACHED, **STATIC, outputs={
        "file": output("uri_file", f"{ABFSS}/o.csv"),
        "folder": output("uri_folder"),
        "table": output("mltable", "azureml://datastores/workspaceblobstore/paths/o/"),
        "custom": output("custom_model", f"{ABFSS}/m"),
        "mlflow": output("mlflow_model", f"{ABFSS}/m"),
        "triton": output("triton_model", f"{ABFSS}/m"),
        "named": output("uri_folder", f"{ABFSS}/n", name="result"),
        "versioned": output("uri_folder", f"{ABFSS}/v", name="result", version="2"),
    })),
    "jobs/environment": lambda: submit(job(**SERVERLESS, **STATIC, environment="azureml:e1:3")),
    "jobs/environment-latest": lambda: submit(job(**SERVERLESS, **STATIC, environment="e1@latest")),
    "jobs/environment-id": lambda: submit(job(**SERVERLESS, **STATIC, environment=f"{WS}/environments/e1/versions/3")),
    "jobs/conda": lambda: submit(job(**SERVERLESS, **STATIC, environment=Environment(
        image=None, conda_file={"name": "x", "dependencies": ["python=3.10", {"pip": ["numpy"]}]}))),
    "jobs/identity-resource-id": lambda: submit(job(
        **ATTACHED, **STATIC, identity=ManagedIdentityConfiguration(resource_id=IDENTITY))),
    "jobs/identity-client-id": lambda: submit(job(
        **ATTACHED, **STATIC, identity=ManagedIdentityConfiguration(client_id="cid"))),
    "jobs/identity-user-attached": lambda: submit(job(**ATTACHED, **STATIC, identity=UserIdentityConfiguration())),
    "jobs/identity-system-serverless": lambda: submit(job(**SERVERLESS, **STATIC, identity=ManagedIdentityConfiguration())),
    "jobs/labels": lambda: submit(job(
        **ATTACHED, **STATIC, description="what it does", tags={"team": "data", "empty": ""})),
    "jobs/code-id": lambda: submit(job(**ATTACHED, **STATIC, code=f"{WS}/codes/c9/versions/2")),
    "jobs/compute-id": lambda: submit(job(compute=f"{WS}/computes/theirs", **STATIC)),
    "jobs/conf": lambda: submit(job(**ATTACHED, **DYNAMIC, executor_instances=3, conf={
        "spark.sql.shuffle.partitions": 8, "spark.speculation": "true", "spark.ui.enabled": True,
        "spark.jars.packages": "a:b:1,c:d:2"}, args="--text 'a b'")),
    "jobs/dynamic": lambda: submit(job(**SERVERLESS, **DYNAMIC)),
    # What surrounds them.
    "job-update": lambda: ml.jobs.update("job1", display_name="new", description="d", tags={"a": "b"}),
    "job-update-tags": lambda: ml.jobs.update("job1", tags={"a": "b"}),
    "job-outputs-found": outputs,
    "code-known": lambda: ml._code.create_or_update(code_of("src")),
    "code-get": lambda: ml._code.get("c9", "2"),
    "code-latest": lambda: list(ml._code._version_operation.list(
        "rg", "ws", "c9", order_by="createdtime desc", top=1)),
    "code-uri": lambda: ml._code.create_or_update(code_of("https://acct.blob.core.windows.net/c/folder")),
    "environment-get": lambda: ml.environments.get("e1", "3"),
    "environment-latest": lambda: ml.environments.get("e1", label="latest"),
    "environment-put": lambda: ml.environments.create_or_update(environment()),
    "data-get": lambda: ml.data.get("d1", "3"),
    "data-latest": lambda: ml.data.get("d1", label="latest"),
    "model-get": lambda: ml.models.get("m1", "2"),
    "model-latest": lambda: ml.models.get("m1", label="latest"),
    "artifacts-list": lambda: list(artifacts().list_in_container_by_experiment_name(
        SUBSCRIPTION, "rg", "ws", "dl", "job1")),
    "artifacts-below": lambda: list(artifacts().list_sas_by_prefix_by_experiment_name(
        SUBSCRIPTION, "rg", "ws", "dl", "job1", path="user_logs/")),
    "artifacts-one": lambda: artifacts().get_content_information_by_experiment_name(
        SUBSCRIPTION, "rg", "ws", "dl", "job1", path="user_logs/std_log.txt"),
}


def code_of(path):
    from azure.ai.ml.entities._assets import Code

    return Code(path=path)


def environment():
    return Environment(
        name="e1", version="1", image="conda/miniconda3", description="d", tags={"a": "b"},
        conda_file={"name": "x", "dependencies": ["python=3.10"]})


def main(folder):
    failed = False
    os.makedirs(os.path.join(folder, "jobs"), exist_ok=True)
    for name, wish in WISHES.items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        recorded.clear()
        try:
            wish()
        except Exception as error:  # The rest is recorded whatever becomes of one.
            failed = True
            print(f"{name}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
        print(name, [f"{one['method']} {one['url'].split('/workspaces/ws')[-1]}" for one in recorded])
        # Every job asks whether its code is known, under a random name; once is enough.
        kept = [one for one in recorded if not (name.startswith("jobs/") and "/codes/" in one["url"])]
        with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
            file.write("\n")
    return 1 if failed else 0


sys.exit(main(sys.argv[1]))
