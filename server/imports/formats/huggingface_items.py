"""What Hugging Face says of papers: the items of its API's answers, which its pages carry too.

Fields as measured in real answers from 2024-05 to 2026-08; unknown ones are passed over, any may be
missing but the id.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from server.errors import SourceError
from server.identifiers import parse_arxiv_id
from server.papers.hugging_face import MAX_NAMED, is_repository, make_facts
from server.schema.hugging_face import HuggingFaceFacts, LinkedRepositories, Repositories
from server.schema.sources import Batch, SourceListing, SourcePaper, fold, web_address

# until 2025-03 only the time of submission told the day; it is UTC at first, New York's time (5 h
# behind) later, and
# falls between 00 and 09 UTC of the day, so that 5 hours more give the day of either
_SUBMISSION_SHIFT = timedelta(hours=5)
_NEW_YORK_SHIFTS = (timedelta(hours=4), timedelta(hours=5))
_REPOSITORY = re.compile(r"https?://(?:www\.)?github\.com/.+", re.IGNORECASE)
_NUMERIC_ID = re.compile(r"(?P<month>\d{4})\.(?P<number>\d{1,5})")

_Count = Annotated[int, Meta(ge=0, lt=2**31)]
_Moment = Annotated[datetime, Meta(tz=True)]


class _Author(Struct):
    name: str | None = None
    hidden: bool | None = False


class _Organization(Struct):
    name: str | None = None
    fullname: str | None = None


class _Paper(Struct, rename="camel"):
    id: str
    title: str | None = None
    summary: str | None = None
    authors: list[_Author] | None = field(default_factory=list)
    published_at: _Moment | None = None
    submitted_on_daily_at: _Moment | None = None
    upvotes: _Count | None = None
    github_repo: str | None = None
    project_page: str | None = None
    organization: _Organization | None = None
    # what a wrong shape of may not cost the paper
    ai_summary: Any = msgspec.field(name="ai_summary", default=None)
    ai_keywords: Any = msgspec.field(name="ai_keywords", default=None)
    ai_summary_model: Any = msgspec.field(name="ai_summary_model", default=None)
    github_stars: Any = None
    linked_models: Any = None
    linked_datasets: Any = None
    linked_spaces: Any = None
    num_total_models: Any = None
    num_total_datasets: Any = None
    num_total_spaces: Any = None


class _Item(Struct, rename="camel"):
    paper: _Paper
    title: str | None = None
    summary: str | None = None
    published_at: _Moment | None = None
    num_comments: _Count | None = None
    organization: _Organization | None = None


def parse_item(value: Any, *, observed: datetime) -> SourcePaper:
    """Return the paper of one item of a list, `{"paper": {…}, "title": …}`, or of a bare paper
    `{"id": …}`.

    Raises SourceError with the reason for anything else.
    """
    if isinstance(value, str):
        is_repr = value.lstrip().startswith(("{'", "[{'"))
        raise SourceError(
            f"expected an object, found {'a Python repr (single quotes)' if is_repr else 'text'}"
        )
    try:
        is_item = isinstance(value, dict) and "paper" in value
        item = (
            msgspec.convert(value, _Item)
            if is_item
            else _Item(paper=msgspec.convert(value, _Paper))
        )
        paper = _source_paper(item, observed)
    except msgspec.ValidationError as error:
        raise SourceError(_plain_reason(error)) from error
    except OverflowError as error:
        raise SourceError(f"an impossible date ({error})") from error
    if not paper.title:
        raise SourceError(f"{paper.arxiv_id} has no title")
    return paper


def parse_items(values: Sequence[Any], *, observed: datetime, day: date | None = None) -> Batch:
    """Return the papers of a list of items in its order, each once, and as its listing the day they
    agree on.

    `day` stands in where no item tells one. What cannot be read is skipped and named.
    """
    papers: dict[str, SourcePaper] = {}
    skipped = []
    for number, value in enumerate(values, 1):
        try:
            paper = parse_item(value, observed=observed)
        except SourceError as error:
            skipped.append(f"paper {number}: {error}")
        else:
            papers.setdefault(paper.arxiv_id or "", paper)
    batch = Batch(kind="Hugging Face", papers=list(papers.values()), skipped=skipped)
    if common := _common_day(batch.papers) or (
        day if not any(paper.listed for paper in batch.papers) else None
    ):
        put_on_day(batch, common)
    return batch


def put_on_day(batch: Batch, day: date) -> None:
    """Make the batch the listing of this day of Daily Papers."""
    batch.listing = SourceListing(kind="daily", name=day.isoformat(), day=day)
    for paper in batch.papers:
        paper.listed = day


def _common_day(papers: Sequence[SourcePaper]) -> date | None:
    """Return the day that at least half of the papers tell and none denies; a search or a trend has
    none.
    """
    days = Counter(paper.listed for paper in papers if paper.listed)
    return next(iter(days)) if len(days) == 1 and days.total() * 2 >= len(papers) else None


def _source_paper(item: _Item, observed: datetime) -> SourcePaper:
    paper = item.paper
    arxiv_id = parse_arxiv_id(_restore_zeros(paper.id))
    if arxiv_id is None:
        raise SourceError(f"“{fold(paper.id)[:40]}” is not an arXiv id")
    authors = [
        fold(author.name) for author in paper.authors or [] if author.name and not author.hidden
    ]
    project, repository = _links(paper)
    return SourcePaper(
        richness="huggingface",
        observed=observed,
        arxiv_id=arxiv_id,
        title=_first(item.title, paper.title),
        abstract=_first(item.summary, paper.summary),
        authors=authors,
        author_count=len(authors) or None,
        published=_utc_day(paper.published_at),
        listed=_listed_day(item),
        upvotes=paper.upvotes,
        comments=item.num_comments,
        code_url=repository,
        project_url=project,
        organization=_organization(item),
        hugging_face=_facts(paper, observed),
    )


def _facts(paper: _Paper, observed: datetime) -> HuggingFaceFacts | None:
    """Return what Hugging Face adds to a paper, None if it adds nothing.

    What has another shape than expected is left out.
    """
    return make_facts(
        summary=_text(paper.ai_summary),
        keywords=map(_text, _list(paper.ai_keywords)),
        model=_text(paper.ai_summary_model),
        stars=_count(paper.github_stars),
        links=_repositories(paper, observed),
        observed=observed,
    )


def _repositories(paper: _Paper, observed: datetime) -> LinkedRepositories | None:
    """Return the repositories that refer to a paper, None in a list, whose papers have none."""
    kinds = (
        (paper.num_total_models, paper.linked_models),
        (paper.num_total_datasets, paper.linked_datasets),
        (paper.num_total_spaces, paper.linked_spaces),
    )
    if all(total is None and linked is None for total, linked in kinds):
        return None
    models, datasets, spaces = (_linked(total, linked) for total, linked in kinds)
    return LinkedRepositories(models=models, datasets=datasets, spaces=spaces, observed=observed)


def _linked(total: Any, linked: Any) -> Repositories:
    ids = [_text(item.get("id")) for item in _list(linked) if isinstance(item, dict)]
    named = [*dict.fromkeys(filter(is_repository, ids))]
    return Repositories(total=max(_count(total) or 0, len(named)), first=named[:MAX_NAMED])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if is_count else None


def _links(paper: _Paper) -> tuple[str | None, str | None]:
    """Return the addresses of the project's page and of its repository."""
    project, repository = web_address(paper.project_page), web_address(paper.github_repo)
    if repository is None and project and _REPOSITORY.fullmatch(project):
        return None, project
    return project, repository


