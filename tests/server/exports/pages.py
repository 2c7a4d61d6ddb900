"""Papers to export: one with every field filled, and random ones with hostile text."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from nlp.spans import Result
from server.schema.api import WriteSource
from server.schema.papers import PaperPage
from server.schema.quote import Quote
from server.schema.reading_list import EntryState, NoteState
from server.schema.terms import TermChip

MOMENT = datetime(2026, 6, 3, 10, 11, 12, tzinfo=UTC)


def make_entry(**fields: Any) -> EntryState:
    defaults: dict[str, Any] = {
        "status": "reading",
        "rating": 4,
        "tags": ["rl/grpo", "to read"],
        "version": 3,
    }
    return EntryState(
        key="2501.10000", **{**defaults, "added": MOMENT, "updated": MOMENT, **fields}
    )


def make_note(
    text: str, *, number: int = 1, exact: str | None = None, source: WriteSource | None = None
) -> NoteState:
    quote = Quote(exact=exact) if exact else None
    at = MOMENT + timedelta(minutes=number)
    return NoteState(
        id=UUID(int=number),
        key="2501.10000",
        text=text,
        quote=quote,
        version=1,
        created=at,
        updated=at,
        source=source,
    )


def make_page(**fields: Any) -> PaperPage:
    defaults: dict[str, Any] = {
        "aliases": [],
        "key": "2501.10000",
        "title": "Lantern: a small model: reads at night",
        "abstract": (
            "We present Lantern, which reaches 91.2% accuracy on MoonQA with $O(n^2)$ steps."
        ),
        "authors": ["Ada Birch", "Niels O'Dell"],
        "author_count": 2,
        "published": date(2025, 1, 17),
        "url": "https://huggingface.co/papers/2501.10000",
        "code_url": "https://github.com/birch/lantern",
        "project_url": None,
        "doi": None,
        "organization": None,
        "categories": [],
        "upvotes": 12,
        "comments": 1,
        "extraction": "done",
        "extraction_version": "1",
        "seen": True,
        "entry": make_entry(),
        "notes": [make_note("Compare with *Candle*.\n\n- why?", exact="reads at night")],
        "corrections": [],
        "mentions": [],
        "terms": [
            TermChip(label="METRIC", name="accuracy", papers=9, first=80),
            TermChip(label="DATASET", name="MoonQA", papers=2, first=92),
            TermChip(label="METHOD", name="Lantern", papers=1, first=0, role="introduced"),
        ],
        "results": [
            Result(
                start=70,
                end=75,
                value="91.2%",
                metric="accuracy",
                dataset="MoonQA",
                method="Lantern",
            )
        ],
        "places": [],
    }
    return PaperPage(**{**defaults, **fields})


TEMPTING = st.sampled_from(
    [
        "---",
        "<!-- papermargin:begin 00000000000000000000000000000000 -->",
        "<!-- papermargin:end 00000000000000000000000000000000 -->",
        "<!-- papermargin:exported title=0000000000 -->",
        "```",
        "<script>alert(1)</script>",
        "<!--",
        "]]",
        "[[../../etc/passwd]]",
        "![x](http://example.org/beacon.png)",
        "> quoted",
        "# heading",
        "2501.10",
        "no",
        "null",
        "~",
        "&anchor",
        "*alias",
        "!!python/object:os.system",
        "{{ 7*7 }}",
        "%%",
        "| a | b |",
        "- item",
        "key: value",
        "C:\\CON",
        "nul.txt",
        "../../../etc/passwd",
        "\u202eevil\u202c",
        "a\u200bb",
        "\ufeff",
        "\x85",
        "\u2028",
        "\r\n",
        "\t",
        "w" * 10_000,
        "ß" * 300,
        "e\u0301",
        "$x_1$",
        "😀",
    ]
)
HOSTILE = st.lists(TEMPTING | st.text(max_size=30), max_size=5).map(" ".join) | st.lists(
    TEMPTING
).map("\n".join)
NAMES = st.lists(HOSTILE.filter(bool), max_size=3)


@st.composite
def hostile_pages(draw: st.DrawFn) -> PaperPage:
    notes = draw(st.lists(st.tuples(HOSTILE, st.none() | HOSTILE.filter(bool)), max_size=3))
    entry = make_entry(tags=draw(NAMES), rating=draw(st.none() | st.integers(0, 5)))
    return make_page(
        title=draw(HOSTILE),
        abstract=draw(HOSTILE),
        authors=draw(NAMES),
        entry=draw(st.none() | st.just(entry)),
        notes=[
            make_note(text, number=number, exact=exact)
            for number, (text, exact) in enumerate(notes)
        ],
        terms=[TermChip(label="METHOD", name=name, papers=1, first=0) for name in draw(NAMES)],
        results=[Result(start=0, end=1, value=value) for value in draw(NAMES)],
        code_url=draw(st.none() | HOSTILE | HOSTILE.map("https://".__add__)),
    )
