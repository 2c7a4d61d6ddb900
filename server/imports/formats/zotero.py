"""Zotero's items in JSON: Better BibTeX's export, and what Zotero's API answers."""

from datetime import datetime
from typing import Any

from server.imports.formats.dates import read_date, read_moment
from server.imports.formats.fields import Record, read_records
from server.imports.formats.references import (
    Reference,
    add_reference,
    former_text,
    make_note,
    note_text,
    read_source_note,
)
from server.schema.citations import Citation, Name
from server.schema.sources import Batch, SourceNote, fold

_TYPES = {
    "journalArticle": "article", "magazineArticle": "article", "conferencePaper": "inproceedings",
    "book": "book", "bookSection": "incollection", "thesis": "phdthesis", "report": "techreport",
    "manuscript": "unpublished", "preprint": "misc",
}  # fmt: skip
_FIELDS = {
    "publicationTitle": "journal", "proceedingsTitle": "booktitle", "bookTitle": "booktitle",
    "volume": "volume", "issue": "number", "pages": "pages", "publisher": "publisher",
    "place": "address", "ISSN": "issn", "ISBN": "isbn", "url": "url", "series": "series",
    "edition": "edition", "language": "language", "university": "school",
    "institution": "institution",
}  # fmt: skip
_NOT_PAPERS = {"attachment", "note", "annotation"}


def is_zotero(item: dict[str, Any]) -> bool:
    """Return whether a JSON object is an item of Zotero."""
    data = item.get("data", item)
    return isinstance(data, dict) and "itemType" in data


def parse_zotero(values: list[Any], *, observed: datetime) -> Batch:
    """Return the papers of Zotero's items, with their notes and PDF annotations."""
    batch = Batch(kind="Zotero", papers=[])
    items = [data for item in read_records(values, "item", batch.skipped) for data in _unwrap(item)]
    children: dict[str, list[Record]] = {}
    for item in items:
        children.setdefault(item.text("parentItem"), []).append(item)
    for item in items:
        if item.text("itemType") in _NOT_PAPERS:
            continue
        if paper := add_reference(batch, item.name, _reference(item), observed=observed):
            paper.notes += _annotations([item, *children.get(item.text("key") or "-", [])])
    return batch


def _unwrap(item: Record) -> list[Record]:
    return item.records("data") or [item]


def _reference(item: Record) -> Reference:
    tags = [
        tag
        for record in item.records("tags", bare="tag")
        if _is_own(record)
        for tag in record.texts("tag")
    ]
    return Reference(
        title=item.text("title"),
        authors=[name for creator in item.records("creators") if (name := _name(creator)).spoken],
        published=read_date(item.text("date")),
        abstract=item.text("abstractNote"),
        doi=item.text("DOI"),
        arxiv_ids=item.texts("archiveID"),
        addresses=item.texts("url"),
        marked=item.texts(
            "archiveID", "archiveLocation", "callNumber", "publicationTitle", "number"
        ),
        statements=item.texts("extra"),
        tags=tags,
        notes=[note.text("note") for note in item.records("notes", bare="note")],
        added=read_moment(item.text("dateAdded")),
        citation=_citation(item),
    )


def _is_own(tag: Record) -> bool:
    """Return whether a tag is the user's; Zotero marks those that it took from a page by 1."""
    return tag.text("type") != "1"


def _name(creator: Record) -> Name:
    if creator.text("creatorType") not in ("author", ""):
        return Name()
    if whole := creator.text("name"):
        return Name(whole=fold(whole), literal=True)
    return Name(fold(creator.text("lastName")), fold(creator.text("firstName")))


def _annotations(items: list[Record]) -> list[SourceNote]:
    """Return child notes and what was highlighted and written in PDFs."""
    notes = []
    for item in items:
        for attachment in [item, *item.records("attachments")]:
            notes += [_annotation(each) for each in attachment.records("annotations")]
        if item.text("itemType") == "note":
            notes.append(read_source_note(item.text("note")))
        elif item.text("itemType") == "annotation":
            notes.append(_annotation(item))
    return [note for note in notes if note.text]


def _annotation(item: Record) -> SourceNote:
    quoted = fold(item.text("annotationText"))
    comment = item.text("annotationComment")
    # not a quote of the abstract, so it stands in the text
    text, former = (
        "\n\n".join(part for part in (f"> {quoted}" if quoted else "", read) if part)
        for read in (note_text(comment), former_text(comment))
    )
    return make_note(text, former, written=read_moment(item.text("dateModified")))


def _citation(item: Record) -> Citation:
    citation = Citation(format="Zotero", type=_TYPES.get(item.text("itemType"), "misc"))
    citation.key = item.text("citationKey", "citekey")
    for line in item.text("extra").splitlines():
        if not citation.key and line.lower().startswith("citation key:"):
            citation.key = fold(line.partition(":")[2])
    for key, name in _FIELDS.items():
        if value := fold(item.text(key)):
            citation.fields.setdefault(name, value)
    return citation
