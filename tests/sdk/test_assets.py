"""Environments, data, and what becomes of a job's outputs."""

import os

import pytest
from azure.ai.ml import Input, Output
from azure.ai.ml.entities import Data, Environment, Model
from azure.ai.ml.exceptions import JobException
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from test_jobs import code, follow, job  # noqa: F401

ROOT = "azureml://datastores/workspaceblobstore/paths"
CONDA = {"name": "spark", "channels": ["conda-forge"], "dependencies": ["python=3.10", "scipy"]}


def environment(version=None, conda=CONDA):
    return Environment(name="spark-env", version=version, image="conda/miniconda3", conda_file=conda)


def test_environments(ml):
    for version in ("1", "2"):
        made = ml.environments.create_or_update(environment(version))
        assert (made.name, made.version) == ("spark-env", version)
    # As often as one likes.
    ml.environments.create_or_update(environment("2"))
    assert ml.environments.get("spark-env", label="latest").version == "2"
    assert ml.environments.get("spark-env", "1").conda_file["dependencies"] == CONDA["dependencies"]
    assert {one.version for one in ml.environments.list(name="spark-env")} == {"1", "2"}
    assert {one.name for one in ml.environments.list()} == {"spark-env"}
    with pytest.raises(HttpResponseError, match="cannot be changed"):
        ml.environments.create_or_update(environment("1", CONDA | {"dependencies": ["python=3.11"]}))
    with pytest.raises(ResourceNotFoundError, match="No environment exists for name: spark-env, version: 3"):
        ml.environments.get("spark-env", "3")


def test_data(ml):
    for version in ("1", "2"):
        data = Data(name="people", version=version, type="uri_folder", path=f"{ROOT}/people/{version}/")
        ml.data.create_or_update(data)
    latest = ml.data.get("people", label="latest")
    assert latest.version == "2" and latest.path.endswith("/people/2/")
    assert {one.version for one in ml.data.list(name="people")} == {"1", "2"}
    ml.data.archive("people", version="1")
    assert {one.version for one in ml.data.list(name="people")} == {"2"}
    with pytest.raises(ResourceNotFoundError, match="Could not find asset with ID"):
        ml.data.get("people", "3")


def test_a_job_with_an_environment_and_data_by_name(ml, emulator, attached, code):  # noqa: F811
    ml.environments.create_or_update(environment("1"))
    ml.data.create_or_update(Data(name="people", version="1", type="uri_folder", path=f"{ROOT}/people/"))
    ml.models.create_or_update(Model(name="forest", version="1", type="mlflow_model", path=f"{ROOT}/forest/"))
    start = emulator.last()
    made = ml.jobs.create_or_update(
        job(
            code,
            compute=attached,
            environment="azureml:spark-env:1",
            inputs={
                "people": Input(type="uri_folder", path="azureml:people:1", mode="direct"),
                "forest": Input(type="mlflow_model", path="azureml:forest:1", mode="direct"),
            },
            args="--in ${{inputs.people}} --model ${{inputs.forest}}",
        )
    )
    (put,) = [
        entry
        for entry in emulator.requests(start)
        if "/jobs/" in entry["path"] and entry["method"] == "PUT"
    ]
    sent = put["body"]["properties"]
    assert sent["environmentId"].endswith("/environments/spark-env/versions/1")
    assert sent["inputs"]["people"]["uri"].endswith("/data/people/versions/1")
    assert follow(ml, made.name)[-1] == "Completed"


def test_an_output_becomes_a_data_asset(ml, attached, code):  # noqa: F811
    for version in ("1", "2"):
        output = Output(type="uri_folder", path=f"{ROOT}/clean/{version}/", mode="direct", name="clean", version=version)
        made = ml.jobs.create_or_update(
            job(code, compute=attached, outputs={"clean": output}, args="--out ${{outputs.clean}}")
        )
        assert follow(ml, made.name)[-1] == "Completed"
        clean = ml.data.get("clean", version)
        assert clean.path.endswith(f"/clean/{version}/") and clean.type == "uri_folder"
    assert ml.data.get("clean", label="latest").version == "2"


def test_a_registered_output_can_be_downloaded(ml, emulator, attached, code, tmp_path):  # noqa: F811
    folder = emulator.blob_path("kept")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "part-0.csv"), "w", encoding="utf-8") as file:
        file.write("a,b\n")
    output = Output(type="uri_folder", path=f"{ROOT}/kept/", mode="direct", name="kept", version="1")
    made = ml.jobs.create_or_update(
        job(code, compute=attached, outputs={"kept": output}, args="--out ${{outputs.kept}}")
    )
    follow(ml, made.name)
    ml.jobs.download(made.name, output_name="kept", download_path=tmp_path / "down")
    assert [path.read_text() for path in (tmp_path / "down").rglob("part-0.csv")] == ["a,b\n"]


def test_a_job_that_names_what_is_not_there(ml, emulator, attached, code):  # noqa: F811
    missing = f"{emulator.workspace_id}/environments/nothing/versions/1"
    with pytest.raises(HttpResponseError, match="No environment exists for name: nothing, version: 1") as refused:
        ml.jobs.create_or_update(job(code, compute=attached, environment=missing))
    assert refused.value.status_code == 404


@pytest.mark.parametrize("ending", ["quota", "capacity", "image", "identity"])
def test_a_run_that_fails_before_it_runs(ml, attached, code, ending):  # noqa: F811
    made = ml.jobs.create_or_update(
        job(code, compute=attached, tags={"emulator-instant-ending": ending, "emulator-instant-seconds": "0.5"})
    )
    with pytest.raises(JobException):
        ml.jobs.stream(made.name)
    assert ml.jobs.get(made.name).status == "Failed"
