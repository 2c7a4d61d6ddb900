"""What was done about a paper and when, out of the change records."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from server.cards import places
from server.states import find_paper, load_entry
from server.store import fetch, moment
from server.wire import EntryState

NEWEST = 200  # deeds that are told of one paper

_STATE = msgspec.json.Decoder(EntryState)


class Deed(Struct, frozen=True, kw_only=True):
    """One thing that was done; of an entry what it was before and after, as far as that differs."""

    at: datetime
    kind: str
    ref: str
    version: int
    deleted: bool
    status: tuple[str, str] | None = None
    rating: tuple[int | None, int | None] | None = None
    tagged: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()


async def read_history(key: str, reader: int) -> list[Deed]:
    """Give what a reader did about a paper, and what became of the paper itself, the last first. Raises `NotFound`."""
    paper = await find_paper(key)
    aliases = await fetch("SELECT key FROM alias WHERE paper_id = $1", paper.id)
    keys = [paper.key, *(row["key"] for row in aliases)]
    rows = await fetch(
        "SELECT kind, ref, version, deleted, before, at FROM change WHERE (user_id = $1 OR user_id IS NULL) "
        f"AND paper_key IN ({places(len(keys), after=1)}) ORDER BY id DESC LIMIT {NEWEST}",
        reader,
        *keys,
    )
    _, after = await load_entry(paper, reader)
    deeds = []
    for row in rows:
        before = _STATE.decode(row["before"]) if row["before"] else None
        deeds.append(_deed(row, before, after))
        # a tag that was renamed or thrown away touched the entry, and nobody kept what it was before
        is_told = row["kind"] == "entry" and (before or row["version"] == 1)
        after = before if is_told else after
    return deeds


def _deed(row: dict[str, Any], before: EntryState | None, after: EntryState | None) -> Deed:
    plain = Deed(
        at=moment(row["at"]), kind=row["kind"], ref=row["ref"], version=row["version"], deleted=bool(row["deleted"])
    )
    is_told = before is not None or row["version"] == 1
    if row["kind"] != "entry" or after is None or row["deleted"] or not is_told:
        return plain
    status, rating, tags = (before.status, before.rating, before.tags) if before else ("none", None, [])
    return msgspec.structs.replace(
        plain,
        status=(status, after.status) if status != after.status else None,
        rating=(rating, after.rating) if rating != after.rating else None,
        tagged=tuple(tag for tag in after.tags if tag not in tags),
        untagged=tuple(tag for tag in tags if tag not in after.tags),
    )
