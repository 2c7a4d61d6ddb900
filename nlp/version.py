"""Which model is used, what is recorded about it, and a version that changes with its output."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from nlp.plugins import list_components

PACKAGE = Path(__file__).parent
MODEL = PACKAGE / "model"
ACCURATE = PACKAGE / "model-accurate"

ModelName = Literal["fast", "accurate"]
DEFAULT_MODEL: ModelName = "accurate"


class ModelChoice(Struct, frozen=True):
    """A packaged model, and the file where a personal model may lie that revises its mentions."""

    model: ModelName = DEFAULT_MODEL
    personal: Path | None = None


class Provenance(Struct, kw_only=True):
    """What a personal model was trained on, and its scores on corrections it was not trained on.

    `parent` is the digest of the packaged model whose mentions it reranks, `weights_digest` that of
    the reranker's weights. `f1_before` and `f1_after` are strict F1 against the corrected mentions.
    Of the `held_out` changes that corrections ask for, the personal model makes `honoured` by
    itself. `agreement` is the strict F1 between its output and its parent's on texts without
    corrections, leaving out the surfaces that were corrected elsewhere.
    """

    made: str
    parent: str
    weights_digest: str = field(name="taste")  # the key in files written by earlier versions
    corrections: int
    papers: int
    replayed: int
    f1_before: float
    f1_after: float
    honoured: int
    held_out: int
    agreement: float


class _File(Struct):
    """The part of a personal model's file that is read here, without its weights."""

    provenance: Provenance


def model_version(choice: ModelChoice = ModelChoice()) -> str:  # noqa: B008 - it is frozen
    """Return 12 hex digits that change with anything that decides what the model finds.

    That is the package's code, its lists of names, and the weights in use.
    """
    digest = hashlib.blake2b(package_digest(choice.model).encode(), digest_size=6)
    if personal := personal_in_force(choice):
        digest.update(personal.weights_digest.encode())
    for component in list_components():
        package = component.dist.version if component.dist else ""
        digest.update(f"{component.name} {package}".encode())
    return digest.hexdigest()


def personal_in_force(choice: ModelChoice) -> Provenance | None:
    """Return the provenance of the personal model in use, or None if there is none in use.

    A personal model trained on the output of another packaged model is not used: it would correct
    mistakes that are no longer made.
    """
    found = read_provenance(choice.personal) if choice.personal else None
    return found if found and found.parent == parent_digest(choice.model) else None


def read_provenance(path: Path) -> Provenance | None:
    """Read the provenance in a personal model's file; None if the file is missing or unreadable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File).provenance
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def install_file(path: Path, content: bytes) -> None:
    """Replace the file of a personal model in one step, so that no reader sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            # before the rename: else a power cut may leave an empty file under the name
            os.fsync(file.fileno())
        Path(fresh).replace(path)
    finally:
        Path(fresh).unlink(missing_ok=True)


def read_packaged(model: ModelName) -> dict[str, Any]:
    """Read how a packaged model was made: date, hashes of the data, settings, scores.

    Raises `FileNotFoundError` if the model is not in the package.
    """
    path = (ACCURATE if model == "accurate" else MODEL) / "meta.json"
    found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return found if model == "accurate" else found["papermargin"]


def packaged_bytes(model: ModelName) -> int:
    """Return the size on disk of a packaged model; the accurate one includes the fast one."""
    return sum(file.stat().st_size for file in _files(model))


@cache
def package_digest(model: ModelName) -> str:
    """Return 12 hex digits of all files of the package that a model uses, code included."""
    left_out = ACCURATE if model == "fast" else None
    return digest_files(PACKAGE, (f for f in PACKAGE.rglob("*") if left_out not in f.parents))


@cache
def parent_digest(model: ModelName) -> str:
    """Return 12 hex digits of a packaged model's files, without the code around it."""
    return digest_files(PACKAGE, _files(model))


def _files(model: ModelName) -> list[Path]:
    folders = [MODEL, *([ACCURATE] if model == "accurate" else [])]
    return [file for folder in folders for file in folder.rglob("*") if file.is_file()]


def digest_files(folder: Path, files: Iterable[Path]) -> str:
    """Return 12 hex digits of files below a folder, without compiled code and documentation."""
    digest = hashlib.blake2b(digest_size=6)
    # compiled code follows from the source, and documentation decides nothing
    decisive = [file for file in files if file.is_file() and file.suffix not in (".pyc", ".md")]
    # names as on any system: machines that share a queue have to agree on the version
    names = sorted(file.relative_to(folder).parts for file in decisive)
    for parts in names:
        # with the name, whose end is marked: a renamed or divided file is another package
        digest.update("/".join(parts).encode() + b"\0")
        digest.update(folder.joinpath(*parts).read_bytes())
    return digest.hexdigest()
