"""The border of the package: what goes in, what comes out, in which order, whatever it is."""

import io
import json
from collections.abc import Iterator
from itertools import count, islice, pairwise
from textwrap import wrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from nlp.extract import extract, extract_lines, load_model
from nlp.results.numbers import clean_value
from nlp.spans import Extraction, Mention

NLP = load_model()

ABSTRACT = (
    "OwletNet: Counting Nests from the Air\n"
    "We introduce OwletNet, trained by contrastive learning. "
    "On ImageNet, OwletNet reaches 81.2% accuracy."
)
PARTS = (
    "BERT;LoRA (LA);81.2%;$\\mathcal{O}(n)$;\\textbf{BERT};70.8\\%;https://a.org/BERT;<b>GLUE</b>;🦉;𝔽₁;e\u0301;"
    "\u200b;\ud800;(;);-;~;\x00;\n\n;鸟巢;от 3 до 5%;3 - 5 x;&amp;Recall@5;"
    "a@nest.org;F1-scores;2.1x speedup;Nest^{2;L_{;[CLS;(LLM) agents;Llama 3.1 8B;\\cite{BERT};"
    "256 x 256;نقارن"
)
AWKWARD = st.sampled_from(PARTS.split(";"))
TEXTS = st.lists(AWKWARD | st.text(max_size=12), max_size=40).map(" ".join) | st.lists(
    AWKWARD, max_size=40
).map("".join)


def read(text: str) -> Extraction:
    (extraction,) = extract(NLP, [text])
    return extraction


WRAPPED = (
    "OwletNet: small models for all\n"
    "We present OwletNet, a model that learns by contrastive learning and LoRA alone. "
    "OwletNet reaches a top-1 accuracy of 81.2% on GLUE, which is better than BERT on average."
)


def surfaces(text: str) -> list[tuple[str, str]]:
    return [(text[mention.start : mention.end], mention.label) for mention in read(text).mentions]


def test_mentions_carry_label_and_term() -> None:
    found = {(ABSTRACT[m.start : m.end], m.label, m.term) for m in read(ABSTRACT).mentions}
    assert {
        ("OwletNet", "METHOD", "OwletNet"),
        ("contrastive learning", "METHOD", "contrastive learning"),
        ("ImageNet", "DATASET", "ImageNet"),
        ("accuracy", "METRIC", "accuracy"),
    } <= found


def test_a_result_carries_what_it_belongs_to() -> None:
    (result,) = read(ABSTRACT).results
    assert ABSTRACT[result.start : result.end] == result.value == "81.2%"
    assert (result.number, result.unit) == (81.2, "%")
    assert (result.metric, result.dataset, result.method) == ("accuracy", "ImageNet", "OwletNet")


def test_abbreviation_and_long_form_share_a_term() -> None:
    text = (
        "We propose Owl-Led Annealing (OwLA). OwLA needs no labels, "
        "unlike Low-Rank Adaptation (LoRA)."
    )
    terms = {text[mention.start : mention.end]: mention.term for mention in read(text).mentions}
    assert terms["Owl-Led Annealing"] == terms["OwLA"] == "OwLA"
    assert terms["Low-Rank Adaptation"] == terms["LoRA"] == "LoRA"


def test_extractions_come_in_the_order_of_the_texts() -> None:
    names = [f"Owlet{letter.upper()}Net" for letter in "abcdefghijklmnopqrstuvwxyz"]
    found = extract(NLP, (f"We introduce {name}." for name in names), batch_size=4)
    assert [extraction.mentions[0].term for extraction in found] == names


def test_texts_are_taken_as_they_are_needed() -> None:
    taken = []

    def endless() -> Iterator[str]:
        for number in count():
            taken.append(number)
            yield "We use BERT."

    assert len([*islice(extract(NLP, endless(), batch_size=4), 8)]) == 8
    assert len(taken) < 40


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "\ufeff", "🦉" * 50, "\ud83e\udd89 \udd89", "x" * 100_000, "(" * 20_000]
)
def test_a_text_that_says_nothing_has_no_mentions(text: str) -> None:
    assert read(text) == Extraction([], [])


def test_offsets_count_characters_beyond_the_basic_plane() -> None:
    text = "🦉🦉 𝔽ast owls use BERT and reach 81.2% accuracy 🦉."
    assert ("BERT", "METHOD") in surfaces(text)
    assert text[read(text).results[0].start :].startswith("81.2%")


def test_a_lone_surrogate_counts_as_one_character() -> None:
    assert ("BERT", "METHOD") in surfaces("A \ud800 owl uses BERT.")


def test_a_long_text_is_read_to_its_end() -> None:
    text = "The owl sleeps in its nest by day. " * 3000 + "It uses BERT."
    assert surfaces(text)[-1] == ("BERT", "METHOD")


def test_a_name_at_the_border_of_two_pieces_is_not_cut() -> None:
    text = ("owl " * 4998) + "uses ImageNet. We use BERT."
    assert ("ImageNet", "DATASET") in surfaces(text)


def test_a_title_alone_is_read() -> None:
    assert ("OwletNet", "METHOD") in surfaces("OwletNet: Counting Nests from the Air")


@pytest.mark.parametrize(
    "text",
    [
        "Wir vergleichen BERT mit einem einfachen Verfahren und zählen Eulen.",
        "Nous comparons BERT à une méthode simple et nous comptons des chouettes.",
        "Мы сравниваем BERT с простым методом и считаем сов.",
        "我们用 BERT 数猫头鹰。",
        "نقارن BERT بطريقة بسيطة",
    ],
)
def test_another_language_is_read_for_its_names(text: str) -> None:
    assert ("BERT", "METHOD") in surfaces(text)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", " \n\t "])
