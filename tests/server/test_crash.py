"""The server killed at random moments while several write: whatever it acknowledged is there afterwards."""

import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from msgspec import Struct, field

from server.config import Config
from tests.server.process import Served, make_token, serve

KILLS = 50
WRITERS = 4
PAPERS = [f"2601.{n:05}" for n in range(WRITERS * 3)]


class Write(Struct):
    """A write as a client's outbox keeps it until it is acknowledged."""

    path: str
    body: dict[str, Any]
    base: int
    edit: str

    def send(self, client: httpx.Client) -> dict[str, Any]:
        """Send it; what comes back is an acknowledgement."""
        headers = {"If-Match": f'"{self.base}"', "Idempotency-Key": self.edit}
        reply = client.put(self.path, json=self.body, headers=headers)
        assert reply.status_code == 200, reply.text
        state: dict[str, Any] = reply.json()
        return state


class Writer(Struct):
    """One device: it writes notes and entries of its own, and remembers what was acknowledged."""

    number: int
    chance: random.Random
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: dict[str, dict[str, Any]] = field(default_factory=dict)
    queue: list[Write] = field(default_factory=list)
    failure: Exception | None = None

    def run(self, client: httpx.Client) -> None:
        """Write until the server is gone."""
        try:
            while True:
                self.queue = self.queue or [self._next()]
                write = self.queue[0]
                state = write.send(client)
                assert write.path not in self.states or state["version"] > self.states[write.path]["version"]
                self.states[write.path], self.written[write.path] = state, write.body
                self.queue.clear()
        except httpx.TransportError:
            return
        except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits for this one
            self.failure = error

    def _next(self) -> Write:
        path, body = self._note() if self.chance.random() < 0.7 else self._entry()
        return Write(path, body, self.states.get(path, {"version": 0})["version"], str(uuid4()))

    def _note(self) -> tuple[str, dict[str, Any]]:
        known = [path for path in self.states if "/notes/" in path]
        path = self.chance.choice(known) if known and self.chance.random() < 0.3 else f"/api/v1/notes/{uuid4()}"
        text = f"{uuid4()} " * self.chance.choice([1, 10, 2_000])
        return path, {"paper": self.written.get(path, {"paper": self.chance.choice(PAPERS)})["paper"], "text": text}

    def _entry(self) -> tuple[str, dict[str, Any]]:
        paper = PAPERS[self.number * 3 + self.chance.randrange(3)]
        body = {"status": self.chance.choice(["inbox", "reading", "read"]), "tags": [str(uuid4()), "often"]}
        return f"/api/v1/papers/{paper}/entry", body


def test_nothing_acknowledged_is_lost_in_fifty_crashes(tmp_path: Path) -> None:
    config, chance = Config(db=tmp_path / "papermargin.sqlite"), random.Random(8620)
    headers = {"Authorization": f"Bearer {make_token(config)}"}
    writers = [Writer(number, random.Random(number)) for number in range(WRITERS)]
    for n in range(KILLS):
        with serve(config, tmp_path / "log") as served, connect(served, headers) as client:
            if n == 0:
                client.post("/api/v1/overlay", json={"papers": [{"id": key} for key in PAPERS]}).raise_for_status()
                first_entries(client, writers)
            check(client, writers, chance)
            crash(served, headers, writers, after=chance.uniform(0.0, 0.2))
        assert is_sound(config.db)
    with serve(config, tmp_path / "log") as served, connect(served, headers) as client:
        check(client, writers, chance, sample=None)
    assert sum(len(writer.states) for writer in writers) > KILLS
    assert "Traceback" not in (tmp_path / "log").read_text()


def connect(served: Served, headers: dict[str, str]) -> httpx.Client:
    return httpx.Client(base_url=served.url, headers=headers, timeout=30)


def first_entries(client: httpx.Client, writers: list[Writer]) -> None:
    """Put every paper in the list, so that a note brings no entry along that its writer does not know of."""
    for writer in writers:
        for paper in PAPERS[writer.number * 3 : writer.number * 3 + 3]:
            write = Write(f"/api/v1/papers/{paper}/entry", {"status": "inbox"}, 0, str(uuid4()))
            writer.states[write.path], writer.written[write.path] = write.send(client), write.body


def crash(served: Served, headers: dict[str, str], writers: list[Writer], *, after: float) -> None:
    """Let all write at once, and kill the server after some seconds."""
    clients = [connect(served, headers) for _ in writers]
    threads = [
        threading.Thread(target=writer.run, args=(client,)) for writer, client in zip(writers, clients, strict=True)
    ]
    for thread in threads:
        thread.start()
    time.sleep(after)
    served.process.kill()
    for thread, client in zip(threads, clients, strict=True):
        thread.join()
        client.close()
    assert [writer.failure for writer in writers if writer.failure] == []


def check(client: httpx.Client, writers: list[Writer], chance: random.Random, sample: int | None = 4) -> None:
    """Read back what was acknowledged, all of it or the newest and a few; what was not is sent again first."""
    for writer in writers:
        for write in writer.queue:
            writer.states[write.path], writer.written[write.path] = write.send(client), write.body
        writer.queue.clear()
        for path in chosen(list(writer.states), chance, sample):
            state = client.get(path).raise_for_status().json()
            assert state == writer.states[path]
            assert all(
                state[name] == value for name, value in writer.written[path].items() if name in ("text", "status")
            )


def chosen(paths: list[str], chance: random.Random, sample: int | None) -> Iterator[str]:
    if sample is None:
        yield from paths
    else:
        yield from {*paths[-sample:], *chance.sample(paths, min(sample, len(paths)))}


def is_sound(db: Path) -> bool:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
