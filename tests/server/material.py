"""Papers and edits to try things with; all of it invented."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from server.accounts.users import add_user
from server.database.versioning import Edit
from server.papers.ingest import IngestReport, ingest
from server.schema.sources import Batch, SourceListing, SourcePaper

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
MOSS = "2601.00001"
FERN = "2601.00002"


def source(arxiv_id: str | None = None, title: str = "", **fields: Any) -> SourcePaper:
    """A paper as a source tells it."""
    return SourcePaper(
        **{
            "richness": "huggingface",
            "observed": NOW,
            "arxiv_id": arxiv_id,
            "title": title or f"On {arxiv_id}",
        }
        | fields
    )


async def take_in(*papers: SourcePaper, listing: SourceListing | None = None) -> IngestReport:
    """Take papers into the open store."""
    return await ingest(Batch(kind="test", papers=list(papers), listing=listing), NOW)


async def take_in_two() -> None:
    """Take in the two papers that most tests need."""
    await take_in(
        source(MOSS, "Mossy Pruning", abstract="We prune ferns with LoRA on CIFAR-10."),
        source(FERN, "Fern Attention", abstract="Attention for pteridophytes."),
    )


def edit(
    base: int | None = None,
    *,
    user: int = 1,
    uuid: UUID | None = None,
    minutes: int = 0,
    force: bool = False,
) -> Edit:
    """The frame of a write by a user, some minutes after `NOW`."""
    return Edit(user=user, at=NOW + timedelta(minutes=minutes), id=uuid, base=base, force=force)


async def second_user() -> int:
    """Make a second reader and give their id."""
    return (await add_user("ada", NOW)).id


def keys(papers: Iterable[Any]) -> list[str]:
    """The keys of papers, entries or cards."""
    return [paper.key for paper in papers]
