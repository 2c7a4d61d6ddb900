"""Reads that go to a replica: a real streaming standby of a private PostgreSQL."""

import asyncio
import os
import re
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace
from structlog.testing import capture_logs
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.exceptions import OperationalError

from server.accounts.tokens import identify, renew_feeds, revoke
from server.config import Config, explain_config, read_config
from server.database import replica as replicas
from server.database.connection import fetch, open_replica, open_store
from server.database.replica import Replica
from server.database.snapshot import snapshot
from server.database.transactions import writing
from server.errors import Invalid
from server.papers.overlay import overlay
from server.schema.papers import OverlayRequest, PagePaper
from tests.server.conftest import create_database, empty_database
from tests.server.material import FERN, MOSS, NOW, second_user, take_in_two
from tests.server.postgres import (
    PostgresServer,
    postgres_binaries,
    postgres_server,
    standby_server,
)
from tests.server.process import Served, make_token, serve

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

SECONDS = 60.0  # that anything may take on a slow machine
NEVER = 3600.0
NAME = "replicated"
LIST = "/api/v1/papers"
ALL = {"all": True}


class Pair(Struct):
    """A primary with a migrated database, and its standby."""

    primary: PostgresServer
    standby: PostgresServer

    @property
    def config(self) -> Config:
        """The settings of the database and of its replica."""
        return Config(
            database_url=f"{self.primary.address}/{NAME}",
            replica_url=f"{self.standby.address}/{NAME}",
            ingest=False,
            extract=False,
        )

    async def ask(self, sql: str) -> Any:
        """Run a statement on the standby, beside all that is tested."""
        return await _ask(self.standby, sql)

    async def catch_up(self) -> None:
        """Wait until the standby has replayed all that was written up to now."""
        position = await _ask(self.primary, "SELECT pg_current_wal_lsn()::text")
        await until(lambda: self.ask(f"SELECT pg_last_wal_replay_lsn() >= '{position}'"))

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Let the standby replay nothing within the block."""
        await self.catch_up()
        await self.ask("SELECT pg_wal_replay_pause()")
        await until(lambda: self.ask("SELECT pg_get_wal_replay_pause_state() = 'paused'"))
        try:
            yield
        finally:
            await self.ask("SELECT pg_wal_replay_resume()")

    def reads(self) -> int:
        """Return how many queries of requests the standby has been asked."""
        lines = (self.standby.folder / "log").read_text(errors="replace").splitlines()
        asked = [line for line in lines if line.startswith(f"{NAME} ") and " FROM " in line]
        # those ask whether it can be used, and for its types
        return sum(not re.search("pg_is_in_recovery|pg_catalog", line) for line in asked)


async def _ask(server: PostgresServer, sql: str) -> Any:
    connection = await asyncpg.connect(f"{server.address}/postgres")
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def until(claim: Any) -> None:
    """Wait until an asynchronous claim is true."""
    async with asyncio.timeout(SECONDS):
        while not await claim():  # noqa: ASYNC110 - it waits for another process
            await asyncio.sleep(0.01)


async def used(replica: Replica) -> bool:
    return replica.state == "used"


async def unused(replica: Replica) -> bool:
    return replica.state == "unused"


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres_server(binaries) as primary:
        address = asyncio.run(create_database(primary.address, NAME))
        asyncio.run(_migrate(Config(database_url=address)))
        with standby_server(primary, "log_statement=all", "log_line_prefix=%d ") as standby:
            yield Pair(primary, standby)


async def _migrate(config: Config) -> None:
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        pass


@pytest.fixture
def config(pair: Pair) -> Config:
    """The settings of an empty database that has a replica."""
    EXECUTOR_CACHE.clear()
    asyncio.run(empty_database(str(pair.config.database_url)))
    asyncio.run(pair.catch_up())
    return pair.config


@pytest.fixture(autouse=True)
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server looks at the replica once, when it starts."""
    monkeypatch.setattr(replicas, "CHECK_SECONDS", NEVER)


