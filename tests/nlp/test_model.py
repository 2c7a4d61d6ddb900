"""The packaged models: what they find, that it is reproducible, and that they are not worse."""

from pathlib import Path

import pytest
from spacy.language import Language

from nlp.accurate import make_accurate
from nlp.extract import extract, load_model
from nlp.spans import Extraction
from nlp.training.corpus import read_texts
from nlp.training.evaluate import score_spans
from nlp.version import ACCURATE, MODEL

DEV = Path(__file__).parents[3] / "shared" / "nlp" / "abstracts.dev.jsonl"

REACHED = {"fast": 0.835, "accurate": 0.858}
"""Strict F1 on the held-out abstracts when the packaged models were trained."""

TEXTS = [
    "Owlet: Low-Rank Adaptation for Tiny Captioners\n"
    "We present Owlet, which fine-tunes a vision-language model by LoRA for image captioning. "
    "On MS COCO, Owlet reaches an accuracy of 71.3% and beats BLIP-2 by 2.1 points in BLEU.",
    "Heron wades through graphs",
    "",
    "Nous présentons un corpus de poèmes; $\\mathcal{O}(n)$ <b>lines</b> \\textbf{each} https://example.org/ImageNet.",
]


@pytest.fixture(scope="module")
def nlp() -> Language:
    return load_model()


@pytest.fixture(scope="module")
def models(nlp: Language) -> dict[str, Language]:
    return {"fast": nlp, "accurate": make_accurate(load_model())}


def read(nlp: Language, texts: list[str], *, batch_size: int = 16) -> list[Extraction]:
    return list(extract(nlp, texts, batch_size=batch_size))


@pytest.mark.parametrize("name", REACHED)
def test_names_of_every_label_are_found(models: dict[str, Language], name: str) -> None:
    (found,) = read(models[name], TEXTS[:1])
    mentions = {
        (TEXTS[0][mention.start : mention.end], mention.label) for mention in found.mentions
    }
    assert {
        ("Owlet", "METHOD"),
        ("LoRA", "METHOD"),
        ("BLIP-2", "METHOD"),
        ("MS COCO", "DATASET"),
        ("accuracy", "METRIC"),
        ("BLEU", "METRIC"),
        ("image captioning", "TASK"),
    } <= mentions


@pytest.mark.parametrize("name", REACHED)
def test_a_text_gives_the_same_mentions_each_time_and_in_any_batch(
    models: dict[str, Language], name: str
) -> None:
    nlp = models[name]
    assert read(nlp, TEXTS) == read(nlp, TEXTS) == read(nlp, TEXTS, batch_size=1)


def test_a_written_model_finds_the_same(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    assert read(load_model(tmp_path), TEXTS) == read(nlp, TEXTS)


def test_every_mention_has_a_confidence(nlp: Language) -> None:
    doc = nlp(TEXTS[0])
    scores = doc.spans["mentions"].attrs["scores"]
    assert len(scores) == len(doc.ents) > 5
    assert all(0 < score < 1 for score in scores)


def test_the_model_records_how_it_was_made(nlp: Language) -> None:
    made = nlp.meta["papermargin"]
    assert len(made["data"]["abstracts.train.jsonl"]) == 64
    assert made["config"]["student"]["passes"] == [2, 3]
    assert made["made"] >= "2026"
    assert made["strict_f1"]["ALL"] > 0.7


def test_both_models_together_are_small_enough_for_the_repository() -> None:
    files = [path for folder in (MODEL, ACCURATE) for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 45e6


@pytest.mark.parametrize("name", REACHED)
@pytest.mark.skipif(not DEV.exists(), reason="the labelled abstracts are not in the repository")
def test_scores_on_held_out_abstracts_have_not_fallen(
    models: dict[str, Language], name: str
) -> None:
    texts = read_texts(DEV)
    found = read(models[name], [text.text for text in texts])
    spans = [
        [(mention.start, mention.end, str(mention.label)) for mention in each.mentions]
        for each in found
    ]
    strict, _ = score_spans([text.spans for text in texts], spans)["ALL"]
    assert strict.f1 >= REACHED[name] - 0.02
