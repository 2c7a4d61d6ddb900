"""Errors of the API are always problem details."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar, get

from server.identifiers import title_key
from server.schema.reading_list import MAX_NOTE_BYTES
from tests.server.material import MOSS, take_in_two

pytestmark = pytest.mark.anyio

NOTE = f"/api/v1/notes/{uuid4()}"
ENTRY = f"/api/v1/papers/{MOSS}/entry"
CORRECTION = f"/api/v1/papers/{MOSS}/corrections/{uuid4()}"
VERDICT = {"verdict": "missing", "surface": "x", "label": "TASK"}


def assert_problem(reply: httpx.Response, status: int) -> dict[str, Any]:
    """Check that a response is a problem of this status, and return its body."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = reply.json()
    assert problem["status"] == status
    assert all(
        isinstance(problem[name], str) and problem[name] for name in ("type", "title", "detail")
    )
    return problem


REFUSED: list[tuple[str, str, int]] = [
    ("GET", "/nowhere", 404),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v1/papers/2601.99999", 404),
    ("GET", "/api/v1/papers/a/b/c/d", 404),
    ("GET", NOTE, 404),
    ("GET", "/api/v1/notes/no-uuid", 404),
    ("GET", "/api/v1/tags/none", 404),
    ("DELETE", "/api/v1/devices/99", 404),
    ("GET", "/api/v1/papers/%00", 404),
    ("DELETE", "/api/v1/me", 405),
    ("POST", ENTRY, 405),
    ("PATCH", "/api/v1/papers", 405),
    ("GET", "/api/v1/papers?q=tag:", 422),
    ("GET", "/api/v1/papers?limit=0", 400),
    ("GET", "/api/v1/papers?limit=many", 400),
    ("GET", "/api/v1/papers?sort=colour", 400),
    ("GET", "/api/v1/papers?cursor=x", 422),
    ("GET", "/api/v1/notes?cursor=x", 422),
    ("GET", "/api/v1/changes?since=-1", 400),
    ("GET", f"/api/v1/changes?since={2**70}", 400),
    ("GET", "/api/v1/suggestions", 400),
    ("GET", "/api/v1/tags/%00", 422),
    ("GET", f"/api/v1/tags/{'x' * 101}", 422),
    ("DELETE", f"/api/v1/devices/{2**31}", 400),
    ("DELETE", f"/api/v1/devices/{2**70}", 400),
]


async def test_every_error_is_a_problem_document(client: httpx.AsyncClient) -> None:
    for method, path, status in REFUSED:
        assert_problem(await client.request(method, path), status)


NOT_TAKEN: list[tuple[str, str, Any, int]] = [
    ("PUT", ENTRY, {"status": "finished"}, 400),
    ("PUT", ENTRY, {"rating": 6}, 400),
    ("PUT", ENTRY, {"x": 1}, 400),
    ("PUT", ENTRY, {"tags": ["x" * 101]}, 400),
    ("PUT", ENTRY, {"tags": ["\x00"]}, 422),
    ("PUT", ENTRY, {"tags": [" "]}, 422),
    ("PUT", ENTRY, {"tags": ["x"] * 501}, 400),
    ("PUT", ENTRY, [], 400),
    ("PUT", NOTE, {"paper": MOSS}, 400),
    ("PUT", NOTE, {"paper": "x", "text": ""}, 404),
    ("PUT", NOTE, {"paper": MOSS, "text": "\x00"}, 422),
    ("PUT", NOTE, {"paper": MOSS, "text": "x" * (MAX_NOTE_BYTES + 1)}, 413),
    ("PUT", NOTE, {"paper": MOSS, "text": "", "quote": {"exact": ""}}, 400),
    ("PUT", NOTE, {"paper": MOSS, "text": "", "quote": {"exact": "a\x00"}}, 422),
    ("PUT", CORRECTION, VERDICT | {"start": 2**31, "end": 2**40}, 400),
    ("PUT", CORRECTION, VERDICT | {"start": 2**70, "end": 2**70}, 400),
    ("PUT", CORRECTION, VERDICT | {"surface": "\x00"}, 422),
    ("PUT", CORRECTION, VERDICT | {"label": "COLOUR"}, 400),
    ("POST", "/api/v1/overlay", {"papers": [{"id": MOSS}] * 201}, 413),
    ("POST", "/api/v1/overlay", {"papers": [{"published": "soon"}]}, 400),
    ("POST", "/api/v1/overlay", {"papers": [{"title": "x", "issued": "2023-13"}]}, 400),
    ("POST", "/api/v1/overlay", {"papers": [{"title": "x", "issued": "0000"}]}, 400),
    ("POST", "/api/v1/lookup", {"papers": [{"id": MOSS}] * 201}, 413),
    ("POST", "/api/v1/lookup", {"papers": [{"doi": 10}]}, 400),
    ("POST", "/api/v1/lookup", {"papers": [{"abstract": "x"}]}, 400),
    ("POST", "/api/v1/lookup", {"papers": [{"doi": "10.1000/" + "x" * 300}]}, 400),
    ("POST", "/api/v1/lookup", {}, 400),
    ("POST", "/api/v1/tag-merges", {"names": [], "into": "x"}, 400),
    ("POST", "/api/v1/tag-merges", {"names": ["none"], "into": "x"}, 404),
    ("POST", "/api/v1/trash/restore", {"kind": "note", "ref": "x"}, 422),
    ("POST", "/api/v1/trash/restore", {"kind": "entry", "ref": "\x00"}, 404),
    ("POST", "/api/v1/trash/restore", {"kind": "tag", "ref": "\x00"}, 422),
    ("POST", "/api/v1/pair", {"code": "12345", "name": "x"}, 400),
    ("POST", "/api/v1/pair", {"code": "123456", "name": "x"}, 401),
    ("PUT", "/api/v1/seen", {"papers": ["\x00"]}, 404),
]


