"""Train the packaged network on tag probabilities, with torch."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from math import cos, pi

import numpy as np
import torch
from spacy.tokens import Doc
from torch import Tensor, nn

from nlp.tagger.bilou import TAGS
from nlp.tagger.network import Batch, make_batch, shapes, tag_scores
from nlp.training.batch import TrainingBatch

STRIP = 50_000
"""The rows of the random strip that dropout masks are cut from: many times those of a batch."""


class TorchOperators:
    """The operations of the forward pass by torch, with dropout if there is any.

    Dropout masks are cut from one long random strip at random places: drawing each mask anew took
    a tenth of the training time.
    """

    def __init__(self, dropout: float = 0.0, *, width: int = 0) -> None:
        keep = 1 - dropout
        self.strip = (
            (torch.rand(STRIP, width) < keep).to(torch.bfloat16) / keep if dropout else None
        )

    def rows(self, table: Tensor, numbers: Tensor) -> Tensor:
        """Take rows of a table."""
        return nn.functional.embedding(numbers, table)

    def means(self, values: Tensor, groups: Tensor) -> Tensor:
        """Return the mean row of each group of rows."""
        groups = groups - groups.min()
        size = int(groups.max()) + 1
        sums = values.new_zeros((size, values.shape[1])).index_add(0, groups, values)
        return sums / torch.bincount(groups, minlength=size).clamp(min=1)[:, None]

    def drop(self, values: Tensor) -> Tensor:
        """Set a random share of the values to zero and scale the others up."""
        if self.strip is None:
            return values
        start = int(torch.randint(STRIP - len(values), ()))
        return values * self.strip[start : start + len(values)]


def new_weights(width: int, vector: int, *, seed: int, tags: int = len(TAGS)) -> dict[str, Tensor]:
    """Draw the weights of an untrained network at random.

    `width` is that of the hidden layers, `vector` that of the word vectors.
    """
    torch.manual_seed(seed)
    return {
        name: torch.randn(shape) * _initial_scale(name, shape, width)
        for name, shape in shapes(width, vector, tags).items()
    }


def _initial_scale(name: str, shape: tuple[int, ...], width: int) -> float:
    """Return the standard deviation of a weight's initial values (He et al., 2015).

    Biases start at zero and residual branches near zero.
    """
    if len(shape) == 1:
        return 0.0
    if shape[0] > 1000:  # an embedding table
        return 0.1
    # The three parts of a convolution add up, so their inputs count together.
    fan = 3 * width if name.endswith((".left", ".centre", ".right")) else shape[0]
    return float((2 / fan) ** 0.5) * (0.3 if name.endswith(".out") else 1.0)


def train_student(
    weights: dict[str, Tensor],
    batch: TrainingBatch,
    *,
    seed: int,
    dropout: float,
    words: int,
    log: Callable[[str], None],
) -> dict[str, Tensor]:
    """Train by AdamW, and return the moving average of the weights.

    The learning rate rises for a twentieth of the steps, then falls along a cosine. `words` is the
    number of tokens in a step. The same seed gives the same weights.
    """
    torch.manual_seed(seed)
    order = random.Random(seed)
    weights = {name: value.clone().requires_grad_() for name, value in weights.items()}
    average = {name: value.detach().clone() for name, value in weights.items()}
    optimizer = torch.optim.AdamW(weights.values(), lr=batch.rate, weight_decay=0.01, fused=True)
    steps = batch.passes * sum(len(doc) for doc in batch.docs) // words + batch.passes
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step / steps))
    operators = TorchOperators(dropout, width=weights["tag"].shape[0])
    losses: list[float] = []
    for turn in range(batch.passes):
        for numbers in _steps(batch.docs, words, order):
            loss = _loss(weights, batch, numbers, operators)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(weights.values(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            _update_average(average, weights, max(0.002, 10 / (len(losses) + 10)))
        log(f"pass {turn + 1} of {batch.passes}, loss {np.mean(losses[-100:]):.4f}")
    return average


def predict(weights: dict[str, Tensor], docs: Sequence[Doc]) -> list[np.ndarray]:
    """Return the probabilities of each text's tags, tokens × tags."""
    found = []
    for start in range(0, len(docs), 8):
        group = docs[start : start + 8]
        with torch.inference_mode():
            probabilities = (
                tag_scores(weights, torch_batch(group), TorchOperators()).softmax(-1).numpy()
            )
        found += np.split(probabilities, np.cumsum([len(doc) for doc in group])[:-1])
    return found


def torch_batch(docs: Sequence[Doc]) -> Batch:
    """Arrange texts for the network as tensors."""
    batch = make_batch(docs)
    return Batch(
        *(
            torch.from_numpy(np.ascontiguousarray(getattr(batch, field.name)))
            for field in fields(batch)
        )
    )


def _steps(docs: Sequence[Doc], words: int, order: random.Random) -> Iterator[list[int]]:
    """Yield the numbers of the texts of each step, at least `words` tokens together."""
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
    """Return the factor of the learning rate after a share of the steps."""
    return min(20 * share, max(0.01, 0.5 + 0.5 * cos(pi * share)))


def _loss(
    weights: dict[str, Tensor], batch: TrainingBatch, numbers: list[int], operators: TorchOperators
) -> Tensor:
    rows = np.concatenate([batch.targets[number] for number in numbers])
    target = torch.from_numpy(rows).float()
    docs = [batch.docs[number] for number in numbers]
    with torch.autocast("cpu", torch.bfloat16):
        scores = tag_scores(weights, torch_batch(docs), operators)
    loss: Tensor = nn.functional.cross_entropy(scores.float(), target)
    return loss


def _update_average(average: dict[str, Tensor], weights: dict[str, Tensor], share: float) -> None:
    with torch.no_grad():
        for name, value in weights.items():
            average[name].lerp_(value, share)
