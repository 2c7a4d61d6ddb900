"""Terms: the canonical name that the surfaces of one method, dataset, metric or task share. Pure.

What counts as the same: case, hyphens, spaces, LaTeX and the plural make no difference, nor does the size of a
model ("Llama 3.1 8B" is under "Llama 3.1"); versions do ("CIFAR-10" is not "CIFAR-100"). Listed names have their
listed term, others are spelled by rule, so that two texts which know nothing of each other name a thing alike.
An abbreviation and the long form it is defined with share a term: the listed one, else the abbreviation where it is
a name ("LoRA", "GRPO": what other papers write), and the long form where it is two or three capitals, which stand
for different things in different papers ("CL").
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from nlp.names import read_names
from nlp.spans import Label

_SIZE = re.compile(
    r"(?<=\w)[-\s_]?(?<![\d.])\d+(?:\.\d+)?(?:x\d+)?[BM](?:/\d+(?:\.\d+)?[BM])*(?![\w.])(?:-A\d+B)?"
    r"|[-\s](?:Instruct|Chat|instruct|chat|it|Base)$"
)
_LATEX = re.compile(r"\\(?:text|math)?(?:bf|it|tt|rm|sf|sc|cal|emph)\b|\\[,;! ]|[${}\\^_]")
_DEFINED = re.compile(r"[\s~]*\((?=[^()]*[A-Z])[\w-]{2,12}\)(?=\s)")
_JOINTS = re.compile(r"[\s\-–—_~'’\"“”]+|(?<![0-9])\.|\.(?![0-9])")
_PLURALS = (
    (r"(?<=[a-z]{2})ies$", "y"),
    (r"(?<=ss|ch|sh)es$|(?<=x)es$", ""),
    (r"(?<=[A-Za-z]{2})(?<![suiy])(?<!ic)s$", ""),
)
_COINED_AS = re.compile(r"[a-z][A-Z][a-z]*as$")
_BRITISH = (
    (re.compile(r"is(?=ations?\b)"), "iz"),
    (re.compile(r"((?:al|ar|er|or|[ntx]im|ant|en|stom|ndom|ron|il|et|gn|gan))is(?=(?:e|ed|er|ing)\b)"), r"\1iz"),
    (re.compile(r"(?<=col|ghb|avi|fav)our"), "or"),
    (re.compile(r"(?<=model|label|ravel|annel)l(?=ing|ed|er)"), ""),
    (re.compile(r"\b(auto|bi|hyper|multi|omni|spatio)-(regressive|directional|parameter|modal|temporal)"), r"\1\2"),
    (re.compile(r"\b(fine|pre|post|multi)(tun|train|task|view)"), r"\1-\2"),
)
_NAME = re.compile(r"[a-z]*[A-Z].*[A-Z0-9].*|.*\d.*|[A-Z]|.*[^\x00-\x7f].*")
_VERSION = re.compile(r" v?\d+(?:\.\d+)*(?: |$)")
_AMBIGUOUS = re.compile(r"[A-Z&]{1,3}s?")


def term_of(surface: str, label: Label, definitions: Mapping[str, str] | None = None) -> str:
    """Give the term of a surface; `definitions` maps the keys of abbreviations and long forms to their shared term.

    >>> term_of("Large Language Models", "METHOD")
    'large language model'
    >>> term_of("CIFAR10", "DATASET")
    'CIFAR-10'
    """
    return (definitions or {}).get(term_key(surface, label)) or _lone_term(surface, label)


def define(pairs: Iterable[tuple[str, str]], label: Label) -> dict[str, str]:
    """Give the shared terms of pairs of a long form and its abbreviation, by the keys of both."""
    found: dict[str, str] = {}
    for long, short in dict.fromkeys(pairs):
        listed = _known(label).get(term_key(long, label))
        term = listed or term_of(long if _AMBIGUOUS.fullmatch(short) else short, label)
        found |= {term_key(long, label): term, term_key(short, label): term}
    return found


@lru_cache(maxsize=10_000)
def term_key(surface: str, label: Label) -> str:
    """Give what the surfaces of one term have in common: letters, digits and signs, folded."""
    return _JOINTS.sub("", _american(_singular(_plain(surface, label), label).casefold()))


@lru_cache(maxsize=10_000)
def _lone_term(surface: str, label: Label) -> str:
    return _known(label).get(term_key(surface, label)) or _spelled(surface, label)


def _plain(surface: str, label: Label) -> str:
    text = " ".join(_LATEX.sub("", _DEFINED.sub("", unicodedata.normalize("NFKC", surface))).split())
    return (label == "METHOD" and _SIZE.sub("", text).strip(" -")) or text


def _singular(text: str, label: Label) -> str:
    if label == "DATASET" or _COINED_AS.search(text):
        return text
    for plural, singular in _PLURALS:
        if re.search(plural, text):
            return re.sub(plural, singular, text)
    return text


def _spelled(surface: str, label: Label) -> str:
    """Spell an unlisted surface by rule; ordinary words are written small, in names of tasks and metrics all words.

    What has a version of its own, "Nest Diffusion 3 Medium", is a product, whose words are all names.
    """
    text = _singular(_plain(surface, label), label)
    if label == "DATASET" or (label == "METHOD" and _VERSION.search(text)):
        return text
    parts = re.split(r"([\s/()]+)", text)
    return "".join(_american(part.lower()) if _is_ordinary(part, label) else part for part in parts)


def _is_ordinary(compound: str, label: Label) -> bool:
    """Tell whether a word, or all words of a compound, are of the language rather than somebody's coinage."""
    words = [word for word in compound.split("-") if word]
    if any(_NAME.fullmatch(word) for word in words):
        return False
    return label != "METHOD" or all(word.lower() in _ordinary_words() for word in words)


def _american(text: str) -> str:
    """Give lower-case words in American spelling, and those that are written in two ways in one."""
    for british, american in _BRITISH:
        text = british.sub(american, text)
    return text


@cache
def _known(label: Label) -> dict[str, str]:
    """Give terms by key: those of the lists, and the commonest spelling of what is spelled in several ways."""
    lines = (line.split("\t") for line in _lines("variants.txt"))
    variants = {term_key(term, label): term for owner, term in lines if owner == label}
    listed = {term_key(name, label): term for surface, term in read_names(label) for name in (term, surface)}
    return variants | listed


@cache
def _ordinary_words() -> set[str]:
    return {*_lines("words.txt")}


def _lines(name: str) -> list[str]:
    return files("nlp").joinpath("names", name).read_text("utf-8").splitlines()
