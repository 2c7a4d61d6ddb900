"""An example of a plugin: an import format, an export format and a pipeline component."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime

from spacy.language import Language
from spacy.tokens import Doc, Span

from server.exports.formats import Format
from server.imports.plugins import ImportFormat
from server.schema.papers import PaperPage
from server.schema.sources import Batch, SourcePaper

_MARK = "%titles\n"


def _parse(text: str, *, observed: datetime) -> Batch:
    titles = text.removeprefix(_MARK).splitlines()
    papers = [SourcePaper(richness="ids", observed=observed, title=title) for title in titles]
    return Batch(kind="titles", papers=papers)


async def _render(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    async for page in pages:
        yield f"{page.key} {page.title}\n".encode()


TITLES = ImportFormat("titles", matches=lambda text: text.startswith(_MARK), parse=_parse)
"""A file of titles, one a line, under a line that marks it."""

LINES = Format("lines of titles", _render, "text/plain; charset=utf-8", "txt")
"""One line for each paper: its key and its title."""


@Language.factory("kettles", assigns=["doc.ents"])
def make_kettles(nlp: Language, name: str) -> "Kettles":
    """Create the component that labels kettles as methods."""
    return Kettles()


class Kettles:
    """Labels every word "Kettle" that has no label yet as a method."""

    def __call__(self, doc: Doc) -> Doc:
        """Add the mentions to a document."""
        free = [token.i for token in doc if token.text == "Kettle" and not token.ent_type_]
        doc.set_ents([Span(doc, i, i + 1, "METHOD") for i in free], default="unmodified")
        return doc