@pytest.fixture
def many_looks(one_look: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server looks at the replica all the time."""
    monkeypatch.setattr(replicas, "CHECK_SECONDS", 0.05)


@pytest.fixture
async def client(
    app: Litestar, client: httpx.AsyncClient, pair: Pair
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that uses the replica, with two papers in its store."""
    await take_in_two()
    await pair.catch_up()
    await until(lambda: used(app.state.replica))
    yield client


@pytest.fixture
async def replica(store: Config, pair: Pair) -> Replica:
    """The replica of an open store with two papers."""
    await take_in_two()
    await pair.catch_up()
    replica = open_replica()
    replica.judge(await replica._find_fault())
    assert replica.fault is None
    return replica


async def count_papers() -> int:
    return int((await fetch("SELECT COUNT(*) AS papers FROM paper p"))[0]["papers"])


async def add_paper(number: int) -> None:
    paper = PagePaper(id=f"2602.{number:05}", title=f"Paper {number}")
    await overlay(OverlayRequest(papers=[paper]), 1, NOW)


ADDRESSES = [
    LIST,
    f"{LIST}?q=pruning&all=true&facets=true",
    f"{LIST}/{MOSS}",
    f"{LIST}/{MOSS}/related",
    "/api/v1/export?format=bibtex&q=in:all",
    "/",
    f"/papers/{MOSS}",
    "/filters",
]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_dear_reads_go_to_the_replica(
    address: str, client: httpx.AsyncClient, pair: Pair
) -> None:
    await client.put(f"{LIST}/{MOSS}/entry", json={"status": "reading"})
    await pair.catch_up()
    before = pair.reads()
    (await client.get(address)).raise_for_status()
    assert pair.reads() > before


async def test_an_overlay_and_a_lookup_of_known_papers_go_to_the_replica(
    client: httpx.AsyncClient, pair: Pair
) -> None:
    for path in ("overlay", "lookup"):
        before = pair.reads()
        reply = await client.post(f"/api/v1/{path}", json={"papers": [{"id": MOSS}]})
        assert MOSS in reply.raise_for_status().text
        assert pair.reads() > before


async def test_feeds_go_to_the_replica(client: httpx.AsyncClient, pair: Pair) -> None:
    secret = await renew_feeds(1, NOW)
    await client.put(f"{LIST}/{MOSS}/entry", json={"status": "reading"})
    await pair.catch_up()
    before = pair.reads()
    assert "Mossy" in (await client.get(f"/feeds/{secret}/list.atom")).raise_for_status().text
    assert pair.reads() > before


async def test_own_writes_are_seen_at_once_while_the_replica_is_behind(
    client: httpx.AsyncClient, pair: Pair
) -> None:
    async with pair.paused():
        before = pair.reads()
        for n, status in enumerate(["inbox", "reading", "read", "skipped"]):
            headers = {"If-Match": f'"{n}"'}
            body = {"status": status, "tags": [f"t{n}"]}
            reply = await client.put(f"{LIST}/{MOSS}/entry", json=body, headers=headers)
            reply.raise_for_status()
            [paper] = (await client.get(LIST, params={"q": f"tag:t{n}"})).json()["papers"]
            assert paper["card"]["entry"]["status"] == status
        note = {"paper": MOSS, "text": "a thought on ferns"}
        await client.put(f"/api/v1/notes/{uuid4()}", json=note, headers={"If-Match": '"0"'})
        assert (await client.get("/api/v1/notes")).json()["notes"][0]["text"] == note["text"]
        await client.put(f"{LIST}/{MOSS}/citation-key", json={"key": "mossy"})
        assert "mossy," in (await client.get("/api/v1/export?format=bibtex")).text
        assert pair.reads() == before
    await pair.catch_up()
    await client.get(LIST)
    assert pair.reads() > before


async def test_what_all_see_is_seen_at_once_while_the_replica_is_behind(
    client: httpx.AsyncClient, pair: Pair
) -> None:
    async with pair.paused():
        new = {"papers": [{"id": "2601.00077", "title": "Lichen"}]}
        [card] = (await client.post("/api/v1/overlay", json=new)).json()["cards"]
        assert card["title"] == "Lichen"
        assert len((await client.get(LIST, params=ALL)).json()["papers"]) == 3


async def test_a_page_with_new_papers_has_a_card_of_each(
    client: httpx.AsyncClient, pair: Pair
) -> None:
    before = pair.reads()
    page = {"papers": [{"id": MOSS}, {"id": "2601.00077", "title": "Lichen"}]}
    reply = await client.post("/api/v1/overlay", json=page)
    assert [card["key"] for card in reply.json()["cards"]] == [MOSS, "2601.00077"]
    assert pair.reads() > before, "which papers are known was asked there"


async def test_terms_that_were_extracted_for_a_page_are_on_its_cards(
    replica: Replica, pair: Pair
) -> None:
    async def extract(papers: list[int]) -> None:
        connection = await asyncpg.connect(pair.config.database_url)
        await connection.execute("UPDATE paper SET extraction_version = 'x'")
        await connection.close()

    async with replica.reading(1):
        papers = [PagePaper(id=MOSS, title="")]
        reply = await overlay(OverlayRequest(papers=papers), 1, NOW, extract=extract)
    assert reply.cards[0] and reply.cards[0].extraction == "done"


async def test_what_others_write_for_themselves_keeps_nobody_from_the_replica(
    replica: Replica, pair: Pair
) -> None:
    ada = await second_user()
    async with pair.paused():
        async with writing(ada):
            pass
        before = pair.reads()
        async with replica.reading(1):
            await count_papers()
        assert pair.reads() == before + 1
        async with replica.reading(ada):
            await count_papers()
        assert pair.reads() == before + 1


async def test_after_a_restore_which_begins_the_numbers_anew_nothing_older_is_read(
    replica: Replica, pair: Pair
) -> None:
    async with writing(1):
        pass
    async with pair.paused():
        before = pair.reads()
        async with writing() as connection:
            await connection.execute_query("DELETE FROM written")
        async with replica.reading(1):
            assert await count_papers() == 2
        assert pair.reads() == before
    await pair.catch_up()
    async with replica.reading(1):
        assert await count_papers() == 2
    assert pair.reads() == before + 1


async def test_a_revoked_token_is_refused_at_once_while_the_replica_is_behind(
    client: httpx.AsyncClient, pair: Pair
) -> None:
    secret = client.headers["authorization"].removeprefix("Bearer ")
    token = (await identify(secret, ("device",), NOW)).token
    async with pair.paused():
        assert (await client.get(LIST)).status_code == 200
        await revoke(1, token)
        assert (await client.get(LIST)).status_code == 401


async def test_a_request_reads_one_snapshot(replica: Replica, pair: Pair) -> None:
    others, before = copy_context(), pair.reads()
    async with replica.reading(1):
        assert await count_papers() == 2
        await asyncio.create_task(add_paper(1), context=others)
        await pair.catch_up()
        assert await count_papers() == 2
    async with replica.reading(1):
        assert await count_papers() == 3
    assert pair.reads() == before + 3


async def test_a_slow_download_keeps_no_connection(
    replica: Replica, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "HOLD_SECONDS", 0.05)
    others, before = copy_context(), pair.reads()
    async with replica.reading(1):
        assert await count_papers() == 2
        await until(lambda: free(replica))
        await asyncio.create_task(add_paper(1), context=others)
        await pair.catch_up()
        assert await count_papers() == 3
    assert pair.reads() == before + 2


async def free(replica: Replica) -> bool:
    """Whether no request has a connection to the replica."""
    return replica.client._pool.get_idle_size() == replica.client._pool.get_size()


async def test_a_task_that_outlives_its_request_reads_from_the_primary(
    replica: Replica, pair: Pair
) -> None:
    async with replica.reading(1):
        assert await count_papers() == 2
        later = asyncio.create_task(count_after(ended := asyncio.Event()))
        await asyncio.sleep(0)
    before = pair.reads()
    ended.set()
    assert await later == 2
    assert (pair.reads(), await free(replica)) == (before, True)


async def count_after(event: asyncio.Event) -> int:
    await event.wait()
    return await count_papers()


async def test_more_requests_than_connections_are_all_answered(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "WAIT_SECONDS", 0.05)
    together = asyncio.Barrier(20)

    async def read() -> int:
        async with replica.reading(1):
            first = await count_papers()
            await together.wait()
            return first

    assert await asyncio.gather(*(read() for _ in range(20))) == [2] * 20
    assert replica.fault is None and await free(replica)


async def test_an_archive_is_one_state_of_the_primary(replica: Replica, pair: Pair) -> None:
    before = pair.reads()
    async with replica.reading(1), snapshot() as ask:
        assert (await ask("SELECT COUNT(*) FROM paper p"))[0][0] == 2
    assert pair.reads() == before


async def test_a_read_that_the_replica_cancels_goes_on_at_the_primary(
    replica: Replica, pair: Pair
) -> None:
    await pair.ask("ALTER SYSTEM SET max_standby_streaming_delay = 0")
    await pair.ask("SELECT pg_reload_conf()")
    database = await asyncpg.connect(pair.config.database_url)
    try:
        async with replica.reading(1):
            assert await count_papers() == 2
            await database.execute(f"DELETE FROM paper WHERE key = '{FERN}'")
            await database.execute("VACUUM paper")
            await pair.catch_up()
            assert await count_papers() == 1
    finally:
        await database.close()
        await pair.ask("ALTER SYSTEM RESET max_standby_streaming_delay")
        await pair.ask("SELECT pg_reload_conf()")


async def test_a_wrong_query_is_refused_as_by_the_primary(replica: Replica) -> None:
    async with replica.reading(1):
        with pytest.raises(OperationalError, match="nowhere"):
            await fetch("SELECT 1 FROM nowhere")
    assert replica.fault is None


async def test_a_user_without_rights_of_an_administrator_is_enough(pair: Pair) -> None:
    await _ask(pair.primary, "CREATE ROLE plain LOGIN")
    await pair.catch_up()
    for server in (pair.primary, pair.standby):
        address = server.address.replace("postgres@", "plain@")
        connection = await asyncpg.connect(f"{address}/{NAME}")
        assert (await connection.fetchrow(replicas._STATE))["database"] == NAME
        await connection.close()


async def test_a_replica_that_stops_is_left_at_once_and_used_again(
    many_looks: None, app: Litestar, client: httpx.AsyncClient, pair: Pair
) -> None:
    with capture_logs() as logs:
        pair.standby.stop()
        try:
            for _ in range(20):
                assert len((await client.get(LIST, params=ALL)).json()["papers"]) == 2
            await until(lambda: unused(app.state.replica))
            assert (await client.get("/health")).json()["replica"] == "unused"
        finally:
            pair.standby.start()
        await until(lambda: used(app.state.replica))
    assert (await client.get("/health")).json()["replica"] == "used"
    before = pair.reads()
    await client.get(LIST, params=ALL)
    assert pair.reads() > before
    news = [entry["event"] for entry in logs if "replica" in entry["event"]]
    # what it says while it stops, while nobody listens and while it starts may differ
    assert 2 <= len(news) <= 6
    assert (news[0], news[-1]) == ("the replica is not used", "reads go to the replica")


async def test_a_replica_that_hangs_is_left(
    many_looks: None,
    app: Litestar,
    client: httpx.AsyncClient,
    pair: Pair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replicas, "ANSWER_SECONDS", 0.2)
    with stopped(pair.standby):
        replies = [await client.get(LIST, params=ALL) for _ in range(3)]
        assert [len(reply.json()["papers"]) for reply in replies] == [2] * 3
        assert await unused(app.state.replica)
    await until(lambda: used(app.state.replica))


@contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    """Let a server and its processes do nothing within the block, not even close connections."""
    assert server.process
    processes = [server.process.pid, *server.backends()]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in reversed(processes):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


async def test_a_replica_that_falls_behind_is_left_until_it_has_caught_up(
    many_looks: None, app: Litestar, client: httpx.AsyncClient, pair: Pair
) -> None:
    async with pair.paused():
        await add_paper(1)
        await until(lambda: unused(app.state.replica))
        assert "seconds behind" in app.state.replica.fault
    await until(lambda: used(app.state.replica))


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("{primary}/replicated", "a server of its own, and not a replica"),
        ("{standby}/postgres", "the replica of another database"),
        ("{standby}/missing", "database .*missing"),
        ("postgres://postgres@127.0.0.1:1/replicated", "refused|Connect call failed"),
    ],
)
async def test_what_is_no_replica_of_the_database_is_not_read(
    address: str, fault: str, config: Config, pair: Pair
) -> None:
    known = {"primary": pair.primary.address, "standby": pair.standby.address}
    with capture_logs() as logs:
        async with open_store(replace(config, replica_url=address.format(**known))):
            replica = open_replica()
            for _ in range(3):
                replica.judge(await replica._find_fault())
            async with replica.reading(1):
                assert await count_papers() == 0
    [entry] = [entry for entry in logs if "replica" in entry["event"]]
    assert entry["event"] == "the replica is not used"
    assert re.search(fault, entry["error"])


