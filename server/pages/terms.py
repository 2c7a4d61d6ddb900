"""Methods, datasets, metrics and tasks: an index of each, and a page for one, which its reader may rename or hide."""

from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any, Literal
from urllib.parse import quote

from litestar import Response
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from nlp.spans import LABELS, Label
from server.edits import Edit
from server.glossary import list_own_terms, list_terms, read_term
from server.leaderboard import Board, read_board, sort_board
from server.margin import tag_colours
from server.pages.chart import columns
from server.pages.shell import Reading, back, read_form, render
from server.papers import list_papers
from server.query import write_field
from server.terms import forget_term, put_term
from server.wire import MonthCount, TermEdit, TermSort

PAGE, INDEX = 25, 200  # papers, terms
FEWEST, MONTHS = 12, 36  # a longer time is drawn by years
ORDERS: tuple[TermSort, ...] = ("own", "papers", "name")


class TermForm(Struct, kw_only=True):
    """What to make of a term; `here` is where the form stood."""

    do: Literal["rename", "merge", "hide", "forget"]
    name: str = ""
    version: int = 0
    here: str = "/terms"


async def get_terms(
    request: Reading,
    label: FromQuery[Label] = "METHOD",
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    sort: FromQuery[TermSort] = "own",
    after: Annotated[int, QueryParameter(ge=0, lt=2**31)] = 0,
) -> Response[str]:
    """Show the terms of a label."""
    reader = request.user.user
    return render(
        request,
        "terms.html",
        labels=LABELS,
        label=label,
        q=q,
        sort=sort,
        sorts=ORDERS,
        after=after,
        found=await list_terms(reader, label, q, sort=sort, after=after, limit=INDEX),
        changed=await list_own_terms(reader),
    )


async def get_term(
    request: Reading,
    label: FromPath[str],
    name: FromPath[str],
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
    everything: Annotated[bool, QueryParameter(name="all")] = True,
    board: Annotated[str, QueryParameter(max_length=100)] = "-date",
) -> Response[str]:
    """Show everything on a term: its papers, when it came, and what was reported on a dataset."""
    reader = request.user.user
    term = await read_term(label, name.lstrip("/"), reader)
    query = write_field(label.lower(), term.state.into or term.state.term)
    names = [term.state.into or term.state.term, *(part.term for part in term.parts)]
    results = await read_board(names, reader) if term.state.label == "DATASET" else Board([], [])
    periods = _periods(term.months)
    return render(
        request,
        "term.html",
        term=term,
        address=f"/terms/{label.lower()}/{quote(term.state.term, safe='')}",
        query=query,
        found=await list_papers(reader, query, sort="published", cursor=cursor, limit=PAGE, everything=everything),
        everything=everything,
        is_later=cursor is not None,
        colours=await tag_colours(reader),
        periods=periods,
        points=[(name, papers) for name, papers, _ in periods],
        draw=columns,
        units=results.units,
        results=sort_board(results, board),
        board=board,
    )


async def post_term(request: Reading, label: FromPath[str], name: FromPath[str]) -> Response[Any]:
    """Rename, merge or hide a term, or take that back."""
    form = await read_form(request, TermForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), base=form.version)
    name, here = name.lstrip("/"), form.here
    if form.do == "forget":
        await forget_term(edit, label, name)
    elif form.do == "hide":
        await put_term(edit, label, name, TermEdit(hidden=True))
    else:
        wish = TermEdit(name=form.name) if form.do == "rename" else TermEdit(into=form.name)
        await put_term(edit, label, name, wish)
        here = f"/terms/{label.lower()}/{quote(form.name, safe='')}"
    return back(request, {"here": here})


def _periods(months: list[MonthCount]) -> list[tuple[str, int, int]]:
    """Give the papers of the store and of the list in each month up to the last one, or of each year."""
    if not months:
        return []
    first, last = _number(months[0].month), _number(months[-1].month)
    if last - first >= MONTHS:
        years = {year: [*of] for year, of in groupby(months, key=lambda month: month.month[:4])}
        return [_sum(year, years.get(year, [])) for year in map(str, range(first // 12, last // 12 + 1))]
    known = {month.month: month for month in months}
    numbers = range(min(first, last - FEWEST + 1), last + 1)
    names = [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]
    return [_sum(name, [known[name]] if name in known else []) for name in names]


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _sum(name: str, months: list[MonthCount]) -> tuple[str, int, int]:
    return name, sum(month.papers for month in months), sum(month.own for month in months)
