"""Experiments: scores of the training recipes on public labels, by number of texts, and over folds.

Nothing that an experiment trains is packaged.
"""

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

from nlp.extract import load_model
from nlp.spans import LABELS
from nlp.tagger.bilou import best_tags, decode, tags_of
from nlp.tagger.tagger import SpanTagger
from nlp.training import student, teacher
from nlp.training.batch import TrainingBatch, one_hot_targets
from nlp.training.corpus import LabelledText, Place, read_texts
from nlp.training.evaluate import score_spans
from nlp.training.train import CONFIG, HELD_OUT, LABELLED

FOLDS = 5

Log = Callable[[str], None]
Settings = Mapping[str, Any]

Predict = Callable[[Sequence[Doc]], list[np.ndarray]]
"""A trained model: returns the probabilities of each text's tags, tokens × tags."""

Recipe = Callable[[Language, TrainingBatch, Settings, Log], Predict]
"""A way to train a model on a batch."""

Mentions = tuple[list[Place], list[Place]]
"""The mentions of a text before and after the rule components."""


def score_public(name: str, data: Path, settings: Settings, log: Log) -> None:
    """Train on the train part of a public data set in its own labels, and score its test part.

    Each recipe is trained once; its scores are one line of the log.
    """
    nlp, options = load_model(), settings["experiments"]
    learn, test = (
        read_texts(data / "public" / f"{name}_{part}.jsonl") for part in ("train", "test")
    )
    labels = sorted({label for text in learn for _, _, label in text.spans})
    tags = tags_of(labels)
    docs, asked = _tokens(nlp, learn), _tokens(nlp, test)
    targets = one_hot_targets(docs, [text.spans for text in learn], tags)
    for name_of_recipe, recipe in RECIPES.items():
        passes, rate = options[name_of_recipe]["passes"], options[name_of_recipe]["rate"]
        predict = recipe(nlp, TrainingBatch(docs, targets, passes, rate), settings, log)
        rows = best_tags([np.log(found + 1e-9) for found in predict(asked)], tags)
        found = [_places(decode(doc, row, tags)) for doc, row in zip(asked, rows, strict=True)]
        log(f"{name}, {name_of_recipe}: {_scores(test, found, labels)}")


