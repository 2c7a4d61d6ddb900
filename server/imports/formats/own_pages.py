"""Papermargin's own JSON Lines export: one paper a line, with the user's notes, tags and status."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from server.identifiers import parse_arxiv_id
from server.imports.formats.dates import read_date, read_moment
from server.imports.formats.fields import Record, normalize_key, read_records
from server.imports.formats.references import read_rating, read_status
from server.papers.hugging_face import clean_facts
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.quote import Quote
from server.schema.reading_list import EntryEdit, Plan
from server.schema.sources import Batch, SourceNote, SourcePaper, fold, printable, web_address


def is_own_page(item: dict[str, Any]) -> bool:
    """Return whether a JSON object is a paper of our own export."""
    return {"key", "title", "extraction", "notes"} <= item.keys()


def parse_own_pages(values: list[Any], *, observed: datetime) -> Batch:
    """Return the papers of an export in JSON Lines."""
    batch = Batch(kind="JSON Lines", papers=[])
    for page in read_records(values, "line", batch.skipped):
        paper = _read(page, observed)
        if paper.title or paper.arxiv_id:
            batch.papers.append(paper)
        else:
            batch.skipped.append(f"{page.name} has neither a title nor an arXiv id")
    return batch


def _read(page: Record, observed: datetime) -> SourcePaper:
    published = read_date(page.text("published"))
    count = page.values.get("authorcount")
    paper = SourcePaper(
        richness="bibliography",
        observed=observed,
        arxiv_id=parse_arxiv_id(page.text("key")),
        title=fold(page.text("title")),
        abstract=fold(page.text("abstract")),
        authors=[fold(name) for name in page.texts("authors")],
        author_count=count if isinstance(count, int) and count >= 0 else None,
        published=published.first if published else None,
        issued=page.text("issued") or None,
        code_url=web_address(page.text("code_url")),
        project_url=web_address(page.text("project_url")),
        doi=page.text("doi") or None,
        organization=page.text("organization") or None,
        categories=page.texts("categories"),
        hugging_face=_read_facts(page),
        notes=[_read_note(note) for note in page.records("notes")],
    )
    for entry in page.records("entry"):
        paper.tags = entry.texts("tags")
        paper.status = read_status(entry.text("status"))
        paper.rating = read_rating(entry.text("rating"))
        paper.plan = _read_plan(entry)
        paper.added = read_moment(entry.text("added"))
    return paper


def _read_plan(entry: Record) -> Plan | None:
    values = {name: entry.values.get(normalize_key(name)) for name in Plan.__struct_fields__}
    try:
        msgspec.convert(values, EntryEdit)  # which says what may be asked for
        plan = msgspec.convert(values, Plan)
    except msgspec.ValidationError:
        entry.drop("queue", "a rank with days as 2026-03-05")
        return None
    return None if plan == Plan() else plan


def _read_facts(page: Record) -> HuggingFaceFacts | None:
    try:
        facts = msgspec.convert(page.values.get("huggingface"), HuggingFaceFacts | None)
        return clean_facts(facts) if facts else None
    except msgspec.ValidationError:
        page.drop("hugging_face", "what Hugging Face tells")
        return None


def _read_note(note: Record) -> SourceNote:
    quotes = [_read_quote(note, quote) for quote in note.records("quote")]
    try:
        uuid = UUID(note.text("id"))
    except ValueError:
        uuid = None
    written = read_moment(note.text("updated"))
    text = "\n".join(note.texts("text"))
    return SourceNote(printable(text), next(iter(quotes), None), uuid, written)


def _read_quote(note: Record, quote: Record) -> Quote | None:
    try:
        return msgspec.convert(quote.values, Quote)
    except msgspec.ValidationError:
        note.drop("quote", "a quote")
        return None
