"""The day's papers, for those who read them here instead, and any other day by a calendar."""

from calendar import Calendar
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from litestar import Response
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct, field

from server.closeness import closest
from server.days import count_days, neighbours, newest_day, read_day
from server.edits import Edit
from server.library import set_seen
from server.margin import tag_colours
from server.pages.shell import Reading, back, read_form, render
from server.wire import ListedPaper, SeenEdit

DaySort = Literal["page", "upvotes", "closest"]
SORTS: tuple[DaySort, ...] = ("page", "upvotes", "closest")
Month = Annotated[str | None, QueryParameter(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="of the calendar")]


class SeenForm(Struct, kw_only=True):
    """Papers of a day that were looked through, or that are to count as new again."""

    key: list[str] = field(default_factory=list)
    seen: bool = True
    here: str = "/today"


async def get_today(request: Reading, sort: FromQuery[DaySort] = "page", month: Month = None) -> Response[str]:
    """Show the newest day."""
    return await _show(request, await newest_day(), sort, month)


async def get_day(
    request: Reading, day: FromPath[date], sort: FromQuery[DaySort] = "page", month: Month = None
) -> Response[str]:
    """Show a day."""
    return await _show(request, day, sort, month)


async def post_seen(request: Reading) -> Response[Any]:
    """Mark papers as looked through, or as not."""
    form = await read_form(request, SeenForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC))
    await set_seen(edit, SeenEdit(papers=form.key, seen=form.seen))
    return back(request, {"here": form.here})


async def _show(request: Reading, day: date | None, sort: DaySort, month: str | None) -> Response[str]:
    reader = request.user.user
    shown = day or datetime.now(UTC).date()
    papers = await _sorted(await read_day(shown, reader), sort, reader)
    first = date.fromisoformat(f"{month}-01") if month else shown.replace(day=1)
    return render(
        request,
        "today.html",
        day=shown,
        new=[paper for paper in papers if not paper.card.seen],
        seen=[paper for paper in papers if paper.card.seen],
        sort=sort,
        sorts=SORTS,
        around=await neighbours(shown),
        newest=await newest_day(),
        month=first,
        weeks=_weeks(first),
        days=await count_days(first.year, first.month, reader),
        months=_around(first),
        colours=await tag_colours(reader),
    )


def _weeks(first: date) -> list[list[date | None]]:
    """Give a month's days by weeks from Monday to Sunday; those of other months are None."""
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    return [[day if day.month == first.month else None for day in week] for week in weeks]


def _around(first: date) -> tuple[str, str]:
    """Give the months before and after, as addresses name them."""
    number = first.year * 12 + first.month - 1
    return tuple(f"{n // 12:04}-{n % 12 + 1:02}" for n in (number - 1, number + 1))  # type: ignore[return-value]


async def _sorted(papers: list[ListedPaper], sort: DaySort, reader: int) -> list[ListedPaper]:
    if sort == "upvotes":
        return sorted(papers, key=lambda paper: -(paper.upvotes or 0))
    if sort == "closest":
        close = await closest([paper.key for paper in papers], reader)
        return sorted(papers, key=lambda paper: -(close[paper.key].score if paper.key in close else 0))
    return papers
