"""In and out by the pages: files to import, a backup to keep, the newest days fetched."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from anyio import open_file
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.response import Stream

from server.errors import Invalid, Refused
from server.pages.shell import Reading, back, render
from server.tokens import has_one_reader

PIECE = 1 << 16  # bytes


async def post_import(request: Reading) -> Response[str]:
    """Take in files, and tell of each what became of it."""
    from server.intake import import_data  # noqa: PLC0415 - what it needs would slow down every start

    posted = await request.form()
    files = [file for file in posted.getall("file", []) if isinstance(file, UploadFile) and file.filename]
    if not files:
        raise Invalid("choose a file first")
    now, user = datetime.now(UTC), request.user.user
    add, preview = (posted.get(name) == "true" for name in ("add", "preview"))
    reports = [
        await import_data(await file.read(), Path(file.filename).name, user, now, add=add, preview=preview)
        for file in files
    ]
    return render(request, "imported.html", reports=reports, preview=preview)


async def post_backup(request: Reading) -> Stream:
    """Give a checked backup of the store. Raises `Refused` where it holds more than one reader's."""
    from server.upkeep.backup import back_up  # noqa: PLC0415 - as above

    if not await has_one_reader():
        raise Refused("this store has several readers: papermargin backup, on its machine, keeps it whole", status=403)
    folder = TemporaryDirectory(prefix="papermargin-", ignore_cleanup_errors=True)
    name = f"papermargin-{datetime.now(UTC):%Y-%m-%d}.sqlite"
    try:
        await back_up(request.app.state.config, Path(folder.name, name), progress=lambda done, total: None)
    except BaseException:
        folder.cleanup()
        raise
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Stream(_read(folder, name), media_type="application/vnd.sqlite3", headers=headers)


async def post_fetch(request: Reading) -> Response[Any]:
    """Fetch the newest days from Hugging Face. Raises `SourceError`."""
    from server.daily import fetch_round, open_sources  # noqa: PLC0415 - as above

    async with open_sources(request.app.state.config) as sources:
        await fetch_round(sources, datetime.now(UTC))
    return back(request, {"here": "/today"})


async def _read(folder: "TemporaryDirectory[str]", name: str) -> AsyncIterator[bytes]:
    with folder:
        async with await open_file(Path(folder.name, name), "rb") as file:
            while piece := await file.read(PIECE):
                yield piece
