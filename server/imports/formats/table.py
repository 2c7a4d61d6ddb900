"""Tables with named columns: our own export, Zotero, Pocket, Raindrop, Readwise, …

They are CSV, TSV, or JSON objects with the same names.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from io import StringIO
from typing import Any

from server.errors import Invalid, SourceError
from server.imports.formats.bookmarks import read_highlights
from server.imports.formats.csl import read_csl_names
from server.imports.formats.dates import read_date, read_moment
from server.imports.formats.fields import Record, normalize_key, read_records
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
    "source url",
)
_IDS = ("arxiv id", "arxiv", "key", "id", "paper id", "eprint", "identifier")
_TAGS = (
    "tags",
    "manual tags",
    "labels",
    "keywords",
    "author keywords",
    "document tags",
    "tag",
)
# folders that a program has by itself say nothing
_NO_FOLDERS = {"unsorted", "unread", "inbox"}
_NOTES = (
    "notes",
    "note",
    "comment",
    "comments",
    "my notes",
    "annotation",
    "selection",
)
_AUTHORS = ("author full names", "authors", "author", "creators")
_FIELDS = {
    "publication title": "journal", "source title": "journal", "journal": "journal",
    "venue": "journal",
    "volume": "volume", "issue": "number", "pages": "pages", "publisher": "publisher",
    "isbn": "isbn", "issn": "issn", "url": "url",
}  # fmt: skip
_TYPES = {"journalarticle": "article", "conferencepaper": "inproceedings", "preprint": "misc"}
# our export puts an apostrophe before what a spreadsheet takes for a formula
_GUARDED = re.compile(r"'(?=\s*[=+\-@＝＋－＠]|[\t\r\n])")
# Scopus puts its number of an author behind the name
_AUTHOR_NUMBER = re.compile(r"\s*\(\d+\)(?=\s*(?:;|$))")
_LISTED = re.compile(r"\[(?P<items>.*)\]", re.DOTALL)
_HIGHLIGHTS = ({"highlight", "booktitle"}, {"highlight", "title", "location"})


COLUMNS = (
    *("title", "authors", "abstract", "doi", "arxiv", "url", "date", "year", "tags", "notes"),
    *("status", "rating", "added", "journal", "volume", "pages", "publisher", "citation key"),
)
"""Names under which columns of other names can be read."""
_NO_HEADER = re.compile(r"\s*[@<{\[%]|TY\b|---")
_KNOWN = {normalize_key(name) for name in (*_TITLES, *_ADDRESSES, *_IDS, "doi", "highlight")}


def is_table(text: str) -> bool:
    """Return whether a text is a table whose columns name what papers have."""
    header = _header(text)
    return len(header) > 1 and bool(_KNOWN & set(header))


def read_columns(pairs: Iterable[str]) -> dict[str, str]:
    """Return the columns of a table by our names for them, of pairs like "title=Titel".

    Raises `Invalid` for a pair that is none, and for a name that Papermargin does not know.
    """
    columns = {}
    for pair in pairs:
        name, _, column = map(str.strip, pair.partition("="))
        if name.casefold() not in COLUMNS or not column:
            raise Invalid(
                f"“{pair}” names no column: write NAME=COLUMN, with a name of {', '.join(COLUMNS)}"
            )
        columns[name.casefold()] = column
    return columns


def rename_columns(text: str, columns: Mapping[str, str]) -> str:
    """Return a table with the names that Papermargin knows, by the names that its columns have.

    A text that is no table stays. Raises `SourceError` for a column that the table does not have.
    """
    line, end, rest = text.lstrip("\ufeff").partition("\n")
    header = next(csv.reader([line], delimiter=_delimiter(line)), [])
    if len(header) < 2 or _NO_HEADER.match(line):
        return text
    known = {normalize_key(column): name for name, column in columns.items()}
    renamed = [known.pop(normalize_key(column), column) for column in header]
    if known:
        missing = next(column for name, column in columns.items() if name in known.values())
        raise SourceError(f"it has no column “{missing}”, but {_list_columns(header)}")
    out = StringIO()
    csv.writer(out, delimiter=_delimiter(line), lineterminator="").writerow(renamed)
    return f"{out.getvalue()}{end}{rest}"


def _list_columns(header: Iterable[str]) -> str:
    return ", ".join(f"“{fold(column)[:40]}”" for column in [*header][:20])


def is_row(item: dict[str, Any]) -> bool:
    """Return whether a JSON object names what papers have."""
    return bool(_KNOWN & set(map(normalize_key, item)))


def parse_table(text: str, *, observed: datetime) -> Batch:
    """Return the papers of a table; a row with neither a title nor an arXiv id is skipped."""
    batch = Batch(kind="table", papers=[])
    header = set(_header(text))
    if header.isdisjoint(map(normalize_key, (*_TITLES, "highlight"))):
        batch.skipped.append(_describe_untitled(text))
    is_readwise = any(header >= columns for columns in _HIGHLIGHTS)
    rows = (
        Record(
            {name: _unguard(value) for name, value in row.items()}, f"row {number}", batch.skipped
        )
        for number, row in enumerate(_rows(text), 2)
    )
    return _gather(batch, rows, _read_readwise if is_readwise else _read_row, observed)


def _describe_untitled(text: str) -> str:
    line = next(iter(text.lstrip("\ufeff").splitlines()), "")
    columns = _list_columns(next(csv.reader([line], delimiter=_delimiter(line)), []))
    return f"no column is known to have titles; name it as in --column title=… ({columns})"


def parse_rows(values: list[Any], *, observed: datetime) -> Batch:
    """Return the papers of JSON objects that have the names of a table's columns."""
    batch = Batch(kind="table", papers=[])
    return _gather(batch, read_records(values, "item", batch.skipped), _read_row, observed)


