"""The reading list: search, facets, sorting, and endless scrolling."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import uuid4

from litestar import Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from server.database.versioning import Edit
from server.errors import QueryError
from server.papers.facets import list_facets
from server.papers.list import list_papers
from server.papers.next_up import read_next_up
from server.papers.saved_counts import list_searches
from server.reading_list.tags import tag_colours
from server.schema.papers import PaperList
from server.schema.reading_list import Status
from server.schema.searches import FacetValue, FoundSearch, SearchEdit, SearchName, Sort
from server.search.parser import (
    DATE_FIELDS,
    FIELDS,
    HAVING,
    SORTS,
    STATES,
    STATUSES,
    Asked,
    find_hint,
    read_asked,
)
from server.search.saved import delete_search, put_search
from server.web.pages.entries import Done
from server.web.pages.firstrun import first_run
from server.web.pages.layout import (
    YEAR,
    PageRequest,
    is_compact,
    is_htmx,
    read_form,
    redirect_back,
    render,
)

PAGE = 50  # papers
MAX_SHOWN = 1_000  # papers that one page shows again after a user scrolled through them
NEXT_STATUS: dict[str, Status] = {"none": "inbox", "inbox": "reading", "reading": "read"}
VALUES: dict[str, tuple[str, ...]] = {  # of fields of a query, to complete them with
    "status": STATUSES,
    "has": HAVING,
    "is": STATES,
    "rating": (">=4", ">=3", "5", "none"),
    "upvotes": (">=10", ">=50", ">=100"),
    "sort": SORTS,
    **dict.fromkeys(DATE_FIELDS, ("today", "yesterday", "<7d", "<30d")),
    "due": ("today", "tomorrow", "<7d", "<30d"),
}


class View(Struct, frozen=True, kw_only=True):
    """Which part of the list is shown: the query of its address."""

    q: str = ""
    sort: Sort | None = None
    everything: bool = False

    def address(self, **changes: Any) -> str:
        """Return the address of this view with some fields changed.

        `cursor` (of a later page) and `filters` are further parameters of the address.
        """
        further = {name: changes.pop(name, None) for name in ("cursor", "filters")}
        view = replace(self, **changes)
        asked = {"q": view.q, "sort": view.sort, "all": view.everything and "true", **further}
        given = urlencode({name: value for name, value in asked.items() if value})
        return f"/?{given}" if given else "/"


class Narrowing(Struct, frozen=True):
    """A value of a facet, and the address of the list with it, or without it if it is `chosen`."""

    value: str
    count: int
    chosen: bool
    address: str


class Filters(Struct, frozen=True):
    """The side bar: saved searches, and the values of each facet."""

    searches: list[FoundSearch]
    facets: dict[str, list[Narrowing]]


class DensityForm(Struct):
    """The density of the list, and the page to return to."""

    density: str
    here: str = "/"


class SearchForm(Struct, kw_only=True):
    """A search to save or delete; `was` is the name that it had before."""

    do: Literal["save", "delete"]
    name: SearchName
    query: str
    sort: Sort | Literal[""] = ""
    was: str = ""
    version: int = 0
    here: str = "/"


async def get_list(
    request: PageRequest,
    done: NamedDependency[Done],
    q: FromQuery[str] = "",
    sort: FromQuery[Sort | Literal[""]] = "",
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
    everything: Annotated[bool, QueryParameter(name="all")] = False,
    filters: FromQuery[bool] = False,
    shown: Annotated[int, QueryParameter(ge=1, le=MAX_SHOWN)] = PAGE,
) -> Response[str]:
    """Show the list, or what a query finds; htmx gets only the rows after a cursor.

    `shown` is how many papers the page had when a user left it, so that they find their place
    again. Counting the filters takes a while: htmx requests them after the list is shown, and a
    link with `filters` shows them without scripts.
    """
    user, view = request.user.user, View(q=q, sort=sort or None, everything=everything)
    context: dict[str, Any] = {"is_later": cursor is not None, "done": done}
    limit = PAGE if cursor else max(PAGE, shown)
    try:
        found = await list_papers(
            user, q, sort=view.sort, cursor=cursor, limit=limit, everything=everything
        )
    except QueryError as error:
        nothing = PaperList(papers=[], total=0, next=None)
        return await _render_list(request, view, nothing, wrong=error, **context)
    if not (found.papers or q) and (first := await first_run(request)):
        return render(request, "first-run.html", first=first)
    counted = await _filters(view, user) if filters else None
    return await _render_list(request, view, found, filters=counted, **context)


async def _render_list(
    request: PageRequest,
    view: View,
    found: PaperList,
    *,
    wrong: QueryError | None = None,
    filters: Filters | None = None,
    **context: Any,
) -> Response[str]:
    """Render the list, or for htmx only its later rows.

    `context` says whether these are `is_later` rows, and what was just `done`.
    """
    user, is_part = request.user.user, is_htmx(request) and context["is_later"]
    return render(
        request,
        "rows.html" if is_part else "reading.html",
        next=None if is_part else await read_next_up(user),
        status=wrong.status if wrong else 200,
        view=view,
        found=found,
        colours=await tag_colours(user),
        wrong=wrong,
        hint=None if wrong else find_hint(view.q),
        filters=filters,
        is_part=False,
        sorts=SORTS,
        compact=is_compact(request),
        most_shown=MAX_SHOWN,
        bulk_edit=uuid4(),
        bulk_status=_next_status(view),
        fields={name: VALUES.get(name, ()) for name in FIELDS},
        **context,
    )


async def get_filters(
    request: PageRequest,
    q: FromQuery[str] = "",
    sort: FromQuery[Sort | Literal[""]] = "",
    everything: Annotated[bool, QueryParameter(name="all")] = False,
) -> Response[str]:
    """Render the side bar for htmx: saved searches and facets, and with them the list's total."""
    user, view = request.user.user, View(q=q, sort=sort or None, everything=everything)
    return render(
        request,
        "filters.html",
        view=view,
        filters=await _filters(view, user),
        found=await list_papers(user, q, limit=1, everything=everything),
        is_part=True,
    )


