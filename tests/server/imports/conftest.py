from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from server.config import Config
from server.imports.lookup import Sources, open_sources
from server.imports.sites.http import Patience
from tests.server.imports.pages import item
from tests.server.imports.site import Answer, BadSite, as_json, bad_site
from tests.server.sign_in import signed_in_browser

OBSERVED = datetime(2026, 9, 3, 12, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"
QUICK = Patience(tries=1, answer=2.0, in_all=2.0)
FEED = Answer((FIXTURES / "feed.xml").read_bytes())
WORK = {
    "DOI": "10.1234/tea.5",
    "title": ["On Lids"],
    "type": "journal-article",
    "author": [{"given": "Ada", "family": "Lind"}],
    "issued": {"date-parts": [[2023, 5]]},
    "container-title": ["Journal of Tea"],
}


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


@pytest.fixture
def library(site: BadSite) -> BadSite:
    """A site that has two papers on "arXiv", one on "Hugging Face" and a work at "Crossref"."""
    site.by_path = {
        "/api/papers/2605.00001": as_json(item("2605.00001", "Kettles at Dawn")["paper"]),
        "/api/query": FEED,
        "/works/10.1234%2Ftea.5": as_json({"message": WORK}),
    }
    site.answers = [Answer(status=404)]
    return site


@pytest.fixture
async def sources(store: Config, library: BadSite) -> AsyncIterator[Sources]:
    here = {f"{name}_url": library.address for name in ("huggingface", "arxiv", "crossref")}
    async with open_sources(replace(store, **here), patience=QUICK) as sources:
        yield sources


@pytest.fixture
async def browser(config: Config, library: BadSite) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in browser of a server that asks `site`."""
    here = {f"{name}_url": library.address for name in ("huggingface", "arxiv", "crossref")}
    async with signed_in_browser(replace(config, **here)) as client:
        yield client
