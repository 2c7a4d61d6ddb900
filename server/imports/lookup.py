"""Papers looked up on the web by arXiv id, DOI or title."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import httpx
from msgspec import Struct

from server.config import Config
from server.errors import SourceError
from server.identifiers import normalize_title
from server.imports.sites.arxiv import ArXiv
from server.imports.sites.crossref import Crossref
from server.imports.sites.http import Patience
from server.imports.sites.huggingface import HuggingFace
from server.schema.sources import SourcePaper

# a person waits for the answer
IMPATIENT = Patience(tries=2, first_wait=0.5, answer=8.0, in_all=12.0)


class Sources(Struct):
    """The web sites that papers are fetched from."""

    huggingface: HuggingFace
    arxiv: ArXiv
    crossref: Crossref


@asynccontextmanager
async def open_sources(
    config: Config, *, patience: Patience | None = None
) -> AsyncIterator[Sources]:
    """Open clients for the sites in the settings; each has its own patience if none is given."""
    async with httpx.AsyncClient(follow_redirects=True) as client:
        yield Sources(
            HuggingFace(client, config.huggingface_url, patience=patience),
            ArXiv(client, config.arxiv_url, patience=patience),
            Crossref(client, config.crossref_url, patience=patience),
        )


async def find_by_ids(
    sources: Sources, arxiv_ids: Sequence[str], now: datetime
) -> list[SourcePaper]:
    """Return the papers of arXiv ids; an id that no site knows is left out.

    Hugging Face is asked first, then arXiv for the rest. Raises `SourceError` if arXiv does not
    answer.
    """
    found: list[SourcePaper] = []
    with suppress(SourceError):
        for arxiv_id in arxiv_ids:
            if paper := await sources.huggingface.fetch_paper(arxiv_id, observed=now):
                found.append(paper)
    known = {paper.arxiv_id for paper in found}
    if missing := [arxiv_id for arxiv_id in arxiv_ids if arxiv_id not in known]:
        found += (await sources.arxiv.fetch_papers(missing, observed=now)).papers
    return found


async def find_by_title(
    sources: Sources, title: str, now: datetime
) -> tuple[list[SourcePaper], list[SourcePaper]]:
    """Return arXiv's papers of exactly this title, and those of similar ones.

    Raises `SourceError` if arXiv does not answer.
    """
    papers = await sources.arxiv.find_title(title, observed=now)
    wanted = normalize_title(title)
    same = [paper for paper in papers if normalize_title(paper.title) == wanted]
    return same, [paper for paper in papers if paper not in same]
