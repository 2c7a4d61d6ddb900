"""An Idempotency-Key stands for one request: another one with the same key is refused."""

from uuid import uuid4

import httpx
import pytest

from tests.server.material import FERN, MOSS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def papers(client: httpx.AsyncClient) -> None:
    page = {"papers": [{"id": MOSS, "title": "Moss"}, {"id": FERN, "title": "Fern"}]}
    (await client.post("/api/v1/overlay", json=page)).raise_for_status()


def note_path() -> str:
    return f"/api/v1/notes/{uuid4()}"


@pytest.mark.usefixtures("papers")
async def test_the_same_request_is_done_once(client: httpx.AsyncClient) -> None:
    headers, path = {"Idempotency-Key": str(uuid4())}, note_path()
    replies = [
        await client.put(path, json={"paper": MOSS, "text": "once"}, headers=headers)
        for _ in range(3)
    ]
    assert [reply.status_code for reply in replies] == [200] * 3
    assert {reply.json()["version"] for reply in replies} == {1}


@pytest.mark.usefixtures("papers")
@pytest.mark.parametrize("kind", ["body", "target", "method", "resource"])
async def test_another_request_with_the_same_key_is_refused(
    client: httpx.AsyncClient, kind: str
) -> None:
    headers, path = {"Idempotency-Key": str(uuid4()), "If-Match": "*"}, note_path()
    body = {"paper": MOSS, "text": "first"}
    assert (await client.put(path, json=body, headers=headers)).status_code == 200
    method, other, json = {
        "body": ("PUT", path, body | {"text": "second"}),
        "target": ("PUT", note_path(), body),
        "method": ("DELETE", path, None),
        "resource": ("PUT", f"/api/v1/papers/{FERN}/entry", {"rating": 5}),
    }[kind]
    reply = await client.request(method, other, json=json, headers=headers)
    assert reply.status_code == 422
    assert "was used for another request" in reply.json()["detail"]
    assert (await client.get(path)).json()["text"] == "first"
    assert (await client.get(f"/api/v1/papers/{FERN}/entry")).status_code == 404


@pytest.mark.usefixtures("papers")
async def test_a_repeat_with_another_version_is_the_same_request(
    client: httpx.AsyncClient,
) -> None:
    path, body = note_path(), {"paper": MOSS, "text": "a"}
    key = {"Idempotency-Key": str(uuid4())}
    assert (await client.put(path, json=body, headers=key | {"If-Match": "0"})).status_code == 200
    again = await client.put(path, json=body, headers=key | {"If-Match": "7"})
    assert (again.status_code, again.json()["version"]) == (200, 1)


@pytest.mark.usefixtures("papers")
async def test_a_repeated_creation_does_not_bring_back_what_was_deleted_for_good(
    client: httpx.AsyncClient,
) -> None:
    path, headers = note_path(), {"Idempotency-Key": str(uuid4())}
    body = {"paper": MOSS, "text": "gone"}
    (await client.put(path, json=body, headers=headers)).raise_for_status()
    (await client.delete(path, headers={"If-Match": "*"})).raise_for_status()
    (await client.delete("/api/v1/trash")).raise_for_status()
    assert (await client.put(path, json=body, headers=headers)).status_code == 404
    assert (await client.get("/api/v1/notes")).json()["notes"] == []
