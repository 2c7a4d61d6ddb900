"""Writers that remember what was acknowledged, while their server or its database is killed."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from msgspec import Struct, field

from server.config import Config
from tests.server.postgres import PostgresServer
from tests.server.process import Served, make_token, serve

WRITERS = 8
PAPERS = [f"2601.{n:05}" for n in range(WRITERS * 3)]
RETRY_SECONDS = 0.05
RECOVERY_SECONDS = 60.0
LOG_CHARACTERS = 4_000  # of the server's log that a failure shows


class Write(Struct):
    """A write as a client's outbox keeps it until it is acknowledged."""

    path: str
    body: dict[str, Any]
    base: int
    edit: str

    def send(self, client: httpx.Client) -> dict[str, Any] | None:
        """Send it; a state is an acknowledgement, and None a refusal for the time being."""
        headers = {"If-Match": f'"{self.base}"', "Idempotency-Key": self.edit}
        reply = client.put(self.path, json=self.body, headers=headers)
        if reply.status_code in (503, 507):
            assert int(reply.headers["retry-after"]) > 0
            return None
        assert reply.status_code == 200, reply.text
        state: dict[str, Any] = reply.json()
        return state


class Writer(Struct):
    """One device: it writes notes and entries of its own, and remembers what was acknowledged."""

    number: int
    chance: random.Random
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: dict[str, dict[str, Any]] = field(default_factory=dict)
    unchecked: set[str] = field(default_factory=set)
    queue: list[Write] = field(default_factory=list)
    acknowledged: int = 0
    refused: int = 0
    failure: Exception | None = None

    def run(self, client: httpx.Client, end: threading.Event, *, dies: bool) -> None:
        """Write until the end, or if the server `dies` then until it is gone."""
        try:
            while dies or not end.is_set():
                self.send_next(client)
        except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits for this one
            gone = dies and end.is_set() and isinstance(error, httpx.TransportError)
            self.failure = None if gone else error

    def send_next(self, client: httpx.Client) -> None:
        """Send the write that waits, or a new one."""
        self.queue = self.queue or [self._next()]
        write = self.queue[0]
        if (state := write.send(client)) is None:
            self.refused += 1
            time.sleep(RETRY_SECONDS)
            return
        known = self.states.get(write.path)
        assert known is None or state["version"] > known["version"]
        self.states[write.path], self.written[write.path] = state, write.body
        self.unchecked.add(write.path)
        self.acknowledged += 1
        self.queue.clear()

    def list_papers(self, client: httpx.Client) -> None:
        """Add the writer's papers to the list, so that a note creates no entry implicitly."""
        for paper in PAPERS[self.number * 3 : self.number * 3 + 3]:
            path = f"/api/v1/papers/{paper}/entry"
            self.queue = [Write(path, {"status": "inbox"}, 0, str(uuid4()))]
            self.send_next(client)

    def find_lost(self, client: httpx.Client, *, everything: bool = False) -> list[str]:
        """Return which acknowledged writes are not there, of those since the last call or of all.

        What was not acknowledged is sent again first.
        """
        while self.queue:
            self.send_next(client)
        paths = [*self.states] if everything else [*self.unchecked]
        self.unchecked.clear()
        return [path for path in paths if not self._is_there(client, path)]

    def _is_there(self, client: httpx.Client, path: str) -> bool:
        reply = client.get(path)
        if reply.status_code == 404:
            return False
        state, body = reply.raise_for_status().json(), self.written[path]
        own = [name for name in ("text", "status") if name in body]
        return state == self.states[path] and all(state[name] == body[name] for name in own)

    def _next(self) -> Write:
        path, body = self._note() if self.chance.random() < 0.7 else self._entry()
        return Write(path, body, self.states.get(path, {"version": 0})["version"], str(uuid4()))

    def _note(self) -> tuple[str, dict[str, Any]]:
        known = [path for path in self.states if "/notes/" in path]
        path = (
            self.chance.choice(known)
            if known and self.chance.random() < 0.3
            else f"/api/v1/notes/{uuid4()}"
        )
        text = f"{uuid4()} " * self.chance.choice([1, 10, 2_000])
        return path, {
            "paper": self.written.get(path, {"paper": self.chance.choice(PAPERS)})["paper"],
            "text": text,
        }

    def _entry(self) -> tuple[str, dict[str, Any]]:
        paper = PAPERS[self.number * 3 + self.chance.randrange(3)]
        body = {
            "status": self.chance.choice(["inbox", "reading", "read"]),
            "tags": [str(uuid4()), "often"],
        }
        return f"/api/v1/papers/{paper}/entry", body


