"""The formats in which papers are exported as one file, by name."""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Literal

from msgspec import Struct

from server.exports.biblatex import render_biblatex
from server.exports.bibtex import render_bibtex
from server.exports.bookmarks import render_bookmarks
from server.exports.csl import render_csl
from server.exports.html import render_html
from server.exports.readwise import render_readwise
from server.exports.ris import render_ris
from server.exports.table import render_csv, render_jsonl
from server.exports.webannotation import render_webannotation
from server.exports.zotero_rdf import render_zotero_rdf
from server.plugins import load_plugins
from server.schema.papers import PaperPage

FormatName = Literal[
    "bibtex", "biblatex", "ris", "csl", "csv", "jsonl", "html", "webannotation", "zotero",
    "readwise", "bookmarks",
]  # fmt: skip


class Format(Struct, frozen=True):
    """An export format: its `label` for people, its renderer, media type and file ending."""

    label: str
    render: Callable[[AsyncIterable[PaperPage]], AsyncIterator[bytes]]
    media_type: str
    ending: str


FORMATS: dict[FormatName, Format] = {
    "bibtex": Format("BibTeX", render_bibtex, "application/x-bibtex", "bib"),
    "biblatex": Format("BibLaTeX", render_biblatex, "application/x-bibtex", "biblatex.bib"),
    "ris": Format("RIS", render_ris, "application/x-research-info-systems", "ris"),
    "csl": Format("CSL-JSON", render_csl, "application/vnd.citationstyles.csl+json", "json"),
    "csv": Format("CSV", render_csv, "text/csv; charset=utf-8", "csv"),
    "jsonl": Format("JSON Lines", render_jsonl, "application/jsonl", "jsonl"),
    "html": Format("HTML", render_html, "text/html; charset=utf-8", "html"),
    "webannotation": Format(
        "Web Annotations",
        render_webannotation,
        'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
        "jsonld",
    ),
    "zotero": Format("Zotero RDF", render_zotero_rdf, "application/rdf+xml", "rdf"),
    "readwise": Format(
        "CSV for Readwise", render_readwise, "text/csv; charset=utf-8", "readwise.csv"
    ),
    "bookmarks": Format(
        "bookmarks", render_bookmarks, "text/html; charset=utf-8", "bookmarks.html"
    ),
}


def load_formats() -> dict[str, Format]:
    """Return all formats: the built-in ones, and those of plugins, which cannot replace them."""
    formats = load_plugins("papermargin.exports", Format)
    formats.update(FORMATS.items())
    return formats
