"""Recognize the kind of a file by its content, and read its papers."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal
from xml.etree.ElementTree import Element

from msgspec import Struct

from server.errors import SourceError
from server.identifiers import parse_arxiv_id
from server.imports.decoding import decode_json, decode_text
from server.imports.formats.arxiv_feed import read_feed
from server.imports.formats.arxiv_mail import is_arxiv_mail, parse_arxiv_mail
from server.imports.formats.bibtex import parse_bibtex
from server.imports.formats.bookmarks import (
    is_bookmark,
    is_netscape,
    parse_bookmarks,
    parse_netscape,
)
from server.imports.formats.citation_meta import has_citation_tags, parse_citation_page
from server.imports.formats.copied_page import is_capture, parse_capture
from server.imports.formats.csl import parse_csl
from server.imports.formats.endnote_xml import is_endnote_xml, parse_endnote_xml
from server.imports.formats.huggingface_items import parse_items
from server.imports.formats.hypothesis import is_hypothesis, parse_hypothesis
from server.imports.formats.ids import is_id_list, parse_ids
from server.imports.formats.own_pages import is_own_page, parse_own_pages
from server.imports.formats.papermemory import is_papermemory, parse_papermemory
from server.imports.formats.saved_html import parse_page
from server.imports.formats.table import (
    is_row,
    is_table,
    parse_rows,
    parse_table,
    rename_columns,
)
from server.imports.formats.tagged import parse_enw, parse_nbib, parse_ris
from server.imports.formats.webannotation import is_webannotation, parse_webannotation
from server.imports.formats.works import (
    is_crossref,
    is_openalex,
    is_semantic_scholar,
    parse_crossref,
    parse_openalex,
    parse_semantic_scholar,
)
from server.imports.formats.xml import local_name, parse_xml
from server.imports.formats.zotero import is_zotero, parse_zotero
from server.imports.formats.zotero_rdf import is_rdf, parse_zotero_rdf
from server.imports.nesting import check_nesting
from server.imports.plugins import ImportFormat, find_plugin, parse_with_plugin
from server.schema.sources import MAX_AUTHORS, Batch, calendar_day, fold
from server.vault.head import find_head

MAX_COMPLAINTS = 1_000  # about one file

Kind = Literal[
    "papermargin export",
    "Hugging Face",
    "Hugging Face page",
    "saved page",
    "arXiv Atom",
    "arXiv RSS",
    "EndNote XML",
    "Zotero RDF",
    "BibTeX",
    "RIS",
    "EndNote",
    "PubMed",
    "CSL-JSON",
    "Crossref",
    "OpenAlex",
    "Semantic Scholar",
    "Zotero",
    "Hypothesis",
    "PaperMemory",
    "Web Annotations",
    "JSON Lines",
    "bookmarks",
    "bookmarks in JSON",
    "table",
    "table in JSON",
    "arXiv e-mail",
    "vault file",
    "capture",
    "arXiv ids",
]
_XML = re.compile(r"<\?xml|<(?:feed|rss|rdf:RDF|xml|records)\b", re.IGNORECASE)
_HTML = re.compile(r"<!doctype html|<html\b", re.IGNORECASE)
_RIS = re.compile(r"^[ \t]*TY[ \t]{0,3}-", re.MULTILINE | re.IGNORECASE)
_ENW = re.compile(r"^%0 \S", re.MULTILINE)
_NBIB = re.compile(r"^PMID ?- ?\d", re.MULTILINE)
_BIBTEX = re.compile(r"^[ \t]*@\w+[ \t]*[{(]", re.MULTILINE)
_VAULT = re.compile(r"^(?:- )?<!-- papermargin:begin [0-9a-f]{32}\b", re.MULTILINE)
_OWN_HTML = re.compile(r"<title>Papers and notes</title>")
_DAY_IN_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")


_READERS: dict[str, Callable[..., Batch]] = {
    "Hugging Face page": parse_page,
    "saved page": parse_citation_page,
    "arXiv Atom": read_feed,
    "arXiv RSS": read_feed,
    "EndNote XML": parse_endnote_xml,
    "Zotero RDF": parse_zotero_rdf,
    "BibTeX": parse_bibtex,
    "RIS": parse_ris,
    "EndNote": parse_enw,
    "PubMed": parse_nbib,
    "CSL-JSON": parse_csl,
    "Crossref": parse_crossref,
    "OpenAlex": parse_openalex,
    "Semantic Scholar": parse_semantic_scholar,
    "Zotero": parse_zotero,
    "Hypothesis": parse_hypothesis,
    "PaperMemory": parse_papermemory,
    "Web Annotations": parse_webannotation,
    "JSON Lines": parse_own_pages,
    "bookmarks": parse_netscape,
    "bookmarks in JSON": parse_bookmarks,
    "table": parse_table,
    "table in JSON": parse_rows,
    "arXiv e-mail": parse_arxiv_mail,
    "arXiv ids": parse_ids,
}
# what tells a JSON object of a list, the surest first
_ITEMS: list[tuple[Kind, Callable[[dict[str, Any]], bool]]] = [
    ("JSON Lines", is_own_page),
    ("Zotero", is_zotero),
    ("OpenAlex", is_openalex),
    ("Semantic Scholar", is_semantic_scholar),
    ("Crossref", is_crossref),
    ("CSL-JSON", lambda item: "type" in item and "paper" not in item and not is_bookmark(item)),
    (
        "bookmarks in JSON",
        lambda item: is_bookmark(item) and not {"paper", "summary"} & item.keys(),
    ),
    ("CSL-JSON", lambda item: "type" in item and "paper" not in item),
]
# under which answers and exports hold their list
_WRAPPERS = (
    "items", "data", "results", "papers", "works", "references", "records", "bookmarks", "entries",
    "message", "rows", "list",
)  # fmt: skip


class Recognized(Struct, frozen=True):
    """A file's kind and its content, decoded: a JSON value, or the text of every other kind."""

    kind: str
    content: Any
    plugin: ImportFormat | None = None


