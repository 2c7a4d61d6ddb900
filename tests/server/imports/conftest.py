from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import settings

from tests.server.imports.site import BadSite, bad_site

# how long an example takes depends on the load of the machine
settings.register_profile("papermargin", deadline=None)
settings.load_profile("papermargin")

OBSERVED = datetime(2026, 9, 3, 12, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real captures, pages and answers beside some checkouts; skip without it.

    They belong to others, so that the repository cannot contain them.
    """
    folder = Path(__file__).parents[4] / "shared"
    if not (folder / "hf").is_dir():
        pytest.skip("no real pages and answers beside this checkout")
    return folder


@pytest.fixture
async def site() -> AsyncIterator[BadSite]:
    async with bad_site() as site:
        yield site


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client
