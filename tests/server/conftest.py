"""A real store on each engine, and the real app in front of it."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from litestar import Litestar
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.accounts.tokens import issue
from server.accounts.users import get_user
from server.config import Config
from server.database.connection import open_store
from server.web.app import create_app
from tests.server.postgres import postgres_binaries, postgres_server
from tests.server.turns import add_checks, asking_for_checks

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def checked_turns() -> Iterator[None]:
    """The turns of writes are checked in all tests."""
    with asking_for_checks():
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address, without a database, of a PostgreSQL server that the tests start."""
    binaries = postgres_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    with postgres_server(binaries) as server:
        yield server.address


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite store to copy, because migrating takes most of a short test's time."""
    file = tmp_path_factory.mktemp("migrated") / "papermargin.sqlite"
    asyncio.run(_migrate(Config(db=file)))
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres: str) -> str:
    """A migrated PostgreSQL database to copy."""
    address = asyncio.run(create_database(postgres, "migrated"))
    asyncio.run(_migrate(Config(database_url=address)))
    asyncio.run(add_checks(address))
    return address


@pytest.fixture(scope="session")
def used_database(migrated_database: str) -> str:
    """A PostgreSQL database for all tests, as emptying it is ten times as fast as creating one."""
    return asyncio.run(create_database(migrated_database.rpartition("/")[0], "used", "migrated"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.param)


@pytest.fixture
def config(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The settings of an empty store on each engine in turn, without background tasks."""
    # Tortoise caches statements by table alone, but they differ between the two engines
    EXECUTOR_CACHE.clear()
    if engine == "sqlite":
        file = shutil.copy(
            request.getfixturevalue("migrated_file"), tmp_path / "papermargin.sqlite"
        )
        return Config(db=file, ingest=False, extract=False)
    address = request.getfixturevalue("used_database")
    asyncio.run(empty_database(address))
    return Config(database_url=address, ingest=False, extract=False)


@pytest.fixture
def small_disk(migrated_file: Path, tmp_path: Path) -> Iterator[Path]:
    """A store on a disk of its own, with a few megabytes left."""
    EXECUTOR_CACHE.clear()
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    try:
        yield Path(shutil.copy(migrated_file, folder / "papermargin.sqlite"))
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of a server in Tokyo, nine hours ahead of UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def create_database(server: str, name: str, template: str = "template1") -> str:
    """Create a database from a template and return its address."""
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    await connection.close()
    return f"{server}/{name}"


async def empty_database(address: str) -> None:
    """Delete all rows of a migrated database, and begin its numbers anew."""
    connection = await asyncpg.connect(address)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = [
        row["tablename"]
        for row in tables
        if row["tablename"] not in ("clock", "tortoise_migrations")
    ]
    counters = await connection.fetch(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"
    )
    await connection.execute(
        "SET session_replication_role = replica;"  # so that the order of the tables does not matter
        + "".join(f"DELETE FROM {name};" for name in names)
        + "".join(f"SELECT setval('{row['sequencename']}', 1, false);" for row in counters)
    )
    await connection.close()


async def _migrate(config: Config) -> None:
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        pass


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Config]:
    """An open store with a user `me` (id 1)."""
    async with open_store(config):
        await get_user("me", NOW, create=True)
        yield config


@pytest.fixture
async def app(config: Config) -> AsyncIterator[Litestar]:
    """The running app."""
    app = create_app(config)
    async with open_store(config), app.lifespan():
        yield app


@pytest.fixture
async def anonymous(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8620") as client:
        yield client


@pytest.fixture
async def client(app: Litestar, anonymous: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client with the token of a device of `me`."""
    anonymous.headers["authorization"] = (
        f"Bearer {await issue(1, 'device', datetime.now(UTC), name='tests')}"
    )
    return anonymous
