"""A real store on each engine, and the real app in front of it."""

import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

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
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own on a free port: its address without a database."""
    binaries = _postgres_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    folder = tmp_path_factory.mktemp("postgres")
    # the server refuses to run as root, which a container's only user may be
    user = "postgres" if os.geteuid() == 0 else None
    for path in [folder, *folder.parents][:4]:
        path.chmod(0o755)
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=200"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
        user=user, cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        [binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"],
        user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    yield f"postgres://postgres@127.0.0.1:{port}"
    subprocess.run(
        [binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"],
        user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def config(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The settings of an empty store, on each engine in turn."""
    EXECUTOR_CACHE.clear()  # it knows statements by table alone, and the two engines write them differently
    if request.param == "sqlite":
        return Config(db=tmp_path / "papermargin.sqlite", ingest=False)
    return Config(database_url=await create_database(request.getfixturevalue("postgres")), ingest=False)


async def create_database(server: str) -> str:
    """Make an empty database and give its address."""
    import asyncpg

    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{server}/{name}"


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
    async with app.lifespan():
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
