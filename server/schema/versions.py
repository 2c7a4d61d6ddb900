"""The texts that a paper had, what changed between them, and where that leaves notes."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

AnchorState = Literal["same", "moved", "changed"]
"""Of a note's passage: at its place, elsewhere in the abstract, or no longer in it."""


class TextPiece(Struct, frozen=True):
    """A stretch of a sentence that both texts have, or only the earlier or the later one."""

    kind: Literal["same", "removed", "added"]
    text: str


class SentenceChange(Struct, frozen=True, kw_only=True):
    """A sentence that changed; `before` is empty for an added one, `after` for a removed one."""

    before: str
    after: str
    pieces: list[TextPiece]


class PaperText(Struct, kw_only=True):
    """A title and abstract that a paper had.

    `observed` is when a source had it, and `replaced` when it ceased to be the current text; None
    for the current one, and for one that came in after a better source's. `arxiv_version` is the
    last version at arXiv that is known to have it. `changes` is what the next text changed.
    """

    title: str
    abstract: str
    observed: datetime
    replaced: datetime | None
    arxiv_version: int | None = None
    changes: list[SentenceChange]


class NumberChange(Struct, frozen=True):
    """A number that a note is about, in the text it was written beside and in the current one."""

    before: str
    after: str


class NoteAnchor(Struct, kw_only=True):
    """What became of the passage of a note that was written beside an earlier text.

    `before` is the sentence of the passage then, and `after` the one that took its place, None if
    there is none.
    """

    note: UUID
    state: AnchorState
    before: str
    after: str | None
    numbers: list[NumberChange]


class PaperVersions(Struct, kw_only=True):
    """All known texts of a paper, the oldest first, and the user's notes on earlier ones."""

    key: str
    texts: list[PaperText]
    notes: list[NoteAnchor]
