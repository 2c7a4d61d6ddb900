"""Write a new vault as a zip archive."""

from collections.abc import AsyncIterable, AsyncIterator
from io import RawIOBase
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from msgspec.structs import replace

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
    taken, files, linked = set[str](), dict[str, str](), list[tuple[str, PaperPage]]()
    with ZipFile(sink, "w") as archive:
        async for page in pages:
            name = take_name(page, taken)
            files[page.key] = name.removesuffix(".md")
            if page.links:
                # the files that its notes link to may get their names later
                linked.append((name, page))
            else:
                archive.writestr(_file(name), render(page, layout))
                yield sink.take()
        for name, page in linked:
            archive.writestr(_file(name), render(page, replace(layout, files=files)))
            yield sink.take()
    yield sink.take()


def _file(name: str) -> ZipInfo:
    info = ZipInfo(name, ZIP_EPOCH)
    info.compress_type, info.create_system = ZIP_DEFLATED, 3
    info.external_attr = 0o100644 << 16
    return info


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
