"""Fit and cross-validate the weights that decide the roles of methods and datasets."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from nlp.abbreviations import find_abbreviations
from nlp.roles import PACKAGED, Weights, role_scores, term_cues
from nlp.spans import LABELS, ROLES, Label, Mention, Role
from nlp.terms import define, term_of
from nlp.training.corpus import LabelledText, Place
from nlp.training.labels import ROLES as ROLES_FILE
from nlp.training.labels import join_texts, read_labels

FOLDS = 5
L2_PENALTY = 2.0
STEPS, LEARNING_RATE = 300, 0.05


class TextWithRoles(Struct):
    """A text with its mentions, and the roles of their surfaces as (label, surface, role)."""

    text: str
    spans: list[Place]
    roles: list[tuple[str, str, Role]]


class Example(Struct):
    """The cues of one term and its role."""

    cues: list[str]
    role: Role


def join_roles(texts: Iterable[LabelledText], labels: Path = ROLES_FILE) -> list[TextWithRoles]:
    """Return those of some labelled texts that a file of labels has roles for."""
    return [
        TextWithRoles(
            text.text,
            text.spans,
            [(label, text.text[start:end], role) for label, start, end, role in known.roles],
        )
        for known, text in join_texts(read_labels(labels), texts)
    ]


def examples(text: TextWithRoles) -> Iterator[Example]:
    """Yield one example per term whose surface has a role; the first surface of a term decides."""
    roles = {(label, surface.lower()): role for label, surface, role in text.roles}
    mentions = _mentions(text)
    found: dict[tuple[Label, str], Role] = {}
    for mention in mentions:
        surface = text.text[mention.start : mention.end].lower()
        if role := roles.get((mention.label, surface)):
            found.setdefault((mention.label, mention.term), role)
    cues = term_cues(text.text, mentions)
    for term, role in found.items():
        yield Example(sorted(cues[term]), role)


def fit_roles(data: Iterable[Example]) -> dict[str, list[float]]:
    """Fit the weights by softmax regression with an L2 penalty, by full-batch gradient descent.

    Cues that a single example has get no weight.
    """
    data = list(data)
    counts = Counter(cue for example in data for cue in example.cues)
    columns = {cue: n for n, cue in enumerate(c for c, count in counts.items() if count > 1)}
    rows = _matrix(data, columns)
    wanted = np.eye(len(ROLES))[[ROLES.index(example.role) for example in data]]
    weights = _descend(rows, wanted)
    return {cue: [round(float(w), 3) for w in weights[n]] for cue, n in columns.items()}


def cross_validate(texts: Sequence[TextWithRoles]) -> tuple[float, np.ndarray]:
    """Return the accuracy over five folds of texts, and the table of wanted by found roles."""
    table = np.zeros((len(ROLES), len(ROLES)), dtype=int)
    parts = [list(examples(text)) for text in texts]
    for fold in range(FOLDS):
        learn = [one for n, part in enumerate(parts) if n % FOLDS != fold for one in part]
        weights = fit_roles(learn)
        for example in (one for part in parts[fold::FOLDS] for one in part):
            table[ROLES.index(example.role), int(role_scores(weights, example.cues).argmax())] += 1
    return float(np.trace(table) / table.sum()), table


def print_role_scores(texts: Sequence[TextWithRoles], console: Console) -> None:
    """Print the cross-validated accuracy, and how many terms of each role were found as which."""
    accuracy, table = cross_validate(texts)
    title = f"roles of {table.sum()} terms in {len(texts)} texts, accuracy {accuracy:.3f}"
    rows = Table("wanted", *ROLES, "recall", title=title)
    for role, counts in zip(ROLES, table, strict=True):
        recall = counts[ROLES.index(role)] / max(1, counts.sum())
        rows.add_row(role, *map(str, counts), f"{recall:.3f}")
    console.print(rows)


def write_roles(weights: Weights, path: Path = PACKAGED) -> None:
    """Write weights, by default to where the package reads them."""
    path.write_bytes(msgspec.json.encode(weights))


def _mentions(text: TextWithRoles) -> list[Mention]:
    """Return the mentions of a text with their terms, as extraction makes them."""
    pairs = [
        (text.text[slice(*long)], text.text[slice(*short)])
        for long, short in find_abbreviations(text.text)
    ]
    shared = {label: define(pairs, label) for label in LABELS}
    return [
        Mention(start, end, label, term_of(text.text[start:end], label, shared[label]))
        for start, end, label in cast(list[tuple[int, int, Label]], sorted(text.spans))
    ]


def _matrix(data: Sequence[Example], columns: dict[str, int]) -> np.ndarray:
    """Return 1 where an example has the cue of a column, examples × columns."""
    rows = np.zeros((len(data), len(columns)))
    for row, example in zip(rows, data, strict=True):
        row[[columns[cue] for cue in example.cues if cue in columns]] = 1
    return rows


def _descend(rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Minimize the cross-entropy with an L2 penalty by Adam (Kingma and Ba, 2015)."""
    weights = np.zeros((rows.shape[1], len(ROLES)))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        odds = rows @ weights
        powers = np.exp(odds - odds.max(-1, keepdims=True))
        slope = rows.T @ (powers / powers.sum(-1, keepdims=True) - wanted) + L2_PENALTY * weights
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        unbiased = np.sqrt(square / (1 - 0.999**step)) + 1e-8
        weights -= LEARNING_RATE * (mean / (1 - 0.9**step)) / unbiased
    return weights
