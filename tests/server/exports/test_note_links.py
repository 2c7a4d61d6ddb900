"""Links in notes, as Obsidian and Logseq write them: found, and shown on our pages."""

from datetime import date

import pytest

from server.exports.html import render_note
from server.exports.note_links import find_links, journal_page, parse_day
from server.schema.papers import LinkedPaper

MOSS = LinkedPaper("2605.15514", "Mossy <Pruning>")
LINK = '<a href="/papers/2605.15514" title="Mossy &lt;Pruning&gt;" rel="noopener noreferrer">'


@pytest.mark.parametrize(
    ("text", "target", "part", "shown"),
    [
        ("[[2605.15514]]", "2605.15514", "", "2605.15514"),
        ("[[ a/Mossy Pruning |moss]]", "a/Mossy Pruning", "", "moss"),
        ("[[Moss#Abstract]]", "Moss", "#Abstract", "Moss#Abstract"),
        ("![[Moss#^n-1|quoted]]", "Moss", "#^n-1", "quoted"),
        ("[moss]([[Mossy Pruning]])", "Mossy Pruning", "", "moss"),
        ("[[[Moss]]]", "Moss", "", "Moss"),
    ],
)
def test_a_link_has_a_target_and_a_label(text: str, target: str, part: str, shown: str) -> None:
    [link] = find_links(f"before {text} after")
    assert (link.target, link.part, link.shown) == (target, part, shown)


@pytest.mark.parametrize(
    "text",
    [
        "[[]]",
        "[[a\nb]]",
        "[Moss](https://e.org)",
        "`[[Moss]]`",
        "```\n[[Moss]]\n```",
        "``` [[Moss]]",
    ],
)
def test_what_is_no_link_or_stands_in_code_is_left_alone(text: str) -> None:
    assert [*find_links(text)] == []


@pytest.mark.parametrize(
    ("target", "day"),
    [
        ("2026-05-01", date(2026, 5, 1)),
        ("May 1st, 2026", date(2026, 5, 1)),
        ("Sep 22nd, 2026", date(2026, 9, 22)),
        ("2026-02-30", None),
        ("Feb 30th, 2026", None),
        ("Moss 1st, 2026", None),
    ],
)
def test_a_daily_note_is_known_by_its_name(target: str, day: date | None) -> None:
    assert parse_day(target) == day


def test_the_journal_of_logseq_names_every_day_so_that_it_is_read_again() -> None:
    for ordinal in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        assert parse_day(journal_page(day)) == day
    assert journal_page(date(2026, 3, 12)) == "Mar 12th, 2026"
    assert journal_page(date(2026, 3, 23)) == "Mar 23rd, 2026"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[[2605.15514]]", f"{LINK}2605.15514</a>"),
        ("**[[2605.15514|moss]]**", f"<strong>{LINK}moss</a></strong>"),
        ("[moss]([[2605.15514]])", f"{LINK}moss</a>"),
        ("[[unknown]] `[[2605.15514]]`", "[[unknown]] <code>[[2605.15514]]</code>"),
        (
            "[[May 1st, 2026]]",
            '<a href="/days/2026-05-01" title="2026-05-01" rel="noopener noreferrer">'
            "May 1st, 2026</a>",
        ),
    ],
)
def test_a_link_leads_to_the_paper_or_the_day(text: str, html: str) -> None:
    assert render_note(text, {"2605.15514": MOSS}).strip() == f"<p>{html}</p>"


def test_without_papers_a_note_stays_as_it_is_written() -> None:
    assert render_note("[[2605.15514]] [[2026-05-01]]").strip() == (
        "<p>[[2605.15514]] [[2026-05-01]]</p>"
    )


def test_a_link_to_another_page_of_ours_or_to_a_script_leads_nowhere() -> None:
    html = render_note(
        "[a](/settings) [b](../x) [c](javascript:alert) [d](//e.org) [e](/papers/../settings)", {}
    )
    assert "href" not in html


def test_a_paper_of_the_store_can_be_linked_to_by_its_address() -> None:
    assert 'href="/papers/hep-th/9901001"' in render_note("[a](/papers/hep-th/9901001)", {})
