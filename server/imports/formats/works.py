"""Answers of scholarly databases in JSON: Crossref, OpenAlex and Semantic Scholar."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from server.imports.formats.csl import read_csl_date, read_csl_names
from server.imports.formats.dates import read_date
from server.imports.formats.fields import Record, read_records
from server.imports.formats.names import read_name
from server.imports.formats.references import Reference, add_reference, plain_text
from server.schema.citations import Citation, Name
from server.schema.sources import Batch, fold

_TYPES = {
    "journal-article": "article", "article": "article", "proceedings-article": "inproceedings",
    "book": "book", "book-chapter": "incollection", "dissertation": "phdthesis",
    "report": "techreport", "posted-content": "misc", "preprint": "misc",
}  # fmt: skip


def is_crossref(item: dict[str, Any]) -> bool:
    """Return whether a JSON object is a work of Crossref: its titles are lists."""
    titles = item.get("title")
    is_list = isinstance(titles, list) and any(isinstance(title, str) for title in titles)
    return "DOI" in item and is_list


def is_openalex(item: dict[str, Any]) -> bool:
    """Return whether a JSON object is a work of OpenAlex."""
    return "authorships" in item or str(item.get("id", "")).startswith("https://openalex.org/W")


def is_semantic_scholar(item: dict[str, Any]) -> bool:
    """Return whether a JSON object is a paper of Semantic Scholar."""
    return "paperId" in item or "externalIds" in item


def parse_crossref(values: list[Any], *, observed: datetime) -> Batch:
    """Return the papers of Crossref's works (https://api.crossref.org/swagger-ui/index.html)."""
    return _parse("Crossref", values, observed, _read_crossref)


def parse_openalex(values: list[Any], *, observed: datetime) -> Batch:
    """Return the papers of OpenAlex's works (https://docs.openalex.org/api-entities/works)."""
    return _parse("OpenAlex", values, observed, _read_openalex)


def parse_semantic_scholar(values: list[Any], *, observed: datetime) -> Batch:
    """Return the papers of Semantic Scholar's answers (https://api.semanticscholar.org/api-docs/)."""
    return _parse("Semantic Scholar", values, observed, _read_semantic_scholar)


def _parse(
    kind: str, values: list[Any], observed: datetime, read: Callable[[Record], Reference]
) -> Batch:
    batch = Batch(kind=kind, papers=[])
    for item in read_records(values, "item", batch.skipped):
        add_reference(batch, item.name, read(item), observed=observed)
    return batch


def _read_crossref(item: Record) -> Reference:
    fields = {
        "journal": item.text("container-title"),
        "volume": item.text("volume"),
        "number": item.text("issue"),
        "pages": item.text("page"),
        "publisher": item.text("publisher"),
        "issn": item.text("ISSN"),
        "url": item.text("URL"),
    }
    return Reference(
        title=plain_text(item.text("title")),
        authors=read_csl_names(item, "author"),
        published=read_csl_date(item, "issued", "published", "published-online", "published-print"),
        abstract=plain_text(item.text("abstract")),
        doi=item.text("DOI"),
        addresses=item.texts("URL"),
        citation=_citation("Crossref", item.text("type"), fields),
    )


def _read_openalex(item: Record) -> Reference:
    ids = [text for record in item.records("ids") for text in record.texts("doi", "arxiv")]
    places = item.records("primary_location", "locations")
    links = [url for place in places for url in place.texts("landing_page_url", "pdf_url")]
    return Reference(
        title=plain_text(item.text("display_name", "title")),
        authors=_read_openalex_authors(item),
        published=read_date(item.text("publication_date"))
        or read_date(item.text("publication_year")),
        abstract=_uninvert(item),
        doi=item.text("doi") or next(iter(ids), ""),
        addresses=[*ids, *links],
        citation=_citation("OpenAlex", item.text("type"), _read_openalex_fields(item, places)),
    )


def _read_openalex_authors(item: Record) -> list[Name]:
    authors = [author for each in item.records("authorships") for author in each.records("author")]
    return [read_name(name) for author in authors if (name := author.text("display_name"))]


def _read_openalex_fields(item: Record, places: list[Record]) -> dict[str, str]:
    fields = {"journal": next((name for place in places for name in _source_names(place)), "")}
    for biblio in item.records("biblio"):
        pages = [biblio.text("first_page"), biblio.text("last_page")]
        fields |= {"volume": biblio.text("volume"), "number": biblio.text("issue")}
        fields["pages"] = "--".join(filter(None, pages))
    return fields


def _source_names(place: Record) -> list[str]:
    return [name for source in place.records("source") for name in source.texts("display_name")]


def _uninvert(item: Record) -> str:
    """Return the abstract, which OpenAlex has as the positions of each word."""
    places: dict[int, str] = {}
    index = item.values.get("abstractinvertedindex")
    for word, positions in index.items() if isinstance(index, dict) else ():
        for position in positions if isinstance(positions, list) else ():
            if isinstance(position, int):
                places[position] = str(word)
    return " ".join(places[position] for position in sorted(places)) or item.text("abstract")


def _read_semantic_scholar(item: Record) -> Reference:
    ids = item.records("externalIds")
    journal = next(iter(item.records("journal", bare="name")), Record({}, item.name, []))
    fields = {
        "journal": journal.text("name") or item.text("venue"),
        "volume": journal.text("volume"),
        "pages": journal.text("pages"),
        "url": item.text("url"),
    }
    return Reference(
        title=item.text("title"),
        authors=[
            read_name(name)
            for author in item.records("authors", bare="name")
            if (name := author.text("name"))
        ],
        published=read_date(item.text("publicationDate")) or read_date(item.text("year")),
        abstract=item.text("abstract"),
        doi=next((text for record in ids for text in record.texts("DOI")), item.text("doi")),
        arxiv_ids=[text for record in ids for text in record.texts("ArXiv")]
        + item.texts("arxivId"),
        addresses=item.texts("url"),
        citation=_citation("Semantic Scholar", "", fields),
    )


def _citation(kind: str, written: str, fields: dict[str, str]) -> Citation:
    entry_type = _TYPES.get(written, "article" if fields.get("journal") else "misc")
    if entry_type == "inproceedings":
        fields = {("booktitle" if key == "journal" else key): fields[key] for key in fields}
    known = {name: fold(value) for name, value in fields.items() if value}
    return Citation(format=kind, type=entry_type, fields=known)
