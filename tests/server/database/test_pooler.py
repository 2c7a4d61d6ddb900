"""Servers behind a real pgbouncer that lends a connection for one transaction at a time."""

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from server.config import Config
from tests.server.conftest import create_database
from tests.server.pooler import OPTIONS, pooler
from tests.server.process import Served, make_token, serve

pytestmark = pytest.mark.postgres

PAPER = {"id": "2601.00001", "title": "Mossy Pruning"}


@pytest.fixture
def servers(postgres: str, tmp_path: Path) -> Iterator[tuple[Served, Served, httpx.Client]]:
    """Two servers that share four connections, and a client with a token for both."""
    name = f"pooled_{uuid4().hex}"
    asyncio.run(create_database(postgres, name))
    with pooler(postgres, 4) as address:
        config = Config(database_url=f"{address}/{name}{OPTIONS}")
        headers = {"Authorization": f"Bearer {make_token(config)}"}
        with (
            serve(config, tmp_path / "one", "--keep-backups", "0,0,0") as one,
            serve(config, tmp_path / "other", "--keep-backups", "0,0,0") as other,
            httpx.Client(headers=headers, timeout=60) as client,
        ):
            yield one, other, client


def test_many_requests_share_few_connections(servers: tuple[Served, Served, httpx.Client]) -> None:
    one, other, client = servers

    def work(n: int) -> None:
        served = (one, other)[n % 2]
        paper = {"id": f"2601.{n:05}", "title": f"Paper {n}"}
        client.post(f"{served.url}/api/v1/overlay", json={"papers": [paper]}).raise_for_status()
        note = {"paper": paper["id"], "text": f"Note {n}"}
        client.put(
            f"{served.url}/api/v1/notes/{uuid4()}", json=note, headers={"If-None-Match": "*"}
        ).raise_for_status()
        client.get(f"{served.url}/api/v1/papers", params={"q": "Paper"}).raise_for_status()

    with ThreadPoolExecutor(12) as beside:
        list(beside.map(work, range(60)))
    for served in (one, other):
        papers = client.get(f"{served.url}/api/v1/papers", params={"q": "has:note", "limit": 100})
        assert len(papers.raise_for_status().json()["papers"]) == 60


def test_events_cross_servers_though_notifications_do_not_come_through(
    servers: tuple[Served, Served, httpx.Client],
) -> None:
    one, other, client = servers
    end = time.monotonic() + 60
    while "notifications of the database do not arrive" not in other.log.read_text():
        assert time.monotonic() < end
        time.sleep(0.1)
    with client.stream("GET", f"{other.url}/api/v1/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        client.post(f"{one.url}/api/v1/overlay", json={"papers": [PAPER]}).raise_for_status()
        told = next(line for line in lines if "2601.00001" in line)
    assert json.loads(told.removeprefix("data: "))["kind"] == "paper"
