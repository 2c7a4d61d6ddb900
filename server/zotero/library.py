"""Zotero's items as the sync sees them, and the objects that it writes.

The shapes are those of the Web API, which the local API shares:
https://www.zotero.org/support/dev/web_api/v3/basics and
https://www.zotero.org/support/dev/web_api/v3/write_requests
"""

import hashlib
from datetime import datetime
from typing import Any, cast, get_args
from uuid import UUID

from msgspec import Struct, field

from server.identifiers import parse_arxiv_id
from server.imports.formats.zotero import parse_zotero
from server.reading_list.tags import clean_tag, is_tag
from server.schema.papers import PaperPage
from server.schema.reading_list import Status
from server.schema.sources import SourcePaper

PREFIX = "papermargin:"
"""Tags that begin so hold what Zotero has no field for."""

# Zotero's keys have eight of these characters, none of which can be mistaken for another:
# ZOTERO_KEY in chrome/content/zotero/xpcom/utilities of its source
_KEY_CHARACTERS = "23456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
_NOT_PAPERS = ("attachment", "note", "annotation")


class ZoteroNote(Struct, frozen=True, kw_only=True):
    """A child note; `note` is the id of ours that it was made from."""

    key: str
    version: int
    parent: str
    html: str
    note: UUID | None


class ZoteroItem(Struct, kw_only=True):
    """An item that is a paper with an arXiv id or a DOI.

    `tags` are the user's own; `raw_tags` are all tags as Zotero has them. `collections` are keys.
    """

    key: str
    version: int
    paper: SourcePaper
    tags: list[str]
    status: Status | None
    rating: int | None
    raw_tags: list[dict[str, Any]]
    collections: list[str]
    notes: list[ZoteroNote] = field(default_factory=list)


class Library(Struct):
    """The papers of a library by their keys, and a sentence for each thing that was left out."""

    items: dict[str, ZoteroItem]
    skipped: list[str]


def read_library(values: list[Any], *, observed: datetime) -> Library:
    """Return the papers of a library with their notes, from all items as the API lists them."""
    library = Library({}, [])
    data = [item for value in values if (item := unwrap(value))]
    for item in data:
        if item.get("itemType") not in _NOT_PAPERS:
            _read_item(item, library, observed)
    for item in data:
        parent = library.items.get(str(item.get("parentItem", "")))
        if item.get("itemType") == "note" and parent:
            parent.notes.append(_read_note(item))
    return library


def unwrap(value: Any) -> dict[str, Any] | None:
    """Return the data of an object with its version, None if it is no object of Zotero's."""
    if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
        return None
    item = {"version": value.get("version")} | value["data"]
    is_whole = isinstance(item.get("key"), str) and isinstance(item["version"], int)
    return item if is_whole else None


def derive_key(*parts: object) -> str:
    """Return the key of a new object, always the same one for the same thing.

    So an object that was written is not written again if the answer was lost.
    """
    number = int.from_bytes(hashlib.sha256("\n".join(map(str, parts)).encode()).digest())
    characters = []
    for _ in range(8):
        number, place = divmod(number, len(_KEY_CHARACTERS))
        characters.append(_KEY_CHARACTERS[place])
    return "".join(characters)


def new_item(
    key: str, page: PaperPage, tags: list[dict[str, Any]], collections: list[str]
) -> dict[str, Any]:
    """Return the item that a paper becomes in Zotero, in the collections of the given keys."""
    arxiv_id = parse_arxiv_id(page.key)
    return {
        "key": key,
        "version": 0,
        "itemType": "preprint",
        "title": page.title,
        "creators": [{"creatorType": "author", "name": name} for name in page.authors],
        "abstractNote": page.abstract,
        "date": page.issued or str(page.published or ""),
        "url": page.url or "",
        "repository": "arXiv" if arxiv_id else "",
        "archiveID": f"arXiv:{arxiv_id}" if arxiv_id else "",
        "DOI": page.doi or "",
        "tags": tags,
        "collections": collections,
    }


def write_tags(
    tags: list[str], status: Status | None, rating: int | None, raw: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the tags of an item.

    Those that Zotero added by itself, and those that cannot be tags of ours, stay as they are.
    """
    kept = [tag for tag in raw if tag.get("type") == 1 or not is_tag(str(tag.get("tag", "")))]
    states = [f"{PREFIX}status/{status}"] if status else []
    states += [f"{PREFIX}rating/{rating}"] if rating is not None else []
    names = {str(tag.get("tag")) for tag in kept}
    return [*kept, *({"tag": tag} for tag in [*tags, *states] if tag not in names)]


def _read_item(item: dict[str, Any], library: Library, observed: datetime) -> None:
    name = f"“{str(item.get('title') or item['key'])[:80]}”"
    paper = _read_paper(item, observed)
    if paper is None:
        library.skipped.append(f"{name} has no arXiv id and no DOI")
        return
    raw = _read_tags(item)
    own = [str(tag.get("tag", "")) for tag in raw if tag.get("type") != 1]
    usable = [*filter(is_tag, own)]
    library.items[item["key"]] = ZoteroItem(
        key=item["key"],
        version=item["version"],
        paper=paper,
        tags=[clean_tag(tag) for tag in usable if not tag.startswith(PREFIX)],
        status=_read_status(own),
        rating=_read_rating(own),
        raw_tags=raw,
        collections=_read_collection_keys(item),
    )
    unusable = [tag for tag in own if tag not in usable]
    library.skipped += [f"{name}: “{tag[:40]}” cannot be a tag" for tag in unusable]


def _read_paper(item: dict[str, Any], observed: datetime) -> SourcePaper | None:
    """Return the paper that an item is, without the user's words; None without an id or a DOI."""
    papers = parse_zotero([item], observed=observed).papers
    if not papers or not (papers[0].arxiv_id or papers[0].doi):
        return None
    papers[0].tags, papers[0].notes = [], []
    return papers[0]


def _read_tags(item: dict[str, Any]) -> list[dict[str, Any]]:
    tags = item.get("tags")
    return [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []


def _read_collection_keys(item: dict[str, Any]) -> list[str]:
    keys = item.get("collections")
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def _read_note(item: dict[str, Any]) -> ZoteroNote:
    return ZoteroNote(
        key=item["key"],
        version=item["version"],
        parent=item["parentItem"],
        html=str(item.get("note") or ""),
        note=_read_id([str(tag.get("tag")) for tag in _read_tags(item)]),
    )


def _read_id(tags: list[str]) -> UUID | None:
    start = f"{PREFIX}note/"
    for tag in tags:
        try:
            return UUID(tag.removeprefix(start)) if tag.startswith(start) else None
        except ValueError:
            continue
    return None


def _read_status(tags: list[str]) -> Status | None:
    words = _read_values("status", tags) & {*get_args(Status)}
    # two of them are what two devices wrote at once: neither is taken
    return cast(Status, words.pop()) if len(words) == 1 else None


def _read_rating(tags: list[str]) -> int | None:
    words = _read_values("rating", tags) & {*"012345"}
    return int(words.pop()) if len(words) == 1 else None


def _read_values(name: str, tags: list[str]) -> set[str]:
    start = f"{PREFIX}{name}/"
    return {tag.removeprefix(start) for tag in tags if tag.startswith(start)}
