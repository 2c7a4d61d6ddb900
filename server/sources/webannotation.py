"""W3C Web Annotations (https://www.w3.org/TR/annotation-model/) as JSON-LD, ours and those of other tools."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import Struct, field

from server.source import Batch, SourceNote, printable
from server.sources.annotations import Annotation, Selector, as_list, gather, make_quote, read_moment
from server.sources.references import note_text

# a paper that is known by its title alone has no address
URN = "urn:papermargin:"

_KINDS = {"Annotation", "AnnotationPage", "AnnotationCollection"}


class _Body(Struct):
    value: str = ""
    purpose: str | None = None
    format: str | None = None


class _Target(Struct):
    source: str = ""
    id: str = ""
    selector: list[Selector] = field(default_factory=list)
    title: str = field(default="", name="dc:title")


class _Annotation(Struct):
    id: str = ""
    motivation: list[str] = field(default_factory=list)
    body: list[_Body] = field(default_factory=list)
    target: list[_Target] = field(default_factory=list)
    created: str | None = None
    modified: str | None = None


def is_webannotation(value: Any) -> bool:
    """Tell whether a JSON value is an annotation, or a page, collection or list of them."""
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and not _KINDS.isdisjoint(map(str, as_list(first.get("type"))))


def parse_webannotation(value: Any, *, observed: datetime) -> Batch:
    """Give the papers that were annotated, with tags and notes; what cannot be used is skipped and named."""
    faults: list[str] = []
    batch = gather("Web Annotations", _annotations(value, faults), observed=observed)
    batch.skipped = faults + batch.skipped
    return batch


def _annotations(value: Any, faults: list[str]) -> Iterator[Annotation]:
    for number, item in enumerate(_items(value), 1):
        try:
            annotation = msgspec.convert(_spread(item), _Annotation)
        except msgspec.ValidationError as error:
            faults.append(f"annotation {number}: {str(error).replace('`', '')}")
            continue
        for target in annotation.target:
            yield _read(annotation, target)


def _items(value: Any) -> Iterator[Any]:
    """Give what annotations a value holds: a page has items, and a collection the first of its pages."""
    for part in as_list(value):
        if isinstance(part, dict) and "target" not in part:
            yield from as_list(part.get("items"))
            yield from _items(part.get("first"))
        elif not isinstance(part, str):  # the address of a page that the file does not hold
            yield part


def _spread(item: Any) -> Any:
    """Write as lists of objects what JSON-LD allows to be written shorter."""
    if not isinstance(item, dict):
        return item
    bodies = [body for body in as_list(item.get("body")) if not isinstance(body, str)]
    targets = [{"source": target} if isinstance(target, str) else target for target in as_list(item.get("target"))]
    return item | {
        "motivation": as_list(item.get("motivation")),
        "body": [*bodies, *({"value": value} for value in as_list(item.get("bodyValue")))],
        "target": [
            target | {"selector": as_list(target.get("selector"))} if isinstance(target, dict) else target
            for target in targets
        ],
    }


def _read(annotation: _Annotation, target: _Target) -> Annotation:
    default = "tagging" if annotation.motivation == ["tagging"] else "commenting"
    texts = [_text(body) for body in annotation.body if (body.purpose or default) != "tagging"]
    tags = [body.value for body in annotation.body if (body.purpose or default) == "tagging"]
    note = None if tags and not texts else _note(annotation, target, "\n\n".join(texts))
    return Annotation(address=(target.source or target.id).removeprefix(URN), title=target.title, tags=tags, note=note)


def _text(body: _Body) -> str:
    return note_text(body.value) if body.format == "text/html" else printable(body.value)


def _note(annotation: _Annotation, target: _Target, text: str) -> SourceNote:
    quote = make_quote(target.selector, placed=True)
    return SourceNote(text, quote, _id(annotation.id), read_moment(annotation.modified or annotation.created))


def _id(name: str) -> UUID | None:
    """Give the id of a note of ours, or one that follows from that of another tool."""
    try:
        return UUID(name)
    except ValueError:
        return uuid5(NAMESPACE_URL, name) if name else None
