"""Saved HTML of huggingface.co: list pages (day, week, month, trending, search) and single papers.

Each page carries its data as JSON in an attribute of an element ("island"). On a list page the
cards say which papers stand there and in what order, for the island keeps telling of the address
that was loaded first; the island says what is in them. Where it is missing or broken, the cards and
headings themselves are read.
"""

import re
from datetime import datetime
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from server.errors import SourceError
from server.identifiers import parse_arxiv_id
from server.imports.decoding import decode_json
from server.imports.formats.huggingface_items import parse_item, parse_items, put_on_day
from server.schema.sources import Batch, ListingKind, SourceListing, SourcePaper, calendar_day, fold

_KINDS: dict[Any, ListingKind] = {"day": "daily", "week": "weekly", "month": "monthly"}
_IS_HUGGING_FACE = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/papers/")
_NUMBER = re.compile(r"\d{1,9}")


def parse_page(html: str, *, observed: datetime) -> Batch:
    """Return the papers of a saved page. Raises `SourceError` for a page that shows none."""
    tree = LexborHTMLParser(html)
    cards = _cards(tree, observed)
    island, fault = _island(tree, "DailyPapers")
    if (cards or island) and tree.css_first("[data-target=PaperContent]") is None:
        batch = _list_page(cards, island, observed)
    else:
        paper, fault = _paper_page(tree, observed)
        batch = Batch(kind="Hugging Face page", papers=[paper] if paper else [])
    if not batch.papers:
        raise SourceError(
            "an HTML page with neither Daily Papers cards nor a paper of huggingface.co"
        )
    if fault:
        batch.skipped.append(f"the page's own data, so that only what it shows was read: {fault}")
    return batch


def _island(tree: LexborHTMLParser, name: str) -> tuple[dict[str, Any], str | None]:
    """Return an island's data, empty where there is none, and what is wrong with it."""
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
    batch = parse_items(
        [item for items in lists if isinstance(items, list) for item in items], observed=observed
    )
    known = {paper.arxiv_id: paper for paper in batch.papers}
    shown = [known.get(arxiv_id, card) for arxiv_id, card in cards.items()] or batch.papers
    batch = Batch(kind="Hugging Face page", papers=shown, skipped=batch.skipped)
    if any(paper.arxiv_id in known for paper in shown):
        _put_on_listing(batch, island, observed)
    return batch


def _put_on_listing(batch: Batch, island: dict[str, Any], observed: datetime) -> None:
    words = _search_words(island)
    # until 2024 it was `date`, with a time
    name = fold(str(island.get("dateString") or island.get("date") or ""))[:10]
    kind = _KINDS.get(island.get("periodType", "day"))
    if words:
        batch.listing = SourceListing(kind="search", name=words)
    elif island.get("isTrending"):
        batch.listing = SourceListing(kind="trending", name=observed.date().isoformat())
    elif kind == "daily" and (day := calendar_day(name)):
        put_on_day(batch, day)
    elif kind and kind != "daily" and name:
        batch.listing = SourceListing(kind=kind, name=name)


def _search_words(island: dict[str, Any]) -> str:
    query = island.get("query")
    return fold(str(query.get("q") or "")) if isinstance(query, dict) else ""


def _cards(tree: LexborHTMLParser, observed: datetime) -> dict[str, SourcePaper]:
    """Return the papers of the page's cards by id; a paper page has `article`s too, but they link
    to no paper.
    """
    cards: dict[str, SourcePaper] = {}
    for card in tree.css("article"):
        for link in card.css("h3 a[href]"):
            arxiv_id, title = _linked_id(link), fold(link.text())
            if arxiv_id and title:
                upvotes = _upvotes(card)
                paper = SourcePaper(
                    richness="overlay",
                    observed=observed,
                    arxiv_id=arxiv_id,
                    title=title,
                    upvotes=upvotes,
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


def _paper_page(
    tree: LexborHTMLParser, observed: datetime
) -> tuple[SourcePaper | None, str | None]:
    """Return the paper of a paper's own page and what is wrong with the page's data."""
    island, fault = _island(tree, "PaperContent")
    if fault is None:
        try:
            return parse_item(island.get("paper"), observed=observed), None
        except SourceError as error:
            fault = str(error)
    return _shown_paper(tree, observed), fault


def _shown_paper(tree: LexborHTMLParser, observed: datetime) -> SourcePaper | None:
    """Return what a paper's page shows: its only h1, and the paragraph below "Abstract".

    The page's own address says whose it is; a link to a paper does not.
    """
    heading, arxiv_id = tree.css_first("h1"), _own_id(tree)
    if heading is None or arxiv_id is None:
        return None
    return SourcePaper(
        richness="overlay",
        observed=observed,
        arxiv_id=arxiv_id,
        title=fold(heading.text()),
        authors=[fold(author.text()).rstrip(" ,") for author in tree.css("span.author")],
        abstract=_shown_abstract(tree),
    )


def _own_id(tree: LexborHTMLParser) -> str | None:
    for selector, attribute in (
        ("link[rel=canonical][href]", "href"),
        ("meta[property='og:url'][content]", "content"),
    ):
        node = tree.css_first(selector)
        address = (node.attributes[attribute] or "") if node else ""
        if _IS_HUGGING_FACE.match(address) and (arxiv_id := parse_arxiv_id(address)):
            return arxiv_id
    return None


def _shown_abstract(tree: LexborHTMLParser) -> str:
    for section in tree.css("h2"):
        if fold(section.text()) == "Abstract" and section.parent:
            # a summary by machine may stand above it
            texts = section.parent.css("p")
            return fold(texts[-1].text()) if texts else ""
    return ""