class Trial(Struct):
    """A store with its writers, and what came of their writes so far.

    `options` are of every server, and `clocks` are how far the clocks of the servers are off, in
    turn.
    """

    config: Config
    log: Path
    headers: dict[str, str]
    writers: list[Writer]
    chance: random.Random
    lost: list[str] = field(default_factory=list)
    kills: int = 0

    @property
    def acknowledged(self) -> int:
        """How many writes were acknowledged."""
        return sum(writer.acknowledged for writer in self.writers)

    @property
    def refused(self) -> int:
        """How many times a write was refused with 503 or 507."""
        return sum(writer.refused for writer in self.writers)

    def kill_servers(self, kills: int, clocks: tuple[timedelta, ...] = (timedelta(),)) -> None:
        """Kill one server after another while all write; their clocks are off by `clocks` in turn.

        What was acknowledged is read back from the next server.
        """
        for n in range(kills):
            with self.serve(clocks[n % len(clocks)]) as served:
                self.check(served)
                with self.writing(served, dies=True) as dying:
                    time.sleep(self.chance.uniform(0.0, 0.4))
                    dying.set()
                    served.process.kill()
            self.kills += 1
        with self.serve() as served:
            self.check(served, everything=True)

    def disturb(self, times: int, seconds: float, harm: Callable[[], int]) -> None:
        """Do harm to the database of one server while all write, and read everything back.

        `harm` returns how many kills it was. After each, a write has to be acknowledged before the
        next follows, within `seconds` at most.
        """
        with self.serve() as served:
            self.check(served)
            with self.writing(served, dies=False):
                for _ in range(times):
                    time.sleep(self.chance.uniform(0.0, seconds))
                    self.kills += harm()
                    self.await_write()
            self.check(served, everything=True)

    @contextmanager
    def serve(self, clock: timedelta = timedelta()) -> Iterator[Served]:
        """Serve the store."""
        with serve(self.config, self.log, clock=clock) as served:
            yield served

    @contextmanager
    def writing(self, served: Served, *, dies: bool) -> Iterator[threading.Event]:
        """Let all write during a block; if the server `dies` in it, the event is set before."""
        end, clients = threading.Event(), [self._connect(served) for _ in self.writers]
        threads = [
            threading.Thread(target=writer.run, args=(client, end), kwargs={"dies": dies})
            for writer, client in zip(self.writers, clients, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            yield end
        finally:
            end.set()
            for thread, client in zip(threads, clients, strict=True):
                thread.join()
                client.close()
        self._raise_failure()

    def check(self, served: Served, *, everything: bool = False) -> None:
        """Read back what was acknowledged since the last check, or everything."""
        with self._connect(served) as client:
            for writer in self.writers:
                self.lost += writer.find_lost(client, everything=everything)

    def _connect(self, served: Served) -> httpx.Client:
        return httpx.Client(base_url=served.url, headers=self.headers, timeout=RECOVERY_SECONDS)

    def _raise_failure(self) -> None:
        for failure in (writer.failure for writer in self.writers):
            if failure:
                failure.add_note(self.log.read_text()[-LOG_CHARACTERS:])
                raise failure

    def await_write(self) -> None:
        """Wait until another write is acknowledged."""
        before, end = self.acknowledged, time.monotonic() + RECOVERY_SECONDS
        while self.acknowledged == before:
            self._raise_failure()
            assert time.monotonic() < end, "the server does not recover"
            time.sleep(0.005)


def begin(config: Config, folder: Path) -> Trial:
    """Begin a trial in an empty store."""
    headers = {"Authorization": f"Bearer {make_token(config)}"}
    writers = [Writer(number, random.Random(number)) for number in range(WRITERS)]
    trial = Trial(config, folder / "log", headers, writers, random.Random(8620))
    with trial.serve() as served, trial._connect(served) as client:
        papers = {"papers": [{"id": key} for key in PAPERS]}
        client.post("/api/v1/overlay", json=papers).raise_for_status()
        for writer in writers:
            writer.list_papers(client)
    return trial


def kill_database(database: PostgresServer) -> int:
    """Kill a PostgreSQL server with all its processes, and start it again."""
    database.kill()
    database.start()
    return 1


def end_connections(config: Config, *, count: int | None) -> int:
    """End some connections of a PostgreSQL database, or all, from the database's side."""

    async def end() -> int:
        connection = await asyncpg.connect(config.database_url)
        ended = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "ORDER BY random() LIMIT $1) chosen",
            count,
        )
        await connection.close()
        return len(ended)

    return asyncio.run(end())
