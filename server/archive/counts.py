"""Helpers of the archive import: counts of records, papers by key, change records and steps."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from msgspec import Struct

from server.database.models.papers import Alias, Paper
from server.database.versioning import NewChange
from server.schema.imports import OwnTable, RecordMade

CHUNK = 500  # records a transaction: others who write wait for its end

Item = TypeVar("Item")


class Tally(Struct):
    """Counts of the records of one kind.

    `beside` counts records kept as a second copy, `kept` those that differ and where the store's
    version stayed.
    """

    created: int = 0
    same: int = 0
    merged: int = 0
    beside: int = 0
    kept: int = 0

    def count(self, *, equal: bool) -> None:
        """Count a record that the store has already; `equal` is whether the two agree."""
        if equal:
            self.same += 1
        else:
            self.kept += 1


async def find_papers(keys: Iterable[str]) -> dict[str, Paper]:
    """Return the stored papers of keys, current or former ones; every key must be known."""
    wanted = list(set(keys))
    papers = {paper.key: paper for paper in await Paper.filter(key__in=wanted).only("id", "key")}
    aliases = await Alias.filter(key__in=wanted).prefetch_related("paper")
    return {alias.key: alias.paper for alias in aliases} | papers


def row_ids(papers: dict[str, Paper]) -> list[int]:
    """Return the row ids of papers."""
    return list({paper.id for paper in papers.values()})


def change_of(
    kind: str, ref: str, paper: Paper | None, row: Any, *, before: str | None = None
) -> NewChange:
    """Return the change record of an entry, tag, note or correction that was made or changed."""
    key = paper.key if paper else None
    return NewChange(kind, ref, key, row.version, row.deleted is not None, before)


def made_step(table: OwnTable, row: Any, ref: str, *, paper: str | None = None) -> RecordMade:
    """Return the step that made a row of the user's."""
    return RecordMade(
        table=table, row=row.id, ref=ref, paper=paper, version=row.version, updated=row.updated
    )


def chunks(records: list[Item]) -> Iterator[list[Item]]:
    """Yield lists of at most `CHUNK` records, one list per transaction."""
    rest = iter(records)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
