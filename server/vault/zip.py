"""Write a new vault as a zip archive."""

from collections.abc import AsyncIterable, AsyncIterator
from io import RawIOBase
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from server.schema.papers import PaperPage
from server.vault.filename import take_name
from server.vault.paper_file import render
from server.vault.template import Layout, default_layout

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


async def render_zip(
    pages: AsyncIterable[PaperPage], layout: Layout | None = None
) -> AsyncIterator[bytes]:
    """Yield a new vault as a zip in pieces; the same papers in the same order give equal bytes."""
    layout = layout or default_layout()
    sink = _Sink()
    taken: set[str] = set()
    with ZipFile(sink, "w") as archive:
        async for page in pages:
            info = ZipInfo(take_name(page, taken), ZIP_EPOCH)
            info.compress_type, info.create_system, info.external_attr = (
                ZIP_DEFLATED,
                3,
                0o100644 << 16,
            )
            archive.writestr(info, render(page, layout))
            yield sink.take()
    yield sink.take()


class _Sink(RawIOBase):
    """A file object that a zip is written to, and that is emptied piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: Any, /) -> int:
        self._pieces.append(bytes(piece))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken
