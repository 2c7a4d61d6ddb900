"""Triage: the new papers of some days one at a time, to keep or to skip.

The address says which days are gone through, since when, and at which paper: so back and forward
lead through the papers, and a pile that is opened again is where it was left.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import uuid4

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect
from msgspec import Struct
from uuid_utils.compat import uuid7

from server.database.serializers import find_paper
from server.database.versioning import Edit
from server.errors import NotFound
from server.papers.days import newest_day
from server.papers.list import read_listed
from server.papers.page import read_paper
from server.papers.spans import anchors, cut_abstract
from server.papers.triage import MAX_PILE, Piled, parse_days, read_pile
from server.reading_list.tags import tag_colours
from server.reading_list.triage import decide, take_back
from server.search.parser import MAX_PARTS, write_field
from server.web.pages.entries import Done
from server.web.pages.layout import PageRequest, is_compact, read_form, redirect_back, render

END = "end"  # the place behind the last paper


class View(Struct, frozen=True):
    """The days that are gone through, and since when: papers that were seen before are left out."""

    days: str
    since: datetime

    def address(self, at: str = "") -> str:
        """Return the address of a paper of the pile, or of its end; "" is the next new one."""
        asked = {"days": self.days, "since": self.since.strftime("%Y-%m-%dT%H:%M:%SZ"), "at": at}
        given = {name: value for name, value in asked.items() if value}
        return f"/triage?{urlencode(given, safe=':,')}"


class TriageForm(Struct, kw_only=True):
    """What to do with a paper of the pile, or that the last decision is to be undone."""

    days: str
    since: datetime
    do: Literal["keep", "skip", "undo"]
    key: str = ""


async def get_triage(
    request: PageRequest,
    done: NamedDependency[Done],
    days: Annotated[str, QueryParameter(max_length=1_000)] = "",
    since: FromQuery[datetime | None] = None,
    at: Annotated[str, QueryParameter(max_length=300)] = "",
) -> Response[Any]:
    """Show a paper of the pile, or at its end what was kept.

    An address without `since` begins a triage, of the newest day if it names none.
    """
    if since is None:
        return Redirect(_begin(days or f"{await newest_day() or 'all'}").address(), status_code=303)
    user, view = request.user.user, View(days, _utc(since))
    pile = await read_pile(user, parse_days(days), view.since)
    place = len(pile) if at == END else await _find_place(pile, at)
    if place == len(pile):
        return await _show_end(request, view, pile)
    return await _show_paper(request, view, pile, place, done)


async def post_triage(request: PageRequest) -> Response[Any]:
    """Keep or skip a paper and go to the next, or undo the last decision and go back to it."""
    form = await read_form(request, TriageForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), id=uuid4())
    view = View(form.days, _utc(form.since))
    pile = await read_pile(edit.user, parse_days(form.days), view.since)
    if form.do == "undo":
        key = await take_back(edit, [paper.id for paper in pile], view.since)
        return redirect_back(view.address(key or form.key))
    place = await _find_place(pile, form.key)
    await decide(edit, form.key, form.do)
    return redirect_back(view.address(_key_at(pile, place + 1)))


def _begin(days: str) -> View:
    parse_days(days)
    return View(days, datetime.now(UTC))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _find_place(pile: list[Piled], key: str) -> int:
    """Return the place of a paper in the pile; without a key that of the first undecided one.

    Raises `NotFound` if it is not among them.
    """
    if not key:
        undecided = (n for n, paper in enumerate(pile) if not paper.is_decided)
        return next(undecided, len(pile))
    paper = (await find_paper(key)).id
    for place, piled in enumerate(pile):
        if piled.id == paper:
            return place
    raise NotFound(f"{key} is not among the papers that this triage goes through")


def _key_at(pile: list[Piled], place: int) -> str:
    return pile[place].key if place < len(pile) else END


async def _show_paper(
    request: PageRequest, view: View, pile: list[Piled], place: int, done: Done
) -> Response[str]:
    user, piled = request.user.user, pile[place]
    page = await read_paper(piled.key, user)
    return render(
        request,
        "triage.html",
        view=view,
        page=page,
        piled=piled,
        place=place + 1,
        total=len(pile),
        kept_papers=sum(paper.is_kept for paper in pile),
        is_begun=any(paper.is_decided for paper in pile),
        before=_key_at(pile, place - 1) if place else None,
        after=_key_at(pile, place + 1),
        abstract=cut_abstract(page),
        anchored=anchors(page.abstract, page.notes),
        colours=await tag_colours(user),
        new_note=uuid7(),
        done=done,
    )


async def _show_end(request: PageRequest, view: View, pile: list[Piled]) -> Response[str]:
    user = request.user.user
    kept = await read_listed([paper.id for paper in pile if paper.is_kept], user)
    return render(
        request,
        "triaged.html",
        view=view,
        total=len(pile),
        is_cut=len(pile) == MAX_PILE,
        passed_over=sum(not paper.is_decided for paper in pile),
        kept_papers=kept,
        query=_write_query([paper.key for paper in kept], view.since.date()),
        last=pile[-1].key if pile else None,
        colours=await tag_colours(user),
        compact=is_compact(request),
    )


def _write_query(keys: list[str], since: date) -> str:
    """Write the query that finds the kept papers: by their keys, or if they are too many by day."""
    if len(keys) > MAX_PARTS:
        return f"added:>={since}"
    return " or ".join(write_field("key", key) for key in keys)
