"""Annotations of Hypothesis: what its API (https://h.readthedocs.io/en/latest/api-reference/) or its client gives.

A quote's position is one of the page that was annotated, and is left out; the words say where it is in the abstract.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec import Struct, field

from server.source import Batch, SourceNote, printable
from server.sources.annotations import Annotation, Selector, gather, make_quote, read_moment


class _Target(Struct):
    source: str = ""
    selector: list[Selector] = field(default_factory=list)


class _Row(Struct):
    id: str = ""
    uri: str = ""
    text: str | None = ""
    tags: list[str] | None = None
    created: str | None = None
    updated: str | None = None
    target: list[_Target] = field(default_factory=list)


def is_hypothesis(value: Any) -> bool:
    """Tell whether a JSON value is an answer, an export or a list of annotations."""
    rows = _rows(value)
    return bool(rows) and all(isinstance(row, dict) and "uri" in row and "target" in row for row in rows)


def parse_hypothesis(value: Any, *, observed: datetime) -> Batch:
    """Give the papers that were annotated, with tags and notes; what cannot be used is skipped and named."""
    faults: list[str] = []
    batch = gather("Hypothesis", _annotations(_rows(value), faults), observed=observed)
    batch.skipped = faults + batch.skipped
    return batch


def _rows(value: Any) -> list[Any]:
    held = (value.get("rows") or value.get("annotations")) if isinstance(value, dict) else value
    return held if isinstance(held, list) else []


def _annotations(rows: list[Any], faults: list[str]) -> Iterator[Annotation]:
    for number, value in enumerate(rows, 1):
        try:
            row = msgspec.convert(value, _Row)
        except msgspec.ValidationError as error:
            faults.append(f"row {number}: {str(error).replace('`', '')}")
            continue
        yield Annotation(
            address=row.uri or next((target.source for target in row.target), ""),
            tags=row.tags or [],
            note=_note(row),
        )


def _note(row: _Row) -> SourceNote | None:
    quote = make_quote([selector for target in row.target for selector in target.selector], placed=False)
    text = printable(row.text or "")
    if not text.strip() and quote is None:
        return None
    uuid = uuid5(NAMESPACE_URL, f"https://hypothes.is/a/{row.id}") if row.id else None
    return SourceNote(text, quote, uuid, read_moment(row.updated) or read_moment(row.created))
