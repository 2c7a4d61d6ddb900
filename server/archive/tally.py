"""What the steps of taking an archive in have in common: the count, the papers of keys, the change records."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from msgspec import Struct

from server.edits import Edit
from server.models import Alias, Change, Paper

CHUNK = 200  # records a transaction: others who write wait for its end

Item = TypeVar("Item")


class Tally(Struct):
    """What became of the records of one kind: `kept` is where the two differ and the store's stayed."""

    created: int = 0
    same: int = 0
    merged: int = 0
    beside: int = 0
    kept: int = 0

    def count(self, *, equal: bool) -> None:
        """Count a record that is in the store already, as it is here or not."""
        if equal:
            self.same += 1
        else:
            self.kept += 1


async def find_papers(keys: Iterable[str]) -> dict[str, Paper]:
    """Give the papers of keys, new and old; all of them were taken in before."""
    wanted = list(set(keys))
    papers = {paper.key: paper for paper in await Paper.filter(key__in=wanted).only("id", "key")}
    aliases = await Alias.filter(key__in=wanted).prefetch_related("paper")
    return {alias.key: alias.paper for alias in aliases} | papers


def row_ids(papers: dict[str, Paper]) -> list[int]:
    """Give the row ids of papers."""
    return list({paper.id for paper in papers.values()})


def change_of(edit: Edit, kind: str, ref: str, paper: Paper | None, row: Any, *, before: str | None = None) -> Change:
    """Give the change record of an entry, tag, note or correction that was made or changed."""
    return Change(
        user_id=edit.user,
        kind=kind,
        ref=ref,
        paper_key=paper.key if paper else None,
        version=row.version,
        deleted=row.deleted is not None,
        before=before,
        at=edit.at,
    )


def chunks(records: list[Item]) -> Iterator[list[Item]]:
    """Give records in pieces of what goes into one transaction."""
    rest = iter(records)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