def is_of_vault(text: str) -> bool:
    """Return whether a text is a file of a vault that we wrote, by its block or its head."""
    head = find_head(text)
    return _VAULT.search(text) is not None or bool(head and head.key)


def recognize(data: bytes, columns: Mapping[str, str] | None = None) -> Recognized:
    """Return a file's kind and content.

    `columns` maps names that a table's columns can have to those that they have. Raises
    SourceError, with the reason, for an unknown kind.
    """
    text = decode_text(data)
    if columns:
        text = rename_columns(text, columns)
    try:
        return _recognize(text)
    except SourceError:
        if plugin := find_plugin(text):
            return Recognized(plugin.name, text, plugin)
        raise


def _recognize(text: str) -> Recognized:
    start = text.lstrip()
    if not start:
        raise SourceError("the file is empty")
    if start[0] in "{[" and not _looks_like_ids(start):
        return _recognize_json(_decode_lines(start) or decode_json(text))
    if start[0] == "<" and not is_of_vault(text) and not _looks_like_ids(start):
        return _recognize_markup(start)
    return Recognized(_text_kind(text, start), text)


def parse(found: Recognized, *, name: str, observed: datetime, year: int) -> Batch:
    """Return the papers of a recognized file.

    `name` is the file's, `year` that of a copied page's dates without one. Raises SourceError if
    nothing in it can be used, and for a JSON archive, which is more than papers.
    """
    if found.plugin:
        batch = parse_with_plugin(found.plugin, found.content, observed=observed)
    elif found.kind == "capture":
        batch = parse_capture(found.content, name=name, observed=observed, year=year)
    elif found.kind == "Hugging Face":
        day = _DAY_IN_NAME.search(name)
        batch = parse_items(
            found.content, observed=observed, day=calendar_day(day[0]) if day else None
        )
    elif reader := _READERS.get(found.kind):
        batch = reader(found.content, observed=observed)
    else:
        raise SourceError(f"a {found.kind} is not a list of papers")
    _drop_crowds(batch)
    if (more := len(batch.skipped) - MAX_COMPLAINTS) > 0:
        batch.skipped[MAX_COMPLAINTS:] = [f"and {more:,} more"]
    if batch.skipped and not batch.papers:
        others = f" (and {len(batch.skipped) - 1} more)" if len(batch.skipped) > 1 else ""
        raise SourceError(f"nothing in it can be used: {batch.skipped[0]}{others}")
    return batch


def _drop_crowds(batch: Batch) -> None:
    """Drop papers with more authors than any has; the largest collaborations have 5,000."""
    for paper in batch.papers:
        if len(paper.authors) > MAX_AUTHORS:
            name = (paper.title or paper.arxiv_id or "")[:80]
            batch.skipped.append(f"“{name}”: more than {MAX_AUTHORS:,} authors, the limit")
    batch.papers = [paper for paper in batch.papers if len(paper.authors) <= MAX_AUTHORS]


def _looks_like_ids(start: str) -> bool:
    """Return whether a text that begins like JSON is a list of ids: "[2401.01234] A title"."""
    is_markup = start[0] == "<" and not start.startswith(("<http", "<arxiv.org"))
    return not is_markup and start[1:2] not in "\"'{[\n]" and is_id_list(start.partition("\n")[0])


