"""The spaCy pipeline around the trained `ner`: its tokenizer, and the rules that complete and repair mentions."""

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

from nlp.abbreviations import Abbreviations
from nlp.borders import Borders
from nlp.consistency import Consistency
from nlp.exclusions import Exclusions
from nlp.labels import Labels
from nlp.measures import Measures
from nlp.names import Names

RULES = ("names", "measures", "labels", "abbreviations", "borders", "consistency", "exclusions")
"""The components that follow the trained one, in their order."""

# Names of papers end where spaCy's rules for prose see no border: "Llama3-70B.", "(LLM)-based", "SFT+RL", "R^2=0.8".
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
_SUFFIXES = [r"(?<![.][A-Za-z])(?<=[A-Za-z0-9])\.", r"(?<=[A-Za-z0-9])[-–—]+", r"(?<=[A-Za-z0-9])\\", r"\$", _TAG]

# spaCy strips a word's affixes one by one, each time copying the rest: quadratic in the length of the word
_LONG_WORD = re.compile(r"\S{500}(?=\S)")


class NameTokenizer(Tokenizer):  # type: ignore[misc]
    """spaCy's tokenizer, in linear time for words of any length: they are read in pieces."""

    def __call__(self, text: str) -> Doc:
        """Give the tokens of a text, which they spell out exactly."""
        cuts = [0, *(word.end() for word in _LONG_WORD.finditer(text)), len(text)]
        pieces = [super(NameTokenizer, self).__call__(text[start:end]) for start, end in pairwise(cuts)]
        return pieces[0] if len(pieces) == 1 else Doc.from_docs(pieces, ensure_whitespace=False)


@registry.tokenizers("papermargin.NameTokenizer.v1")  # type: ignore[untyped-decorator]
def make_tokenizer() -> Callable[[Language], Tokenizer]:
    """Give English tokenization with the borders that names in abstracts need."""

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
    """Give an English pipeline with our tokenizer and no components."""
    nlp: Language = English.from_config({"nlp": {"tokenizer": {"@tokenizers": "papermargin.NameTokenizer.v1"}}})
    return nlp


@Language.factory("names", assigns=["doc.ents"])
def make_names(nlp: Language, name: str) -> Names:
    """Make the component that finds known names."""
    return Names(nlp)


@Language.factory("measures", requires=["doc.ents"], assigns=["doc.ents"])
def make_measures(nlp: Language, name: str) -> Measures:
    """Make the component that finds metrics by their look and by the numbers beside them."""
    return Measures(nlp)


@Language.factory("abbreviations", requires=["doc.ents"], assigns=["doc.ents"])
def make_abbreviations(nlp: Language, name: str) -> Abbreviations:
    """Make the component that labels abbreviations as what they stand for."""
    return Abbreviations()


@Language.factory("labels", requires=["doc.ents"], assigns=["doc.ents"])
def make_labels(nlp: Language, name: str) -> Labels:
    """Make the component that corrects labels."""
    return Labels()


@Language.factory("borders", requires=["doc.ents"], assigns=["doc.ents"])
def make_borders(nlp: Language, name: str) -> Borders:
    """Make the component that mends where mentions begin and end."""
    return Borders()


@Language.factory("consistency", requires=["doc.ents"], assigns=["doc.ents"])
def make_consistency(nlp: Language, name: str) -> Consistency:
    """Make the component that labels all places of a surface alike."""
    return Consistency()


@Language.factory("exclusions", requires=["doc.ents"], assigns=["doc.ents"])
def make_exclusions(nlp: Language, name: str) -> Exclusions:
    """Make the component that takes away what is no mention."""
    return Exclusions()


def add_components(nlp: Language) -> Language:
    """Add what completes and repairs the mentions that a trained `ner` finds."""
    for name in RULES:
        nlp.add_pipe(name)
    return nlp
