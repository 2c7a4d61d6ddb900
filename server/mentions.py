"""What was read out of papers into the store: mentions and results on the paper, a row per term for facets."""

from collections import Counter
from datetime import datetime

from msgspec import Struct
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q

from nlp.spans import Extraction, Mention
from server.lexicon import claim_terms, terms_of
from server.models import Change, Paper, PaperTerm, encode
from server.rereading import ReadingReport
from server.store import execute_many, reader, writing
from server.verdicts import recount


class Unread(Struct, frozen=True):
    """A paper that is to be read, with its text as it was when it was fetched."""

    id: int
    key: str
    title: str
    abstract: str

    @property
    def text(self) -> str:
        """What the pipeline reads, and what all offsets refer to."""
        return f"{self.title}\n{self.abstract}"


class Reading(Struct, frozen=True):
    """What came of reading a paper: an extraction, or why there is none."""

    paper: Unread
    extraction: Extraction | None = None
    error: str | None = None


async def unread(version: str, *, limit: int, only: list[int] | None = None) -> list[Unread]:
    """Give papers that the model of `version` has not read yet, those never read first; of `only` where it is given."""
    rows: list[Paper] = []
    chosen = Q() if only is None else Q(id__in=only)
    for waits in (Q(extraction_version=None), Q(extraction_version__isnull=False) & ~Q(extraction_version=version)):
        if len(rows) < limit:
            rows += await Paper.filter(chosen, waits).order_by("-id").limit(limit - len(rows)).using_db(reader())
    return [Unread(row.id, row.key, row.title, row.abstract) for row in rows]


async def count_unread(version: str) -> int:
    """Give how many papers the model of `version` has not read yet."""
    return await Paper.filter(Q(extraction_version=None) | ~Q(extraction_version=version)).using_db(reader()).count()


async def store_readings(readings: list[Reading], version: str, now: datetime) -> ReadingReport:
    """Put what the model of `version` read into the store, but for papers whose text changed since.

    A paper's mentions, results, terms and version are replaced together, in one write.
    """
    async with writing() as connection:
        current, report = await _unchanged(readings)
        await execute_many(
            connection,
            "UPDATE paper SET mentions = $1, results = $2, extraction_version = $3, extraction_error = $4 "
            "WHERE id = $5",
            [
                (
                    encode(_mentions(reading)),
                    encode(reading.extraction.results if reading.extraction else []),
                    version,
                    reading.error,
                    reading.paper.id,
                )
                for reading in current
            ],
        )
        await _store_terms(connection, current)
        await recount([reading.paper.id for reading in current])
        await Change.bulk_create(
            [Change(kind="paper", ref=r.paper.key, paper_key=r.paper.key, version=0, at=now) for r in current]
        )
    return report


async def _unchanged(readings: list[Reading]) -> tuple[list[Reading], ReadingReport]:
    """Give the readings whose paper still has the text that was read, and what they change."""
    columns = ("id", "title", "abstract", "extraction_version", "mentions")
    papers = Paper.filter(id__in=[reading.paper.id for reading in readings])
    rows = {row[0]: row[1:] for row in await papers.values_list(*columns)}
    current = [r for r in readings if rows.get(r.paper.id, ())[:2] == (r.paper.title, r.paper.abstract)]
    report = ReadingReport(papers=len(current))
    for reading in current:
        _, _, version, mentions = rows[reading.paper.id]
        if version is not None:
            report.compare(reading.paper.text, mentions, _mentions(reading))
    return current, report


def _mentions(reading: Reading) -> list[Mention]:
    return reading.extraction.mentions if reading.extraction else []


async def _store_terms(connection: BaseDBAsyncClient, readings: list[Reading]) -> None:
    found = {r.paper.id: terms_of(_mentions(r)) for r in readings}
    ids = await claim_terms(found.values())
    before = Counter(term for (term,) in await PaperTerm.filter(paper_id__in=list(found)).values_list("term_id"))
    await PaperTerm.filter(paper_id__in=list(found)).delete()
    rows = [
        (paper, ids[key], len(mentions), mentions[0].start)
        for paper, terms in found.items()
        for key, mentions in terms.items()
    ]
    # a server answers meanwhile, and a thousand rows as models would hold it up
    insert = "INSERT INTO paper_term (paper_id, term_id, mentions, position) VALUES ($1, $2, $3, $4)"
    await execute_many(connection, insert, rows)
    after = Counter(term for _, term, _, _ in rows)
    moved = [(after[term] - before[term], term) for term in {*before, *after} if after[term] != before[term]]
    await execute_many(connection, "UPDATE term SET papers = papers + $1 WHERE id = $2", moved)
