"""The papers of a day, with a calendar to choose another day."""

from calendar import Calendar
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import uuid4

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct, field
from msgspec.structs import replace

from server.database.versioning import Edit
from server.days import today
from server.papers.days import count_days, neighbours, newest_day, read_day
from server.papers.next_up import read_next_up
from server.papers.related import closest
from server.ranking.scores import find_why_unranked
from server.reading_list.entries import set_seen
from server.reading_list.tags import tag_colours
from server.schema.papers import ListedPaper
from server.schema.reading_list import SeenEdit
from server.web.pages.entries import Done
from server.web.pages.layout import PageRequest, is_compact, read_form, redirect_back, render

DaySort = Literal["page", "upvotes", "closest"]
SORTS: tuple[DaySort, ...] = ("page", "upvotes", "closest")
Month = Annotated[
    str | None,
    QueryParameter(pattern=r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])$", description="of the calendar"),
]


class DayView(Struct, frozen=True):
    """Which day is shown, in which order, beside which month of the calendar."""

    day: date
    sort: DaySort = "page"
    month: str | None = None

    def address(self, **changes: Any) -> str:
        """Return the address of this view with some fields changed."""
        view = replace(self, **changes)
        asked = {"sort": view.sort if view.sort != "page" else None, "month": view.month}
        given = urlencode({name: value for name, value in asked.items() if value})
        return f"/days/{view.day}" + (f"?{given}" if given else "")


class SeenForm(Struct, kw_only=True):
    """Papers to mark as seen, or as new again."""

    key: list[str] = field(default_factory=list)
    seen: bool = True
    here: str = "/today"


async def get_today(
    request: PageRequest,
    done: NamedDependency[Done],
    sort: FromQuery[DaySort] = "page",
    month: Month = None,
) -> Response[str]:
    """Show the newest day."""
    return await _show(request, DayView(await newest_day() or today(), sort, month), done)


async def get_day(
    request: PageRequest,
    day: FromPath[date],
    done: NamedDependency[Done],
    sort: FromQuery[DaySort] = "page",
    month: Month = None,
) -> Response[str]:
    """Show a day."""
    return await _show(request, DayView(day, sort, month), done)


async def post_seen(request: PageRequest) -> Response[Any]:
    """Mark papers as seen or not seen."""
    form = await read_form(request, SeenForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC))
    await set_seen(edit, SeenEdit(papers=form.key, seen=form.seen))
    return redirect_back(form.here)


async def _show(request: PageRequest, view: DayView, done: Done) -> Response[str]:
    user, day = request.user.user, view.day
    papers = await _sorted(await read_day(day, user), view.sort, user)
    first = date.fromisoformat(f"{view.month}-01") if view.month else day.replace(day=1)
    return render(
        request,
        "today.html",
        view=view,
        new=[paper for paper in papers if not paper.card.seen],
        seen=[paper for paper in papers if paper.card.seen],
        sorts=SORTS,
        unranked=await find_why_unranked(user) if view.sort == "closest" else None,
        around=await neighbours(day),
        week_before=date.fromordinal(max(day.toordinal() - 6, 1)),
        newest=await newest_day(),
        next=await read_next_up(user),
        month=first,
        weeks=_weeks(first),
        days=await count_days(first.year, first.month, user),
        months=_around(first),
        colours=await tag_colours(user),
        compact=is_compact(request),
        bulk_edit=uuid4(),
        done=done,
    )


def _weeks(first: date) -> list[list[date | None]]:
    """Return the days of a month by weeks from Monday; days of other months are None."""
    # numbers, not dates: a week of the last month that a date can have goes on in the year 10000
    weeks = Calendar().monthdayscalendar(first.year, first.month)
    return [[first.replace(day=number) if number else None for number in week] for week in weeks]


def _around(first: date) -> tuple[str | None, str | None]:
    """Return the months before and after as YYYY-MM, or None where the calendar ends."""
    return _write_month(first, -1), _write_month(first, 1)


def _write_month(first: date, step: int) -> str | None:
    number = first.year * 12 + first.month - 1 + step
    year, month = divmod(number, 12)
    return f"{year:04}-{month + 1:02}" if MINYEAR <= year <= MAXYEAR else None


def _upvotes(paper: ListedPaper) -> int:
    return -1 if paper.upvotes is None else paper.upvotes  # as the list sorts them


async def _sorted(papers: list[ListedPaper], sort: DaySort, user: int) -> list[ListedPaper]:
    if sort == "upvotes":
        return sorted(papers, key=_upvotes, reverse=True)
    if sort == "closest":
        close = await closest([paper.key for paper in papers], user)
        return sorted(
            papers, key=lambda paper: -(close[paper.key].score if paper.key in close else 0)
        )
    return papers
