"""Restore a backup that the server made: a question, and what came of it."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from server.accounts.users import has_one_user
from server.errors import Refused
from server.maintenance.kept_backups import find_backup
from server.maintenance.restoration import Restorations
from server.web.pages.layout import PageRequest, read_form, redirect_back, render

STATE = "/settings/restore/state"


class RestoreForm(Struct, kw_only=True):
    """The name of a kept backup's file."""

    file: str = ""


async def get_kept_backup(
    request: PageRequest, file: FromQuery[Annotated[str, QueryParameter(max_length=200)]] = ""
) -> Response[str]:
    """Ask whether to restore a backup. Raises `NotFound` if there is no such one."""
    await _check_alone()
    return render(request, "restore.html", backup=find_backup(request.app.state.config, file))


async def post_kept_backup(request: PageRequest) -> Response[Any]:
    """Begin to restore a backup. Raises `StoreBusy` if one is being restored already."""
    await _check_alone()
    form = await read_form(request, RestoreForm)
    restorations: Restorations = request.app.state.restorations
    restorations.begin(find_backup(request.app.state.config, form.file), datetime.now(UTC))
    return redirect_back(STATE)


async def get_restoration(request: PageRequest) -> Response[Any]:
    """Show what came of the last restoration since the server was started."""
    await _check_alone()
    restorations: Restorations = request.app.state.restorations
    if restorations.last is None:
        return redirect_back("/settings#backup")
    return render(request, "restored.html", attempt=restorations.last)


async def _check_alone() -> None:
    """Raise `Refused` if the store has several users: nobody replaces what others wrote."""
    if not await has_one_user():
        raise Refused(
            "this store has several users: run papermargin restore on its machine", status=403
        )
