"""Train the packaged models in stages that can be run again one by one.

The teachers (MiniLM, and a network like the student, the peer) are trained on the labelled
abstracts. The weighted mean of their tag probabilities on unlabelled abstracts, the silver, and the
labels together train the student, a small network that NumPy can run.
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

from nlp.extract import load_model
from nlp.pipeline import add_components, blank
from nlp.results.assign import Weights as ResultWeights
from nlp.results.reader import FILE as READER
from nlp.results.reader import ResultReader, read_network
from nlp.tagger.confidence import Confidence
from nlp.tagger.minilm import MiniLM, read_minilm, write_minilm
from nlp.tagger.tagger import SpanTagger
from nlp.tagger.transformer import write_weights
from nlp.training.batch import TrainingBatch, one_hot_targets
from nlp.training.corpus import (
    LabelledText,
    digest,
    one_per_title,
    read_texts,
    read_unlabelled,
)
from nlp.training.evaluate import score_spans
from nlp.training.labels import (
    ABSTRACTS,
    DEV_RESULTS,
    FRESH,
    MENTIONS,
    read_marked,
    read_training_results,
    with_results,
)
from nlp.training.reader import make_example, reader_weights, train_reader
from nlp.training.result_weights import (
    fit_curve,
    fit_weights,
    judge,
    read_passage,
    write_result_weights,
)
from nlp.training.student import new_weights, predict, train_student
from nlp.training.teacher import load_teacher, train_teacher
from nlp.training.teacher import predict as predict_teacher

CONFIG = Path(__file__).with_name("config.cfg")
LABELLED = "abstracts.train.jsonl"
HELD_OUT = "abstracts.dev.jsonl"


@dataclass
class TrainingRun:
    """The folders and settings of a training run, and the data that several stages read.

    `data` is the folder of the labelled and unlabelled texts, `work` that of the stages' outputs,
    `out` that of the packaged model. Each line of progress is passed to `log`.
    """

    data: Path
    work: Path
    out: Path
    log: Callable[[str], None]
    settings: Path = CONFIG

    @cached_property
    def config(self) -> dict[str, Any]:
        """The settings that decide the weights, together with the data."""
        return load_config(self.settings, interpolate=True)

    @cached_property
    def labelled(self) -> list[LabelledText]:
        """The labelled texts to train on."""
        return read_texts(self.data / LABELLED)

    @cached_property
    def marked(self) -> list[LabelledText]:
        """The texts whose mentions are learnt: the labelled ones, and saved days' with labels."""
        return [*self.labelled, *read_marked(self.data)]

    @cached_property
    def unlabelled(self) -> list[LabelledText]:
        """The texts without labels, without those that have the title of a labelled one."""
        held_out = [*read_texts(self.data / HELD_OUT), *read_marked(self.data, FRESH)]
        return read_unlabelled(self.data, without=[*self.marked, *held_out])

    @cached_property
    def nlp(self) -> Language:
        """The tokenizer, with the word vectors once they are trained."""
        nlp = blank()
        if (self.work / "vectors.floret").exists():
            nlp.vocab.vectors = read_vectors(self.work / "vectors.floret", nlp)
        return nlp

    @cached_property
    def gold(self) -> tuple[list[Doc], list[np.ndarray]]:
        """The labelled texts as documents, and their targets."""
        docs = self.tokens(self.marked)
        return docs, one_hot_targets(docs, [text.spans for text in self.marked])

    @cached_property
    def silver(self) -> list[Doc]:
        """The documents that the teachers label, one per paper."""
        return self.tokens(one_per_title(self.unlabelled))

    def tokens(self, texts: Sequence[LabelledText]) -> list[Doc]:
        """Tokenize texts."""
        return list(self.nlp.pipe(text.text for text in texts))


def make_vectors(run: TrainingRun) -> None:
    """Train floret word vectors on every text that may be used."""
    public = run.data / "public"
    scirex = [
        *read_texts(public / "scirex_sents.jsonl.gz"),
        *read_texts(public / "scirex_abs.jsonl"),
    ]
    corpus = run.work / "corpus.txt"
    with corpus.open("w", encoding="utf8") as lines:
        for doc in blank().pipe(text.text for text in (*run.unlabelled, *run.marked, *scirex)):
            lines.write(" ".join(token.lower_ for token in doc if not token.is_space) + "\n")
    model = floret.train_unsupervised(
        str(corpus), model="skipgram", mode="floret", thread=1, **run.config["vectors"]
    )
    model.save_floret_vectors(str(run.work / "vectors.floret"))


def make_teachers(run: TrainingRun) -> None:
    """Fine-tune MiniLM on the labelled texts, once for each seed."""
    settings = run.config["teacher"]
    batch = TrainingBatch(*run.gold, settings["passes"], settings["rate"])
    for seed in settings["seeds"]:
        teacher = train_teacher(batch, seed=seed, log=run.log)
        torch.save(teacher.state_dict(), run.work / f"teacher{seed}.pt")


