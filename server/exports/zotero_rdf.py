"""Render papers as Zotero's RDF, with notes, tags and dates of adding.

Zotero publishes no specification; its translator is the reference:
https://github.com/zotero/translators/blob/master/Zotero%20RDF.js
"""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from io import StringIO
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from server.exports.html import render_note
from server.exports.reference import (
    address,
    cited_names,
    read_notes,
    read_tags,
    split_name,
    written_date,
)
from server.identifiers import parse_arxiv_id
from server.schema.papers import PaperPage
from server.schema.reading_list import NoteState
from server.schema.sources import fold, printable

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:z="http://www.zotero.org/namespaces/export#"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:bib="http://purl.org/net/biblio#"
 xmlns:foaf="http://xmlns.com/foaf/0.1/"
 xmlns:prism="http://prismstandard.org/namespaces/1.2/basic/">
"""
# BibTeX's entry types, as elements and as item types of Zotero
_TYPES = {
    "article": ("bib:Article", "journalArticle"),
    "inproceedings": ("bib:Article", "conferencePaper"),
    "book": ("bib:Book", "book"),
    "incollection": ("bib:BookSection", "bookSection"),
    "phdthesis": ("bib:Thesis", "thesis"),
    "techreport": ("bib:Report", "report"),
}
_PREPRINT = ("bib:Article", "preprint")
# https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Writer:
    """Writes elements with a text, or with others in them."""

    def __init__(self) -> None:
        self._file = StringIO()
        self._xml = XMLGenerator(self._file, "utf-8", short_empty_elements=True)

    def text(self, path: str, text: str) -> None:
        """Write elements in one another, named with slashes, around a text; none for no text."""
        if not text:
            return
        names = path.split("/")
        for name in names:
            self._xml.startElement(name, AttributesImpl({}))
        self._xml.characters(_NO_XML.sub("", text))
        for name in reversed(names):
            self._xml.endElement(name)

    def begin(self, name: str, **attributes: str) -> None:
        """Begin an element; an attribute `rdf_about` is `rdf:about`."""
        plain = {key.replace("_", ":"): _NO_XML.sub("", text) for key, text in attributes.items()}
        self._xml.startElement(name, AttributesImpl(plain))

    def end(self, name: str) -> None:
        """End an element."""
        self._xml.endElement(name)
        self._file.write("\n")

    def take(self) -> bytes:
        """Return what was written."""
        return self._file.getvalue().encode()


async def render_zotero_rdf(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield one item per paper, and a memo in HTML for each of its notes."""
    yield _HEAD.encode()
    async for page in pages:
        writer = _Writer()
        _write_item(writer, page)
        for note in read_notes(page):
            _write_memo(writer, note)
        yield writer.take()
    yield b"</rdf:RDF>\n"


def _write_item(writer: _Writer, page: PaperPage) -> None:
    element, item_type = _type_of(page)
    writer.begin(element, rdf_about=address(page.url) or f"#item_{page.key}")
    writer.text("z:itemType", item_type)
    _write_authors(writer, page)
    _write_venue(writer, page)
    for note in read_notes(page):
        writer.begin("dcterms:isReferencedBy", rdf_resource=_name(note))
        writer.end("dcterms:isReferencedBy")
    for tag in read_tags(page):
        writer.text("dc:subject", tag)
    for name, text in _fields(page):
        writer.text(name, fold(text))
    writer.end(element)


def _type_of(page: PaperPage) -> tuple[str, str]:
    return _TYPES.get(page.citation.type if page.citation else "", _PREPRINT)


def _write_authors(writer: _Writer, page: PaperPage) -> None:
    if not page.authors:
        return
    names = cited_names(page)
    writer.begin("bib:authors")
    writer.begin("rdf:Seq")
    for author in map(fold, page.authors):
        writer.begin("rdf:li")
        writer.begin("foaf:Person")
        name = names.get(author)
        if name and name.literal:
            writer.text("foaf:surname", name.whole)
        else:
            parts = split_name(author)
            family = name.family if name and name.family else " ".join([*parts.von, *parts.last])
            given = name.given if name and name.family else " ".join(parts.first)
            writer.text("foaf:surname", family)
            writer.text("foaf:givenName", given)
        writer.end("foaf:Person")
        writer.end("rdf:li")
    writer.end("rdf:Seq")
    writer.end("bib:authors")


def _write_venue(writer: _Writer, page: PaperPage) -> None:
    fields = page.citation.fields if page.citation else {}
    venue = next((fields[name] for name in ("journal", "booktitle") if name in fields), "")
    if not venue:
        return
    writer.begin("dcterms:isPartOf")
    writer.begin("bib:Journal")
    writer.text("dc:title", fold(venue))
    writer.text("prism:volume", fields.get("volume", ""))
    writer.text("prism:number", fields.get("number", ""))
    writer.end("bib:Journal")
    writer.end("dcterms:isPartOf")


def _fields(page: PaperPage) -> Iterator[tuple[str, str]]:
    cited = page.citation.fields if page.citation else {}
    arxiv_id = parse_arxiv_id(page.key)
    yield "dc:title", page.title
    yield "dcterms:abstract", page.abstract
    yield "dc:date", written_date(page)
    yield "dc:identifier", f"DOI {page.doi}" if page.doi else ""
    yield "dc:identifier/dcterms:URI/rdf:value", address(page.url) or ""
    yield "bib:pages", cited.get("pages", "")
    yield "dc:publisher/foaf:Organization/foaf:name", cited.get("publisher", "")
    yield "dc:description", f"arXiv:{arxiv_id}" if arxiv_id else ""
    yield "z:citationKey", page.citation.key if page.citation else ""
    yield "dcterms:dateSubmitted", page.entry.added.isoformat() if page.entry else ""


def _write_memo(writer: _Writer, note: NoteState) -> None:
    """Write a note as HTML, as Zotero's notes are, with its quote above it."""
    quote = f"> {fold(note.quote.exact)}\n\n" if note.quote else ""
    writer.begin("bib:Memo", rdf_about=_name(note))
    writer.text("rdf:value", str(render_note(printable(f"{quote}{note.text}"))))
    writer.end("bib:Memo")


def _name(note: NoteState) -> str:
    return f"#note_{note.id}"
