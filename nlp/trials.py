"""Trials: what the recipes reach in public labels, with fewer of our texts, and over folds; nothing is packaged."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import load_config

from nlp import student, teacher
from nlp.corpus import LabelledText, Place, read_texts
from nlp.evaluate import score_spans
from nlp.extract import load_model
from nlp.lesson import Lesson, certain
from nlp.spans import LABELS
from nlp.tagger import SpanTagger
from nlp.tags import best_tags, decode, tags_of
from nlp.train import CONFIG, HELD_OUT, LABELLED

FOLDS = 5

Log = Callable[[str], None]
Settings = Mapping[str, Any]
Reader = Callable[[Sequence[Doc]], list[np.ndarray]]
Learner = Callable[[Language, Lesson, Settings, Log], Reader]
Both = tuple[list[Place], list[Place]]
"""The mentions of a text as the network reads them, and as the rules mend that."""


def try_public(name: str, data: Path, settings: Settings, log: Log) -> None:
    """Learn the train part of a public set in its own labels, by each recipe, and tell the scores on its test part."""
    nlp, trials = load_model(), settings["trials"]
    learn, test = (read_texts(data / "public" / f"{name}_{part}.jsonl") for part in ("train", "test"))
    labels = sorted({label for text in learn for _, _, label in text.spans})
    tags = tags_of(labels)
    docs, asked = _tokens(nlp, learn), _tokens(nlp, test)
    targets = certain(docs, [text.spans for text in learn], tags)
    for recipe, learner in RECIPES.items():
        read = learner(nlp, Lesson(docs, targets, trials[recipe]["passes"], trials[recipe]["rate"]), settings, log)
        rows = best_tags([np.log(found + 1e-9) for found in read(asked)], tags)
        found = [_places(decode(doc, row, tags)) for doc, row in zip(asked, rows, strict=True)]
        log(f"{name}, {recipe}: {_scores(test, found, labels)}")


def try_sizes(data: Path, settings: Settings, log: Log) -> None:
    """Learn from more and more of the labelled texts, each time from nothing; tell the scores on the held-out ones."""
    nlp, test = load_model(), read_texts(data / HELD_OUT)
    texts, course = _shuffled(read_texts(data / LABELLED)), settings["trials"]["sizes"]
    for size in course["sizes"]:
        passes = max(course["passes"], course["least"] // size)
        log(f"{size} texts: {_told(test, _one_stage(nlp, texts[:size], test, passes, settings, log))}")


def try_folds(data: Path, settings: Settings, log: Log) -> None:
    """Learn from four fifths of all labelled texts and read the last fifth, five times; tell the scores of each.

    The last two lines tell apart the texts that are held out otherwise and the others, each read when it was left out.
    """
    nlp, kept = load_model(), read_texts(data / HELD_OUT)
    texts, passes = _shuffled([*read_texts(data / LABELLED), *kept]), settings["trials"]["folds"]["passes"]
    ids = {text.id for text in kept}
    read: dict[str, Both] = {}
    for fold in range(FOLDS):
        left_out = texts[fold::FOLDS]
        learn = [text for number, text in enumerate(texts) if number % FOLDS != fold]
        found = _one_stage(nlp, learn, left_out, passes, settings, log)
        log(f"fold {fold + 1}: {_told(left_out, found)}")
        read |= zip((text.text for text in left_out), found, strict=True)
    for name, chosen in (("dev", True), ("train", False)):
        part = [text for text in texts if (text.id in ids) == chosen]
        log(f"texts of {name}: {_told(part, [read[text.text] for text in part])}")


TRIALS: dict[str, Callable[[Path, Settings, Log], None]] = {
    "scierc": partial(try_public, "scierc"),
    "tdmsci": partial(try_public, "tdmsci"),
    "sizes": try_sizes,
    "folds": try_folds,
}


def run(name: str, data: Path, log: Log, *, config: Path = CONFIG) -> None:
    """Run the trial of this name on a data folder, telling its scores as they come."""
    torch.set_num_threads(1)
    TRIALS[name](data, load_config(config, interpolate=True), log)


def _network(nlp: Language, lesson: Lesson, settings: Settings, log: Log, *, start: bool = False) -> Reader:
    """Train the network from nothing, or from the packaged one in all but the tags, which are drawn anew."""
    known = cast(SpanTagger, nlp.get_pipe("ner")).weights
    width = len(known["tag"]) if start else settings["network"]["width"]
    weights = student.new_weights(width, nlp.vocab.vectors.shape[1], seed=0, tags=lesson.targets[0].shape[1])
    if start:
        weights |= {name: torch.from_numpy(value) for name, value in known.items() if not name.startswith("tag")}
    habits = {"seed": 0, "dropout": settings["peer"]["dropout"], "words": settings["trials"]["words"]}
    return partial(student.predict, student.train_student(weights, lesson, log=log, **habits))


def _minilm(nlp: Language, lesson: Lesson, settings: Settings, log: Log) -> Reader:
    return partial(teacher.predict, teacher.train_teacher(lesson, seed=1, log=log))


RECIPES: dict[str, Learner] = {"network": _network, "packaged": partial(_network, start=True), "minilm": _minilm}


def _one_stage(
    nlp: Language,
    learn: Sequence[LabelledText],
    test: Sequence[LabelledText],
    passes: int,
    settings: Settings,
    log: Log,
) -> list[Both]:
    """Train the network on labelled texts alone, from nothing, and read others."""
    docs = _tokens(nlp, learn)
    peer, words = settings["peer"], settings["network"]["words"]
    lesson = Lesson(docs, certain(docs, [text.spans for text in learn]), passes, peer["rate"])
    start = student.new_weights(settings["network"]["width"], nlp.vocab.vectors.shape[1], seed=peer["seed"])
    weights = student.train_student(start, lesson, seed=peer["seed"], dropout=peer["dropout"], words=words, log=log)
    cast(SpanTagger, nlp.get_pipe("ner")).weights = {name: value.numpy() for name, value in weights.items()}
    with nlp.select_pipes(enable="ner"):
        raw = [_places(doc.ents) for doc in nlp.pipe(text.text for text in test)]
    return [(one, _places(doc.ents)) for one, doc in zip(raw, nlp.pipe(text.text for text in test), strict=True)]


def _tokens(nlp: Language, texts: Iterable[LabelledText]) -> list[Doc]:
    return [nlp.make_doc(text.text) for text in texts]


def _shuffled(texts: Sequence[LabelledText]) -> list[LabelledText]:
    return random.Random(0).sample(texts, len(texts))


def _places(ents: Iterable[Span]) -> list[Place]:
    return [(ent.start_char, ent.end_char, ent.label_) for ent in ents]


def _told(texts: Sequence[LabelledText], found: Sequence[Both]) -> str:
    raw, mended = (_scores(texts, [both[n] for both in found]) for n in range(2))
    return f"{raw}; with the rules {mended}"


def _scores(texts: Sequence[LabelledText], found: Sequence[list[Place]], labels: Sequence[str] = LABELS) -> str:
    """Give the strict F1 of all labels and of each, in hundredths."""
    tallies = score_spans([text.spans for text in texts], found, labels)
    return ", ".join(f"{name} {100 * strict.f1:.1f}" for name, (strict, _) in reversed(tallies.items()))
