"""The fields in the head of a paper's file, and the three-way merge of their values."""

import hashlib
import re
from datetime import UTC, datetime

import msgspec
from msgspec.structs import asdict

from server.exports.citation_keys import citation_key
from server.exports.foreign_code import neutralize
from server.exports.reference import read_introduced, written_date
from server.schema.api import StyleName
from server.schema.papers import PaperPage
from server.schema.reading_list import Plan
from server.vault.escape import one_line, quote_address
from server.vault.filename import widen_markup
from server.vault.template import terms_of


class Unreadable(str):
    """A value that is neither text nor a list of texts, as it stands in the file."""


Value = str | None | list[str]
RARE = Plan.__struct_fields__
"""The fields that few papers have: a head has a line for one only if it has a value."""
Exported = dict[str, list[str]]
"""By key, what was exported last: the digest of the whole value, then those of a list's items.

`yaml` has the digest of the whole head as it was written, which shows whether it was edited; `body`
that of the block without the texts of its notes, and `notes` those of the texts.
"""

# https://help.obsidian.md/tags
_WIDE_BRACKETS = str.maketrans("[]", "［］")
_NO_TAG = re.compile(r"\s|[!-,.:-@\[-^`{-~]")


def read_values(page: PaperPage, style: StyleName) -> dict[str, Value]:
    """Return the fields of a paper's head in order; unknown ones are None or an empty list."""
    values: dict[str, Value] = {"paper_key": page.key, "title": page.title}
    if style != "plain":
        values["aliases"] = _aliases(page)
    entry, facts = _read_entry(page, style), page.hugging_face
    return values | {
        "citekey": citation_key(page),
        "authors": page.authors,
        "url": page.url and quote_address(page.url),
        "published": written_date(page) or None,
        "status": entry["status"],
        "rating": entry["rating"],
        "queue": entry["queue"],
        "snoozed_until": entry["snoozed_until"],
        "due": entry["due"],
        "tags": entry["tags"],
        "introduces": read_introduced(page),
        "methods": list(terms_of(page, "METHOD")),
        "datasets": list(terms_of(page, "DATASET")),
        "metrics": list(terms_of(page, "METRIC")),
        "tasks": list(terms_of(page, "TASK")),
        "summary": facts.summary if facts else None,
        "keywords": facts.keywords if facts else [],
        "added": entry["added"],
        "updated": entry["updated"],
    }


def _read_entry(page: PaperPage, style: StyleName) -> dict[str, Value]:
    written = [note.updated for note in page.notes if not note.deleted]
    entry = page.entry
    if entry is None or entry.deleted:
        updated = _utc(max(written, default=None))
        nothing = dict.fromkeys(("rating", *RARE, "added"))
        return {"status": "none", **nothing, "tags": [], "updated": updated}
    return {
        "status": entry.status,
        "rating": _text(entry.rating),
        **{name: _text(value) for name, value in asdict(entry.plan).items()},
        "tags": list(dict.fromkeys(write_tag(tag, style) for tag in entry.tags)),
        "added": _utc(entry.added),
        "updated": _utc(max([entry.updated, *written])),
    }


def write_tag(tag: str, style: StyleName) -> str:
    """Return a tag as a vault has it: Obsidian allows no spaces and no tag of digits alone.

    Brackets become full-width ones, because a link is read as the name of the tag in it.
    """
    if style != "obsidian":
        return tag.translate(_WIDE_BRACKETS)
    written = _NO_TAG.sub("-", widen_markup(tag))
    return written if re.search(r"[^\d/]", written) else f"{written}_"


def neutralize_values(values: dict[str, Value]) -> dict[str, Value]:
    """Return values in which nothing starts code; the user typed almost none of them."""
    return {
        key: [*map(neutralize, value)] if isinstance(value, list) else value and neutralize(value)
        for key, value in values.items()
    }


def digest_values(values: dict[str, Value], written: str) -> Exported:
    """Return the digests of the exported values, which the next export needs for its merge."""
    return {"yaml": [digest(written)]} | {
        key: [digest(value), *(digest(item) for item in value)]
        if isinstance(value, list)
        else [digest(value)]
        for key, value in values.items()
    }


def merge_value(theirs: Value, ours: Value, exported: list[str]) -> Value:
    """Merge the file's value with ours: a changed one stays, and lists are united as sets."""
    if digest(theirs) in exported[:1]:
        return ours
    if isinstance(theirs, list) and isinstance(ours, list):
        # an item of theirs stays unless we exported it and it is gone from ours since
        kept = [item for item in theirs if item in ours or digest(item) not in exported]
        # one of ours comes in unless the user deleted it from what was exported
        return kept + [item for item in ours if item not in kept and digest(item) not in exported]
    return theirs


def digest(value: Value) -> str:
    """Return a short digest of a value."""
    encoded = msgspec.json.encode(str(value) if isinstance(value, Unreadable) else value)
    # short, since it stands in the user's file, and only tells a few values of one field apart
    return hashlib.blake2b(encoded, digest_size=5).hexdigest()


def _aliases(page: PaperPage) -> list[str]:
    """Return other names to find a paper by: its title up to the colon, and its key."""
    short = one_line(page.title).partition(":")[0]
    return [
        name
        for name in (short, page.key)
        if name and name != page.title and not name.startswith("t-")
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
