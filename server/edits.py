"""What every write has in common: who, when, from which version on, under which id, and its change record.

The rules, for something with a current version, as `check` tells them:
- the write names the current version, or says that any will do: it is done;
- it names another version: `Conflict` with the current state, nothing is written;
- it names none: `PreconditionMissing` with the current state, nothing is written;
- it asks for what already is, or its id was seen before: nothing is written, and the current state is the answer.
"""

import re
import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from server.errors import Conflict, Invalid, PreconditionMissing
from server.models import Change
from server.wire import MAX_NAME_CHARACTERS

TRASHED = "\x1f"  # no name holds it, so what follows in a thrown away fold cannot be taken for a part of one
MAX_FOLD = 280  # of the 300 characters of its column: a name may grow as its case is folded


class Edit(Struct, frozen=True, kw_only=True):
    """The frame of one write: `base` is the version it started from (0: nothing was there; None: not said)."""

    user: int
    at: datetime
    id: UUID | None = None
    base: int | None = None
    force: bool = False


def check(edit: Edit, version: int, current: Any) -> None:
    """Raise `Conflict` or `PreconditionMissing` unless the edit started from `version` (0: nothing there)."""
    if edit.force or edit.base == version:
        return
    if edit.base is not None:
        raise Conflict("it was changed in the meantime; `current` is how it stands", current)
    if version:
        raise PreconditionMissing("it exists; say with If-Match which version this change started from", current)


async def is_applied(edit: Edit) -> bool:
    """Tell whether this very edit was done before."""
    return edit.id is not None and await Change.filter(user_id=edit.user, edit=edit.id).exists()


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
    """Write the change record of an edit; a `main` one carries the edit's id, a consequence of it does not."""
    await Change.create(
        user_id=edit.user,
        kind=kind,
        ref=ref,
        paper_key=paper,
        version=version,
        deleted=deleted,
        edit=edit.id if main else None,
        before=msgspec.json.encode(before).decode() if before is not None else None,
        at=edit.at,
    )


def clean_name(name: str, what: str) -> str:
    """Give a name as it is kept: NFC, white space folded. Raises `Invalid`, which says `what` would be named so."""
    cleaned = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()
    if not cleaned or len(cleaned) > MAX_NAME_CHARACTERS or len(cleaned.casefold()) > MAX_FOLD:
        raise Invalid(f"{what} has a name of 1 to {MAX_NAME_CHARACTERS} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in cleaned):
        raise Invalid(f"the name of {what} cannot hold control characters")
    return cleaned


def fold_name(name: str, what: str) -> str:
    """Give what two spellings of one name share. Raises `Invalid`."""
    return unicodedata.normalize("NFC", clean_name(name, what).casefold())
