"""Changes that an assistant proposes, makes after a confirmation, and can take back.

A proposal writes nothing. The confirmation repeats the proposal's id, the paper and the sentence
that says what will change, so that an assistant which asks before each call shows them to the user,
and is refused if the paper was changed since. Every change record of it names the assistant.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec import Struct
from uuid_utils.compat import uuid7

from server.assistant.answers import Done, Proposal, Quoted
from server.database.connection import fetch
from server.database.models.papers import Paper
from server.database.serializers import find_paper, load_entry
from server.database.transactions import writing
from server.database.versioning import Edit
from server.errors import Conflict, Invalid, NotFound
from server.reading_list import bulk
from server.reading_list.bulk import EntryChange, change_entries
from server.reading_list.notes import delete_note, put_note
from server.reading_list.tags import fold_tag
from server.schema.quote import Quote, find_quote, make_quote
from server.schema.reading_list import EntryState, NoteEdit, Status

GOOD_FOR = timedelta(minutes=10)
MOST = 100  # proposals that are kept; the oldest is dropped first
SHOWN = 300  # characters of a note in the sentence that says what will change


class _Open(Struct, frozen=True):
    """A proposal that waits for its confirmation; `version` is that of the paper's entry."""

    paper: str
    change: str
    write: EntryChange | NoteEdit
    version: int
    until: datetime


class Proposals:
    """The proposals of one user's assistant."""

    def __init__(self, user: int) -> None:
        self._user = user
        self._open: dict[UUID, _Open] = {}

    async def propose_status(self, key: str, status: Status, now: datetime) -> Proposal:
        """Propose a status. Raises `NotFound`, and `Invalid` if it changes nothing."""
        paper, current = await self._read(key)
        before = current.status if current and current.is_listed else "none"
        if before == status:
            raise Invalid(f"{paper.key} has the status {status} already")
        change = EntryChange(status=status)
        return self._keep(paper, current, f"status: {before} → {status}", change, now)

    async def propose_tags(
        self, key: str, add: list[str], remove: list[str], now: datetime
    ) -> Proposal:
        """Propose tags. Raises `NotFound`, and `Invalid` for a bad tag or if nothing changes."""
        paper, current = await self._read(key)
        has = {*map(fold_tag, current.tags)} if current and current.is_listed else set()
        added = tuple(tag for tag in add if fold_tag(tag) not in has)
        removed = tuple(tag for tag in remove if fold_tag(tag) in has)
        if not added and not removed:
            raise Invalid(f"{paper.key} has these tags already")
        signs = [*map("+{}".format, added), *map("-{}".format, removed)]
        change = EntryChange(tag=added, untag=removed)
        return self._keep(paper, current, f"tags: {' '.join(signs)}", change, now)

    async def propose_note(
        self, key: str, text: str, passage: str | None, now: datetime
    ) -> Proposal:
        """Propose a new note, on a passage of the abstract if one is given.

        Raises `NotFound`, and `Invalid` if the text is empty or the passage is not in the abstract.
        """
        paper, current = await self._read(key)
        if not text.strip():
            raise Invalid("a note needs a text")
        quote = _find_passage(paper, passage) if passage else None
        rest = f"… ({len(text)} characters)" if len(text) > SHOWN else ""
        change = NoteEdit(paper=paper.key, text=text, quote=quote)
        return self._keep(paper, current, f"new note: {text[:SHOWN]}{rest}", change, now)

    async def confirm(self, proposal: str, key: str, change: str, now: datetime) -> Done:
        """Make a proposed change.

        Raises `NotFound` if there is no such proposal, `Invalid` if it is about another paper or
        change, `Conflict` if the paper's entry was changed since, and as the writes do.
        """
        uuid = _parse_id(proposal)
        waiting = self._open.get(uuid)
        if waiting is None or waiting.until < now:
            raise NotFound("no such proposal: it was confirmed, has expired, or never existed")
        if (waiting.paper, waiting.change) != (key, change):
            raise Invalid("this proposal is about another paper or change: repeat both exactly")
        edit = Edit(user=self._user, at=now, id=uuid, base=0, source="assistant")
        async with writing(edit.user):
            paper, current = await self._read(waiting.paper)
            if (current.version if current else 0) != waiting.version:
                raise Conflict("the paper was changed in the meantime: propose it again", current)
            if isinstance(waiting.write, NoteEdit):
                await put_note(edit, uuid7(), waiting.write)
            else:
                await change_entries(edit, [paper.id], waiting.write)
        del self._open[uuid]
        return Done(proposal=proposal, paper=key, change=change)

    async def undo(self, proposal: str, now: datetime) -> Done:
        """Take back a change that an assistant made; a note goes to the trash.

        Raises `NotFound` if no assistant made it, `Conflict` if the user changed it since.
        """
        uuid = _parse_id(proposal)
        rows = await fetch(
            "SELECT kind, ref, paper_key FROM change WHERE user_id = $1 AND edit = $2 "
            "AND source = 'assistant' ORDER BY id LIMIT 1",
            self._user,
            uuid,
        )
        if not rows:
            raise NotFound("no assistant made such a change")
        [row] = rows
        edit = Edit(user=self._user, at=now, id=uuid4(), base=1, source="assistant")
        if row["kind"] == "note":
            await delete_note(edit, UUID(row["ref"]))
        elif (await bulk.undo(edit, uuid)).kept:
            raise Conflict("it was changed since, and stays as it is", None)
        what = "the note is in the trash" if row["kind"] == "note" else "as it was before"
        return Done(proposal=proposal, paper=row["paper_key"], change=what)

    async def _read(self, key: str) -> tuple[Paper, EntryState | None]:
        paper = await find_paper(key)
        _, current = await load_entry(paper, self._user)
        return paper, current

    def _keep(
        self,
        paper: Paper,
        current: EntryState | None,
        change: str,
        write: EntryChange | NoteEdit,
        now: datetime,
    ) -> Proposal:
        uuid = uuid4()
        version = current.version if current else 0
        self._open[uuid] = _Open(paper.key, change, write, version, now + GOOD_FOR)
        while len(self._open) > MOST:
            del self._open[next(iter(self._open))]
        return Proposal(str(uuid), paper.key, change, Quoted(paper.title))


def _find_passage(paper: Paper, passage: str) -> Quote:
    place = find_quote(paper.abstract, Quote(exact=passage))
    if place is None:
        raise Invalid("the passage is not in the abstract: quote it word for word")
    return make_quote(paper.abstract, *place)


def _parse_id(proposal: str) -> UUID:
    try:
        return UUID(proposal)
    except ValueError:
        raise Invalid(f"{proposal!r} is not the id of a proposal") from None
