"""Bookmarks with tags, notes and dates: of browsers, linkding, Karakeep, Pinboard, Pocket, …"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from selectolax.lexbor import LexborHTMLParser, LexborNode

from server.imports.formats.dates import read_moment
from server.imports.formats.fields import Record, read_records
from server.imports.formats.references import (
    clean_title,
    find_arxiv_id,
    find_doi,
    is_paper_address,
    read_source_note,
    read_status,
    unique_tags,
)
from server.schema.sources import Batch, SourcePaper, fold

_LINKDING_NOTES = ("[linkding-notes]", "[/linkding-notes]")
# what a reference has and no bookmark
_REFERENCE_KEYS = {"author", "authors", "issued", "citation-key", "abstract", "publisher", "doi"}
_ADDRESS_KEYS = ("url", "href", "link", "uri", "given_url", "resolved_url", "source_url")


class Bookmark(Struct, kw_only=True):
    """A bookmark of any program; `name` is how it is called in messages."""

    name: str
    address: str
    title: str = ""
    tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    added: datetime | None = None
    status: str = ""


def is_netscape(html: str) -> bool:
    """Return whether a page is a file of bookmarks, as browsers and most services export them."""
    start = html[:2000].casefold()
    return "netscape-bookmark-file" in start or ("<title>pocket export" in start)


def is_bookmark(item: dict[str, Any]) -> bool:
    """Return whether a JSON object has an address and what goes with a bookmark."""
    keys = {key.casefold() for key in item}
    return bool(keys & {*_ADDRESS_KEYS, "content"}) and not keys & _REFERENCE_KEYS


def parse_netscape(html: str, *, observed: datetime) -> Batch:
    """Return the papers of a file of bookmarks; those of other pages are named as skipped."""
    tree = LexborHTMLParser(html)
    anchors = tree.css("dt > a[href], li > a[href]") or tree.css("a[href]")
    bookmarks = (_read_anchor(anchor, number) for number, anchor in enumerate(anchors, 1))
    return gather_bookmarks("bookmarks", bookmarks, observed=observed)


def parse_bookmarks(values: list[Any], *, observed: datetime) -> Batch:
    """Return the papers of bookmarks in JSON; those of other pages are named as skipped."""
    dropped: list[str] = []
    bookmarks = [_read_item(item) for item in read_records(values, "bookmark", dropped)]
    batch = gather_bookmarks("bookmarks", bookmarks, observed=observed)
    batch.skipped = dropped + batch.skipped
    return batch


def gather_bookmarks(kind: str, bookmarks: Iterable[Bookmark], *, observed: datetime) -> Batch:
    """Return the papers of bookmarks: with an arXiv id, or of a publisher and with a title."""
    batch = Batch(kind=kind, papers=[])
    for bookmark in bookmarks:
        if paper := _read_paper(bookmark, observed):
            batch.papers.append(paper)
        else:
            address = fold(bookmark.address)[:80]
            batch.skipped.append(f"{bookmark.name}: “{address}” is the address of no paper")
    return batch


def _read_paper(bookmark: Bookmark, observed: datetime) -> SourcePaper | None:
    arxiv_id, doi = find_arxiv_id(bookmark.address), find_doi([bookmark.address])
    title = clean_title(bookmark.title)
    if title.startswith(("http://", "https://")):
        title = ""  # services put the address where a page had no title
    is_paper = doi or is_paper_address(bookmark.address)
    if not arxiv_id and not (title and is_paper):
        return None
    notes = [read_source_note(note, written=bookmark.added) for note in bookmark.notes]
    return SourcePaper(
        richness="ids",
        observed=observed,
        arxiv_id=arxiv_id,
        title=title,
        doi=doi,
        tags=unique_tags(bookmark.tags),
        notes=[note for note in notes if note.text],
        added=bookmark.added or observed,
        status=read_status(bookmark.status),
    )


def _read_anchor(anchor: LexborNode, number: int) -> Bookmark:
    attributes = anchor.attributes
    status = "unread" if attributes.get("toread") == "1" else ""
    return Bookmark(
        name=f"bookmark {number}",
        address=attributes.get("href") or "",
        title=anchor.text(),
        tags=(attributes.get("tags") or "").split(","),
        notes=_split_linkding(_description(anchor)),
        added=read_moment(attributes.get("add_date") or attributes.get("time_added") or ""),
        status=status,
    )


def _description(anchor: LexborNode) -> str:
    """Return the text of the DD behind a bookmark's DT, which browsers leave unclosed."""
    node = anchor.parent.next if anchor.parent else None
    while node is not None and node.tag in ("-text", "p"):
        node = node.next
    return node.text(separator="\n").strip() if node is not None and node.tag == "dd" else ""


def _split_linkding(text: str) -> list[str]:
    """Return a description and the notes that linkding appends to it in brackets."""
    begin, end = _LINKDING_NOTES
    description, _, notes = text.partition(begin)
    return [description.strip(), notes.partition(end)[0].strip()]


def _read_item(item: Record) -> Bookmark:
    # Karakeep has the page in an object of its own
    page = next(iter(item.records("content")), item) if "url" not in item else item
    descriptions = item.texts("note", "notes", "extended", "excerpt", "selection")
    is_titled = item.text("title", "name") or "extended" in item
    if "title" in item and "extended" not in item:
        descriptions += item.texts("description")
    return Bookmark(
        name=item.name,
        address=page.text(*_ADDRESS_KEYS),
        title=item.text("title", "name", "resolved_title", "given_title", "description")
        if is_titled
        else page.text("title"),
        tags=_read_tags(item),
        notes=[*dict.fromkeys(descriptions), *read_highlights(item)],
        added=read_moment(
            item.text(
                *("date_added", "createdAt", "created", "time", "time_added", "added", "saved_at"),
            )
        ),
        status=_read_status(item),
    )


def _read_tags(item: Record) -> list[str]:
    """Return tags that are a list of texts or objects, or one text (Pinboard's has spaces)."""
    tags: list[str] = []
    for key in ("tags", "tag_names", "labels"):
        value = item.values.get(key.replace("_", ""))
        if isinstance(value, str):
            tags += value.split(",") if "," in value else value.split()
        elif isinstance(value, dict):
            tags += map(str, value)
        else:
            tags += [tag.text("name", "tag", "title") for tag in item.records(key, bare="name")]
    return tags


def read_highlights(item: Record) -> Iterator[str]:
    """Yield the passages that were marked in a page, each as a quote with what was noted on it."""
    for highlight in item.records("highlights", bare="text"):
        quote = "\n".join(f"> {line}" for line in highlight.text("text", "quote").splitlines())
        yield "\n\n".join(part for part in (quote, highlight.text("note", "annotation")) if part)


def _read_status(item: Record) -> str:
    if item.is_true("toread", "unread"):
        return "unread"
    return item.text("status") if item.text("status") in ("unread", "archive", "read") else ""
