"""RIS files (https://en.wikipedia.org/wiki/RIS_(file_format)), as reference managers and publishers write them."""

import re
from datetime import datetime
from typing import Any

import rispy

from server.source import Batch, fold
from server.sources.references import Reference, parse_reference

_START = re.compile(r"^(?=TY  -)", re.MULTILINE)
_END = re.compile(r"^ER  -", re.MULTILINE)
_TITLE = re.compile(r"^(?:TI|T1)  - (.*)$", re.MULTILINE)
_DATES = ("date", "year", "publication_year")
_ID_FIELDS = ("urls", "doi", "number", "note", "custom1", "secondary_title", "accession_number")


def parse_ris(text: str, *, observed: datetime) -> Batch:
    """Give the papers of a RIS file; a record without end, or without title and arXiv id, is skipped and named."""
    batch = Batch(kind="RIS", papers=[])
    # one by one, for the parser silently joins a record that lacks its end with the next
    for number, record in enumerate(_START.split(re.sub(r"\r\n?", "\n", text))[1:], 1):
        title = _TITLE.search(record)
        name = f"record {number} (“{fold(title[1])}”)" if title else f"record {number}"
        if not _END.search(record):
            batch.skipped.append(f"{name} is cut off: it has no line ER")
        elif paper := parse_reference(_reference(rispy.loads(record)[0]), observed=observed):
            batch.papers.append(paper)
        else:
            batch.skipped.append(f"{name} has neither a title nor an arXiv id")
    return batch


def _reference(record: dict[str, Any]) -> Reference:
    return Reference(
        title=record.get("title") or record.get("primary_title", ""),
        authors=record.get("authors") or record.get("first_authors", []),
        published=next((record[key] for key in _DATES if key in record), ""),
        abstract=record.get("abstract") or record.get("notes_abstract", ""),
        doi=record.get("doi", ""),
        arxiv_texts=[_as_text(record[key]) for key in _ID_FIELDS if key in record],
        tags=record.get("keywords", []),
        notes=record.get("notes", []),
    )


def _as_text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "\n".join(value)
