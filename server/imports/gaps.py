"""Fetch the papers that are known by their id or title alone."""

from collections.abc import Sequence
from datetime import datetime

from server.database.models.papers import Paper
from server.errors import NotFound, SourceError
from server.identifiers import parse_arxiv_id
from server.imports.lookup import Sources, find_by_ids, find_by_title
from server.papers.fetch_attempts import find_untitled, find_untraced, save_attempts
from server.papers.ingest import ingest
from server.schema.fetching import FetchAttempt, Proposal
from server.schema.sources import Batch, SourcePaper

MOST_IDS = 100  # that a round asks for
MOST_TITLES = 40  # that a round asks for, each by a request of its own
MOST_PROPOSALS = 5
UNKNOWN_ID = "neither Hugging Face nor arXiv has a paper of this id"
UNKNOWN_TITLE = "arXiv has no paper of exactly this title"
DOUBTFUL = "arXiv has a paper of this title, but perhaps another one"

_TELLING = 3  # words of a title that hardly two papers share
_NEAR = 366  # days between a listing's date and arXiv's; a listing may have been read a year off


async def fill_gaps(sources: Sources, now: datetime) -> int:
    """Fetch papers that are known by their id alone, and return how many were found.

    Raises `SourceError` if arXiv does not answer.
    """
    return len(await fetch_ids(sources, await find_untitled(MOST_IDS, now), now))


async def fetch_ids(sources: Sources, ids: Sequence[str], now: datetime) -> set[str]:
    """Fetch papers by arXiv id and return the ids that were found; of others, keep the reason.

    Hugging Face is asked first, then arXiv for the rest. Raises `SourceError` if arXiv does not
    answer.
    """
    try:
        papers = await find_by_ids(sources, ids, now)
    except SourceError as error:
        await keep_waiting(ids, error, now)
        raise
    await ingest(Batch(kind="by id", papers=papers), now)
    found = {paper.arxiv_id for paper in papers if paper.arxiv_id}
    unknown = [each for each in ids if each not in found]
    await _keep_reason(unknown, FetchAttempt(now, answered=True, reason=UNKNOWN_ID))
    return found


async def trace_titles(sources: Sources, now: datetime) -> int:
    """Look for papers without an arXiv id at arXiv, and return how many were found.

    Raises `SourceError` at the first that arXiv does not answer.
    """
    keys = await find_untraced(MOST_TITLES, now)
    return sum([await trace_title(sources, key, now) for key in keys])


async def trace_title(sources: Sources, key: str, now: datetime) -> bool:
    """Look for the paper of a title's key at arXiv, and return whether it was found.

    Only a paper of the same title and of about the same date is taken; others are kept as
    proposals. Raises `SourceError` if arXiv does not answer.
    """
    paper = await Paper.get_or_none(key=key)
    if paper is None:
        return False  # merged into another one meanwhile
    try:
        same, similar = await find_by_title(sources, paper.title, now)
    except SourceError as error:
        await keep_waiting([key], error, now)
        raise
    if len(same) == 1 and _is_certain(same[0], paper):
        await ingest(Batch(kind="by title", papers=same), now)
        return True
    attempt = FetchAttempt(
        now,
        answered=True,
        reason=DOUBTFUL if same else UNKNOWN_TITLE,
        proposals=propose(same or similar),
    )
    await _keep_reason([key], attempt)
    return False


async def fetch_again(sources: Sources, key: str, now: datetime) -> None:
    """Try again to fetch a paper of which the store has only the id or the title.

    Raises `SourceError` if arXiv does not answer.
    """
    if parse_arxiv_id(key):
        await fetch_ids(sources, [key], now)
    else:
        await trace_title(sources, key, now)


async def ask_again(sources: Sources, key: str, now: datetime) -> None:
    """Ask Hugging Face anew what it tells of a paper that the store has.

    Raises `SourceError` if it does not answer, and `NotFound` if it does not know the paper.
    """
    paper = await sources.huggingface.fetch_paper(key, observed=now)
    if paper is None:
        raise NotFound(f"Hugging Face has no paper {key}")
    await ingest(Batch(kind="Hugging Face", papers=[paper]), now)


async def keep_waiting(keys: Sequence[str], error: SourceError, now: datetime) -> None:
    """Keep the reason why the sites could not be asked for papers."""
    await _keep_reason(keys, FetchAttempt(now, answered=False, reason=str(error)))


def propose(papers: Sequence[SourcePaper]) -> list[Proposal]:
    """Return the first of some papers of arXiv, for a person to choose from."""
    return [Proposal(paper.arxiv_id or "", paper.title) for paper in papers[:MOST_PROPOSALS]]


def _is_certain(found: SourcePaper, paper: Paper) -> bool:
    """Return whether a paper of the same title can be no other one."""
    if len(paper.normalized_title.split()) < _TELLING:
        return False
    if not (found.published and paper.published):
        return True
    return abs((found.published - paper.published).days) <= _NEAR


async def _keep_reason(keys: Sequence[str], attempt: FetchAttempt) -> None:
    await save_attempts(dict.fromkeys(keys, attempt))
