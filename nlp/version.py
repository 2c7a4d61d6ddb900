"""Which model reads: the choice, what is known of a personal one, and a name that changes whenever readings may."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

PACKAGE = Path(__file__).parent
MODEL = PACKAGE / "model"
ACCURATE = PACKAGE / "model-accurate"

ModelName = Literal["fast", "accurate"]


class ModelChoice(Struct, frozen=True):
    """A packaged model, and where a personal one may lie that has the last word over what it finds."""

    model: ModelName = "fast"
    personal: Path | None = None


class Provenance(Struct, kw_only=True):
    """What a personal model was made of, and how it did on corrections that it had not learnt from.

    `parent` is the packaged model that it judges, `taste` names what it learnt. Scores are strict F1 against corrected
    mentions; `honoured` of the `held_out` changes that corrections ask for come out right by themselves, `agreement` is
    the strict F1 between what it and its parent find in texts that nobody corrected, of surfaces that nobody did.
    """

    made: str
    parent: str
    taste: str
    corrections: int
    papers: int
    replayed: int
    f1_before: float
    f1_after: float
    honoured: int
    held_out: int
    agreement: float


class _File(Struct):
    provenance: Provenance


def model_version(choice: ModelChoice = ModelChoice()) -> str:  # noqa: B008 - it is frozen
    """Give 12 hex digits of what decides the readings: the package's code and lists, the weights that are in force."""
    digest = hashlib.blake2b(package_digest(choice.model).encode(), digest_size=6)
    if personal := personal_in_force(choice):
        digest.update(personal.taste.encode())
    return digest.hexdigest()


def personal_in_force(choice: ModelChoice) -> Provenance | None:
    """Give what is known of the personal model of a choice, or None where the packaged one reads.

    That is also so where it learnt from another packaged model: it would judge mistakes that are no longer made.
    """
    found = read_provenance(choice.personal) if choice.personal else None
    return found if found and found.parent == parent_digest(choice.model) else None


def read_provenance(path: Path) -> Provenance | None:
    """Give what a personal model says of itself, None where there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File).provenance
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def read_packaged(model: ModelName) -> dict[str, Any]:
    """Give what a packaged model says of its making: date, data with their hashes, settings, scores."""
    path = (ACCURATE if model == "accurate" else MODEL) / "meta.json"
    found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return found if model == "accurate" else found["papermargin"]


def packaged_bytes(model: ModelName) -> int:
    """Give what the files of a packaged model take on disk; the accurate one reads together with the fast one."""
    return sum(file.stat().st_size for file in _files(model))


@cache
def package_digest(model: ModelName) -> str:
    """Give 12 hex digits of the package's files that have a part in what a model reads."""
    left_out = ACCURATE if model == "fast" else None
    return _digest(file for file in PACKAGE.rglob("*") if left_out not in file.parents)


@cache
def parent_digest(model: ModelName) -> str:
    """Give 12 hex digits of the files of a packaged model, without the code around it."""
    return _digest(_files(model))


def _files(model: ModelName) -> list[Path]:
    folders = [MODEL, *([ACCURATE] if model == "accurate" else [])]
    return [file for folder in folders for file in folder.rglob("*") if file.is_file()]


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.blake2b(digest_size=6)
    for file in sorted(file for file in files if file.is_file() and file.suffix not in (".pyc", ".md")):
        digest.update(str(file.relative_to(PACKAGE)).encode() + b"\0")
        digest.update(file.read_bytes())
    return digest.hexdigest()