def make_peer(run: TrainingRun) -> None:
    """Train the network on the labelled texts alone, as a second, different teacher."""
    settings = run.config["peer"]
    batch = TrainingBatch(*run.gold, settings["passes"], settings["rate"])
    start = new_weights(
        run.config["network"]["width"], run.nlp.vocab.vectors.shape[1], seed=settings["seed"]
    )
    weights = train_student(start, batch, seed=settings["seed"], **_options(run, settings))
    _save(run.work / "peer.npz", weights)


def make_teachers_silver(run: TrainingRun) -> None:
    """Predict the tag probabilities of the texts without labels by each MiniLM."""
    for seed in run.config["teacher"]["seeds"]:
        votes = predict_teacher(load_teacher(run.work / f"teacher{seed}.pt"), run.silver)
        _save_votes(run.work / f"silver-teacher{seed}.npy", votes)
        run.log(f"silver of teacher {seed} done")


def make_peer_silver(run: TrainingRun) -> None:
    """Predict the tag probabilities of the texts without labels by the peer."""
    _save_votes(run.work / "silver-peer.npy", predict(_load(run.work / "peer.npz"), run.silver))


def make_student(run: TrainingRun) -> None:
    """Train the peer further on the labels and the silver, in one or more rounds.

    The student's weights are the mean of those after each round: it scored higher than either.
    Raises `ValueError` if the silver was made from other texts.
    """
    settings, weights = run.config["student"], _load(run.work / "peer.npz")
    silver = np.split(_mean_vote(run), np.cumsum([len(doc) for doc in run.silver])[:-1])
    docs, gold = run.gold
    after = []
    for seed, passes in enumerate(settings["passes"]):
        batch = TrainingBatch([*run.silver, *docs], [*silver, *gold], passes, settings["rate"])
        weights = train_student(weights, batch, seed=seed, **_options(run, settings))
        after.append(weights)
    mean = {name: torch.stack([each[name] for each in after]).mean(0) for name in weights}
    _save(run.work / "student.npz", mean)


def make_minilm(run: TrainingRun) -> None:
    """Train MiniLM anew on what both models think of the texts without labels, then on the labels.

    It learns the mean of the first teacher and the student, and gets better than either.
    """
    settings, seed = run.config["minilm"], run.config["teacher"]["seeds"][0]
    docs, gold = run.gold
    first = predict_teacher(load_teacher(run.work / f"teacher{seed}.pt"), run.silver)
    second = predict(_load(run.work / "student.npz"), run.silver)
    silver = [0.6 * one + 0.4 * other for one, other in zip(first, second, strict=True)]
    batch = TrainingBatch(
        [*run.silver, *docs], [*silver, *gold], settings["passes"], settings["rate"]
    )
    minilm = train_teacher(batch, seed=seed, log=run.log)
    last = TrainingBatch(docs, gold, settings["last_passes"], settings["last_rate"])
    minilm = train_teacher(last, seed=seed, log=run.log, start=minilm)
    torch.save(minilm.state_dict(), run.work / "minilm.pt")


def make_results(run: TrainingRun) -> None:
    """Fit the weights that choose results to the labelled texts."""
    texts = read_training_results(run.data / LABELLED)
    write_result_weights(fit_weights(texts), run.out.with_name("results.json"))


def make_reader(run: TrainingRun) -> None:
    """Train the network that reads whole texts, and fit its confidence to the held-out texts."""
    folder = accurate_folder(run.out)
    minilm = read_minilm(folder)
    labelled = [read_passage(text) for text in read_training_results(run.data / LABELLED)]
    examples = (
        make_example(each, minilm.states(run.nlp.make_doc(each.passage.text))) for each in labelled
    )
    known = [example for example in examples if example]
    reader = train_reader(minilm, known, log=run.log, **run.config["reader"])
    write_weights(folder / READER, reader_weights(reader))
    path = run.out.with_name("results.json")
    fitted = msgspec.json.decode(path.read_bytes())
    curve = fit_reading_curve(run, minilm, read_network(folder), fitted)
    write_result_weights({**fitted, "confidence read": curve}, path)


def fit_reading_curve(
    run: TrainingRun, minilm: MiniLM, reader: ResultReader, weights: ResultWeights
) -> dict[str, float]:
    """Fit the curve of confidence with the network to the held-out texts."""
    texts = with_results(read_texts(run.data / HELD_OUT), DEV_RESULTS)
    outcomes = []
    for labelled in map(read_passage, texts):
        passage = labelled.passage
        readings = reader.read(passage, minilm.states(run.nlp.make_doc(passage.text)))
        judged = judge(labelled, weights, readings)
        outcomes += [(found.probability, is_right) for found, is_right in judged]
    return fit_curve(outcomes)


def make_package(run: TrainingRun) -> None:
    """Write the spaCy pipeline with the student, calibrated on the held-out texts."""
    nlp = blank()
    nlp.vocab.vectors = read_vectors(run.work / "vectors.floret", nlp)
    tagger = cast(SpanTagger, nlp.add_pipe("span_tagger", name="ner"))
    tagger.weights = {
        name: value.numpy() for name, value in _load(run.work / "student.npz").items()
    }
    add_components(nlp)
    confidence = cast(Confidence, nlp.add_pipe("confidence"))
    nlp.to_disk(run.out)
    # A vocabulary keeps every word that it has processed. Another pipeline processes the held-out
    # texts, so that their words do not get into the package.
    scores = _calibrate(run, load_model(run.out), confidence)
    nlp.meta |= {"name": "papermargin", "papermargin": _provenance(run) | {"strict_f1": scores}}
    nlp.to_disk(run.out)


