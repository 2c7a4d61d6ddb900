"""A paper's versions over the API and on its page."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from server.papers.ingest import ingest
from server.schema.sources import Batch
from tests.server.material import MOSS, NOW, source

pytestmark = pytest.mark.anyio

FIRST = "We study mosses. It reaches 71.2 accuracy."


async def take(abstract: str, days: int, *, arxiv_version: int | None = None) -> None:
    """Take in the paper as a source has it some days after now."""
    at = NOW.replace(year=2126) + timedelta(days=days)
    paper = source(
        MOSS, "Mossy Pruning", abstract=abstract, observed=at, arxiv_version=arxiv_version
    )
    await ingest(Batch(kind="test", papers=[paper]), at)


async def test_a_note_shows_what_became_of_its_number(client: httpx.AsyncClient) -> None:
    await take(FIRST, 0)
    note = {"paper": MOSS, "text": "hm", "quote": {"exact": "71.2", "start": 28, "end": 32}}
    headers = {"If-Match": '"0"'}
    address = f"/api/v1/notes/{uuid4()}"
    (await client.put(address, json=note, headers=headers)).raise_for_status()
    await take(FIRST.replace("71.2", "69.8"), 1)
    versions = (await client.get(f"/api/v1/papers/{MOSS}/versions")).raise_for_status().json()
    assert [len(text["changes"]) for text in versions["texts"]] == [1, 0]
    [anchor] = versions["notes"]
    assert (anchor["state"], anchor["numbers"]) == (
        "changed",
        [{"before": "71.2", "after": "69.8"}],
    )
    for language, words in [
        ("en", "The number that you noted went from 71.2 to 69.8."),
        ("de", "Die Zahl, die du notiert hast, wurde von 71.2 zu 69.8."),
    ]:
        page = await client.get(f"/papers/{MOSS}", headers={"Accept-Language": language})
        assert words in page.raise_for_status().text
        assert "<del>71.2</del><ins>69.8</ins>" in page.text
    assert (await client.get("/api/v1/papers/2601.99999/versions")).status_code == 404


async def test_the_page_names_the_versions(client: httpx.AsyncClient) -> None:
    await take(FIRST, 0, arxiv_version=1)
    await take(FIRST.replace("71.2", "69.8"), 1, arxiv_version=2)
    versions = (await client.get(f"/api/v1/papers/{MOSS}/versions")).raise_for_status().json()
    assert [text["arxiv_version"] for text in versions["texts"]] == [1, 2]
    page = (await client.get(f"/papers/{MOSS}")).raise_for_status().text
    assert "v1, changed on 2126-03-06" in page and "The current text is that of v2." in page
    german = await client.get(f"/papers/{MOSS}", headers={"Accept-Language": "de"})
    assert "v1, geändert am" in german.text
