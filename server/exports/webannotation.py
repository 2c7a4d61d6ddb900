"""Render notes and tags as W3C Web Annotations (https://www.w3.org/TR/annotation-model/).

An annotation has the id of its note, so that it is the same in every export and is recognized when
it is imported again.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated, Literal
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec import Meta, Struct, field

from server.exports.reference import read_notes, read_tags
from server.identifiers import paper_url
from server.schema.papers import PaperPage
from server.schema.quote import URN
from server.schema.reading_list import NoteState

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
_COLLECTION = uuid5(NAMESPACE_URL, "urn:papermargin:annotations").urn
_FIRST_PAGE = uuid5(NAMESPACE_URL, "urn:papermargin:annotations#1").urn


class TextQuoteSelector(Struct, tag_field="type", tag=True, omit_defaults=True):
    """The quoted words, with the words around them."""

    exact: Annotated[str, Meta(min_length=1)]
    prefix: str = ""
    suffix: str = ""


class TextPositionSelector(Struct, tag_field="type", tag=True):
    """The quoted characters of the abstract, by their offsets."""

    start: Annotated[int, Meta(ge=0)]
    end: Annotated[int, Meta(ge=0)]


class TextualBody(Struct, tag_field="type", tag=True, omit_defaults=True):
    """A comment in Markdown, or a tag."""

    value: str
    purpose: str
    format: str | None = None


class SpecificResource(Struct, tag_field="type", tag=True, omit_defaults=True):
    """A paper, or with selectors some words of its abstract."""

    source: str
    selector: list[TextQuoteSelector | TextPositionSelector] = field(default_factory=list)
    title: str | None = field(default=None, name="dc:title")


class Annotation(Struct, tag_field="type", tag=True, kw_only=True):
    """A note, or the tags of a paper."""

    id: str
    motivation: Literal["commenting", "tagging"]
    created: datetime
    modified: datetime
    body: list[TextualBody]
    target: SpecificResource


async def render_webannotation(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield a collection with one annotation per note, and one for the tags of each paper."""
    yield (
        f'{{"@context":"{CONTEXT}","id":"{_COLLECTION}","type":"AnnotationCollection","label":"Papermargin",\n'
        f'"first":{{"id":"{_FIRST_PAGE}","type":"AnnotationPage","startIndex":0,"items":['
    ).encode()
    total = 0
    async for page in pages:
        for annotation in _annotate(page):
            yield (b",\n" if total else b"\n") + msgspec.json.encode(annotation)
            total += 1
    yield f'\n]}},\n"total":{total}}}\n'.encode()


def _annotate(page: PaperPage) -> Iterator[Annotation]:
    source = paper_url(page.key) or URN + page.key
    for note in read_notes(page):
        yield Annotation(
            id=note.id.urn,
            motivation="commenting",
            created=note.created,
            modified=note.updated,
            body=[TextualBody(note.text, "commenting", "text/markdown")],
            target=SpecificResource(source, _select(note), page.title or None),
        )
    if page.entry and (tags := read_tags(page)):
        yield Annotation(
            id=uuid5(NAMESPACE_URL, f"{source}#tags").urn,
            motivation="tagging",
            created=page.entry.added,
            modified=page.entry.updated,
            body=[TextualBody(tag, "tagging") for tag in tags],
            target=SpecificResource(source, title=page.title or None),
        )


def _select(note: NoteState) -> list[TextQuoteSelector | TextPositionSelector]:
    quote = note.quote
    if quote is None:
        return []
    words = TextQuoteSelector(quote.exact, quote.prefix, quote.suffix)
    if quote.start is None or quote.end is None:
        return [words]
    return [words, TextPositionSelector(quote.start, quote.end)]
