"""Look papers up by what a web page tells of them: an id, a DOI or a title.

Which paper is meant, the first of these that is given and can be read says:
- an id: the paper of this key, or that had it before; the DOI of an arXiv paper names its id;
- a DOI: the paper that has it;
- a title: the only paper whose title equals it when both are normalized.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from server.database.connection import fetch, places
from server.errors import TooLarge
from server.identifiers import parse_arxiv_id, parse_doi, parse_key, title_key
from server.papers.cards import cards
from server.schema.papers import (
    MAX_OVERLAY_PAPERS,
    Card,
    KnownPaper,
    LookupReply,
    PaperReference,
)
from server.schema.sources import fold

_COLUMNS = (
    "p.id, p.title_digest AS digest, p.abstract <> '' AS whole, "
    "p.extraction_version IS NULL AS waits, "
    "p.hugging_face IS NOT NULL AS told, p.summarized AS summed"
)


class StoredPaper(Struct, frozen=True):
    """A paper of the store: whether it has an abstract and waits for extraction, and what Hugging
    Face tells of it.
    """

    id: int
    digest: str
    has_abstract: bool
    waits: bool
    has_facts: bool
    has_summary: bool


async def look_up(papers: Sequence[PaperReference], user: int) -> LookupReply:
    """Return the papers of the store that are meant, and what a user has on them.

    Nothing is created. Raises `TooLarge` for more than 200 papers.
    """
    require_few(papers)
    stored = await find_stored(papers)
    found = await cards([*{paper.id for paper in stored if paper}], user)
    return LookupReply([_known(found[paper.id]) if paper else None for paper in stored])


def require_few(papers: Sequence[PaperReference]) -> None:
    """Raise `TooLarge` for more papers than a request may hold."""
    if len(papers) > MAX_OVERLAY_PAPERS:
        raise TooLarge(
            f"a request holds at most {MAX_OVERLAY_PAPERS} papers, this one has {len(papers)}"
        )


async def find_stored(papers: Sequence[PaperReference]) -> list[StoredPaper | None]:
    """Return the paper of the store that each reference means, or None."""
    keys = [key_of(paper) for paper in papers]
    dois = [None if _id_of(paper) else parse_doi(paper.doi or "") for paper in papers]
    by_key = await _find_by_key({*keys} - {""})
    by_doi = await _find_by_doi({doi for doi in dois if doi})
    return [by_doi.get(doi or "") or by_key.get(key) for key, doi in zip(keys, dois, strict=True)]


def key_of(paper: PaperReference) -> str:
    """Return the key of a paper by its id or else by its title; empty if it has neither."""
    title = fold(paper.title)
    return _id_of(paper) or (title_key(title) if title else "")


def arxiv_id_of(paper: PaperReference) -> str | None:
    """Return the arXiv id that a reference names by its id or by its DOI."""
    return parse_arxiv_id(paper.id or "") or parse_arxiv_id(paper.doi or "")


def _id_of(paper: PaperReference) -> str | None:
    return parse_key(paper.id or "") or parse_arxiv_id(paper.doi or "")


def _known(card: Card) -> KnownPaper:
    status = card.entry.status if card.entry else "none"
    return KnownPaper(card.key, card.title, status, len(card.notes))


async def _find_by_key(keys: set[str]) -> dict[str, StoredPaper]:
    """Return the papers of the store by key, by an earlier key, or by the title of one of them."""
    if not keys:
        return {}
    wanted = places(len(keys))
    # the better answer comes last: a title is the key of a paper only if it is of no other
    rows = await fetch(
        f"SELECT 1 AS rank, p.title_digest AS name, {_COLUMNS} FROM paper p "
        f"WHERE p.title_digest IN ({wanted}) AND NOT EXISTS "
        "(SELECT 1 FROM paper q WHERE q.title_digest = p.title_digest AND q.id <> p.id) "
        f"UNION ALL SELECT 2, a.key, {_COLUMNS} FROM alias a JOIN paper p ON p.id = a.paper_id "
        f"WHERE a.key IN ({wanted}) "
        f"UNION ALL SELECT 3, p.key, {_COLUMNS} FROM paper p WHERE p.key IN ({wanted}) ORDER BY 1",
        *keys,
    )
    return _by_name(rows)


async def _find_by_doi(dois: set[str]) -> dict[str, StoredPaper]:
    if not dois:
        return {}
    # of several papers with one DOI, the one that was there first
    rows = await fetch(
        f"SELECT LOWER(p.doi) AS name, {_COLUMNS} FROM paper p "
        f"WHERE p.doi IS NOT NULL AND LOWER(p.doi) IN ({places(len(dois))}) ORDER BY p.id DESC",
        *dois,
    )
    return _by_name(rows)


def _by_name(rows: list[dict[str, Any]]) -> dict[str, StoredPaper]:
    flags = ("whole", "waits", "told", "summed")
    return {
        row["name"]: StoredPaper(row["id"], row["digest"], *(bool(row[flag]) for flag in flags))
        for row in rows
    }
