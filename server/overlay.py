"""The papers of a page into the store, and what stands beside each of them out of it."""

from datetime import datetime

from msgspec.structs import replace

from server.cards import cards, places
from server.changes import newest_change
from server.errors import TooLarge
from server.identity import parse_arxiv_id, parse_key, title_key
from server.ingest import ingest
from server.source import Batch, SourceListing, SourcePaper, fold, printable
from server.store import fetch
from server.wire import MAX_OVERLAY_PAPERS, OverlayReply, OverlayRequest, PagePaper


async def overlay(request: OverlayRequest, reader: int, now: datetime) -> tuple[OverlayReply, list[int]]:
    """Answer a page's papers with cards, making those that are unknown.

    Gives the reply and the row ids of papers that wait for extraction. Raises `TooLarge` for more than 200 papers.
    """
    if len(request.papers) > MAX_OVERLAY_PAPERS:
        raise TooLarge(f"a request holds at most {MAX_OVERLAY_PAPERS} papers, this one has {len(request.papers)}")
    change = await newest_change()
    papers = [replace(paper, title=fold(paper.title)) for paper in request.papers]
    keys = [_page_key(paper) for paper in papers]
    known = await _resolve(keys)
    news = [paper for paper, key in zip(papers, keys, strict=True) if _is_news(paper, known.get(key))]
    if news:
        await ingest(_batch(request, news, now), now)
        known = await _resolve(keys)
    rows = [known[key][0] if key in known else 0 for key in keys]
    found = await cards([*{*rows}], reader)
    pending = [row for row, card in found.items() if card.extraction == "pending"]
    return OverlayReply(cards=[found.get(row) for row in rows], change=change), pending


def _page_key(paper: PagePaper) -> str:
    return (parse_key(paper.id) if paper.id else None) or (title_key(paper.title) if paper.title else "")


async def _resolve(keys: list[str]) -> dict[str, tuple[int, bool]]:
    """Give the row id of each known key or old key, and whether the paper has an abstract."""
    if not keys:
        return {}
    wanted = places(len(keys))
    rows = await fetch(
        f"SELECT key, id, abstract <> '' AS whole FROM paper WHERE key IN ({wanted}) UNION ALL "
        "SELECT a.key, p.id, p.abstract <> '' FROM alias a JOIN paper p ON p.id = a.paper_id "
        f"WHERE a.key IN ({wanted})",
        *keys,
    )
    return {row["key"]: (row["id"], bool(row["whole"])) for row in rows}


def _is_news(paper: PagePaper, known: tuple[int, bool] | None) -> bool:
    if known is None:
        return bool(paper.title) or (paper.id is not None and parse_arxiv_id(paper.id) is not None)
    return bool(paper.abstract) and not known[1]


def _batch(request: OverlayRequest, papers: list[PagePaper], now: datetime) -> Batch:
    """Give the unknown papers of a page; the page's listing goes along where it is whole, for its order."""
    listing = request.listing if len(papers) == len(request.papers) else None
    return Batch(
        kind="page",
        papers=[
            SourcePaper(
                richness="overlay",
                observed=now,
                title=paper.title,
                arxiv_id=parse_arxiv_id(paper.id) if paper.id else None,
                abstract=printable(paper.abstract or "").strip(),
                authors=[fold(author) for author in paper.authors],
                published=paper.published,
            )
            for paper in papers
        ],
        listing=SourceListing(kind=listing.kind, name=fold(listing.name), day=listing.day) if listing else None,
    )
