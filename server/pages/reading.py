"""The reading list: searched, narrowed by facets, sorted, endless."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID, uuid4

from litestar import Response
from litestar.datastructures import Cookie
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from server.bulk import count_done
from server.edits import Edit
from server.errors import QueryError
from server.margin import tag_colours
from server.matches import list_searches
from server.pages.firstrun import first_run
from server.pages.shell import YEAR, Reading, back, is_part, read_form, render
from server.papers import list_facets, list_papers
from server.query import FIELDS, HAVING, STATUSES, Asked, read_asked
from server.searches import delete_search, put_search
from server.wire import FacetValue, FoundSearch, PaperList, SearchEdit, SearchName, Sort

PAGE = 50  # papers
SORTS: tuple[Sort, ...] = ("added", "published", "rating", "upvotes", "relevance")


class View(Struct, frozen=True, kw_only=True):
    """What is shown of the list, as its address says."""

    q: str = ""
    sort: Sort | None = None
    everything: bool = False

    def address(self, **changes: Any) -> str:
        """Give the address of this view or of one that differs; with a `cursor` of a later page, with `filters`."""
        further = {name: changes.pop(name, None) for name in ("cursor", "filters")}
        view = replace(self, **changes)
        asked = {"q": view.q, "sort": view.sort, "all": view.everything and "true", **further}
        given = urlencode({name: value for name, value in asked.items() if value})
        return f"/?{given}" if given else "/"


class Narrowing(Struct, frozen=True):
    """A value of a facet, and where the list stands with it, or without it if it is `chosen`."""

    value: str
    count: int
    chosen: bool
    address: str


class Filters(Struct, frozen=True):
    """What stands beside the list: saved searches, and the values of each facet."""

    searches: list[FoundSearch]
    facets: dict[str, list[Narrowing]]


class DensityForm(Struct):
    """How close the papers shall stand."""

    density: str
    here: str = "/"


class SearchForm(Struct, kw_only=True):
    """A search to keep under a name, to rename (it `was` called so) or to delete."""

    do: Literal["save", "delete"]
    name: SearchName
    query: str
    sort: Sort | Literal[""] = ""
    was: str = ""
    version: int = 0
    here: str = "/"


async def get_list(
    request: Reading,
    q: FromQuery[str] = "",
    sort: FromQuery[Sort | Literal[""]] = "",
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
    everything: Annotated[bool, QueryParameter(name="all")] = False,
    filters: FromQuery[bool] = False,
    done: FromQuery[UUID | None] = None,
    kept: FromQuery[int] = 0,
) -> Response[str]:
    """Show the list, or what a query finds; htmx asks for the rows after a cursor alone.

    The filters are counted after the list is shown, by a request of htmx; who has no scripts asks for them.
    """
    reader, view = request.user.user, View(q=q, sort=sort or None, everything=everything)
    found, wrong = PaperList(papers=[], total=0, next=None), None
    try:
        found = await list_papers(reader, q, sort=view.sort, cursor=cursor, limit=PAGE, everything=everything)
    except QueryError as error:
        wrong = error
    if not (found.papers or q) and (first := await first_run(request)):
        return render(request, "first-run.html", first=first)
    return render(
        request,
        "rows.html" if is_part(request) and cursor else "reading.html",
        status=wrong.status if wrong else 200,
        view=view,
        found=found,
        colours=await tag_colours(reader),
        wrong=wrong,
        filters=await _filters(view, reader) if filters and not wrong else None,
        sorts=SORTS,
        compact=request.cookies.get("density") == "compact",
        is_later=cursor is not None,
        deed=uuid4(),
        done=done,
        kept=kept,
        changed=await count_done(reader, done) if done else 0,
        fields={name: _values(name) for name in FIELDS},
    )


async def get_filters(
    request: Reading,
    q: FromQuery[str] = "",
    sort: FromQuery[Sort | Literal[""]] = "",
    everything: Annotated[bool, QueryParameter(name="all")] = False,
) -> Response[str]:
    """Give the saved searches, and by what the list can be narrowed, for their place on the page."""
    view = View(q=q, sort=sort or None, everything=everything)
    return render(request, "filters.html", view=view, filters=await _filters(view, request.user.user))


async def post_density(request: Reading) -> Response[Any]:
    """Keep how close the papers shall stand, in a cookie."""
    form = await read_form(request, DensityForm)
    response = back(request, {"here": form.here})
    density = "compact" if form.density == "compact" else "comfortable"
    response.cookies.append(Cookie(key="density", value=density, max_age=YEAR, httponly=True, samesite="lax"))
    return response


async def post_search(request: Reading) -> Response[Any]:
    """Keep a search, rename it or delete it."""
    form = await read_form(request, SearchForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), base=form.version)
    if form.do == "delete":
        await delete_search(edit, form.was)
    else:
        await put_search(
            edit, form.was or form.name, SearchEdit(name=form.name, query=form.query, sort=form.sort or None)
        )
    return back(request, {"here": form.here})


async def _filters(view: View, reader: int) -> Filters:
    asked = read_asked(view.q)
    facets = await list_facets(reader, view.q, everything=view.everything)
    return Filters(
        searches=await list_searches(reader, datetime.now(UTC)),
        facets={
            name: [_narrowing(view, asked, "published" if name == "year" else name, value) for value in values]
            for name, values in facets.items()
            if values
        },
    )


def _narrowing(view: View, asked: Asked, name: str, value: FacetValue) -> Narrowing:
    wider = asked.widened(name, value.value)
    query = asked.narrowed(name, value.value) if wider is None else wider
    return Narrowing(value.value, value.count, wider is not None, view.address(q=query))


def _values(name: str) -> tuple[str, ...]:
    """Give what a field can be, where that is known beforehand."""
    return {"status": STATUSES, "has": HAVING, "rating": (">=4", ">=3", "5", "none")}.get(name, ())
