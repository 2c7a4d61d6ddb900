"""Zotero's RDF export: items, the memos with their notes, and the attachments they link to."""

from datetime import datetime
from xml.etree.ElementTree import Element

from server.imports.formats.dates import read_date, read_moment
from server.imports.formats.references import Reference, add_reference
from server.imports.formats.xml import all_texts, descendants, first_text, local_name, text_of
from server.schema.citations import Citation, Name
from server.schema.sources import Batch, fold

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_NOT_ITEMS = {"Attachment", "Memo", "Collection", "Journal"}
_TYPES = {
    "journalArticle": "article", "conferencePaper": "inproceedings", "book": "book",
    "bookSection": "incollection", "thesis": "phdthesis", "report": "techreport",
}  # fmt: skip


def is_rdf(root: Element) -> bool:
    """Return whether an XML document is RDF with items of Zotero."""
    return local_name(root) == "RDF" and any("zotero.org" in node.tag for node in root.iter())


def parse_zotero_rdf(root: Element, *, observed: datetime) -> Batch:
    """Return the papers of Zotero's items, with their notes and tags."""
    batch = Batch(kind="Zotero RDF", papers=[])
    nodes = {node.get(f"{_RDF}about", ""): node for node in root}
    for number, item in enumerate(root, 1):
        if local_name(item) in _NOT_ITEMS or first_text(item, "itemType") in ("attachment", "note"):
            continue
        add_reference(batch, f"item {number}", _read(item, nodes), observed=observed)
    return batch


def _read(item: Element, nodes: dict[str, Element]) -> Reference:
    own = {local_name(node): node for node in reversed(list(item))}
    linked = [nodes[name] for node in item if (name := node.get(f"{_RDF}resource", "")) in nodes]
    identifiers = [*all_texts(item, "identifier"), item.get(f"{_RDF}about", "")]
    container = next(
        (node for part in [item, *linked] for node in descendants(part, "Journal", "Series")), None
    )
    return Reference(
        title=text_of(own.get("title")),
        authors=_read_authors(item),
        published=read_date(text_of(own.get("date"))),
        abstract=text_of(own.get("abstract")),
        doi=next((text[4:] for text in identifiers if text.upper().startswith("DOI ")), ""),
        addresses=identifiers,
        marked=all_texts(item, "archiveLocation", "archiveID"),
        statements=_lines(own.get("description")),
        tags=_read_tags(item),
        notes=_read_notes([*linked, *item]),
        added=read_moment(text_of(own.get("dateSubmitted"))),
        citation=_citation(item, container),
    )


def _read_authors(item: Element) -> list[Name]:
    groups = descendants(item, "authors")
    return [_name(person) for group in groups for person in descendants(group, "Person")]


def _read_tags(item: Element) -> list[str]:
    subjects = (node for node in item if local_name(node) == "subject")
    return [text_of(node) for node in subjects if not _is_automatic(node)]


def _read_notes(nodes: list[Element]) -> list[str]:
    memos = [node for node in nodes if local_name(node) in ("Memo", "isReferencedBy")]
    return [_raw(node) for memo in memos for node in descendants(memo, "value")]


def _is_automatic(subject: Element) -> bool:
    """Return whether a tag came from a page and not from the user."""
    return next(descendants(subject, "AutomaticTag"), None) is not None


def _name(person: Element) -> Name:
    return Name(
        family=first_text(person, "surname", "family_name"),
        given=first_text(person, "givenName", "givenname"),
    )


def _raw(node: Element) -> str:
    return "".join(node.itertext())


def _lines(node: Element | None) -> list[str]:
    return [fold(line) for line in _raw(node).splitlines()] if node is not None else []


def _citation(item: Element, container: Element | None) -> Citation:
    citation = Citation(format="Zotero RDF", type=_TYPES.get(first_text(item, "itemType"), "misc"))
    citation.key = first_text(item, "citationKey")
    fields = {
        "journal": first_text(container, "title") if container is not None else "",
        "volume": first_text(container if container is not None else item, "volume"),
        "number": first_text(container if container is not None else item, "number"),
        "pages": first_text(item, "pages"),
    }
    citation.fields = {name: value for name, value in fields.items() if value}
    return citation
