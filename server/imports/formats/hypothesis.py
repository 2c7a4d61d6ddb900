"""Annotations of Hypothesis, as its API (https://h.readthedocs.io/en/latest/api-reference/) or its
client exports them.

A quote's position is one of the page that was annotated, and is left out; the words say where it is
in the abstract.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from server.imports.formats.annotations import Annotation, gather, make_quote
from server.imports.formats.dates import read_moment
from server.imports.formats.fields import Record, read_records
from server.schema.sources import Batch, SourceNote, printable

_PROXY = re.compile(r"https?://via\.hypothes\.is/(?=https?://)")
_ACCOUNT = re.compile(r"acct:(?P<name>[^@]+)@")


def is_hypothesis(value: Any) -> bool:
    """Return whether a JSON value is an answer, an export or a list of annotations."""
    rows = [row for row in _rows(value) if isinstance(row, dict)]
    return bool(rows) and all("uri" in row and "target" in row for row in rows)


def parse_hypothesis(value: Any, *, observed: datetime) -> Batch:
    """Return the papers that were annotated, with tags and notes."""
    dropped: list[str] = []
    rows = list(read_records(_rows(value), "row", dropped))
    batch = gather("Hypothesis", _annotations(rows), observed=observed)
    batch.skipped = dropped + batch.skipped
    return batch


def _rows(value: Any) -> list[Any]:
    held = (value.get("rows") or value.get("annotations")) if isinstance(value, dict) else value
    return held if isinstance(held, list) else []


def _annotations(rows: list[Record]) -> Iterator[Annotation]:
    owner = _find_owner(rows)
    for row in rows:
        targets = row.records("target", bare="source")
        address = row.text("uri") or next((target.text("source") for target in targets), "")
        writer = row.text("user")
        yield Annotation(
            name=row.name,
            address=_PROXY.sub("", address),
            title=next(
                (text for each in row.records("document") for text in each.texts("title")), ""
            ),
            tags=row.texts("tags") if writer in ("", owner) else [],
            note=_note(row, targets, "" if writer in ("", owner) else writer),
        )


def _find_owner(rows: list[Record]) -> str:
    """Return the account that wrote most; the others' annotations are not the user's own."""
    writers = Counter(writer for row in rows if (writer := row.text("user")))
    return writers.most_common(1)[0][0] if writers else ""


def _note(row: Record, targets: list[Record], writer: str) -> SourceNote | None:
    selectors = [selector for target in targets for selector in target.records("selector")]
    quote = make_quote(selectors, placed=False)
    text = printable(row.text("text"))
    if not text.strip() and quote is None:
        return None
    if writer:
        found = _ACCOUNT.match(writer)
        text = f"*{found['name'] if found else writer} wrote on Hypothesis:*\n\n{text}"
    name = row.text("id")
    uuid = uuid5(NAMESPACE_URL, f"https://hypothes.is/a/{name}") if name else None
    written = read_moment(row.text("updated")) or read_moment(row.text("created"))
    return SourceNote(text, quote, uuid, written)
