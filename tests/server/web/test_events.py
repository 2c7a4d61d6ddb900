"""The event stream over a real socket, from a real server."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from server.accounts.tokens import identify, issue, revoke
from server.accounts.users import add_user
from server.config import Config
from server.database.connection import open_store
from server.database.models.accounts import Token
from server.database.versioning import Edit
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note
from server.schema.reading_list import EntryEdit, NoteEdit
from tests.server.material import FERN, MOSS, take_in_two
from tests.server.process import Served, make_token, serve

pytestmark = pytest.mark.anyio

SECONDS = 2.0  # after which another process's write must have arrived


@pytest.fixture
def served(config: Config, tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """A server and the token of a device of `me`."""
    token = make_token(config)
    with serve(config, tmp_path / "log") as served:
        yield served, token


@pytest.fixture
async def client(served: tuple[Served, str]) -> AsyncIterator[httpx.AsyncClient]:
    server, token = served
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=20) as client:
        yield client


Event = tuple[str, int | None, Any]


@asynccontextmanager
async def listen(client: httpx.AsyncClient, **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
    """Yield the events of the stream: name, id and data."""
    async with client.stream("GET", "/api/v1/events", headers=headers) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        events = parse(reply.aiter_lines())
        assert (await anext(events))[0] == "hello"
        yield events


async def parse(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    event: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            yield (
                event["event"],
                int(event["id"]) if "id" in event else None,
                json.loads(event["data"]),
            )
            event = {}


async def take(events: AsyncIterator[Event], count: int) -> list[Event]:
    async with asyncio.timeout(SECONDS):
        return [await anext(events) for _ in range(count)]


async def write_note(client: httpx.AsyncClient, text: str) -> str:
    path = f"/api/v1/notes/{uuid4()}"
    (await client.put(path, json={"paper": MOSS, "text": text})).raise_for_status()
    return path


async def add_two(client: httpx.AsyncClient) -> None:
    await client.post("/api/v1/overlay", json={"papers": [{"id": MOSS}, {"id": FERN}]})


async def test_a_write_over_the_api_is_streamed_at_once(client: httpx.AsyncClient) -> None:
    await add_two(client)
    async with listen(client) as events:
        path = await write_note(client, "text that must not be in the event")
        told = await take(events, 2)
    assert {(name, data["kind"]) for name, _, data in told} == {
        ("change", "note"),
        ("change", "entry"),
    }
    note = next(data for _, _, data in told if data["kind"] == "note")
    assert (note["ref"], note["paper"], note["version"], note["deleted"]) == (
        path.rpartition("/")[2],
        MOSS,
        1,
        False,
    )
    assert "must not" not in json.dumps(told)


async def test_a_write_of_another_process_is_streamed_within_two_seconds(
    config: Config, client: httpx.AsyncClient
) -> None:
    await add_two(client)
    async with listen(client) as events, open_store(config):
        begun = time.monotonic()
        await put_entry(Edit(user=1, at=datetime.now(UTC)), FERN, EntryEdit(status="read"))
        [(_, number, data)] = await take(events, 1)
    assert (data["kind"], data["ref"], data["id"]) == ("entry", FERN, number)
    assert time.monotonic() - begun < SECONDS


async def test_a_stream_resumes_after_the_last_event_id(client: httpx.AsyncClient) -> None:
    await add_two(client)
    async with listen(client) as events:
        await write_note(client, "one")
        last = (await take(events, 2))[-1][1]
    await write_note(client, "two")
    await write_note(client, "three")
    async with listen(client, **{"Last-Event-ID": str(last)}) as events:
        missed = await take(events, 2)
    missing = (await client.get("/api/v1/changes", params={"since": last})).json()
    assert [data for _, _, data in missed] == missing["changes"]
    assert [number for _, number, _ in missed] == [change["id"] for change in missing["changes"]]


async def test_a_stream_without_a_number_starts_at_the_newest_change(
    client: httpx.AsyncClient,
) -> None:
    await add_two(client)
    await write_note(client, "before")
    async with listen(client) as events:
        path = await write_note(client, "after")
        [(_, _, data)] = await take(events, 1)
    assert data["ref"] == path.rpartition("/")[2]


async def test_an_invalid_number_starts_at_the_newest_change(client: httpx.AsyncClient) -> None:
    for n, number in enumerate(["nonsense", "-1", "9" * 40, ""]):
        async with listen(client, **{"Last-Event-ID": number}) as events:
            await client.post("/api/v1/overlay", json={"papers": [{"id": f"2601.0001{n}"}]})
            assert (await take(events, 1))[0][2]["ref"] == f"2601.0001{n}"


async def test_a_client_that_is_ahead_is_told_to_start_anew(client: httpx.AsyncClient) -> None:
    await add_two(client)
    newest = (await client.get("/api/v1/changes")).json()["last"]
    ahead = (await client.get("/api/v1/changes", params={"since": newest + 7})).json()
    assert ahead == {"changes": [], "last": newest, "more": False, "reset": True}
    async with client.stream("GET", "/api/v1/events", params={"since": newest + 7}) as reply:
        events = parse(reply.aiter_lines())
        assert await anext(events) == ("hello", None, {"last": newest, "reset": True})
        await write_note(client, "after")
        assert (await take(events, 1))[0][1] > newest


async def test_another_user_receives_only_changes_of_papers(
    config: Config, client: httpx.AsyncClient
) -> None:
    async with open_store(config):
        now = datetime.now(UTC)
        hers = await issue((await add_user("ada", now)).id, "device", now)
        await take_in_two()
        async with listen(client, Authorization=f"Bearer {hers}") as events:
            await put_note(Edit(user=1, at=now), uuid4(), NoteEdit(paper=MOSS, text="mine"))
            await client.post("/api/v1/overlay", json={"papers": [{"id": "2601.00077"}]})
            [(_, _, data)] = await take(events, 1)
    assert (data["kind"], data["ref"]) == ("paper", "2601.00077")


@pytest.mark.parametrize("by", ["api", "another process", "expiry"])
async def test_a_stream_ends_when_its_token_does(
    config: Config, client: httpx.AsyncClient, by: str
) -> None:
    await add_two(client)
    async with open_store(config):
        secret = await issue(1, "device", datetime.now(UTC), name="lost")
        lost = (await identify(secret, ("device",), datetime.now(UTC))).token
        async with listen(client, Authorization=f"Bearer {secret}") as events:
            if by == "api":
                (await client.delete(f"/api/v1/devices/{lost}")).raise_for_status()
            elif by == "another process":
                await revoke(1, lost)
            else:
                await Token.filter(id=lost).update(expires=datetime.now(UTC))
            await write_note(client, "a secret of mine")
            async with asyncio.timeout(3):
                assert [event async for event in events] == []


async def test_a_terminated_server_ends_its_streams_and_exits(
    served: tuple[Served, str], client: httpx.AsyncClient, config: Config
) -> None:
    server, _ = served
    async with listen(client) as events:
        server.process.terminate()
        begun = time.monotonic()
        async with asyncio.timeout(10):
            assert [event async for event in events] == []
    await asyncio.to_thread(server.process.join, 10)
    assert server.process.exitcode in (0, -signal.SIGTERM)
    assert time.monotonic() - begun < 5
    assert not config.db.with_name(f"{config.db.name}-wal").exists(), "the store was closed"
    assert "Traceback" not in server.log.read_text()
