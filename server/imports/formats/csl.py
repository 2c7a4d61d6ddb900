"""CSL-JSON (docs.citationstyles.org, specification, appendices III and IV), as Zotero and others
write it."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from server.imports.formats.dates import PartialDate, read_date
from server.imports.formats.fields import Record, as_list, read_records
from server.imports.formats.names import read_name, split_names
from server.imports.formats.references import Reference, add_reference
from server.schema.citations import Citation, Name
from server.schema.sources import Batch, fold

# the rich text that a title may have; a tag alone is text, such as the title "What <b> does"
_MARKUP = re.compile(
    r"<(i|b|sub|sup|sc|span|jats:\w+)\b[^<>]*>((?:(?!<\1\b).)*?)</\1>", re.IGNORECASE | re.DOTALL
)
_SEASONS = {"1": "21", "2": "22", "3": "23", "4": "24"}
_TYPES = {
    "article-journal": "article", "article-magazine": "article", "article": "misc",
    "article-newspaper": "article", "paper-conference": "inproceedings", "book": "book",
    "chapter": "incollection", "thesis": "phdthesis", "report": "techreport",
    "manuscript": "unpublished",
}  # fmt: skip
_FIELDS = {
    "container-title": "journal", "volume": "volume", "issue": "number", "page": "pages",
    "publisher": "publisher", "publisher-place": "address", "ISSN": "issn", "ISBN": "isbn",
    "URL": "url", "collection-title": "series", "edition": "edition", "language": "language",
}  # fmt: skip
_READ = {
    "id", "type", "title", "author", "issued", "abstract", "doi", "note", "keyword", "annote",
    "custom", "citationkey",
}  # fmt: skip
_MARKED = (
    "archive_location",
    "number",
    "publisher",
    "container-title",
    "volume",
    "page",
    "archive",
)


def parse_csl(values: Sequence[Any], *, observed: datetime) -> Batch:
    """Return the papers of a list of CSL items; an item without title and arXiv id is skipped."""
    batch = Batch(kind="CSL-JSON", papers=[])
    for item in read_records(list(values), "item", batch.skipped):
        add_reference(batch, item.name, _reference(item), observed=observed)
    return batch


def _reference(item: Record) -> Reference:
    tags, notes = _read_words(item)
    return Reference(
        title=_without_markup(item.text("title")),
        authors=read_csl_names(item, "author"),
        published=read_csl_date(item, "issued"),
        abstract=_without_markup(item.text("abstract")),
        doi=item.text("DOI"),
        addresses=item.texts("URL"),
        marked=[text for key in _MARKED for text in item.texts(key)],
        statements=item.texts("note"),
        tags=tags,
        notes=notes,
        citation=_citation(item),
    )


def _without_markup(text: str) -> str:
    """Return a text without the tags of its rich text, from the innermost out."""
    while (plain := _MARKUP.sub(r"\2", text)) != text:
        text = plain
    return text


def _read_words(item: Record) -> tuple[list[str], list[str]]:
    """Return tags and notes, which our own export keeps whole in its custom part."""
    tags: list[str] = []
    notes: list[str] = []
    for custom in item.records("custom"):
        for ours in custom.records("papermargin"):
            tags += ours.texts("tags")
            notes += ours.texts("notes")
    keywords = re.split(r"[,;]", ";".join(item.texts("keyword")))
    return tags or keywords, notes or item.texts("annote")


def read_csl_names(item: Record, *keys: str) -> list[Name]:
    """Return the names of some fields; a text stands for a name, or for a list of names."""
    names = (name for record in item.records(*keys, bare="written") for name in _names(record))
    return [name for name in names if name.spoken]


def _names(record: Record) -> list[Name]:
    if written := record.text("written"):
        return [read_name(name) for name in split_names(written)]
    return [_name(record)]


def _name(record: Record) -> Name:
    if whole := record.text("literal", "name"):
        return Name(whole=fold(whole), literal=True)
    particle = " ".join([record.text("dropping-particle"), record.text("non-dropping-particle")])
    return Name(
        family=fold(f"{particle} {record.text('family', 'last')}"),
        given=fold(record.text("given", "first")),
        suffix=fold(record.text("suffix")),
    )


def read_csl_date(item: Record, *keys: str) -> PartialDate | None:
    """Return the date of the first field that has one."""
    for record in item.records(*keys, bare="raw"):
        if found := read_date(_date_parts(record)) or read_date(record.text("raw", "literal")):
            return found
    return None


def _date_parts(record: Record) -> str:
    """Return the parts in the Extended Date/Time Format, with season and the end of a range."""
    parts = as_list(record.values.get("dateparts"))
    if parts and not isinstance(parts[0], list):
        parts = [parts]  # some write one date without the outer list
    dates = ["-".join(_pad(part) for part in one if part) for one in parts if isinstance(one, list)]
    season = _SEASONS.get(record.text("season"))
    if season and dates and len(dates[0]) == 4:
        return f"{dates[0]}-{season}"
    return "/".join(dates[:2])


def _pad(part: Any) -> str:
    text = str(part)
    return text.zfill(2) if text.isdigit() else text


def _citation(item: Record) -> Citation:
    citation = Citation(format="CSL-JSON", type=_TYPES.get(item.text("type"), "misc"))
    key = item.text("citation-key", "id")
    citation.key = "" if "://" in key else key  # Zotero's ids are addresses
    for key, name in _FIELDS.items():
        if key in item:
            citation.fields[name] = fold(item.text(key))
    if citation.type == "inproceedings" and "journal" in citation.fields:
        citation.fields["booktitle"] = citation.fields.pop("journal")
    return citation
