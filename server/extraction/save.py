"""Store extractions: mentions and results of each paper, and a row per term for facets."""

from collections import Counter
from datetime import datetime

from msgspec import Struct
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q

from nlp.spans import Extraction, Mention
from server.database.connection import execute_many, read_connection
from server.database.models.json_columns import encode
from server.database.models.papers import Paper
from server.database.models.terms import PaperTerm
from server.database.transactions import writing
from server.database.versioning import record_papers
from server.extraction.claims import end_claims
from server.extraction.report import ReadingReport
from server.terms.corrected_terms import recount
from server.terms.rows import claim_terms, first_role, terms_of


class Unread(Struct, frozen=True):
    """A paper to extract from, with its text at the time when it was fetched."""

    id: int
    key: str
    title: str
    abstract: str

    @property
    def text(self) -> str:
        """The text for the pipeline, to which all offsets refer."""
        return f"{self.title}\n{self.abstract}"


class PaperExtraction(Struct, frozen=True):
    """The extraction of a paper, or the error that prevented it."""

    paper: Unread
    extraction: Extraction | None = None
    error: str | None = None


async def unread(version: str, *, limit: int, only: list[int] | None = None) -> list[Unread]:
    """Return papers that the model of `version` has not read yet, those never read first.

    With `only`, limited to these paper ids.
    """
    rows: list[Paper] = []
    chosen = Q() if only is None else Q(id__in=only)
    # two queries, each of which ends at the limit, instead of one that sorts all that wait
    for waits in (
        Q(extraction_version=None),
        Q(extraction_version__isnull=False) & ~Q(extraction_version=version),
    ):
        if len(rows) < limit:
            rows += (
                await Paper.filter(chosen, waits)
                .order_by("-id")
                .limit(limit - len(rows))
                .using_db(read_connection())
            )
    return [Unread(row.id, row.key, row.title, row.abstract) for row in rows]


async def count_unread(version: str) -> int:
    """Count the papers that the model of `version` has not read yet."""
    return (
        await Paper.filter(Q(extraction_version=None) | ~Q(extraction_version=version))
        .using_db(read_connection())
        .count()
    )


async def store_readings(
    readings: list[PaperExtraction], version: str, now: datetime, *, worker: str | None = None
) -> ReadingReport:
    """Store what the model of `version` extracted, except for papers whose text changed since.

    A `worker` stores only what it has a claim on. Mentions, results, terms and version of a paper
    are replaced in one transaction, which ends the claims.
    """
    async with writing() as connection:
        held = await end_claims(connection, [reading.paper.id for reading in readings], worker)
        if worker is not None:
            readings = [reading for reading in readings if reading.paper.id in held]
        current, report = await _unchanged(readings)
        await execute_many(
            connection,
            "UPDATE paper SET mentions = $1, results = $2, extraction_version = $3, "
            "extraction_error = $4 WHERE id = $5",
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
        await record_papers([reading.paper.key for reading in current], now)
    return report


async def _unchanged(
    readings: list[PaperExtraction],
) -> tuple[list[PaperExtraction], ReadingReport]:
    """Return the readings whose paper still has the same text, and a report of what they change."""
    columns = ("id", "title", "abstract", "extraction_version", "mentions")
    papers = Paper.filter(id__in=[reading.paper.id for reading in readings])
    rows = {row[0]: row[1:] for row in await papers.values_list(*columns)}
    current = [
        r for r in readings if rows.get(r.paper.id, ())[:2] == (r.paper.title, r.paper.abstract)
    ]
    report = ReadingReport(papers=len(current))
    for reading in current:
        _, _, version, mentions = rows[reading.paper.id]
        if version is not None:
            report.compare(reading.paper.text, mentions, _mentions(reading))
    return current, report


def _mentions(reading: PaperExtraction) -> list[Mention]:
    return reading.extraction.mentions if reading.extraction else []


async def _store_terms(connection: BaseDBAsyncClient, readings: list[PaperExtraction]) -> None:
    found = {r.paper.id: terms_of(_mentions(r)) for r in readings}
    ids = await claim_terms(found.values())
    before = Counter(
        term for (term,) in await PaperTerm.filter(paper_id__in=list(found)).values_list("term_id")
    )
    await PaperTerm.filter(paper_id__in=list(found)).delete()
    rows = [
        (
            paper,
            ids[key],
            len(mentions),
            mentions[0].start,
            first_role(mention.role for mention in mentions),
        )
        for paper, terms in found.items()
        for key, mentions in terms.items()
    ]
    # not as models: creating a thousand of these would block the event loop
    insert = (
        "INSERT INTO paper_term (paper_id, term_id, mentions, position, role) "
        "VALUES ($1, $2, $3, $4, $5)"
    )
    await execute_many(connection, insert, rows)
    after = Counter(term for _, term, *_ in rows)
    # only the differences, since `term.papers` also counts papers outside of this batch
    moved = [
        (after[term] - before[term], term)
        for term in {*before, *after}
        if after[term] != before[term]
    ]
    await execute_many(connection, "UPDATE term SET papers = papers + $1 WHERE id = $2", moved)
