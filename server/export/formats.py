"""The ways out that give a person's papers as one file: by name, what writes it and what kind of file it is."""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Literal

from msgspec import Struct

from server.export.bibtex import render_bibtex
from server.export.csl import render_csl
from server.export.html import render_html
from server.export.ris import render_ris
from server.export.table import render_csv, render_jsonl
from server.export.webannotation import render_webannotation
from server.wire import PaperPage

FormatName = Literal["bibtex", "ris", "csl", "csv", "jsonl", "html", "webannotation"]


class Format(Struct, frozen=True):
    """A format: `label` is what people call it, `render` gives the file in pieces, `ending` is that of its name."""

    label: str
    render: Callable[[AsyncIterable[PaperPage]], AsyncIterator[bytes]]
    media_type: str
    ending: str


FORMATS: dict[FormatName, Format] = {
    "bibtex": Format("BibTeX", render_bibtex, "application/x-bibtex", "bib"),
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
}
