"""Saved pages of single papers by the `citation_*` tags that arXiv and publishers put into them.

https://scholar.google.com/intl/en/scholar/inclusion.html#indexing
"""

import re
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from server.errors import SourceError
from server.identifiers import parse_arxiv_version
from server.imports.formats.dates import read_date
from server.imports.formats.names import read_name
from server.imports.formats.references import Reference, parse_reference, plain_text
from server.schema.citations import Citation
from server.schema.sources import Batch, fold

_TITLE = re.compile(r"""<meta[^>]+name=["']?citation_title\b""", re.IGNORECASE)
_FIELDS = {
    "journal_title": "journal", "conference_title": "booktitle", "volume": "volume",
    "issue": "number", "publisher": "publisher", "issn": "issn", "isbn": "isbn",
}  # fmt: skip


def has_citation_tags(html: str) -> bool:
    """Return whether a page names its paper in `citation_*` tags."""
    return _TITLE.search(html) is not None


def parse_citation_page(html: str, *, observed: datetime) -> Batch:
    """Return the paper of a page. Raises SourceError for a page whose tags name no paper."""
    tree = LexborHTMLParser(html)
    tags: dict[str, list[str]] = {}
    for node in tree.css("meta[name][content]"):
        name = (node.attributes["name"] or "").casefold().removeprefix("citation_")
        tags.setdefault(name, []).append(node.attributes["content"] or "")
    link = tree.css_first("link[rel=canonical][href]")
    reference = Reference(
        title=_first(tags, "title"),
        authors=[read_name(name) for name in tags.get("author", [])],
        published=read_date(_first(tags, "date", "publication_date", "online_date", "year")),
        abstract=plain_text(_first(tags, "abstract", "dcterms.abstract", "dc.description")),
        doi=_first(tags, "doi"),
        arxiv_ids=tags.get("arxiv_id", []),
        addresses=[link.attributes["href"] or ""] if link else [],
        citation=_citation(tags),
    )
    paper = parse_reference(reference, observed=observed)
    if paper is None:
        raise SourceError("an HTML page whose citation tags name no paper")
    if paper.arxiv_id and reference.arxiv_ids:
        paper.richness = "overlay"
        paper.categories = _categories(tree)
        paper.arxiv_version = _version(tree, tags)
    return Batch(kind="saved page", papers=[paper])


def _first(tags: dict[str, list[str]], *names: str) -> str:
    return next((text for name in names for text in tags.get(name, []) if text.strip()), "")


def _citation(tags: dict[str, list[str]]) -> Citation:
    fields = {field: fold(value) for tag, field in _FIELDS.items() if (value := _first(tags, tag))}
    pages = [_first(tags, "firstpage"), _first(tags, "lastpage")]
    if pages[0]:
        fields["pages"] = "--".join(filter(None, pages))
    entry_type = {"journal": "article", "booktitle": "inproceedings"}
    return Citation(
        format="saved page",
        type=next((kind for name, kind in entry_type.items() if name in fields), "misc"),
        fields=fields,
    )


def _version(tree: LexborHTMLParser, tags: dict[str, list[str]]) -> int | None:
    """Return the version of an arXiv page, which its addresses end with."""
    shown = tree.css_first("meta[property='og:url'][content]")
    addresses = [shown.attributes["content"] or ""] if shown else []
    addresses += tags.get("pdf_url", [])
    return next((n for address in addresses if (n := parse_arxiv_version(address))), None)


def _categories(tree: LexborHTMLParser) -> list[str]:
    """Return the categories of an arXiv page: "Computation and Language (cs.CL); …"."""
    cell = tree.css_first("td.subjects")
    return re.findall(r"\(([a-z-]+(?:\.[A-Za-z-]+)?)\)", cell.text()) if cell else []
