import csv
from datetime import date
from io import StringIO

import msgspec
import pytest
from hypothesis import given

from nlp.spans import Result
from server.exports.table import Row, render_csv, render_jsonl
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.papers import PaperPage
from server.schema.sources import printable
from tests.server.exports.pages import MOMENT, hostile_pages, make_entry, make_note, make_page
from tests.server.exports.writing import TEXTS, write

FACTS = HuggingFaceFacts(
    summary="It reads.", keywords=["lanterns", "night"], stars=9, observed=MOMENT
)


def read(*pages: PaperPage) -> list[dict[str, str]]:
    return list(
        csv.DictReader(StringIO(write(render_csv, *pages).removeprefix("\ufeff"), newline=""))
    )


def test_a_row_contains_the_paper_and_the_users_data() -> None:
    entry = make_entry(queue=2.5, due=date(2026, 7, 1))
    notes = [make_note("One.\n\nTwo.")]
    row = read(make_page(notes=notes, entry=entry, hugging_face=FACTS))[0]
    assert row == {
        "key": "2501.10000",
        "title": "Lantern: a small model: reads at night",
        "authors": "Ada Birch; Niels O'Dell",
        "published": "2025-01-17",
        "url": "https://huggingface.co/papers/2501.10000",
        "code_url": "https://github.com/birch/lantern",
        "project_url": "",
        "doi": "",
        "organization": "",
        "categories": "",
        "upvotes": "12",
        "comments": "1",
        "stars": "9",
        "status": "reading",
        "rating": "4",
        "tags": "rl/grpo; to read",
        "queue": "2.5",
        "snoozed_until": "",
        "due": "2026-07-01",
        "added": "2026-06-03T10:11:12+00:00",
        "updated": "2026-06-03T10:11:12+00:00",
        "introduces": "Lantern",
        "methods": "Lantern",
        "datasets": "MoonQA",
        "metrics": "accuracy",
        "tasks": "",
        "results": "Lantern MoonQA accuracy 91.2%",
        "notes": "One.\n\nTwo.",
        "summary": "It reads.",
        "keywords": "lanterns; night",
        "abstract": (
            "We present Lantern, which reaches 91.2% accuracy on MoonQA with $O(n^2)$ steps."
        ),
    }


def test_a_table_without_papers_has_a_header_and_a_byte_order_mark() -> None:
    assert write(render_csv) == "\ufeff" + ",".join(Row.__struct_fields__) + "\r\n"


@pytest.mark.parametrize(
    "start", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\n=1", "＝1", "\u00a0=1"]
)
def test_no_cell_is_a_formula(start: str) -> None:
    page = make_page(title=start, results=[Result(start=0, end=1, value=start)], abstract=start)
    row = read(page)[0]
    assert (row["title"], row["results"], row["abstract"]) == (f"'{start}",) * 3


@given(hostile_pages())
def test_hostile_papers_are_one_row_each_without_formulas(page: PaperPage) -> None:
    rows = read(page, make_page(key="2501.10001"))
    assert [row["key"] for row in rows] == ["2501.10000", "2501.10001"]
    for row in rows:
        assert None not in row
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row.values())


@given(TEXTS)
def test_every_text_is_read_back_apart_from_the_apostrophe(text: str) -> None:
    assert read(make_page(title=text))[0]["title"] in {printable(text), f"'{printable(text)}"}


@given(hostile_pages())
def test_every_paper_is_one_line_of_json_without_loss(page: PaperPage) -> None:
    lines = write(render_jsonl, page, make_page()).encode().splitlines()
    assert [msgspec.json.decode(line) for line in lines] == [
        msgspec.to_builtins(each) for each in (page, make_page())
    ]
    assert msgspec.json.decode(lines[-1], type=PaperPage) == make_page()
