"""Read training texts: abstracts with labels, and texts without."""

import ast
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field

Place = tuple[int, int, str]
"""Where a mention starts and ends, in characters, and its label."""


class LabelledText(Struct):
    """A text with its mentions and results; `id` is empty where the source has none."""

    text: str
    id: str = ""
    spans: list[Place] = field(default_factory=list)
    results: list[dict[str, str | None]] = field(default_factory=list)


def read_texts(path: Path) -> list[LabelledText]:
    """Read a JSON Lines file of labelled texts; a name that ends in .gz is decompressed.

    Raises `msgspec.DecodeError` if a line is not one.
    """
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        return [msgspec.json.decode(line, type=LabelledText) for line in lines if line.strip()]


def read_listing(path: Path) -> Iterator[LabelledText]:
    """Yield title and abstract of each paper in one saved day of Daily Papers.

    Some of the saved files hold each paper as a Python literal within the JSON.
    """
    day = json.loads(path.read_bytes())
    for entry in day["data"] if isinstance(day, dict) else day:
        paper = (ast.literal_eval(entry) if isinstance(entry, str) else entry)["paper"]
        yield LabelledText(
            id=paper["id"], text=f"{_folded(paper['title'])}\n{_folded(paper['summary'])}"
        )


def read_unlabelled(data: Path, *, without: Iterable[LabelledText]) -> list[LabelledText]:
    """Return the unlabelled texts of a data folder, each once, except papers that are in `without`.

    These are the saved days of Daily Papers in `../hf/api` and the summaries in `public`.
    """
    known = {_title(text) for text in without}
    listings = (
        text for path in sorted(data.glob("../hf/api/*.json")) for text in read_listing(path)
    )
    found: dict[str, LabelledText] = {}
    for text in (*listings, *read_texts(data / "public" / "unlabelled_daily_summaries.jsonl")):
        if text.id not in known and _title(text) not in known:
            found.setdefault(text.text, text)
    return list(found.values())


def one_per_title(texts: Iterable[LabelledText]) -> list[LabelledText]:
    """Return the first text of each title, so that an abstract wins over a later summary."""
    found: dict[str, LabelledText] = {}
    for text in texts:
        found.setdefault(_title(text), text)
    return list(found.values())


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, which a model's metadata records for its training data."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _folded(text: str) -> str:
    return " ".join(text.split())


def _title(text: LabelledText) -> str:
    return text.text.partition("\n")[0].casefold()
