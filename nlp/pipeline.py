"""The spaCy pipeline: its tokenizer, and the components that read names around a trained `ner` or without one."""

from collections.abc import Callable

import spacy
from spacy.lang.en import English
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex, registry

# Names of papers end where spaCy's rules for prose see no border: "Llama3-70B.", "(LLM)-based", "SFT+RL", "R^2=0.8".
_MACRO = r"\\(?:text|math)[a-z]{2,4}\{|\\emph\{"
_PREFIXES = [_MACRO]
_INFIXES = [
    _MACRO,
    r"[)\]}][-–—]+|[()\[\]~]",
    r"(?<=[0-9A-Z])\.(?=[A-Z][a-z])",
    r"(?<=[A-Za-z0-9)])\+(?=[A-Za-z(])",
    r"(?<=[A-Za-z0-9])[<>=](?=[0-9.+\-~])",
    r"(?<=[A-Za-z]),(?=[0-9])",
    r"[\"”’'][-–—]+",
]
_SUFFIXES = [r"(?<![.][A-Za-z])(?<=[A-Za-z0-9])\.", r"(?<=[A-Za-z0-9])[-–—]+", r"(?<=[A-Za-z0-9])\\"]


@registry.tokenizers("papermargin.Tokenizer.v1")
def make_tokenizer() -> Callable[[Language], Tokenizer]:
    """Give spaCy's English tokenizer with the borders that names in abstracts need."""

    def create_tokenizer(nlp: Language) -> Tokenizer:
        rules = nlp.Defaults
        return Tokenizer(
            nlp.vocab,
            rules=rules.tokenizer_exceptions,
            prefix_search=compile_prefix_regex([*_PREFIXES, *rules.prefixes]).search,
            suffix_search=compile_suffix_regex([*rules.suffixes, *_SUFFIXES]).search,
            infix_finditer=compile_infix_regex([*_INFIXES, *rules.infixes]).finditer,
            token_match=rules.token_match,
            url_match=rules.url_match,
        )

    return create_tokenizer


def blank() -> Language:
    """Give an English pipeline with our tokenizer and no components."""
    return English.from_config({"nlp": {"tokenizer": {"@tokenizers": "papermargin.Tokenizer.v1"}}})
