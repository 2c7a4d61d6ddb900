"""BibTeX and BibLaTeX files, their LaTeX accents and commands read as the characters they stand for."""

import logging
import re
from collections.abc import Iterator
from datetime import datetime

from bibtexparser.entrypoint import parse_string
from bibtexparser.exceptions import BlockAbortedException
from bibtexparser.library import Library
from bibtexparser.middlewares import (
    LatexDecodingMiddleware,
    MergeNameParts,
    RemoveEnclosingMiddleware,
    ResolveStringReferencesMiddleware,
    SeparateCoAuthors,
    SplitNameParts,
)
from bibtexparser.middlewares.middleware import Middleware
from bibtexparser.model import Block, Entry, Field, ParsingFailedBlock

from server.source import Batch, SourcePaper, fold
from server.sources.references import Reference, parse_reference

# BibTeX knows no comments within an entry, but the decoder would drop what follows a bare %
_BARE_PERCENT = re.compile(r"(?<!\\)%")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ID_FIELDS = ("eprint", "url", "doi", "note", "howpublished", "journal", "volume", "number", "publisher")
_NOTE_FIELDS = ("annote", "annotation", "comment", "notes")
_TEXT_FIELDS = ("title", "author", "abstract", "keywords", *_NOTE_FIELDS)
# the parser's own warnings would stand beside the report of an import, which names each entry that was dropped
logging.getLogger("bibtexparser").setLevel(logging.ERROR)


def parse_bibtex(text: str, *, observed: datetime) -> Batch:
    """Give the papers of a BibTeX file; a broken entry, or one without title and arXiv id, is skipped and named."""
    raw = parse_string(_BARE_PERCENT.sub(r"\\%", text), parse_stack=[])
    batch = Batch(kind="BibTeX", papers=[])
    for key, written, decoded in _entries(raw):
        paper = _paper(written, decoded, observed) if isinstance(decoded, Entry) else None
        if paper:
            batch.papers.append(paper)
        else:
            reason = "has neither a title nor an arXiv id" if isinstance(decoded, Entry) else "cannot be decoded"
            batch.skipped.append(f"line {(written.start_line or 0) + 1}: “{key}” {reason}")
    batch.skipped += [_fault(block) for block in raw.failed_blocks if block.ignore_error_block is None]
    return batch


def _entries(raw: Library) -> Iterator[tuple[str, Entry, Block]]:
    """Give each entry's key, the entry as written and with its LaTeX decoded; those that repeat a key or field too."""
    blocks = [block.ignore_error_block if isinstance(block, ParsingFailedBlock) else block for block in raw.blocks]
    entries = [block for block in blocks if isinstance(block, Entry)]
    keys = [fold(entry.key) for entry in entries]
    for number, entry in enumerate(entries):
        entry.key = str(number)  # a library takes each key but once
    written = Library([*raw.strings, *entries])
    written = _apply(written, ResolveStringReferencesMiddleware(), RemoveEnclosingMiddleware())
    decoded = _apply(
        Library([_texts(entry) for entry in written.entries]),
        LatexDecodingMiddleware(),
        SeparateCoAuthors(),
        SplitNameParts(),
        MergeNameParts(style="first"),
    )
    return zip(keys, written.entries, decoded.blocks, strict=True)


def _texts(entry: Entry) -> Entry:
    """Give a copy with the fields that are read as text, for decoding takes most of the time."""
    fields = [Field(field.key, field.value) for field in entry.fields if field.key.lower() in _TEXT_FIELDS]
    return Entry(entry.entry_type, entry.key, fields)


def _apply(library: Library, *steps: Middleware) -> Library:
    for step in steps:
        library = step.transform(library)
    return library


def _paper(written: Entry, decoded: Entry, observed: datetime) -> SourcePaper | None:
    verbatim = {field.key.lower(): str(field.value).replace(r"\%", "%") for field in written.fields}
    texts = {field.key.lower(): field.value for field in decoded.fields}
    authors = texts.get("author", [])
    reference = Reference(
        title=_unaccented(texts.get("title", "")),
        authors=[name for name in authors if name != "others"],
        published=verbatim.get("date") or _month(verbatim),
        abstract=_unaccented(texts.get("abstract", "")),
        doi=verbatim.get("doi", ""),
        arxiv_texts=[verbatim[key] for key in _ID_FIELDS if key in verbatim],
        tags=re.split(r"[,;]", _unaccented(texts.get("keywords", ""))),
        # Zotero repeats the field for each note
        notes=[_unaccented(field.value) for field in decoded.fields if field.key.lower() in _NOTE_FIELDS],
    )
    return parse_reference(reference, observed=observed)


def _unaccented(text: object) -> str:
    # the decoder's \\textasciicircum is an accent without its letter
    return str(text).replace("\u02c6", "^")


def _month(fields: dict[str, str]) -> str:
    """Give "2024-01" of the fields year and month, the latter a number or a name."""
    month = fields.get("month", "").strip().lower()
    number = _MONTHS.index(month[:3]) + 1 if month[:3] in _MONTHS else month
    return f"{fields.get('year', '')}-{number}"


def _fault(block: ParsingFailedBlock) -> str:
    start = fold(block.raw or "")[:60]
    reason = block.error.abort_reason if isinstance(block.error, BlockAbortedException) else str(block.error)
    return f"line {(block.start_line or 0) + 1}: “{start}” cannot be read: {fold(reason)}"