def test_lines_of_a_fixed_width_are_read_like_one_long_line(line_end: str) -> None:
    title, abstract = WRAPPED.split("\n")
    text = f"{title}\n{line_end.join(wrap(abstract, 40))}"
    found = [text[m.start : m.end].split() for m in read(text).mentions]
    assert found == [WRAPPED[m.start : m.end].split() for m in read(WRAPPED).mentions]
    (result,) = read(text).results
    assert (result.metric, result.dataset, result.method) == ("top-1 accuracy", "GLUE", "OwletNet")
    assert text[result.sentence_start : result.sentence_end].endswith("on average.")


def test_no_name_reaches_from_one_paragraph_or_point_to_the_next() -> None:
    text = "OwletNet\nWe train a vision\n\ntransformer:\n- contrastive\n- learning"
    assert not {"vision\n\ntransformer", "contrastive\n- learning"} & {*dict(surfaces(text))}


def test_markup_hides_no_name_and_is_none() -> None:
    text = (
        "We use \\textbf{BERT}, {\\it LoRA} and <b>AdamW</b> &amp; reach "
        "70.8\\% accuracy~\\cite{GLUE} in $O(n^{2})$ time, "
        "see https://nest.org/ImageNet?x=GLUE#T5 or mail GPT-4@nest.org."
    )
    assert [surface for surface, _ in surfaces(text)] == ["BERT", "LoRA", "AdamW", "accuracy"]
    assert [result.value for result in read(text).results] == ["70.8%"]


@pytest.mark.parametrize("repeats", [1, 150])
def test_twenty_and_three_thousand_words_are_read_with_the_same_care(repeats: int) -> None:
    sentence = (
        "On ImageNet, BERT reaches 81.2% accuracy, which is what we hoped for "
        "when we began to count owls out there. "
    )
    found = read(sentence * repeats)
    assert len(found.mentions) == 3 * repeats
    assert [result.start for result in found.results] == [
        26 + len(sentence) * n for n in range(repeats)
    ]


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_no_text_makes_it_fail_and_every_offset_is_right(text: str) -> None:
    found = read(text)
    for one, other in pairwise(found.mentions):
        assert one.start < one.end <= other.start
    for mention in found.mentions:
        surface = text[mention.start : mention.end]
        assert surface == surface.strip() != ""
        assert mention.term
        assert 0 <= mention.confidence <= 1
    for result in found.results:
        assert result.value == clean_value(text[result.start : result.end])
        assert {result.metric, result.dataset, result.method} - {None} <= {
            _surface(text, m) for m in found.mentions
        }


@settings(deadline=None, max_examples=15)
@given(TEXTS)
def test_reading_twice_gives_the_same(text: str) -> None:
    assert read(text) == read(text)


@settings(deadline=None, max_examples=15)
@given(st.lists(TEXTS, max_size=6))
def test_a_text_is_read_alike_in_any_company(texts: list[str]) -> None:
    assert [*extract(NLP, texts, batch_size=3)] == [read(text) for text in texts]


@pytest.mark.parametrize(
    "part",
    [
        "(",
        "1 ",
        "BERT (LA) ",
        "3.5% accuracy ",
        "A-",
        "1,",
        "a.b/",
        "\\sim3",
        "$",
        "[1] ",
        "^{",
        "[BERT",
        "a@b.",
        "Recall@5 ",
        "\\cite{",
        "doi:",
        "F1-",
        "speedup 2x ",
    ],
)
def test_twenty_thousand_characters_of_one_thing_are_read(part: str) -> None:
    read(part * (20_000 // len(part)))


def answer(*lines: str, model: Language = NLP) -> tuple[list[dict[str, object]], str, int]:
    target, complaints = io.BytesIO(), io.StringIO()
    unread = extract_lines(model, [line.encode() for line in lines], target, complaints)
    return (
        [json.loads(line) for line in target.getvalue().splitlines()],
        complaints.getvalue(),
        unread,
    )


def test_json_lines_are_answered_one_by_one_in_order() -> None:
    answers, complaints, unread = answer(
        '{"id": "a", "text": "OwletNet reaches 81.2% accuracy."}\n',
        "\n",
        '{"id": 7, "text": ""}\n',
        '{"text": "BERT"}',
    )
    assert answers[0] == {
        "id": "a",
        "spans": [[0, 8, "METHOD"], [23, 31, "METRIC"]],
        "results": [
            {"metric": "accuracy", "value": "81.2%", "dataset": None, "method": "OwletNet"}
        ],
    }
    assert [line["id"] for line in answers] == ["a", 7, None]
    assert (complaints, unread) == ("", 0)


def test_a_line_that_cannot_be_read_is_named_and_the_others_are_answered() -> None:
    answers, complaints, unread = answer(
        '{"text": "BERT"}\n', '{"id": 1}\n', "not JSON\n", '{"id": 2, "text": "GLUE"}\n'
    )
    assert [line["id"] for line in answers] == [None, 2]
    assert [line[:7] for line in complaints.splitlines()] == ["line 2 ", "line 3 "]
    assert unread == 2


def test_what_is_no_json_is_one_plain_text() -> None:
    lines = ["\n", "OwletNet: Counting Nests\n", "\n", "We use BERT.\n"]
    answers, _, unread = answer(*lines)
    assert answers == [{"id": None, "spans": [[1, 9, "METHOD"], [34, 38, "METHOD"]], "results": []}]
    assert "".join(lines)[34:38] == "BERT"
    assert unread == 0


def test_nothing_asked_is_nothing_answered() -> None:
    assert answer() == answer("\n", " \n") == ([], "", 0)


def _surface(text: str, mention: Mention) -> str:
    return text[mention.start : mention.end].replace("\ud800", "\ufffd")
