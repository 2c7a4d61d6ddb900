"""Saved HTML of huggingface.co: list pages (day, week, month, trending, search) and single papers.

Each page carries its data as JSON in an attribute of an element ("island"). On a list page the cards say which papers
stand there and in what order, for the island keeps telling of the address that was loaded first; the island says what
is in them. Where it is missing or broken, the cards and headings themselves are read.
"""

import re
from datetime import datetime
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from server.errors import SourceError
from server.identity import parse_arxiv_id
from server.source import Batch, ListingKind, SourceListing, SourcePaper, calendar_day, fold
from server.sources.decoding import decode_json
from server.sources.huggingface_items import parse_item, parse_items, put_on_day

_KINDS: dict[Any, ListingKind] = {"day": "daily", "week": "weekly", "month": "monthly"}
_NUMBER = re.compile(r"\d{1,9}")


def parse_page(html: str, *, observed: datetime) -> Batch:
    """Give the papers of a saved page; raises SourceError for a page that shows none."""
    tree = LexborHTMLParser(html)
    cards = _cards(tree, observed)
    island, fault = _island(tree, "DailyPapers")
    if (cards or island) and tree.css_first("[data-target=PaperContent]") is None:
        batch = _list_page(cards, island, observed)
    else:
        paper, fault = _paper_page(tree, observed)
        batch = Batch(kind="Hugging Face page", papers=[paper] if paper else [])
    if not batch.papers:
        raise SourceError("an HTML page with neither Daily Papers cards nor a paper of huggingface.co")
    if fault:
        batch.skipped.append(f"the page's own data, so that only what it shows was read: {fault}")
    return batch


def _island(tree: LexborHTMLParser, name: str) -> tuple[dict[str, Any], str | None]:
    """Give an island's data, empty where there is none, and what is wrong with it."""
    node = tree.css_first(f"[data-target={name}][data-props]")
    if node is None:
        return {}, "it is missing"
    try:
        props = decode_json(node.attributes["data-props"] or "")
    except SourceError as error:
        return {}, str(error)
    return (props, None) if isinstance(props, dict) else ({}, "it is not an object")


def _list_page(cards: dict[str, SourcePaper], island: dict[str, Any], observed: datetime) -> Batch:
    lists = [island.get("searchResults"), island.get("dailyPapers")]
    batch = parse_items([item for items in lists if isinstance(items, list) for item in items], observed=observed)
    known = {paper.arxiv_id: paper for paper in batch.papers}
    shown = [known.get(arxiv_id, card) for arxiv_id, card in cards.items()] or batch.papers
    batch = Batch(kind="Hugging Face page", papers=shown, skipped=batch.skipped)
    if any(paper.arxiv_id in known for paper in shown):
        _put_on_listing(batch, island, observed)
    return batch


def _put_on_listing(batch: Batch, island: dict[str, Any], observed: datetime) -> None:
    query = island.get("query")
    words = fold(str(query.get("q") or "")) if isinstance(query, dict) else ""
    # until 2024 it was `date`, with a time
    name = fold(str(island.get("dateString") or island.get("date") or ""))[:10]
    if words:
        batch.listing = SourceListing(kind="search", name=words)
    elif island.get("isTrending"):
        batch.listing = SourceListing(kind="trending", name=observed.date().isoformat())
    elif (kind := _KINDS.get(island.get("periodType", "day"))) and kind != "daily":
        batch.listing = SourceListing(kind=kind, name=name) if name else None
    elif kind and (day := calendar_day(name)):
        put_on_day(batch, day)


def _cards(tree: LexborHTMLParser, observed: datetime) -> dict[str, SourcePaper]:
    """Give the papers of the page's cards by id; a paper page has `article`s too, but they link to no paper."""
    cards: dict[str, SourcePaper] = {}
    for card in tree.css("article"):
        for link in card.css("h3 a[href]"):
            arxiv_id, title = _linked_id(link), fold(link.text())
            if arxiv_id and title:
                upvotes = _upvotes(card)
                paper = SourcePaper(
                    richness="overlay", observed=observed, arxiv_id=arxiv_id, title=title, upvotes=upvotes
                )
                cards.setdefault(arxiv_id, paper)
    return cards


def _linked_id(link: LexborNode) -> str | None:
    # a page that a browser saved has whole addresses in place of paths
    address = re.sub(r"^/(?=papers/)", "huggingface.co/", link.attributes["href"] or "")
    return parse_arxiv_id(address) if "/papers/" in address else None


def _upvotes(card: LexborNode) -> int | None:
    texts = [fold(node.text()) for node in card.css("div.leading-none")]
    return next((int(text) for text in texts if _NUMBER.fullmatch(text)), None)


def _paper_page(tree: LexborHTMLParser, observed: datetime) -> tuple[SourcePaper | None, str | None]:
    """Give the paper of a paper's own page and what is wrong with the page's data."""
    island, fault = _island(tree, "PaperContent")
    if fault is None:
        try:
            return parse_item(island.get("paper"), observed=observed), None
        except SourceError as error:
            fault = str(error)
    return _shown_paper(tree, observed), fault


def _shown_paper(tree: LexborHTMLParser, observed: datetime) -> SourcePaper | None:
    """Give what a paper's page shows: its only h1, and the last paragraph below the heading "Abstract"."""
    heading = tree.css_first("h1")
    address = tree.css_first("link[rel=canonical][href]") or tree.css_first("a[href*='arxiv.org/abs/']")
    arxiv_id = parse_arxiv_id(address.attributes["href"] or "") if address else None
    if heading is None or arxiv_id is None:
        return None
    paper = SourcePaper(richness="overlay", observed=observed, arxiv_id=arxiv_id, title=fold(heading.text()))
    paper.authors = [fold(author.text()).rstrip(" ,") for author in tree.css("span.author")]
    for section in tree.css("h2"):
        if fold(section.text()) == "Abstract" and section.parent and (texts := section.parent.css("p")):
            # a summary by machine may stand above it
            paper.abstract = fold(texts[-1].text())
    return paper
