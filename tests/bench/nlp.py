"""Measure the speed of the models beside a blank spaCy pipeline and spaCy's own `ner`.

    python -m tests.bench.nlp [--texts FILE] [--models NAME …]

FILE holds JSON Lines with a `text`. The default are the held-out abstracts if ../shared lies beside
the checkout, else texts of our own. Each model runs in a process of its own, on one core. Times are
processor time, so that other work on the machine matters little; memory is the peak in MiB. `ner`
has spaCy's default settings and our four labels. It is initialized but not trained, which changes
what it finds, but hardly how long it takes.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import quantiles
from typing import TypeVar

import msgspec
import spacy
from msgspec import Struct
from rich.console import Console
from rich.table import Table
from spacy.language import Language

from nlp.accurate import make_accurate
from nlp.extract import extract, load_model
from nlp.spans import LABELS
from nlp.training.corpus import read_texts

HELD_OUT = Path(__file__).parents[3] / "shared" / "nlp" / "abstracts.dev.jsonl"

SENTENCES = """
We introduce OwletNet, a transformer that counts the nests of owls in pictures taken from the air.
Low-Rank Adaptation (LoRA) lets a large language model (LLM) learn new woods with few parameters.
On ImageNet and CIFAR-10, OwletNet reaches 81.2% and 95.4% accuracy, 3.1 points above ResNet-50.
Few-shot learning and domain adaptation remain hard where leaves hide what the model should see.
We train it by contrastive learning and knowledge distillation, at half the usual training cost.
Its inference is 2.1x faster, which lets a small computer on a mast read sixteen frames per second.
Ablations show that data augmentation helps most, and that the loss needs no further tuning.
We also release NestBench, a benchmark of 1,200 pictures from 14 woods in all weathers.
Code and weights are at https://nest.example.org/owletnet, together with the pictures we may share.
""".strip().splitlines()


class Cost(Struct):
    """Seconds to load, words per second in batches, milliseconds per text, peak memory in MiB."""

    load: float
    words: float
    median: float
    p99: float
    memory: float


def packaged() -> Language:
    """Load the fast model."""
    return load_model()


def accurate() -> Language:
    """Load the accurate model."""
    return make_accurate(load_model())


def blank() -> Language:
    """Load nothing but spaCy's tokenizer."""
    return spacy.blank("en")


def default_ner() -> Language:
    """Initialize spaCy's `ner` with its default settings."""
    nlp = spacy.blank("en")
    recognizer = nlp.add_pipe("ner")
    for label in LABELS:
        recognizer.add_label(label)  # type: ignore[attr-defined]
    nlp.initialize()
    return nlp


Run = Callable[[Language, list[str]], Iterable[object]]
Value = TypeVar("Value")

MODELS: dict[str, tuple[Callable[[], Language], Run]] = {
    "fast": (packaged, extract),
    "accurate": (accurate, extract),
    "spaCy blank": (blank, lambda nlp, texts: nlp.pipe(texts, batch_size=64)),
    "spaCy ner": (default_ner, lambda nlp, texts: nlp.pipe(texts, batch_size=64)),
}


def measure(name: str, texts: list[str]) -> Cost:
    """Load a model and run it, in batches and text by text, after a warm-up."""
    make, run = MODELS[name]
    nlp, load = timed(make)
    list(run(nlp, texts[:20]))
    _, batched = timed(lambda: list(run(nlp, texts)))
    single = [1000 * timed(lambda: list(run(nlp, [text])))[1] for text in texts]  # noqa: B023
    percentiles = quantiles(single, n=100)
    words = sum(len(text.split()) for text in texts)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(load, words / batched, percentiles[49], percentiles[98], memory)


def timed(work: Callable[[], Value]) -> tuple[Value, float]:
    """Call a function; return its value and the seconds of processor time that it took."""
    begun = time.process_time()
    return work(), time.process_time() - begun


def own_texts(count: int = 200) -> list[str]:
    """Return texts of about ten sentences, the same each time."""
    chance = random.Random(5)
    return [
        "\n".join(["Owls", " ".join(chance.choices(SENTENCES, k=chance.randint(6, 14)))])
        for _ in range(count)
    ]


def main() -> None:
    """Measure the given models and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=HELD_OUT if HELD_OUT.exists() else None)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=MODELS)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    texts = [text.text for text in read_texts(asked.texts)] if asked.texts else own_texts()
    if asked.alone:
        sys.stdout.buffer.write(msgspec.json.encode(measure(asked.alone, texts)))
        return
    words = sum(len(text.split()) for text in texts) / len(texts)
    title = f"{len(texts)} texts of {words:.0f} words, one core"
    figures = Table(
        "", "words/s", "p50 ms", "p99 ms", "load s", "MiB", title=title, title_justify="left"
    )
    for name in asked.models:
        figures.add_row(name, *row_of(in_own_process(name)))
    Console(width=100).print(figures)


def in_own_process(name: str) -> Cost:
    """Measure a model in a new process with one thread and the arguments of this one."""
    alone = [sys.executable, "-m", "tests.bench.nlp", *sys.argv[1:], "--alone", name]
    one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(alone, env=one_thread, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=Cost)


def row_of(cost: Cost) -> list[str]:
    """Format the figures of a model."""
    return [
        f"{cost.words:,.0f}",
        f"{cost.median:.1f}",
        f"{cost.p99:.1f}",
        f"{cost.load:.2f}",
        f"{cost.memory:.0f}",
    ]


if __name__ == "__main__":
    main()
