"""The box on every page that adds papers by an id, an address, a DOI or a title."""

from datetime import UTC, datetime
from typing import Any

from litestar import Response
from msgspec import Struct

from server.schema.api import AddReport
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


def _is_one(report: AddReport) -> bool:
    """Return whether one paper was asked for and is there to be shown."""
    return len(report.papers) == 1 and not report.failed and report.papers[0].state != "waiting"
