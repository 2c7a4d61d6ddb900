"""The accurate model: the packaged pipeline with two networks more, slower and better.

MiniLM takes part in finding mentions, and a network that goes on from it in assigning results.
"""

from pathlib import Path
from typing import cast

from spacy.language import Language

from nlp.results.reader import ReadResults, read_network
from nlp.tagger.confidence import Confidence
from nlp.tagger.minilm import read_minilm
from nlp.tagger.tagger import SpanTagger
from nlp.version import ACCURATE


def make_accurate(nlp: Language, folder: Path = ACCURATE) -> Language:
    """Add both networks to a loaded pipeline, and load the confidence curves fitted to them.

    The pipeline is changed in place and returned.
    """
    cast(SpanTagger, nlp.get_pipe("ner")).partner = read_minilm(folder)
    cast(Confidence, nlp.get_pipe("confidence")).from_disk(folder)
    cast(ReadResults, nlp.add_pipe("read_results")).network = read_network(folder)
    return nlp
