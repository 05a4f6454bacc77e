"""Microsoft's own client against a running emulator.

The emulator is named by the variables that `azureml-emulator serve --env-file` writes; the client trusts
its certificate through REQUESTS_CA_BUNDLE. Nothing of the client is changed: only names below `localhost`,
which the C library does not resolve, lead to this machine.
"""

import os
import socket
import sys

import pytest
import requests
from azure.ai.ml import MLClient
from azure.identity import ClientSecretCredential

URL = os.environ["EMULATOR_URL"]
PORT = URL.rsplit(":", 1)[1]
VARIABLES = (
    "TENANT CLIENT_ID CLIENT_SECRET SUBSCRIPTION RESOURCE_GROUP WORKSPACE SYNAPSE_WORKSPACE POOL "
    "USER_ASSIGNED_IDENTITY STORAGE_ACCOUNT CONTAINER DATA_DIR"
).split()

_resolve = socket.getaddrinfo


def _resolve_localhost(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    if name and name.endswith(".localhost"):
        host = "127.0.0.1"
    return _resolve(host, *args, **kwargs)


socket.getaddrinfo = _resolve_localhost

# Storage clients read proxies from the environment, and names below `localhost` must not go to one.
for variable in ("NO_PROXY", "no_proxy"):
    os.environ[variable] = "localhost,.localhost,127.0.0.1"


class Emulator:
    """What exists in the emulator, and its control routes."""

    url = URL

    def __init__(self):
        for name in VARIABLES:
            setattr(self, name.lower(), os.environ[f"EMULATOR_{name}"])

    @property
    def group_id(self):
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"

    @property
    def workspace_id(self):
        return f"{self.group_id}/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"

    @property
    def pool_id(self):
        synapse = f"{self.group_id}/providers/Microsoft.Synapse/workspaces/{self.synapse_workspace}"
        return f"{synapse}/bigDataPools/{self.pool}"

    @property
    def identity_id(self):
        kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
        return f"{self.group_id}/providers/{kind}/{self.user_assigned_identity}"

    def _control(self, method, route, **kwargs):
        answer = requests.request(method, f"{URL}/_emulator/{route}", timeout=60, **kwargs)
        answer.raise_for_status()
        return answer

    def reset(self):
        self._control("POST", "reset")

    def set(self, **settings):
        self._control("PUT", "settings", json=settings)

    def requests(self, since=0):
        return self._control("GET", f"requests?since={since}").json()

    def fault(self, **rule):
        self._control("POST", "faults", json=rule)

    def asked(self, since=0):
        """Methods and paths (without their queries) that were asked for, logins left out."""
        return [
            (entry["method"], entry["path"].split("?")[0])
            for entry in self.requests(since)
            if "/oauth2/" not in entry["path"] and "openid-configuration" not in entry["path"]
        ]

    def last(self):
        entries = self.requests()
        return entries[-1]["number"] if entries else 0

    def credential(self, client_id=None, secret=None):
        return ClientSecretCredential(
            self.tenant,
            client_id or self.client_id,
            secret or self.client_secret,
            authority=URL,
            disable_instance_discovery=True,
        )

    def grant(self, principal, role="6e4bf58a-b8e1-4cc3-bbf9-d73143322b78"):
        """Synapse Administrator at the scope of the pool."""
        host = f"{self.synapse_workspace}.dev.azuresynapse.localhost:{PORT}"
        audience = f"https://dev.azuresynapse.localhost:{PORT}"
        token = self.credential().get_token(f"{audience}/.default").token
        answer = requests.put(
            f"https://{host}/roleAssignments/{principal}?api-version=2020-12-01",
            headers={"Authorization": f"Bearer {token}"},
            json={
                "roleId": role,
                "principalId": principal,
                "scope": f"workspaces/{self.synapse_workspace}/bigDataPools/{self.pool}",
                "principalType": "ServicePrincipal",
            },
            timeout=60,
        )
        answer.raise_for_status()

    def blob_path(self, *parts):
        """Where a blob of the default datastore lies as a file."""
        return os.path.join(self.data_dir, self.storage_account, self.container, *parts)


@pytest.fixture(scope="session")
def _emulator():
    return Emulator()


@pytest.fixture
def emulator(_emulator):
    """The emulator as at its start, with quick operations.

    The client waits 30 seconds between polls when the service names no time, and Azure names none.
    """
    _emulator.reset()
    _emulator.set(operationSeconds=0.2, operationRetryAfter=1, runner="instant", instantSeconds=1)
    return _emulator


def client_of(emulator, credential, workspace=None, cloud="Emulator"):
    return MLClient(
        credential,
        emulator.subscription,
        emulator.resource_group,
        workspace or emulator.workspace,
        enable_telemetry=False,
        cloud=cloud,
    )


def register_cloud(emulator):
    """Tells the client of the cloud, once; it refuses a second time."""
    MLClient(
        emulator.credential(),
        emulator.subscription,
        emulator.resource_group,
        emulator.workspace,
        enable_telemetry=False,
        cloud="Emulator",
        cloud_metadata={
            "azure_portal": "https://portal.azure.localhost",
            "resource_manager": f"{URL}/",
            "active_directory": f"{URL}/",
            "aml_resource_id": f"{URL}/aml",
            "storage_endpoint": f"core.localhost:{PORT}",
            "registry_discovery_endpoint": f"{URL}/",
        },
    )


@pytest.fixture(scope="session")
def _cloud(_emulator):
    register_cloud(_emulator)


@pytest.fixture
def ml(_cloud, emulator):
    """A client of the emulator's workspace."""
    return client_of(emulator, emulator.credential())


@pytest.fixture
def attached(ml, emulator):
    """The name of an attached pool whose own identity may run jobs on it."""
    from azure.ai.ml.entities import IdentityConfiguration, SynapseSparkCompute

    compute = SynapseSparkCompute(
        name="synspark",
        resource_id=emulator.pool_id,
        identity=IdentityConfiguration(type="SystemAssigned"),
    )
    done = ml.compute.begin_create_or_update(compute).result()
    emulator.grant(done.identity.principal_id)
    return "synspark"


def pytest_configure():
    if "REQUESTS_CA_BUNDLE" not in os.environ:
        sys.exit("REQUESTS_CA_BUNDLE must name the emulator's ca.pem")
