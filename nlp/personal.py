"""A personal model: an output layer that learnt from a user's corrections, in one small file."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from zipfile import ZipFile

import msgspec
import numpy as np
from spacy.language import Language

from nlp.accurate import make_accurate
from nlp.extract import load_model
from nlp.tagger import SpanTagger
from nlp.version import PROVENANCE, ModelChoice, Provenance, model_version, personal_in_force

Layer = Mapping[str, np.ndarray]
"""The weights of the output layer, by their names in the network."""

LAYER = ("tag", "tag.bias")


def load_choice(choice: ModelChoice) -> tuple[Language, str]:
    """Load the model that a choice comes to, and give its version too."""
    while True:
        nlp, version = load_model(), model_version(choice)
        if choice.model == "accurate":
            make_accurate(nlp)
        elif choice.personal and personal_in_force(choice):
            set_layer(nlp, read_layer(choice.personal))
        if version == model_version(choice):  # else the personal one was replaced meanwhile
            return nlp, version


def layer_of(nlp: Language) -> Layer:
    """Give the output layer of a loaded pipeline."""
    return {name: _tagger(nlp).weights[name] for name in LAYER}


def set_layer(nlp: Language, layer: Layer) -> None:
    """Give a loaded pipeline another output layer."""
    _tagger(nlp).weights |= layer


def read_layer(path: Path) -> Layer:
    """Read the output layer of a personal model."""
    with np.load(path) as arrays:
        return {name: arrays[name] for name in LAYER}


def digest_layer(layer: Layer) -> str:
    """Give 12 hex digits that name an output layer."""
    return hashlib.blake2b(b"".join(layer[name].tobytes() for name in LAYER), digest_size=6).hexdigest()


def write_personal(path: Path, layer: Layer, provenance: Provenance) -> None:
    """Write a personal model in the place of an earlier one, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            with ZipFile(file, "w") as archive:
                archive.writestr(PROVENANCE, msgspec.json.format(msgspec.json.encode(provenance)))
                for name in LAYER:
                    with archive.open(f"{name}.npy", "w") as array:
                        np.lib.format.write_array(array, layer[name])
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(path)
    finally:
        Path(fresh).unlink(missing_ok=True)


def _tagger(nlp: Language) -> SpanTagger:
    return cast(SpanTagger, nlp.get_pipe("ner"))