def make_accurate_package(run: TrainingRun) -> None:
    """Write what the accurate model adds to the package: MiniLM and confidence curves."""
    folder = accurate_folder(run.out)
    minilm = load_teacher(run.work / "minilm.pt")
    weights = {name: value.numpy() for name, value in minilm.state_dict().items()}
    write_minilm(folder, weights, minilm.vocabulary)
    nlp = load_model(run.out)
    cast(SpanTagger, nlp.get_pipe("ner")).partner = read_minilm(folder)
    confidence = cast(Confidence, nlp.get_pipe("confidence"))
    scores = _calibrate(run, nlp, confidence)
    confidence.to_disk(folder)
    meta = _provenance(run) | {"strict_f1": scores}
    (folder / "meta.json").write_bytes(msgspec.json.format(msgspec.json.encode(meta)))


STAGES: dict[str, Callable[[TrainingRun], None]] = {
    "vectors": make_vectors,
    "teacher": make_teachers,
    "teacher-silver": make_teachers_silver,
    "peer": make_peer,
    "peer-silver": make_peer_silver,
    "student": make_student,
    "minilm": make_minilm,
    "results": make_results,
    "package": make_package,
    "accurate-package": make_accurate_package,
    "reader": make_reader,
}


def run_stages(run: TrainingRun, stages: Sequence[str]) -> None:
    """Run the given stages in the order of `STAGES`.

    Each stage reads the outputs of earlier ones from the work folder.
    """
    torch.set_num_threads(1)
    run.work.mkdir(parents=True, exist_ok=True)
    for name, stage in STAGES.items():
        if name in stages:
            run.log(f"stage {name}")
            stage(run)


def accurate_folder(out: Path) -> Path:
    """Return the folder of what the accurate model adds to that in another folder."""
    return out.with_name(f"{out.name}-accurate")


def read_vectors(path: Path, nlp: Language) -> Vectors:
    """Read floret's file of vectors as spaCy vectors for lower-cased words.

    The first line holds the parameters of the hashing, each other line a row of the table.
    """
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


def _options(run: TrainingRun, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that every call of `train_student` gets."""
    return {
        "dropout": settings["dropout"],
        "words": run.config["network"]["words"],
        "log": run.log,
    }


def _save(path: Path, weights: dict[str, torch.Tensor]) -> None:
    np.savez(path, **{name: value.numpy() for name, value in weights.items()})


def _mean_vote(run: TrainingRun) -> np.ndarray:
    """Return the mean of the teachers' tag probabilities, all tokens × tags.

    Raises ValueError if the texts or their tokens changed since the silver was made.
    """
    seeds, share = run.config["teacher"]["seeds"], run.config["silver"]["peer_share"]
    votes = [np.load(run.work / f"silver-teacher{seed}.npy") for seed in seeds]
    mean: np.ndarray = (1 - share) * np.mean(votes, axis=0) + share * np.load(
        run.work / "silver-peer.npy"
    )
    if len(mean) != sum(len(doc) for doc in run.silver):
        raise ValueError(
            "the silver was made from other texts or tokens: run the stages that make silver again"
        )
    return mean.astype(np.float16)


def _save_votes(path: Path, votes: Sequence[np.ndarray]) -> None:
    np.save(path, np.concatenate(votes).astype(np.float16))


def _load(path: Path) -> dict[str, torch.Tensor]:
    with np.load(path) as weights:
        return {name: torch.from_numpy(weights[name]) for name in weights}


def _calibrate(run: TrainingRun, nlp: Language, confidence: Confidence) -> dict[str, float]:
    """Fit the confidence to the held-out texts, and return the strict F1 there by label."""
    texts = read_texts(run.data / HELD_OUT)
    docs = list(nlp.pipe(text.text for text in texts))
    gold = [text.spans for text in texts]
    confidence.fit(docs, gold)
    found = [[(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] for doc in docs]
    return {label: round(strict.f1, 4) for label, (strict, _) in score_spans(gold, found).items()}


def _provenance(run: TrainingRun) -> dict[str, Any]:
    """Return what `meta.json` records of a training run."""
    files = [
        run.data / LABELLED,
        run.data / HELD_OUT,
        MENTIONS,
        ABSTRACTS,
        *sorted((run.data / "public").glob("*.jsonl*")),
    ]
    return {
        "made": datetime.now(UTC).date().isoformat(),
        "data": {path.name: digest(path) for path in files},
        "unlabelled_texts": len(run.unlabelled),
        "config": {name: part for name, part in run.config.items() if name != "experiments"},
        "versions": {name: version(name) for name in ("spacy", "torch", "transformers", "floret")},
    }
