"""CSL-JSON (docs.citationstyles.org, specification, appendices III and IV), as Zotero and others write it."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from server.source import Batch, fold
from server.sources.references import Reference, parse_reference

# the rich text that a title may hold
_MARKUP = re.compile(r"</?(?:i|b|sub|sup|sc|span)\b[^<>]*>", re.IGNORECASE)


class _Name(Struct, rename="kebab"):
    family: str = ""
    given: str = ""
    literal: str = ""
    non_dropping_particle: str = ""


class _Date(Struct, rename="kebab"):
    date_parts: list[list[Annotated[int, Meta(ge=0)] | str]] = field(default_factory=list)
    raw: str = ""
    literal: str = ""


class _Words(Struct):
    tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Custom(Struct):
    papermargin: _Words = field(default_factory=_Words)


class _Item(Struct):
    title: str = ""
    author: list[_Name] = field(default_factory=list)
    issued: _Date = field(default_factory=_Date)
    abstract: str = ""
    doi: str = field(default="", name="DOI")
    url: str = field(default="", name="URL")
    number: str | int = ""
    archive_location: str = ""
    publisher: str = ""
    note: str = ""
    keyword: str = ""
    annote: str = ""
    custom: _Custom = field(default_factory=_Custom)


def parse_csl(values: Sequence[Any], *, observed: datetime) -> Batch:
    """Give the papers of a list of CSL items; an item that is broken, or without title and arXiv id, is skipped."""
    batch = Batch(kind="CSL-JSON", papers=[])
    for number, value in enumerate(values, 1):
        try:
            item = msgspec.convert(value, _Item)
        except msgspec.ValidationError as error:
            batch.skipped.append(f"item {number}: {str(error).replace('`', '')}")
            continue
        if paper := parse_reference(_reference(item), observed=observed):
            batch.papers.append(paper)
        else:
            batch.skipped.append(f"item {number} has neither a title nor an arXiv id")
    return batch


def _reference(item: _Item) -> Reference:
    ours = item.custom.papermargin
    return Reference(
        title=_MARKUP.sub("", item.title),
        authors=[_name(author) for author in item.author],
        published=_date(item.issued),
        abstract=_MARKUP.sub("", item.abstract),
        doi=item.doi,
        arxiv_texts=[item.archive_location, item.url, str(item.number), item.publisher, item.note],
        tags=ours.tags or re.split(r"[,;]", item.keyword),
        notes=ours.notes or [item.annote],
    )


def _name(name: _Name) -> str:
    # a comma would be read as "Last, First"
    whole = name.literal or f"{name.given} {name.non_dropping_particle} {name.family}"
    return fold(whole.replace(",", " "))


def _date(issued: _Date) -> str:
    parts = issued.date_parts[0] if issued.date_parts else []
    return "-".join(str(part) for part in parts) or issued.raw or issued.literal
