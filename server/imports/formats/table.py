"""Tables (CSV, TSV) with named columns: our own export, Zotero, Pocket, Raindrop, Readwise, …"""

import csv
import re
from datetime import datetime
from io import StringIO

from server.imports.formats.dates import read_date, read_moment
from server.imports.formats.fields import Record, normalize_key
from server.imports.formats.names import read_name, split_names
from server.imports.formats.references import (
    Reference,
    clean_title,
    parse_reference,
)
from server.schema.citations import Citation, Name
from server.schema.sources import Batch, SourcePaper, fold, printable

_TITLES = ("title", "name", "article title", "document title", "paper", "paper title", "book title")
_ADDRESSES = (
    "url",
    "link",
    "href",
    "address",
    "arxiv",
    "arxiv url",
    "paper url",
    "pdf",
    "abs",
    "uri",
)
_IDS = ("arxiv id", "arxiv", "key", "id", "paper id", "eprint", "identifier")
_TAGS = (
    "tags",
    "manual tags",
    "labels",
    "keywords",
    "author keywords",
    "document tags",
    "folder",
    "tag",
)
_NOTES = ("notes", "note", "comment", "comments", "my notes", "annotation", "selection")
_FIELDS = {
    "publication title": "journal", "source title": "journal", "journal": "journal",
    "venue": "journal",
    "volume": "volume", "issue": "number", "pages": "pages", "publisher": "publisher",
    "isbn": "isbn", "issn": "issn", "url": "url",
}  # fmt: skip
_TYPES = {"journalarticle": "article", "conferencepaper": "inproceedings", "preprint": "misc"}
# our export puts an apostrophe before what a spreadsheet takes for a formula
_GUARDED = re.compile(r"'(?=\s*[=+\-@＝＋－＠]|[\t\r\n])")
_HIGHLIGHTS = ({"highlight", "booktitle"}, {"highlight", "title", "location"})


def is_table(text: str) -> bool:
    """Return whether a text is a table whose columns name what papers have."""
    header = _header(text)
    known = {normalize_key(name) for name in (*_TITLES, *_ADDRESSES, *_IDS, "doi", "highlight")}
    return len(header) > 1 and bool(known & set(header))


def parse_table(text: str, *, observed: datetime) -> Batch:
    """Return the papers of a table; a row with neither a title nor an arXiv id is skipped."""
    batch = Batch(kind="table", papers=[])
    header = set(_header(text))
    papers: dict[str, SourcePaper] = {}
    for number, row in enumerate(_rows(text), 2):
        record = Record(
            {name: _unguard(value) for name, value in row.items()}, f"row {number}", batch.skipped
        )
        is_readwise = any(header >= columns for columns in _HIGHLIGHTS)
        read = _read_readwise if is_readwise else _read_row
        paper = parse_reference(read(record), observed=observed)
        if paper is None:
            batch.skipped.append(f"row {number} has neither a title nor an arXiv id")
            continue
        # one row per highlight: all of a paper's belong together
        known = papers.setdefault(paper.arxiv_id or paper.title, paper)
        if known is paper:
            batch.papers.append(paper)
        else:
            known.notes += paper.notes
            known.tags = list(dict.fromkeys([*known.tags, *paper.tags]))
    return batch


def _header(text: str) -> list[str]:
    # no header is longer, and the csv module raises at a field of 128 KiB
    line = next(iter(text[:100_000].lstrip("\ufeff").splitlines()), "")
    return [
        normalize_key(name) for name in next(csv.reader([line], delimiter=_delimiter(line)), [])
    ]


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _rows(text: str) -> list[dict[str, str]]:
    text = text.lstrip("\ufeff")
    delimiter = _delimiter(next(iter(text.splitlines()), ""))
    csv.field_size_limit(1 << 24)
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter, restval="")
    try:
        rows = list(reader)
    except csv.Error:  # a NUL, or a quote that never ends
        rows = []
    return [{key: value for key, value in row.items() if isinstance(value, str)} for row in rows]


def _unguard(value: str) -> str:
    return (
        printable(_GUARDED.sub("", value, count=1)) if _GUARDED.match(value) else printable(value)
    )


def _read_row(row: Record) -> Reference:
    addresses = row.texts(*_ADDRESSES)
    return Reference(
        title=clean_title(row.text(*_TITLES)),
        authors=_read_authors(row),
        published=read_date(row.text("date", "published", "publication date"))
        or read_date(row.text("year", "publication year")),
        abstract=row.text("abstract", "abstract note"),
        doi=row.text("doi"),
        arxiv_ids=row.texts(*_IDS),
        addresses=addresses,
        marked=row.texts("publication title", "extra", "archive location"),
        tags=[tag for text in row.texts(*_TAGS) for tag in _split_tags(text)],
        notes=row.texts(*_NOTES),
        status="unread" if row.is_true("to read", "unread") else row.text("status", "read status"),
        rating=row.text("rating", "my rating", "stars"),
        added=_read_added(row),
        citation=_citation(row),
    )


def _read_added(row: Record) -> datetime | None:
    return read_moment(
        row.text("added", "date added", "time added", "created", "saved", "timestamp")
    )


def _read_authors(row: Record) -> list[Name]:
    return [read_name(name) for name in split_names(row.text("authors", "author", "creators"))]


def _split_tags(text: str) -> list[str]:
    """Return tags separated by the strongest separator that a cell has."""
    separator = next((sign for sign in "|;,\n" if sign in text), None)
    return text.split(separator) if separator else [text]


def _read_readwise(row: Record) -> Reference:
    """Return a highlight of Readwise (https://readwise.io/export) as a note on its document.

    Its own export and the CSV that it imports name some columns otherwise.
    """
    quoted, note = row.text("highlight").strip(), row.text("note").strip()
    lines = "\n".join(f"> {line}" for line in quoted.splitlines())
    author = row.text("book author", "author")
    return Reference(
        title=clean_title(row.text("book title", "title")),
        authors=[]
        if "." in author and " " not in author
        else [read_name(n) for n in split_names(author)],
        addresses=row.texts("url", "source url", "document url"),
        tags=[tag for text in row.texts("tags", "document tags") for tag in _split_tags(text)],
        notes=["\n\n".join(part for part in (lines, note) if part)],
        added=read_moment(row.text("highlighted at", "date")),
    )


def _citation(row: Record) -> Citation:
    written = normalize_key(row.text("item type", "document type", "type"))
    citation = Citation(format="table", type=_TYPES.get(written, ""))
    citation.key = row.text("citation key", "citekey")
    for column, name in _FIELDS.items():
        if value := fold(row.text(column)):
            citation.fields.setdefault(name, value)
    return citation
