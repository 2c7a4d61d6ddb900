"""The OpenAPI document against a real server: every response conforms to it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.config import Config
from tests.server.material import MOSS
from tests.server.process import make_token, serve

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    response_headers_conformance,
]
OF_CONTENT = [content_type_conformance, response_schema_conformance]
DOWNLOAD = (
    "/api/v1/export"  # a file of the kind that was asked for, of which the checks expect JSON
)
EXAMPLES = 15  # for each operation, of what its schema allows and of what it does not
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
        for verb in ("get", "put", "post", "delete"):
            if verb in item:
                yield verb, path, item[verb]


def test_no_response_contradicts_the_document(
    client: httpx.Client, document: dict[str, Any]
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    own = next(device["id"] for device in client.get("/api/v1/devices").json() if device["current"])
    for operation in [result.ok() for result in schema.get_all_operations()]:
        for mode in () if operation.path == ENDLESS else GenerationMode:
            ask_all_sorts(operation, mode, client, own)
    assert client.get("/api/v1/me").status_code == 200


def ask_all_sorts(operation: Any, mode: GenerationMode, client: httpx.Client, own: int) -> None:
    """Send requests that an operation's schema allows, or that it does not."""
    checks = CHECKS if operation.path == DOWNLOAD else CHECKS + OF_CONTENT
    headers = {"Authorization": client.headers["Authorization"]}

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        assume(
            case.path_parameters.get("device") != own
        )  # or the rest would be asked without a token
        case.call_and_validate(base_url=str(client.base_url), headers=headers, checks=checks)

    ask()


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
