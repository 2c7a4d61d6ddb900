"""What the head of a paper's file tells, and how a person's value and ours become one. Pure."""

import hashlib
import re
from datetime import UTC, datetime

import msgspec

from server.export.layout import terms_of
from server.export.notation import one_line
from server.export.reference import citation_key
from server.wire import PaperPage, StyleName

Value = str | None | list[str]
Exported = dict[str, list[str]]
"""By key, what was exported last: the digest of the whole value, then those of a list's items.

Under `yaml` stands the digest of all of it as it was written, by which a head that nobody touched is known; under
`body` that of the block without the texts of its notes, under `notes` those of the texts.
"""

# https://help.obsidian.md/tags
_NO_TAG = re.compile(r"\s|[!-,.:-@\[-^`{-~]")


def read_values(page: PaperPage, style: StyleName) -> dict[str, Value]:
    """Give the head of a paper's file, in its order: all keys always, None or an empty list where nothing is known."""
    entry = page.entry if page.entry and not page.entry.deleted else None
    written = [note.updated for note in page.notes if not note.deleted]
    values: dict[str, Value] = {
        "paper_key": page.key,
        "title": page.title,
        "aliases": _aliases(page) if style != "plain" else [],
        "citekey": citation_key(page),
        "authors": page.authors,
        "url": page.url,
        "published": page.published.isoformat() if page.published else None,
        "status": entry.status if entry else "none",
        "rating": str(entry.rating) if entry and entry.rating is not None else None,
        "tags": list(dict.fromkeys(write_tag(tag, style) for tag in entry.tags)) if entry else [],
        "methods": list(terms_of(page, "METHOD")),
        "datasets": list(terms_of(page, "DATASET")),
        "metrics": list(terms_of(page, "METRIC")),
        "tasks": list(terms_of(page, "TASK")),
        "added": _utc(entry.added) if entry else None,
        "updated": _utc(max([entry.updated, *written] if entry else written, default=None)),
    }
    return {key: value for key, value in values.items() if key != "aliases" or style != "plain"}


def write_tag(tag: str, style: StyleName) -> str:
    """Give a tag as a vault has it: Obsidian's have no spaces, and are never a number alone."""
    if style != "obsidian":
        return tag
    written = _NO_TAG.sub("-", tag)
    return written if re.search(r"[^\d/]", written) else f"{written}_"


def digest_values(values: dict[str, Value], written: str) -> Exported:
    """Give what a merge needs to know, at the next export, of the values that this one wrote."""
    return {"yaml": [digest(written)]} | {
        key: [digest(value), *(digest(item) for item in value)] if isinstance(value, list) else [digest(value)]
        for key, value in values.items()
    }


def merge_value(theirs: Value, ours: Value, exported: list[str]) -> Value:
    """Give what a person's value and ours become: theirs where they changed it, but lists are united as sets."""
    if digest(theirs) in exported[:1]:
        return ours
    if isinstance(theirs, list) and isinstance(ours, list):
        kept = [item for item in theirs if item in ours or digest(item) not in exported]
        return kept + [item for item in ours if item not in kept and digest(item) not in exported]
    return theirs


def digest(value: Value) -> str:
    """Give a short digest of a value."""
    return hashlib.blake2b(msgspec.json.encode(value), digest_size=5).hexdigest()


def _aliases(page: PaperPage) -> list[str]:
    """Give the names under which one would look for a paper: its title up to the colon, and its key."""
    short = one_line(page.title).partition(":")[0]
    return [name for name in (short, page.key) if name and name != page.title and not name.startswith("t-")]


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
