"""Whole files of the formats, and texts that tempt their parsers."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from datetime import UTC, datetime

from hypothesis import strategies as st

from server.schema.papers import PaperPage
from server.schema.sources import SourcePaper
from tests.server.exports.pages import HOSTILE

OBSERVED = datetime(2026, 6, 4, tzinfo=UTC)

TEMPTING = st.sampled_from(
    [
        r"\input{/etc/passwd}",
        r"$\input{/etc/passwd}$",
        r"$^^5cinput{x}$",
        "$x}$",
        "@article{evil, title = {x}}",
        "\n@misc{evil,\n  title = {x}\n}",
        "} @comment{",
        '"',
        "{",
        "\\",
        "%",
        "~ ^ _ & #",
        "-- --- `` '' !` ?`",
        r"$\alpha_{i}^2$",
        "costs $5 and $6",
        "TY  - JOUR",
        "\nER  - \n",
        '=HYPERLINK("http://example.org")',
        "@SUM(1)",
        "+1",
        "-1",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "<a href='javascript:alert(1)'>x</a>",
        "&lt;script&gt;",
        "DOI: 10.1234/evil",
        "{:type: book}",
        "été Łódź ű Ħ ß",
        "中文 α ≤ 😀",
    ]
)
TEXTS = st.lists(TEMPTING | HOSTILE, max_size=4).map(" ".join) | st.lists(
    TEMPTING | HOSTILE, max_size=4
).map("\n".join)
# our reader of BibTeX parts names at an "and", braces or not, and leaves out "others"
WORDS = st.text(
    st.characters(categories=["L"], max_codepoint=0x17F), min_size=1, max_size=12
).filter(lambda word: word.lower() not in {"and", "others"})
AUTHORS = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), max_size=4)


def write(
    render: Callable[[AsyncIterable[PaperPage]], AsyncIterator[bytes]], *pages: PaperPage
) -> str:
    """Give the whole file that a format makes of some papers."""

    async def collect() -> bytes:
        return b"".join([piece async for piece in render(stream(pages))])

    return asyncio.run(collect()).decode()


async def stream(pages: Iterable[PaperPage]) -> AsyncIterator[PaperPage]:
    """Give the papers one by one, as the store does."""
    for page in pages:
        yield page


def note_texts(paper: SourcePaper) -> list[str]:
    """Give the texts of the notes that a file brought along."""
    return [note.text for note in paper.notes]
