"""A backup is restored by the server itself, on request of the signed-in user, while it serves."""

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import asyncpg
import httpx
import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.accounts.tokens import issue, revoke
from server.accounts.users import add_user, get_user
from server.config import Config
from server.database.connection import open_store
from server.errors import StoreError
from server.maintenance import restore as restore_module
from server.maintenance.doctor import diagnose
from server.maintenance.kept_backups import KeptBackup, list_backups, make_backup
from server.maintenance.restore import restore_in_place
from server.reading_list.notes import put_note
from server.schema.reading_list import NoteEdit
from server.web.middleware import cookie_name
from tests.server.maintenance.test_backup import fill, silent
from tests.server.material import MOSS, edit
from tests.server.process import Served, make_token, serve
from tests.server.stores import rows_of

SECONDS = 180.0  # that a restore of a few rows may take
NOTE, LATER = UUID(int=8), UUID(int=9)


@pytest.fixture
def kept(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The settings of a store whose backups go to a temporary folder, on each engine in turn."""
    # of PostgreSQL, they are in the user's data folder
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return config


@contextmanager
def serving(config: Config, folder: Path) -> Iterator[tuple[Served, httpx.Client]]:
    """Serve a store; yield also a browser that is signed in since after the backup."""
    with serve(config, folder / "log", environment=os.environ) as served:
        secret = in_store(config, lambda: issue(1, "session", datetime.now(UTC)))
        with httpx.Client(
            base_url=served.url,
            cookies={cookie_name(config): secret},
            headers={"accept": "text/html", "origin": served.url},
            timeout=30,
        ) as client:
            yield served, client


@pytest.fixture
def backup(kept: Config) -> KeptBackup:
    """A backup of a store with a note, to which another note was added since."""

    async def make() -> None:
        await fill(kept)
        await write_note(kept, NOTE, "of the time of the backup")
        await make_backup(kept, datetime.now(UTC))
        await write_note(kept, LATER, "later")

    anyio.run(make)
    [made] = list_backups(kept)
    return made


async def write_note(config: Config, uuid: UUID, text: str) -> None:
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        await put_note(edit(0), uuid, NoteEdit(paper=MOSS, text=text))


def in_store(config: Config, work: Any) -> Any:
    """Await work in a store that a server may have open."""

    async def run() -> Any:
        EXECUTOR_CACHE.clear()
        async with open_store(config):
            return await work()

    return anyio.run(run)


def restore(client: httpx.Client, backup: KeptBackup) -> str:
    """Restore a backup as the pages offer it; return the text of the page that tells the end."""
    settings = client.get("/settings").raise_for_status().text
    found = re.search(rf'href="(/settings/restore\?file={re.escape(backup.file.name)})"', settings)
    assert found, "the settings offer no such backup"
    question = client.get(found[1]).raise_for_status().text
    assert f'name="file" value="{backup.file.name}"' in question
    reply = client.post("/settings/restore", data={"file": backup.file.name})
    assert (reply.status_code, reply.headers["location"]) == (303, "/settings/restore/state")
    return await_end(client)


def await_end(client: httpx.Client) -> str:
    end = time.monotonic() + SECONDS
    while "http-equiv" in (page := client.get("/settings/restore/state").raise_for_status().text):
        assert time.monotonic() < end, page
        time.sleep(0.05)
    return page


def notes_of(client: httpx.Client) -> set[UUID]:
    reply = client.get("/api/v1/notes").raise_for_status().json()
    return {UUID(note["id"]) for note in reply["notes"]}


def test_a_restored_backup_is_what_the_server_goes_on_with(
    kept: Config, backup: KeptBackup, tmp_path: Path
) -> None:
    with serving(kept, tmp_path) as (_, client):
        assert notes_of(client) == {NOTE, LATER}
        page = restore(client, backup)
        assert "The backup was restored" in page
        assert notes_of(client) == {NOTE}
        for address in ("/", "/?q=moss", f"/papers/{MOSS}", "/today", "/insights", "/health"):
            assert client.get(address).status_code == 200, address
        reply = client.put(
            f"/api/v1/notes/{UUID(int=10)}", json={"paper": MOSS, "text": "a further moss"}
        )
        assert reply.status_code == 200, reply.text
        found = client.get("/api/v1/papers", params={"q": "further"}).json()
        assert [paper["key"] for paper in found["papers"]] == [MOSS]
    EXECUTOR_CACHE.clear()
    findings = anyio.run(diagnose, kept).findings
    assert [found.claim for found in findings if not found.holds] == []


def test_nobody_is_signed_out_and_no_revoked_token_revives(kept: Config, tmp_path: Path) -> None:
    revoked = ""

    async def prepare() -> None:
        nonlocal revoked
        await fill(kept)
        EXECUTOR_CACHE.clear()
        async with open_store(kept):
            revoked = await issue(1, "device", datetime.now(UTC), name="lost")
        await make_backup(kept, datetime.now(UTC))
        EXECUTOR_CACHE.clear()
        async with open_store(kept):
            await revoke(1, 2)

    anyio.run(prepare)
    [backup] = list_backups(kept)
    later = make_token(kept)
    with serving(kept, tmp_path) as (served, client):
        assert "The backup was restored" in restore(client, backup)
        assert client.get("/settings").status_code == 200
        for token, status in ((later, 200), (revoked, 401)):
            reply = httpx.get(
                f"{served.url}/api/v1/me", headers={"authorization": f"Bearer {token}"}
            )
            assert reply.status_code == status


def test_what_was_written_since_the_backup_is_in_another_that_can_be_restored_as_well(
    kept: Config, backup: KeptBackup, tmp_path: Path
) -> None:
    """Each write is in the store afterwards, or in the backup made before, and else was refused."""
    acknowledged: set[UUID] = set()
    refused: list[httpx.Response] = []
    end = threading.Event()
    token = make_token(kept)

    def write(served: Served) -> None:
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=served.url, headers=headers, timeout=SECONDS) as client:
            number = 1_000
            while not end.is_set():
                number += 1
                uuid = UUID(int=number)
                body = {"paper": MOSS, "text": f"note {number}"}
                reply = client.put(f"/api/v1/notes/{uuid}", json=body)
                acknowledged.add(uuid) if reply.status_code == 200 else refused.append(reply)

    with serving(kept, tmp_path) as (served, client):
        writer = threading.Thread(target=write, args=(served,))
        writer.start()
        try:
            page = restore(client, backup)
        finally:
            end.set()
            writer.join()
        assert "The backup was restored" in page, page
        after = notes_of(client)
        before = next(one for one in list_backups(kept) if one.reason == "restore")
        assert "made before another was restored" in client.get("/settings").text
        assert "The backup was restored" in restore(client, before)
        assert {NOTE, LATER} <= notes_of(client)
        assert acknowledged <= after | notes_of(client)
    assert acknowledged and refused
    for reply in refused:
        assert reply.status_code == 503 and int(reply.headers["retry-after"]) > 0
        assert "a backup is being restored" in reply.json()["detail"]


def test_clients_are_told_to_read_everything_anew(
    kept: Config, backup: KeptBackup, tmp_path: Path
) -> None:
    with serving(kept, tmp_path) as (_, client):
        seen = client.get("/api/v1/me").json()["change"]
        with client.stream("GET", f"/api/v1/events?since={seen}") as stream:
            restore(client, backup)
            assert "reset" not in "".join(stream.iter_text())  # it ends
        # a new change has a higher number than all that clients have seen
        body = {"paper": MOSS, "text": "after the restore"}
        client.put(f"/api/v1/notes/{UUID(int=11)}", json=body).raise_for_status()
        changes = client.get(f"/api/v1/changes?since={seen}").json()
        assert changes["reset"] and changes["last"] > seen
        assert not client.get(f"/api/v1/changes?since={changes['last']}").json()["reset"]


def test_what_is_no_kept_backup_or_damaged_changes_nothing(
    kept: Config, backup: KeptBackup, tmp_path: Path
) -> None:
    (kept.backup_folder / "other.sqlite").write_bytes(backup.file.read_bytes())
    backup.file.write_bytes(backup.file.read_bytes()[:20_000])
    with serving(kept, tmp_path) as (_, client):
        for name in ("", "../papermargin.sqlite", "other.sqlite", "a\0b", "x" * 300):
            reply = client.post("/settings/restore", data={"file": name})
            assert reply.status_code == 404, name
            reply = client.get("/settings/restore", params={"file": name})
            assert reply.status_code in (400, 404), name
        state = client.get("/settings/restore/state")
        assert state.headers["location"] == "/settings#backup"
        page = restore(client, backup)
        assert "The backup was not restored" in page and "Nothing was changed" in page
        assert notes_of(client) == {NOTE, LATER}
        body = {"paper": MOSS, "text": "writes go on"}
        assert client.put(f"/api/v1/notes/{UUID(int=12)}", json=body).status_code == 200


def test_a_backup_with_other_users_is_not_restored(kept: Config, tmp_path: Path) -> None:
    """Or a user would get another's list under their own name."""

    async def prepare() -> None:
        EXECUTOR_CACHE.clear()
        async with open_store(kept):
            await get_user("ada", datetime.now(UTC), create=True)
        await make_backup(kept, datetime.now(UTC))
        EXECUTOR_CACHE.clear()
        async with open_store(kept) as context:
            await context.connections.get("default").execute_script("UPDATE reader SET name = 'me'")

    anyio.run(prepare)
    [backup] = list_backups(kept)
    with serving(kept, tmp_path) as (_, client):
        page = restore(client, backup)
        assert "The backup was not restored" in page and "other users" in page


def test_a_killed_server_leaves_the_store_as_it_was_or_restored(
    kept: Config, backup: KeptBackup, tmp_path: Path
) -> None:
    with serving(kept, tmp_path) as (served, client):
        client.post("/settings/restore", data={"file": backup.file.name})
        served.process.kill()
    with serving(kept, tmp_path) as (served, client):
        assert notes_of(client) in ({NOTE}, {NOTE, LATER})
        assert "The backup was restored" in restore(client, backup)
        assert notes_of(client) == {NOTE}


def test_only_who_is_alone_and_may_administer_restores(
    kept: Config, backup: KeptBackup, tmp_path: Path
) -> None:
    with serving(kept, tmp_path) as (served, client):
        for scope in ("read", "write", "export"):
            make = partial(issue, 1, "device", datetime.now(UTC), scopes=[scope])
            token = in_store(kept, make)
            headers = {"authorization": f"Bearer {token}"}
            for method, address in (
                ("GET", f"/settings/restore?file={backup.file.name}"),
                ("POST", "/settings/restore"),
                ("GET", "/settings/restore/state"),
            ):
                reply = httpx.request(
                    method,
                    served.url + address,
                    headers=headers,
                    data={"file": backup.file.name} if method == "POST" else None,
                )
                assert reply.status_code == 403, (scope, method, address)
        form = {"file": backup.file.name}
        for origin in ("https://elsewhere.example", "null"):
            headers = {"origin": origin}
            assert client.post("/settings/restore", data=form, headers=headers).status_code == 403
        in_store(kept, lambda: add_user("ada", datetime.now(UTC)))
        reply = client.post("/settings/restore", data=form)
        assert reply.status_code == 403 and "several users" in reply.text
        assert notes_of(client) == {NOTE, LATER}


async def try_in_vain(config: Config, backup: Path, why: str) -> None:
    """Check that a restore fails for a reason, and changes nothing."""
    EXECUTOR_CACHE.clear()
    before = await rows_of(config)
    with pytest.raises(StoreError, match=why):
        kept = config.backup_folder / "before-restore-20260305T120000Z.sqlite"
        await restore_in_place(config, backup, kept, silent)
    assert await rows_of(config) == before


@pytest.mark.anyio
async def test_a_full_disk_changes_nothing(small_disk: Path) -> None:
    config = Config(db=small_disk)
    await fill(config)
    backup = await make_backup(config, datetime.now(UTC))
    for n in range(4):
        await write_note(config, UUID(int=100 + n), "word " * 100_000)
    await try_in_vain(config, backup, "disk is full|No space left")


@pytest.mark.anyio
@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"])
async def test_somebody_who_reads_for_long_is_waited_for_only_briefly(
    kept: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore_module, "LOCK_SECONDS", 1)
    await fill(kept)
    backup = await make_backup(kept, datetime.now(UTC))
    reader = await asyncpg.connect(kept.database_url)
    async with reader.transaction(isolation="repeatable_read", readonly=True):
        await reader.fetch("SELECT 1 FROM paper")
        await try_in_vain(kept, backup, "another program")
    await reader.close()
