"""The tokenizer splits around names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.pipeline import blank

NLP = blank()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("We use Owlet3-70B.", "Owlet3-70B"),
        ("It is called Show-o.", "Show-o."),
        ("large owl model (LOM)-based search", "LOM"),
        ("Owl Models(LOMs) count", "LOMs"),
        ("Owl Models~(LOMs) count", "LOMs"),
        ("SFT+OwlRL training", "SFT"),
        ("a score of R^2=0.81", "R^2"),
        ("OwlEval(+4.3) is", "OwlEval"),
        ("OwlNet-7B,14B are", "OwlNet-7B"),
        ("pre- and post-owl", "pre"),
        ("Who\\&When is", "Who\\&When"),
        ("\\textbf{Owlet} is", "Owlet"),
        ("<b>Owlet</b> is", "Owlet"),
        ("the $Owlet$ net", "Owlet"),
        ("better owls.To see", "owls"),
    ],
)
def test_a_name_begins_and_ends_at_token_boundaries(text: str, name: str) -> None:
    start = text.index(name)
    assert NLP(text).char_span(start, start + len(name)) is not None


@pytest.mark.parametrize("text", ["e.g. owls", "U.S. owls", "i.e., owls"])
def test_an_abbreviation_of_prose_keeps_its_periods(text: str) -> None:
    assert NLP(text)[0].text == text.split(maxsplit=1)[0].rstrip(",")


def test_an_address_is_one_token() -> None:
    assert "https://owlet.github.io/owls" in [
        token.text for token in NLP("See https://owlet.github.io/owls.")
    ]


@given(st.text())
def test_the_tokens_joined_are_the_text(text: str) -> None:
    assert NLP(text).text == text


@pytest.mark.parametrize("part", ["(", "a", "a-", "$", "1."])
def test_a_very_long_word_is_tokenized_in_pieces(part: str) -> None:
    text = part * (50_000 // len(part))
    doc = NLP(text)
    assert doc.text == text
    assert len(doc) >= 100
