"""Load a packaged model with a user's reranker behind it; read and write personal models."""

import hashlib
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct, field
from spacy.language import Language

from nlp.accurate import make_accurate
from nlp.extract import load_model
from nlp.personal.reranker import Reranker, RerankerWeights
from nlp.plugins import add_components
from nlp.version import ModelChoice, Provenance, install_file, model_version, personal_in_force


class Personal(Struct, kw_only=True):
    """The content of a personal model's file."""

    provenance: Provenance
    weights: RerankerWeights = field(name="taste")  # the key in files written by earlier versions


def load_choice(choice: ModelChoice) -> tuple[Language, str]:
    """Load the pipeline of a choice and return it with its version."""
    while True:
        nlp, version = load_model(), model_version(choice)
        if choice.model == "accurate":
            make_accurate(nlp)
        add_components(nlp)
        if choice.personal and personal_in_force(choice):
            add_reranker(nlp, read_personal(choice.personal).weights)
        if version == model_version(choice):  # else the personal file was replaced meanwhile
            return nlp, version


def add_reranker(nlp: Language, weights: RerankerWeights) -> None:
    """Append a reranker with these weights to a loaded pipeline."""
    cast(Reranker, nlp.add_pipe("reranker", last=True)).weights = weights


def digest_weights(weights: RerankerWeights) -> str:
    """Return 12 hex digits that identify a reranker's weights."""
    return hashlib.blake2b(msgspec.json.encode(weights), digest_size=6).hexdigest()


def read_personal(path: Path) -> Personal:
    """Read a personal model.

    Raises `FileNotFoundError`, and `msgspec.DecodeError` if the file is not a personal model.
    """
    return msgspec.json.decode(path.read_bytes(), type=Personal)


def write_personal(path: Path, personal: Personal) -> None:
    """Replace the file of a personal model in one step, so that no reader sees half of it."""
    install_file(path, encode_personal(personal))


def encode_personal(personal: Personal) -> bytes:
    """Return the content of a personal model's file."""
    return msgspec.json.encode(personal)
