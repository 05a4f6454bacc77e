"""A person who works with Microsoft's own client on a compute that the operator keeps.

    python beside.py OUT show NAME
    python beside.py OUT change NAME TAGS     the identity becomes user-assigned; TAGS (JSON) come to those that are there
    python beside.py OUT replace NAME TAGS    the same, and TAGS are all that there are
    python beside.py OUT detach NAME

Each begins with what `compute.get` returns, and writes the compute as the client shows it in the end, and the names that
`compute.list` shows, as JSON into the file OUT.
"""

import json
import sys

from azure.ai.ml.entities import IdentityConfiguration, ManagedIdentityConfiguration
from azure.core.exceptions import ResourceNotFoundError

from conftest import Emulator, client_of, register_cloud


def changed(emulator, compute, tags):
    compute.tags = tags
    compute.identity = IdentityConfiguration(
        type="UserAssigned",
        user_assigned_identities=[ManagedIdentityConfiguration(resource_id=emulator.identity_id)],
    )
    return compute


def shown(compute):
    identity = compute.identity
    return {
        "name": compute.name,
        "state": compute.provisioning_state,
        "pool": compute.resource_id,
        "tags": dict(compute.tags or {}),
        "identity": identity.type,
        "principalId": identity.principal_id,
        "userAssigned": [one.resource_id for one in identity.user_assigned_identities or []],
    }


def main(out, action, name, tags="{}"):
    emulator = Emulator()
    register_cloud(emulator)
    computes = client_of(emulator, emulator.credential()).compute
    compute = computes.get(name)
    tags = json.loads(tags)
    if action == "change":
        tags = dict(compute.tags or {}) | tags
    if action in ("change", "replace"):
        computes.begin_create_or_update(changed(emulator, compute, tags)).result()
    elif action == "detach":
        computes.begin_delete(name, action="Detach").result()
    try:
        seen = shown(computes.get(name))
    except ResourceNotFoundError:
        seen = None
    names = [one.name for one in computes.list()]
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"compute": seen, "names": names}, file)


main(*sys.argv[1:])
