from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.exports.foreign_code import neutralize, restore
from server.exports.readwise import render_readwise
from server.schema.papers import PaperPage
from tests.server.exports.code import CODE, EXAMPLES, LIVE
from tests.server.exports.pages import make_note, make_page


@given(st.one_of(CODE, st.text()))
def test_a_neutralized_text_starts_no_code_and_comes_back_exactly(text: str) -> None:
    neutral = neutralize(text)
    assert not LIVE.search(neutral)
    assert restore(neutral) == text


@pytest.mark.parametrize("text", EXAMPLES[:-3])
def test_what_was_done_is_seen(text: str) -> None:
    assert LIVE.search(text)
    assert "\\" in neutralize(text)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint('a:b')\n```",
        "1 + 1 = 2",
        "`code` and $x = 1$",
        "- a\n- b\n\n> # c",
        "a <b> c",
    ],
)
def test_what_nothing_runs_stays_as_it_is(text: str) -> None:
    assert neutralize(text) == text


@pytest.mark.anyio
async def test_readwise_gets_the_own_notes_alone_as_they_are() -> None:
    code = EXAMPLES[0]
    page = make_page(notes=[make_note(code, source="zotero"), make_note(code, number=2)])

    async def pages() -> AsyncIterator[PaperPage]:
        yield page

    text = b"".join([piece async for piece in render_readwise(pages())]).decode()
    assert (text.count("```dataviewjs"), text.count("```\\dataviewjs")) == (1, 1)
