"""A person who submits many jobs that share their code by Microsoft's own client, one after the other.

    python many.py OUT COUNT      writes {"seconds": ...}, from the first submission to the last, as JSON into the file OUT
"""

import json
import os
import sys
import tempfile
import time

from azure.ai.ml import spark
from azure.ai.ml.entities import ManagedIdentityConfiguration, SparkResourceConfiguration

from conftest import Emulator, client_of, register_cloud


def main(out, count):
    emulator = Emulator()
    register_cloud(emulator)
    ml = client_of(emulator, emulator.credential())
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "main.py"), "w", encoding="utf-8") as file:
            file.write("print('one of many, by the SDK')\n")
        begun = time.monotonic()
        for number in range(int(count)):
            job = spark(
                code=folder,
                entry={"file": "main.py"},
                display_name=f"job-{number}",
                driver_cores=1,
                driver_memory="2g",
                executor_cores=2,
                executor_memory="2g",
                executor_instances=2,
                resources=SparkResourceConfiguration(instance_type="standard_e4s_v3", runtime_version="3.4"),
                identity=ManagedIdentityConfiguration(resource_id=emulator.identity_id),
            )
            ml.jobs.create_or_update(job)
        seconds = time.monotonic() - begun
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"seconds": seconds}, file)


main(*sys.argv[1:])