async def test_an_invalid_body_is_a_problem(client: httpx.AsyncClient) -> None:
    await take_in_two()
    for method, path, body, status in NOT_TAKEN:
        assert_problem(await client.request(method, path, json=body), status)


async def test_a_body_that_is_not_json_is_a_problem(client: httpx.AsyncClient) -> None:
    for body in (
        b"",
        b"{",
        b"nothing",
        b"\xff\xfe",
        b'{"text": "\\ud800"}',
        b"[" * 100_000,
        b"null",
    ):
        assert_problem(
            await client.put(NOTE, content=body, headers={"Content-Type": "application/json"}), 400
        )


async def test_a_body_over_the_limit_is_a_problem(client: httpx.AsyncClient) -> None:
    big = json.dumps({"papers": [], "x": "y" * 10_000_001})
    assert_problem(await client.post("/api/v1/overlay", content=big), 413)


async def test_a_malformed_header_is_a_problem(client: httpx.AsyncClient) -> None:
    await take_in_two()
    for headers in (
        {"If-Match": "x"},
        {"If-Match": '"-1"'},
        {"Idempotency-Key": "x"},
        {"If-Match": '"1" "2"'},
    ):
        assert_problem(await client.put(ENTRY, json={}, headers=headers), 422)


async def test_conflicts_have_the_current_state_and_query_errors_a_position(
    client: httpx.AsyncClient,
) -> None:
    await take_in_two()
    entry = (await client.put(ENTRY, json={"status": "read"})).json()
    assert assert_problem(await client.put(ENTRY, json={"rating": 1}), 428)["current"] == entry
    stale = await client.put(ENTRY, json={"rating": 1}, headers={"If-Match": '"9"'})
    assert assert_problem(stale, 412)["current"] == entry
    problem = assert_problem(await client.get("/api/v1/papers", params={"q": 'moss "'}), 422)
    assert (problem["position"], problem["query"]) == (5, 'moss "')
    errors = assert_problem(await client.put(ENTRY, json={"rating": 9}), 400)["errors"]
    assert "rating" in json.dumps(errors)


async def test_an_unexpected_exception_is_a_problem_without_details(
    app: Litestar, client: httpx.AsyncClient
) -> None:
    @get("/boom", opt={"public": True})
    async def boom() -> None:
        raise RuntimeError("innards")

    app.register(boom)
    assert "innards" not in json.dumps(assert_problem(await client.get("/boom"), 500))


HOSTILE = [
    "a\x00b",
    "\x00",
    "\u202e\u2066",
    "\ufffe",
    "<script>alert(1)</script>",
    "x" * 2000,
    "\x1f\x7f",
    "'; --",
]


async def test_unusual_text_does_not_break_the_overlay(client: httpx.AsyncClient) -> None:
    for text in HOSTILE:
        paper = {"id": MOSS, "title": text, "abstract": text, "authors": [text[:300]]}
        for body in (
            {"papers": [paper]},
            {"papers": [{"title": text}]},
            {"papers": [{"id": text[:300]}]},
            {"papers": [paper], "listing": {"kind": "search", "name": text[:255]}},
        ):
            reply = await client.post("/api/v1/overlay", json=body)
            assert reply.status_code == 200, (text, reply.text)
            assert len(reply.json()["cards"]) == 1


async def test_control_characters_are_removed_from_a_title(
    client: httpx.AsyncClient,
) -> None:
    for title in ("Moss\x00 on  Stones", "Moss on Stones", "\x1bMoss\non Stones "):
        [card] = (await client.post("/api/v1/overlay", json={"papers": [{"title": title}]})).json()[
            "cards"
        ]
        assert (card["title"], card["key"]) == ("Moss on Stones", title_key("moss on stones"))


async def test_control_characters_are_removed_from_a_device_name(
    client: httpx.AsyncClient,
) -> None:
    code = (await client.post("/api/v1/pairing-codes")).json()["code"]
    reply = await client.post("/api/v1/pair", json={"code": code, "name": "a\x00b  c"})
    assert reply.status_code == 200
    assert (await client.get("/api/v1/devices")).json()[0]["name"] == "ab c"


async def test_markup_in_a_title_stays_text(client: httpx.AsyncClient) -> None:
    script = "<script>alert(1)</script>"
    reply = await client.post("/api/v1/overlay", json={"papers": [{"id": MOSS, "title": script}]})
    assert reply.json()["cards"][0]["title"] == script
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.headers.get("x-content-type-options") == "nosniff"
