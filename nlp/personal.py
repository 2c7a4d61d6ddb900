"""A personal model: the packaged one with a user's taste behind it, and the file that keeps that taste."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct
from spacy.language import Language

from nlp.accurate import make_accurate
from nlp.extract import load_model
from nlp.judge import Judge, Taste
from nlp.version import ModelChoice, Provenance, model_version, personal_in_force


class Personal(Struct, kw_only=True):
    """What the file of a personal model holds."""

    provenance: Provenance
    taste: Taste


def load_choice(choice: ModelChoice) -> tuple[Language, str]:
    """Load the model that a choice comes to, and give its version too."""
    while True:
        nlp, version = load_model(), model_version(choice)
        if choice.model == "accurate":
            make_accurate(nlp)
        if choice.personal and personal_in_force(choice):
            give_taste(nlp, read_personal(choice.personal).taste)
        if version == model_version(choice):  # else the personal one was replaced meanwhile
            return nlp, version


def give_taste(nlp: Language, taste: Taste) -> None:
    """Let a loaded pipeline judge its mentions by a taste."""
    cast(Judge, nlp.add_pipe("judge", last=True)).taste = taste


def digest_taste(taste: Taste) -> str:
    """Give 12 hex digits that name a taste."""
    return hashlib.blake2b(msgspec.json.encode(taste), digest_size=6).hexdigest()


def read_personal(path: Path) -> Personal:
    """Read a personal model. Raises `FileNotFoundError`, and `msgspec.DecodeError` for a file that is none."""
    return msgspec.json.decode(path.read_bytes(), type=Personal)


def write_personal(path: Path, personal: Personal) -> None:
    """Write a personal model in the place of an earlier one, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(personal))
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(path)
    finally:
        Path(fresh).unlink(missing_ok=True)
