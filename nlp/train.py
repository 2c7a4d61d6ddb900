"""Makes the packaged model: vectors, teachers, silver labels, student, package, each a stage that can be run again.

Teachers (MiniLM, and the network itself) learn the labelled abstracts; the mean of their tag probabilities on
unlabelled abstracts is what the student, a small network that NumPy can run, learns from together with the labels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import floret
import msgspec
import numpy as np
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config
from spacy.vectors import Vectors

from nlp.confidence import Confidence
from nlp.corpus import LabelledText, digest, one_per_title, read_texts, read_unlabelled
from nlp.evaluate import score_spans
from nlp.extract import load_model
from nlp.lesson import Lesson, certain
from nlp.minilm import read_minilm, write_minilm
from nlp.pipeline import add_components, blank
from nlp.results import fit_weights, write_weights
from nlp.student import new_weights, predict, train_student
from nlp.tagger import SpanTagger
from nlp.teacher import load_teacher, train_teacher
from nlp.teacher import predict as predict_teacher

CONFIG = Path(__file__).with_name("config.cfg")
LABELLED = "abstracts.train.jsonl"
HELD_OUT = "abstracts.dev.jsonl"


@dataclass
class Workshop:
    """Where the data lie, where the stages leave what they make and the model, and whom to tell how far it is."""

    data: Path
    work: Path
    out: Path
    log: Callable[[str], None]
    settings: Path = CONFIG

    @cached_property
    def config(self) -> dict[str, Any]:
        """Everything that decides the weights, beside the data."""
        return load_config(self.settings, interpolate=True)

    @cached_property
    def labelled(self) -> list[LabelledText]:
        """The texts to learn from."""
        return read_texts(self.data / LABELLED)

    @cached_property
    def unlabelled(self) -> list[LabelledText]:
        """The texts without labels, those that are held out left aside."""
        return read_unlabelled(self.data, without=[*self.labelled, *read_texts(self.data / HELD_OUT)])

    @cached_property
    def nlp(self) -> Language:
        """The tokenizer, with the word vectors once they are made."""
        nlp = blank()
        if (self.work / "vectors.floret").exists():
            nlp.vocab.vectors = read_vectors(self.work / "vectors.floret", nlp)
        return nlp

    @cached_property
    def gold(self) -> tuple[list[Doc], list[np.ndarray]]:
        """The labelled texts as documents and as tag probabilities."""
        docs = self.tokens(self.labelled)
        return docs, certain(docs, [text.spans for text in self.labelled])

    @cached_property
    def silver(self) -> list[Doc]:
        """Documents without labels for the teachers to label, one a paper."""
        return self.tokens(one_per_title(self.unlabelled))

    def tokens(self, texts: Sequence[LabelledText]) -> list[Doc]:
        """Tokenize texts."""
        return list(self.nlp.pipe(text.text for text in texts))


def make_vectors(shop: Workshop) -> None:
    """Train floret vectors on every text that may be used."""
    public = shop.data / "public"
    scirex = [*read_texts(public / "scirex_sents.jsonl.gz"), *read_texts(public / "scirex_abs.jsonl")]
    corpus = shop.work / "corpus.txt"
    with corpus.open("w", encoding="utf8") as lines:
        for doc in blank().pipe(text.text for text in (*shop.unlabelled, *shop.labelled, *scirex)):
            lines.write(" ".join(token.lower_ for token in doc if not token.is_space) + "\n")
    model = floret.train_unsupervised(str(corpus), model="skipgram", mode="floret", thread=1, **shop.config["vectors"])
    model.save_floret_vectors(str(shop.work / "vectors.floret"))


def make_teachers(shop: Workshop) -> None:
    """Fine-tune MiniLM on the labelled texts, once for each seed."""
    settings = shop.config["teacher"]
    lesson = Lesson(*shop.gold, settings["passes"], settings["rate"])
    for seed in settings["seeds"]:
        teacher = train_teacher(lesson, seed=seed, log=shop.log)
        torch.save(teacher.state_dict(), shop.work / f"teacher{seed}.pt")


def make_peer(shop: Workshop) -> None:
    """Train the network on the labelled texts alone: one more, different teacher."""
    settings = shop.config["peer"]
    lesson = Lesson(*shop.gold, settings["passes"], settings["rate"])
    start = new_weights(shop.config["network"]["width"], shop.nlp.vocab.vectors.shape[1], seed=settings["seed"])
    _save(shop.work / "peer.npz", train_student(start, lesson, seed=settings["seed"], **_habits(shop, settings)))


def make_teachers_silver(shop: Workshop) -> None:
    """Let each MiniLM tell the tag probabilities of texts without labels."""
    for seed in shop.config["teacher"]["seeds"]:
        votes = predict_teacher(load_teacher(shop.work / f"teacher{seed}.pt"), shop.silver)
        _save_votes(shop.work / f"silver-teacher{seed}.npy", votes)
        shop.log(f"silver of teacher {seed} done")


def make_peer_silver(shop: Workshop) -> None:
    """Let the peer tell the tag probabilities of texts without labels."""
    _save_votes(shop.work / "silver-peer.npy", predict(_load(shop.work / "peer.npz"), shop.silver))


def make_student(shop: Workshop) -> None:
    """Train the peer further, on gold and the weighed mean of all silver; keep the mean weights of its lessons."""
    settings, weights = shop.config["student"], _load(shop.work / "peer.npz")
    silver = np.split(_mean_vote(shop), np.cumsum([len(doc) for doc in shop.silver])[:-1])
    docs, gold = shop.gold
    after = []
    for seed, passes in enumerate(settings["passes"]):
        lesson = Lesson([*shop.silver, *docs], [*silver, *gold], passes, settings["rate"])
        weights = train_student(weights, lesson, seed=seed, **_habits(shop, settings))
        after.append(weights)
    _save(shop.work / "student.npz", {name: torch.stack([each[name] for each in after]).mean(0) for name in weights})


def make_results(shop: Workshop) -> None:
    """Fit the weights by which results are chosen to the labelled texts."""
    write_weights(fit_weights(shop.labelled), shop.out.with_name("results.json"))


def make_package(shop: Workshop) -> None:
    """Write the spaCy pipeline with the student in it, its confidences calibrated on the held-out texts."""
    nlp = blank()
    nlp.vocab.vectors = read_vectors(shop.work / "vectors.floret", nlp)
    tagger = cast(SpanTagger, nlp.add_pipe("span_tagger", name="ner"))
    tagger.weights = {name: value.numpy() for name, value in _load(shop.work / "student.npz").items()}
    add_components(nlp)
    confidence = cast(Confidence, nlp.add_pipe("confidence"))
    nlp.to_disk(shop.out)
    # a vocabulary keeps every word that it has read, so another pipeline reads the held-out texts
    scores = _calibrate(shop, load_model(shop.out), confidence)
    nlp.meta |= {"name": "papermargin", "papermargin": _provenance(shop) | {"strict_f1": scores}}
    nlp.to_disk(shop.out)


def make_accurate_package(shop: Workshop) -> None:
    """Write what the accurate reader needs beside the package: the first MiniLM, and confidences calibrated for it."""
    folder = shop.out.with_name(f"{shop.out.name}-accurate")
    teacher = load_teacher(shop.work / f"teacher{shop.config['teacher']['seeds'][0]}.pt")
    write_minilm(folder, {name: value.numpy() for name, value in teacher.state_dict().items()}, teacher.vocabulary)
    nlp = load_model(shop.out)
    cast(SpanTagger, nlp.get_pipe("ner")).partner = read_minilm(folder)
    confidence = cast(Confidence, nlp.get_pipe("confidence"))
    scores = _calibrate(shop, nlp, confidence)
    confidence.to_disk(folder)
    meta = _provenance(shop) | {"strict_f1": scores}
    (folder / "meta.json").write_bytes(msgspec.json.format(msgspec.json.encode(meta)))


STAGES: dict[str, Callable[[Workshop], None]] = {
    "vectors": make_vectors,
    "teacher": make_teachers,
    "teacher-silver": make_teachers_silver,
    "peer": make_peer,
    "peer-silver": make_peer_silver,
    "student": make_student,
    "results": make_results,
    "package": make_package,
    "accurate-package": make_accurate_package,
}


def run(shop: Workshop, stages: Sequence[str]) -> None:
    """Run the stages that are asked for, in their order; what one makes, the next finds in the work folder."""
    torch.set_num_threads(1)
    shop.work.mkdir(parents=True, exist_ok=True)
    for name, stage in STAGES.items():
        if name in stages:
            shop.log(f"stage {name}")
            stage(shop)


def read_vectors(path: Path, nlp: Language) -> Vectors:
    """Read floret's vectors as spaCy's, to be looked up by lower-cased words."""
    with path.open(encoding="utf8") as lines:
        _, _, minn, maxn, hash_count, hash_seed, bow, eow = next(lines).split()
        table = np.array([line.rstrip().split(" ")[1:] for line in lines], dtype=np.float32)
    return Vectors(
        data=table,
        strings=nlp.vocab.strings,
        mode="floret",
        minn=int(minn),
        maxn=int(maxn),
        hash_count=int(hash_count),
        hash_seed=int(hash_seed),
        bow=bow,
        eow=eow,
        attr="LOWER",
    )


def _habits(shop: Workshop, settings: dict[str, Any]) -> dict[str, Any]:
    return {"dropout": settings["dropout"], "words": shop.config["network"]["words"], "log": shop.log}


def _save(path: Path, weights: dict[str, torch.Tensor]) -> None:
    np.savez(path, **{name: value.numpy() for name, value in weights.items()})


def _mean_vote(shop: Workshop) -> np.ndarray:
    """Give the mean of the silver, the peer's weighed by its share; raises ValueError if the tokens are others now."""
    seeds, share = shop.config["teacher"]["seeds"], shop.config["silver"]["peer_share"]
    votes = [np.load(shop.work / f"silver-teacher{seed}.npy") for seed in seeds]
    mean: np.ndarray = (1 - share) * np.mean(votes, axis=0) + share * np.load(shop.work / "silver-peer.npy")
    if len(mean) != sum(len(doc) for doc in shop.silver):
        raise ValueError("the silver was made from other texts or tokens: run the stages that make silver again")
    return mean.astype(np.float16)


def _save_votes(path: Path, votes: Sequence[np.ndarray]) -> None:
    np.save(path, np.concatenate(votes).astype(np.float16))


def _load(path: Path) -> dict[str, torch.Tensor]:
    with np.load(path) as weights:
        return {name: torch.from_numpy(weights[name]) for name in weights}


def _calibrate(shop: Workshop, nlp: Language, confidence: Confidence) -> dict[str, float]:
    """Fit the confidence to the held-out texts, and give the strict F1 there by label."""
    texts = read_texts(shop.data / HELD_OUT)
    docs = list(nlp.pipe(text.text for text in texts))
    gold = [text.spans for text in texts]
    confidence.fit(docs, gold)
    found = [[(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] for doc in docs]
    return {label: round(strict.f1, 4) for label, (strict, _) in score_spans(gold, found).items()}


def _provenance(shop: Workshop) -> dict[str, Any]:
    files = [shop.data / LABELLED, shop.data / HELD_OUT, *sorted((shop.data / "public").glob("*.jsonl*"))]
    return {
        "made": datetime.now(UTC).date().isoformat(),
        "data": {path.name: digest(path) for path in files},
        "unlabelled_texts": len(shop.unlabelled),
        "config": {name: part for name, part in shop.config.items() if name != "trials"},
        "versions": {name: version(name) for name in ("spacy", "torch", "transformers", "floret")},
    }
