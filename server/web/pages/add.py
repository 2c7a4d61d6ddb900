"""The box on every page that adds papers, and the button that tries again to fetch one."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from litestar import Response
from msgspec import Struct

from server.database.serializers import find_paper
from server.errors import SourceError
from server.schema.api import AddReport
from server.web.api.request import Key
from server.web.pages.layout import PageRequest, read_form, redirect_back, render


class AddForm(Struct):
    """The text of the box."""

    text: str = ""


async def post_add(request: PageRequest) -> Response[Any]:
    """Add the papers that the box names; one alone is shown on its page, several in a report.

    What could not be added stays in the box.
    """
    from server.imports.add import add_at_once  # noqa: PLC0415 - slow to import

    form = await read_form(request, AddForm)
    config = request.app.state.config
    report = await add_at_once(form.text, request.user.user, config, datetime.now(UTC))
    if _is_one(report):
        return redirect_back(f"/papers/{report.papers[0].key}")
    unadded = "\n".join(failed.text for failed in report.failed)
    return render(request, "added.html", report=report, unadded=unadded)


class FetchForm(Struct):
    """The page to go back to."""

    here: str = "/"


async def post_fetch_again(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Try again to fetch a paper that is known by its id or title alone.

    The page that this leads back to shows why it could not be fetched.
    """
    from server.imports.gaps import fetch_again  # noqa: PLC0415 - slow to import
    from server.imports.lookup import IMPATIENT, open_sources  # noqa: PLC0415 - as above

    form = await read_form(request, FetchForm)
    key = (await find_paper(paper_key)).key
    async with open_sources(request.app.state.config, patience=IMPATIENT) as sources:
        with suppress(SourceError):
            await fetch_again(sources, key, datetime.now(UTC))
    return redirect_back(form.here)


async def post_ask_again(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Ask Hugging Face anew what it tells of a paper."""
    from server.imports.gaps import ask_again  # noqa: PLC0415 - slow to import
    from server.imports.lookup import IMPATIENT, open_sources  # noqa: PLC0415 - as above

    key = (await find_paper(paper_key)).key
    async with open_sources(request.app.state.config, patience=IMPATIENT) as sources:
        await ask_again(sources, key, datetime.now(UTC))
    return redirect_back(f"/papers/{key}")


def _is_one(report: AddReport) -> bool:
    """Return whether one paper was asked for and is there to be shown."""
    return len(report.papers) == 1 and not report.failed and report.papers[0].state != "waiting"
