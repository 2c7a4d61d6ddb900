"""The OpenAPI document against a real server: every response conforms to it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from server.config import Config
from tests.server.material import MOSS
from tests.server.process import make_token, serve

SETTINGS = """
[checks]
# the document cannot say which query can be parsed, which version is stale, which site answers
positive_data_acceptance.expected-statuses = [
    "2xx", "401", "403", "404", "412", "413", "422", "428", "429", "502", "503",
]
"""
HOOK = """
import os

import schemathesis


@schemathesis.hook
def filter_case(context, case):
    # or the rest would be asked without a token
    return str(case.path_parameters.get("device")) != os.environ["OWN"]
"""
VERBS = ("get", "put", "post", "delete")
EXAMPLES = 20  # for each operation, of what its schema allows and of what it does not
ENDLESS = "/api/v1/events"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A real server with a paper in its store, and a client with a token."""
    folder = tmp_path_factory.mktemp("schema")
    config = Config(db=folder / "papermargin.sqlite")
    headers = {"Authorization": f"Bearer {make_token(config)}"}
    with (
        serve(config, folder / "log") as served,
        httpx.Client(base_url=served.url, headers=headers, timeout=20) as client,
    ):
        client.post("/api/v1/overlay", json={"papers": [{"id": MOSS}]}).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    reply: dict[str, Any] = client.get("/docs/openapi.json").raise_for_status().json()
    return reply


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for verb in VERBS:
            if verb in item:
                yield verb, path, item[verb]


def test_no_response_contradicts_the_document(client: httpx.Client, tmp_path: Path) -> None:
    """Schemathesis asks what the document allows and what it does not, alone and in sequence.

    All its checks are on; what was created in one request is used in the next. It may ask as often
    as `EXAMPLES` for each operation.
    """
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    (tmp_path / "own_device.py").write_text(HOOK)
    document = tmp_path / "openapi.json"
    document.write_bytes(client.get("/docs/openapi.json").content)
    own = next(device["id"] for device in client.get("/api/v1/devices").json() if device["current"])
    asked = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("st")), "run", str(document)),
            *("--url", str(client.base_url), "--exclude-path", ENDLESS, "--no-color"),
            *("--header", f"Authorization: {client.headers['authorization']}"),
            *("--checks", "all", "--phases", "examples,fuzzing,stateful"),
            *("--max-examples", str(EXAMPLES), "--generation-deterministic"),
            "--continue-on-failure",
        ],
        cwd=tmp_path,
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "own_device", "PYTHONPATH": str(tmp_path), "OWN": str(own)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert asked.returncode == 0, asked.stdout[-20_000:] + asked.stderr
    assert re.search(r"Stateful\n", asked.stdout), "no sequences were tried"
    assert client.get("/api/v1/me").status_code == 200


def test_options_name_all_methods_of_a_path(client: httpx.Client, document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        reply = client.options(re.sub(r"{(\w+)}", fill_in, path))
        named = set(reply.headers["allow"].split(", ")) - {"OPTIONS", "HEAD"}
        assert named == {verb.upper() for verb in item if verb in VERBS}, path


def fill_in(parameter: re.Match[str]) -> str:
    """Give a value that a path's parameter may have."""
    return {"uuid": str(UUID(int=1)), "label": "METHOD"}.get(parameter[1], "1")


def test_requests_are_described_as_exactly_as_they_are_checked(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    entry = schemas["EntryEdit"]
    assert entry["additionalProperties"] is False
    rating = next(one for one in entry["properties"]["rating"]["anyOf"] if "minimum" in one)
    assert (rating["minimum"], rating["maximum"]) == (0, 5)
    assert schemas["TagMerge"]["properties"]["names"]["items"]["minLength"] == 1
    assert document["paths"]["/health"]["get"]["security"] == [{}]


@pytest.mark.parametrize(
    ("form", "kind"),
    [("json", "application/json"), ("markdown", "application/zip"), ("csv", "text/csv")],
)
def test_an_export_names_the_type_of_its_file(client: httpx.Client, form: str, kind: str) -> None:
    reply = client.get("/api/v1/export", params={"format": form})
    assert reply.headers["content-type"].partition(";")[0] == kind


def test_every_operation_has_a_description_and_its_errors(document: dict[str, Any]) -> None:
    for verb, path, operation in operations(document):
        assert operation.get("description"), path
        assert path == "/health" or {"401", "500"} <= operation["responses"].keys(), (verb, path)
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (
                    verb,
                    path,
                    status,
                )


def test_the_document_has_examples(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["NoteEdit"]["properties"]
    assert properties["paper"]["examples"] == ["2401.01234"]


def test_the_documentation_page_loads_nothing_from_other_hosts(client: httpx.Client) -> None:
    page = client.get("/docs/api").raise_for_status()
    assert page.headers["content-type"].startswith("text/html")
    assert (
        "<script" not in page.text
        and "src=" not in page.text
        and "//" not in page.text.replace("http://127", "")
    )
