"""BibTeX and BibLaTeX files, also as JabRef, BibDesk, Mendeley and publishers write them.

Blocks are found by bibtexparser. Values are taken apart here: the parser's own steps drop a whole
entry for one field that cannot be decoded.
"""

import logging
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice, takewhile

from bibtexparser.entrypoint import parse_string
from bibtexparser.exceptions import BlockAbortedException
from bibtexparser.library import Library
from bibtexparser.middlewares.names import split_multiple_persons_names
from bibtexparser.model import Block, Entry, ParsingFailedBlock
from msgspec import Struct

from server.errors import SourceError
from server.imports.formats.bibtex_repair import end_of_value, repair_entry
from server.imports.formats.dates import PartialDate, read_date, read_moment, read_parts
from server.imports.formats.latex import decode_latex, decode_note
from server.imports.formats.names import is_placeholder, read_labelled_name, read_name, split_names
from server.imports.formats.references import Reference, add_reference, read_arxiv_field
from server.schema.citations import Citation, Name
from server.schema.sources import MAX_AUTHORS, Batch, fold

NOTE_FIELDS = ("annote", "annotation", "comment", "notes")
# fields of the paper itself in which an arXiv id may stand behind a mark
_MARKED_FIELDS = (
    "journal", "journaltitle", "booktitle", "howpublished", "volume", "number", "pages", "eid",
    "publisher", "institution", "series",
)  # fmt: skip
_ADDRESS_FIELDS = ("url", "ee", "link", "bdsk-url-1", "bdsk-url-2")
# read here; every other field is kept as it was written
_READ_FIELDS = {
    "title", "author", "abstract", "keywords", "date", "year", "month", "day", "doi", "arxivid",
    "readstatus", "ranking", "rating", "read", "priority", "groups", "mendeley-tags", *NOTE_FIELDS,
}  # fmt: skip
_EPRINT_FIELDS = {"eprint", "archiveprefix", "eprinttype"}
# what other formats have too, so that it is kept as plain text
PLAIN_FIELDS = {
    "journal", "journaltitle", "booktitle", "volume", "number", "issue", "pages", "publisher",
    "url", "editor", "series", "edition", "address", "location", "school", "institution",
    "organization", "isbn", "issn", "language", "note", "howpublished", "chapter", "eid",
    "urldate", "type", "version", "subtitle",
}  # fmt: skip
_ARXIV_ARCHIVES = {"arxiv", "arxiv.org", ""}
_MISSING_COMMA = re.compile(r"\s*(?P<key>[A-Za-z][\w:.-]*)\s*=\s*(?P<value>\S.*)", re.DOTALL)
_MACRO_THEN_FIELD = re.compile(r"(\w+)\s+([A-Za-z][\w:.-]*)\s*=\s*(\S.*)", re.DOTALL)
_KEYWORDS = re.compile(r"[,;\n]")
_DANGLING_AND = re.compile(r"^and\s+|\s+and$")
# the parser's own warnings would stand beside the report of an import, which names each fault
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)


class _Value(Struct, frozen=True):
    """A field's value without its delimiters; `raw` is how it was written."""

    text: str
    raw: str


def parse_bibtex(text: str, *, observed: datetime) -> Batch:
    """Return the papers of a BibTeX file; what cannot be read is named in `skipped`."""
    library = parse_string(text, parse_stack=[])
    batch = Batch(kind="BibTeX", papers=[])
    strings = {string.key.lower(): _strip(string.value) for string in library.strings}
    for entry in _entries(library, text.splitlines(), batch.skipped):
        name = f"line {(entry.start_line or 0) + 1}: “{fold(entry.key)}”"
        fields = _read_fields(entry, strings, name, batch.skipped)
        try:
            reference = _reference(entry, fields)
        except SourceError as error:
            batch.skipped.append(f"{name}: {error}")
            continue
        add_reference(batch, name, reference, observed=observed)
    return batch


