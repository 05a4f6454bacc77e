"""MSAL, through azure-identity."""

import json
import os

import pytest
from azure.ai.ml._azure_environments import _get_cloud
from azure.core.exceptions import ClientAuthenticationError


def test_a_secret_buys_tokens_for_each_audience(emulator):
    credential = emulator.credential()
    for audience in (f"{emulator.url}/", f"{emulator.url}/aml"):
        token = credential.get_token(f"{audience}/.default")
        assert token.token.count(".") == 2
    start = emulator.last()
    credential.get_token(f"{emulator.url}/aml/.default")
    assert emulator.requests(start) == [], "a token that is good still is asked for once"


def test_a_wrong_secret_is_named(emulator):
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        emulator.credential(secret="wrong").get_token(f"{emulator.url}/.default")
    assert emulator.client_secret not in json.dumps(emulator.requests())


def test_the_cloud_can_be_discovered(emulator, monkeypatch):
    monkeypatch.setitem(
        os.environ,
        "ARM_CLOUD_METADATA_URL",
        f"{emulator.url}/metadata/endpoints?api-version=2019-05-01",
    )
    # `_environments` is global: the name must not be the one that other tests use.
    from azure.ai.ml import _azure_environments as environments

    clouds = environments._get_clouds_by_metadata_url(os.environ["ARM_CLOUD_METADATA_URL"])
    assert clouds["Emulator"]["resource_manager"] == f"{emulator.url}/"
    assert clouds["Emulator"]["active_directory"] == f"{emulator.url}/"
    assert clouds["Emulator"]["storage_endpoint"].startswith("core.localhost:")
    assert _get_cloud("AzureCloud")["resource_manager"] == "https://management.azure.com/"
