"""Training of the network that is packaged: on tag probabilities, with torch."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from math import cos, pi

import numpy as np
import torch
from spacy.tokens import Doc
from torch import Tensor, nn

from nlp.lesson import Lesson
from nlp.network import Batch, make_batch, shapes, tag_scores
from nlp.tags import TAGS

STRIP = 50_000
"""Rows of random numbers to cut dropout masks from: many times those of a batch."""


class TorchOperators:
    """What the forward pass asks of torch; drops values in training.

    Masks are cut from one long random strip at random places, since drawing each anew takes a tenth of the time.
    """

    def __init__(self, dropout: float = 0.0, *, width: int = 0) -> None:
        keep = 1 - dropout
        self.strip = (torch.rand(STRIP, width) < keep).to(torch.bfloat16) / keep if dropout else None

    def rows(self, table: Tensor, numbers: Tensor) -> Tensor:
        """Take rows of a table."""
        return nn.functional.embedding(numbers, table)

    def means(self, values: Tensor, groups: Tensor) -> Tensor:
        """Give the mean row of each group of rows."""
        groups = groups - groups.min()
        size = int(groups.max()) + 1
        sums = values.new_zeros((size, values.shape[1])).index_add(0, groups, values)
        return sums / torch.bincount(groups, minlength=size).clamp(min=1)[:, None]

    def drop(self, values: Tensor) -> Tensor:
        """Drop a share of the values and scale the others up."""
        if self.strip is None:
            return values
        start = int(torch.randint(STRIP - len(values), ()))
        return values * self.strip[start : start + len(values)]


def new_weights(width: int, vector: int, *, seed: int, tags: int = len(TAGS)) -> dict[str, Tensor]:
    """Draw the weights of an untrained network; a residual branch starts near zero."""
    torch.manual_seed(seed)
    weights = {}
    for name, shape in shapes(width, vector, tags).items():
        fan = 3 * width if name.endswith((".left", ".centre", ".right")) else shape[0]
        scale = 0.0 if len(shape) == 1 else 0.1 if shape[0] > 1000 else (2 / fan) ** 0.5
        weights[name] = torch.randn(shape) * scale * (0.3 if name.endswith(".out") else 1.0)
    return weights


def train_student(
    weights: dict[str, Tensor],
    lesson: Lesson,
    *,
    seed: int,
    dropout: float,
    words: int,
    log: Callable[[str], None],
) -> dict[str, Tensor]:
    """Train by AdamW with a warm-up and a cosine to nothing; give the moving average of the weights."""
    torch.manual_seed(seed)
    order = random.Random(seed)
    weights = {name: value.clone().requires_grad_() for name, value in weights.items()}
    average = {name: value.detach().clone() for name, value in weights.items()}
    optimizer = torch.optim.AdamW(weights.values(), lr=lesson.rate, weight_decay=0.01, fused=True)
    steps = lesson.passes * sum(len(doc) for doc in lesson.docs) // words + lesson.passes
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step / steps))
    operators = TorchOperators(dropout, width=weights["tag"].shape[0])
    losses: list[float] = []
    for turn in range(lesson.passes):
        for numbers in _batches(lesson.docs, words, order):
            loss = _loss(weights, lesson, numbers, operators)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(weights.values(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            _draw_nearer(average, weights, max(0.002, 10 / (len(losses) + 10)))
        log(f"pass {turn + 1} of {lesson.passes}, loss {np.mean(losses[-100:]):.4f}")
    return average


def predict(weights: dict[str, Tensor], docs: Sequence[Doc]) -> list[np.ndarray]:
    """Give for each text the probabilities of the tags, tokens × tags."""
    found = []
    for start in range(0, len(docs), 8):
        group = docs[start : start + 8]
        with torch.inference_mode():
            probabilities = tag_scores(weights, torch_batch(group), TorchOperators()).softmax(-1).numpy()
        found += np.split(probabilities, np.cumsum([len(doc) for doc in group])[:-1])
    return found


def torch_batch(docs: Sequence[Doc]) -> Batch:
    """Lay texts out as tensors."""
    batch = make_batch(docs)
    return Batch(*(torch.from_numpy(np.ascontiguousarray(getattr(batch, field.name))) for field in fields(batch)))


def _batches(docs: Sequence[Doc], words: int, order: random.Random) -> Iterator[list[int]]:
    numbers = [number for number, doc in enumerate(docs) if len(doc)]
    order.shuffle(numbers)
    batch: list[int] = []
    size = 0
    for number in numbers:
        batch.append(number)
        size += len(docs[number])
        if size >= words:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _rate(share: float) -> float:
    """Give the part of the learning rate to use after a share of the steps: a short rise, then a cosine."""
    return min(20 * share, max(0.01, 0.5 + 0.5 * cos(pi * share)))


def _loss(weights: dict[str, Tensor], lesson: Lesson, numbers: list[int], operators: TorchOperators) -> Tensor:
    target = torch.from_numpy(np.concatenate([lesson.targets[number] for number in numbers])).float()
    with torch.autocast("cpu", torch.bfloat16):
        scores = tag_scores(weights, torch_batch([lesson.docs[number] for number in numbers]), operators)
    loss: Tensor = nn.functional.cross_entropy(scores.float(), target)
    return loss


def _draw_nearer(average: dict[str, Tensor], weights: dict[str, Tensor], share: float) -> None:
    with torch.no_grad():
        for name, value in weights.items():
            average[name].lerp_(value, share)
