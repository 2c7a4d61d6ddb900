"""The spaCy pipeline: its tokenizer, and the rule components that run after the trained `ner`."""

import re
from collections.abc import Callable
from itertools import pairwise

from spacy.lang.en import English
from spacy.lang.en.punctuation import TOKENIZER_INFIXES
from spacy.lang.punctuation import TOKENIZER_PREFIXES, TOKENIZER_SUFFIXES
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex, registry

from nlp.rules.abbreviations import Abbreviations
from nlp.rules.consistency import Consistency
from nlp.rules.exclusions import Exclusions
from nlp.rules.known_names import KnownNames
from nlp.rules.labels import Labels
from nlp.rules.metric_patterns import MetricPatterns
from nlp.rules.span_boundaries import SpanBoundaries

# Names come first because later rules read what is marked. Labels are corrected before
# abbreviations take them over, and boundaries before surfaces are compared. Any rule may mark too
# much, so exclusions come last.
RULES = (
    "known_names",
    "metric_patterns",
    "labels",
    "abbreviations",
    "span_boundaries",
    "consistency",
    "exclusions",
)
"""The components after the trained one, in the order in which they run."""

# Names in papers end where spaCy's rules for prose do not split: "Llama3-70B.", "(LLM)-based",
# "SFT+RL", "R^2=0.8".
_MACRO = r"\\(?:text|math)[a-z]{2,4}\{|\\emph\{"
_TAG = r"</?[a-z][a-z0-9]{0,9}/?>"
_INFIXES = [
    _MACRO,
    _TAG,
    r"[)\]}][-–—]+|[()\[\]~]",
    r"(?<=[0-9A-Z])\.(?=[A-Z][a-z])",
    r"(?<=[A-Za-z0-9)])\+(?=[A-Za-z(])",
    r"(?<=[A-Za-z0-9])[<>=](?=[0-9.+\-~])",
    r"(?<=[A-Za-z]),(?=[0-9])",
    r"[\"”’'][-–—]+",
]
_SUFFIXES = [
    r"(?<![.][A-Za-z])(?<=[A-Za-z0-9])\.",
    r"(?<=[A-Za-z0-9])[-–—]+",
    r"(?<=[A-Za-z0-9])\\",
    r"\$",
    _TAG,
]

# spaCy strips a word's affixes one by one and copies the rest each time, which is quadratic in the
# length of the word.
_LONG_WORD = re.compile(r"\S{500}(?=\S)")


class NameTokenizer(Tokenizer):  # type: ignore[misc]
    """spaCy's tokenizer, which splits very long words first to stay linear in their length."""

    def __call__(self, text: str) -> Doc:
        """Tokenize a text without loss: the tokens joined are the text."""
        cuts = [0, *(word.end() for word in _LONG_WORD.finditer(text)), len(text)]
        pieces = [
            super(NameTokenizer, self).__call__(text[start:end]) for start, end in pairwise(cuts)
        ]
        return pieces[0] if len(pieces) == 1 else Doc.from_docs(pieces, ensure_whitespace=False)


@registry.tokenizers("papermargin.NameTokenizer.v1")  # type: ignore[untyped-decorator]
def make_tokenizer() -> Callable[[Language], Tokenizer]:
    """Create an English tokenizer that also splits around the names in abstracts."""

    def create_tokenizer(nlp: Language) -> Tokenizer:
        rules = nlp.Defaults
        return NameTokenizer(
            nlp.vocab,
            rules=rules.tokenizer_exceptions,
            prefix_search=compile_prefix_regex([_MACRO, _TAG, *TOKENIZER_PREFIXES]).search,
            suffix_search=compile_suffix_regex([*TOKENIZER_SUFFIXES, *_SUFFIXES]).search,
            infix_finditer=compile_infix_regex([*_INFIXES, *TOKENIZER_INFIXES]).finditer,
            token_match=rules.token_match,
            url_match=rules.url_match,
        )

    return create_tokenizer


def blank() -> Language:
    """Create an English pipeline with our tokenizer and no components."""
    nlp: Language = English.from_config(
        {"nlp": {"tokenizer": {"@tokenizers": "papermargin.NameTokenizer.v1"}}}
    )
    return nlp


@Language.factory("known_names", assigns=["doc.ents"])
def make_known_names(nlp: Language, name: str) -> KnownNames:
    """Create the component that marks known names."""
    return KnownNames(nlp)


@Language.factory("metric_patterns", requires=["doc.ents"], assigns=["doc.ents"])
def make_metric_patterns(nlp: Language, name: str) -> MetricPatterns:
    """Create the component that marks metrics by their form and by the numbers beside them."""
    return MetricPatterns(nlp)


@Language.factory("abbreviations", requires=["doc.ents"], assigns=["doc.ents"])
def make_abbreviations(nlp: Language, name: str) -> Abbreviations:
    """Create the component that labels abbreviations like their long forms."""
    return Abbreviations()


@Language.factory("labels", requires=["doc.ents"], assigns=["doc.ents"])
def make_labels(nlp: Language, name: str) -> Labels:
    """Create the component that corrects labels by lists and by the words around a mention."""
    return Labels()


@Language.factory("span_boundaries", requires=["doc.ents"], assigns=["doc.ents"])
def make_span_boundaries(nlp: Language, name: str) -> SpanBoundaries:
    """Create the component that moves the boundaries of mentions."""
    return SpanBoundaries()


@Language.factory("consistency", requires=["doc.ents"], assigns=["doc.ents"])
def make_consistency(nlp: Language, name: str) -> Consistency:
    """Create the component that labels all occurrences of a surface alike."""
    return Consistency()


@Language.factory("exclusions", requires=["doc.ents"], assigns=["doc.ents"])
def make_exclusions(nlp: Language, name: str) -> Exclusions:
    """Create the component that removes what is not a mention."""
    return Exclusions()


def add_components(nlp: Language) -> Language:
    """Add the rule components to a pipeline with a trained `ner`."""
    for name in RULES:
        nlp.add_pipe(name)
    return nlp
