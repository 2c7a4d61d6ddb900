import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Invalid
from server.schema.api import StyleName
from server.schema.papers import PaperPage
from server.vault.note_styles import STYLES
from server.vault.template import default_layout, default_template, make_layout
from tests.server.exports.pages import hostile_pages, make_note, make_page


def write(template: str, page: PaperPage | None = None, style: StyleName = "obsidian") -> str:
    return make_layout(style, template, "mine.jinja").write(page or make_page())


@pytest.mark.parametrize("style", STYLES)
def test_the_printed_template_is_the_default_one(style: StyleName) -> None:
    assert default_layout(style).write(make_page()) == write(default_template(style), style=style)


def test_a_template_can_use_all_data_of_a_paper() -> None:
    template = (
        "{{ title }} ({{ paper | citekey }}, {{ paper.published | date('%d/%m/%Y') }})\n"
        "{% for note in notes %}"
        "{{ note.created | date }}: {{ note.text | blockquote }}\n"
        "{% endfor %}"
        "{{ datasets | map('link', 'terms') | join(' + ') }} {{ title | slug }} "
        "{{ paper.code_url | web('Code') }}\n"
        "{{ paper.entry.status }} {{ paper.entry.rating | stars }} "
        "{{ paper.results[0].value }}{{ paper.doi }}"
    )
    assert write(template) == (
        "Lantern: a small model: reads at night (birch2025lantern-2501.10000, 17/01/2025)\n"
        "2026-06-03: > Compare with *Candle*.\n>\n> - why?\n"
        "[[terms/MoonQA|MoonQA]] lantern-a-small-model-reads-at-night [Code](https://github.com/birch/lantern)\n"
        "reading ★★★★☆ 91.2%\n"
    )


def test_values_in_a_template_are_escaped_unless_marked_raw() -> None:
    page = make_page(title="*a* [b](javascript:x) <script>", notes=[make_note("*mine*")])
    assert write("{{ paper.title }}", page) == "\\*a\\* \\[b\\](javascript:x) \\<script\\>\n"
    assert write("{{ [paper.title, notes[0].text] | join('|') }}", page).endswith(
        "\\>|\\*mine\\*\n"
    )
    assert write("{{ notes[0].text | raw }}", page) == "*mine*\n"


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("a\n{% if %}", "mine.jinja, line 2: Expected an expression, got 'end of statement block'"),
        ("{{ paper.title", "mine.jinja, line 1: unexpected end of template"),
        ("\n\n{{ nothing }}", "mine.jinja, line 3: 'nothing' is undefined"),
        (
            "{{ paper.nothing }}",
            "mine.jinja, line 1: "
            "'server.schema.papers.PaperPage object' has no attribute 'nothing'",
        ),
        ("{{ 1 // 0 }}", "mine.jinja, line 1: integer division or modulo by zero"),
        ("{{ paper | nothing }}", "mine.jinja, line 1: No filter named 'nothing'."),
        (
            "{% include '/etc/passwd' %}",
            "mine.jinja, line 1: no loader for this environment specified",
        ),
        (
            "{{ paper.__class__.__mro__ }}",
            "access to attribute '__class__' of 'PaperPage' object is unsafe.",
        ),
        ("{{ ''.__class__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ tags.append('x') }}", "access to attribute 'append' of 'list' object is unsafe."),
        ("{% for n in range(10000000) %}{% endfor %}", "Range too big"),
        ("{{ write.__globals__ }}", "'write' is undefined"),
        ("{{ title | date }}", "mine.jinja, line 1: 'str' object has no attribute 'strftime'"),
    ],
)
def test_a_failing_template_is_a_one_line_error(template: str, complaint: str) -> None:
    with pytest.raises(Invalid) as told:
        write(template)
    assert complaint in str(told.value)
    assert "\n" not in str(told.value)


@given(hostile_pages(), st.sampled_from([*STYLES]))
def test_any_paper_can_be_rendered_by_the_default_template(
    page: PaperPage, style: StyleName
) -> None:
    text = write(default_template(style), page, style)
    assert text.endswith("\n") and "\r" not in text
