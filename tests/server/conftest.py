"""A real store on each engine, and the real app in front of it."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import pytest
from litestar import Litestar
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.app import create_app
from server.config import Config
from server.store import open_store
from server.tokens import get_user, issue

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of our own on a free port: its address without a database."""
    binaries = _postgres_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    # the server refuses to run as root, which a container's only user may be, and so cannot use pytest's own folders
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="papermargin-") as folder, socket.socket() as free:
        if user:
            shutil.chown(folder, user)
        data, run = Path(folder, "data"), partial(subprocess.run, user=user, cwd=folder, check=True)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        control = [binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "-l", f"{folder}/log"]
        initdb = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ]
        run(initdb, capture_output=True)
        run([*control, "-o", f"{settings} -c max_connections=200", "start"], stdout=subprocess.DEVNULL)
        try:
            yield f"postgres://postgres@127.0.0.1:{port}"
        finally:
            run([*control, "stop"], stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store as the migrations leave it, to be copied: they take most of a short test's time."""
    file = tmp_path_factory.mktemp("migrated") / "papermargin.sqlite"
    asyncio.run(_migrate(Config(db=file)))
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres: str) -> str:
    """A PostgreSQL database as the migrations leave it, to be copied."""
    address = asyncio.run(create_database(postgres, "migrated"))
    asyncio.run(_migrate(Config(database_url=address)))
    return address


@pytest.fixture(scope="session")
def used_database(migrated_database: str) -> str:
    """A PostgreSQL database for one test after another: to empty it takes a tenth of the time that a new one takes."""
    return asyncio.run(create_database(migrated_database.rpartition("/")[0], "used", "migrated"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.param)


@pytest.fixture
def config(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The settings of an empty store, on each engine in turn; nothing is fetched or read in the background."""
    EXECUTOR_CACHE.clear()  # it knows statements by table alone, and the two engines write them differently
    if engine == "sqlite":
        file = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "papermargin.sqlite")
        return Config(db=file, ingest=False, extract=False)
    address = request.getfixturevalue("used_database")
    asyncio.run(_empty(address))
    return Config(database_url=address, ingest=False, extract=False)


async def create_database(server: str, name: str, template: str = "template1") -> str:
    """Make a database like the template and give its address."""
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    await connection.close()
    return f"{server}/{name}"


async def _empty(address: str) -> None:
    connection = await asyncpg.connect(address)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = [row["tablename"] for row in tables if row["tablename"] not in ("clock", "tortoise_migrations")]
    counters = await connection.fetch("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
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
    anonymous.headers["authorization"] = f"Bearer {await issue(1, 'device', datetime.now(UTC), name='tests')}"
    return anonymous


def _postgres_binaries() -> Path | None:
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), *(Path(p) for p in os.environ.get("PATH", "").split(":"))]
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)