def _entries(library: Library, lines: list[str], dropped: list[str]) -> Iterator[Entry]:
    """Yield the entries in order, also those that repeat a key or a field, or are broken."""
    for block in library.blocks:
        found: Block | None = block
        if isinstance(block, ParsingFailedBlock):
            found = block.ignore_error_block
            if found is None:
                found = _repair(block, lines)
                dropped.append(_describe(block, was_read=found is not None))
        if isinstance(found, Entry):
            yield found


def _repair(block: ParsingFailedBlock, lines: list[str]) -> Entry | None:
    """Return what can be read of a broken entry, up to the next line that begins one."""
    line = block.start_line or 0
    rest = takewhile(lambda each: not each.startswith("@"), islice(lines, line + 1, None))
    source = "\n".join([*lines[line : line + 1], *rest])
    start = source.find((block.raw or "").strip().partition("\n")[0])
    return repair_entry(source[max(start, 0) :], line)


def _read_fields(
    entry: Entry, strings: dict[str, str], name: str, dropped: list[str]
) -> dict[str, list[_Value]]:
    """Return the values by lower-case key; Zotero repeats a field for each note."""
    fields: dict[str, list[_Value]] = {}
    for field in entry.fields:
        parts = [(str(field.key), str(field.value))]
        while split := _split_missing_comma(parts[-1][1]):
            first, key, rest = split
            parts[-1:] = [(parts[-1][0], first), (key, rest)]
            dropped.append(f"{name}: a comma is missing before “{key}”; it was read as a field")
        for key, raw in parts:
            value = _Value(_resolve(raw, strings), raw)
            fields.setdefault(key.lower().strip(), []).append(value)
    return fields


def _split_missing_comma(raw: str) -> tuple[str, str, str] | None:
    """Return value, key and value where a comma between two fields is missing."""
    raw = raw.strip()
    end = end_of_value(raw)
    if end is not None and (found := _MISSING_COMMA.fullmatch(raw, end)):
        return raw[:end], found["key"], found["value"]
    if found := _MACRO_THEN_FIELD.fullmatch(raw):
        return found[1], found[2], found[3]
    return None


def _resolve(raw: str, strings: dict[str, str]) -> str:
    """Return the text of a value: braces, quotes, @string names, and pieces joined by `#`."""
    return "".join(strings.get(piece.lower(), _strip(piece)) for piece in _pieces(raw))


def _pieces(raw: str) -> list[str]:
    depth, quoted, start, pieces = 0, False, 0, []
    for found in re.finditer(r'[{}"#]', raw):
        character = found[0]
        depth += {"{": 1, "}": -1}.get(character, 0)
        quoted ^= character == '"' and depth == 0
        if character == "#" and depth == 0 and not quoted:
            pieces.append(raw[start : found.start()])
            start = found.end()
    return [piece.strip() for piece in (*pieces, raw[start:])]


def _strip(text: str) -> str:
    text = text.strip()
    if text[:1] + text[-1:] in ("{}", '""') and end_of_value(text) in (len(text), None):
        return text[1:-1]
    return text


def _reference(entry: Entry, fields: dict[str, list[_Value]]) -> Reference:
    first = {key: values[0].text for key, values in fields.items()}
    return Reference(
        title=decode_latex(first.get("title", "")),
        authors=_read_authors(first.get("author", "")),
        published=_read_published(first),
        abstract=decode_latex(first.get("abstract", "")),
        doi=first.get("doi", ""),
        arxiv_ids=_arxiv_ids(first),
        addresses=_values(first, _ADDRESS_FIELDS),
        marked=_values(first, _MARKED_FIELDS),
        statements=[first.get("note", "")],
        tags=_read_tags(first),
        notes=[decode_note(value.text) for key in fields if _is_note(key) for value in fields[key]],
        status=first.get("readstatus") or ("read" if first.get("read") == "1" else ""),
        rating=first.get("ranking") or first.get("rating", ""),
        added=_read_added(first),
        citation=_citation(entry, fields),
    )


def _is_note(key: str) -> bool:
    """Return whether a field holds a user's note; JabRef has one comment a person."""
    return key in NOTE_FIELDS or key.startswith("comment-")


