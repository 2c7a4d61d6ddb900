"""Methods, datasets, metrics and tasks: an index of each label, and a page for each term."""

from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any, Literal
from urllib.parse import quote

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from nlp.spans import LABELS, Label, Role
from server.database.versioning import Edit
from server.papers.list import list_papers
from server.papers.page import read_titles
from server.reading_list.tags import tag_colours
from server.schema.terms import MonthCount, TermEdit, TermPage, TermSort
from server.search.parser import ROLE_FIELDS, write_field
from server.terms.index import list_own_terms, list_terms, read_term
from server.terms.leaderboard import read_boards, read_result_corrections
from server.terms.overrides import forget_term, put_term
from server.web.pages.chart import columns
from server.web.pages.entries import Done
from server.web.pages.layout import PageRequest, read_form, redirect_back, render
from server.web.paths import sent_name

PAGE, INDEX = 25, 200  # papers, terms
FEWEST, MONTHS = 12, 36  # months in a chart; a longer time is drawn by years
ORDERS: tuple[TermSort, ...] = ("own", "papers", "name")


class TermForm(Struct, kw_only=True):
    """A change of a term; `here` is the page that the form was on."""

    do: Literal["rename", "merge", "hide", "forget"]
    name: str = ""
    version: int = 0
    here: str = "/terms"


async def get_terms(
    request: PageRequest,
    label: FromQuery[Label] = "METHOD",
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    sort: FromQuery[TermSort] = "own",
    after: Annotated[int, QueryParameter(ge=0, lt=2**31)] = 0,
) -> Response[str]:
    """Show the terms of a label."""
    user = request.user.user
    return render(
        request,
        "terms.html",
        labels=LABELS,
        label=label,
        q=q,
        sort=sort,
        sorts=ORDERS,
        after=after,
        found=await list_terms(user, label, q, sort=sort, after=after, limit=INDEX),
        changed=await list_own_terms(user),
    )


async def get_term(
    request: PageRequest,
    label: FromPath[str],
    name: FromPath[str],
    done: NamedDependency[Done],
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
    everything: Annotated[bool, QueryParameter(name="all")] = True,
    board: Annotated[str, QueryParameter(max_length=500)] = "",
    role: FromQuery[Role | None] = None,
) -> Response[str]:
    """Show a term: its papers, how often it was mentioned, and the results on a dataset."""
    user = request.user.user
    term = await read_term(label, sent_name(request, name), user)
    query = _write_query(term, role)
    names = _dataset_names(term)
    boards = await read_boards(names, user) if names else []
    corrected = await read_result_corrections(names, user) if names else []
    periods = _periods(term.months)
    return render(
        request,
        "term.html",
        term=term,
        done=done,
        address=f"/terms/{label.lower()}/{quote(term.state.term, safe='')}",
        query=query,
        found=await list_papers(
            user, query, sort="published", cursor=cursor, limit=PAGE, everything=everything
        ),
        everything=everything,
        is_later=cursor is not None,
        colours=await tag_colours(user),
        periods=periods,
        points=[(name, papers) for name, papers, _ in periods],
        draw=columns,
        role=role,
        boards=boards,
        corrected=corrected,
        titles=await read_titles([correction.key for correction in corrected]),
        board=next((each for each in boards if each.id == board), boards[0] if boards else None),
    )


async def post_term(
    request: PageRequest, label: FromPath[str], name: FromPath[str]
) -> Response[Any]:
    """Rename, merge or hide a term, or undo this."""
    form = await read_form(request, TermForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), base=form.version)
    name, here = sent_name(request, name), form.here
    if form.do == "forget":
        await forget_term(edit, label, name)
    elif form.do == "hide":
        await put_term(edit, label, name, TermEdit(hidden=True))
    else:
        data = TermEdit(name=form.name) if form.do == "rename" else TermEdit(into=form.name)
        await put_term(edit, label, name, data)
        here = f"/terms/{label.lower()}/{quote(form.name, safe='')}"
    return redirect_back(here)


def _write_query(term: TermPage, role: Role | None) -> str:
    """Write the query that finds the papers of a term, those with it in a role if one is named."""
    root = term.state.into or term.state.term
    fields = [
        term.state.label.lower(),
        *(name for name in ROLE_FIELDS if ROLE_FIELDS[name] == role),
    ]
    return " ".join(write_field(field, root) for field in fields)


def _dataset_names(term: TermPage) -> list[str]:
    """Return the names of a dataset with those that were merged into it; none for other labels."""
    if term.state.label != "DATASET":
        return []
    return [term.state.into or term.state.term, *(part.term for part in term.parts)]


def _periods(months: list[MonthCount]) -> list[tuple[str, int, int]]:
    """Count the papers of the store and of the list by month, or by year over a long time."""
    if not months:
        return []
    first, last = _number(months[0].month), _number(months[-1].month)
    if last - first >= MONTHS:
        years = {year: [*of] for year, of in groupby(months, key=lambda month: month.month[:4])}
        return [
            _sum(year, years.get(year, [])) for year in map(str, range(first // 12, last // 12 + 1))
        ]
    known = {month.month: month for month in months}
    numbers = range(min(first, last - FEWEST + 1), last + 1)
    names = [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]
    return [_sum(name, [known[name]] if name in known else []) for name in names]


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _sum(name: str, months: list[MonthCount]) -> tuple[str, int, int]:
    return name, sum(month.papers for month in months), sum(month.own for month in months)
