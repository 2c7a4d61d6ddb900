"""How fast abstracts are read, beside a blank spaCy pipeline and spaCy's own `ner` on the same texts in the same run.

    python -m tests.bench.nlp [--texts FILE] [--readers NAME …]

FILE holds JSON Lines with a `text`; default: the held-out abstracts where ../shared lies beside the checkout, else
texts of our own. Each reader runs in a process of its own, on one core. Times are processor time, so that what else
the machine does counts little; memory is MiB at its highest. `ner` has spaCy's default settings and our four labels and
is initialized but not trained, which changes what it finds and little of how long it takes.
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
from nlp.corpus import read_texts
from nlp.extract import extract, load_model
from nlp.spans import LABELS

HELD_OUT = Path(__file__).parents[3] / "shared" / "nlp" / "abstracts.dev.jsonl"

SENTENCES = """
We introduce OwletNet, a transformer that counts the nests of owls in pictures taken from the air.
Low-Rank Adaptation (LoRA) lets a large language model (LLM) learn new woods with few parameters.
On ImageNet and CIFAR-10, OwletNet reaches 81.2% and 95.4% top-1 accuracy, 3.1 points above ResNet-50.
Few-shot learning and domain adaptation remain hard where leaves hide what the model should see.
We train it by contrastive learning and knowledge distillation, at half the training cost of earlier work.
Its inference is 2.1x faster, which lets a small computer on a mast read sixteen frames per second.
Ablations show that data augmentation helps most, and that the loss needs no further tuning.
We also release NestBench, a benchmark of 1,200 pictures from 14 woods in all weathers.
Code and weights are at https://nest.example.org/owletnet, together with the pictures we may share.
""".strip().splitlines()


class Reading(Struct):
    """What reading cost: seconds to load, words a second in batches, ms a text, MiB at most."""

    load: float
    words: float
    median: float
    p99: float
    memory: float


def packaged() -> Language:
    """The fast model."""
    return load_model()


def accurate() -> Language:
    """The accurate model."""
    return make_accurate(load_model())


def blank() -> Language:
    """Nothing but spaCy's tokenizer."""
    return spacy.blank("en")


def default_ner() -> Language:
    """SpaCy's `ner` as its default settings make it."""
    nlp = spacy.blank("en")
    recognizer = nlp.add_pipe("ner")
    for label in LABELS:
        recognizer.add_label(label)  # type: ignore[attr-defined]
    nlp.initialize()
    return nlp


Read = Callable[[Language, list[str]], Iterable[object]]
Done = TypeVar("Done")

READERS: dict[str, tuple[Callable[[], Language], Read]] = {
    "fast": (packaged, extract),
    "accurate": (accurate, extract),
    "spaCy blank": (blank, lambda nlp, texts: nlp.pipe(texts, batch_size=64)),
    "spaCy ner": (default_ner, lambda nlp, texts: nlp.pipe(texts, batch_size=64)),
}


def measure(name: str, texts: list[str]) -> Reading:
    """Load a reader and let it read, in batches and one by one, after some texts to warm up."""
    make, read = READERS[name]
    nlp, load = timed(make)
    list(read(nlp, texts[:20]))
    _, batched = timed(lambda: list(read(nlp, texts)))
    single = [1000 * timed(lambda: list(read(nlp, [text])))[1] for text in texts]  # noqa: B023
    percentiles = quantiles(single, n=100)
    words = sum(len(text.split()) for text in texts)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Reading(load, words / batched, percentiles[49], percentiles[98], memory)


def timed(work: Callable[[], Done]) -> tuple[Done, float]:
    """Give what work gives, and the seconds of processor time that it took."""
    begun = time.process_time()
    return work(), time.process_time() - begun


def own_texts(count: int = 200) -> list[str]:
    """Give texts of ten sentences or so, the same each time."""
    chance = random.Random(5)
    return ["\n".join(["Owls", " ".join(chance.choices(SENTENCES, k=chance.randint(6, 14)))]) for _ in range(count)]


def main() -> None:
    """Measure the readers that are asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=HELD_OUT if HELD_OUT.exists() else None)
    parser.add_argument("--readers", nargs="*", default=list(READERS), choices=READERS)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    texts = [text.text for text in read_texts(asked.texts)] if asked.texts else own_texts()
    if asked.alone:
        sys.stdout.buffer.write(msgspec.json.encode(measure(asked.alone, texts)))
        return
    title = f"{len(texts)} texts of {sum(len(text.split()) for text in texts) / len(texts):.0f} words, one core"
    figures = Table("", "words/s", "p50 ms", "p99 ms", "load s", "MiB", title=title, title_justify="left")
    for name in asked.readers:
        figures.add_row(name, *row_of(in_own_process(name)))
    Console(width=100).print(figures)


def in_own_process(name: str) -> Reading:
    """Measure a reader in a new process with one thread, with the arguments of this one."""
    alone = [sys.executable, "-m", "tests.bench.nlp", *sys.argv[1:], "--alone", name]
    one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(alone, env=one_thread, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=Reading)


def row_of(reading: Reading) -> list[str]:
    """Write the figures of a reader."""
    times = (reading.median, reading.p99)
    return [f"{reading.words:,.0f}", *(f"{ms:.1f}" for ms in times), f"{reading.load:.2f}", f"{reading.memory:.0f}"]


if __name__ == "__main__":
    main()