def _arxiv_ids(fields: dict[str, str]) -> list[str]:
    """Return the ids of the fields that hold one; an eprint of another archive is none."""
    ids = [fields.get("arxivid", ""), fields.get("arxiv", "")]
    if _is_on_arxiv(fields):
        eprint = fields.get("eprint", "")
        ids.append(read_arxiv_field(eprint, fields.get("primaryclass", "")) or "")
    return [text for text in ids if text]


def _is_on_arxiv(fields: dict[str, str]) -> bool:
    archive = fields.get("archiveprefix") or fields.get("eprinttype") or ""
    return fold(archive).casefold() in _ARXIV_ARCHIVES


def _values(fields: dict[str, str], keys: tuple[str, ...]) -> list[str]:
    return [_unescape(fields[key]) for key in keys if key in fields]


def _unescape(text: str) -> str:
    return re.sub(r"\\([%#&_~])", r"\1", text)


def _read_authors(text: str) -> list[Name]:
    whole = _DANGLING_AND.sub("", fold(text))
    if whole.count(" and ") >= MAX_AUTHORS:
        raise SourceError(f"more than {MAX_AUTHORS:,} authors, the limit")
    names = [part for part in split_multiple_persons_names(whole) if part.strip()]
    if len(names) == 1 and not names[0].startswith("{"):
        names = split_names(names[0])
    return [_read_author(name) for name in names if not is_placeholder(name)]


def _read_author(text: str) -> Name:
    text = text.strip()
    if text.startswith("{") and end_of_value(text) == len(text):
        return Name(whole=fold(decode_latex(text[1:-1])), literal=True)
    if name := read_labelled_name(text):
        family, given, suffix = map(decode_latex, (name.family, name.given, name.suffix))
        return Name(family, given, suffix)
    return read_name(decode_latex(text))


def _read_published(fields: dict[str, str]) -> PartialDate | None:
    parts = [fields.get(key, "") for key in ("year", "month", "day")]
    return read_date(fields.get("date", "")) or (read_parts(*parts) if parts[0] else None)


def _read_added(fields: dict[str, str]) -> datetime | None:
    keys = ("date-added", "creationdate", "timestamp")
    moments = (read_moment(fields[key]) for key in keys if key in fields)
    return next((moment for moment in moments if moment), None)


def _read_tags(fields: dict[str, str]) -> list[str]:
    lists = [fields.get(key, "") for key in ("keywords", "mendeley-tags", "groups", "priority")]
    tags = [tag for text in lists for tag in split_keywords(text)]
    return [decode_latex(tag) for tag in tags]


def split_keywords(text: str) -> list[str]:
    """Return the keywords of a list; one in braces may hold a comma."""
    keywords, depth, start = [], 0, 0
    for found in re.finditer(r"[{},;\n]", text):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0 and _KEYWORDS.match(found[0]):
            keywords.append(text[start : found.start()])
            start = found.end()
    return [_strip(keyword) for keyword in (*keywords, text[start:])]


def _citation(entry: Entry, fields: dict[str, list[_Value]]) -> Citation:
    citation = Citation(format="BibTeX", type=entry.entry_type.lower(), key=fold(entry.key))
    first = {key: values[0].text for key, values in fields.items()}
    read = _READ_FIELDS | (_EPRINT_FIELDS if _is_on_arxiv(first) else set())
    for key, values in fields.items():
        if key in PLAIN_FIELDS:
            citation.fields[key] = decode_latex(values[0].text)
        elif key not in read and not _is_note(key):
            citation.verbatim[key] = _delimited(values[0])
    return citation


def _delimited(value: _Value) -> str:
    """Return a value as it can stand in any file, without names of this file's @string."""
    raw = value.raw.strip()
    is_whole = raw.isdigit() or (raw[:1] in ("{", '"') and end_of_value(raw) == len(raw))
    return raw if is_whole else f"{{{value.text}}}"


def _describe(block: ParsingFailedBlock, *, was_read: bool) -> str:
    start = fold(block.raw or "")[:60]
    error = block.error
    reason = error.abort_reason if isinstance(error, BlockAbortedException) else error
    done = "is broken, and was read as far as possible" if was_read else "cannot be read"
    return f"line {(block.start_line or 0) + 1}: “{start}” {done}: {fold(str(reason))}"