def _organization(item: _Item) -> str | None:
    organization = item.organization or item.paper.organization or _Organization()
    return _first(organization.fullname, organization.name) or None


def _first(*texts: str | None) -> str:
    """Return the first text that is not empty, folded."""
    return fold(next((text for text in texts if text), ""))


def _listed_day(item: _Item) -> date | None:
    """Return the day in Daily Papers; None where the outer date only repeats the paper's own in New
    York's time.
    """
    submitted, outer, published = (
        item.paper.submitted_on_daily_at,
        item.published_at,
        item.paper.published_at,
    )
    if submitted or outer is None:
        return _utc_day(submitted)
    if published and (published - outer) in (timedelta(0), *_NEW_YORK_SHIFTS):
        return None
    return _utc_day(outer + _SUBMISSION_SHIFT)


def _utc_day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment else None


def _restore_zeros(paper_id: str) -> str:
    """Restore the leading zeros that search answers drop: "2406.105" is 2406.00105."""
    if found := _NUMERIC_ID.fullmatch(paper_id.strip()):
        return f"{found['month']}.{found['number'].zfill(5 if found['month'] >= '1501' else 4)}"
    return paper_id


def _plain_reason(error: msgspec.ValidationError) -> str:
    """Put msgspec's message ("Expected `str`, got `int` - at `$.paper.id`") in one sentence without
    marks.
    """
    return (
        str(error)
        .replace("`", "")
        .replace(" - at $.", " in ")
        .replace("Expected", "expected")
        .removesuffix(" - at $")
    )
