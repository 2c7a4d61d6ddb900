"""The texts that a paper had: keep them, and read them with what became of notes beside them."""

from datetime import datetime
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import asdict

from server.database.connection import read_connection
from server.database.models.papers import Paper
from server.database.models.papers import PaperText as TextRow
from server.database.serializers import find_paper
from server.papers.cards import cards
from server.papers.text_changes import (
    SentencePair,
    compare_texts,
    cuts_number,
    find_number_changes,
    find_numbers,
    is_cut_short,
    is_same_text,
    pair_sentences,
)
from server.schema.quote import Quote, find_quote
from server.schema.reading_list import NoteState
from server.schema.sources import SourcePaper
from server.schema.versions import (
    AnchorState,
    NoteAnchor,
    NumberChange,
    PaperText,
    PaperVersions,
)

_FAITHFUL = ("arxiv", "huggingface")  # sources that have the abstract as its authors wrote it

Place = tuple[int, int]
"""The first character of a passage in a text, and the one behind its last."""


class HeldText(Struct, frozen=True):
    """A title and abstract as a paper holds them, when a source had them, and their version."""

    title: str
    abstract: str
    observed: datetime
    arxiv_version: int | None


def held_text(paper: Paper) -> HeldText:
    """Return the text that a paper holds now."""
    return HeldText(paper.title, paper.abstract, paper.observed, paper.arxiv_version)


async def keep_replaced(paper: Paper, before: HeldText, now: datetime) -> None:
    """Keep the text that a paper had until now. Runs in the caller's write."""
    is_same_title = is_same_text(before.title, paper.title)
    grew = is_same_title and _is_within(before.abstract, paper.abstract, before.arxiv_version)
    if before.abstract and not grew:
        await TextRow.create(paper_id=paper.id, replaced=now, **asdict(before))


def is_older_version(source: SourcePaper, paper: Paper) -> bool:
    """Return whether a source has an older version at arXiv than a paper."""
    return bool(
        source.arxiv_version and paper.arxiv_version and source.arxiv_version < paper.arxiv_version
    )


def choose_version(paper: Paper, source: SourcePaper, before: HeldText) -> int | None:
    """Return the version of a paper's text, which a source may just have filled.

    Several versions can have the same text; the last one counts.
    """
    known = before.arxiv_version if is_same_text(before.abstract, paper.abstract) else None
    if source.abstract and is_same_text(source.abstract, paper.abstract):
        return max(known or 0, source.arxiv_version or 0) or None
    return known


async def keep_other(paper: Paper, source: SourcePaper) -> None:
    """Keep the text of a source that is poorer or older than the paper's, as an older dump is.

    Runs in the caller's write. White space makes no other text, and an abstract that is cut short
    only if its version is known.
    """
    text, version = source.abstract, source.arxiv_version
    # a page that names its version is one of arXiv's own
    if not text or not (version or source.richness in _FAITHFUL):
        return
    if _is_within(text, paper.abstract, version):
        return
    known = await TextRow.filter(paper_id=paper.id)
    rows = [row for row in known if _is_within(text, row.abstract, version)]
    if not rows:
        await TextRow.create(
            paper_id=paper.id,
            title=source.title or paper.title,
            abstract=text,
            arxiv_version=version,
            observed=source.observed,
        )
    await _raise_version(rows, version or 0)


async def move_texts(survivor: Paper, gone: Paper, now: datetime) -> None:
    """Keep the texts of a paper that is merged into another one. Runs in the caller's write."""
    await TextRow.filter(paper_id=gone.id).update(paper_id=survivor.id)
    await keep_replaced(survivor, held_text(gone), now)


async def read_versions(key: str, user: int) -> PaperVersions:
    """Return all texts of a paper and a user's notes beside earlier ones. Raises `NotFound`."""
    paper = await find_paper(key)
    rows = await TextRow.filter(paper_id=paper.id).using_db(read_connection())
    texts = [
        PaperText(
            title=row.title,
            abstract=row.abstract,
            observed=row.observed,
            replaced=row.replaced,
            arxiv_version=row.arxiv_version,
            changes=[],
        )
        for row in _in_order(rows)
    ]
    current = PaperText(
        title=paper.title,
        abstract=paper.abstract,
        observed=paper.observed,
        replaced=None,
        arxiv_version=paper.arxiv_version,
        changes=[],
    )
    for text, following in pairwise([*texts, current]):
        text.changes = [
            *compare_texts(text.title, following.title),
            *compare_texts(text.abstract, following.abstract),
        ]
    # no note was written beside another text if there was none
    notes = (await cards([paper.id], user))[paper.id].notes if texts else []
    anchored = [anchor for note in notes if (anchor := anchor_note(note, texts, current))]
    return PaperVersions(key=paper.key, texts=[*texts, current], notes=anchored)