def score_sizes(data: Path, settings: Settings, log: Log) -> None:
    """Train on growing numbers of the labelled texts, and score the held-out texts each time."""
    nlp, test = load_model(), read_texts(data / HELD_OUT)
    texts, options = _shuffled(read_texts(data / LABELLED)), settings["experiments"]["sizes"]
    for size in options["sizes"]:
        # Few texts need more passes until the loss stops falling.
        passes = max(options["passes"], options["least"] // size)
        found = _train_and_find(nlp, texts[:size], test, passes, settings, log)
        log(f"{size} texts: {_both_scores(test, found)}")


def score_folds(data: Path, settings: Settings, log: Log) -> None:
    """Train on four fifths of all labelled texts and score the last fifth, five times.

    The last two lines of the log score the held-out texts and the training texts apart, each text
    in the fold in which it was left out.
    """
    nlp, held_out = load_model(), read_texts(data / HELD_OUT)
    texts = _shuffled([*read_texts(data / LABELLED), *held_out])
    passes = settings["experiments"]["folds"]["passes"]
    held_out_ids = {text.id for text in held_out}
    found_in: dict[str, Mentions] = {}
    for fold in range(FOLDS):
        left_out = texts[fold::FOLDS]
        learn = [text for number, text in enumerate(texts) if number % FOLDS != fold]
        found = _train_and_find(nlp, learn, left_out, passes, settings, log)
        log(f"fold {fold + 1}: {_both_scores(left_out, found)}")
        found_in |= zip((text.text for text in left_out), found, strict=True)
    for name, is_held_out in (("dev", True), ("train", False)):
        part = [text for text in texts if (text.id in held_out_ids) == is_held_out]
        log(f"texts of {name}: {_both_scores(part, [found_in[text.text] for text in part])}")


EXPERIMENTS: dict[str, Callable[[Path, Settings, Log], None]] = {
    "scierc": partial(score_public, "scierc"),
    "tdmsci": partial(score_public, "tdmsci"),
    "sizes": score_sizes,
    "folds": score_folds,
}


def run_experiment(name: str, data: Path, log: Log, *, config: Path = CONFIG) -> None:
    """Run one experiment on a data folder; each score is logged as soon as it is known."""
    torch.set_num_threads(1)
    EXPERIMENTS[name](data, load_config(config, interpolate=True), log)


def _train_network(
    nlp: Language, batch: TrainingBatch, settings: Settings, log: Log, *, is_packaged: bool = False
) -> Predict:
    """Train the network from random weights, or from the packaged ones in all but the tags."""
    packaged = cast(SpanTagger, nlp.get_pipe("ner")).weights
    width = len(packaged["tag"]) if is_packaged else settings["network"]["width"]
    weights = student.new_weights(
        width, nlp.vocab.vectors.shape[1], seed=0, tags=batch.targets[0].shape[1]
    )
    if is_packaged:
        weights |= {
            name: torch.from_numpy(value)
            for name, value in packaged.items()
            if not name.startswith("tag")
        }
    trained = student.train_student(
        weights,
        batch,
        seed=0,
        dropout=settings["peer"]["dropout"],
        words=settings["experiments"]["words"],
        log=log,
    )
    return partial(student.predict, trained)


def _train_minilm(nlp: Language, batch: TrainingBatch, settings: Settings, log: Log) -> Predict:
    return partial(teacher.predict, teacher.train_teacher(batch, seed=1, log=log))


RECIPES: dict[str, Recipe] = {
    "network": _train_network,
    "packaged": partial(_train_network, is_packaged=True),
    "minilm": _train_minilm,
}


def _train_and_find(
    nlp: Language,
    learn: Sequence[LabelledText],
    test: Sequence[LabelledText],
    passes: int,
    settings: Settings,
    log: Log,
) -> list[Mentions]:
    """Train the network on labelled texts alone, and return the mentions of the test texts."""
    docs = _tokens(nlp, learn)
    targets = one_hot_targets(docs, [text.spans for text in learn])
    peer = settings["peer"]
    weights = student.train_student(
        student.new_weights(
            settings["network"]["width"], nlp.vocab.vectors.shape[1], seed=peer["seed"]
        ),
        TrainingBatch(docs, targets, passes, peer["rate"]),
        seed=peer["seed"],
        dropout=peer["dropout"],
        words=settings["network"]["words"],
        log=log,
    )
    tagger = cast(SpanTagger, nlp.get_pipe("ner"))
    tagger.weights = {name: value.numpy() for name, value in weights.items()}
    with nlp.select_pipes(enable="ner"):
        before = [_places(doc.ents) for doc in nlp.pipe(text.text for text in test)]
    after = [_places(doc.ents) for doc in nlp.pipe(text.text for text in test)]
    return list(zip(before, after, strict=True))


def _tokens(nlp: Language, texts: Iterable[LabelledText]) -> list[Doc]:
    return [nlp.make_doc(text.text) for text in texts]


def _shuffled(texts: Sequence[LabelledText]) -> list[LabelledText]:
    return random.Random(0).sample(texts, len(texts))


def _places(ents: Iterable[Span]) -> list[Place]:
    return [(ent.start_char, ent.end_char, ent.label_) for ent in ents]


def _both_scores(texts: Sequence[LabelledText], found: Sequence[Mentions]) -> str:
    before, after = (_scores(texts, [both[n] for both in found]) for n in range(2))
    return f"{before}; with the rules {after}"


def _scores(
    texts: Sequence[LabelledText], found: Sequence[list[Place]], labels: Sequence[str] = LABELS
) -> str:
    """Format the strict F1 of all labels and of each, in hundredths."""
    tallies = score_spans([text.spans for text in texts], found, labels)
    return ", ".join(
        f"{name} {100 * strict.f1:.1f}" for name, (strict, _) in reversed(tallies.items())
    )
