"""A lock, a full disk, a read-only or lost file: reads go on, writes fail with the reason."""

import asyncio
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner
from litestar import Litestar
from tortoise.context import require_context

from server.__main__ import main
from server.cli.address import find_address, server_address
from server.config import Config
from server.database import connection
from server.database.connection import fetch, read_connection
from server.database.context import rescue_file
from server.database.store_file import serving_lock
from server.maintenance import rescue
from server.maintenance.backup import back_up
from tests.server.material import MOSS, take_in_two
from tests.server.process import make_token, serve

pytestmark = pytest.mark.anyio

READS = [
    "/api/v1/me",
    "/api/v1/papers?all=true",
    "/api/v1/papers?all=true&q=moss",
    f"/api/v1/papers/{MOSS}",
    "/api/v1/notes",
    "/api/v1/tags",
    "/api/v1/searches",
    "/api/v1/trash",
    "/api/v1/devices",
    "/api/v1/changes?since=0",
    "/api/v1/export?format=bibtex",
    "/health",
]


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
async def papers(client: httpx.AsyncClient) -> None:
    await take_in_two()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let writes wait for a lock only briefly, and look for the file more often."""
    monkeypatch.setattr(connection, "BUSY_MS", 300)
    monkeypatch.setattr(rescue, "POLL_SECONDS", 0.02)


@pytest.fixture
def lock(config: Config) -> Iterator[sqlite3.Connection]:
    """The lock of the SQLite file, which another program holds."""
    with closing(sqlite3.connect(config.db, isolation_level=None)) as other:
        yield other


async def write_note(client: httpx.AsyncClient) -> httpx.Response:
    return await client.put(f"/api/v1/notes/{uuid4()}", json={"paper": MOSS, "text": "a note"})


def assert_refused(reply: httpx.Response, status: int, reason: str) -> None:
    """Check that a write was refused with a reason and a time to try again."""
    assert reply.status_code == status
    assert int(reply.headers["retry-after"]) > 0
    assert reason in reply.json()["detail"]


@pytest.mark.usefixtures("papers")
async def test_reads_answer_while_another_program_holds_the_lock(
    client: httpx.AsyncClient, lock: sqlite3.Connection
) -> None:
    lock.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(write_note(client))
    for path in READS:
        begun = time.perf_counter()
        reply = await client.get(path)
        assert reply.status_code == 200, (path, reply.text)
        assert time.perf_counter() - begun < 2, path
    assert_refused(await writing, 503, "another program is writing")
    lock.execute("ROLLBACK")
    assert (await write_note(client)).status_code == 200


@pytest.mark.usefixtures("papers")
async def test_a_full_disk_is_named(client: httpx.AsyncClient) -> None:
    writer = read_connection()._connection  # type: ignore[attr-defined]
    pages = (await (await writer.execute("PRAGMA page_count")).fetchone())[0]
    for name in ("default", "reader"):
        own = require_context().connections.get(name)
        await own.execute_script(f"PRAGMA max_page_count = {pages}")
    large = "word " * 100_000
    reply = await client.put(f"/api/v1/notes/{uuid4()}", json={"paper": MOSS, "text": large})
    assert_refused(reply, 507, "the disk is full")
    assert (await client.get("/api/v1/notes")).json()["notes"] == []


@pytest.mark.usefixtures("papers")
async def test_a_read_only_file_is_named(client: httpx.AsyncClient) -> None:
    writer = require_context().connections.get("default")
    await writer.execute_script("PRAGMA query_only = ON")
    assert_refused(await write_note(client), 503, "read-only")
    assert (await client.get("/api/v1/notes")).status_code == 200


@pytest.mark.usefixtures("papers")
async def test_a_read_writes_nothing(client: httpx.AsyncClient) -> None:
    before = await fetch("SELECT writes FROM clock")
    for path in READS:
        assert (await client.get(path)).status_code == 200, path
    assert await fetch("SELECT writes FROM clock") == before
    assert await fetch("SELECT id FROM token WHERE used IS NOT NULL") == []


@pytest.mark.usefixtures("papers")
async def test_the_last_use_of_a_token_is_saved_later(
    client: httpx.AsyncClient, app: Litestar
) -> None:
    used = (await client.get("/api/v1/devices")).json()[0]["used"]
    await app.state.last_uses.save()
    assert used and (await client.get("/api/v1/devices")).json()[0]["used"] == used


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.usefixtures("papers")
async def test_nothing_is_written_after_the_file_was_deleted_or_replaced(
    client: httpx.AsyncClient, config: Config, replaced: bool
) -> None:
    note = (await write_note(client)).json()["id"]
    config.db.unlink()
    if replaced:
        config.db.write_bytes(b"")
    assert_refused(await write_note(client), 503, "while the server had it open")
    assert_refused(await client.get("/health"), 503, str(config.db))
    assert [found["id"] for found in (await client.get("/api/v1/notes")).json()["notes"]] == [note]


@pytest.mark.usefixtures("papers")
async def test_a_backup_rescues_what_the_server_holds(
    client: httpx.AsyncClient, config: Config
) -> None:
    note = (await write_note(client)).json()["id"]
    config.db.unlink()
    async with asyncio.timeout(10):
        while not rescue_file(config.db).exists():  # noqa: ASYNC110 - another process would poll too
            await asyncio.sleep(0.05)
    file = config.db.with_name("backup.sqlite")
    async with serving_lock(config):
        await back_up(config, file, progress=lambda done, total: None)
    with closing(sqlite3.connect(file)) as backup:
        assert backup.execute("SELECT uuid FROM note").fetchall() == [(note,)]


@pytest.mark.usefixtures("papers")
async def test_a_rescue_is_completed_when_the_server_stops(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    note = (await write_note(client)).json()["id"]
    for wait in (0, 0.001, 0.01):
        file = tmp_path / f"rescued-{wait}.sqlite"
        task = asyncio.create_task(rescue.save_open_store(file))
        await asyncio.sleep(wait)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        with closing(sqlite3.connect(file)) as rescued:
            assert rescued.execute("SELECT uuid FROM note").fetchall() == [(note,)]


@pytest.mark.usefixtures("papers")
async def test_every_page_says_that_the_file_is_gone(
    anonymous: httpx.AsyncClient, config: Config
) -> None:
    config.db.unlink()
    reply = await anonymous.get("/notes", headers={"Accept": "text/html"})
    assert "was moved, deleted or replaced" in reply.text


def test_a_server_that_starts_on_a_full_disk_answers_reads(
    small_disk: Path, tmp_path: Path
) -> None:
    config = Config(db=small_disk)
    headers = {"Authorization": f"Bearer {make_token(config)}"}
    with serve(config, tmp_path / "log"):
        pass  # killed, it leaves a log, without which SQLite could not open a file there
    with suppress(OSError), small_disk.with_name("ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(b"x" * 4096)
    with (
        serve(config, tmp_path / "log") as served,
        httpx.Client(base_url=served.url, headers=headers, timeout=60) as client,
    ):
        for path in ("/api/v1/papers?all=true", "/api/v1/notes", "/api/v1/export?format=json"):
            assert client.get(path).status_code == 200, path
        file = "@article{kettles, title = {Kettles at Dawn}, abstract = {%s}}" % ("word " * 20_000)
        reply = client.post("/api/v1/import?name=kettles.bib", content=file)
        assert_refused(reply, 507, "the disk is full")
    assert find_address(config, {}) == server_address(config)


@pytest.mark.parametrize("command", [["serve"], ["restore", "backup.sqlite"], ["list"]])
def test_a_read_only_disk_is_told_by_every_command(small_disk: Path, command: list[str]) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk.parent)], check=True)
    told = CliRunner().invoke(main, [*command, "--db", str(small_disk)])
    assert told.exit_code == 1 and "Read-only file system" in told.output
    assert told.output.startswith("Error:") and "Traceback" not in told.output
