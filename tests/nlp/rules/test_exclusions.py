"""Spans that are removed, whichever component marked them."""

import pytest
from spacy.tokens import Span

from nlp.pipeline import blank
from nlp.rules.exclusions import Exclusions
from tests.nlp.marking import mark

NLP = blank()


@pytest.mark.parametrize(
    "text", ["PyTorch", "NVIDIA", "deep learning", "Deep Learning", "GPUs", "RTX 5090", "M4-Ultra"]
)
def test_software_hardware_and_plain_words_are_no_mentions(text: str) -> None:
    doc = NLP(text)
    doc.ents = [Span(doc, 0, len(doc), label="METHOD")]
    assert Exclusions()(doc).ents == ()


@pytest.mark.parametrize(
    "address",
    [
        "https://owlet.github.io/Owlet",
        "owlet.github.io/Owlet",
        "github.com/nest/Owlet",
        "www.owlet.org/Owlet",
        "Owlet@nest.org",
        "Owlet.wood@tall.nest.org",
        "doi:10.1000/Owlet",
        "\\cite{Owlet}",
        "\\citep[p. 3]{nest, Owlet}",
        "\\ref{fig:Owlet}",
    ],
)
def test_nothing_inside_an_address_is_a_mention(address: str) -> None:
    doc = NLP(f"Owlet is at {address}.")
    doc.ents = [Span(doc, 0, 1, label="METHOD"), mark(doc, "Owlet", "METHOD")]
    assert [ent.start for ent in Exclusions()(doc).ents] == [0]


@pytest.mark.parametrize("text", ["mAP@0.5", "CIDEr@0.5IoU", "Recall@5"])
def test_a_rank_is_no_address(text: str) -> None:
    doc = NLP(text)
    doc.ents = [Span(doc, 0, len(doc), label="METRIC")]
    assert [ent.text for ent in Exclusions()(doc).ents] == [text]


@pytest.mark.parametrize("text", ["\\textbf{Owlet}", "<b>Owlet</b>", "$Owlet$", "{Owlet}"])
def test_markup_stays_outside(text: str) -> None:
    doc = NLP(text)
    doc.ents = [Span(doc, 0, len(doc), label="METHOD")]
    assert [ent.text for ent in Exclusions()(doc).ents] == ["Owlet"]


@pytest.mark.parametrize("text", ["${}$", "\\Owlet", "\\textbf{"])
def test_markup_alone_is_no_mention(text: str) -> None:
    doc = NLP(text)
    doc.ents = [Span(doc, 0, len(doc), label="METHOD")]
    assert Exclusions()(doc).ents == ()


@pytest.mark.parametrize("text", ["+-+", "\ufeff", "🦉", "x" * 400])
def test_signs_and_endless_words_are_no_mentions(text: str) -> None:
    doc = NLP(text)
    doc.ents = [Span(doc, 0, len(doc), label="METHOD")]
    assert Exclusions()(doc).ents == ()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Owlet Net\nWe owls", "Owlet Net"),
        ("nest mapping. Owlets", "nest mapping"),
        ("Owl vs. Heron", "Owl vs. Heron"),
        ("St. Owlet", "St. Owlet"),
        ("J. Owlet", "J. Owlet"),
        ("Owlet 2.5", "Owlet 2.5"),
    ],
)
def test_a_mention_ends_with_its_sentence(text: str, kept: str) -> None:
    doc = NLP(text)
    doc.ents = [Span(doc, 0, len(doc), label="METHOD")]
    assert [ent.text for ent in Exclusions()(doc).ents] == [kept]


@pytest.mark.parametrize("text", ["Owlet,", "- Owlet", '"Owlet"', "Owlet :", "Owlet /"])
def test_punctuation_stays_outside(text: str) -> None:
    doc = NLP(text)
    doc.ents = [Span(doc, 0, len(doc), label="METHOD")]
    assert [ent.text for ent in Exclusions()(doc).ents] == ["Owlet"]


@pytest.mark.parametrize("text", ["Owlet++", "V*", "Owl Net (ON)"])
def test_signs_that_belong_to_a_name_stay(text: str) -> None:
    doc = NLP(text)
    doc.ents = [Span(doc, 0, len(doc), label="METHOD")]
    assert [ent.text for ent in Exclusions()(doc).ents] == [text]


def test_a_mention_around_an_address_is_removed() -> None:
    doc = NLP("Owlet https://owlet.org/nest Heron")
    doc.ents = [Span(doc, 0, len(doc), label="METHOD")]
    assert Exclusions()(doc).ents == ()
