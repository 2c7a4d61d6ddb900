"""Papers as a table: CSV for spreadsheets, JSON Lines for programs. Pure."""

import csv
import re
from collections.abc import AsyncIterable, AsyncIterator
from datetime import date, datetime
from io import StringIO

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from nlp.spans import Label
from server.export.reference import read_tags, write_notes
from server.source import printable
from server.wire import PaperPage, Status

# https://owasp.org/www-community/attacks/CSV_Injection: how the cells start that a spreadsheet takes for formulas
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


class Row(Struct, kw_only=True):
    """A paper as a row: the columns in their order; lists are joined by "; ", notes by a blank line."""

    key: str
    title: str
    authors: str
    published: date | None
    url: str | None
    code_url: str | None
    project_url: str | None
    doi: str | None
    organization: str | None
    categories: str
    upvotes: int | None
    status: Status
    rating: int | None
    tags: str
    added: datetime | None
    updated: datetime | None
    methods: str
    datasets: str
    metrics: str
    tasks: str
    results: str
    notes: str
    abstract: str


async def render_csv(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Give a row a paper (RFC 4180, in UTF-8 with the mark by which spreadsheets know it), the columns' names above.

    What a spreadsheet would take for a formula has an apostrophe before it.
    """
    yield b"\xef\xbb\xbf" + _write_row(Row.__struct_fields__)
    async for page in pages:
        yield _write_row(tuple(map(_write_cell, astuple(_row(page)))))


async def render_jsonl(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Give a line of JSON a paper: everything that `GET /api/v1/papers/{key}` tells."""
    async for page in pages:
        yield msgspec.json.encode(page) + b"\n"


def _row(page: PaperPage) -> Row:
    entry = page.entry if page.entry and not page.entry.deleted else None
    return Row(
        key=page.key,
        title=page.title,
        authors="; ".join(page.authors),
        published=page.published,
        url=page.url,
        code_url=page.code_url,
        project_url=page.project_url,
        doi=page.doi,
        organization=page.organization,
        categories="; ".join(page.categories),
        upvotes=page.upvotes,
        status=entry.status if entry else "none",
        rating=entry.rating if entry else None,
        tags="; ".join(read_tags(page)),
        added=entry.added if entry else None,
        updated=entry.updated if entry else None,
        methods=_join_terms(page, "METHOD"),
        datasets=_join_terms(page, "DATASET"),
        metrics=_join_terms(page, "METRIC"),
        tasks=_join_terms(page, "TASK"),
        results="; ".join(
            " ".join(part for part in (result.method, result.dataset, result.metric, result.value) if part)
            for result in page.results
        ),
        notes="\n\n".join(write_notes(page)),
        abstract=page.abstract,
    )


def _join_terms(page: PaperPage, label: Label) -> str:
    return "; ".join(chip.name for chip in page.terms if chip.label == label)


def _write_row(cells: tuple[str, ...]) -> bytes:
    row = StringIO(newline="")
    csv.writer(row).writerow(cells)
    return row.getvalue().encode()


def _write_cell(value: object) -> str:
    text = "" if value is None else value.isoformat() if isinstance(value, date) else printable(str(value))
    return f"'{text}" if _FORMULA.match(text) else text