def _gather(
    batch: Batch,
    rows: Iterable[Record],
    read: Callable[[Record], Reference],
    observed: datetime,
) -> Batch:
    papers: dict[str, SourcePaper] = {}
    for record in rows:
        paper = parse_reference(read(record), observed=observed)
        if paper is None:
            batch.skipped.append(f"{record.name} has neither a title nor an arXiv id")
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
        tags=_read_tags(row),
        notes=[*row.texts(*_NOTES), *_read_highlights(row)],
        status="unread" if row.is_true("to read", "unread") else row.text("status", "read status"),
        rating=row.text("rating", "my rating", "stars"),
        added=_read_added(row),
        citation=_citation(row),
    )


def _read_added(row: Record) -> datetime | None:
    return read_moment(
        row.text(
            *("added", "date added", "time added", "created", "created at", "saved", "saved at"),
            *("saved date", "timestamp"),
        )
    )


def _read_authors(row: Record) -> list[Name]:
    key = next((key for key in _AUTHORS if row.values.get(normalize_key(key))), "")
    if isinstance(row.values.get(normalize_key(key)), str):
        written = _AUTHOR_NUMBER.sub("", row.text(key))
        return [read_name(name) for name in split_names(written)]
    return read_csl_names(row, key) if key else []


def _read_highlights(row: Record) -> list[str]:
    """Return the passages that were marked; a CSV has them in one text."""
    written = row.values.get("highlights")
    return [written] if isinstance(written, str) else [*read_highlights(row)]


def _read_tags(row: Record) -> list[str]:
    names = (tag.text("name", "tag", "title") for tag in row.records(*_TAGS, bare="name"))
    folder = row.text("folder")
    folders = [] if fold(folder).casefold() in _NO_FOLDERS else [folder]
    return [tag for name in names for tag in _split_tags(name)] + folders


def _split_tags(text: str) -> list[str]:
    """Return tags separated by the strongest separator that a cell has."""
    if listed := _LISTED.fullmatch(text.strip()):
        # a list as a programming language writes it
        return [tag.strip(" \t\n\"'") for tag in listed["items"].split(",")]
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


def _pages(row: Record) -> str:
    first, last = row.text("page start", "start page"), row.text("page end", "end page")
    return "--".join(page for page in (first, last) if page)


def _citation(row: Record) -> Citation:
    written = normalize_key(row.text("item type", "document type", "type"))
    citation = Citation(format="table", type=_TYPES.get(written, ""))
    citation.key = row.text("citation key", "citekey")
    for column, name in _FIELDS.items():
        if value := fold(row.text(column)):
            citation.fields.setdefault(name, value)
    if pages := _pages(row):
        citation.fields.setdefault("pages", pages)
    return citation
