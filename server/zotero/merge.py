"""Three-way merges: what both sides last agreed on, against what each has made of it since."""

import hashlib
from collections.abc import Sequence
from typing import Literal, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from server.exports.html import render_note
from server.imports.formats.references import former_text, note_text
from server.reading_list.tags import fold_tag
from server.schema.reading_list import NoteState, Status
from server.schema.zotero import Agreed, AgreedNote
from server.zotero.library import ZoteroNote, derive_key

Side = Literal["ours", "theirs"]
T = TypeVar("T")


class Opinion(Struct, frozen=True, kw_only=True):
    """What one side says of a paper; a status or rating of None says nothing."""

    tags: tuple[str, ...] = ()
    status: Status | None = None
    rating: int | None = None


class TagSets(Struct, frozen=True):
    """The tags that a paper had on a side after the last sync, and those that it has now."""

    before: Sequence[str]
    now: Sequence[str]


class OurNotes(Struct, frozen=True, kw_only=True):
    """A user's notes on a paper, the ids of notes in the trash, and the library they go to."""

    notes: dict[UUID, NoteState]
    trashed: set[UUID]
    library: str
    user: int


class Merged(Struct, frozen=True):
    """What both sides are to say, and a sentence for each thing on which they differ."""

    opinion: Opinion
    conflicts: list[str]


class NoteStep(Struct, frozen=True, kw_only=True):
    """What is to be done about one note.

    `text` is to be written to our note and `html` to Zotero's; `trash` is the side on which it goes
    to the trash. `base` and `version` are those that the writes start from, 0 for a new note.
    `link` is what both will have agreed on, None if the note stays on one side.
    """

    note: UUID
    child: str
    base: int = 0
    version: int = 0
    text: str | None = None
    html: str | None = None
    trash: Side | None = None
    link: AgreedNote | None = None
    conflict: bool = False


def merge_opinions(
    agreed: Agreed | None, ours: Opinion, theirs: Opinion, collected: TagSets | None = None
) -> Merged:
    """Merge tags as sets, and status and rating as values; ours holds where both changed.

    `collected` are the tags that the item has by its collections, if these count.
    """
    base = agreed or Agreed()
    conflicts: list[str] = []
    if _is_conflict(base.status, ours.status, theirs.status):
        conflicts.append(f"the status {ours.status} stays; in Zotero it was {theirs.status}")
    if _is_conflict(base.rating, ours.rating, theirs.rating):
        conflicts.append(f"the rating {ours.rating} stays; in Zotero it was {theirs.rating}")
    status: Status | None = _merge_value(base.status, ours.status, theirs.status)
    rating = _merge_value(base.rating, ours.rating, theirs.rating)
    sides = [TagSets(base.tags, ours.tags), TagSets(base.tags, theirs.tags)]
    tags = _merge_tags([*sides, collected] if collected else sides)
    return Merged(Opinion(tags=tags, status=status, rating=rating), conflicts)


def merge_notes(
    agreed: Agreed | None,
    ours: OurNotes,
    item: str,
    children: list[ZoteroNote],
    *,
    deletions: bool = False,
) -> list[NoteStep]:
    """Return what is to be done about the notes of an item, each of which is there once."""
    theirs = {note.key: note for note in children}
    links = agreed.notes if agreed else []
    steps = [step for link in links for step in _follow(link, ours, theirs, deletions=deletions)]
    known = {link.note for link in links}
    linked = {link.child for link in links}
    for child in filter(lambda child: child.key not in linked, children):
        uuid = _identify(child, ours, known)
        known.add(uuid)
        steps += _meet(uuid, child, ours)
    known |= {step.note for step in steps}
    return [*steps, *_give_rest(ours, known, item)]


