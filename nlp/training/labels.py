"""Labels of mentions, roles and results that are kept without the texts: ids and offsets.

The texts are abstracts of others and not in the repository. Labels are joined with the texts of a
data folder by the id of the paper, and left out if the text there is another one.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec
from msgspec import Struct, field

from nlp.spans import Kind, Label, Role
from nlp.training.corpus import LabelledText, Place, read_listing, read_texts

FOLDER = Path(__file__).parent / "labels"
MENTIONS = FOLDER / "mentions.train.jsonl"
ABSTRACTS = FOLDER / "abstracts.train.jsonl"  # mentions and results of the same texts
FRESH = FOLDER / "abstracts.fresh.jsonl"  # the same, to measure, and never to train on
RESULTS, ROLES = FOLDER / "results.train.jsonl", FOLDER / "roles.train.jsonl"
DEV_RESULTS = FOLDER / "results.dev.jsonl"  # to measure, and never to train on

Part = tuple[int, int] | str | None
"""Where a surface stands; None if the result has none, "?" if it is not marked as a mention."""


class ResultLabel(Struct, array_like=True):
    """A number from `start` to `end`, its kind, and of what it is the value."""

    start: int
    end: int
    kind: Kind | None
    metric: Part = None
    dataset: Part = None
    method: Part = None


class TextLabels(Struct, kw_only=True, omit_defaults=True):
    """The labels of the text of a paper; `digest` is that of the text.

    `spans` is None where the mentions are those of the labelled text with the same id. `roles` has
    the start and end of one mention of each surface.
    """

    id: str
    digest: str
    spans: list[Place] | None = None
    results: list[ResultLabel] = field(default_factory=list)
    roles: list[tuple[Label, int, int, Role]] = field(default_factory=list)


def digest_text(text: str) -> str:
    """Return the short digest by which labels recognize their text."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def read_labels(path: Path) -> list[TextLabels]:
    """Read a JSON Lines file of labels without texts."""
    return [msgspec.json.decode(line, type=TextLabels) for line in path.read_bytes().splitlines()]


def join_texts(
    labels: Iterable[TextLabels], texts: Iterable[LabelledText]
) -> Iterator[tuple[TextLabels, LabelledText]]:
    """Yield labels with their texts, with mentions and results; those without a text are left out.

    The first of several texts with the same id and digest counts.
    """
    known: dict[tuple[str, str], LabelledText] = {}
    for text in texts:
        known.setdefault((text.id, digest_text(text.text)), text)
    for label in labels:
        if found := known.get((label.id, label.digest)):
            results = [_result(one, found.text) for one in label.results] or found.results
            spans = found.spans if label.spans is None else label.spans
            yield label, LabelledText(found.text, found.id, spans, results)


def read_marked(data: Path, *paths: Path) -> list[LabelledText]:
    """Return the saved texts beside a data folder whose mentions are labelled in some files.

    By default these are the texts to train on.
    """
    labels = chain.from_iterable(map(read_labels, paths or (MENTIONS, ABSTRACTS)))
    return [text for _, text in join_texts(labels, read_listings(data))]


def with_results(
    texts: Sequence[LabelledText], *paths: Path, others: Iterable[LabelledText] = ()
) -> list[LabelledText]:
    """Return texts with the results of files of labels, which name the kind of each.

    Those among `others` that have labels are added.
    """
    labels = chain.from_iterable(map(read_labels, paths))
    found = [text for _, text in join_texts(labels, chain(texts, others))]
    ids = {text.id for text in found}
    return [*found, *(text for text in texts if text.id not in ids)]


def read_training_results(path: Path) -> list[LabelledText]:
    """Return the texts of a file, and saved texts beside it, with the results to train on."""
    others = read_listings(path.parent)
    return with_results(read_texts(path), RESULTS, ABSTRACTS, others=others)


def read_listings(data: Path) -> Iterator[LabelledText]:
    """Yield the texts of the saved days of Daily Papers beside a data folder, without labels."""
    for path in sorted(data.glob("../hf/api/*.json")):
        yield from read_listing(path)


def _result(label: ResultLabel, text: str) -> dict[str, str | None]:
    def surface(part: Part) -> str | None:
        return text[slice(*part)] if isinstance(part, tuple) else part

    return {
        "value": text[label.start : label.end],
        "kind": label.kind,
        "metric": surface(label.metric),
        "dataset": surface(label.dataset),
        "method": surface(label.method),
    }
