import tracemalloc
from collections.abc import AsyncIterator
from typing import get_args

import pytest

from server.exports.formats import FORMATS, FormatName
from server.imports.recognize import parse, recognize
from server.schema.papers import PaperPage
from tests.server.exports.pages import make_page
from tests.server.exports.writing import OBSERVED, write

pytestmark = pytest.mark.anyio


def test_every_name_has_its_format_and_no_two_share_an_ending_but_json() -> None:
    assert set(FORMATS) == set(get_args(FormatName))
    assert len({chosen.ending for chosen in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize(
    ("name", "kind"), [("bibtex", "BibTeX"), ("ris", "RIS"), ("csl", "CSL-JSON")]
)
def test_an_export_is_recognized_and_imported_again(name: FormatName, kind: str) -> None:
    found = recognize(
        write(FORMATS[name].render, make_page(), make_page(key="2501.10001", url=None)).encode()
    )
    assert found.kind == kind
    batch = parse(found, name="export", observed=OBSERVED, year=2026)
    assert [paper.arxiv_id for paper in batch.papers] == ["2501.10000", "2501.10001"]


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_papers_give_the_same_bytes(name: FormatName) -> None:
    assert write(FORMATS[name].render, make_page()) == write(FORMATS[name].render, make_page())


@pytest.mark.parametrize("name", FORMATS)
async def test_a_long_list_is_written_piece_by_piece(name: FormatName) -> None:
    async def pages(count: int) -> AsyncIterator[PaperPage]:
        for number in range(count):
            yield make_page(key=f"2501.{number:05}")

    assert [
        piece async for piece in FORMATS[name].render(pages(1))
    ]  # what is made once is no part of the list
    written = [0, 0]
    tracemalloc.start()
    async for piece in FORMATS[name].render(pages(1600)):
        written = [written[0] + 1, written[1] + len(piece)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert written[0] > 10
    assert peak < written[1]