def _decode_lines(text: str) -> list[Any]:
    """Return the values of JSON Lines, an empty list for any other text."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 and '"extraction"' not in text[:100_000]:
        return []
    if not all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines):
        return []
    try:
        return [decode_json(line) for line in lines]
    except SourceError:
        return []


def _recognize_json(value: Any) -> Recognized:
    foreign: list[tuple[Kind, Callable[[Any], bool]]] = [
        ("Hypothesis", is_hypothesis),
        ("Web Annotations", is_webannotation),
        ("PaperMemory", is_papermemory),
    ]
    if kind := next((kind for kind, holds in foreign if holds(value)), None):
        return Recognized(kind, value)
    value = _unwrap(value)
    if isinstance(value, list) and value and all(map(_is_plain_text, value)):
        return Recognized("arXiv ids", "\n".join(value))
    return Recognized(_json_kind(value), value)


def _is_plain_text(item: Any) -> bool:
    # the text of an object is reported as that
    return isinstance(item, str) and not item.lstrip().startswith(("{", "["))


def _unwrap(value: Any) -> Any:
    """Return the list within an object that holds one, and a single record as a list of itself."""
    if isinstance(value, list) or "papermargin" in value:
        return value
    if _is_item(value):
        return [value]
    held = next((value[key] for key in _WRAPPERS if _holds_items(value.get(key))), None)
    if held is not None:
        return _unwrap(held)
    return _members(value) or value.get("items", value)


def _members(value: dict[str, Any]) -> list[Any]:
    """Return the records of an object that has them by their ids, as Pocket does."""
    members = list(value.values())
    is_all = all(isinstance(member, dict) and _is_item(member) for member in members)
    return members if is_all else []


def _holds_items(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, dict) and item for item in items)


def _is_item(value: dict[str, Any]) -> bool:
    """Return whether an object is one record and no wrapper of a list."""
    if "paper" in value or ("id" in value and "title" in value):
        return True
    return "items" not in value and any(holds(value) for _, holds in _ITEMS)


def _is_of_hugging_face(item: dict[str, Any]) -> bool:
    return "paper" in item or parse_arxiv_id(str(item.get("id"))) is not None


def _json_kind(value: Any) -> Kind:
    """Return the kind of JSON by its records; a list of anything else is read as Hugging Face's."""
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        kinds = (kind for kind, holds in _ITEMS if any(holds(item) for item in items))
        is_table = any(map(is_row, items)) and not any(map(_is_of_hugging_face, items))
        return next(kinds, "table in JSON" if is_table else "Hugging Face")
    if "papermargin" in value:
        return "papermargin export"
    members = ", ".join(f"“{fold(member)}”" for member in list(value)[:5]) or "nothing in it"
    raise SourceError(f"line 1: expected a list of papers, found an object with {members}")


def _text_kind(text: str, start: str) -> Kind:
    if is_of_vault(text):
        return "vault file"
    tests: list[tuple[Kind, Callable[[str], object]]] = [
        ("capture", is_capture),
        ("RIS", _RIS.search),
        ("EndNote", _ENW.search),
        ("PubMed", _NBIB.search),
        ("BibTeX", _BIBTEX.search),
        ("arXiv e-mail", is_arxiv_mail),
        ("table", is_table),
        ("arXiv ids", is_id_list),
    ]
    kind = next((kind for kind, holds in tests if holds(text)), None)
    if kind is None:
        raise SourceError(
            f"line 1: expected a kind of file that holds papers, found “{fold(start[:200])[:60]}”"
        )
    return kind


def _recognize_markup(start: str) -> Recognized:
    """Recognize XML by its elements, and HTML by what it says of its origin."""
    check_nesting(start)
    if is_netscape(start):
        return Recognized("bookmarks", start)
    if _XML.match(start) and not _HTML.search(start[:2000]):
        root = parse_xml(start)
        return Recognized(_xml_kind(root), root)
    if _OWN_HTML.search(start[:2000]):
        raise SourceError(
            "this is Papermargin's HTML export, which is for reading; "
            "import its JSON archive instead"
        )
    kind: Kind = "saved page" if has_citation_tags(start) else "Hugging Face page"
    return Recognized(kind, start)


def _xml_kind(root: Element) -> Kind:
    if is_rdf(root):
        return "Zotero RDF"
    if is_endnote_xml(root):
        return "EndNote XML"
    return "arXiv Atom" if local_name(root) == "feed" else "arXiv RSS"
