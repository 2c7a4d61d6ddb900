"""EndNote's XML export: one `record` a reference."""

from datetime import datetime
from xml.etree.ElementTree import Element

from server.imports.formats.dates import read_date
from server.imports.formats.names import read_name
from server.imports.formats.references import Reference, add_reference, is_publisher_note
from server.imports.formats.xml import all_texts, descendants, first_text, local_name
from server.schema.citations import Citation
from server.schema.sources import Batch

_TYPES = {
    "journal article": "article", "conference paper": "inproceedings", "book": "book",
    "conference proceedings": "inproceedings", "book section": "incollection",
    "thesis": "phdthesis", "report": "techreport",
}  # fmt: skip
_FIELDS = {
    "secondary-title": "journal", "full-title": "journal", "volume": "volume", "number": "number",
    "pages": "pages", "publisher": "publisher", "isbn": "isbn", "pub-location": "address",
    "language": "language", "edition": "edition",
}  # fmt: skip


def is_endnote_xml(root: Element) -> bool:
    """Return whether an XML document is EndNote's."""
    return (
        local_name(root) in ("xml", "records")
        and next(descendants(root, "record"), None) is not None
    )


def parse_endnote_xml(root: Element, *, observed: datetime) -> Batch:
    """Return the papers of EndNote's records."""
    batch = Batch(kind="EndNote XML", papers=[])
    for number, record in enumerate(descendants(root, "record"), 1):
        add_reference(batch, f"record {number}", _read(record), observed=observed)
    return batch


def _read(record: Element) -> Reference:
    published = read_date(
        " ".join(_within(record, "pub-dates", "date") + all_texts(record, "year"))
    )
    # with their lines
    notes = ["".join(node.itertext()) for node in descendants(record, "research-notes", "notes")]
    marked = ("accession-num", "secondary-title", "full-title", "volume", "pages")
    return Reference(
        title=first_text(record, "title"),
        authors=list(map(read_name, _within(record, "authors", "author"))),
        published=published or read_date(first_text(record, "year")),
        abstract=first_text(record, "abstract"),
        doi=first_text(record, "electronic-resource-num"),
        addresses=_within(record, "urls", "url"),
        marked=all_texts(record, *marked),
        statements=notes,
        tags=all_texts(record, "keyword"),
        notes=[note for note in notes if not is_publisher_note(note)],
        citation=_citation(record),
    )


def _within(record: Element, group: str, name: str) -> list[str]:
    """Return the texts of the elements with a name in groups with another."""
    return [text for node in descendants(record, group) for text in all_texts(node, name)]


def _citation(record: Element) -> Citation:
    kind = next((node.get("name", "") for node in descendants(record, "ref-type")), "")
    citation = Citation(format="EndNote XML", type=_TYPES.get(kind.lower(), "misc"))
    citation.key = first_text(record, "label")
    for tag, name in _FIELDS.items():
        if value := first_text(record, tag):
            citation.fields.setdefault(name, value)
    return citation
