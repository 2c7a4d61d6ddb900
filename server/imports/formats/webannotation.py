"""W3C Web Annotations (https://www.w3.org/TR/annotation-model/) as JSON-LD, of any tool."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from server.imports.formats.annotations import Annotation, gather, make_quote
from server.imports.formats.dates import read_moment
from server.imports.formats.fields import Record, as_list, read_records
from server.imports.formats.references import former_text, make_note, note_text
from server.schema.quote import URN
from server.schema.sources import Batch, SourceNote, printable

_KINDS = {"Annotation", "AnnotationPage", "AnnotationCollection"}


def is_webannotation(value: Any) -> bool:
    """Return whether a JSON value is an annotation, or a page, collection or list of them."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return False
    kinds = [
        str(kind).rpartition(":")[2]
        for key in ("type", "@type")
        for kind in as_list(first.get(key))
    ]
    return not _KINDS.isdisjoint(kinds)


def parse_webannotation(value: Any, *, observed: datetime) -> Batch:
    """Return the papers that were annotated, with tags and notes."""
    dropped: list[str] = []
    batch = gather("Web Annotations", _annotations(value, dropped), observed=observed)
    batch.skipped = dropped + batch.skipped
    return batch


def _annotations(value: Any, dropped: list[str]) -> Iterator[Annotation]:
    for annotation in read_records(list(_items(value)), "annotation", dropped):
        for target in annotation.records("target", bare="source"):
            yield _read(annotation, target)


def _items(value: Any) -> Iterator[Any]:
    """Yield the annotations of a value: a page has items, a collection the first of its pages."""
    for part in as_list(value):
        if isinstance(part, dict) and "target" not in part:
            yield from as_list(part.get("items"))
            yield from _items(part.get("first"))
        elif not isinstance(part, str):  # the address of a page that the file does not contain
            yield part


def _read(annotation: Record, target: Record) -> Annotation:
    default = ["tagging"] if annotation.texts("motivation") == ["tagging"] else ["commenting"]
    texts: list[tuple[str, str]] = []
    tags: list[str] = []
    for body in _bodies(annotation):
        purposes = body.texts("purpose") or default
        if "tagging" in purposes:
            tags += body.texts("value")
        elif (read := _texts(body))[0]:
            texts.append(read)
    texts += [(text, text) for text in map(printable, annotation.texts("bodyValue"))]
    has_note = texts or (not tags and ("body" in annotation or "selector" in target))
    return Annotation(
        name=annotation.name,
        address=_address(target),
        title=target.text("dc:title", "title"),
        tags=tags,
        note=_note(annotation, target, texts) if has_note else None,
    )


def _bodies(annotation: Record) -> Iterator[Record]:
    """Yield the bodies that hold a text; of a choice of several, the first."""
    for body in annotation.records("body", bare="address"):
        items = body.records("items")
        if items and body.text("type") in ("Choice", "List", "Composite", "Independents"):
            yield from items[:1] if body.text("type") == "Choice" else items
        else:
            yield body


def _address(target: Record) -> str:
    """Return the address of a target; its source may be an object, and a choice has several."""
    for record in (target, *target.records("items", bare="source")):
        sources = [
            source.text("id", "@id", "source") for source in record.records("source", bare="id")
        ]
        if address := next(filter(None, [*sources, record.text("id", "@id")]), ""):
            return address.removeprefix(URN)
    return ""


def _texts(body: Record) -> tuple[str, str]:
    """Return the text of a body, and what earlier versions made of it."""
    written = body.texts("value", "chars")
    value = body.text("value", "chars") or next(iter(written), "")  # a note of white space is kept
    if body.text("format") == "text/html":
        return note_text(value), former_text(value)
    return printable(value), printable(value)


def _note(annotation: Record, target: Record, texts: list[tuple[str, str]]) -> SourceNote:
    quote = make_quote(list(_selectors(target)), placed=True)
    written = read_moment(annotation.text("modified")) or read_moment(annotation.text("created"))
    text = "\n\n".join(text for text, _ in texts)
    former = "\n\n".join(former for _, former in texts if former)
    uuid = _id(annotation.text("id", "@id"))
    return make_note(text, former, quote=quote, uuid=uuid, written=written)


def _selectors(target: Record) -> Iterator[Record]:
    """Yield selectors, also those that refine another, the narrowest first."""
    for selector in target.records("selector", bare="id"):
        yield from _refined(selector)


def _refined(selector: Record) -> Iterator[Record]:
    for key in ("refinedBy", "items"):
        for inner in selector.records(key, bare="id"):
            yield from _refined(inner)
    yield selector


def _id(name: str) -> UUID | None:
    """Return the id of a note of ours, or one derived from the id of another tool."""
    try:
        return UUID(name)
    except ValueError:
        return uuid5(NAMESPACE_URL, name) if name else None