async def post_density(request: PageRequest) -> Response[Any]:
    """Keep the density of the list in a cookie."""
    form = await read_form(request, DensityForm)
    response = redirect_back(form.here)
    density = "compact" if form.density == "compact" else "comfortable"
    response.cookies.append(
        Cookie(key="density", value=density, max_age=YEAR, httponly=True, samesite="lax")
    )
    return response


async def post_search(request: PageRequest) -> Response[Any]:
    """Save, rename or delete a search."""
    form = await read_form(request, SearchForm)
    edit = Edit(user=request.user.user, at=datetime.now(UTC), base=form.version)
    if form.do == "delete":
        await delete_search(edit, form.was)
    else:
        await put_search(
            edit,
            form.was or form.name,
            SearchEdit(name=form.name, query=form.query, sort=form.sort or None),
        )
    return redirect_back(form.here)


async def _filters(view: View, user: int) -> Filters:
    facets = await list_facets(user, view.q, everything=view.everything)
    try:
        asked = read_asked(view.q)
    except QueryError:
        # the title of a paper that does not read as a query: there is nothing to narrow
        asked, facets = Asked(view.q, 1, []), {}
    return Filters(
        searches=await list_searches(user, datetime.now(UTC)),
        facets={
            name: [
                _narrowing(view, asked, "published" if name == "year" else name, value)
                for value in values
            ]
            for name, values in facets.items()
            if values
        },
    )


def _narrowing(view: View, asked: Asked, name: str, value: FacetValue) -> Narrowing:
    wider = asked.widened(name, value.value)
    query = asked.narrowed(name, value.value) if wider is None else wider
    return Narrowing(value.value, value.count, wider is not None, view.address(q=query))


def _next_status(view: View) -> Status:
    """Return the status that the papers of a view are likely to get next."""
    try:
        asked = read_asked(view.q).fields
    except QueryError:
        asked = []
    statuses = [part.value.lower() for part, _, _ in asked if part.name == "status"]
    default: Status = "inbox" if view.everything else "read"
    return next((NEXT_STATUS.get(status, "read") for status in statuses), default)
