"""The overlay: add the papers of a page to the store and return a card for each of them."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from server.database.change_feed import newest_change
from server.database.connection import fetch, places
from server.database.replica import read_newest
from server.database.transactions import writing
from server.identifiers import parse_arxiv_id, parse_arxiv_version, parse_doi
from server.papers.cards import cards
from server.papers.hugging_face import make_facts
from server.papers.ingest import ingest, place_in_listing
from server.papers.lookup import StoredPaper, arxiv_id_of, find_stored, key_of, require_few
from server.papers.related import explain
from server.ranking.scores import score_page
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.papers import (
    Card,
    OverlayReply,
    OverlayRequest,
    PageFacts,
    PageListing,
    PagePaper,
)
from server.schema.sources import Batch, SourceListing, SourcePaper, fold, printable

_NOTHING = PageFacts()

Extract = Callable[[list[int]], Awaitable[Any]]
"""Extracts the terms of papers by their row ids, or gives up after a while."""


async def overlay(
    request: OverlayRequest, user: int, now: datetime, *, extract: Extract | None = None
) -> OverlayReply:
    """Return a card for each paper of a page, creating the papers that are not in the store.

    The cards are read once, after `extract` returned for those whose terms are not known yet.
    Raises `TooLarge` for more than 200 papers.
    """
    require_few(request.papers)
    papers = [replace(paper, title=fold(paper.title)) for paper in request.papers]
    rows, pending = await _take_in(papers, now)
    if request.listing:
        await _list(request.listing, rows, now)
    if pending and extract:
        await extract(pending)
        read_newest()
    change = await newest_change(user)  # before the cards, so that they hold every change up to it
    found = await cards([*{row for row in rows if row}], user)
    await _add_scores(found, user)
    return OverlayReply(cards=[found.get(row) if row else None for row in rows], change=change)


async def _take_in(papers: list[PagePaper], now: datetime) -> tuple[list[int | None], list[int]]:
    """Return the row id of each paper, and those of papers that wait for extraction.

    Papers that the store does not have, or has without the abstract or the version that the page
    shows, are ingested. A paper without an id and a title has no row.
    """
    known = await find_stored(papers)
    rows = {n: paper.id for n, paper in enumerate(known) if paper}
    unread = {paper.id for paper in known if paper and paper.waits}
    revised = await _find_new_versions({row: papers[n] for n, row in rows.items()})
    news = {
        n: paper
        for n, paper in enumerate(papers)
        if _is_news(paper, known[n]) or rows.get(n) in revised
    }
    if news:
        report = await ingest(_batch([*news.values()], now), now)
        rows |= zip(news, report.rows, strict=True)
        rows = {n: report.survivor(row) for n, row in rows.items()}
        unread = set(map(report.survivor, unread | report.unread))
    return list(map(rows.get, range(len(papers)))), sorted(unread)


async def _add_scores(found: dict[int, Card], user: int) -> None:
    """Put the scores of papers on their cards, with the reasons of those that stand out."""
    scored = await score_page(user, [*found])
    for row, closeness in (await explain(scored, user, only_outstanding=True)).items():
        found[row].for_you = closeness


def _is_news(paper: PagePaper, known: StoredPaper | None) -> bool:
    if known is None:
        return bool(paper.title) or arxiv_id_of(paper) is not None
    # ingest knows a paper by its id or title, not by a DOI that it has under another title
    is_same = arxiv_id_of(paper) is not None or known.digest == key_of(paper)
    is_whole = bool(paper.abstract) and not known.has_abstract
    return is_same and (is_whole or _tells_more(paper.hugging_face or _NOTHING, known))


def _tells_more(told: PageFacts, known: StoredPaper) -> bool:
    """Return whether a page tells of a paper what is not known; counts that grew are no news."""
    if not known.has_facts:
        return bool(told.summary or told.keywords) or told.stars is not None
    return bool(told.summary) and not known.has_summary


async def _find_new_versions(shown: dict[int, PagePaper]) -> set[int]:
    """Return the row ids of papers of which a page shows a version that the store does not have."""
    versions = {row: version for row, paper in shown.items() if (version := _version(paper))}
    if not versions:
        return set()
    wanted = places(len(versions))
    rows = await fetch(
        f"SELECT id, arxiv_version FROM paper WHERE id IN ({wanted}) "
        f"UNION ALL SELECT paper_id, arxiv_version FROM paper_text WHERE paper_id IN ({wanted})",
        *versions,
    )
    held = {(row["id"], row["arxiv_version"]) for row in rows}
    return {row for row, version in versions.items() if (row, version) not in held}


def _version(paper: PagePaper) -> int | None:
    return parse_arxiv_version(paper.address) if paper.address and paper.abstract else None


def _first_day(paper: PagePaper) -> date | None:
    """Return the first day of the year or month that a page names."""
    return date.fromisoformat(f"{paper.issued}-01-01"[:10]) if paper.issued else None


def _doi_of(paper: PagePaper) -> str | None:
    """Return the DOI of a page's paper, if it says more than the arXiv id does."""
    doi = parse_doi(paper.doi or "")
    return None if doi and parse_arxiv_id(doi) else doi


def _batch(papers: list[PagePaper], now: datetime) -> Batch:
    sources = [
        SourcePaper(
            richness="overlay",
            observed=now,
            title=paper.title,
            arxiv_id=arxiv_id_of(paper),
            abstract=printable(paper.abstract or "").strip(),
            authors=[fold(author) for author in paper.authors],
            published=paper.published or _first_day(paper),
            issued=None if paper.published else paper.issued,
            doi=_doi_of(paper),
            arxiv_version=_version(paper),
            upvotes=(paper.hugging_face or _NOTHING).upvotes,
            comments=(paper.hugging_face or _NOTHING).comments,
            hugging_face=_facts(paper.hugging_face or _NOTHING, now),
        )
        for paper in papers
    ]
    return Batch(kind="page", papers=sources)


def _facts(told: PageFacts, now: datetime) -> HuggingFaceFacts | None:
    return make_facts(
        summary=told.summary or "",
        keywords=told.keywords,
        model=told.model or "",
        stars=told.stars,
        observed=now,
    )


async def _list(listing: PageListing, rows: list[int | None], now: datetime) -> None:
    """Add the papers of a page to its listing, unless all of them stand there already."""
    name = fold(listing.name)
    placed = await fetch(
        "SELECT lp.paper_id FROM listing l JOIN listing_paper lp ON lp.listing_id = l.id "
        "WHERE l.kind = $1 AND l.name = $2",
        listing.kind,
        name,
    )
    papers, current = [row for row in dict.fromkeys(rows) if row], {r["paper_id"] for r in placed}
    if {*papers} - current:
        source = SourceListing(kind=listing.kind, name=name, day=listing.day)
        # a part of a page does not say in which order the whole page is
        is_part = not current <= {*papers}
        async with writing():
            await place_in_listing(source, papers, now, append=is_part)
