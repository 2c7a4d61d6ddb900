"""The accurate model: the packaged pipeline whose tagger also runs MiniLM, slower and better."""

from pathlib import Path
from typing import cast

from spacy.language import Language

from nlp.tagger.confidence import Confidence
from nlp.tagger.minilm import read_minilm
from nlp.tagger.tagger import SpanTagger
from nlp.version import ACCURATE


def make_accurate(nlp: Language, folder: Path = ACCURATE) -> Language:
    """Add MiniLM to the tagger of a loaded pipeline, and load the confidence curves fitted to both.

    The pipeline is changed in place and returned.
    """
    cast(SpanTagger, nlp.get_pipe("ner")).partner = read_minilm(folder)
    cast(Confidence, nlp.get_pipe("confidence")).from_disk(folder)
    return nlp