def digest(text: str) -> str:
    """Return a digest by which a change of a text is noticed."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _is_conflict(base: object, ours: object, theirs: object) -> bool:
    return theirs not in (None, base) and ours not in (None, base, theirs)


def _merge_value(base: T | None, ours: T | None, theirs: T | None) -> T | None:
    if theirs is None or theirs == base:
        return ours
    return theirs if ours in (None, base) else ours


def _merge_tags(sides: list[TagSets]) -> tuple[str, ...]:
    """Merge what each side had and has: what one of them added comes, what one dropped goes."""
    names = {fold_tag(tag): tag for side in reversed(sides) for tag in side.now}
    merged, dropped, added = set(names), set(), set()
    for side in sides:
        old, new = {fold_tag(tag) for tag in side.before}, {fold_tag(tag) for tag in side.now}
        dropped |= old - new
        added |= new - old
    merged = (merged - dropped) | added
    return tuple(sorted((names[fold] for fold in merged), key=str.casefold))


def _give_rest(ours: OurNotes, known: set[UUID], item: str) -> list[NoteStep]:
    """Return the steps for notes that Zotero does not have."""
    return [_give(note, item) for note in ours.notes.values() if note.id not in known]


def _identify(child: ZoteroNote, ours: OurNotes, known: set[UUID]) -> UUID:
    """Return the id of our note that a child note is, or is to become."""
    if child.note and child.note in ours.notes and child.note not in known:
        return child.note
    return uuid5(NAMESPACE_URL, f"zotero/{ours.library}/{child.key}/{ours.user}")


def _meet(uuid: UUID, child: ZoteroNote, ours: OurNotes) -> list[NoteStep]:
    """Return the steps for a child note on which nothing was agreed yet."""
    if own := ours.notes.get(uuid):
        return _reconcile(own, child, ours)
    text = note_text(child.html)
    return [_take(uuid, text, child)] if text and uuid not in ours.trashed else []


def _follow(
    link: AgreedNote, ours: OurNotes, theirs: dict[str, ZoteroNote], *, deletions: bool
) -> list[NoteStep]:
    """Return the steps for a note that both sides had."""
    own, child = ours.notes.get(link.note), theirs.get(link.child)
    if own is None or child is None:
        return _follow_one(link, own, child, deletions=deletions)
    is_own_new, is_child_new = digest(own.text) != link.ours, digest(child.html) != link.theirs
    if is_own_new and is_child_new:
        return _reconcile(own, child, ours)
    if is_child_new:
        return [_take(own.id, note_text(child.html), child, base=own.version)]
    return [_push(own, child) if is_own_new else _stay(link)]


def _follow_one(
    link: AgreedNote, own: NoteState | None, child: ZoteroNote | None, *, deletions: bool
) -> list[NoteStep]:
    """Return the steps for a note that at most one side still has.

    What was changed there is worth more than its deletion on the other side.
    """
    if own:
        trash = deletions and digest(own.text) == link.ours
    elif child:
        trash = deletions and digest(child.html) == link.theirs
    else:
        return []
    return [_trash(link, own, child) if trash else _stay(link)]


def _stay(link: AgreedNote) -> NoteStep:
    return NoteStep(note=link.note, child=link.child, link=link)


def _trash(link: AgreedNote, own: NoteState | None, child: ZoteroNote | None) -> NoteStep:
    return NoteStep(
        note=link.note,
        child=link.child,
        base=own.version if own else 0,
        version=child.version if child else 0,
        trash="ours" if own else "theirs",
    )


def _reconcile(own: NoteState, child: ZoteroNote, ours: OurNotes) -> list[NoteStep]:
    """Return the steps for two notes that were changed on both sides: both texts are kept."""
    if _is_same(own.text, child.html):
        link = AgreedNote(own.id, child.key, digest(own.text), digest(child.html))
        return [NoteStep(note=own.id, child=child.key, link=link)]
    second = uuid5(own.id, digest(child.html))
    text = note_text(child.html)
    is_new = text and second not in ours.notes and second not in ours.trashed
    kept = [_take(second, text, child, conflict=True)] if is_new else []
    return [*kept, _give(own, child.parent, beside=child.key)]


def _is_same(text: str, html: str) -> bool:
    """Return whether a note is what one in HTML says, as it is read now or was formerly."""
    if text.strip() in (note_text(html), former_text(html)):
        return True
    return note_text(html) == note_text(str(render_note(text)))


def _take(
    note: UUID, text: str, child: ZoteroNote, *, base: int = 0, conflict: bool = False
) -> NoteStep:
    link = AgreedNote(note, child.key, digest(text), digest(child.html))
    return NoteStep(note=note, child=child.key, base=base, text=text, link=link, conflict=conflict)


def _push(own: NoteState, child: ZoteroNote) -> NoteStep:
    html = str(render_note(own.text))
    link = AgreedNote(own.id, child.key, digest(own.text), digest(html))
    return NoteStep(note=own.id, child=child.key, version=child.version, html=html, link=link)


def _give(own: NoteState, item: str, *, beside: str = "") -> NoteStep:
    """Write a note of ours as a new child of an item, beside one of the same origin if there is."""
    html = str(render_note(own.text))
    child = derive_key("note", item, own.id, beside)
    link = AgreedNote(own.id, child, digest(own.text), digest(html))
    return NoteStep(note=own.id, child=child, html=html, link=link)
