"""Buttons of the settings page: import files, download a backup, fetch the newest days."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from anyio import open_file
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Stream

from server.accounts.users import has_one_user
from server.errors import Invalid, Refused
from server.schema.api import FileReport
from server.web.disconnect import run_while_connected
from server.web.pages.layout import PageRequest, redirect_back, render

PIECE = 1 << 16  # bytes


async def post_import(request: PageRequest) -> Response[str]:
    """Import files and show a report on each; the browser's stop button cancels it.

    Raises `Invalid` if none is chosen.
    """
    from server.imports.files import import_data  # noqa: PLC0415 - slow to import
    from server.imports.formats.table import read_columns  # noqa: PLC0415
    from server.imports.steps import ImportLog  # noqa: PLC0415

    posted = await request.form()
    files = [
        file for file in posted.getall("file", []) if isinstance(file, UploadFile) and file.filename
    ]
    if not files:
        raise Invalid("choose a file first")
    now, user = datetime.now(UTC), request.user.user
    add, preview = (posted.get(name) == "true" for name in ("add", "preview"))
    columns = read_columns(filter(None, str(posted.get("columns", "")).splitlines()))
    log = ImportLog(user, now)

    async def work() -> list[FileReport]:
        return [
            await import_data(
                await file.read(),
                Path(file.filename).name,
                user,
                now,
                columns=columns,
                add=add,
                preview=preview,
                log=log,
            )
            for file in files
        ]

    reports = await run_while_connected(request, work())
    number = next((report.import_id for report in reports if report.import_id), None)
    return render(request, "imported.html", reports=reports, preview=preview, number=number)


async def get_imports(request: PageRequest) -> Response[str]:
    """Show the imports of the last 30 days, each with a button that undoes it."""
    from server.imports.undo import list_imports  # noqa: PLC0415 - slow to import

    imports = await list_imports(request.user.user, datetime.now(UTC))
    return render(request, "imports.html", imports=imports, undone=None)


async def post_import_undo(request: PageRequest, number: FromPath[int]) -> Response[str]:
    """Undo an import, and show what was undone and what stays."""
    from server.imports.undo import list_imports, undo_import  # noqa: PLC0415 - slow to import

    user, now = request.user.user, datetime.now(UTC)
    undone = await undo_import(user, number, now)
    imports = await list_imports(user, now)
    return render(request, "imports.html", imports=imports, undone=undone)


async def post_backup(request: PageRequest) -> Stream:
    """Download a verified backup of the store. Raises `Refused` if it has several users."""
    from server.maintenance.backup import back_up  # noqa: PLC0415 - slow to import

    if not await has_one_user():
        raise Refused(
            "this store has several users: run papermargin backup on its machine",
            status=403,
        )
    folder = TemporaryDirectory(prefix="papermargin-", ignore_cleanup_errors=True)
    name = f"papermargin-{datetime.now(UTC):%Y-%m-%d}.sqlite"
    try:
        await back_up(
            request.app.state.config, Path(folder.name, name), progress=lambda done, total: None
        )
    except BaseException:
        folder.cleanup()
        raise
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-type": "application/vnd.sqlite3",
    }
    return Stream(_read(folder, name), headers=headers)


async def post_fetch(request: PageRequest) -> Response[Any]:
    """Fetch the newest days from Hugging Face. Raises `SourceError` if that fails."""
    from server.imports.daily import fetch_round  # noqa: PLC0415 - slow to import
    from server.imports.lookup import open_sources  # noqa: PLC0415 - as above

    async with open_sources(request.app.state.config) as sources:
        await fetch_round(sources, datetime.now(UTC))
    return redirect_back("/today")


async def _read(folder: "TemporaryDirectory[str]", name: str) -> AsyncIterator[bytes]:
    with folder:
        async with await open_file(Path(folder.name, name), "rb") as file:
            while piece := await file.read(PIECE):
                yield piece
