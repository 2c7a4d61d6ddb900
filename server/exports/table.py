"""Render papers as a table: CSV for spreadsheets, JSON Lines for programs."""

import csv
import re
from collections.abc import AsyncIterable, AsyncIterator
from datetime import date, datetime
from io import StringIO

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from nlp.spans import Label, Result
from server.exports.reference import read_introduced, read_tags, write_notes, written_date
from server.schema.papers import PaperPage
from server.schema.reading_list import Status
from server.schema.sources import printable

# https://owasp.org/www-community/attacks/CSV_Injection: how the cells start that a spreadsheet
# takes for formulas
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


class Row(Struct, kw_only=True):
    """One paper as a row; lists are joined by "; ", notes by a blank line.

    `stars`, `summary` and `keywords` are what Hugging Face tells.
    """

    key: str
    title: str
    authors: str
    published: str
    url: str | None
    code_url: str | None
    project_url: str | None
    doi: str | None
    organization: str | None
    categories: str
    upvotes: int | None
    comments: int | None
    stars: int | None
    status: Status
    rating: int | None
    tags: str
    queue: float | None
    snoozed_until: date | None
    due: date | None
    added: datetime | None
    updated: datetime | None
    introduces: str
    methods: str
    datasets: str
    metrics: str
    tasks: str
    results: str
    notes: str
    summary: str
    keywords: str
    abstract: str


async def render_csv(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield a header and one row per paper (RFC 4180, UTF-8 with a byte order mark).

    What a spreadsheet would take for a formula gets an apostrophe before it.
    """
    yield b"\xef\xbb\xbf" + write_row(Row.__struct_fields__)
    async for page in pages:
        yield write_row(tuple(map(write_cell, astuple(_row(page)))))


async def render_jsonl(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield one line of JSON per paper, with all that `GET /api/v1/papers/{key}` answers."""
    async for page in pages:
        yield msgspec.json.encode(page) + b"\n"


def _row(page: PaperPage) -> Row:
    entry = page.entry if page.entry and not page.entry.deleted else None
    facts = page.hugging_face
    return Row(
        key=page.key,
        title=page.title,
        authors="; ".join(page.authors),
        published=written_date(page),
        url=page.url,
        code_url=page.code_url,
        project_url=page.project_url,
        doi=page.doi,
        organization=page.organization,
        categories="; ".join(page.categories),
        upvotes=page.upvotes,
        comments=page.comments,
        stars=facts.stars if facts else None,
        status=entry.status if entry else "none",
        rating=entry.rating if entry else None,
        tags="; ".join(read_tags(page)),
        queue=entry.queue if entry else None,
        snoozed_until=entry.snoozed_until if entry else None,
        due=entry.due if entry else None,
        added=entry.added if entry else None,
        updated=entry.updated if entry else None,
        introduces="; ".join(read_introduced(page)),
        methods=_join_terms(page, "METHOD"),
        datasets=_join_terms(page, "DATASET"),
        metrics=_join_terms(page, "METRIC"),
        tasks=_join_terms(page, "TASK"),
        results="; ".join(_write_result(result) for result in page.results if result.is_shown),
        notes="\n\n".join(write_notes(page)),
        summary=(facts and facts.summary) or "",
        keywords="; ".join(facts.keywords if facts else []),
        abstract=page.abstract,
    )


def _write_result(result: Result) -> str:
    parts = (result.method, result.dataset, result.metric, result.value)
    return " ".join(part for part in parts if part)


def _join_terms(page: PaperPage, label: Label) -> str:
    return "; ".join(chip.name for chip in page.terms if chip.label == label)


def write_row(cells: tuple[str, ...]) -> bytes:
    """Return a row of CSV."""
    row = StringIO(newline="")
    csv.writer(row).writerow(cells)
    return row.getvalue().encode()


def write_cell(value: object) -> str:
    """Return a cell's text, guarded where a spreadsheet would take it for a formula."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(value)
    text = value.isoformat() if isinstance(value, date) else printable(str(value))
    return f"'{text}" if _FORMULA.match(text) else text
