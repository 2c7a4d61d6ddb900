"""Train the network that reads whole texts for their results, with torch."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertLayer

from nlp.results.assign import RESULT_KINDS
from nlp.results.find import LINKS
from nlp.results.reader import (
    DISTANCES,
    LAYERS,
    SENTENCES,
    TYPES,
    WIDTH,
    Layout,
    distance,
    lay_out,
    sentences_apart,
)
from nlp.results.reading import FIELDS
from nlp.spans import Label
from nlp.tagger.minilm import LOWER, MiniLM, States
from nlp.training.fine_tuning import fine_tune
from nlp.training.result_weights import Answer, Labelled, fold, kind_of
from nlp.training.teacher import minilm_folder

PIECES = 2500
"""The most word pieces of a step, with padding."""


@dataclass
class Example:
    """A text with its states, and the right answers for each of its numbers.

    `results` has 1 for each number that is a result, `kinds` the place of its kind among
    `RESULT_KINDS`, -1 if it has none. `links` has for each label and number the places of the right
    candidates, the last of which is none; no places where that is not known.
    """

    states: np.ndarray
    layout: Layout
    steps: dict[Label, Tensor]
    apart: dict[Label, Tensor]
    results: Tensor
    kinds: Tensor
    links: dict[Label, list[list[int]]]


def make_example(labelled: Labelled, states: States) -> Example | None:
    """Make an example of a labelled passage; None of a text without numbers, or of two windows."""
    passage = labelled.passage
    if not passage.amounts or len(states.windows) != 1:
        return None
    layout = lay_out(passage, states)
    kinds = [kind_of(answer) for answer in labelled.answers]
    steps, apart = {}, {}
    for label in FIELDS:
        peers, places = passage.peers[label], layout.mentions[label]
        steps[label] = torch.tensor(
            [[*(distance(number, place) for place in places), 0] for number in layout.numbers]
        )
        apart[label] = torch.tensor(
            [
                [*(sentences_apart(passage, amount, peer) for peer in peers), SENTENCES - 1]
                for amount in passage.amounts
            ]
        )
    return Example(
        states.windows[0].astype(np.float16),
        layout,
        steps,
        apart,
        torch.tensor([float(kind != "other") for kind in kinds]),
        torch.tensor([_place(kind) for kind in kinds]),
        {
            label: [_right(labelled, label, answer) for answer in labelled.answers]
            for label in FIELDS
        },
    )


class Reader(nn.Module):
    """The network of `nlp.results.reader.ResultReader`, with dropout in training."""

    def __init__(self) -> None:
        super().__init__()
        settings = BertConfig.from_pretrained(
            minilm_folder(), hidden_act="gelu_new", attention_probs_dropout_prob=0.0
        )
        settings._attn_implementation = "sdpa"
        width = settings.hidden_size
        self.body = nn.ModuleList([BertLayer(settings) for _ in range(LAYERS)])
        self.types = nn.Embedding(TYPES, width)
        nn.init.normal_(self.types.weight, std=0.02)
        self.link = nn.ModuleDict(
            {
                "number": nn.Linear(2 * width, WIDTH),
                "mention": nn.Linear(2 * width, WIDTH),
                **{label.lower(): _scorer() for label in FIELDS},
            }
        )
        self.none = nn.Parameter(torch.randn(len(FIELDS), WIDTH) / 10)
        self.distance, self.apart = nn.Embedding(DISTANCES, 16), nn.Embedding(SENTENCES, 8)
        self.head = nn.Linear(2 * width, len(RESULT_KINDS) + 1)
        nn.init.zeros_(self.head.weight)
        self.dropout = nn.Dropout(0.2)

    def start_from(self, minilm: MiniLM) -> None:
        """Take over the upper layers of a MiniLM that finds mentions."""
        for number, layer in enumerate(self.body):
            prefix = f"body.encoder.layer.{LOWER + number}."
            named = ((name, minilm.weights[prefix + name]) for name in layer.state_dict())
            layer.load_state_dict(
                {name: torch.from_numpy(np.ascontiguousarray(value.T)) for name, value in named}
            )

    def forward(self, examples: Sequence[Example]) -> Iterator[tuple[Tensor, dict[Label, Tensor]]]:
        """Yield the scores of each text: numbers × (kinds and result), and × candidates."""
        longest = max(len(example.states) for example in examples)
        states = torch.zeros(len(examples), longest, self.types.embedding_dim)
        types = torch.zeros(len(examples), longest, dtype=torch.long)
        mask = torch.zeros(len(examples), longest, dtype=torch.bool)
        for row, example in enumerate(examples):
            length = len(example.states)
            states[row, :length] = torch.from_numpy(example.states.astype(np.float32))
            types[row, :length] = torch.from_numpy(example.layout.types)
            mask[row, :length] = True
        hidden = states + self.types(types)
        with torch.autocast("cpu", torch.bfloat16):
            for layer in self.body:
                found = layer(hidden, attention_mask=mask[:, None, None, :])
                hidden = found[0] if isinstance(found, tuple) else found
        for row, example in enumerate(examples):
            yield self._scores(hidden[row].float(), example)

    def _scores(self, hidden: Tensor, example: Example) -> tuple[Tensor, dict[Label, Tensor]]:
        numbers = self.dropout(_ends(hidden, example.layout.numbers))
        queries = self.link["number"](numbers)
        links = {}
        for place, label in enumerate(FIELDS):
            mentions = self.dropout(_ends(hidden, example.layout.mentions[label]))
            candidates = torch.cat([self.link["mention"](mentions), self.none[place][None]])
            shape = len(queries), *candidates.shape
            rows, columns = queries[:, None].expand(shape), candidates[None].expand(shape)
            places = self.distance(example.steps[label]), self.apart(example.apart[label])
            pairs = torch.cat([rows, columns, rows * columns, *places], -1)
            links[label] = self.link[label.lower()](pairs).squeeze(-1)
        return self.head(numbers), links


def train_reader(
    minilm: MiniLM,
    examples: Sequence[Example],
    *,
    passes: int,
    rate: float,
    log: Callable[[str], None],
    seed: int = 0,
) -> Reader:
    """Train the network, what is new in it at ten times the learning rate."""
    torch.manual_seed(seed)
    order = random.Random(seed)
    reader = Reader()
    reader.start_from(minilm)
    body = {*reader.body.parameters()}
    fresh = [weight for weight in reader.parameters() if weight not in body]
    fine_tune(
        reader,
        [([*body], rate), (fresh, 10 * rate)],
        lambda order: _groups(examples, order),
        lambda group: _loss(reader, group),
        passes=passes,
        order=order,
        log=lambda line: log(f"reader: {line}"),
    )
    return reader


def reader_weights(reader: Reader) -> Mapping[str, np.ndarray]:
    """Return the weights by name, as `write_weights` takes them."""
    return {name: value.numpy() for name, value in reader.state_dict().items()}


def _loss(reader: Reader, group: Sequence[Example]) -> Tensor:
    """Return the mean over texts of the sums over their numbers and choices."""
    losses = []
    for example, (head, links) in zip(group, reader(group), strict=True):
        result = nn.functional.binary_cross_entropy_with_logits
        losses.append(0.5 * result(head[:, -1], example.results, reduction="sum"))
        kind = nn.functional.cross_entropy
        losses.append(kind(head[:, :-1], example.kinds, ignore_index=-1, reduction="sum"))
        for label, scores in links.items():
            for row, right in zip(scores, example.links[label], strict=True):
                if right:
                    losses.append(row.logsumexp(0) - row[right].logsumexp(0))
    return torch.stack(losses).sum() / len(group)


def _groups(examples: Sequence[Example], order: random.Random) -> Iterator[list[Example]]:
    """Yield groups of texts of similar length, at most `PIECES` pieces each, in random order."""
    groups: list[list[Example]] = [[]]
    for example in sorted(examples, key=lambda e: len(e.states) * (1 + 0.1 * order.random())):
        if groups[-1] and (len(groups[-1]) + 1) * len(example.states) > PIECES:
            groups.append([])
        groups[-1].append(example)
    order.shuffle(groups)
    yield from filter(None, groups)


def _scorer() -> nn.Sequential:
    """Make the scorer of the links of one label."""
    width = 3 * WIDTH + 16 + 8
    last = nn.Linear(WIDTH, 1)
    nn.init.zeros_(last.weight)
    return nn.Sequential(nn.Linear(width, WIDTH), nn.GELU("tanh"), nn.Dropout(0.2), last)


def _ends(hidden: Tensor, places: np.ndarray) -> Tensor:
    """Return the vectors of the first and last piece of each part, joined."""
    first, last = torch.from_numpy(places).T
    return torch.cat([hidden[first], hidden[last]], -1)


def _place(kind: str | None) -> int:
    return cast(Sequence[str], RESULT_KINDS).index(kind) if kind in RESULT_KINDS else -1


def _right(labelled: Labelled, label: Label, answer: Answer | None) -> list[int]:
    """Return the places of the mentions that a labelled result names, or of none."""
    if answer is None or kind_of(answer) == "other":
        return []
    passage, wanted = labelled.passage, answer[LINKS[label]]
    peers = passage.peers[label]
    if not wanted:
        return [len(peers)]
    surfaces = [fold(passage.surface(peer)) for peer in peers]
    return [place for place, surface in enumerate(surfaces) if surface == fold(wanted)]