async def test_a_replica_of_another_server_is_not_read(config: Config, pair: Pair) -> None:
    with postgres_server(pair.primary.binaries) as other:
        await create_database(other.address, NAME)
        store = Config(database_url=f"{other.address}/{NAME}", replica_url=config.replica_url)
        async with open_store(store):
            replica = open_replica()
            assert "of another database" in str(await replica._find_fault())


def test_two_servers_go_on_while_the_standby_stops_and_starts(
    config: Config, pair: Pair, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {make_token(config)}"}
    options = ("--keep-backups", "0,0,0", "--replica-url", str(config.replica_url))
    store = Config(database_url=config.database_url)
    with (
        serve(store, tmp_path / "one", *options) as one,
        serve(store, tmp_path / "other", *options) as other,
        httpx.Client(headers=headers, timeout=SECONDS) as client,
        ThreadPoolExecutor(6) as beside,
    ):
        servers = (one, other)
        for served in servers:
            await_state(client, served, "used")
        ended = threading.Event()
        readers = [beside.submit(write_and_read, client, servers, n, ended) for n in range(4)]
        try:
            for state in ("unused", "used") * 2:
                (pair.standby.stop if state == "unused" else pair.standby.start)()
                for served in servers:
                    await_state(client, served, state)
        finally:
            ended.set()
        assert all(reader.result() > 3 for reader in readers)
    for served in servers:
        assert "Traceback" not in served.log.read_text()


def await_state(client: httpx.Client, served: Served, state: str) -> None:
    end = time.monotonic() + SECONDS
    while client.get(f"{served.url}/health").json()["replica"] != state:
        assert time.monotonic() < end, served.log.read_text()
        time.sleep(0.05)


def write_and_read(
    client: httpx.Client, servers: tuple[Served, Served], number: int, ended: threading.Event
) -> int:
    """Write a note at one server and read it at the other, until the end; return how many."""
    written = 0
    while not ended.is_set():
        one, other = servers if written % 2 else servers[::-1]
        text = f"note{number}x{written}"
        paper = {"id": f"2601.{number:05}", "title": f"Paper {number}"}
        client.post(f"{one.url}/api/v1/overlay", json={"papers": [paper]}).raise_for_status()
        client.put(
            f"{one.url}/api/v1/notes/{uuid4()}",
            json={"paper": paper["id"], "text": text},
            headers={"If-Match": '"0"'},
        ).raise_for_status()
        found = client.get(f"{other.url}{LIST}", params={"q": text}).raise_for_status().json()
        assert [paper["key"] for paper in found["papers"]] == [paper["id"]]
        written += 1
    return written


@pytest.mark.parametrize(
    "address",
    ["db.example.org", "http://db/x", "postgres:///x", "postgres://db", "postgres://db:x/y"],
)
def test_a_malformed_address_is_refused(address: str) -> None:
    given = {"PAPERMARGIN_DATABASE_URL": "postgres://db/x", "PAPERMARGIN_REPLICA_URL": address}
    with pytest.raises(Invalid, match="--replica-url: an address is like"):
        read_config(given, {})


def test_a_replica_of_a_sqlite_file_is_refused() -> None:
    with pytest.raises(Invalid, match="only PostgreSQL has replicas"):
        read_config({}, {"replica_url": "postgres://db/x"})


def test_a_sqlite_file_on_the_command_line_wins_over_a_database_and_its_replica() -> None:
    given = {
        "PAPERMARGIN_DATABASE_URL": "postgres://db/x",
        "PAPERMARGIN_REPLICA_URL": "postgres://eve/x",
    }
    assert read_config(given, {"db": "x.sqlite"}).replica_url is None
    assert read_config(given, {}).replica_url == "postgres://eve/x"


def test_the_settings_show_no_password_of_a_replica() -> None:
    given = {
        "PAPERMARGIN_DATABASE_URL": "postgres://db/x",
        "PAPERMARGIN_REPLICA_URL": "postgres://ada:secret@eve/x",
    }
    shown = {one.name: one.value for one in explain_config(read_config(given, {}), given, {})}
    assert shown["replica_url"] == "postgres://eve:5432/x"