async def _raise_version(rows: list[TextRow], version: int) -> None:
    for row in rows:
        if version > (row.arxiv_version or 0):
            row.arxiv_version = version
            await row.save(update_fields=["arxiv_version"])


def _is_within(text: str, other: str, version: int | None) -> bool:
    """Return whether a text is another one, or the beginning of it that a page showed.

    arXiv, which names a version, shows no text cut short: what is more in the other one was added.
    """
    return is_same_text(text, other) if version else is_cut_short(text, other)


def _in_order(rows: list[TextRow]) -> list[TextRow]:
    """Return texts by their versions if all are known, else by the time when a source had them."""
    rows = sorted(rows, key=lambda row: (row.observed, row.id))
    if all(row.arxiv_version for row in rows):
        rows.sort(key=lambda row: row.arxiv_version or 0)
    return rows


def anchor_note(note: NoteState, texts: list[PaperText], current: PaperText) -> NoteAnchor | None:
    """Return what became of the passage of a note; None for a note on the current text.

    A note on no passage counts if a number that its text names changed.
    """
    then = _find_text(note, texts)
    if then is None:
        return None
    pairs = pair_sentences(then.abstract, current.abstract)
    if note.quote is None:
        return _follow_numbers(note, pairs)
    old, new = _find_places(note.quote, then.abstract, current.abstract)
    touched = _touched(pairs, old)
    before = " ".join(pair.before.text for pair in touched if pair.before) or note.quote.exact
    after = " ".join(pair.after.text for pair in touched if pair.after) or None
    return NoteAnchor(
        note=note.id,
        state=_compare_places(old, new),
        before=before,
        after=after,
        numbers=_changed_numbers(touched, find_numbers(f"{note.quote.exact} {note.text}")),
    )


def _find_places(quote: Quote, before: str, after: str) -> tuple[Place | None, Place | None]:
    """Return the places of a passage in an earlier and a later text."""
    old, new = find_quote(before, quote), find_quote(after, quote)
    # "reaches 71.2" also stands in "reaches 71.25", which says something else
    if new and cuts_number(after, new) and not (old and cuts_number(before, old)):
        return old, None
    return old, new


def _find_text(note: NoteState, texts: list[PaperText]) -> PaperText | None:
    """Return the text that was current when a note was written; None for the one of today."""
    earlier = [text for text in texts if text.replaced and text.replaced > note.updated]
    earlier.sort(key=lambda text: text.replaced or text.observed)
    if note.quote:
        # a note of a paper that was merged into this one was written beside the other text
        having = [text for text in earlier if find_quote(text.abstract, note.quote)]
        earlier = having or earlier
    return earlier[0] if earlier else None


def _compare_places(old: Place | None, new: Place | None) -> AnchorState:
    if new is None:
        return "changed"
    return "same" if old is None or old[0] == new[0] else "moved"


def _touched(pairs: list[SentencePair], place: Place | None) -> list[SentencePair]:
    """Return the pairs whose earlier sentence has a part of a passage."""
    if place is None:
        return []
    start, end = place
    return [
        pair
        for pair in pairs
        if pair.before and pair.before.start < end and start < pair.before.end
    ]


def _follow_numbers(note: NoteState, pairs: list[SentencePair]) -> NoteAnchor | None:
    wanted = find_numbers(note.text)
    for pair in pairs:
        if numbers := _changed_numbers([pair], wanted):
            assert pair.before and pair.after  # a number changed between two sentences
            return NoteAnchor(
                note=note.id,
                state="changed",
                before=pair.before.text,
                after=pair.after.text,
                numbers=numbers,
            )
    return None


def _changed_numbers(pairs: list[SentencePair], wanted: set[str]) -> list[NumberChange]:
    return [
        change
        for pair in pairs
        if pair.before and pair.after
        for change in find_number_changes(pair.before.text, pair.after.text)
        if change.before in wanted
    ]
