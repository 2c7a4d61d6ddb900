"""The slower, better reader: the packaged pipeline whose tagger asks MiniLM too."""

from pathlib import Path
from typing import cast

from spacy.language import Language

from nlp.confidence import Confidence
from nlp.minilm import read_minilm
from nlp.tagger import SpanTagger
from nlp.version import ACCURATE


def make_accurate(nlp: Language, folder: Path = ACCURATE) -> Language:
    """Let the tagger of a loaded pipeline ask MiniLM, and tell the confidence accordingly."""
    cast(SpanTagger, nlp.get_pipe("ner")).partner = read_minilm(folder)
    cast(Confidence, nlp.get_pipe("confidence")).from_disk(folder)
    return nlp
