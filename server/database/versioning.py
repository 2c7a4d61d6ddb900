"""Optimistic versioning of every write, repeated writes, and the change records.

The rules for a thing that has a version, which `check` applies:
- the write names the current version, or says that any will do: it is done;
- it names another version: `Conflict` with the current state, nothing is written;
- it names none: `PreconditionMissing` with the current state, nothing is written;
- it changes nothing, or its id was seen before: nothing is written, the current state is returned.
"""

import re
import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import astuple
from tortoise.exceptions import IntegrityError

from server.database.connection import execute_many, fetch, write_connection
from server.database.models.changes import Change
from server.database.models.reading_list import Note
from server.database.models.terms import Correction
from server.errors import Conflict, Invalid, NotFound, PreconditionMissing
from server.schema.api import WriteSource
from server.schema.reading_list import MAX_NAME_CHARACTERS

# separates a deleted name's fold from what makes it unique; no name contains a control character
TRASHED = "\x1f"
_TAKEN = "this id is taken"
MAX_FOLD = 280  # of 300 characters in its column: folding the case may lengthen a name


class Edit(Struct, frozen=True, kw_only=True):
    """Who writes, when, and from which version.

    `base` is the version that the write started from (0: nothing existed; None: not given), `force`
    overwrites any version. `id` recognises a repeated write, and `request` is a digest of its
    method, target and body, by which the same id on another write is noticed. `source` names the
    program that wrote in the user's place, and is None for the user.
    """

    user: int
    at: datetime
    id: UUID | None = None
    request: str | None = None
    base: int | None = None
    force: bool = False
    source: WriteSource | None = None


def check(edit: Edit, version: int, current: Any) -> None:
    """Raise `Conflict` or `PreconditionMissing` unless the edit started from `version`."""
    if edit.force or edit.base == version:
        return
    if edit.base is not None:
        raise Conflict("it was changed in the meantime; `current` has its present state", current)
    # without a version only something new can be written; what exists would be overwritten unseen
    if version:
        raise PreconditionMissing(
            "it exists; say with If-Match which version this change started from", current
        )


async def is_applied(edit: Edit) -> bool:
    """Return whether an edit with this id was done before.

    Raises `Invalid` if that was another edit: then this one must not count as done.
    """
    if edit.id is None:
        return False
    # not as models: each write asks twice, and building the query took longer than its answer
    rows = await fetch(
        "SELECT request FROM change WHERE user_id = $1 AND edit = $2", edit.user, edit.id
    )
    requests = {row["request"] for row in rows}
    if edit.request is not None and requests - {edit.request, None}:
        raise Invalid("this Idempotency-Key was used for another request; use a new one")
    return bool(requests)


async def check_new(edit: Edit) -> None:
    """Raise `NotFound` if an edit that creates something did so before: it was deleted since."""
    if await is_applied(edit):
        raise NotFound("this was created before and is deleted for good; use a new Idempotency-Key")


async def record(
    edit: Edit,
    kind: str,
    ref: str,
    *,
    paper: str | None,
    version: int,
    deleted: bool = False,
    before: Any = None,
    main: bool = True,
) -> None:
    """Write the change record of an edit; only the `main` record carries the edit's id."""
    await Change.create(
        user_id=edit.user,
        kind=kind,
        ref=ref,
        paper_key=paper,
        version=version,
        deleted=deleted,
        edit=edit.id if main else None,
        request=edit.request if main else None,
        before=msgspec.json.encode(before).decode() if before is not None else None,
        source=edit.source,
        at=edit.at,
    )


class NewChange(Struct, frozen=True):
    """A change record of an import, without what every one of it has."""

    kind: str
    ref: str
    paper: str | None
    version: int = 1
    deleted: bool = False
    before: str | None = None


async def record_many(edit: Edit, changes: list[NewChange]) -> None:
    """Write change records of one user's import, in their order and in the caller's write.

    Not as models: a thousand of these would block the event loop.
    """
    await execute_many(
        write_connection(),
        "INSERT INTO change (user_id, kind, ref, paper_key, version, deleted, before, at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [(edit.user, *astuple(change), edit.at) for change in changes],
    )


async def record_papers(keys: list[str], now: datetime) -> None:
    """Write the change records of papers that sources changed, which are nobody's edits.

    Runs in the caller's write. Not as models: a thousand of these would block the event loop.
    """
    await execute_many(
        write_connection(),
        "INSERT INTO change (kind, ref, paper_key, version, deleted, at) "
        "VALUES ('paper', $1, $2, 0, FALSE, $3)",
        [(key, key, now) for key in keys],
    )


async def save_under_id(row: Note | Correction) -> None:
    """Save a note or correction. Raises `Invalid` if another user took its id at this moment."""
    try:
        await row.save()
    except IntegrityError as error:
        raise Invalid(_TAKEN) from error


def check_owner(row: Note | Correction, edit: Edit, paper: int) -> None:
    """Raise `Invalid` if a note or correction is of another user or on another paper."""
    if row.user_id != edit.user:
        raise Invalid(_TAKEN)
    if row.paper_id != paper:
        raise Invalid("this id belongs to something on another paper, where it stays")


def clean_name(name: str, what: str) -> str:
    """Normalize a name: NFC, single spaces.

    Raises `Invalid` if it is empty, too long or has control characters; `what` names the thing in
    the message ("a tag").
    """
    cleaned = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()
    if not cleaned or len(cleaned) > MAX_NAME_CHARACTERS or len(cleaned.casefold()) > MAX_FOLD:
        raise Invalid(f"{what} has a name of 1 to {MAX_NAME_CHARACTERS} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in cleaned):
        raise Invalid(f"the name of {what} cannot hold control characters")
    return cleaned


def fold_name(name: str, what: str) -> str:
    """Fold the case of a name, so that all its spellings compare equal. Raises `Invalid`."""
    folded = unicodedata.normalize("NFC", clean_name(name, what).casefold())
    # format characters, such as a zero-width space, would make two tags that look the same
    visible = "".join(c for c in folded if unicodedata.category(c) != "Cf")
    if not visible.strip():
        raise Invalid(f"the name of {what} cannot be invisible")
    return visible
