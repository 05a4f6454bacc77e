"""A job that PySpark really runs, followed by Microsoft's client."""

import os
import time

import pytest
from azure.ai.ml import Input, Output, spark
from azure.ai.ml.entities import ManagedIdentityConfiguration

SCRIPT = """
import argparse
from pyspark.sql import SparkSession
from names import COLUMN

parser = argparse.ArgumentParser()
parser.add_argument("--titanic_data")
parser.add_argument("--wrangled_data")
args = parser.parse_args()
session = SparkSession.builder.getOrCreate()
frame = session.read.option("header", True).csv(args.titanic_data)
frame = frame.where(frame[COLUMN].isNotNull())
print("rows", frame.count())
frame.coalesce(1).write.mode("overwrite").option("header", True).csv(args.wrangled_data)
"""


def test_a_script_wrangles(ml, emulator, attached, tmp_path, capsys):
    emulator.set(runner="spark")
    stamp = str(time.time_ns())
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "wrangle.py").write_text(SCRIPT)
    (folder / "names.py").write_text("COLUMN = 'Age'\n")
    raw = emulator.blob_path("raw", stamp, "titanic.csv")
    os.makedirs(os.path.dirname(raw))
    with open(raw, "w", encoding="utf-8") as file:
        file.write("Name,Age\nA,22\nB,\nC,38\n")

    port = emulator.url.rsplit(":", 1)[1]
    datastore = "azureml://datastores/workspaceblobstore/paths"
    container = f"abfss://{emulator.container}@{emulator.storage_account}.dfs.core.localhost:{port}"
    made = ml.jobs.create_or_update(
        spark(
            code=str(folder),
            entry={"file": "wrangle.py"},
            py_files=["names.py"],
            compute=attached,
            identity=ManagedIdentityConfiguration(),
            driver_cores=1,
            driver_memory="1g",
            executor_cores=1,
            executor_memory="1g",
            executor_instances=1,
            inputs={
                "titanic_data": Input(type="uri_file", path=f"{datastore}/raw/{stamp}/titanic.csv", mode="direct")
            },
            outputs={
                "wrangled_data": Output(type="uri_folder", path=f"{container}/clean/{stamp}/", mode="direct")
            },
            args="--titanic_data ${{inputs.titanic_data}} --wrangled_data ${{outputs.wrangled_data}}",
        )
    )
    ml.jobs.stream(made.name)
    printed = capsys.readouterr().out
    assert "rows 2" in printed, printed
    assert ml.jobs.get(made.name).status == "Completed"

    ml.jobs.download(made.name, download_path=tmp_path / "down", output_name="wrangled_data")
    (part,) = (tmp_path / "down").rglob("part-*.csv")
    assert part.read_text() == "Name,Age\nA,22\nC,38\n"


def test_a_script_that_raises_fails_with_its_words(ml, emulator, attached, tmp_path, capsys):
    emulator.set(runner="spark")
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "main.py").write_text("raise ValueError('the sea is deep')\n")
    made = ml.jobs.create_or_update(
        spark(
            code=str(folder),
            entry={"file": "main.py"},
            compute=attached,
            driver_cores=1,
            driver_memory="1g",
            executor_cores=1,
            executor_memory="1g",
            executor_instances=1,
        )
    )
    from azure.ai.ml.exceptions import JobException

    with pytest.raises(JobException, match="the sea is deep"):
        ml.jobs.stream(made.name)
    assert "the sea is deep" in capsys.readouterr().out
    assert ml.jobs.get(made.name).status == "Failed"
